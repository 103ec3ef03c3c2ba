"""The sheet: its size, the frame of the map on it, and the ground under the frame. Millimetres on paper."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pcrs.errors import InputError
from pcrs.standard.crs import BBox

FORMATS: Mapping[str, tuple[float, float]] = {"A4": (210.0, 297.0), "A3": (297.0, 420.0)}
"""Width and height, upright."""
ORIENTATIONS = ("paysage", "portrait")
SCALES = (200, 500, 1000, 2000)
"""Denominators."""
MARGIN = 8.0
BLOCK = 27.0
"""Height of the title block under the map."""
_CROSS_MM = 50
_PIXEL_MM = 0.1
"""Finest pixel of an image on paper: 254 dpi."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet around a point (EPSG:2154, metres)."""

    x: float
    y: float
    scale: int
    format: str
    orientation: str

    def __post_init__(self) -> None:
        for name, value, known in (
            ("format", self.format, FORMATS),
            ("orientation", self.orientation, ORIENTATIONS),
            ("echelle", self.scale, SCALES),
        ):
            if value not in known:
                raise InputError(f"{name}={value!r} : attendu {', '.join(map(str, known))}")
        if not (0 <= self.x <= 1_400_000 and 6_000_000 <= self.y <= 7_200_000):
            raise InputError(f"x={self.x}, y={self.y} : attendu un point de France en EPSG:2154, mètres")

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the paper."""
        return _turned(self.format, self.orientation)

    @property
    def frame(self) -> tuple[float, float]:
        """Width and height of the map; its lower left corner is at (`MARGIN`, `MARGIN` + `BLOCK`)."""
        return frame_mm(self.format, self.orientation)

    @property
    def ground(self) -> BBox:
        """The ground under the map, EPSG:2154."""
        half_x, half_y = (side * self.scale / 2000 for side in self.frame)
        return BBox(self.x - half_x, self.y - half_y, self.x + half_x, self.y + half_y)

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Where a point of the ground is on the sheet, from its lower left corner."""
        ground = self.ground
        return (
            MARGIN + (x - ground.xmin) * 1000 / self.scale,
            MARGIN + BLOCK + (y - ground.ymin) * 1000 / self.scale,
        )

    def crosses(self) -> tuple[list[float], list[float]]:
        """Eastings and northings of the crosses of the grid: 5 cm apart on paper."""
        step = _CROSS_MM * self.scale / 1000
        ground = self.ground
        return list(_multiples(ground.xmin, ground.xmax, step)), list(
            _multiples(ground.ymin, ground.ymax, step)
        )

    def image(self, pixel_m: float) -> tuple[BBox, tuple[int, int]]:
        """What to read for the map: a box on the lattice of pixels, and its size in pixels.

        The pixel is `pixel_m`, doubled as often as paper does not show it: nothing is resampled.
        """
        pixel = pixel_m
        while pixel * 1000 / self.scale < _PIXEL_MM * (1 - 1e-9):
            pixel *= 2
        ground = self.ground
        west, south = (math.floor(value / pixel) for value in ground[:2])
        east, north = (math.ceil(value / pixel) for value in ground[2:])
        box = BBox(west * pixel, south * pixel, east * pixel, north * pixel)
        return box, (east - west, north - south)


def frame_mm(paper: str, orientation: str) -> tuple[float, float]:
    """Width and height of the map on a sheet."""
    width, height = _turned(paper, orientation)
    return width - 2 * MARGIN, height - 2 * MARGIN - BLOCK


def _turned(paper: str, orientation: str) -> tuple[float, float]:
    short, long = FORMATS[paper]
    return (long, short) if orientation == "paysage" else (short, long)


def _multiples(low: float, high: float, step: float) -> Iterator[float]:
    for at in range(math.ceil(low / step), math.floor(high / step) + 1):
        yield at * step
