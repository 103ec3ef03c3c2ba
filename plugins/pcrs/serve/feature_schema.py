"""The fields of a collection as JSON Schema (OGC API Features, Parts 3 and 5), with titles and codes."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from pcrs.serve.ogcapi_host import Document, Host
from pcrs.serve.ogcapi_request import Language
from pcrs.standard.codes import CODES
from pcrs.standard.fields import Field, Kind
from pcrs.standard.model import CLASSES, Attribute
from pcrs.store.base import Layer
from pcrs.vector.drawing import AFFLEURANTS
from pcrs.work.covers import COVER_COLUMNS

_TYPES: Mapping[Kind, Document] = {
    "string": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"},
    "boolean": {"type": "boolean"},
    "list": {"type": "array", "items": {"type": "string"}},
}
_SHAPES = {
    "Point": "point",
    "Curve": "linestring",
    "Polygon": "polygon",
    "Surface": "polygon",
    "MultiPoint": "multipoint",
    "MultiCurve": "multilinestring",
    "MultiSurface": "multipolygon",
    "Any": "any",
}


def json_type(field: Field) -> Document:
    """The JSON type of a field's values."""
    return deepcopy(_TYPES[field.kind])


def answered_fields(layer: Layer) -> tuple[Field, ...]:
    """The fields of an answer: the layer's own, then what is told of the affleurant it belongs to."""
    return (*layer.fields, *(COVER_COLUMNS if layer.name in AFFLEURANTS else ()))


def schema(host: Host, layer: Layer, language: Language, resource: str) -> Document:
    """The fields of a layer; `resource` is `schema` or `queryables`."""
    properties: Document = {}
    if layer.geometry is not None:
        shape = {"x-ogc-role": "primary-geometry", "format": f"geometry-{_SHAPES[layer.geometry]}"}
        properties["geometry"] = {"title": "géométrie" if language == "fr" else "geometry"} | shape
    for position, field in enumerate(layer.fields, start=1):
        properties[field.name] = _property(host, layer, field) | {"x-ogc-propertySeq": position}
    if resource == "schema" and layer.name in AFFLEURANTS:
        for position, column in enumerate(COVER_COLUMNS, start=len(layer.fields) + 1):
            properties[column.name] = _cover(column) | {"x-ogc-propertySeq": position}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{host.address}/collections/{layer.name}/{resource}",
        "type": "object",
        "title": host.api.config["resources"][layer.name]["title"][language],
        "properties": properties,
        "additionalProperties": False,
    }


def _property(host: Host, layer: Layer, field: Field) -> Document:
    found = json_type(field)
    attribute = _attribute(layer, field)
    if field.title:
        found["title"] = field.title
    if field.codes:
        found["description"] = " ; ".join(f"{code} : {label}" for code, label in field.codes.items())
        found["oneOf"] = _codes(field.codes, attribute)
    if field.name == layer.id_field:
        found["x-ogc-role"] = "id"
    if field.name == layer.time_field:
        found["x-ogc-role"] = "primary-instant"
    if attribute is not None and attribute.kind == "link":
        (found["items"] if field.kind == "list" else found).update(_reference(host, attribute))
    return found


def _cover(column: Field) -> Document:
    """A property that answers have from the affleurant to which an object belongs; no filter reads it."""
    found: Document = {"type": "string", "title": column.title, "readOnly": True}
    return found | ({"oneOf": _codes(column.codes, None)} if column.codes else {})


def _codes(codes: Mapping[str, str], attribute: Attribute | None) -> list[Document]:
    """Each code with its label; of an open list of the standard also the form of other words."""
    choices: list[Document] = [{"const": code, "title": label} for code, label in codes.items()]
    known = CODES.get(attribute.codelist) if attribute is not None and attribute.codelist else None
    if known is not None and known.pattern is not None:
        choices.append({"pattern": f"^{known.pattern}$", "title": "autre valeur"})
    return choices


def _reference(host: Host, attribute: Attribute) -> dict[str, Any]:
    """The role of a link, and the collection that it leads to, when it is one alone and served."""
    found = {"x-ogc-role": "reference"}
    if attribute.target in host.layers:
        found["x-ogc-collectionId"] = str(attribute.target)
    return found


def _attribute(layer: Layer, field: Field) -> Attribute | None:
    """What the standard says of the field; None for ours."""
    model = CLASSES.get(layer.name)
    return None if model is None else next((a for a in model.attributes if a.name == field.name), None)
