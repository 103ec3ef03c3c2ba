"""The symbols of the plan, each a few strokes in a square of one metre: one drawing for blocks and for SVG.

The square is centred on the object; x runs along the object's azimuth, y to its left.
"""

import math
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Circle:
    """A circle; `filled`: painted inside."""

    radius: float
    filled: bool = False
    centre: Point = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Stroke:
    """Straight lines through points; `filled` ones are closed and painted inside."""

    points: tuple[Point, ...]
    filled: bool = False


def _box(half_x: float, half_y: float, *, filled: bool = False) -> Stroke:
    corners = ((-half_x, -half_y), (half_x, -half_y), (half_x, half_y), (-half_x, half_y), (-half_x, -half_y))
    return Stroke(corners, filled)


def _crown() -> Stroke:
    """The outline of a tree from above: sixteen lobes."""
    steps = 64
    points = []
    for k in range(steps + 1):
        angle = 2 * math.pi * k / steps
        radius = 0.46 + 0.04 * math.cos(16 * angle)
        points.append((round(radius * math.cos(angle), 4), round(radius * math.sin(angle), 4)))
    return Stroke(tuple(points))


_CROSS = (Stroke(((-0.5, 0.0), (0.5, 0.0))), Stroke(((0.0, -0.5), (0.0, 0.5))))
SYMBOLS: Mapping[str, tuple[Circle | Stroke, ...]] = {
    "avaloir": (
        _box(0.5, 0.3, filled=True),
        *(Stroke(((x, -0.3), (x, 0.3))) for x in (-0.25, 0.0, 0.25)),
    ),
    "coffret": (_box(0.5, 0.3, filled=True), Stroke(((-0.5, -0.3), (0.5, 0.3)))),
    "tampon": (Circle(0.5, True), Circle(0.32)),
    "bouche": (
        Circle(0.36, True),
        Stroke(((-0.5, 0.0), (0.5, 0.0))),
    ),
    "hydrant": (Circle(0.5, True), *_CROSS),
    "poteau": (Circle(0.4, True), Circle(0.1)),
    "lampadaire": (
        Circle(0.3, True),
        Stroke(((-0.212, -0.212), (0.212, 0.212))),
        Stroke(((-0.212, 0.212), (0.212, -0.212))),
        Stroke(((0.3, 0.0), (0.5, 0.0))),
        Stroke(((0.5, -0.18), (0.5, 0.18))),
    ),
    "inconnu": (_box(0.4, 0.4, filled=True), Stroke(((-0.4, -0.4), (0.4, 0.4)))),
    "pilier": (_box(0.5, 0.5, filled=True),),
    "pilier_rond": (Circle(0.5, True),),
    "arbre": (_crown(), Circle(0.04, True)),
    "generique": (_box(0.4, 0.4),),
    "point": (Circle(0.5, True),),
    "croix": _CROSS,
    "repere": (Circle(0.15),),
    "fleche": (Stroke(((-0.5, 0.3), (0.5, 0.0), (-0.5, -0.3), (-0.5, 0.3)), True),),
    "banc": (_box(0.5, 0.5), Stroke(((-0.5, 0.2), (0.5, 0.2)))),
    "canevas": (Stroke(((-0.5, -0.29), (0.5, -0.29), (0.0, 0.58), (-0.5, -0.29))), Circle(0.06, True)),
}
PAINTED_BLACK = frozenset({"pilier", "pilier_rond", "point"})
"""Symbols whose inside has the colour of their strokes, where no network gives another."""


def svg(name: str, stroke_width: float = 0.05) -> str:
    """The symbol as an SVG in base64, in the form that QGIS embeds; fill and stroke are its parameters.

    The x axis points right. The canvas is a little wider than the square: 1.2 m.
    """
    parts = "".join(_element(part) for part in SYMBOLS[name])
    text = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="120" height="120" viewBox="-0.6 -0.6 1.2 1.2">'
        f'<g stroke="param(outline)" stroke-width="{stroke_width}" stroke-linejoin="round">{parts}</g></svg>'
    )
    return "base64:" + b64encode(text.encode()).decode()


SVG_CANVAS = 1.2
"""Sides of the SVG's canvas, in sides of the symbol's square."""


def _element(part: Circle | Stroke) -> str:
    fill = "param(fill)" if part.filled else "none"
    if isinstance(part, Circle):
        x, y = part.centre
        return f'<circle cx="{x}" cy="{-y}" r="{part.radius}" fill="{fill}"/>'
    points = " ".join(f"{x},{-y}" for x, y in part.points)
    return f'<polyline points="{points}" fill="{fill}"/>'
