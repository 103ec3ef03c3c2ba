"""Maps of any box, size and CRS, drawn from a pyramid.

In Lambert-93 the pyramid is read and nothing else. In another CRS it is read around the map, on the pixels of
the level that fits where one does (each PM level does: 5.3 cm of ground against 5 cm), and warped once.
"""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from PIL import Image

from pcrs.raster.lattice import Pixels, blank
from pcrs.raster.pyramids import Tiles
from pcrs.raster.view import data_bbox, read_view, slabs_under
from pcrs.standard.crs import L93, BBox, transform_bbox, transformer
from pcrs.standard.grid import LAMB93, Slab

_AS_FINE = 1.3
"""A level is warped as it is when its pixels are no finer than this, else it is averaged first."""
_REACH_PX = 3
"""Pixels that the filters of the warp take around a place."""
_MESH_PX = 64
"""Side of the rectangles that are warped with straight edges: the error is a pixel's size in metres / 12 500,
in pixels."""


class _Part(NamedTuple):
    """The pixels of a map that can show data, and the ground under them."""

    left: int
    top: int
    right: int
    bottom: int
    bbox: BBox

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.right - self.left, self.bottom - self.top


def draw(pyramid: Tiles, bbox: BBox, size: tuple[int, int], epsg: int, resampling: str) -> Image.Image:
    """The map of `bbox` (EPSG:`epsg`, x before y) as `size` (width, height) pixels.

    RGB when there is data everywhere; else RGBA, white and transparent where there is none. All of it shows
    the mosaic of one moment.

    Raises:
        TooLargeError: the map would take more tiles than one map may.
        StoreError: a slab is cut short.
    """
    return _image(pyramid.steady(lambda: _drawn(pyramid, bbox, size, epsg, resampling)))


def slabs_drawn(pyramid: Tiles, bbox: BBox, size: tuple[int, int], epsg: int) -> tuple[Slab, ...]:
    """The slabs that `draw` reads for the same map: none outside the data.

    Raises:
        TooLargeError: `draw` would raise it.
    """
    part = _part(bbox, size, _projected(data_bbox(pyramid.levels), L93, epsg))
    if part is None:
        return ()
    if epsg == L93:
        return slabs_under(pyramid, bbox, size)
    return slabs_under(pyramid, *_source(part.bbox, part.size, epsg))


_projected = lru_cache(maxsize=1024)(transform_bbox)
"""The few boxes of data, and those that are looked at again and again."""


def _drawn(pyramid: Tiles, bbox: BBox, size: tuple[int, int], epsg: int, resampling: str) -> Pixels:
    part = _part(bbox, size, _projected(data_bbox(pyramid.levels), L93, epsg))
    if part is None:
        return blank(*size)
    if epsg == L93:
        return read_view(pyramid, bbox, size)
    warped = _warped(pyramid, part.bbox, part.size, epsg, resampling)
    if part.size == size:
        return warped
    rgb, valid = blank(*size)
    there = np.s_[part.top : part.bottom, part.left : part.right]
    rgb[there], valid[there] = warped
    return rgb, valid


def _image(pixels: Pixels) -> Image.Image:
    rgb, valid = pixels
    if valid.all():
        return Image.fromarray(rgb)
    rgba = np.dstack([rgb, valid.astype(np.uint8) * np.uint8(255)])
    rgba[~valid, :3] = 255  # a JPEG tile has traces of the ground around it there
    return Image.fromarray(rgba)


def _part(bbox: BBox, size: tuple[int, int], data: BBox) -> _Part | None:
    """The part of a map that `data` touches.

    None where there is none, and where all the data is smaller than a pixel: such a map may span places that
    do not exist in Lambert-93, and averaging all of a pyramid into a dot takes gigabytes.
    """
    x_res, y_res = bbox.width / size[0], bbox.height / size[1]
    if not bbox.intersects(data) or max(x_res, y_res) > max(data.width, data.height):
        return None
    left, right = (
        max(0, math.floor((data.xmin - bbox.xmin) / x_res)),
        min(size[0], math.ceil((data.xmax - bbox.xmin) / x_res)),
    )
    top, bottom = (
        max(0, math.floor((bbox.ymax - data.ymax) / y_res)),
        min(size[1], math.ceil((bbox.ymax - data.ymin) / y_res)),
    )
    ground = BBox(
        bbox.xmin + left * x_res,
        bbox.ymax - bottom * y_res,
        bbox.xmin + right * x_res,
        bbox.ymax - top * y_res,
    )
    return _Part(left, top, right, bottom, ground)


def _warped(pyramid: Tiles, bbox: BBox, size: tuple[int, int], epsg: int, resampling: str) -> Pixels:
    """The map of a box that lies on the data, or next to it."""
    source_bbox, source_size = _source(bbox, size, epsg)
    source = _image(read_view(pyramid, source_bbox, source_size))
    mesh = _mesh(bbox, size, epsg, source_bbox, source_size)
    method = Image.Resampling[resampling.upper()]
    pixels = np.asarray(source.transform(size, Image.Transform.MESH, mesh, method))
    if pixels.shape[2] == 3:
        return pixels, np.ones(pixels.shape[:2], bool)
    valid = pixels[:, :, 3] >= 128
    return pixels[:, :, :3], valid


def _mesh(
    bbox: BBox, size: tuple[int, int], epsg: int, source_bbox: BBox, source_size: tuple[int, int]
) -> list[tuple[tuple[int, ...], tuple[float, ...]]]:
    """Rectangles of the map, each with its four corners in the source: upper left, then against the clock."""
    cols, rows = (np.append(np.arange(0, side, _MESH_PX), side) for side in size)
    xs = bbox.xmin + cols * (bbox.width / size[0])
    ys = bbox.ymax - rows * (bbox.height / size[1])
    eastings, northings = transformer(epsg, L93).transform(*np.meshgrid(xs, ys))
    across = (eastings - source_bbox.xmin) * (source_size[0] / source_bbox.width)
    down = (source_bbox.ymax - northings) * (source_size[1] / source_bbox.height)
    corners = np.stack([across, down], axis=2)
    quads = np.concatenate(
        [corners[:-1, :-1], corners[1:, :-1], corners[1:, 1:], corners[:-1, 1:]], axis=2
    ).tolist()
    return [
        ((int(cols[col]), int(rows[row]), int(cols[col + 1]), int(rows[row + 1])), tuple(quads[row][col]))
        for row in range(len(rows) - 1)
        for col in range(len(cols) - 1)
    ]


def _source(bbox: BBox, size: tuple[int, int], epsg: int) -> tuple[BBox, tuple[int, int]]:
    """What to read of the pyramid to warp a map: a box in Lambert-93, and its size in pixels."""
    x_res, y_res = _ground_res(bbox, size, epsg)
    around = _projected(bbox, epsg, L93)
    level_res = _level_res(min(x_res, y_res))
    if max(x_res, y_res) <= level_res * _AS_FINE:
        x_res = y_res = level_res
    first_col = math.floor((around.xmin - LAMB93.origin_x) / x_res) - _REACH_PX
    last_col = math.ceil((around.xmax - LAMB93.origin_x) / x_res) + _REACH_PX
    first_row = math.floor((LAMB93.origin_y - around.ymax) / y_res) - _REACH_PX
    last_row = math.ceil((LAMB93.origin_y - around.ymin) / y_res) + _REACH_PX
    source = BBox(
        LAMB93.origin_x + first_col * x_res,
        LAMB93.origin_y - last_row * y_res,
        LAMB93.origin_x + last_col * x_res,
        LAMB93.origin_y - first_row * y_res,
    )
    return source, (last_col - first_col, last_row - first_row)


def _ground_res(bbox: BBox, size: tuple[int, int], epsg: int) -> tuple[float, float]:
    """Metres of Lambert-93 along the width and the height of the pixel in the middle of a map."""
    x, y = (bbox.xmin + bbox.xmax) / 2, (bbox.ymin + bbox.ymax) / 2
    x_step, y_step = bbox.width / size[0] / 2, bbox.height / size[1] / 2
    xs, ys = transformer(epsg, L93).transform([x - x_step, x + x_step, x, x], [y, y, y - y_step, y + y_step])
    along = math.hypot(xs[1] - xs[0], ys[1] - ys[0])
    down = math.hypot(xs[3] - xs[2], ys[3] - ys[2])
    finest = LAMB93.last_res / _AS_FINE
    return max(along, finest), max(down, finest)


def _level_res(res_m: float) -> float:
    """Pixel of the coarsest level that is no coarser than `res_m`, or of the finest there is."""
    power = math.floor(math.log2(res_m / LAMB93.last_res))
    return LAMB93.last_res * 2.0 ** max(power, 0)
