"""Lines and boxes placed on the ground: splines, frames along a line, strips beside it.

Coordinates are metres east and north of the village's origin; angles are radians, counter-clockwise from
east; "left" is the left hand of someone who walks along the line.
"""

from collections.abc import Iterable, Sequence
from math import atan2, cos, hypot, sin
from typing import Any, NamedTuple

import numpy as np
import shapely
from shapely.geometry import LineString, MultiLineString, MultiPolygon, Polygon

Point = tuple[float, float]
_HALF_STEP_M = 0.5
"""The direction of a line is that between two points this far before and after."""


class Frame(NamedTuple):
    """A place with a direction: u runs along `angle`, v to its left."""

    x: float
    y: float
    angle: float

    def at(self, u: float, v: float) -> Point:
        """The ground position of (u, v)."""
        c, s = cos(self.angle), sin(self.angle)
        return self.x + u * c - v * s, self.y + u * s + v * c

    def shifted(self, u: float, v: float, turn: float = 0.0) -> "Frame":
        """The frame whose origin is (u, v) of this one, turned by `turn`."""
        x, y = self.at(u, v)
        return Frame(x, y, self.angle + turn)

    def shape(self, points: Iterable[Point]) -> Polygon:
        """The polygon whose corners are given in this frame."""
        return shapely.polygons([self.at(u, v) for u, v in points])

    def box(self, u0: float, v0: float, u1: float, v1: float) -> Polygon:
        """The rectangle between two corners."""
        return self.shape(((u0, v0), (u1, v0), (u1, v1), (u0, v1)))

    def line(self, points: Iterable[Point]) -> LineString:
        """The line through points given in this frame."""
        return LineString([self.at(u, v) for u, v in points])


def spline(points: Sequence[Point], step: float = 2.0) -> LineString:
    """A smooth line through `points` (Catmull-Rom), drawn every `step` metres, then thinned to 1 cm."""
    p = np.asarray(points, float)
    padded = np.vstack([2 * p[0] - p[1], p, 2 * p[-1] - p[-2]])
    pieces = []
    for a, b, c, d in zip(padded[:-3], padded[1:-2], padded[2:-1], padded[3:], strict=True):
        count = max(2, int(np.hypot(*(c - b)) / step))
        t = np.linspace(0.0, 1.0, count, endpoint=False)[:, None]
        pieces.append(
            0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        )
    return LineString(np.vstack([*pieces, p[-1:]])).simplify(0.01)


def frames_on(line: LineString, stations: Iterable[float]) -> list[Frame]:
    """The frames at many stations of one line, in one go."""
    s = np.fromiter(stations, float)
    length, count = line.length, len(s)
    around = np.concatenate([s, s - _HALF_STEP_M, s + _HALF_STEP_M]).clip(0.0, length)
    xy = shapely.get_coordinates(shapely.line_interpolate_point(line, around))
    ahead = xy[2 * count :] - xy[count : 2 * count]
    angles = np.arctan2(ahead[:, 1], ahead[:, 0])
    return [Frame(x, y, angle) for (x, y), angle in zip(xy[:count].tolist(), angles.tolist(), strict=True)]


def frame_on(line: LineString, s: float) -> Frame:
    """The frame at `s` metres along the line, looking along it."""
    return frames_on(line, (s,))[0]


def ticks(line: LineString, stations: Iterable[float], v0: float, v1: float) -> list[LineString]:
    """Short lines across `line`, from v0 to v1 on its left, at each station."""
    frames = frames_on(line, stations)
    return (
        list(shapely.linestrings([[frame.at(0.0, v0), frame.at(0.0, v1)] for frame in frames]))
        if frames
        else []
    )


def frame_between(a: Point, b: Point) -> Frame:
    """The frame at the middle of a and b, looking from a to b."""
    return Frame((a[0] + b[0]) / 2, (a[1] + b[1]) / 2, atan2(b[1] - a[1], b[0] - a[0]))


def distance(a: Point, b: Point) -> float:
    """Metres from a to b."""
    return hypot(b[0] - a[0], b[1] - a[1])


def beside(line: LineString, s0: float, s1: float, offset: float, step: float = 2.0) -> list[Point]:
    """Points `offset` metres to the left of the line (right when negative), from s0 to s1."""
    count = max(2, int(abs(s1 - s0) / step) + 1)
    return [frame.at(0.0, offset) for frame in frames_on(line, np.linspace(s0, s1, count))]


def strip(line: LineString, s0: float, s1: float, inner: float, outer: float) -> Polygon:
    """The band from s0 to s1 between two offsets to the left of the line."""
    ring = beside(line, s0, s1, inner) + beside(line, s0, s1, outer)[::-1]
    band = Polygon(ring)
    return band if band.is_valid else band.buffer(0)


def dashes(line: LineString, on: float, off: float, offset: float = 0.0) -> MultiLineString:
    """Dashes of `on` metres with gaps of `off`, `offset` metres to the left of the line."""
    starts = np.arange(off / 2, line.length - on, on + off)
    return MultiLineString([beside(line, float(s), float(s) + on, offset) for s in starts])


def rows(
    field: Polygon, angle: float, spacing: float, margin: float = 0.0, phase: float = 0.0
) -> MultiLineString:
    """Parallel lines across a field, `spacing` metres apart, `margin` from its edge; `phase` shifts them."""
    inside = field.buffer(-margin) if margin else field
    if inside.is_empty:
        return MultiLineString()
    centre = field.centroid
    reach = hypot(field.bounds[2] - field.bounds[0], field.bounds[3] - field.bounds[1]) / 2 + spacing
    frame = Frame(centre.x, centre.y, angle)
    offsets = np.arange(-reach, reach, spacing) + phase
    sweeps = shapely.linestrings([[frame.at(-reach, v), frame.at(reach, v)] for v in offsets.tolist()])
    return MultiLineString(lines_of(shapely.intersection(shapely.multilinestrings(sweeps), inside)))


def lines_of(shape: Any) -> list[LineString]:
    """The line strings of a geometry, of any depth; points are left out."""
    parts = shapely.get_parts(shape, return_index=False) if hasattr(shape, "geoms") else [shape]
    return [part for part in parts if part.geom_type in ("LineString", "LinearRing") and part.length > 0]


def polygons_of(shape: Any) -> list[Polygon]:
    """The polygons of a geometry; lines and points are left out."""
    parts = shapely.get_parts(shape) if hasattr(shape, "geoms") else [shape]
    return [part for part in parts if part.geom_type == "Polygon" and part.area > 0]


def closing(shape: Polygon | MultiPolygon, radius: float) -> Polygon | MultiPolygon:
    """The shape with its inner corners rounded to `radius`, as kerbs are at street corners."""
    return shape.buffer(radius, quad_segs=8).buffer(-radius, quad_segs=8)
