"""Small pictures with transparency, laid on the ground at whole pixels, and the sun that lights them.

Positions count pixels of 5 cm east and south of the village's north-west corner.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import cos, floor, pi, radians, sin, tan

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from pcrs.demo.village.curves import Point
from pcrs.demo.village.plan import SIDE_M
from pcrs.demo.village.things import Colour, Tree

PX_PER_M = 20
_AZIMUTH, _ELEVATION = radians(128.0), radians(52.0)
SUN = (
    sin(_AZIMUTH) * cos(_ELEVATION),
    cos(_AZIMUTH) * cos(_ELEVATION),
    sin(_ELEVATION),
)
"""Towards the sun (east, north, up): 12 June, eleven o'clock, south-east."""
SHADOW = (-sin(_AZIMUTH) / tan(_ELEVATION), -cos(_AZIMUTH) / tan(_ELEVATION))
"""Where the shadow of a point one metre high falls, in metres east and north."""
_VARIANTS = 4

Planes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Sprite:
    """Colour (3, h, w), opacity (h, w) from 0 to 127, and the pixel of its upper left corner."""

    colour: NDArray[np.int16]
    opacity: NDArray[np.int16]
    x: int
    y: int


def to_px(point: Point) -> tuple[float, float]:
    """A ground position in pixels."""
    return point[0] * PX_PER_M, (SIDE_M - point[1]) * PX_PER_M


def from_image(image: Image.Image, x: int, y: int) -> Sprite:
    """A sprite from an RGBA image."""
    planes = np.asarray(image, np.int16).transpose(2, 0, 1)
    return Sprite(np.ascontiguousarray(planes[:3]), planes[3] >> 1, x, y)


def lay(canvas: Planes, sprite: Sprite, x0: int, y0: int) -> None:
    """Puts a sprite on `canvas` (3, h, w), whose upper left pixel is (x0, y0); what is outside is cut."""
    height, width = canvas.shape[1:]
    left, top = sprite.x - x0, sprite.y - y0
    h, w = sprite.opacity.shape
    a, b = max(left, 0), min(left + w, width)
    c, d = max(top, 0), min(top + h, height)
    if a >= b or c >= d:
        return
    cut = np.s_[c - top : d - top, a - left : b - left]
    below = canvas[:, c:d, a:b]
    change = sprite.colour[:, *cut] - below
    change *= sprite.opacity[cut]
    change >>= 7
    below += change.astype(np.uint8)


class Stencil:
    """Draws polygons given in metres, much enlarged, and gives them back as one smooth sprite."""

    def __init__(self, bounds: tuple[float, float, float, float], scale: int = 4) -> None:
        x0, y1 = to_px((bounds[0], bounds[1]))
        x1, y0 = to_px((bounds[2], bounds[3]))
        self.x, self.y = floor(x0) - 1, floor(y0) - 1
        self._scale = scale
        size = ((floor(x1) + 2 - self.x) * scale, (floor(y1) + 2 - self.y) * scale)
        self._image = Image.new("RGBA", size)
        self._draw = ImageDraw.Draw(self._image)

    def _place(self, points: Sequence[Point]) -> list[tuple[float, float]]:
        placed = (to_px(point) for point in points)
        return [((x - self.x) * self._scale, (y - self.y) * self._scale) for x, y in placed]

    def fill(self, points: Sequence[Point], colour: Colour, opacity: int = 255) -> None:
        """Fills a polygon."""
        self._draw.polygon(self._place(points), fill=(*colour, opacity))

    def line(self, points: Sequence[Point], colour: Colour, width_m: float) -> None:
        """Draws a line of a width in metres."""
        width = max(1, round(width_m * PX_PER_M * self._scale))
        self._draw.line(self._place(points), fill=(*colour, 255), width=width)

    def disc(self, centre: Point, radius_m: float, colour: Colour) -> None:
        """Fills a disc."""
        (x, y), r = self._place([centre])[0], radius_m * PX_PER_M * self._scale
        self._draw.ellipse((x - r, y - r, x + r, y + r), fill=(*colour, 255))

    def sprite(self) -> Sprite:
        """What was drawn, at 5 cm."""
        return from_image(self._image.reduce(self._scale), self.x, self.y)


def shade(colour: Colour, factor: float) -> Colour:
    """A colour made darker or lighter."""
    red, green, blue = (int(min(255.0, max(0.0, value * factor))) for value in colour)
    return red, green, blue


_CROWNS: dict[str, tuple[Colour, int, float]] = {
    # colour, number of tufts, their size
    "round": ((98, 118, 66), 620, 0.078),
    "dark": ((74, 94, 60), 640, 0.072),
    "olive": ((136, 144, 108), 620, 0.066),
    "cypress": ((66, 86, 58), 300, 0.10),
    "walnut": ((114, 134, 76), 560, 0.084),
    "plane": ((122, 138, 84), 640, 0.076),
}
_BASE_PX = 92


@lru_cache(maxsize=64)
def _crown(species: str, variant: int) -> Image.Image:
    """A crown seen from above, RGBA, radius `_BASE_PX`: boughs of many tufts, lit from the south-east."""
    colour, count, size = _CROWNS[species]
    rng = np.random.default_rng(1000 + 17 * variant + sum(map(ord, species)))
    warm = float(rng.uniform(-0.06, 0.07))
    tint = np.array([colour[0] * (1 + warm), colour[1], colour[2] * (1 - warm)]) * float(
        rng.uniform(0.88, 1.1)
    )
    side = 2 * _BASE_PX + 24
    image = Image.new("RGBA", (side, side), (*shade(colour, 0.32), 0))
    draw = ImageDraw.Draw(image)
    boughs = rng.uniform(-1.0, 1.0, (9, 2)) * 0.62
    angles, radii = rng.uniform(0, 2 * pi, count), np.sqrt(rng.uniform(0, 1, count)) * 0.9
    wave = 1.0 + 0.09 * np.sin(angles * 3 + rng.uniform(0, 6)) + 0.07 * np.sin(angles * 5 + rng.uniform(0, 6))
    across, up = radii * wave * np.cos(angles), radii * wave * np.sin(angles)
    nearest = np.hypot(across[:, None] - boughs[:, 0], up[:, None] - boughs[:, 1])
    owner = nearest.argmin(axis=1)
    relief = np.clip(1.0 - nearest.min(axis=1) / 0.45, 0.0, 1.0)
    for k in np.argsort(relief * 0.6 - radii * 0.55 + rng.normal(0, 0.08, count)):
        u, v = float(across[k]), float(up[k])
        du, dv = u - boughs[owner[k], 0], v - boughs[owner[k], 1]
        facing = 0.55 * (u * SUN[0] + v * SUN[1]) + 1.1 * (du * SUN[0] + dv * SUN[1])
        light = 0.80 + 0.42 * facing + 0.20 * float(relief[k]) + float(rng.normal(0, 0.09))
        r = _BASE_PX * size * float(rng.uniform(0.6, 1.35))
        middle = (side / 2 + u * _BASE_PX, side / 2 - v * _BASE_PX)
        _tuft(draw, middle, r, tint * max(light, 0.3))
    return image.filter(ImageFilter.GaussianBlur(0.8))


def _tuft(draw: ImageDraw.ImageDraw, at: Point, r: float, colour: NDArray[np.float64]) -> None:
    """One tuft: its shaded side, its body, its lit side."""
    x, y = at
    for dx, dy, grow, factor in ((-0.4, -0.34, 1.0, 0.60), (0.0, 0.0, 0.85, 1.0), (0.3, 0.26, 0.42, 1.16)):
        red, green, blue = (int(min(255.0, value * factor)) for value in colour)
        cx, cy, rr = x + dx * r, y + dy * r, r * grow
        draw.ellipse((cx - rr, cy - rr, cx + rr, cy + rr), fill=(red, green, blue, 255))


@lru_cache(maxsize=1500)
def _sized_crown(species: str, variant: int, radius_px: int) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    side = round(2 * radius_px * (2 * _BASE_PX + 24) / (2 * _BASE_PX))
    image = _crown(species, variant).resize((side, side), Image.Resampling.BOX, reducing_gap=1.0)
    made = from_image(image, 0, 0)
    return made.colour, made.opacity


def crown(tree: Tree) -> Sprite:
    """The crown of a tree where it stands."""
    radius = max(4, 2 * round(tree.radius * PX_PER_M / 2))
    variant = int(tree.x * 7.0 + tree.y * 13.0) % _VARIANTS
    colour, opacity = _sized_crown(tree.species, variant, radius)
    x, y = to_px((tree.x, tree.y))
    half = opacity.shape[0] / 2
    return Sprite(colour, opacity, round(x - half), round(y - half))
