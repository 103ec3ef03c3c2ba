"""The pixels of a coverage answer, read from the mosaic or the pyramid and brought onto its grid."""

import math
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from rasterio.transform import Affine

from pcrs.raster.lattice import Pixels, blank
from pcrs.raster.mosaic import Mosaic
from pcrs.raster.pyramids import Tiles
from pcrs.raster.remote import Remote
from pcrs.raster.view import read_view, slabs_under
from pcrs.raster.warping import warp
from pcrs.serve.coverage_grid import Grid, snapped
from pcrs.standard.crs import L93, BBox, transform_bbox
from pcrs.standard.grid import DALLE_RES_M, TILE_PX

_MARGIN_PX = 4
"""Pixels read around a box that is warped, for the kernel of the resampling."""
_NATIVE_BELOW = 1.5
"""Warped pixels less coarse than this, in native pixels, are drawn from native ones."""
_BAND_PX = 4_000_000
"""Pixels that are read to be warped at a time: they take 32 MB."""


@dataclass(frozen=True, slots=True)
class _Source:
    """What is read for a grid: a box of EPSG:2154 on so many pixels (None: those of the dalles)."""

    bbox: BBox
    size: tuple[int, int] | None

    @property
    def coarser(self) -> bool:
        """True when no pixel is finer than those of the dalles: the pyramid has them."""
        if self.size is None:
            return False
        width, height = self.size
        return self.bbox.width >= width * DALLE_RES_M and self.bbox.height >= height * DALLE_RES_M

    @property
    def tiles(self) -> int:
        """Tiles that a view may take, at the worst: the plan has bounded them already."""
        width, height = self.size or (1, 1)
        finest = min(self.bbox.width / width, self.bbox.height / height) / 2
        return math.prod(
            math.ceil(side / finest / TILE_PX) + 2 for side in (self.bbox.width, self.bbox.height)
        )


def read(grid: Grid, mosaic: Mosaic, pyramid: Tiles | None) -> Pixels:
    """((h, w, 3) uint8, (h, w) bool valid) on the grid; white where there is no data.

    A native grid gets the pixels of the dalles. A coarser one is read from the pyramid, so that its cost
    depends on the answer and not on the ground that it covers. Either is the mosaic of one moment.
    """
    if pyramid is None:
        return _read(grid, mosaic, None)
    return pyramid.steady(lambda: _read(grid, mosaic, pyramid))


def state(grid: Grid, mosaic: Mosaic, pyramid: Tiles | None) -> str:
    """A word that changes when what `read` gives for the grid may have changed, and only then.

    It is never newer than what is read after it: an answer may be told to have changed that has not.
    """
    source = _source(grid)
    if pyramid is not None and source.coarser:
        return pyramid.tags(slabs_under(pyramid, source.bbox, source.size or (1, 1), max_tiles=source.tiles))
    words = []
    for dalle in mosaic.over(source.bbox):
        word = f"{dalle.path.parent.name}/{dalle.path.name}"
        if isinstance(dalle.path, Remote):
            words.append(word)  # what has a name in a bucket never has other bytes
        else:
            with suppress(FileNotFoundError):
                words.append(f"{word}-{dalle.path.stat().st_mtime_ns:x}")
    return ",".join(words)


def _source(grid: Grid) -> _Source:
    """What must be read for the whole grid."""
    if grid.native:
        return _Source(grid.bbox, None)
    if grid.frame.epsg == L93:
        return _Source(grid.bbox, (grid.width, grid.height))
    return _around(grid, grid.source)


def _around(grid: Grid, part: BBox) -> _Source:
    """What must be read to warp a part of the grid; the parts of one grid lie on one lattice."""
    if grid.step < _NATIVE_BELOW * DALLE_RES_M:
        margin = _MARGIN_PX * DALLE_RES_M
        return _Source(
            snapped(BBox(part.xmin - margin, part.ymin - margin, part.xmax + margin, part.ymax + margin)),
            None,
        )
    west, north = grid.source.xmin, grid.source.ymax
    left, top = (
        (math.floor(side / grid.step) - _MARGIN_PX) for side in (part.xmin - west, north - part.ymax)
    )
    right, bottom = (
        (math.ceil(side / grid.step) + _MARGIN_PX) for side in (part.xmax - west, north - part.ymin)
    )
    box = BBox(
        west + left * grid.step, north - bottom * grid.step, west + right * grid.step, north - top * grid.step
    )
    return _Source(box, (right - left, bottom - top))


def _read(grid: Grid, mosaic: Mosaic, pyramid: Tiles | None) -> Pixels:
    if grid.native or grid.frame.epsg == L93:
        return _pixels(_source(grid), mosaic, pyramid)
    rgb, valid = blank(grid.width, grid.height)
    for top, bottom in _bands(grid):
        rgb[top:bottom], valid[top:bottom] = _warped(grid, (top, bottom), mosaic, pyramid)
    return rgb, valid


def _pixels(source: _Source, mosaic: Mosaic, pyramid: Tiles | None) -> Pixels:
    """A Lambert-93 box on any number of pixels."""
    if source.size is None or pyramid is None or not source.coarser:
        return mosaic.read(source.bbox, source.size)
    return read_view(pyramid, source.bbox, source.size, max_tiles=source.tiles)


def _bands(grid: Grid) -> Iterator[tuple[int, int]]:
    """First and last + 1 of the rows that are warped together."""
    to_read = grid.source.width / grid.step * (grid.source.height / grid.step)
    rows = max(1, min(grid.height, int(grid.height * _BAND_PX / max(to_read, 1))))
    for top in range(0, grid.height, rows):
        yield top, min(top + rows, grid.height)


def _warped(grid: Grid, rows: tuple[int, int], mosaic: Mosaic, pyramid: Tiles | None) -> Pixels:
    """Rows of the grid in another CRS, bilinear from pixels of the native size or of the answer's own."""
    top, bottom = rows
    step = grid.bbox.height / grid.height
    part = BBox(grid.bbox.xmin, grid.bbox.ymax - bottom * step, grid.bbox.xmax, grid.bbox.ymax - top * step)
    source = _around(grid, transform_bbox(part, grid.frame.epsg, L93))
    shifted = grid.transform @ Affine.translation(0, top)
    read = _pixels(source, mosaic, pyramid)
    return warp(read, source.bbox, grid.frame.epsg, shifted, (grid.width, bottom - top))
