"""Slabs of a pyramid, built from the dalles. `upper` builds each level above from the level below.

A base slab is a function of the mosaic, an upper slab of the bytes of its four children: a pyramid updated
slab by slab is byte for byte the pyramid built at once. So is each of their tiles: one whose ground did not
change is taken from the slab that was there, and the work is that of the tiles that did.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import reduce
from itertools import batched
from typing import NamedTuple

import numpy as np

from pcrs.errors import InputError
from pcrs.raster.mosaic import Mosaic, Source
from pcrs.raster.slab import (
    NOTHING,
    TILES,
    SlabBytes,
    encode_part,
    join_tiles,
    parts_of,
)
from pcrs.standard.crs import BBox
from pcrs.standard.grid import (
    LAMB93,
    SLAB_TILES,
    TILE_PX,
    TOP_LEVEL,
    Cells,
    Slab,
    Tile,
    parent,
    slab_bbox,
    slabs_covering,
    tiles_covering,
)

Cuts = Callable[[Source, Slab], Sequence[bytes | None]]
"""The tiles of a slab that were cut out of a dalle: 256, row by row, None for what was not."""
_NO_TILES: Sequence[None] = (None,) * TILES


class Former(NamedTuple):
    """A slab as it was, and what changed since in what it is made of."""

    slab: SlabBytes
    changed: Sequence[BBox] = ()
    """Of the finest level: where the mosaic changed, EPSG:2154, metres; more does no harm."""
    child: Callable[[Slab], SlabBytes | None] = lambda slab: None
    """Of other levels: a child that the slab was built from; None: that child is still the same."""


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


def build_base_slab(
    mosaic: Mosaic,
    slab: Slab,
    *,
    quality: int = 90,
    cuts: Cuts = no_cuts,
    former: Former | None = None,
) -> SlabBytes:
    """A slab of the finest level, of the mosaic's own pixels.

    Tiles without a valid pixel are absent; in others what is not valid is white. Takes 100 MB of memory
    beside GDAL's cache of blocks.

    Args:
        mosaic: of the masters.
        slab: level 22.
        quality: of JPEG, 1 to 100; the one that `cuts` were made with.
        cuts: gives the tiles of the slab that were cut out of a dalle of the mosaic (`pcrs.raster.cuts`).
            They change nothing but the time it takes.
        former: the slab, as it was built from an earlier mosaic with this quality. The same holds for it.

    Raises:
        InputError: the slab is of another level.
        RasterError: a dalle cannot be read.
        StoreError: the former slab is cut short.
    """
    if slab.level != LAMB93.last_level:
        raise InputError(f"{slab} is not of level {LAMB93.last_level}: it is built from the level below")
    sources = mosaic.over(slab_bbox(slab))
    if not sources:
        return NOTHING
    tiles, missing = _from_cuts(sources, slab, cuts)
    masks: list[np.ndarray | bytes | None] = [None] * TILES
    if former is not None:
        _keep(former, slab, tiles, masks, missing)
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
            tiles[index], masks[index] = encode_part(rgb[there], valid[there], quality)
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


def _keep(
    former: Former,
    slab: Slab,
    tiles: list[bytes | None],
    masks: list[np.ndarray | bytes | None],
    missing: np.ndarray,
) -> None:
    """Tiles that would have to be read, but lie where nothing changed, are as they were."""
    were, valid = parts_of(former.slab)
    for row, col in np.argwhere(missing).tolist():
        box = LAMB93.bbox(_tile(slab, col, row))
        if not any(changed.intersects(box) for changed in former.changed):
            index = row * SLAB_TILES + col
            tiles[index], masks[index] = were[index], valid[index]
            missing[row, col] = False


def _rectangles(wanted: np.ndarray) -> Iterator[Cells]:
    """Rectangles that cover what is True, none of them twice: equal runs of rows that follow each other."""
    begun: dict[tuple[int, int], int] = {}
    for row, cells in enumerate([*wanted, np.zeros(wanted.shape[1], bool)]):
        edges = np.flatnonzero(np.diff(cells, prepend=False, append=False))
        runs = {(int(first), int(after) - 1) for first, after in batched(edges, 2, strict=True)}
        for run in sorted(begun.keys() - runs):
            yield Cells(run[0], begun.pop(run), run[1], row - 1)
        begun |= dict.fromkeys(runs - begun.keys(), row)
