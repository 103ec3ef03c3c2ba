"""The railway: ballast, sleepers, rails, the platform and the level crossing."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import shapely
from shapely.geometry import LineString, Point, Polygon

from pcrs.demo.village import plan
from pcrs.demo.village.curves import beside, frame_on, strip, ticks
from pcrs.demo.village.heap import Heap
from pcrs.demo.village.things import Pole

GAUGE_HALF_M = 0.7535
"""From the track's axis to the middle of a rail head."""
_SIDING = (395.0, 850.0)
"""Stations of the main track between which the siding runs."""
PLATFORM = (540.0, 690.0)
PLATFORM_EDGE_M, PLATFORM_WIDTH_M = 1.65, 4.2


@dataclass(frozen=True, slots=True)
class Railway:
    """Track axes, rail heads, the platform's edge and its surface."""

    tracks: tuple[LineString, ...]
    rails: tuple[LineString, ...]
    platform_edge: LineString
    platform: Polygon


def _siding() -> LineString:
    """The second track: leaves the main one, runs beside it, comes back."""
    start, end = _SIDING
    points = []
    for s in np.arange(start, end + 0.1, 5.0):
        t = min((s - start) / 60.0, (end - s) / 60.0, 1.0)
        ease = t * t * (3.0 - 2.0 * t)
        points.append(frame_on(plan.RAIL, float(s)).at(0.0, -plan.SIDING_M * ease))
    return LineString(points)


@lru_cache(maxsize=1)
def railway() -> Railway:
    """The railway, made once."""
    tracks = (plan.RAIL, _siding())
    rails = tuple(
        LineString(beside(track, 0.0, track.length, side * GAUGE_HALF_M, 4.0)).simplify(0.01)
        for track in tracks
        for side in (-1.0, 1.0)
    )
    s0, s1 = PLATFORM
    edge = LineString(beside(plan.RAIL, s0, s1, PLATFORM_EDGE_M))
    platform = strip(plan.RAIL, s0, s1, PLATFORM_EDGE_M, PLATFORM_EDGE_M + PLATFORM_WIDTH_M)
    return Railway(tracks, rails, edge, platform)


def lay_railway(heap: Heap) -> None:
    """Adds the railway to the ground, over the streets (the level crossing is planked)."""
    ways = railway()
    bed = shapely.union_all([track.buffer(3.6) for track in ways.tracks])
    heap.paint("ballast_old", bed)
    heap.paint("ballast", shapely.union_all([track.buffer(2.1) for track in ways.tracks]))
    sleepers = [
        tick for track in ways.tracks for tick in ticks(track, np.arange(0.3, track.length, 0.6), -1.3, 1.3)
    ]
    heap.stroke("sleeper", 0.26, shapely.multilinestrings(sleepers))
    _level_crossing(heap)
    for rail in ways.rails:
        heap.paint("rail_foot", rail.buffer(0.10, cap_style="flat"))
        heap.paint("rail", rail.buffer(0.04, cap_style="flat"))
    s0, s1 = PLATFORM
    heap.paint("platform", ways.platform)
    heap.paint("kerb", strip(plan.RAIL, s0, s1, PLATFORM_EDGE_M - 0.12, PLATFORM_EDGE_M + 0.3))
    heap.paint("paint", strip(plan.RAIL, s0, s1, PLATFORM_EDGE_M + 0.75, PLATFORM_EDGE_M + 0.87))
    heap.paint("tactile", strip(plan.RAIL, s0, s1, PLATFORM_EDGE_M + 0.9, PLATFORM_EDGE_M + 1.35))
    for s in np.arange(s0 + 8.0, s1, 18.0):
        heap.poles.append(Pole("mat", frame_on(plan.RAIL, float(s)).shifted(0.0, 5.2), 4.0))
        heap.poles.append(Pole("banc", frame_on(plan.RAIL, float(s) + 5.0).shifted(0.0, 4.6), 0.5))


def _level_crossing(heap: Heap) -> None:
    """Rubber panels where Chemin de la Plaine crosses, and the barriers."""
    road = plan.STREETS["plaine"]
    for track in railway().tracks:
        meeting = road.axis.intersection(track)
        if meeting.is_empty:
            continue
        frame = frame_on(road.axis, road.axis.project(Point(meeting.centroid)))
        way = road.axis.buffer(road.width / 2 + 0.2)
        heap.paint("asphalt_new", track.buffer(2.6).intersection(way))
        heap.paint("plank", track.buffer(1.4).intersection(way))
        for v in (-1.2, -0.5, 0.5, 1.2):
            heap.paint("sleeper", track.parallel_offset(v, "left").buffer(0.04).intersection(way))
        for u, v in ((-5.4, 2.9), (5.4, -2.9)):
            heap.paint(
                "paint", frame.box(min(u - 0.08, u + 0.08), min(v, -v * 0.1), u + 0.08, max(v, -v * 0.1))
            )
            heap.poles.append(Pole("panneau", frame.shifted(u, v), 3.0))
