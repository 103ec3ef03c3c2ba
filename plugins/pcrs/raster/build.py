"""Slabs of a pyramid, built: the base from the dalles, each level above from the level below.

A base slab is a function of the mosaic, an upper slab of the bytes of its four children: a pyramid updated
slab by slab is byte for byte the pyramid built at once.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import reduce
from itertools import batched

import numpy as np

from pcrs.errors import InputError
from pcrs.raster.halving import halve
from pcrs.raster.lattice import blank
from pcrs.raster.mosaic import Mosaic, Source
from pcrs.raster.slab import NOTHING, TILES, SlabBytes, decode_tile, encode_tile, join_tiles, split_tiles
from pcrs.standard.crs import BBox
from pcrs.standard.grid import (
    LAMB93,
    SLAB_TILES,
    TILE_PX,
    TOP_LEVEL,
    Cells,
    Slab,
    Tile,
    children,
    parent,
    slab_bbox,
    slabs_covering,
    tiles_covering,
)

_HALF = TILE_PX // 2
_Tile = tuple[bytes | None, np.ndarray | None]
"""A JPEG (None: no tile), and where it is valid (None: everywhere)."""
Cuts = Callable[[Source, Slab], Sequence[bytes | None]]
"""The tiles of a slab that were cut out of a dalle: 256, row by row, None for what was not."""
_NO_TILES: Sequence[None] = (None,) * TILES


def touched(boxes: Iterable[BBox], top: int = TOP_LEVEL) -> dict[int, set[Slab]]:
    """The slabs to build again when the ground of `boxes` (EPSG:2154, metres) changes: finest level first."""
    last = LAMB93.last_level
    slabs = {Slab(last, col, row) for box in boxes for col, row in slabs_covering(box, last).cells()}
    levels = {last: slabs}
    for level in range(last - 1, top - 1, -1):
        slabs = {parent(slab) for slab in slabs}
        levels[level] = slabs
    return levels


def tile_limits(boxes: Iterable[BBox], top: int = TOP_LEVEL) -> dict[int, Cells]:
    """The tiles that a pyramid over `boxes` may have, by level: a descriptor's limits. None without boxes."""
    boxes = tuple(boxes)
    if not boxes:
        return {}
    around = reduce(BBox.union, boxes)
    return {level: tiles_covering(around, level) for level in range(top, LAMB93.last_level + 1)}


def no_cuts(source: Source, slab: Slab) -> Sequence[bytes | None]:
    """Nothing was cut beforehand: all comes from the masters."""
    return _NO_TILES


def build_base_slab(mosaic: Mosaic, slab: Slab, *, quality: int = 90, cuts: Cuts = no_cuts) -> SlabBytes:
    """A slab of the finest level, of the mosaic's own pixels.

    Tiles without a valid pixel are absent; in others what is not valid is white. Takes 100 MB of memory
    beside GDAL's cache of blocks.

    Args:
        mosaic: of the masters.
        slab: level 22.
        quality: of JPEG, 1 to 100; the one that `cuts` were made with.
        cuts: gives the tiles of the slab that were cut out of a dalle of the mosaic (`pcrs.raster.cuts`).
            They change nothing but the time it takes.

    Raises:
        InputError: the slab is of another level.
        RasterError: a dalle cannot be read.
    """
    if slab.level != LAMB93.last_level:
        raise InputError(f"{slab} is not of level {LAMB93.last_level}: it is built from the level below")
    sources = mosaic.over(slab_bbox(slab))
    if not sources:
        return NOTHING
    tiles, missing = _from_cuts(sources, slab, cuts)
    masks: list[np.ndarray | None] = [None] * TILES
    for part in _rectangles(missing):
        rgb, valid = mosaic.read(
            LAMB93.bbox(_tile(slab, part.min_col, part.min_row)).union(
                LAMB93.bbox(_tile(slab, part.max_col, part.max_row))
            )
        )
        for col, row in part.cells():
            top, left = (row - part.min_row) * TILE_PX, (col - part.min_col) * TILE_PX
            there = np.s_[top : top + TILE_PX, left : left + TILE_PX]
            index = row * SLAB_TILES + col
            tiles[index], masks[index] = _encode(rgb[there], valid[there], quality)
    return join_tiles(tiles, masks)


def _tile(slab: Slab, col: int, row: int) -> Tile:
    """The tile at a place in a slab."""
    return Tile(slab.level, slab.col * SLAB_TILES + col, slab.row * SLAB_TILES + row)


def _from_cuts(sources: Sequence[Source], slab: Slab, cuts: Cuts) -> tuple[list[bytes | None], np.ndarray]:
    """The tiles that are cut already, and (16, 16) bool, True where one has to be read.

    A tile shows one dalle alone when the topmost that reaches into it has it in its cut.
    """
    cut = [cuts(source, slab) for source in sources]
    tiles: list[bytes | None] = [None] * TILES
    missing = np.zeros((SLAB_TILES, SLAB_TILES), bool)
    for index in range(TILES):
        row, col = divmod(index, SLAB_TILES)
        box = LAMB93.bbox(_tile(slab, col, row))
        topmost = next((number for number, source in enumerate(sources) if source.bbox.intersects(box)), None)
        if topmost is not None:
            tiles[index] = cut[topmost][index]
            missing[row, col] = tiles[index] is None
    return tiles, missing


def _rectangles(wanted: np.ndarray) -> Iterator[Cells]:
    """Rectangles that cover what is True, none of them twice: equal runs of rows that follow each other."""
    begun: dict[tuple[int, int], int] = {}
    for row, cells in enumerate([*wanted, np.zeros(wanted.shape[1], bool)]):
        edges = np.flatnonzero(np.diff(cells, prepend=False, append=False))
        runs = {(int(first), int(after) - 1) for first, after in batched(edges, 2, strict=True)}
        for run in sorted(begun.keys() - runs):
            yield Cells(run[0], begun.pop(run), run[1], row - 1)
        begun |= dict.fromkeys(runs - begun.keys(), row)


def build_upper_slab(read_child: Callable[[Slab], SlabBytes], slab: Slab, *, quality: int = 90) -> SlabBytes:
    """A slab of any other level, of the tiles of the four slabs below it.

    Two by two pixels become their mean; only valid ones count, and one is enough. Four full tiles are decoded
    at half size by the JPEG decoder itself, which costs a third.

    Args:
        read_child: gives the files of a slab of the level below, `NOTHING` where none is.
        slab: of a level above the finest.
        quality: of JPEG, 1 to 100.

    Raises:
        InputError: the slab is of the finest level.
        StoreError: a child is cut short or broken.
    """
    if slab.level >= LAMB93.last_level:
        raise InputError(f"{slab} is of the finest level: it is built from the dalles")
    tiles: list[bytes | None] = [None] * TILES
    masks: list[np.ndarray | None] = [None] * TILES
    half = SLAB_TILES // 2
    for quarter, child in enumerate(children(slab)):
        if not LAMB93.contains(Tile(child.level, child.col * SLAB_TILES, child.row * SLAB_TILES)):
            continue  # the matrix ends within this slab
        below, below_masks = split_tiles(read_child(child))
        for index in range(half * half):
            row, col = divmod(index, half)
            first = 2 * row * SLAB_TILES + 2 * col
            four = (first, first + 1, first + SLAB_TILES, first + SLAB_TILES + 1)
            place = (quarter // 2 * half + row) * SLAB_TILES + quarter % 2 * half + col
            tiles[place], masks[place] = _halve(
                [below[number] for number in four], [below_masks[number] for number in four], quality
            )
    return join_tiles(tiles, masks)


def _encode(rgb: np.ndarray, valid: np.ndarray | None, quality: int) -> _Tile:
    """A tile, from (256, 256, 3) pixels that are white where they are not valid."""
    if valid is not None and not valid.any():
        return None, None
    return encode_tile(rgb, quality), None if valid is None or valid.all() else valid


def _halve(tiles: list[bytes | None], masks: list[np.ndarray | None], quality: int) -> _Tile:
    """The tile above four, which are given left to right and top to bottom."""
    if not any(tiles):
        return None, None
    if all(tiles) and all(mask is None for mask in masks):
        above = np.empty((TILE_PX, TILE_PX, 3), np.uint8)
        for place, tile in enumerate(filter(None, tiles)):
            above[_quarter(place, _HALF)] = decode_tile(tile, half=True)
        return _encode(above, None, quality)
    return _encode(*halve(*_spread(tiles, masks)), quality)


def _quarter(place: int, side: int) -> tuple[slice, slice]:
    """Where the first, second, third or fourth of four squares lies in the one they make."""
    top, left = place // 2 * side, place % 2 * side
    return slice(top, top + side), slice(left, left + side)


def _spread(tiles: list[bytes | None], masks: list[np.ndarray | None]) -> tuple[np.ndarray, np.ndarray]:
    """((512, 512, 3), (512, 512) bool): four tiles decoded side by side."""
    rgb, valid = blank(2 * TILE_PX, 2 * TILE_PX)
    for place, (tile, mask) in enumerate(zip(tiles, masks, strict=True)):
        if tile is not None:
            there = _quarter(place, TILE_PX)
            rgb[there] = decode_tile(tile)
            valid[there] = True if mask is None else mask
    return rgb, valid
