"""Pixels of the mosaic in a CRS, cut at a limit, strip by strip.

Each strip is a file that appears when it is whole, so work goes on where it stopped. Memory holds a square of
pixels, whatever the area.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
import shapely
from rasterio.enums import ColorInterp
from rasterio.features import geometry_mask
from rasterio.transform import Affine
from rasterio.windows import Window
from shapely.geometry.base import BaseGeometry

from pcrs.files import placing
from pcrs.raster.lattice import Pixels
from pcrs.raster.mosaic import Mosaic
from pcrs.raster.warping import warp
from pcrs.standard.crs import L93, BBox, transform_bbox, transform_geometries
from pcrs.standard.grid import DALLE_RES_M
from pcrs.work.progress import Progress, Step

SIDE = 2048
"""Pixels of a square: it takes 16 MB, and as much again to be warped."""
_MARGIN_M = 4 * DALLE_RES_M
_CACHE_BYTES = 64 * 2**20
_BLOCK = 512
_RGBA = (ColorInterp.red, ColorInterp.green, ColorInterp.blue, ColorInterp.alpha)
_STRIP = {"driver": "GTiff", "dtype": "uint8", "count": 4, "tiled": True, "interleave": "pixel"}
_STRIP |= {"blockxsize": _BLOCK, "blockysize": _BLOCK, "compress": "deflate", "predictor": 2, "zlevel": 1}
_STRIP |= {"bigtiff": "if_safer", "sparse_ok": True, "photometric": "rgb", "alpha": "unspecified"}


@dataclass(frozen=True, slots=True)
class Grid:
    """Pixels of 5 cm in a CRS, whose edges are whole multiples of 5 cm; `region` in that CRS, None: all."""

    epsg: int
    box: BBox
    region: BaseGeometry | None

    @property
    def width(self) -> int:
        """Columns."""
        return round(self.box.width / DALLE_RES_M)

    @property
    def height(self) -> int:
        """Rows."""
        return round(self.box.height / DALLE_RES_M)

    def transform(self, col: int = 0, row: int = 0) -> Affine:
        """From columns and rows, counted from there, to x and y."""
        x, y = self.box.xmin + col * DALLE_RES_M, self.box.ymax - row * DALLE_RES_M
        return Affine(DALLE_RES_M, 0, x, 0, -DALLE_RES_M, y)


def grid_of(region: BaseGeometry | None, boxes: Sequence[BBox], epsg: int) -> Grid:
    """The grid around what boxes (EPSG:2154) and a region (EPSG:2154, None: no limit) share."""
    around = BBox(*shapely.total_bounds([shapely.box(*box) for box in boxes]))
    if region is not None:
        around = BBox(*shapely.box(*around).intersection(region).bounds)
    low_x, low_y, high_x, high_y = transform_bbox(around, L93, epsg)
    per_m = round(1 / DALLE_RES_M)
    low = [math.floor(value * per_m + 1e-6) / per_m for value in (low_x, low_y)]
    high = [math.ceil(value * per_m - 1e-6) / per_m for value in (high_x, high_y)]
    shapes = np.array([region], dtype=object)
    moved = None if region is None else transform_geometries(shapes, L93, epsg)[0]
    return Grid(epsg, BBox(*low, *high), moved)


def strips_of(mosaic: Mosaic, grid: Grid, work: Path, progress: Progress) -> list[Path]:
    """The image as files of `SIDE` rows, from the north; those that are there already are kept."""
    tops = range(0, grid.height, SIDE)
    strips = []
    for number, top in enumerate(tops):
        progress(Step("image", number, len(tops)))
        strip = work / f"{number:05d}.tif"
        strips.append(strip)
        if strip.exists():
            continue
        with placing(strip) as part, rasterio.Env(GDAL_CACHEMAX=_CACHE_BYTES):
            _write_strip(mosaic, grid, top, part)
    progress(Step("image", len(tops), len(tops)))
    return strips


def _write_strip(mosaic: Mosaic, grid: Grid, top: int, path: Path) -> None:
    height = min(SIDE, grid.height - top)
    place = {"crs": f"EPSG:{grid.epsg}", "transform": grid.transform(0, top)}
    with rasterio.open(path, "w", width=grid.width, height=height, **_STRIP, **place) as out:
        out.colorinterp = _RGBA
        for left in range(0, grid.width, SIDE):
            width = min(SIDE, grid.width - left)
            pixels, valid = _square(mosaic, grid, (left, top, width, height))
            planes = np.dstack([pixels, valid.astype(np.uint8) * np.uint8(255)])
            out.write(np.moveaxis(planes, 2, 0), window=Window(left, 0, width, height))


def _square(mosaic: Mosaic, grid: Grid, place: tuple[int, int, int, int]) -> Pixels:
    """Pixels of the grid, white and not valid beyond the limit."""
    left, top, width, height = place
    transform = grid.transform(left, top)
    box = BBox(
        transform.c, transform.f - height * DALLE_RES_M, transform.c + width * DALLE_RES_M, transform.f
    )
    region = None if grid.region is None else grid.region.intersection(shapely.box(*box))
    if region is not None and region.is_empty:
        return np.full((height, width, 3), 255, np.uint8), np.zeros((height, width), bool)
    if grid.epsg == L93:
        pixels, valid = mosaic.read(box)
    else:
        source = _around(transform_bbox(box, grid.epsg, L93))
        pixels, valid = warp(mosaic.read(source), source, grid.epsg, transform, (width, height))
    if region is not None and not region.covers(shapely.box(*box)):
        outside = geometry_mask([region], (height, width), transform)
        pixels, valid = pixels.copy(), valid & ~outside
        pixels[outside] = 255
    return pixels, valid


def _around(box: BBox) -> BBox:
    """Whole pixels of the dalles that hold a box, and a few more for the kernel."""
    per_m = round(1 / DALLE_RES_M)
    low = (math.floor((value - _MARGIN_M) * per_m) / per_m for value in (box.xmin, box.ymin))
    high = (math.ceil((value + _MARGIN_M) * per_m) / per_m for value in (box.xmax, box.ymax))
    return BBox(*low, *high)


def joined(grid: Grid, strips: Sequence[Path], bands: int) -> str:
    """The strips as one image to GDAL, without a copy."""
    t = grid.transform()
    words = ("Red", "Green", "Blue", "Alpha")
    parts = [
        f'<VRTDataset rasterXSize="{grid.width}" rasterYSize="{grid.height}"><SRS>EPSG:{grid.epsg}</SRS>'
        f"<GeoTransform>{t.c!r}, {t.a!r}, 0, {t.f!r}, 0, {t.e!r}</GeoTransform>"
    ]
    for band in range(1, bands + 1):
        parts.append(f'<VRTRasterBand dataType="Byte" band="{band}">')
        parts.append(f"<ColorInterp>{words[band - 1]}</ColorInterp>")
        for number, strip in enumerate(strips):
            rows = min(SIDE, grid.height - number * SIDE)
            size = f'xSize="{grid.width}" ySize="{rows}"'
            parts.append(
                f'<SimpleSource><SourceFilename relativeToVRT="1">{strip.name}</SourceFilename>'
                f'<SourceBand>{band}</SourceBand><SrcRect xOff="0" yOff="0" {size}/>'
                f'<DstRect xOff="0" yOff="{number * SIDE}" {size}/></SimpleSource>'
            )
        parts.append("</VRTRasterBand>")
    return "".join([*parts, "</VRTDataset>"])
