"""Which dalles of a delivery touch, and along which part of their edges."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

import numpy as np
import shapely

from pcrs.standard.crs import BBox
from pcrs.standard.grid import DALLE_RES_M


class Placed(NamedTuple):
    """A dalle and its box on the ground: whole metres, EPSG:2154."""

    name: str
    box: BBox


class Pair(NamedTuple):
    """Two dalles that touch: the second lies east or south of the first.

    The parts are pixels of each one's edge, from the north or from the west.
    """

    first: str
    second: str
    side: Literal["east", "south"]
    first_part: tuple[int, int]
    second_part: tuple[int, int]


def pairs(placed: Iterable[Placed]) -> Iterator[Pair]:
    """Every pair of neighbours, once; dalles of different sizes may touch along a part of an edge."""
    known = list(placed)
    yield from _touching(known, "east")
    yield from _touching(known, "south")


def _touching(placed: Sequence[Placed], side: Literal["east", "south"]) -> Iterator[Pair]:
    """Pairs along one direction. Edges are compared as (place, from, to), growing east or south."""
    near = {one.name: _edge(one.box, side) for one in placed}
    beyond: dict[float, list[tuple[float, float, str]]] = defaultdict(list)
    for one in placed:
        place, start, stop = _edge(one.box, "west" if side == "east" else "north")
        beyond[place].append((start, stop, one.name))
    for line in beyond.values():
        line.sort()
    longest = max((one.box.width for one in placed), default=0.0)
    for name, (place, start, stop) in near.items():
        line = beyond.get(place, [])
        for at in range(bisect_left(line, (start - longest,)), len(line)):
            other_start, other_stop, other = line[at]
            if other_start >= stop:
                break
            low, high = max(start, other_start), min(stop, other_stop)
            if low < high and other != name:
                yield Pair(name, other, side, _part(low, high, start), _part(low, high, other_start))


def _edge(box: BBox, side: str) -> tuple[float, float, float]:
    """An edge as (place, from, to); from grows to the south or to the east."""
    if side in ("east", "west"):
        return (box.xmax if side == "east" else box.xmin), -box.ymax, -box.ymin
    return -(box.ymin if side == "south" else box.ymax), box.xmin, box.xmax


def _part(low: float, high: float, start: float) -> tuple[int, int]:
    return round((low - start) / DALLE_RES_M), round((high - start) / DALLE_RES_M)


def overlaps(placed: Iterable[Placed]) -> list[tuple[str, str, float]]:
    """Every two dalles that cover common ground, with its area in square metres."""
    known = list(placed)
    if not known:
        return []
    bounds = np.array([one.box for one in known])
    boxes = shapely.box(*bounds.T)
    one, other = shapely.STRtree(boxes).query(boxes)
    one, other = one[one < other], other[one < other]
    low, high = np.maximum(bounds[one, :2], bounds[other, :2]), np.minimum(bounds[one, 2:], bounds[other, 2:])
    areas = (high - low).clip(min=0).prod(axis=1)
    found = zip(one.tolist(), other.tolist(), areas.tolist(), strict=True)
    return sorted((known[a].name, known[b].name, area) for a, b, area in found if area > 0)
