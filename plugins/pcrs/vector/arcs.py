"""Arcs of circles as chords."""

import math

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
"""(n, 2) or (n, 3): x, y and, where there is one, z."""
CHORD_ERROR_M = 0.005
"""An arc and its chords are never further apart than this."""
_FLAT = 1e-12
_MIN_STEPS_PER_TURN = 8
_MAX_STEPS = 20_000


def arc(points: Points, tolerance: float) -> Points:
    """The chords of the arc through three points, within `tolerance` (units of x and y) of it.

    The three points stay as they are; z goes linearly with the angle between them. Three points in line give
    two straight segments; a first point equal to the last one gives the circle whose diameter the second
    point ends.
    """
    found = _circle(points[:, :2])
    return points if found is None else _polyline(points, *found, tolerance)


def circle(points: Points, tolerance: float) -> Points:
    """The chords of the full circle through three points, from the first point back to it.

    Raises:
        ValueError: the three points are in line.
    """
    found = _circle(points[:, :2])
    if found is None:
        raise ValueError("three points in line are on no circle")
    centre, sweeps = found
    closed = np.vstack([points, points[:1]])
    turn = math.copysign(2 * math.pi, sweeps[0])
    return _polyline(closed, centre, (*sweeps, turn - sum(sweeps)), tolerance)


def _circle(points: Points) -> tuple[Points, tuple[float, ...]] | None:
    """Centre and the two signed sweeps (radians) of an arc through three points; None for points in line."""
    start, through, end = points
    a, b = through - start, end - start
    if not b.any():
        return (start + a / 2, (math.pi, math.pi)) if a.any() else None
    cross = a[0] * b[1] - a[1] * b[0]
    squared_a, squared_b = float(a @ a), float(b @ b)
    if abs(cross) <= _FLAT * max(squared_a, squared_b):
        return None
    centre = start + np.array([b[1] * squared_a - a[1] * squared_b, a[0] * squared_b - b[0] * squared_a]) / (
        2 * cross
    )
    angles = [_angle(point, centre) for point in points]
    turn = math.copysign(2 * math.pi, cross)
    return centre, ((angles[1] - angles[0]) % turn, (angles[2] - angles[1]) % turn)


def _angle(point: Points, centre: Points) -> float:
    """Direction from the centre, radians from the x axis."""
    return math.atan2(point[1] - centre[1], point[0] - centre[0])


def _polyline(points: Points, centre: Points, sweeps: tuple[float, ...], tolerance: float) -> Points:
    """The points with the vertices of the circle between them."""
    radius = math.hypot(*(points[0, :2] - centre))
    # acos(1 - t) is never below sqrt(2 t), so the step is never too long, and it stays exact for any radius.
    step = min(2 * math.sqrt(2 * tolerance / radius), 2 * math.pi / _MIN_STEPS_PER_TURN)
    pieces = []
    for i, sweep in enumerate(sweeps):
        count = min(max(1, math.ceil(abs(sweep) / step)), _MAX_STEPS)
        share = np.arange(1, count)[:, None] / count
        angle = _angle(points[i], centre) + share * sweep
        plan = centre + radius * np.hstack([np.cos(angle), np.sin(angle)])
        height = points[i, 2:] + share * (points[i + 1, 2:] - points[i, 2:])
        pieces += [points[i : i + 1], np.hstack([plan, height])]
    return np.vstack([*pieces, points[-1:]])
