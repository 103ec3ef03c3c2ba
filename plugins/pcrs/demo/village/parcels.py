"""Where houses may stand: plots along the streets, each with a frame that looks away from its street."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import shapely
from shapely.geometry import MultiPolygon, Polygon

from pcrs.demo.village import plan
from pcrs.demo.village.curves import Frame, distance, frame_between, frame_on, polygons_of, strip
from pcrs.demo.village.dice import Dice

Style = Literal["bourg", "maison", "pavillon"]

_RUNS: tuple[tuple[str, int, float, float, Style], ...] = (
    # street, side (1 left, -1 right of the axis), from, to (metres along the axis), style
    ("centre", -1, 7.0, 89.0, "bourg"),
    ("centre", -1, 106.0, 185.0, "bourg"),
    ("centre", 1, 7.0, 87.0, "bourg"),
    ("ouest", 1, 372.0, 439.0, "bourg"),
    ("ouest", -1, 366.0, 441.0, "bourg"),
    ("pont", 1, 18.0, 82.0, "bourg"),
    ("pont", 1, 98.0, 186.0, "bourg"),
    ("pont", -1, 98.0, 186.0, "bourg"),
    ("eglise", 1, 7.0, 90.0, "bourg"),
    ("eglise", 1, 119.0, 190.0, "bourg"),
    ("eglise", -1, 14.0, 84.0, "bourg"),
    ("tonneliers", 1, 14.0, 190.0, "bourg"),
    ("tonneliers", -1, 16.0, 82.0, "bourg"),
    ("tonneliers", -1, 116.0, 188.0, "bourg"),
    ("quai", -1, 18.0, 97.0, "bourg"),
    ("quai", -1, 127.0, 188.0, "bourg"),
    ("lavoir", 1, 112.0, 186.0, "bourg"),
    ("lavoir", -1, 14.0, 190.0, "bourg"),
    ("gare", 1, 16.0, 138.0, "maison"),
    ("gare", -1, 18.0, 120.0, "maison"),
    ("gare", 1, 158.0, 222.0, "maison"),
    ("gare", -1, 156.0, 226.0, "maison"),
    ("est", -1, 14.0, 98.0, "maison"),
    ("est", 1, 14.0, 110.0, "maison"),
    ("ouest", 1, 96.0, 328.0, "pavillon"),
    ("ouest", -1, 62.0, 160.0, "pavillon"),
    ("ouest", -1, 188.0, 328.0, "pavillon"),
    ("est", 1, 114.0, 246.0, "pavillon"),
    ("est", -1, 124.0, 244.0, "pavillon"),
    ("tisserands", 1, 14.0, 236.0, "pavillon"),
    ("tisserands", -1, 12.0, 236.0, "pavillon"),
    ("four", 1, 16.0, 136.0, "pavillon"),
    ("four", -1, 16.0, 134.0, "pavillon"),
    ("stade", 1, 120.0, 284.0, "pavillon"),
    ("stade", -1, 12.0, 108.0, "pavillon"),
    ("chenes", 1, 14.0, 134.0, "pavillon"),
    ("chenes", -1, 14.0, 130.0, "pavillon"),
    ("impasse", 1, 12.0, 92.0, "pavillon"),
    ("impasse", -1, 14.0, 92.0, "pavillon"),
    ("ecoles", 1, 14.0, 178.0, "pavillon"),
    ("ecoles", -1, 12.0, 62.0, "maison"),
    ("causse", 1, 52.0, 150.0, "pavillon"),
    ("causse", -1, 16.0, 86.0, "pavillon"),
    ("moulin", -1, 26.0, 170.0, "pavillon"),
)

_FRONTAGE: dict[str, tuple[float, float]] = {
    "bourg": (8.0, 14.5),
    "maison": (14.0, 20.0),
    "pavillon": (20.0, 29.0),
}
_DEPTH: dict[str, tuple[float, float]] = {
    "bourg": (19.0, 30.0),
    "maison": (30.0, 40.0),
    "pavillon": (31.0, 44.0),
}


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot: its ground, the frame at the middle of its front (v away from the street), its sizes."""

    ground: Polygon
    frame: Frame
    front: float
    depth: float
    style: Style
    street: str
    side: int
    first: bool
    last: bool
    seed: int


def _largest(shape: Polygon | MultiPolygon) -> Polygon | None:
    parts = polygons_of(shape)
    return max(parts, key=lambda part: part.area) if parts else None


def _front_frame(key: str, side: int, s0: float, s1: float) -> tuple[Frame, float]:
    """The chord of the frontage line between two stations, and its length."""
    street = plan.STREETS[key]
    offset = side * street.frontage
    a = frame_on(street.axis, s0).at(0.0, offset)
    b = frame_on(street.axis, s1).at(0.0, offset)
    if side < 0:
        a, b = b, a
    return frame_between(a, b), distance(a, b)


class _Ground:
    """What is taken already; gives the free part of a quad."""

    def __init__(self, reserved: Polygon | MultiPolygon) -> None:
        self._reserved = reserved
        shapely.prepare(self._reserved)
        self._taken: list[Polygon] = []

    def free(self, quad: Polygon) -> Polygon | None:
        rest = quad
        if self._reserved.intersects(quad):
            x0, y0, x1, y1 = quad.bounds
            rest = quad.difference(
                shapely.clip_by_rect(self._reserved, x0 - 1.0, y0 - 1.0, x1 + 1.0, y1 + 1.0)
            )
        if self._taken:
            taken = np.array(self._taken, dtype=object)
            near = taken[shapely.intersects(taken, rest)]
            if len(near):
                rest = rest.difference(shapely.union_all(near))
        return _largest(rest.buffer(-0.02).buffer(0.02))

    def take(self, ground: Polygon) -> None:
        self._taken.append(ground)


def _plots_of_run(run: tuple[str, int, float, float, Style], ground: _Ground, dice: Dice) -> list[Plot]:
    key, side, start, end, style = run
    found: list[Plot] = []
    s, fresh = start, True
    while s < end - _FRONTAGE[style][0]:
        width = min(dice.between(*_FRONTAGE[style]), end - s)
        depth = dice.between(*_DEPTH[style])
        street = plan.STREETS[key]
        inner, outer = side * street.frontage, side * (street.frontage + depth)
        quad = strip(street.axis, s, s + width, inner, outer)
        frame, chord = _front_frame(key, side, s, s + width)
        free = ground.free(quad)
        seed = dice.count(0, 1 << 30)
        needed = frame.box(-chord / 2 + 0.3, 0.4, chord / 2 - 0.3, 9.0 if style == "bourg" else 17.0)
        if free is None or free.buffer(0.25).intersection(needed).area < 0.97 * needed.area:
            s, fresh = s + 3.0, True
            continue
        ground.take(free)
        found.append(Plot(free, frame, chord, depth, style, key, side, fresh, False, seed))
        s, fresh = s + width, False
        if style == "bourg" and dice.chance(0.07):
            s, fresh = s + 3.2, True
    return found


def plots(reserved: Polygon | MultiPolygon) -> list[Plot]:
    """Every plot of the village that does not touch `reserved` nor another plot."""
    ground = _Ground(reserved)
    dice = Dice(46)
    found: list[Plot] = []
    for run in _RUNS:
        found += _plots_of_run(run, ground, dice)
    return found
