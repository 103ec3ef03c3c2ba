"""The components of the OpenAPI document: parameters, responses, schemas."""

from collections.abc import Mapping
from typing import Any

from pcrs.serve.feature_query import CRS_URIS, FILTER_LANGUAGES
from pcrs.serve.ogcapi_host import Document
from pcrs.standard.crs import CRS84
from pcrs.vector.formats import FORMATS, ONE_CLASS_FORMATS

OBJECT: Document = {"type": "object"}
_URI: Document = {"type": "string", "format": "uri", "enum": list(CRS_URIS), "default": CRS84}


def ref(name: str, kind: str = "parameters") -> Document:
    """A reference to a component."""
    return {"$ref": f"#/components/{kind}/{name}"}


def query(name: str, description: str, schema: Document) -> Document:
    """A parameter of the query."""
    said = {"name": name, "in": "query", "required": False, "description": description, "schema": schema}
    return said | {"style": "form", "explode": False}


def parameters(limits: Mapping[str, Any], objects_max: int) -> Document:
    """By name; `objects_max` of a file."""
    names = {"type": "array", "items": {"type": "string"}}
    numbers = {"type": "array", "minItems": 4, "maxItems": 6, "items": {"type": "number"}}
    limit = {
        "type": "integer",
        "minimum": 1,
        "maximum": max(limits["max_items"], objects_max),
        "default": limits["default_items"],
    }
    found = (
        query("f", "Representation", {"type": "string", "enum": ["json", "html"]}),
        query("lang", "Language of texts", {"type": "string", "enum": ["fr", "en"], "default": "fr"}),
        query(
            "limit",
            f"Objects of a page, {limits['max_items']} at the most in GeoJSON and HTML; objects of a file, "
            "which has all of them without a word",
            limit,
        ),
        query("offset", "Objects left out before the page", {"type": "integer", "minimum": 0, "default": 0}),
        query("cursor", "Where the page begins, as a next link says it", {"type": "string"}),
        query("filter", "A condition in CQL2; its names are those of the queryables", {"type": "string"}),
        query(
            "filter-lang",
            "Language of filter",
            {"type": "string", "enum": list(FILTER_LANGUAGES), "default": "cql2-text"},
        ),
        query("filter-crs", "CRS of the coordinates in filter; its axis order holds", _URI),
        query(
            "embed",
            "Objects carry, in `embedded`, those that they name: what an affleurant looks like",
            {"type": "boolean", "default": False},
        ),
        query("bbox", "Objects that intersect the box, in Lambert-93; heights are not compared", numbers),
        query("bbox-crs", "CRS of bbox; its axis order holds", _URI),
        query("crs", "CRS of the coordinates answered; its axis order holds", _URI),
        query(
            "datetime",
            "A date, a moment, or an interval of two with .. for open, held against the date that the model "
            "gives (x-ogc-role primary-instant in the schema); objects without one match",
            {"type": "string"},
        ),
        query(
            "valid-at",
            "The state of the data at a moment, or when a day ended: objects as they were, those that were "
            "replaced or removed since included",
            {"type": "string"},
        ),
        query("sortby", "Fields to sort by; - before a name descends", names),
        query("properties", "Fields to answer", names),
        query("skipGeometry", "Objects without their geometry", {"type": "boolean", "default": False}),
        query(
            "resulttype",
            "hits: the number of objects alone",
            {"type": "string", "enum": ["results", "hits"], "default": "results"},
        ),
    )
    named = {parameter["name"]: parameter for parameter in found}
    for name, formats in (("f_items", ONE_CLASS_FORMATS), ("f_extract", FORMATS)):
        said = ", ".join(f"{form.name}: {form.title}" for form in formats.values())
        values = {"type": "string", "enum": ["json", "html", *formats]}
        named[name] = query("f", f"Representation; files: {said}", values)
    return named


def responses() -> Document:
    """The answers that are no documents."""
    content = {"application/problem+json": {"schema": ref("problem", "schemas")}}
    return {
        "Problem": {
            "description": "What is wrong with the request, or 503: come back later",
            "content": content,
        }
    }


def schemas() -> Document:
    """What JSON answers look like."""
    text, links = {"type": "string"}, {"type": "array", "items": ref("link", "schemas")}
    geometry = {"type": "object", "nullable": True, "properties": {"type": text}}
    feature = {
        "type": {"type": "string", "enum": ["Feature"]},
        "id": text,
        "geometry": geometry,
        "properties": {"type": "object", "nullable": True},
        "links": links,
    }
    features = {
        "type": {"type": "string", "enum": ["FeatureCollection"]},
        "features": {"type": "array", "items": ref("feature", "schemas")},
        "links": links,
        "numberMatched": {"type": "integer", "minimum": 0},
        "numberReturned": {"type": "integer", "minimum": 0},
    }
    described = {"id": text, "title": text, "description": text, "extent": OBJECT, "links": links}
    listed = {"collections": {"type": "array", "items": ref("collection", "schemas")}, "links": links}
    problem = dict.fromkeys(("type", "title", "detail", "code", "description"), text)
    return {
        "link": _object(dict.fromkeys(("href", "rel", "type", "title", "hreflang"), text), "href", "rel"),
        "conformance": _object({"conformsTo": {"type": "array", "items": text}}, "conformsTo"),
        "collection": _object(described, "id", "links"),
        "collections": _object(listed, "collections", "links"),
        "feature": _object(feature, "type", "geometry", "properties"),
        "featureCollection": _object(features, "type", "features"),
        "problem": _object(problem | {"status": {"type": "integer"}}, "code"),
    }


def _object(properties: Document, *required: str) -> Document:
    return {"type": "object", "required": list(required), "properties": properties}
