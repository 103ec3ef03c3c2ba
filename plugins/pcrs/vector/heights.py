"""Heights unlike those around: what a survey gives when a level was not entered, or in another unit."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pcrs.vector.batch import Floats

CELL_M = 50.0
"""Objects are compared with those of their cell and of the eight around."""
_FEWEST = 8
"""Fewer heights than these say nothing: the whole file is the measure then, with a gap this much wider:"""
_WIDER = 4.0
_ALONE = 0.1
"""A height that a greater share of those around have, to the gap, is another level's: a cliff, a quay."""
_GROUP = 3
"""Whatever that share, so many may be wrong together: an affleurant is drawn by several objects."""
_NO_HEIGHT_M = 2.0
"""A height of exactly zero is none when those around are further from it than this."""


class Misfit(NamedTuple):
    """An object by its place in the arrays, its height, and the usual one around, in metres."""

    at: int
    height_m: float
    around_m: float


def misfits(
    x: Floats, y: Floats, low: NDArray[np.floating[Any]], high: NDArray[np.floating[Any]], gap_m: float
) -> Iterator[Misfit]:
    """The objects with a point far from the median height around, and nearly alone at that height.

    Args:
        x: middles of the objects, EPSG:2154, metres; `y` likewise.
        y: see `x`.
        low: lowest heights, NaN for objects without.
        high: highest heights.
        gap_m: the least gap, metres.
    """
    there = np.flatnonzero(~np.isnan(low) & ~np.isnan(x))
    if not len(there):
        return
    cells = _cells(x[there], y[there])
    means = (low[there] + high[there]) / 2
    spans = {key: (low[there[own]].min(), high[there[own]].max()) for key, own in cells.items()}
    for key, own in cells.items():
        around = [near for near in _around(key) if near in cells]
        lowest, highest = min(spans[near][0] for near in around), max(spans[near][1] for near in around)
        if highest - lowest <= gap_m and not lowest <= 0 <= highest:
            continue
        beside, gap = means[np.concatenate([cells[near] for near in around])], gap_m
        if len(beside) < _FEWEST:
            beside, gap = means, gap_m * _WIDER
        usual = float(np.median(beside))
        for at in there[own]:
            for height in (float(low[at]), float(high[at])):
                if _is_alien(height, usual, beside, gap):
                    yield Misfit(int(at), height, usual)
                    break


def _is_alien(height: float, usual: float, beside: NDArray[np.floating[Any]], gap_m: float) -> bool:
    if height == 0:
        return abs(usual) > _NO_HEIGHT_M
    if abs(height - usual) <= gap_m:
        return False
    return bool(np.count_nonzero(np.abs(beside - height) <= gap_m) <= max(_GROUP, _ALONE * len(beside)))


def _cells(x: Floats, y: Floats) -> Mapping[tuple[int, int], NDArray[np.intp]]:
    """Which objects lie in which cell."""
    columns, rows = (np.floor(values / CELL_M).astype(np.int64) for values in (x, y))
    order = np.lexsort((rows, columns))
    changes = np.flatnonzero(np.diff(columns[order]) | np.diff(rows[order])) + 1
    groups = np.split(order, changes)
    return {(int(columns[own[0]]), int(rows[own[0]])): own for own in groups}


def _around(cell: tuple[int, int]) -> Iterator[tuple[int, int]]:
    column, row = cell
    return ((column + east, row + north) for east in (-1, 0, 1) for north in (-1, 0, 1))
