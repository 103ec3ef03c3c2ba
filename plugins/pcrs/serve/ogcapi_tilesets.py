"""What the OGC API says of map tiles: tile matrix sets, and the tilesets of the mosaic (17-083r4, 20-057)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pcrs.errors import NotFoundError
from pcrs.serve.context import Served
from pcrs.serve.map_layers import MapLayer
from pcrs.serve.wmts_request import IMAGE_TYPES
from pcrs.standard.crs import L93, BBox, transform_bbox, uri
from pcrs.standard.grid import LAMB93, PM, TILE_PX, Cells, Tile, TileMatrixSet

REL = "http://www.opengis.net/def/rel/ogc/1.0"
SETS_PATH = "/tileMatrixSets"
MAP_PATH = "/collections/ortho/map"
TILES_PATH = f"{MAP_PATH}/tiles"
_JSON = "application/json"
_QUAD = "WebMercatorQuad"
_QUAD_LEVELS = 25

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class TileSet:
    """A tile matrix set as the API names it, and the grid that answers its tiles."""

    id: str
    title: str
    grid: TileMatrixSet
    levels: int
    """How many the set has; those beyond the grid's own hold no tiles."""
    registered: str | None = None
    """Its address in OGC's register."""
    scale_set: str | None = None


_OGC = "http://www.opengis.net/def"
TILE_SETS: Mapping[str, TileSet] = {
    LAMB93.id: TileSet(LAMB93.id, "Lambert-93, pixel de 5 cm (IGN)", LAMB93, len(LAMB93.sizes)),
    _QUAD: TileSet(
        _QUAD,
        "Web Mercator",
        PM,
        _QUAD_LEVELS,
        f"{_OGC}/tilematrixset/OGC/1.0/{_QUAD}",
        f"{_OGC}/wkss/OGC/1.0/GoogleMapsCompatible",
    ),
}
"""By identifier. The native grid stays first: its tiles are the pixels of the dalles."""


def tile_set(name: str) -> TileSet:
    """The set of that identifier.

    Raises:
        NotFoundError: there is none.
    """
    try:
        return TILE_SETS[name]
    except KeyError:
        known = ", ".join(TILE_SETS)
        raise NotFoundError(f"there is no tile matrix set {name!r} here: {known} are") from None


def limits(layer: MapLayer, grid: TileMatrixSet) -> tuple[Cells, ...]:
    """The tiles that can show data, for each level of a grid."""
    return _limits(layer.bbox, grid)


@lru_cache(maxsize=64)
def _limits(box: BBox, grid: TileMatrixSet) -> tuple[Cells, ...]:
    data = transform_bbox(box, L93, grid.epsg)
    return tuple(_covering(grid, level, data) for level in range(len(grid.sizes)))


def _covering(grid: TileMatrixSet, level: int, box: BBox) -> Cells:
    side = grid.res(level) * TILE_PX
    columns, rows = grid.sizes[level]
    return Cells(
        max(0, math.floor((box.xmin - grid.origin_x) / side)),
        max(0, math.floor((grid.origin_y - box.ymax) / side)),
        min(columns, math.ceil((box.xmax - grid.origin_x) / side)) - 1,
        min(rows, math.ceil((grid.origin_y - box.ymin) / side)) - 1,
    )


def holds(layer: MapLayer, grid: TileMatrixSet, tile: Tile) -> bool:
    """True when a tile is within the limits."""
    cells = limits(layer, grid)[tile.level]
    return cells.min_col <= tile.col <= cells.max_col and cells.min_row <= tile.row <= cells.max_row


def sets_document(served: Served) -> Document:
    """The list of tile matrix sets."""
    entries = []
    for one in TILE_SETS.values():
        entry: Document = {
            "id": one.id,
            "title": one.title,
            "links": [_link("self", *_definition(served, one))],
        }
        entries.append(entry | {"uri": _identifier(served, one)})
    return {"tileMatrixSets": entries}


def set_document(served: Served, one: TileSet) -> Document:
    """The definition of a tile matrix set."""
    grid = one.grid
    told = {"uri": _identifier(served, one), "wellKnownScaleSet": one.scale_set}
    last = len(grid.sizes) - 1
    columns, rows = grid.sizes[last]
    whole = grid.bbox(Tile(last, 0, 0)).union(grid.bbox(Tile(last, columns - 1, rows - 1)))
    return {
        "id": one.id,
        "title": one.title,
        "crs": uri(grid.epsg),
        "orderedAxes": ["X", "Y"],
        **{name: value for name, value in told.items() if value},
        "boundingBox": _box(whole, grid.epsg),
        "tileMatrices": [_matrix(one, level) for level in range(one.levels)],
    }


def _matrix(one: TileSet, level: int) -> Document:
    grid = one.grid
    beyond = max(0, level - grid.last_level)
    columns, rows = grid.sizes[level - beyond]
    return {
        "id": str(level),
        "scaleDenominator": grid.scale_denominator(level),
        "cellSize": grid.res(level),
        "cornerOfOrigin": "topLeft",
        "pointOfOrigin": [grid.origin_x, grid.origin_y],
        "tileWidth": TILE_PX,
        "tileHeight": TILE_PX,
        "matrixWidth": columns << beyond,
        "matrixHeight": rows << beyond,
    }


def _box(box: BBox, epsg: int) -> Document:
    return {"lowerLeft": [box.xmin, box.ymin], "upperRight": [box.xmax, box.ymax], "crs": uri(epsg)}


def tilesets_document(served: Served, layer: MapLayer) -> Document:
    """The tilesets of the mosaic."""
    address = f"{served.public_url}/ogcapi{TILES_PATH}"
    return {
        "tilesets": [_summary(served, layer, one) for one in TILE_SETS.values()],
        "links": [_link("self", "Les tuiles de la mosaïque", address)],
    }


def tileset_document(served: Served, layer: MapLayer, one: TileSet) -> Document:
    """All that is to be known of one tileset."""
    grid = one.grid
    box = transform_bbox(layer.bbox, L93, grid.epsg)
    collection = f"{served.public_url}/ogcapi/collections/ortho"
    summary = _summary(served, layer, one)
    return summary | {
        "description": layer.abstract,
        "attribution": served.operator,
        "license": served.licence_title,
        "mediaTypes": list(IMAGE_TYPES),
        "boundingBox": _box(box, grid.epsg),
        "tileMatrixSetLimits": [
            {
                "tileMatrix": str(level),
                "minTileRow": cells.min_row,
                "maxTileRow": cells.max_row,
                "minTileCol": cells.min_col,
                "maxTileCol": cells.max_col,
            }
            for level, cells in enumerate(limits(layer, grid))
        ],
        "links": [
            *summary["links"],
            _link(f"{REL}/geodata", "La collection", collection),
            {"rel": "license", "title": served.licence_title, "href": served.licence_url},
        ],
    }


def _summary(served: Served, layer: MapLayer, one: TileSet) -> Document:
    """What the list says of a tileset."""
    address = f"{served.public_url}/ogcapi{TILES_PATH}/{one.id}"
    edition = f"&edition={layer.edition}" if layer.edition else ""
    title, definition = _definition(served, one)
    return {
        "title": f"{layer.title} : {one.title}",
        "dataType": "map",
        "crs": uri(one.grid.epsg),
        "tileMatrixSetURI": _identifier(served, one),
        "links": [
            _link("self", one.title, f"{address}?f=json{edition}"),
            _link(f"{REL}/tiling-scheme", title, definition),
            *(
                {
                    "rel": "item",
                    "type": media_type,
                    "title": f"Tuiles ({suffix})",
                    "href": f"{address}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}?f={suffix}{edition}",
                    "templated": True,
                }
                for media_type, suffix in IMAGE_TYPES.items()
            ),
        ],
    }


def _identifier(served: Served, one: TileSet) -> str:
    """The URI of a set: what OGC's register has, else the address of its definition here."""
    return one.registered or _definition(served, one)[1]


def _definition(served: Served, one: TileSet) -> tuple[str, str]:
    """Title and address of the definition of a set."""
    return one.title, f"{served.public_url}/ogcapi{SETS_PATH}/{one.id}"


def _link(rel: str, title: str, href: str) -> dict[str, str]:
    return {"rel": rel, "type": _JSON, "title": title, "href": href}
