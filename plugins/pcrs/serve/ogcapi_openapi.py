"""The OpenAPI 3.0 document: exactly the parameters that are read, and no reference out of the document.

pygeoapi's own document refers to two dozen schemas on the network and declares operations that are not
served.
"""

from collections.abc import Mapping
from typing import Any

from pcrs import __version__
from pcrs.serve.feature_links import can_embed
from pcrs.serve.feature_query import CRS_URIS, FILTER_LANGUAGES
from pcrs.serve.feature_schema import json_type
from pcrs.serve.ogcapi_host import Document, Host
from pcrs.serve.ogcapi_request import COMMON, EMBED, ITEMS, Language
from pcrs.standard.crs import CRS84
from pcrs.store.base import Layer

_OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
_JSON_SCHEMA = "application/schema+json"
_OBJECT: Document = {"type": "object"}
_URI: Document = {"type": "string", "format": "uri", "enum": list(CRS_URIS), "default": CRS84}


def document(host: Host, language: Language) -> Document:
    """The whole document, in one language."""
    metadata = host.api.config["metadata"]
    identification = metadata["identification"]
    paths = _common_paths()
    for name, layer in host.layers.items():
        paths |= _collection_paths(name, layer, host.api.config["resources"][name]["title"][language])
    for extension in host.extensions:
        paths |= extension.paths or {}
    return {
        "openapi": "3.0.3",
        "info": {
            "title": identification["title"][language],
            "description": identification["description"][language],
            "version": __version__,
            "termsOfService": identification["terms_of_service"],
            "contact": {"name": metadata["contact"]["name"], "email": metadata["contact"]["email"]},
            "license": metadata["license"],
        },
        "servers": [{"url": host.address}],
        "tags": [{"name": name} for name in ("server", *host.layers)],
        "paths": paths,
        "components": {
            "parameters": _parameters(host.base["server"]["limits"]) | {"f_items": _f_items(host)},
            "responses": _responses(),
            "schemas": _schemas(),
        },
    }


def coverage_paths(media_types: Mapping[str, str]) -> Document:
    """The paths of the mosaic; `media_types` by the names that `f` takes."""
    described = {
        "bbox": "Part of the ground, four numbers; bbox-crs is CRS84 without a word",
        "bbox-crs": "CRS of bbox, a URI",
        "subset": "Part of the ground by axis: E(576000:576100),N(6372900:6373000) or Lon(…),Lat(…)",
        "subset-crs": "CRS of subset, a URI",
        "crs": "CRS of the answer, a URI",
        "scale-factor": "Two: half as many pixels along each side",
        "scale-axes": "The same by axis: E(2),N(4)",
        "scale-size": "Pixels of the answer: E(512),N(512)",
        "resolution": "Size of a pixel by axis: E(0.2),N(0.2)",
        "width": "Columns of the answer",
        "height": "Rows of the answer",
        "properties": "Bands among R, G, B, with commas",
        "datetime": "A date, or an interval of two with .. for open",
        "edition": "Edition of the mosaic; the current one without a word",
    }
    parameters = [_query(name, text, {"type": "string"}) for name, text in described.items()]
    parameters.append(_query("f", "Format", {"type": "string", "enum": list(media_types)}))
    binary = {"schema": {"type": "string", "format": "binary"}}
    responses: Document = {
        "200": {"description": "The pixels", "content": dict.fromkeys(media_types.values(), binary)},
        "204": {"description": "There is nothing there"},
    }
    for status in ("400", "406", "413", "503"):
        responses[status] = _ref("Problem", "responses")
    operation = {"operationId": "getCoverage", "summary": "Mosaic", "tags": ["ortho"]}
    return {
        "/collections/ortho": _get("describe_ortho", "Mosaic", "ortho", schema="collection"),
        "/collections/ortho/coverage": {
            "get": operation | {"parameters": parameters, "responses": responses}
        },
        "/collections/ortho/schema": _get("get_ortho_schema", "Bands", "ortho", media_type=_JSON_SCHEMA),
    }


def _common_paths() -> Document:
    return {
        "/": _get("getLandingPage", "Landing page", "server"),
        "/openapi": _get("getOpenApi", "This document", "server", media_type=_OPENAPI),
        "/conformance": _get("getConformance", "Conformance classes", "server", schema="conformance"),
        "/collections": _get("getCollections", "Collections", "server", schema="collections"),
    }


def _collection_paths(name: str, layer: Layer, title: str) -> Document:
    path = f"/collections/{name}"
    carrying = [EMBED] if can_embed(name) else []
    items = [item for item in (*ITEMS, *carrying) if item not in COMMON]
    if layer.time_field is not None:
        items.append("datetime")
    fields = [_field_parameter(field.name, json_type(field)) for field in layer.fields]
    feature_id = {"name": "featureId", "in": "path", "required": True, "schema": {"type": "string"}}
    geojson = "application/geo+json"
    return {
        path: _get(f"describe_{name}", title, name, schema="collection"),
        f"{path}/items": _get(
            f"get_{name}", f"{title} : objets", name, f="f_items",
            parameters=[*map(_ref, items), *fields], schema="featureCollection", media_type=geojson,
        ),
        f"{path}/items/{{featureId}}": _get(
            f"get_{name}_item", f"{title} : objet", name,
            parameters=[feature_id, _ref("crs"), *map(_ref, carrying)], schema="feature", media_type=geojson,
        ),
        f"{path}/queryables": _get(f"get_{name}_queryables", "Queryables", name, media_type=_JSON_SCHEMA),
        f"{path}/schema": _get(f"get_{name}_schema", "Schema", name, media_type=_JSON_SCHEMA),
    }  # fmt: skip


def _ref(name: str, kind: str = "parameters") -> Document:
    return {"$ref": f"#/components/{kind}/{name}"}


def _field_parameter(name: str, schema: Document) -> Document:
    value = {"type": "string"} if schema["type"] == "array" else schema
    return {"name": name, "in": "query", "schema": value}


def _get(operation: str, summary: str, tag: str, **said: Any) -> Document:
    """A path that answers GET; `said`: parameters, schema (a component) and media type of the JSON answer."""
    parameters = [*said.get("parameters", ()), _ref(said.get("f", "f")), _ref("lang")]
    schema = _ref(said["schema"], "schemas") if "schema" in said else _OBJECT
    content: Document = {said.get("media_type", "application/json"): {"schema": schema}}
    content["text/html"] = {"schema": {"type": "string"}}
    responses: Document = {"200": {"description": summary, "content": content}}
    for status in ("400", "404", "503"):
        responses[status] = _ref("Problem", "responses")
    return {
        "get": {
            "operationId": operation,
            "summary": summary,
            "tags": [tag],
            "parameters": parameters,
            "responses": responses,
        }
    }


def _query(name: str, description: str, schema: Document) -> Document:
    exploded = {} if schema["type"] != "array" else {"style": "form", "explode": False}
    return {"name": name, "in": "query", "description": description, "schema": schema} | exploded


def _parameters(limits: Mapping[str, Any]) -> Document:
    names = {"type": "array", "items": {"type": "string"}}
    numbers = {"type": "array", "minItems": 4, "maxItems": 6, "items": {"type": "number"}}
    limit = {
        "type": "integer",
        "minimum": 1,
        "maximum": limits["max_items"],
        "default": limits["default_items"],
    }
    found = (
        _query("f", "Representation", {"type": "string", "enum": ["json", "html"]}),
        _query("lang", "Language of texts", {"type": "string", "enum": ["fr", "en"], "default": "fr"}),
        _query("limit", "Objects of a page; more than the maximum is the maximum", limit),
        _query("offset", "Objects left out before the page", {"type": "integer", "minimum": 0, "default": 0}),
        _query("cursor", "Where the page begins, as a next link says it", {"type": "string"}),
        _query("filter", "A condition in CQL2; its names are those of the queryables", {"type": "string"}),
        _query(
            "filter-lang",
            "Language of filter",
            {"type": "string", "enum": list(FILTER_LANGUAGES), "default": "cql2-text"},
        ),
        _query("filter-crs", "CRS of the coordinates in filter; its axis order holds", _URI),
        _query(
            "embed",
            "Objects carry, in `embedded`, those that they name: what an affleurant looks like",
            {"type": "boolean", "default": False},
        ),
        _query("bbox", "Objects that intersect the box, in Lambert-93; heights are not compared", numbers),
        _query("bbox-crs", "CRS of bbox; its axis order holds", _URI),
        _query("crs", "CRS of the coordinates answered; its axis order holds", _URI),
        _query("datetime", "A date, a moment, or an interval of two with .. for open", {"type": "string"}),
        _query("sortby", "Fields to sort by; - before a name descends", names),
        _query("properties", "Fields to answer", names),
        _query("skipGeometry", "Objects without their geometry", {"type": "boolean", "default": False}),
        _query(
            "resulttype",
            "hits: the number of objects alone",
            {"type": "string", "enum": ["results", "hits"], "default": "results"},
        ),
    )
    return {parameter["name"]: parameter for parameter in found}


def _f_items(host: Host) -> Document:
    """`f` of a page of objects: the formats of files too."""
    return _query("f", "Representation", {"type": "string", "enum": ["json", "html", *host.items_formats]})


def _responses() -> Document:
    content = {"application/problem+json": {"schema": _ref("problem", "schemas")}}
    return {
        "Problem": {
            "description": "What is wrong with the request, or 503: come back later",
            "content": content,
        }
    }


def _schemas() -> Document:
    text, links = {"type": "string"}, {"type": "array", "items": _ref("link", "schemas")}
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
        "features": {"type": "array", "items": _ref("feature", "schemas")},
        "links": links,
        "numberMatched": {"type": "integer", "minimum": 0},
        "numberReturned": {"type": "integer", "minimum": 0},
    }
    described = {"id": text, "title": text, "description": text, "extent": _OBJECT, "links": links}
    listed = {"collections": {"type": "array", "items": _ref("collection", "schemas")}, "links": links}
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
