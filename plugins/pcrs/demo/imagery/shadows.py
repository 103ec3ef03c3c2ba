"""Shadows drawn: how deep they lie on each pixel, and how they darken it."""

import numpy as np
import shapely
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from pcrs.demo.imagery.casts import high_shades, low_shades
from pcrs.demo.imagery.sprites import PX_PER_M, SHADOW, Sprite, crown
from pcrs.demo.town import Town
from pcrs.demo.village.plan import SIDE_M
from pcrs.demo.village.things import Tree

_MARGIN = 6
_TINT = (118, 110, 98)
"""How much of red, green and blue a full shadow takes away, in 256ths: what is left is bluish."""
_LEAVES = 235
"""Depth of the shadow of a tree, of 255: some light comes through."""


class Shadows:
    """Draws the shadows of any window. Made once a process."""

    def __init__(self, town: Town) -> None:
        shades = [*low_shades(town), *high_shades(town)]
        shapes = np.array([shade.shape for shade in shades], dtype=object)
        coords, owner = shapely.get_coordinates(shapely.get_exterior_ring(shapes), return_index=True)
        pixels = np.rint(np.column_stack([coords[:, 0], SIDE_M - coords[:, 1]]) * PX_PER_M).astype(np.int32)
        self._points = np.split(pixels, np.flatnonzero(np.diff(owner)) + 1)
        self._depths = [0 if shade.lit else 255 for shade in shades]
        self._index = shapely.STRtree(shapes)

    def draw(self, x_px: int, y_px: int, size: int, trees: list[Tree]) -> NDArray[np.uint8] | None:
        """Depth of shadow in a square of `size` pixels, 0 to 255; None where all is sun."""
        x0, y0, side = x_px - _MARGIN, y_px - _MARGIN, size + 2 * _MARGIN
        west, north, width = x0 / PX_PER_M, SIDE_M - y0 / PX_PER_M, side / PX_PER_M
        near = np.sort(self._index.query(shapely.box(west, north - width, west + width, north)))
        if not len(near) and not trees:
            return None
        image = Image.new("L", (side, side))
        pen = ImageDraw.Draw(image)
        origin = np.array([x0, y0], np.int32)
        for number in near:
            pen.polygon((self._points[number] - origin).ravel().tolist(), fill=self._depths[number])
        for tree in trees:
            _tree_shadow(image, crown(tree), tree, x0, y0)
        return _softened(np.asarray(image))


def _softened(depth: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The mean over 3 x 3 pixels, without the margin: shadows have no sharp edge."""
    wide = depth[_MARGIN - 1 : 1 - _MARGIN, _MARGIN - 1 : 1 - _MARGIN].astype(np.uint16)
    rows = wide[:-2] + wide[1:-1]
    rows += wide[2:]
    sums = rows[:, :-2] + rows[:, 1:-1]
    sums += rows[:, 2:]
    sums *= 28
    sums >>= 8
    return sums.astype(np.uint8)


def _tree_shadow(image: Image.Image, sprite: Sprite, tree: Tree, x0: int, y0: int) -> None:
    """The crown's outline where its shadow falls."""
    lift = max(tree.height - tree.radius, tree.radius * 0.4) * PX_PER_M
    x = sprite.x + round(SHADOW[0] * lift) - x0
    y = sprite.y - round(SHADOW[1] * lift) - y0
    mask = Image.fromarray((sprite.opacity << 1).astype(np.uint8))
    image.paste(_LEAVES, (x, y), mask)


def darken(canvas: NDArray[np.uint8], depth: NDArray[np.uint8]) -> None:
    """Takes the shadows' light away from `canvas` (3, h, w), in place."""
    deep = depth.astype(np.uint16)
    for band, tint in zip(canvas, _TINT, strict=True):
        keep = (256 - ((deep * tint) >> 8)).astype(np.uint16)
        band[...] = (band * keep) >> 8
