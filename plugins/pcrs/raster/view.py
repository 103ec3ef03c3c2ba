"""Any box of a pyramid at any size: what WMS and the warped grids draw from."""

from collections.abc import Mapping

import numpy as np

from pcrs.errors import InputError, TooLargeError
from pcrs.raster.lattice import Pixels, Window, blank, read_box
from pcrs.raster.pyramids import Tiles
from pcrs.raster.slab import decode_tile
from pcrs.standard.crs import BBox
from pcrs.standard.grid import LAMB93, SLAB_TILES, TILE_PX, Cells, Slab, Tile, tile_mm, tiles_covering

MAX_TILES = 2048
"""Tiles that one view may decode: 4096 x 4096 px of the worst scale need 1089. 2048 take about a second."""

_AROUND_PX = 64
"""Pixels of a level around a view within which everything lies that its filters reach for."""


def read_view(pyramid: Tiles, bbox: BBox, size: tuple[int, int], *, max_tiles: int = MAX_TILES) -> Pixels:
    """((h, w, 3) uint8, (h, w) bool valid) of `bbox` (EPSG:2154, metres) as `size` (width, height) pixels.

    Drawn from the level whose pixels are as fine or just finer, from the coarsest or the finest beyond. A box
    on that level's pixels comes back exactly as the tiles decode. White where nothing is.

    Raises:
        InputError: the box or the size is empty.
        TooLargeError: more than `max_tiles` tiles would have to be decoded.
        StoreError: a slab is cut short.
    """
    width, height = size
    if width < 1 or height < 1 or bbox.width <= 0 or bbox.height <= 0:
        raise InputError(f"view of {tuple(bbox)} as {width} x {height} px: box and size must not be empty")
    level = _level(pyramid, min(bbox.width / width, bbox.height / height))
    if level is None:
        return blank(width, height)
    extent = _extent(pyramid.levels[level], level)
    _refuse_too_many(bbox, extent, level, max_tiles)
    step = 1 << (LAMB93.last_level - level)
    return read_box(lambda window: _paste(pyramid, level, window), (step, step), bbox, size, extent)


def data_bbox(levels: Mapping[int, Cells]) -> BBox:
    """The ground that the finest level covers, EPSG:2154, metres, to the millimetre."""
    finest = max(levels)
    cells = levels[finest]
    first = LAMB93.bbox(Tile(finest, cells.min_col, cells.min_row))
    last = LAMB93.bbox(Tile(finest, cells.max_col, cells.max_row))
    return BBox(*(round(value, 3) for value in first.union(last)))


def slabs_under(
    pyramid: Tiles, bbox: BBox, size: tuple[int, int], *, max_tiles: int = MAX_TILES
) -> tuple[Slab, ...]:
    """The slabs that `read_view` reads for the same arguments, and at the edges a few that it does not.

    Raises:
        TooLargeError: `read_view` would raise it.
    """
    level = _level(pyramid, min(bbox.width / size[0], bbox.height / size[1]))
    if level is None:
        return ()
    limits = pyramid.levels[level]
    extent = _extent(limits, level)
    _refuse_too_many(bbox, extent, level, max_tiles)
    reach = _AROUND_PX * LAMB93.res(level)
    box = BBox(
        max(bbox.xmin - reach, extent.xmin),
        max(bbox.ymin - reach, extent.ymin),
        min(bbox.xmax + reach, extent.xmax),
        min(bbox.ymax + reach, extent.ymax),
    )
    if box.width <= 0 or box.height <= 0:
        return ()
    cells = Cells(*(limit // SLAB_TILES for limit in tiles_covering(box, level)))
    return tuple(Slab(level, col, row) for col, row in cells.cells())


def _level(pyramid: Tiles, res_m: float) -> int | None:
    """The coarsest level whose pixels are no larger than `res_m`, else the finest that there is."""
    if not pyramid.levels:
        return None
    fine = [level for level in pyramid.levels if LAMB93.res(level) <= res_m * (1 + 1e-9)]
    return min(fine) if fine else max(pyramid.levels)


def _extent(limits: Cells, level: int) -> BBox:
    """The box around a level's tiles."""
    first = LAMB93.bbox(Tile(level, limits.min_col, limits.min_row))
    return first.union(LAMB93.bbox(Tile(level, limits.max_col, limits.max_row)))


def _refuse_too_many(bbox: BBox, extent: BBox, level: int, max_tiles: int) -> None:
    """Raises TooLargeError when the part of `bbox` that can hold tiles has too many."""
    part = BBox(
        max(bbox.xmin, extent.xmin),
        max(bbox.ymin, extent.ymin),
        min(bbox.xmax, extent.xmax),
        min(bbox.ymax, extent.ymax),
    )
    side = tile_mm(level) / 1000
    count = (max(part.width, 0) // side + 2) * (max(part.height, 0) // side + 2)
    if count > max_tiles:
        raise TooLargeError(
            f"view of {tuple(bbox)} needs about {count:.0f} tiles of level {level}, more than {max_tiles}: "
            "ask for a smaller box, or for fewer pixels"
        )


def _paste(pyramid: Tiles, level: int, window: Window) -> Pixels:
    """A window of a level's pixels, from its tiles."""
    rgb, valid = blank(window.width, window.height)
    limits = pyramid.levels[level]
    first_col, last_col = window.col // TILE_PX, (window.col + window.width - 1) // TILE_PX
    first_row, last_row = window.row // TILE_PX, (window.row + window.height - 1) // TILE_PX
    cells = Cells(
        max(first_col, limits.min_col),
        max(first_row, limits.min_row),
        min(last_col, limits.max_col),
        min(last_row, limits.max_row),
    )
    for col, row in cells.cells():
        _paste_tile(pyramid, Tile(level, col, row), window, rgb, valid)
    return rgb, valid


def _paste_tile(pyramid: Tiles, tile: Tile, window: Window, rgb: np.ndarray, valid: np.ndarray) -> None:
    """The part of one tile that lies in the window."""
    jpeg = pyramid.tile(tile)
    if jpeg is None:
        return
    left, top = tile.col * TILE_PX - window.col, tile.row * TILE_PX - window.row
    there = np.s_[max(top, 0) : top + TILE_PX, max(left, 0) : left + TILE_PX]
    height, width = valid[there].shape
    part = np.s_[max(-top, 0) : max(-top, 0) + height, max(-left, 0) : max(-left, 0) + width]
    mask = pyramid.mask(tile)
    rgb[there] = decode_tile(jpeg)[part]
    valid[there] = True if mask is None else mask[part]
