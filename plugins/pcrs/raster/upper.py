"""Upper slabs of a pyramid: each from the four of the level below."""

from collections.abc import Callable, Iterator

import numpy as np

from pcrs.errors import InputError
from pcrs.raster.build import Former
from pcrs.raster.halving import halve
from pcrs.raster.lattice import blank
from pcrs.raster.slab import (
    NOTHING,
    EncodedPart,
    SlabBytes,
    decode_mask,
    decode_tile,
    encode_part,
    join_tiles,
    parts_of,
)
from pcrs.standard.grid import LAMB93, SLAB_TILES, TILE_PX, Slab, Tile, children

_HALF = TILE_PX // 2
_Parts = tuple[list[bytes | None], list[bytes | None]]
"""Tiles, and their validity as it lies in a mask slab."""


def build_upper_slab(
    read_child: Callable[[Slab], SlabBytes],
    slab: Slab,
    *,
    quality: int = 90,
    former: Former | None = None,
) -> SlabBytes:
    """A slab of any other level, of the tiles of the four slabs below it.

    Two by two pixels become their mean; only valid ones count, and one is enough. Four full tiles are decoded
    at half size by the JPEG decoder itself, which costs a third.

    Args:
        read_child: gives the files of a slab of the level below, `NOTHING` where none is.
        slab: of a level above the finest.
        quality: of JPEG, 1 to 100.
        former: the slab, as it was built from earlier children with this quality. It changes nothing but the
            time it takes.

    Raises:
        InputError: the slab is of the finest level.
        StoreError: a child or the former slab is cut short or broken.
    """
    if slab.level >= LAMB93.last_level:
        raise InputError(f"{slab} is of the finest level: it is built from the dalles")
    tiles, masks = parts_of(NOTHING if former is None else former.slab)
    above: list[np.ndarray | bytes | None] = [*masks]
    for quarter, child in enumerate(children(slab)):
        if not LAMB93.contains(Tile(child.level, child.col * SLAB_TILES, child.row * SLAB_TILES)):
            continue  # the matrix ends within this slab
        was = NOTHING if former is None else former.child(child)
        if was is None:
            continue
        for place, four in _changed(parts_of(was), parts_of(read_child(child)), quarter):
            tiles[place], above[place] = _halve(*four, quality)
    return join_tiles(tiles, above)


def _changed(was: _Parts, now: _Parts, quarter: int) -> Iterator[tuple[int, _Parts]]:
    """Where a slab's tiles lie of which one of the four below changed, and these four as they are now."""
    half = SLAB_TILES // 2
    for index in range(half * half):
        row, col = divmod(index, half)
        first = 2 * row * SLAB_TILES + 2 * col
        numbers = (first, first + 1, first + SLAB_TILES, first + SLAB_TILES + 1)
        if any(was[0][n] != now[0][n] or was[1][n] != now[1][n] for n in numbers):
            place = (quarter // 2 * half + row) * SLAB_TILES + quarter % 2 * half + col
            yield place, ([now[0][n] for n in numbers], [now[1][n] for n in numbers])


def _halve(tiles: list[bytes | None], masks: list[bytes | None], quality: int) -> EncodedPart:
    """The tile above four, which are given left to right and top to bottom."""
    if not any(tiles):
        return None, None
    full = all(tiles) and all(mask is None for mask in masks)
    rgb, valid = blank(TILE_PX, TILE_PX)
    for place, (tile, mask) in enumerate(zip(tiles, masks, strict=True)):
        top, left = place // 2 * _HALF, place % 2 * _HALF
        there = np.s_[top : top + _HALF, left : left + _HALF]
        if tile is not None and full:
            rgb[there] = decode_tile(tile, half=True)
        elif tile is not None:
            rgb[there], seen = halve(decode_tile(tile), None if mask is None else decode_mask(mask))
            valid[there] = True if seen is None else seen
    return encode_part(rgb, None if full else valid, quality)
