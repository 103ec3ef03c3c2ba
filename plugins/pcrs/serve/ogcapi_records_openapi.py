"""What the OpenAPI document and the queryables say of the records."""

from typing import Any

from pcrs.publish.addresses import RECORDS
from pcrs.serve.record_query import DEFAULT, MOST, SORTED

Document = dict[str, Any]
_TEXTS: Document = {"type": "array", "items": {"type": "string"}}
_PATH = f"/collections/{RECORDS}"


def paths() -> Document:
    """The paths of the catalogue."""
    identifier = {"name": "recordId", "in": "path", "required": True, "schema": {"type": "string"}}
    form = {"type": "string", "enum": ["json", "html", "iso"]}
    return {
        _PATH: _get("describeCatalogue", "Catalogue", []),
        f"{_PATH}/items": _get("getRecords", "Fiches", _parameters()),
        f"{_PATH}/items/{{recordId}}": _get(
            "getRecord", "Fiche", [identifier, _query("f", "Representation; iso: ISO 19139", form)]
        ),
        f"{_PATH}/queryables": _get("getRecordQueryables", "Champs interrogeables", []),
        f"{_PATH}/schema": _get("getRecordSchema", "Schéma", []),
    }


def queryables(address: str) -> Document:
    """The properties that records are asked by, as a JSON schema."""
    text = {"type": "string"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": address,
        "type": "object",
        "title": "Catalogue",
        "additionalProperties": False,
        "properties": {
            "id": text | {"title": "Identifiant"},
            "type": text | {"title": "Type", "enum": ["dataset", "series", "service"]},
            "title": text | {"title": "Titre"},
            "created": text | {"title": "Publication", "format": "date-time"},
            "updated": text | {"title": "Mise à jour de la fiche", "format": "date-time"},
            "geometry": {"title": "Emprise", "format": "geometry-polygon"},
        },
    }


def _parameters() -> list[Document]:
    numbers = {"type": "array", "minItems": 4, "maxItems": 6, "items": {"type": "number"}}
    limit = {"type": "integer", "minimum": 1, "maximum": MOST, "default": DEFAULT}
    names = {"type": "array", "items": {"type": "string", "pattern": f"[+-]?({'|'.join(SORTED)})"}}
    return [
        _query("q", "Words; with a comma: one of them; with a space: both in this order", _TEXTS),
        _query("type", "Kinds of resources: dataset, series, service", _TEXTS),
        _query("ids", "Identifiers of records", _TEXTS),
        _query("externalIds", "Identifiers of resources", _TEXTS),
        _query("bbox", "Records whose box meets this one, in CRS84", numbers),
        _query("datetime", "A date, or an interval of two with .. for open", {"type": "string"}),
        _query("sortby", "Properties to sort by; - before a name descends", names),
        _query("limit", "Records of a page", limit),
        _query("offset", "Records left out before the page", {"type": "integer", "minimum": 0}),
        {"$ref": "#/components/parameters/f"},
        {"$ref": "#/components/parameters/lang"},
    ]


def _query(name: str, description: str, schema: Document) -> Document:
    exploded = {"style": "form", "explode": False} if schema["type"] == "array" else {}
    return {"name": name, "in": "query", "description": description, "schema": schema} | exploded


def _get(operation: str, summary: str, parameters: list[Document]) -> Document:
    media_types = ("application/geo+json", "application/json", "text/html")
    content = {name: {"schema": {"type": "string" if "html" in name else "object"}} for name in media_types}
    responses: Document = {"200": {"description": summary, "content": content}}
    for status in ("400", "404", "503"):
        responses[status] = {"$ref": "#/components/responses/Problem"}
    return {
        "get": {
            "operationId": operation,
            "summary": summary,
            "tags": [RECORDS],
            "parameters": parameters,
            "responses": responses,
        }
    }
