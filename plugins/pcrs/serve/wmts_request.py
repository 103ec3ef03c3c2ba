"""What a WMTS request asks for: KVP or REST, read into values and judged before anything serves it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pcrs.serve.map_layers import MapLayer
from pcrs.serve.ows import OwsError, invalid, missing, required
from pcrs.standard.grid import LAMB93, PM, TILE_PX, Tile, TileMatrixSet

VERSION = "1.0.0"
STYLE = "normal"
GRIDS = {grid.id: grid for grid in (LAMB93, PM)}
"""Tile matrix sets by identifier. Lambert-93 stays first: GDAL takes a layer's box from the first one."""
IMAGE_TYPES = {"image/jpeg": "jpeg", "image/png": "png"}
"""Suffixes of REST addresses by media type."""
INFO_TYPES = {"application/json": "json", "text/plain": "txt", "text/html": "html"}
CAPABILITIES_PATH = f"{VERSION}/WMTSCapabilities.xml"

_SUFFIXES = frozenset(IMAGE_TYPES.values())
_INFO_SUFFIXES = frozenset(INFO_TYPES.values())
_LEVELS = {id_: {str(level): level for level in range(len(grid.sizes))} for id_, grid in GRIDS.items()}
_MAX_DIGITS = 9


@dataclass(frozen=True, slots=True)
class TileRequest:
    """One tile."""

    layer: MapLayer
    grid: TileMatrixSet
    tile: Tile
    suffix: str
    """`jpeg` or `png`."""


@dataclass(frozen=True, slots=True)
class InfoRequest:
    """What is known of one pixel of a tile."""

    tile: TileRequest
    i: int
    """Column in the tile, from the left."""
    j: int
    """Row in the tile, from the top."""
    suffix: str
    """`json`, `txt` or `html`."""


WmtsRequest = TileRequest | InfoRequest | Literal["capabilities"]


def read_kvp(params: Mapping[str, str], layers: Mapping[str, MapLayer]) -> WmtsRequest:
    """The request of a query string (names in lower case).

    Raises:
        OwsError: a parameter is missing, or has a value that the service does not know; HTTP 400.
    """
    service = required(params, "service")
    if service.upper() != "WMTS":
        raise invalid("service", service, "this address serves WMTS")
    operation = required(params, "request")
    match operation.lower():
        case "gettile":
            return _tile_of_kvp(params, layers)
        case "getfeatureinfo":
            tile = _tile_of_kvp(params, layers)
            info_type = required(params, "InfoFormat")
            if info_type not in INFO_TYPES:
                raise invalid("InfoFormat", info_type, f"it is one of {', '.join(INFO_TYPES)}")
            return _info(tile, required(params, "I"), required(params, "J"), INFO_TYPES[info_type])
        case "getcapabilities":
            _negotiate(params)
            return "capabilities"
    raise invalid("request", operation, "it is GetCapabilities, GetTile or GetFeatureInfo")


def _negotiate(params: Mapping[str, str]) -> None:
    """Raises OwsError when the client accepts no version that is served."""
    accepted = params.get("acceptversions", "")
    if accepted and VERSION not in (version.strip() for version in accepted.split(",")):
        raise OwsError(
            "VersionNegotiationFailed", "AcceptVersions", f"WMTS {VERSION} is served, nothing else"
        )


def _tile_of_kvp(params: Mapping[str, str], layers: Mapping[str, MapLayer]) -> TileRequest:
    version = required(params, "version")
    if version != VERSION:
        raise invalid("version", version, f"it is {VERSION}")
    layer = required(params, "layer")
    if "style" not in params:
        raise missing("Style")
    style = params["style"]
    if style not in ("", STYLE):  # many clients leave the default style empty
        raise invalid("Style", style, f"it is {STYLE}")
    media_type = required(params, "format")
    if media_type not in IMAGE_TYPES:
        raise invalid("format", media_type, f"it is one of {', '.join(IMAGE_TYPES)}")
    address = tuple(required(params, name) for name in ("TileMatrixSet", "TileMatrix", "TileCol", "TileRow"))
    return tile_at(layers, (layer, *address), IMAGE_TYPES[media_type])


def read_rest(parts: Sequence[str], layers: Mapping[str, MapLayer]) -> WmtsRequest:
    """The request of a path below `/wmts`, given in decoded parts.

    `{Layer}/{TileMatrixSet}/{TileMatrix}/{TileCol}/{TileRow}.{suffix}`, and for GetFeatureInfo
    `…/{TileRow}/{I}/{J}.{suffix}`.

    Raises:
        OwsError: there is nothing of that address (404), or the tile is outside its matrix (400).
    """
    if "/".join(parts) == CAPABILITIES_PATH:
        return "capabilities"
    last, _, suffix = parts[-1].partition(".")
    try:
        if len(parts) == 5 and suffix in _SUFFIXES:
            return tile_at(layers, (*parts[:4], last), suffix)
        if len(parts) == 7 and suffix in _INFO_SUFFIXES:
            return _info(tile_at(layers, tuple(parts[:5]), "jpeg"), parts[5], last, suffix)
    except OwsError as error:
        if error.code == "InvalidParameterValue":
            error.status = 404
        raise
    raise OwsError(
        "NoApplicableCode", "", f"there is nothing at this address: see /wmts/{CAPABILITIES_PATH}", 404
    )


def tile_at(layers: Mapping[str, MapLayer], address: tuple[str, ...], suffix: str) -> TileRequest:
    """The tile at `address`: layer, tile matrix set, tile matrix, column, row.

    Raises:
        OwsError: there is no such layer, set or matrix, or the tile is outside the matrix.
    """
    name, set_id, matrix, col_text, row_text = address
    layer = layers.get(name)
    if layer is None:
        raise invalid("layer", name, "no such layer: see GetCapabilities")
    grid = GRIDS.get(set_id)
    if grid is None:
        raise invalid("TileMatrixSet", set_id, f"it is one of {', '.join(GRIDS)}")
    level = _LEVELS[set_id].get(matrix)
    if level is None:
        raise invalid("TileMatrix", matrix, f"{set_id} has the matrices 0 to {grid.last_level}")
    columns, rows = grid.sizes[level]
    col = _position("TileCol", col_text, columns)
    row = _position("TileRow", row_text, rows)
    return TileRequest(layer, grid, Tile(level, col, row), suffix)


def check_limits(request: TileRequest, status: int) -> None:
    """Nothing, when the tile is within the limits that the capabilities give.

    Raises:
        OwsError: it is beyond them; HTTP `status`.
    """
    cells = request.layer.limits.get(request.tile.level) if request.grid is LAMB93 else None
    if cells is None:
        return
    ranges = (
        ("TileCol", request.tile.col, cells.min_col, cells.max_col),
        ("TileRow", request.tile.row, cells.min_row, cells.max_row),
    )
    for name, position, first, last in ranges:
        if not first <= position <= last:
            text = f"{name} is from {first} to {last} where there is data: see TileMatrixSetLimits"
            raise OwsError("TileOutOfRange", name, text, status)


def _info(tile: TileRequest, i_text: str, j_text: str, suffix: str) -> InfoRequest:
    i = _position("I", i_text, TILE_PX, "PointIJOutOfRange")
    j = _position("J", j_text, TILE_PX, "PointIJOutOfRange")
    return InfoRequest(tile, i, j, suffix)


def _position(name: str, text: str, count: int, out_of_range: str = "TileOutOfRange") -> int:
    """The position that `text` writes, one of `count`."""
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()):
        raise invalid(name, text, "it is a whole number")
    if digits != text or len(digits) > _MAX_DIGITS or int(digits) >= count:
        raise OwsError(out_of_range, name, f"{name} is from 0 to {count - 1} here")
    return int(digits)
