"""Reading any box at any size from something that reads whole pixels of the Lambert-93 grid.

A *lattice* is the grid of 5 cm pixels counted from (0, 12 000 000), or the same with pixels that are whole
numbers of those: level 22 of 2154_5cm and every level above are lattices, and so are dalles and their
overviews. What is on a lattice is copied; all else is resampled once, over the joins, so none is seen.
"""

import math
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from PIL import Image

from pcrs.standard.crs import BBox
from pcrs.standard.grid import DALLE_RES_M, LAMB93

Pixels = tuple[np.ndarray, np.ndarray]
"""((h, w, 3) uint8, white where nothing is, and (h, w) bool, True where valid)."""
Steps = tuple[int, int]
"""Width and height of a lattice's pixel, in pixels of 5 cm."""
_BAND_PX = 8 * 2**20
"""Lattice pixels held at once while resampling."""
_MANY = 16
"""Pixels in one, from which a finer filter than the mean shows no difference and reads far around: such
a read would have no bound when a box is much larger than what is there."""
_NOISE = 1e-6
"""Positions this near to a whole pixel are on it: metres in doubles are good to 4e-8 pixel."""


class Window(NamedTuple):
    """A rectangle of lattice pixels: first column and row, width and height."""

    col: int
    row: int
    width: int
    height: int


class Edges(NamedTuple):
    """A rectangle in lattice pixels, fractions included: left, top, right, bottom."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def whole(self) -> bool:
        """True when every edge lies between two pixels."""
        return all(edge == round(edge) for edge in self)


Read = Callable[[Window], Pixels]


def blank(width: int, height: int) -> Pixels:
    """Pixels of which none is valid: white."""
    return np.full((height, width, 3), 255, np.uint8), np.zeros((height, width), bool)


def native_size(bbox: BBox) -> tuple[int, int]:
    """Width and height of a box in pixels of 5 cm, one at the least."""
    return max(1, round(bbox.width / DALLE_RES_M)), max(1, round(bbox.height / DALLE_RES_M))


def position(value: float, origin: float, step: int) -> float:
    """Pixels of a lattice between `origin` and `value` (metres), whole when next to a whole number."""
    pixels = (value - origin) / DALLE_RES_M / step
    nearest = round(pixels)
    return float(nearest) if abs(pixels - nearest) < _NOISE else pixels


def on_lattice(bbox: BBox, steps: Steps) -> Edges:
    """The box in pixels of a lattice."""
    across, down = steps
    x, y = LAMB93.origin_x, LAMB93.origin_y
    return Edges(
        position(bbox.xmin, x, across),
        -position(bbox.ymax, y, down),
        position(bbox.xmax, x, across),
        -position(bbox.ymin, y, down),
    )


def read_box(read: Read, steps: Steps, bbox: BBox, size: tuple[int, int], extent: BBox | None) -> Pixels:
    """`bbox` (EPSG:2154, metres) as `size` (width, height) pixels, from the lattice of `steps` under `read`.

    Pixels are copied when the box lies on the lattice at that size. Otherwise they are averaged (larger
    pixels) or interpolated (smaller ones); no-data never bleeds into them, and a pixel is valid when half of
    it is. Nothing is outside `extent` (None: nothing is anywhere), and `read` is hardly asked beyond it.
    """
    if extent is None or not extent.intersects(bbox):
        return blank(*size)
    box = on_lattice(bbox, steps)
    if box.whole and (box.right - box.left, box.bottom - box.top) == size:
        return read(Window(int(box.left), int(box.top), *size))
    return _resampled(read, box, size, on_lattice(extent, steps))


def _resampled(read: Read, box: Edges, size: tuple[int, int], extent: Edges) -> Pixels:
    """The part of the answer that can hold anything, in bands of bounded memory."""
    rgb, valid = blank(*size)
    x_scale, y_scale = (box.right - box.left) / size[0], (box.bottom - box.top) / size[1]
    if max(x_scale, y_scale) > _MANY:
        return _averaged(read, box, size, extent)
    first_col, last_col = _inside(box.left, x_scale, size[0], extent.left, extent.right)
    first_row, last_row = _inside(box.top, y_scale, size[1], extent.top, extent.bottom)
    width = last_col - first_col
    if not width or min((extent.right - extent.left) / x_scale, (extent.bottom - extent.top) / y_scale) < 0.5:
        return rgb, valid  # no pixel has half of itself within the extent
    rows = max(1, int(_BAND_PX / max(1.0, width * x_scale) / y_scale))
    for top in range(first_row, last_row, rows):
        bottom = min(top + rows, last_row)
        part = Edges(
            box.left + first_col * x_scale,
            box.top + top * y_scale,
            box.left + last_col * x_scale,
            box.top + bottom * y_scale,
        )
        there = np.s_[top:bottom, first_col:last_col]
        rgb[there], valid[there] = _resize(read, part, (width, bottom - top))
    rgb[~valid] = 255
    return rgb, valid


def _averaged(read: Read, box: Edges, size: tuple[int, int], extent: Edges) -> Pixels:
    """Means of many pixels, edges at the nearest ones: read within the extent only, a band at a time."""
    rgb, valid = blank(*size)
    cols = np.rint(np.linspace(box.left, box.right, size[0] + 1))
    rows = np.rint(np.linspace(box.top, box.bottom, size[1] + 1))
    area = np.diff(rows)[:, None] * np.diff(cols)
    left, right = math.floor(extent.left), math.ceil(extent.right)
    inner_cols = np.clip(cols, left, right).astype(np.int64)
    inner_rows = np.clip(rows, math.floor(extent.top), math.ceil(extent.bottom)).astype(np.int64)
    first, last = int(inner_cols[0]), int(inner_cols[-1])
    depth = max(1, _BAND_PX // max(1, last - first))
    for number, (top, bottom) in enumerate(pairwise(inner_rows.tolist())):
        sums = np.zeros((last - first + 1, 4))
        for start in range(top, bottom, depth):
            height = min(depth, bottom - start)
            seen, there = read(Window(first, start, last - first, height))
            sums[1:, :3] += np.where(there[:, :, None], seen, 0).sum(axis=0)
            sums[1:, 3] += there.sum(axis=0)
        totals = np.diff(sums.cumsum(axis=0)[inner_cols - first], axis=0)
        valid[number] = (2 * totals[:, 3] >= area[number]) & (totals[:, 3] > 0)
        shown = valid[number]
        rgb[number, shown] = np.rint(totals[shown, :3] / totals[shown, 3:]).astype(np.uint8)
    return rgb, valid


def _inside(start: float, scale: float, count: int, low: float, high: float) -> tuple[int, int]:
    """First and last + 1 of `count` pixels of `scale` from `start` that share something with low..high."""
    first = math.floor((low - start) / scale)
    last = math.ceil((high - start) / scale)
    return max(0, min(first, count)), max(0, min(last, count))


def _resize(read: Read, box: Edges, size: tuple[int, int]) -> Pixels:
    """One band, resampled with the pixels around it, so that bands join without a trace."""
    scales = ((box.right - box.left) / size[0], (box.bottom - box.top) / size[1])
    method = _method(box, scales)
    reach = 1 if method is Image.Resampling.BOX else 3
    margin = math.ceil(reach * max(1.0, *scales)) + 1
    col, row = math.floor(box.left) - margin, math.floor(box.top) - margin
    rgb, valid = read(
        Window(col, row, math.ceil(box.right) + margin - col, math.ceil(box.bottom) + margin - row)
    )
    where = (box.left - col, box.top - row, box.right - col, box.bottom - row)
    if valid.all():
        resized = Image.fromarray(rgb).resize(size, method, box=where)
        return np.asarray(resized), np.ones((size[1], size[0]), bool)
    # Pillow weighs the colours of RGBA by their alpha: no-data stays out of the averages.
    rgba = np.dstack([rgb, valid.astype(np.uint8) * np.uint8(255)])
    pixels = np.asarray(Image.fromarray(rgba).resize(size, method, box=where))
    return pixels[:, :, :3], pixels[:, :, 3] >= 128


def _method(box: Edges, scales: tuple[float, float]) -> Image.Resampling:
    """Mean of whole pixels where they fit or are many, else the filter that suits the direction."""
    if box.whole and all(scale == round(scale) for scale in scales):
        return Image.Resampling.BOX
    return Image.Resampling.LANCZOS if max(scales) > 1 else Image.Resampling.BILINEAR
