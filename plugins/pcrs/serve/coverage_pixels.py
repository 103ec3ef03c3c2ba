"""The pixels of a coverage answer, read from the mosaic or the pyramid and brought onto its grid."""

import math

import numpy as np
from rasterio.enums import Resampling
from rasterio.transform import Affine
from rasterio.warp import reproject

from pcrs.raster.mosaic import Mosaic
from pcrs.raster.pyramid import Pyramid
from pcrs.raster.view import read_view
from pcrs.serve.coverage_grid import Grid, snapped
from pcrs.standard.crs import L93, BBox
from pcrs.standard.grid import DALLE_RES_M, TILE_PX

_MARGIN_PX = 4
"""Pixels read around a box that is warped, for the kernel of the resampling."""
_NATIVE_BELOW = 1.5
"""Warped pixels less coarse than this, in native pixels, are drawn from native ones."""
_OPAQUE = 255


def read(grid: Grid, mosaic: Mosaic, pyramid: Pyramid | None) -> tuple[np.ndarray, np.ndarray]:
    """((h, w, 3) uint8, (h, w) bool valid) on the grid; white where there is no data.

    A native grid gets the pixels of the dalles. A coarser one is read from the pyramid, so that its cost
    depends on the answer and not on the ground that it covers.
    """
    if grid.native:
        return mosaic.read(grid.bbox)
    if grid.frame.epsg == L93:
        return _scaled(grid.bbox, (grid.width, grid.height), mosaic, pyramid)
    return _warped(grid, mosaic, pyramid)


def _scaled(
    bbox: BBox, size: tuple[int, int], mosaic: Mosaic, pyramid: Pyramid | None
) -> tuple[np.ndarray, np.ndarray]:
    """A Lambert-93 box on any number of pixels."""
    finer = bbox.width < size[0] * DALLE_RES_M or bbox.height < size[1] * DALLE_RES_M
    if pyramid is None or finer:
        return mosaic.read(bbox, size)
    return read_view(pyramid, bbox, size, max_tiles=_tiles(bbox, size))


def _tiles(bbox: BBox, size: tuple[int, int]) -> int:
    """Tiles that the view may take, at the worst: the plan has bounded them already."""
    finest = min(bbox.width / size[0], bbox.height / size[1]) / 2
    return math.prod(math.ceil(side / finest / TILE_PX) + 2 for side in (bbox.width, bbox.height))


def _warped(grid: Grid, mosaic: Mosaic, pyramid: Pyramid | None) -> tuple[np.ndarray, np.ndarray]:
    """The grid in another CRS, bilinear from pixels of the native size or of the answer's own."""
    margin = _MARGIN_PX * grid.step
    west, south, east, north = grid.source
    box = snapped(BBox(west - margin, south - margin, east + margin, north + margin))
    if grid.step < _NATIVE_BELOW * DALLE_RES_M:
        pixels, valid = mosaic.read(box)
    else:
        size = (math.ceil(box.width / grid.step), math.ceil(box.height / grid.step))
        pixels, valid = _scaled(box, size, mosaic, pyramid)
    height, width = valid.shape
    place = Affine(box.width / width, 0, box.xmin, 0, -box.height / height, box.ymax)
    # Alpha goes along as a fourth band: white no-data must not bleed into the pixels beside it.
    alpha = np.where(valid, np.uint8(_OPAQUE), np.uint8(0))
    source = np.concatenate([np.moveaxis(pixels, 2, 0), alpha[None]])
    target = np.zeros((4, grid.height, grid.width), np.uint8)
    reproject(
        source,
        target,
        src_transform=place,
        src_crs=f"EPSG:{L93}",
        dst_transform=grid.transform,
        dst_crs=f"EPSG:{grid.frame.epsg}",
        src_alpha=4,
        dst_alpha=4,
        resampling=Resampling.bilinear,
    )
    seen = target[3] > _OPAQUE // 2
    target[:3, ~seen] = _OPAQUE
    return np.ascontiguousarray(np.moveaxis(target[:3], 0, 2)), seen
