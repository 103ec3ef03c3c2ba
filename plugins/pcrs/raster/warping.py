"""Pixels of Lambert-93 brought onto a grid of another CRS, no-data kept out of their neighbours."""

import numpy as np
from rasterio.enums import Resampling
from rasterio.transform import Affine
from rasterio.warp import reproject

from pcrs.raster.lattice import Pixels
from pcrs.standard.crs import L93, BBox

_OPAQUE = 255


def warp(source: Pixels, box: BBox, epsg: int, transform: Affine, size: tuple[int, int]) -> Pixels:
    """Pixels of a box (EPSG:2154, metres) on a grid of another CRS, bilinear; white where nothing is valid.

    Args:
        source: ((h, w, 3) uint8, (h, w) bool valid), with a few pixels around what the grid shows.
        box: of the source.
        epsg: of the grid.
        transform: from columns and rows of the grid to x and y.
        size: columns and rows of the grid.
    """
    pixels, valid = source
    height, width = valid.shape
    # Alpha goes along as a fourth band: white no-data must not bleed into the pixels beside it.
    planes = np.empty((4, height, width), np.uint8)
    planes[:3] = np.moveaxis(pixels, 2, 0)
    planes[3] = np.where(valid, np.uint8(_OPAQUE), np.uint8(0))
    target = np.zeros((4, size[1], size[0]), np.uint8)
    reproject(
        planes,
        target,
        src_transform=Affine(box.width / width, 0, box.xmin, 0, -box.height / height, box.ymax),
        src_crs=f"EPSG:{L93}",
        dst_transform=transform,
        dst_crs=f"EPSG:{epsg}",
        src_alpha=4,
        dst_alpha=4,
        resampling=Resampling.bilinear,
    )
    seen = target[3] > _OPAQUE // 2
    target[:3, ~seen] = _OPAQUE
    return np.moveaxis(target[:3], 0, 2), seen
