"""Tile matrix sets and the arithmetic of tiles and slabs.

A grid is data plus arithmetic. Positions of the Lambert-93 grid are computed in whole millimetres:
`5136000 // 12.8` is 401249 in floats and 401250 in truth.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from pcrs.errors import InputError
from pcrs.standard.crs import BBox

TILE_PX = 256
SLAB_TILES = 16
"""Tiles along one side of a ROK4 slab."""
SLAB_PX = TILE_PX * SLAB_TILES
DALLE_RES_M = 0.05
_PIXEL_M = 0.00028
"""The standard rendering pixel of OGC scale denominators."""


class Tile(NamedTuple):
    """One tile: level (the tile matrix), column from the west, row from the north."""

    level: int
    col: int
    row: int


class Slab(NamedTuple):
    """One block of 16 x 16 tiles: level, column and row in slabs."""

    level: int
    col: int
    row: int


class Cells(NamedTuple):
    """A rectangle of cells, last ones included (as ROK4 and WMTS write their limits)."""

    min_col: int
    min_row: int
    max_col: int
    max_row: int

    def cells(self) -> Iterator[tuple[int, int]]:
        """Every (column, row), row by row."""
        for row in range(self.min_row, self.max_row + 1):
            for col in range(self.min_col, self.max_col + 1):
                yield col, row


@dataclass(frozen=True, slots=True)
class TileMatrixSet:
    """A quadtree of tile matrices: `res_m` at the last level doubles at each level above."""

    id: str
    epsg: int
    origin_x: float
    origin_y: float
    last_level: int
    last_res: float
    sizes: tuple[tuple[int, int], ...]
    """Columns and rows of each level."""

    def res(self, level: int) -> float:
        """Size of a pixel at `level`, in units of the CRS."""
        return self.last_res * 2.0 ** (self.last_level - level)

    def scale_denominator(self, level: int) -> float:
        """The OGC scale denominator of `level`."""
        return self.res(level) / _PIXEL_M

    def contains(self, tile: Tile) -> bool:
        """True when the matrix of the tile's level has it."""
        if not 0 <= tile.level <= self.last_level:
            return False
        columns, rows = self.sizes[tile.level]
        return 0 <= tile.col < columns and 0 <= tile.row < rows

    def bbox(self, tile: Tile) -> BBox:
        """The tile's box in the set's CRS."""
        side = self.res(tile.level) * TILE_PX
        xmin = self.origin_x + tile.col * side
        ymax = self.origin_y - tile.row * side
        return BBox(xmin, ymax - side, xmin + side, ymax)


def _halving(columns: int, rows: int, levels: int) -> tuple[tuple[int, int], ...]:
    """Matrix sizes, coarsest first: each level halves the one below, rounded up."""
    sizes = [(columns, rows)]
    for _ in range(levels):
        columns, rows = -(-columns // 2), -(-rows // 2)
        sizes.append((columns, rows))
    return tuple(reversed(sizes))


LAMB93 = TileMatrixSet("2154_5cm", 2154, 0.0, 12_000_000.0, 22, 0.05, _halving(100_800, 840_818, 22))
"""IGN's `2154_5cm`: level 22 has the pixels of the dalles."""
PM = TileMatrixSet(
    "PM",
    3857,
    -20037508.3427892,
    20037508.3427892,
    21,
    40075016.6855784 / 256 / 2**21,
    tuple((2**level, 2**level) for level in range(22)),
)
"""IGN's `PM`, Google's grid: level 21 is 5.3 cm on the ground of the Lot."""
TOP_LEVEL = 6
"""Coarsest level of a pyramid, as IGN's PCRS layer has it."""

_ORIGIN_MM = (0, 12_000_000_000)


def tile_mm(level: int) -> int:
    """Side of a Lambert-93 tile at `level`, in millimetres."""
    return 12_800 << (LAMB93.last_level - level)


def slab_mm(level: int) -> int:
    """Side of a Lambert-93 slab at `level`, in millimetres."""
    return tile_mm(level) * SLAB_TILES


def _covering(bbox: BBox, side_mm: int) -> Cells:
    """The cells of `side_mm` that share an area with the box."""
    xmin, ymin, xmax, ymax = (round(value * 1000) for value in bbox)
    if xmin >= xmax or ymin >= ymax:
        raise InputError(f"box {tuple(bbox)} is empty: give xmin < xmax and ymin < ymax, in metres")
    left, top = _ORIGIN_MM
    return Cells(
        (xmin - left) // side_mm,
        (top - ymax) // side_mm,
        -(-(xmax - left) // side_mm) - 1,
        -(-(top - ymin) // side_mm) - 1,
    )


def tiles_covering(bbox: BBox, level: int) -> Cells:
    """The Lambert-93 tiles of `level` that share an area with `bbox` (metres)."""
    return _covering(bbox, tile_mm(level))


def slabs_covering(bbox: BBox, level: int) -> Cells:
    """The slabs of `level` that share an area with `bbox` (Lambert-93 metres)."""
    return _covering(bbox, slab_mm(level))


def slab_of(tile: Tile) -> tuple[Slab, int]:
    """The slab that holds a tile, and the tile's index in it (left to right, top to bottom)."""
    slab = Slab(tile.level, tile.col // SLAB_TILES, tile.row // SLAB_TILES)
    return slab, (tile.row % SLAB_TILES) * SLAB_TILES + tile.col % SLAB_TILES


def slab_bbox(slab: Slab) -> BBox:
    """The slab's box in Lambert-93 metres, exact to the millimetre."""
    side = slab_mm(slab.level)
    xmin = _ORIGIN_MM[0] + slab.col * side
    ymax = _ORIGIN_MM[1] - slab.row * side
    return BBox(xmin / 1000, (ymax - side) / 1000, (xmin + side) / 1000, ymax / 1000)


def parent(slab: Slab) -> Slab:
    """The slab of the level above that covers this one."""
    return Slab(slab.level - 1, slab.col // 2, slab.row // 2)


def children(slab: Slab) -> tuple[Slab, Slab, Slab, Slab]:
    """The four slabs of the level below: upper left, upper right, lower left, lower right."""
    level, col, row = slab.level + 1, slab.col * 2, slab.row * 2
    return (
        Slab(level, col, row),
        Slab(level, col + 1, row),
        Slab(level, col, row + 1),
        Slab(level, col + 1, row + 1),
    )
