"""Heights unlike those around: what a survey gives when a level was not entered, or in another unit."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pcrs.vector.places import FIELDS, Columns, Place, chosen, place_of
from pcrs.vector.sorted_runs import Records, SortedRuns

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
_SAMPLE = 65_536
"""So many heights of the whole file are kept, twice at the most: of larger files every second, fourth…"""
_ORIGIN = 1 << 31
type Floats32 = NDArray[np.floating[Any]]


class Misfit(NamedTuple):
    """An object, its height, and the usual one around, in metres."""

    place: Place
    height_m: float
    around_m: float


class _Cell(NamedTuple):
    records: Records
    means: Floats32
    lowest: float
    highest: float


type _Row = Mapping[int, _Cell]
"""Cells from west to east, by their column."""


class Heights:
    """The heights of a file, gathered batch by batch; they are judged with three rows of cells in memory."""

    def __init__(self) -> None:
        self._cells = SortedRuns([*FIELDS, ("low", "f4"), ("high", "f4")])
        self._sample = _Sample()

    def add(self, places: Columns, low: Floats32, high: Floats32) -> None:
        """Objects with their lowest and highest heights, NaN for those without."""
        there = np.flatnonzero(~np.isnan(low) & ~np.isnan(places["x"]))
        own = chosen(places, there)
        column, row = (np.floor(own[name] / CELL_M).clip(-_ORIGIN, _ORIGIN - 1) + _ORIGIN for name in "xy")
        keys = (row.astype(np.uint64) << np.uint64(32)) | column.astype(np.uint64)
        self._cells.add(keys, **own, low=low[there], high=high[there])
        self._sample.add((low[there] + high[there]) / 2)

    def misfits(self, gap_m: float) -> Iterator[Misfit]:
        """The objects with a point far from the median height around, and nearly alone at that height.

        `gap_m`: the least gap, metres.
        """
        rows: dict[int, _Row] = {}
        last: int | None = None
        for number, row in self._rows():
            rows[number] = row
            if last is not None:
                yield from self._judged(rows, last, gap_m)
            rows = {each: held for each, held in rows.items() if each >= number - 1}
            last = number
        if last is not None:
            yield from self._judged(rows, last, gap_m)

    def _rows(self) -> Iterator[tuple[int, _Row]]:
        """The rows of cells, from south to north."""
        held: list[Records] = []
        for piece in self._cells.pieces():
            numbers = piece["key"] >> np.uint64(32)
            for part in np.split(piece, np.flatnonzero(np.diff(numbers)) + 1):
                if held and _row_of(held[0]) != _row_of(part):
                    yield _row_of(held[0]), _row(np.concatenate(held))
                    held = []
                held.append(part)
        if held:
            yield _row_of(held[0]), _row(np.concatenate(held))

    def _judged(self, rows: Mapping[int, _Row], number: int, gap_m: float) -> Iterator[Misfit]:
        for column, own in rows[number].items():
            around = [
                rows[north][east]
                for north in (number - 1, number, number + 1)
                if north in rows
                for east in (column - 1, column, column + 1)
                if east in rows[north]
            ]
            lowest, highest = min(near.lowest for near in around), max(near.highest for near in around)
            if highest - lowest <= gap_m and not lowest <= 0 <= highest:
                continue
            beside, gap = np.concatenate([near.means for near in around]), gap_m
            if len(beside) < _FEWEST:
                beside, gap = self._sample.values, gap_m * _WIDER
            usual = float(np.median(beside))
            for record in own.records:
                for height in (float(record["low"]), float(record["high"])):
                    if _is_alien(height, usual, beside, gap):
                        yield Misfit(place_of(record), height, usual)
                        break


class _Sample:
    """Heights from all over the file: all of them while they are few."""

    def __init__(self) -> None:
        self._kept: list[Floats32] = []
        self._count = self._seen = 0
        self._step = 1

    def add(self, means: Floats32) -> None:
        """More heights, in file order."""
        self._kept.append(means[-self._seen % self._step :: self._step])
        self._seen += len(means)
        self._count += len(self._kept[-1])
        if self._count > 2 * _SAMPLE:
            self._kept = [self.values[::2]]
            self._count = len(self._kept[0])
            self._step *= 2

    @property
    def values(self) -> Floats32:
        """The heights that are kept."""
        return np.concatenate(self._kept)


def _row_of(records: Records) -> int:
    return int(records["key"][0]) >> 32


def _row(records: Records) -> _Row:
    columns = records["key"] & np.uint64(0xFFFFFFFF)
    cells = np.split(records, np.flatnonzero(np.diff(columns)) + 1)
    return {
        int(own["key"][0]) & 0xFFFFFFFF: _Cell(
            own, (own["low"] + own["high"]) / 2, float(own["low"].min()), float(own["high"].max())
        )
        for own in cells
    }


def _is_alien(height: float, usual: float, beside: Floats32, gap_m: float) -> bool:
    if height == 0:
        return abs(usual) > _NO_HEIGHT_M
    if abs(height - usual) <= gap_m:
        return False
    return bool(np.count_nonzero(np.abs(beside - height) <= gap_m) <= max(_GROUP, _ALONE * len(beside)))
