"""Cars, covers of the networks and street furniture, drawn in metres and laid as sprites."""

from collections.abc import Callable
from functools import lru_cache
from math import cos, pi, sin

from pcrs.demo.imagery.sprites import Sprite, Stencil, shade
from pcrs.demo.village.curves import Frame, Point
from pcrs.demo.village.things import Car, Colour, Cover, CoverKind, Pole, Prominence

_GLASS: Colour = (46, 54, 64)
_IRON: Colour = (88, 84, 80)
_DARK: Colour = (52, 50, 50)
_WORN: Colour = (128, 122, 116)
_CONCRETE: Colour = (186, 180, 168)
_AWNINGS: tuple[Colour, ...] = ((168, 62, 54), (58, 94, 86), (66, 90, 132), (202, 168, 100), (186, 184, 178))
_PROMINENT: dict[str, tuple[Colour, Colour, int]] = {
    # colour, colour of the stripes, number of stripes
    "store": (_IRON, _IRON, 5),
    "balcon": ((176, 170, 158), (146, 142, 134), 1),
    "marquise": ((150, 158, 164), (126, 134, 142), 9),
    "contrefort": ((206, 196, 174), (186, 176, 156), 1),
}


def _ring(frame: Frame, u: float, v: float, rounding: float) -> list[Point]:
    """A rectangle with rounded corners, half sizes u and v."""
    points = []
    for su, sv, start in ((1, 1, 0.0), (-1, 1, pi / 2), (-1, -1, pi), (1, -1, 1.5 * pi)):
        for k in range(5):
            a = start + k * pi / 8
            points.append(
                frame.at(su * (u - rounding) + rounding * cos(a), sv * (v - rounding) + rounding * sin(a))
            )
    return points


def _quad(frame: Frame, u0: float, v0: float, u1: float, v1: float) -> list[Point]:
    """A window: half width v0 at u0, v1 at u1."""
    return [frame.at(u0, -v0), frame.at(u1, -v1), frame.at(u1, v1), frame.at(u0, v0)]


@lru_cache(maxsize=256)
def car_sprite(car: Car) -> Sprite:
    """A car: body, glass, lighter roof, lamps."""
    f, u, v = car.frame, car.length / 2, car.width / 2
    pen = Stencil(f.box(-u - 0.2, -v - 0.2, u + 0.2, v + 0.2).bounds)
    pen.fill(_ring(f, u, v, 0.5), shade(car.colour, 0.72))
    pen.fill(_ring(f, u - 0.06, v - 0.09, 0.42), car.colour)
    van = car.kind == "van"
    front, back = (0.72, -0.96) if van else ((0.32, -0.72) if car.kind == "car" else (0.30, -0.92))
    glass = 0.20 * car.length
    pen.fill(_quad(f, u * front, v * 0.86, u * front - glass * 0.55, v * 0.74), _GLASS)
    if not van:
        pen.fill(_quad(f, u * back, v * 0.74, u * back + glass * 0.42, v * 0.70), _GLASS)
    for side in (-1.0, 1.0):
        pen.line(
            [f.at(u * back + 0.3, side * v * 0.84), f.at(u * front - 0.5, side * v * 0.86)], _GLASS, 0.09
        )
        pen.line([f.at(u - 0.16, side * v * 0.45), f.at(u - 0.16, side * v * 0.82)], (240, 240, 232), 0.14)
        pen.line([f.at(-u + 0.1, side * v * 0.5), f.at(-u + 0.1, side * v * 0.84)], (150, 40, 36), 0.1)
        pen.disc(f.at(u * front - 0.3, side * (v + 0.07)), 0.09, shade(car.colour, 0.6))
    roof0, roof1 = u * back + glass * (0.1 if van else 0.46), u * front - glass * 0.6
    pen.fill(
        _ring(f.shifted((roof0 + roof1) / 2, 0.0), (roof1 - roof0) / 2, v * 0.72, 0.16),
        shade(car.colour, 1.12),
    )
    return pen.sprite()


def _tampon(pen: Stencil, cover: Cover) -> None:
    f, pluvial = cover.frame, cover.kind == "tampon_pluvial"
    at = (f.x, f.y)
    pen.disc(at, 0.52, (96, 94, 92))
    pen.disc(at, 0.425, _WORN)
    pen.disc(at, 0.36, _DARK)
    pen.disc(at, 0.325, _IRON)
    if pluvial:
        for k in (-2, -1, 0, 1, 2):
            pen.line([f.at(-0.22, 0.1 * k), f.at(0.22, 0.1 * k)], _DARK, 0.045)
    else:
        pen.disc(at, 0.22, _WORN)
        pen.disc(at, 0.15, _IRON)
        for a in (0.0, pi / 2, pi, 1.5 * pi):
            pen.line([f.shifted(0, 0, a).at(0.2, 0.0), f.shifted(0, 0, a).at(0.31, 0.0)], _WORN, 0.06)


def _chamber(pen: Stencil, cover: Cover) -> None:
    f = cover.frame
    u, v = (0.78, 0.375) if cover.kind == "chambre_double" else (0.45, 0.30)
    pen.fill(_ring(f, u, v, 0.02), _CONCRETE)
    plates = 3 if cover.kind == "chambre_double" else 2
    wide = 2 * (u - 0.09) / plates
    for k in range(plates):
        middle = f.shifted(-u + 0.09 + wide * (k + 0.5), 0.0)
        pen.fill(_ring(middle, wide / 2 - 0.012, v - 0.09, 0.01), _IRON)
        pen.fill(_ring(middle, wide / 2 - 0.07, v - 0.15, 0.01), (112, 108, 104))
        pen.line([middle.at(-wide / 2, -v + 0.1), middle.at(wide / 2, v - 0.1)], _DARK, 0.03)


def _grate(pen: Stencil, cover: Cover) -> None:
    f = cover.frame
    pen.fill(_ring(f, 0.30, 0.30, 0.02), _WORN)
    pen.fill(_ring(f, 0.25, 0.25, 0.01), _IRON)
    for k in (-2, -1, 0, 1, 2):
        pen.line([f.at(0.095 * k, -0.21), f.at(0.095 * k, 0.21)], (26, 25, 26), 0.05)


def _gully(pen: Stencil, cover: Cover) -> None:
    f = cover.frame
    pen.fill(_ring(f, 0.475, 0.21, 0.02), _CONCRETE)
    pen.fill(_ring(f.shifted(0.0, -0.05), 0.40, 0.10, 0.02), _IRON)
    pen.fill(_ring(f.shifted(0.0, 0.14), 0.42, 0.055, 0.01), (20, 20, 22))


def _small(pen: Stencil, cover: Cover) -> None:
    at = (cover.frame.x, cover.frame.y)
    ring: dict[str, tuple[float, Colour, float, Colour]] = {
        "bouche_a_cle": (0.17, (198, 194, 184), 0.09, (44, 52, 70)),
        "plaque_gaz": (0.18, (88, 86, 84), 0.09, (206, 176, 60)),
        "hydrant": (0.32, _CONCRETE, 0.19, (196, 40, 34)),
        "poteau": (0.20, (110, 98, 84), 0.14, (164, 150, 130)),
    }
    outer, rim, inner, heart = ring[cover.kind]
    pen.disc(at, outer, rim)
    pen.disc(at, inner, heart)


def _lamp(pen: Stencil, cover: Cover) -> None:
    f = cover.frame
    pen.disc((f.x, f.y), 0.16, (70, 74, 78))
    pen.line([f.at(0.0, 0.0), f.at(1.1, 0.0)], (98, 102, 106), 0.10)
    pen.fill(_ring(f.shifted(1.25, 0.0), 0.32, 0.14, 0.1), (206, 208, 206))
    pen.disc((f.x, f.y), 0.08, (150, 152, 154))


def _box(pen: Stencil, cover: Cover) -> None:
    f = cover.frame
    u, v, colour = {
        "coffret": (0.30, 0.125, (214, 204, 178)),
        "armoire": (0.65, 0.20, (150, 158, 148)),
        "regard": (0.225, 0.225, _WORN),
    }[cover.kind]
    pen.fill(_ring(f, u, v, 0.02), shade(colour, 0.7))
    pen.fill(_ring(f, u - 0.05, v - 0.05, 0.01), colour if cover.kind != "regard" else _IRON)
    if cover.kind == "armoire":
        pen.line([f.at(0.0, -v), f.at(0.0, v)], (90, 96, 90), 0.04)


_DRAW: dict[CoverKind, Callable[[Stencil, Cover], None]] = {
    "tampon": _tampon, "tampon_pluvial": _tampon, "chambre": _chamber, "chambre_double": _chamber,
    "grille": _grate, "avaloir": _gully, "bouche_a_cle": _small, "plaque_gaz": _small, "hydrant": _small,
    "poteau": _small, "lampe": _lamp, "coffret": _box, "armoire": _box, "regard": _box,
}  # fmt: skip


@lru_cache(maxsize=512)
def cover_sprite(cover: Cover) -> Sprite:
    """A cover, readable at 5 cm."""
    reach = 1.7 if cover.kind == "lampe" else 1.0
    f = cover.frame
    pen = Stencil((f.x - reach, f.y - reach, f.x + reach, f.y + reach), scale=8)
    _DRAW[cover.kind](pen, cover)
    return pen.sprite()


@lru_cache(maxsize=256)
def pole_sprite(pole: Pole) -> Sprite:
    """A bollard, a sign, a bench or a mast."""
    f = pole.frame
    pen = Stencil((f.x - 1.2, f.y - 1.2, f.x + 1.2, f.y + 1.2), scale=6)
    if pole.kind == "banc":
        for k in range(3):
            pen.fill(_ring(f.shifted(0.0, -0.18 + 0.18 * k), 0.9, 0.07, 0.01), (142, 108, 76))
    elif pole.kind == "panneau":
        pen.line([f.at(0.0, -0.35), f.at(0.0, 0.35)], (206, 60, 52), 0.09)
        pen.disc((f.x, f.y), 0.06, (120, 120, 120))
    elif pole.kind == "potelet":
        pen.disc((f.x, f.y), 0.10, (60, 62, 66))
        pen.disc((f.x, f.y), 0.055, (226, 226, 222))
    else:
        pen.disc((f.x, f.y), 0.10, (150, 152, 154))
    return pen.sprite()


def prominence_sprite(part: Prominence) -> Sprite:
    """An awning in stripes, a balcony, a glass canopy or a buttress; its place picks the awning's colour."""
    pen = Stencil(part.shape.bounds)
    a, b, c, d = list(part.shape.exterior.coords)[:4]
    base, line, count = _PROMINENT[part.kind]
    if part.kind == "store":
        base = _AWNINGS[int(a[0] * 3 + a[1] * 5) % len(_AWNINGS)]
        line = shade(base, 1.4)
    pen.fill([a, b, c, d], base)
    for k in range(1, 2 * count, 2):
        near, far = k / (2 * count), (k + 1) / (2 * count)
        pen.fill([_between(a, b, near), _between(a, b, far), _between(d, c, far), _between(d, c, near)], line)
    return pen.sprite()


def _between(p: Point, q: Point, share: float) -> Point:
    return p[0] + (q[0] - p[0]) * share, p[1] + (q[1] - p[1]) * share
