"""The OpenAPI 3.0 document: exactly the parameters that are read, and no reference out of the document.

pygeoapi's own document refers to two dozen schemas on the network and declares operations that are not
served.
"""

from collections.abc import Mapping
from typing import Any

from pcrs import __version__
from pcrs.serve.feature_links import can_embed
from pcrs.serve.feature_schema import json_type
from pcrs.serve.ogcapi_host import Document, Host
from pcrs.serve.ogcapi_openapi_parts import OBJECT, parameters, query, ref, responses, schemas
from pcrs.serve.ogcapi_request import COMMON, EMBED, ITEMS, Language
from pcrs.store.base import Layer
from pcrs.vector.formats import FORMATS, ONE_CLASS_FORMATS, Format

_OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
_JSON_SCHEMA = "application/schema+json"
_BINARY: Document = {"type": "string", "format": "binary"}


def document(host: Host, language: Language) -> Document:
    """The whole document, in one language."""
    metadata = host.api.config["metadata"]
    identification = metadata["identification"]
    paths = _common_paths() | {"/extract": _extract()}
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
            "parameters": parameters(host.base["server"]["limits"], host.served.max_export_objects),
            "responses": responses(),
            "schemas": schemas(),
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
    parameters = [query(name, text, {"type": "string"}) for name, text in described.items()]
    parameters.append(query("f", "Format", {"type": "string", "enum": list(media_types)}))
    binary = {"schema": {"type": "string", "format": "binary"}}
    responses: Document = {
        "200": {"description": "The pixels", "content": dict.fromkeys(media_types.values(), binary)},
        "204": {"description": "There is nothing there"},
    }
    for status in ("400", "406", "413", "503"):
        responses[status] = ref("Problem", "responses")
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
    fields = [_field_parameter(field.name, json_type(field)) for field in layer.fields]
    feature_id = {"name": "featureId", "in": "path", "required": True, "schema": {"type": "string"}}
    geojson = "application/geo+json"
    return {
        path: _get(f"describe_{name}", title, name, schema="collection"),
        f"{path}/items": _get(
            f"get_{name}", f"{title} : objets", name, f="f_items",
            parameters=[*map(ref, items), *fields], schema="featureCollection", media_type=geojson,
            files=ONE_CLASS_FORMATS,
        ),
        f"{path}/items/{{featureId}}": _get(
            f"get_{name}_item", f"{title} : objet", name, f="f_items",
            parameters=[feature_id, ref("crs"), ref("valid-at"), *map(ref, carrying)],
            schema="feature", media_type=geojson, files=ONE_CLASS_FORMATS,
        ),
        f"{path}/queryables": _get(f"get_{name}_queryables", "Queryables", name, media_type=_JSON_SCHEMA),
        f"{path}/schema": _get(f"get_{name}_schema", "Schema", name, media_type=_JSON_SCHEMA),
    }  # fmt: skip


def _field_parameter(name: str, schema: Document) -> Document:
    value = {"type": "string"} if schema["type"] == "array" else schema
    return {"name": name, "in": "query", "schema": value}


def _get(operation: str, summary: str, tag: str, **said: Any) -> Document:
    """A path that answers GET.

    `said`: parameters, schema (a component) and media type of the JSON answer, formats of files.
    """
    parameters = [*said.get("parameters", ()), ref(said.get("f", "f")), ref("lang")]
    schema = ref(said["schema"], "schemas") if "schema" in said else OBJECT
    content: Document = {said.get("media_type", "application/json"): {"schema": schema}}
    content["text/html"] = {"schema": {"type": "string"}}
    files: Mapping[str, Format] = said.get("files", {})
    content |= {form.media_type: {"schema": _BINARY} for form in files.values()}
    responses: Document = {"200": {"description": summary, "content": content}}
    if files:
        responses["204"] = {"description": "A file was asked, and there is no object to be in it"}
    for status in ("400", "404", *(("413",) if files else ()), "503"):
        responses[status] = ref("Problem", "responses")
    return {
        "get": {
            "operationId": operation,
            "summary": summary,
            "tags": [tag],
            "parameters": parameters,
            "responses": responses,
        }
    }


def _extract() -> Document:
    """The path of extracts."""
    given = {
        "commune": "The area: INSEE code of a commune of the site",
        "dalle": "The area: name of a dalle",
        "collections": "Classes to extract, with commas; every one without a word",
        "clip": "Lines and areas cut at the limit; not for gml, which exchanges whole objects",
    }
    parameters = [
        *(query(name, text, {"type": "string"}) for name, text in given.items()),
        *map(ref, ("bbox", "bbox-crs", "crs", "valid-at")),
    ]
    summary = "Every object of one area (commune, dalle or bbox) as a file"
    return _get("getExtract", summary, "server", f="f_extract", parameters=parameters, files=FORMATS)
