"""Imagery of the village: the orthophoto of any window, exact at 5 cm, the same whatever the window.

Ground, textures, covers, cars, shadows, then all that stands are laid in this order, in fixed blocks of 50 m:
a window is cut out of its blocks, so that neighbouring windows agree to the last pixel.
"""

from collections.abc import Callable, Iterable
from functools import lru_cache

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon, box

from pcrs.demo.imagery.ground import SUB, Ground
from pcrs.demo.imagery.objects import car_sprite, cover_sprite, pole_sprite, prominence_sprite
from pcrs.demo.imagery.roofs import roof_sprite
from pcrs.demo.imagery.shadows import Shadows, darken
from pcrs.demo.imagery.sprites import PX_PER_M, SHADOW, Planes, Sprite, crown, lay
from pcrs.demo.imagery.texture import palette, textured
from pcrs.demo.town import Town, town
from pcrs.demo.village.plan import EXTENT, SIDE_M
from pcrs.demo.village.things import Layer, Surface, Tree
from pcrs.errors import InputError
from pcrs.standard.crs import BBox

Box = tuple[float, float, float, float]
BLOCK_PX = 1000
_UPRIGHT = ("lampe", "coffret", "armoire")
"""Covers that stand above the ground."""


def _around(x: float, y: float, reach: float) -> Box:
    return x - reach, y - reach, x + reach, y + reach


class _Placed[T]:
    """Things with their boxes; gives those near a window, in their order, as sprites."""

    def __init__(
        self, things: Iterable[T], bounds: Callable[[T], Box], sprite: Callable[[T], Sprite]
    ) -> None:
        self._things = list(things)
        self._sprite = sprite
        boxes = np.array([bounds(thing) for thing in self._things]).reshape(-1, 4)
        self._index = shapely.STRtree(shapely.box(*boxes.T))

    def near(self, window: Polygon) -> list[T]:
        """The things whose place meets the window."""
        return [self._things[number] for number in np.sort(self._index.query(window))]

    def sprites(self, window: Polygon) -> Iterable[Sprite]:
        """Their sprites."""
        return map(self._sprite, self.near(window))


def _raised(village: Town) -> list[Layer]:
    """Walls, hedges and pillars, on top of the ground; the edge of a hedge is loose."""
    layers: list[Layer] = [
        Surface("hedge_fringe", hedge.line.buffer(hedge.width / 2 + 0.14)) for hedge in village.hedges
    ]
    layers += [Surface("hedge", hedge.line.buffer(hedge.width / 2 - 0.08)) for hedge in village.hedges]
    layers += [
        Surface(wall.material, wall.line.buffer(wall.width / 2, cap_style="flat")) for wall in village.walls
    ]
    layers += [Surface(pillar.material, pillar.shape) for pillar in village.pillars]
    return layers


class Painter:
    """Everything that painting needs, indexed by place."""

    def __init__(self, village: Town) -> None:
        self._ground = Ground((*village.layers, *_raised(village)))
        self._shadows = Shadows(village)
        flat = [cover for cover in village.covers if cover.kind not in _UPRIGHT]
        upright = [cover for cover in village.covers if cover.kind in _UPRIGHT]
        roofs = [roof for house in village.houses for roof in house.roofs]
        prominences = [part for house in village.houses for part in house.prominences]
        self._tallest = max(tree.height for tree in village.trees)
        self._trees = _Placed(village.trees, lambda t: _around(t.x, t.y, t.radius * 1.2), crown)
        self._below = (
            _Placed(flat, lambda cover: _around(*cover.frame[:2], 1.2), cover_sprite),
            _Placed(village.cars, lambda car: _around(*car.frame[:2], 3.2), car_sprite),
        )
        self._above = (
            _Placed(village.poles, lambda pole: _around(*pole.frame[:2], 1.3), pole_sprite),
            _Placed(prominences, lambda part: part.shape.bounds, prominence_sprite),
            _Placed([*roofs, *village.extras], lambda roof: roof.footprint.bounds, roof_sprite),
            self._trees,
            _Placed(upright, lambda cover: _around(*cover.frame[:2], 2.0), cover_sprite),
        )

    def draw(self, x_px: int, y_px: int, size: int) -> Planes:
        """A square of `size` pixels (1024 at the most) whose corner counts from the north-west: (3, h, w)."""
        index = self._ground.draw(x_px, y_px, size, size)
        materials = np.ascontiguousarray(np.asarray(index)[1::SUB, 1::SUB])
        index.putpalette(palette())
        mixed = np.asarray(index.convert("RGB").reduce(SUB))
        canvas = textured(np.ascontiguousarray(mixed.transpose(2, 0, 1)), materials, x_px, y_px)
        west, north, side = x_px / PX_PER_M, SIDE_M - y_px / PX_PER_M, size / PX_PER_M
        window = box(west, north - side, west + side, north)
        for things in self._below:
            for sprite in things.sprites(window):
                lay(canvas, sprite, x_px, y_px)
        depth = self._shadows.draw(x_px, y_px, size, self._shading(window))
        if depth is not None:
            darken(canvas, depth)
        for standing in self._above:
            for sprite in standing.sprites(window):
                lay(canvas, sprite, x_px, y_px)
        return canvas

    def _shading(self, window: Polygon) -> list[Tree]:
        """Trees whose shadow may reach the window: those on its sunny side, east and south."""
        x0, y0, x1, y1 = window.bounds
        return self._trees.near(box(x0, y0 - SHADOW[1] * self._tallest, x1 - SHADOW[0] * self._tallest, y1))


@lru_cache(maxsize=1)
def painter() -> Painter:
    """The painter of the village, made once a process."""
    return Painter(town())


@lru_cache(maxsize=24)
def _block(column: int, row: int) -> Planes:
    """One block; columns and rows from the north-west corner."""
    return painter().draw(column * BLOCK_PX, row * BLOCK_PX, BLOCK_PX)


def _whole_pixel(metres: float) -> int:
    pixel = round(metres * PX_PER_M)
    if abs(pixel / PX_PER_M - metres) > 1e-6:
        raise InputError(f"window edge {metres} m from the village's corner is no whole multiple of 5 cm")
    return pixel


def paint(window: BBox) -> NDArray[np.uint8]:
    """The image of `window` (EPSG:2154, edges whole multiples of 5 cm, inside the village): (3, h, w), RGB.

    Raises:
        InputError: the window leaves the village or lies between pixels.
    """
    x0, x1 = _whole_pixel(window.xmin - EXTENT.xmin), _whole_pixel(window.xmax - EXTENT.xmin)
    y0, y1 = _whole_pixel(EXTENT.ymax - window.ymax), _whole_pixel(EXTENT.ymax - window.ymin)
    side = int(SIDE_M * PX_PER_M)
    if not (0 <= x0 < x1 <= side and 0 <= y0 < y1 <= side):
        raise InputError(f"window {tuple(window)} is empty or leaves the village {tuple(EXTENT)} (EPSG:2154)")
    out: NDArray[np.uint8] = np.empty((3, y1 - y0, x1 - x0), np.uint8)
    for row in range(y0 // BLOCK_PX, -(-y1 // BLOCK_PX)):
        for column in range(x0 // BLOCK_PX, -(-x1 // BLOCK_PX)):
            left, top = column * BLOCK_PX, row * BLOCK_PX
            a, b = max(x0, left), min(x1, left + BLOCK_PX)
            c, d = max(y0, top), min(y1, top + BLOCK_PX)
            block = _block(column, row)
            out[:, c - y0 : d - y0, a - x0 : b - x0] = block[:, c - top : d - top, a - left : b - left]
    return out
