"""Imagery of the village: the orthophoto of any window, exact at 5 cm, the same whatever the window.

Ground, textures, covers, shadows, cars, roofs and trees are laid in this order, in fixed blocks of 50 m:
a window is cut out of its blocks, so that neighbouring windows agree to the last pixel.
"""

from functools import lru_cache

import numpy as np
import shapely
from numpy.typing import NDArray

from pcrs.demo.imagery.ground import SUB, Ground
from pcrs.demo.imagery.objects import car_sprite, cover_sprite, pole_sprite, prominence_sprite
from pcrs.demo.imagery.roofs import roof_sprite
from pcrs.demo.imagery.shadows import Shadows, darken
from pcrs.demo.imagery.sprites import PX_PER_M, Planes, Sprite, crown, lay
from pcrs.demo.imagery.texture import palette, textured
from pcrs.demo.town import Town, town
from pcrs.demo.village.plan import EXTENT, SIDE_M
from pcrs.demo.village.things import Layer, Surface, Tree
from pcrs.errors import InputError
from pcrs.standard.crs import BBox

BLOCK_PX = 1000
_REACH_M = 28.0
"""Nothing sheds its shadow farther than this."""


def _raised(village: Town) -> list[Layer]:
    """Walls, hedges and pillars, on top of the ground."""
    layers: list[Layer] = [Surface("hedge_fringe", h.line.buffer(h.width / 2 + 0.14)) for h in village.hedges]
    layers += [Surface("hedge", h.line.buffer(h.width / 2 - 0.08)) for h in village.hedges]
    layers += [Surface(w.material, w.line.buffer(w.width / 2, cap_style="flat")) for w in village.walls]
    layers += [Surface(p.material, p.shape) for p in village.pillars]
    return layers


class Painter:
    """Everything that painting needs, indexed by place."""

    def __init__(self, village: Town) -> None:
        self._ground = Ground((*village.layers, *_raised(village)))
        self._shadows = Shadows(village)
        self._trees = village.trees
        self._tree_index = shapely.STRtree(
            [shapely.box(t.x - t.radius, t.y - t.radius, t.x + t.radius, t.y + t.radius) for t in self._trees]
        )
        self._roofs = [roof for house in village.houses for roof in house.roofs] + list(village.extras)
        self._roof_index = shapely.STRtree([shapely.box(*roof.footprint.bounds) for roof in self._roofs])
        self._covers = village.covers
        self._cover_index = shapely.STRtree([cover.outline.buffer(1.8) for cover in self._covers])
        self._cars = village.cars
        self._car_index = shapely.STRtree(
            [shapely.Point(c.frame.x, c.frame.y).buffer(3.2) for c in self._cars]
        )
        self._poles = village.poles
        self._pole_index = shapely.STRtree(
            [shapely.Point(p.frame.x, p.frame.y).buffer(1.2) for p in self._poles]
        )
        self._canopies = [part for house in village.houses for part in house.prominences]
        self._canopy_index = shapely.STRtree([part.shape for part in self._canopies])

    def block(self, column: int, row: int) -> Planes:
        """One block, (3, BLOCK_PX, BLOCK_PX); columns and rows from the north-west corner."""
        x, y, size = column * BLOCK_PX, row * BLOCK_PX, BLOCK_PX
        index = self._ground.draw(x, y, size, size)
        materials = np.asarray(index)[1::SUB, 1::SUB]
        index.putpalette(palette())
        mixed = np.asarray(index.convert("RGB").reduce(SUB))
        colour = np.ascontiguousarray(mixed.transpose(2, 0, 1))
        canvas = textured(colour, np.ascontiguousarray(materials), x, y)
        west, north = x / PX_PER_M, SIDE_M - y / PX_PER_M
        side = size / PX_PER_M
        window = shapely.box(west, north - side, west + side, north)
        for number in np.sort(self._cover_index.query(window)):
            if self._covers[number].kind not in ("lampe", "coffret", "armoire"):
                lay(canvas, cover_sprite(self._covers[number]), x, y)
        for number in np.sort(self._car_index.query(window)):
            lay(canvas, car_sprite(self._cars[number]), x, y)
        depth = self._shadows.draw(x, y, (size, size), self._near(window))
        if depth is not None:
            darken(canvas, depth)
        for sprite in self._above(window):
            lay(canvas, sprite, x, y)
        return canvas

    def _near(self, window: shapely.Polygon) -> list[Tree]:
        """Trees whose shadow may reach the window: those on its sunny side."""
        x0, y0, x1, y1 = window.bounds
        wide = shapely.box(x0, y0 - _REACH_M * 0.6, x1 + _REACH_M * 0.75, y1)
        return [self._trees[number] for number in np.sort(self._tree_index.query(wide))]

    def _above(self, window: shapely.Polygon) -> list[Sprite]:
        """What stands above the shadows: furniture, canopies, roofs, then trees."""
        found = [pole_sprite(self._poles[n]) for n in np.sort(self._pole_index.query(window))]
        for n in np.sort(self._canopy_index.query(window)):
            found.append(prominence_sprite(self._canopies[n], int(n)))
        found += [roof_sprite(self._roofs[n]) for n in np.sort(self._roof_index.query(window))]
        found += [crown(self._trees[n]) for n in np.sort(self._tree_index.query(window))]
        for n in np.sort(self._cover_index.query(window)):
            if self._covers[n].kind in ("lampe", "coffret", "armoire"):
                found.append(cover_sprite(self._covers[n]))
        return found


@lru_cache(maxsize=1)
def painter() -> Painter:
    """The painter of the village, made once a process."""
    return Painter(town())


@lru_cache(maxsize=24)
def _block(column: int, row: int) -> Planes:
    return painter().block(column, row)


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
