"""The OpenAPI paths of map tiles and maps."""

from typing import Any

from pcrs.serve.coverage_syntax import FRAMES
from pcrs.serve.ogcapi_tilesets import MAP_PATH, SETS_PATH, TILE_SETS, TILES_PATH
from pcrs.serve.wmts_request import IMAGE_TYPES

_Document = dict[str, Any]
_OBJECT = {"application/json": {"schema": {"type": "object"}}}
_BINARY = {media_type: {"schema": {"type": "string", "format": "binary"}} for media_type in IMAGE_TYPES}
_CRS = {"type": "string", "format": "uri", "enum": [frame.uri for frame in FRAMES]}


def paths() -> _Document:
    """The paths, each with exactly the parameters that are read."""
    edition = _query("edition", "Edition of the mosaic; the current one without a word", {"type": "string"})
    image = _query("f", "Format", {"type": "string", "enum": list(IMAGE_TYPES.values())})
    json = _query("f", "Representation", {"type": "string", "enum": ["json"]})
    one_set = _path("tileMatrixSetId", {"type": "string", "enum": list(TILE_SETS)})
    whole = {"type": "integer", "minimum": 0}
    place = [_path("tileMatrix", {"type": "string"}), _path("tileRow", whole), _path("tileCol", whole)]
    tileset = f"{TILES_PATH}/{{tileMatrixSetId}}"
    return {
        SETS_PATH: _get("getTileMatrixSetsList", "Tile matrix sets", [json], _OBJECT),
        f"{SETS_PATH}/{{tileMatrixSetId}}": _get(
            "getTileMatrixSet", "Tile matrix set", [one_set, json], _OBJECT
        ),
        TILES_PATH: _get(
            "ortho.collection.map.getTileSetsList", "Tilesets of the mosaic", [edition, json], _OBJECT
        ),
        tileset: _get(
            "ortho.collection.map.getTileSet", "A tileset of the mosaic", [one_set, edition, json], _OBJECT
        ),
        f"{tileset}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}": _get(
            "ortho.collection.map.getTile", "A tile", [one_set, *place, edition, image], _BINARY
        ),
        MAP_PATH: _get(
            "ortho.collection.getMap", "A map of the mosaic", [*_map_parameters(), edition, image], _BINARY
        ),
    }


def _map_parameters() -> list[_Document]:
    numbers = {"type": "array", "minItems": 4, "maxItems": 6, "items": {"type": "number"}}
    pixels = {"type": "integer", "minimum": 1}
    text = {"type": "string"}
    flag = {"type": "boolean", "default": True}
    return [
        _query("bbox", "Part of the ground; all of it without a word", numbers)
        | {"style": "form", "explode": False},
        _query("bbox-crs", "CRS of bbox; CRS84 without a word", _CRS),
        _query("crs", "CRS of the map; its axis order holds in Content-Bbox", _CRS),
        _query("width", "Columns of the map", pixels),
        _query("height", "Rows of the map", pixels),
        _query("transparent", "Whether a PNG is transparent where nothing is", flag),
        _query("bgcolor", "Colour of where nothing is: 0xRRGGBB", text),
    ]


def _query(name: str, description: str, schema: _Document) -> _Document:
    return {"name": name, "in": "query", "description": description, "schema": schema}


def _path(name: str, schema: _Document) -> _Document:
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _get(operation: str, summary: str, parameters: list[_Document], content: _Document) -> _Document:
    responses: _Document = {"200": {"description": summary, "content": content}}
    for status in ("400", "404", "503"):
        responses[status] = {"$ref": "#/components/responses/Problem"}
    said = {"operationId": operation, "summary": summary, "tags": ["ortho"]}
    return {"get": said | {"parameters": parameters, "responses": responses}}
