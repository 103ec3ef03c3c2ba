"""The OpenAPI document of the STAC API."""

from typing import Any

from pcrs import __version__
from pcrs.serve.stac_query import DEFAULT, MOST

OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
Document = dict[str, Any]
_TEXTS: Document = {"type": "array", "items": {"type": "string"}}
_NUMBERS: Document = {"type": "array", "minItems": 4, "maxItems": 6, "items": {"type": "number"}}
_LIMIT: Document = {"type": "integer", "minimum": 1, "maximum": MOST, "default": DEFAULT}
_SEARCH: Document = {
    "collections": _TEXTS,
    "ids": _TEXTS,
    "bbox": _NUMBERS,
    "intersects": {"type": "object"},
    "datetime": {"type": "string"},
    "limit": _LIMIT,
    "token": {"type": "string"},
}


def openapi(title: str, address: str) -> Document:
    """The whole document, without a reference out of it."""
    of_items = [_query(name) for name in ("bbox", "datetime", "limit", "token")]
    name, identifier = _inside("collectionId"), _inside("itemId")
    body = {"application/json": {"schema": {"type": "object", "properties": _SEARCH}}}
    search = _operation("getItemSearch", [_query(each) for each in _SEARCH], "application/geo+json")
    posted = _operation("postItemSearch", [], "application/geo+json") | {"requestBody": {"content": body}}
    return {
        "openapi": "3.0.3",
        "info": {"title": title, "version": __version__},
        "servers": [{"url": address}],
        "paths": {
            "/": {"get": _operation("getLandingPage", [])},
            "/conformance": {"get": _operation("getConformance", [])},
            "/collections": {"get": _operation("getCollections", [])},
            "/collections/{collectionId}": {"get": _operation("getCollection", [name])},
            "/collections/{collectionId}/items": {
                "get": _operation("getItems", [name, *of_items], "application/geo+json")
            },
            "/collections/{collectionId}/items/{itemId}": {
                "get": _operation("getItem", [name, identifier], "application/geo+json")
            },
            "/search": {"get": search, "post": posted},
        },
    }


def _query(name: str) -> Document:
    schema = _SEARCH[name] if name != "intersects" else {"type": "string"}
    exploded = {"style": "form", "explode": False} if schema["type"] == "array" else {}
    return {"name": name, "in": "query", "schema": schema} | exploded


def _inside(name: str) -> Document:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _operation(name: str, parameters: list[Document], media_type: str = "application/json") -> Document:
    problem = {"description": "What is wrong", "content": {"application/problem+json": {"schema": {}}}}
    found = {"description": "Found", "content": {media_type: {"schema": {"type": "object"}}}}
    return {
        "operationId": name,
        "parameters": parameters,
        "responses": {"200": found, "400": problem, "404": problem, "503": problem},
    }
