"""What is painted on the asphalt: dashes, stop lines, crossings, bays, arrows, and the notice in letters.

Widths and rhythms are those of the French instruction on road signs, part 7 (T1, T2, T3 lines).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import shapely
from shapely.geometry import MultiLineString, MultiPolygon, Point, Polygon, box

from pcrs.demo.village import plan
from pcrs.demo.village.curves import Frame, dashes, frame_on, lines_of, polygons_of, strip
from pcrs.demo.village.lettering import write_on_ground
from pcrs.demo.village.streets import bay_boxes, network
from pcrs.demo.village.things import Surface

_LINE_M = 0.12

ZEBRAS: tuple[tuple[str, float], ...] = (
    ("ouest", 250.0), ("ouest", 336.0), ("ouest", 440.0), ("centre", 7.5), ("centre", 84.0),
    ("centre", 106.5), ("centre", 183.0), ("est", 8.0), ("est", 105.0), ("est", 258.0), ("pont", 12.0),
    ("pont", 82.0),
    ("pont", 186.0), ("gare", 13.0), ("gare", 152.0), ("gare", 236.0), ("lavoir", 10.0), ("ecoles", 58.0),
    ("ecoles", 12.0), ("stade", 100.0), ("quai", 98.0), ("quai", 126.0), ("chenes", 9.0),
)  # fmt: skip
"""Pedestrian crossings: street and distance along its axis."""

STOPS: tuple[tuple[str, str, str, float], ...] = (
    # street, which end, line, distance from that end
    ("pont", "start", "stop", 7.2), ("gare", "start", "stop", 8.3), ("gare", "end", "stop", 54.0),
    ("tonneliers", "start", "yield", 7.0), ("lavoir", "start", "yield", 7.2), ("four", "start", "yield", 6.4),
    ("ecoles", "start", "stop", 7.0), ("tisserands", "start", "yield", 6.6),
    ("tisserands", "end", "yield", 9.0), ("chenes", "start", "yield", 6.6), ("est", "end", "yield", 2.5),
    ("vignes", "start", "yield", 2.5),
    ("eglise", "start", "yield", 4.4), ("eglise", "end", "yield", 4.6), ("lavoir", "end", "yield", 4.8),
    ("tonneliers", "end", "yield", 4.8), ("moulin", "start", "stop", 5.2), ("stade", "start", "yield", 9.0),
    ("ferme", "start", "stop", 5.0), ("four", "end", "yield", 5.0), ("chais", "start", "yield", 5.6),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Marking:
    """One painted sign: what it is, its shape and its paint."""

    kind: str
    shape: Polygon | MultiPolygon
    material: str = "paint"


def _zebra(key: str, s: float) -> list[Marking]:
    street = plan.STREETS[key]
    frame = frame_on(street.axis, s)
    half = street.width / 2 - 0.45
    stripes = [frame.box(-1.5, v, 1.5, v + 0.5) for v in np.arange(-half, half - 0.4, 1.0)]
    tactile = []
    for side in (-1.0, 1.0):
        edge = side * (street.width / 2 + 0.35)
        tactile.append(frame.box(-1.5, edge, 1.5, edge + side * 0.45))
    return [
        Marking("passage piéton", MultiPolygon(stripes)),
        Marking("bande podotactile", MultiPolygon(tactile), "tactile"),
    ]


def _stop(key: str, end: str, kind: str, gap: float) -> Marking:
    street = plan.STREETS[key]
    at_start = end == "start"
    frame = frame_on(street.axis, gap if at_start else street.axis.length - gap)
    sign = 1.0 if at_start else -1.0
    inner, outer = sign * 0.2, sign * (street.width / 2 - 0.45)
    if kind == "stop":
        return Marking("ligne d'effet stop", MultiPolygon([frame.box(-0.25, inner, 0.25, outer)]))
    steps = np.arange(min(inner, outer), max(inner, outer) - 0.3, 1.0)
    return Marking("cédez le passage", MultiPolygon([frame.box(-0.25, v, 0.25, v + 0.5) for v in steps]))


def _painted(lines: MultiLineString, width: float) -> MultiPolygon:
    return MultiPolygon(polygons_of(lines.buffer(width / 2, cap_style="flat")))


def _axis_lines(clear: Polygon) -> Iterable[Marking]:
    """Dashes along the middle, broken where streets meet or people cross."""
    rhythm = {"ouest": (3.0, 5.0), "centre": (1.5, 5.0), "est": (1.5, 5.0), "vignes": (3.0, 10.0)}
    rhythm |= {"causse": (3.0, 10.0), "gare": (1.5, 5.0), "pont": (3.0, 1.33), "stade": (1.5, 5.0)}
    for key, (on, off) in rhythm.items():
        street = plan.STREETS[key]
        lines = dashes(street.axis, on, off).difference(clear)
        yield Marking("axe", _painted(MultiLineString(lines_of(lines)), _LINE_M))
    for key in ("vignes", "causse"):
        street = plan.STREETS[key]
        for side in (-1.0, 1.0):
            lines = dashes(street.axis, 3.0, 3.5, side * (street.width / 2 - 0.25)).difference(clear)
            yield Marking("rive", _painted(MultiLineString(lines_of(lines)), 0.18))


def _bays() -> Iterable[Marking]:
    for _, side, _, frame in bay_boxes():
        length, depth = 5.2 / 2, 2.15 / 2
        ends = [frame.box(u - 0.05, -depth, u + 0.05, depth) for u in (-length, length)]
        front = frame.box(-length, -side * depth - 0.05, length, -side * depth + 0.05)
        yield Marking("stationnement", MultiPolygon([*ends, front]))


_ARROWS = (
    # street, distance along it, offset, direction
    ("est", 245.0, -1.6, 1), ("est", 30.0, 1.6, -1), ("ouest", 470.0, -1.6, 1),
    ("gare", 228.0, -1.6, 1), ("pont", 30.0, 1.5, -1), ("vignes", 22.0, 1.5, -1),
)  # fmt: skip
_ARROW = ((-2.0, -0.07), (0.6, -0.07), (0.6, -0.35), (2.0, 0.0), (0.6, 0.35), (0.6, 0.07), (-2.0, 0.07))


def _arrows() -> Iterable[Marking]:
    for key, s, v, forward in _ARROWS:
        frame = frame_on(plan.STREETS[key].axis, s).shifted(0.0, v, 0.0 if forward > 0 else np.pi)
        yield Marking("flèche", MultiPolygon([frame.shape(_ARROW)]))


def _words() -> Iterable[Marking]:
    """The notice and a few words on the asphalt."""
    words = (
        (plan.NOTICE, Frame(515.6, 496.0, -0.10), 1.75, 0.22, "paint"),
        (
            plan.NOTICE,
            frame_on(plan.STREETS["gare"].axis, 100.0).shifted(14.5, 2.35, np.pi),
            1.25,
            0.16,
            "paint",
        ),
        (plan.NOTICE, Frame(484.5, 231.0, 0.055), 1.7, 0.22, "paint"),
        (plan.NOTICE, frame_on(plan.STREETS["est"].axis, 150.0).shifted(-13, -1.95, 0.0), 1.1, 0.14, "paint"),
        ("30", frame_on(plan.STREETS["pont"].axis, 150.0).shifted(0.0, 1.95, -np.pi / 2), 1.9, 0.2, "paint"),
        (
            "30",
            frame_on(plan.STREETS["ouest"].axis, 300.0).shifted(0.0, -0.75, -np.pi / 2),
            1.9,
            0.2,
            "paint",
        ),
        ("BUS", frame_on(plan.STREETS["est"].axis, 60.0).shifted(-1.8, -2.6, 0.0), 1.7, 0.2, "paint_yellow"),
    )
    for text, frame, size, stroke, material in words:
        yield Marking("texte", write_on_ground(text, frame, size, stroke), material)


def _bus_stop() -> Marking:
    axis = plan.STREETS["est"].axis
    zigzag = [frame_on(axis, 52.0 + 2.2 * k).at(0.0, -0.35 if k % 2 else -2.85) for k in range(10)]
    return Marking(
        "arrêt de bus", MultiPolygon(polygons_of(shapely.linestrings(zigzag).buffer(0.07))), "paint_yellow"
    )


def _level_crossing() -> Iterable[Marking]:
    """Stop lines before the rails, and planks between them are in `railway`."""
    axis = plan.STREETS["plaine"].axis
    for s, v0, v1 in ((55.0, -2.0, -0.1), (88.0, 0.1, 2.0)):
        frame = frame_on(axis, s)
        yield Marking("ligne d'effet stop", MultiPolygon([frame.box(-0.25, v0, 0.25, v1)]))


@lru_cache(maxsize=1)
def markings() -> tuple[Marking, ...]:
    """Everything painted on the streets, made once."""
    streets = plan.STREETS
    zebras = [strip(streets[key].axis, s - 2.6, s + 2.6, -6.0, 6.0) for key, s in ZEBRAS]
    meetings = [
        Point(end).buffer(9.0)
        for key, street in streets.items()
        if key not in ("centre", "est", "causse", "plaine")
        for end in (street.axis.coords[0], street.axis.coords[-1])
        if box(1, 1, 999, 999).contains(Point(end))
    ]
    clear = shapely.union_all([*zebras, *meetings, Point(plan.ROUNDABOUT).buffer(24)])
    found = [mark for key, s in ZEBRAS for mark in _zebra(key, s)]
    found += [_stop(*row) for row in STOPS]
    found += [*_axis_lines(clear), *_bays(), *_arrows(), *_words(), _bus_stop(), *_level_crossing()]
    paved = network().paved
    free = shapely.union_all([plan.SQUARE, plan.STATION_YARD, paved])
    shapely.prepare(free)
    return tuple(mark for mark in found if not mark.shape.is_empty and free.intersects(mark.shape))


def marking_layers() -> list[Surface]:
    """The markings, ready to be painted."""
    return [Surface(mark.material, mark.shape) for mark in markings()]
