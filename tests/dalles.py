"""Small dalles for tests: natural-looking, deterministic, the same pixels wherever two dalles touch.

A whole 200 m dalle (4000 x 4000 px) costs half a second. Where size does not matter, use `small_name`
(20 m, 400 x 400 px) and hand `(SMALL,)` as the patterns of the control.
"""

import math
import warnings
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from PIL import Image
from rasterio.errors import NotGeoreferencedWarning
from rasterio.transform import Affine
from rasterio.windows import Window

from pcrs.standard.names import DalleName, Pattern

SMALL = Pattern("P-{year}-{x}-{y}", size_m=20, unit_m=10, digits=6)
"""Dalles of 20 m, for tests alone."""
PERIOD_PX = 2000


def small_name(x_m: int = 576_000, y_m: int = 6_373_000, year: int = 2025) -> DalleName:
    """A dalle of 20 m (400 x 400 px), somewhere in the Lot."""
    return DalleName(year=year, x_m=x_m, y_m=y_m, size_m=20)


def hm_name(x_m: int = 576_000, y_m: int = 6_373_000, year: int = 2025) -> DalleName:
    """A dalle of 200 m (4000 x 4000 px), IGN's size."""
    return DalleName(year=year, x_m=x_m, y_m=y_m, size_m=200)


def _cloud(random: np.random.Generator, cells: int, amplitude: float) -> np.ndarray:
    """Smooth noise of `cells` x `cells` bumps that joins itself at the edges, (px, px) float32."""
    bumps = np.pad(random.standard_normal((cells, cells)).astype(np.float32), 2, mode="wrap")
    edge = 2 * PERIOD_PX // cells
    side = PERIOD_PX + 2 * edge
    smooth = np.asarray(Image.fromarray(bumps).resize((side, side), Image.Resampling.BICUBIC))
    return smooth[edge:-edge, edge:-edge] * amplitude


@lru_cache(maxsize=4)
def _texture(seed: int) -> np.ndarray:
    """One period of ground: fields, roads, markings, roofs; (px, px, 3) int16 within 30..225."""
    random = np.random.default_rng(seed)
    light = _cloud(random, 20, 18) + _cloud(random, 200, 9) + random.normal(0, 3.5, (PERIOD_PX, PERIOD_PX))
    ground = np.stack([light + 105, light * 0.9 + 118, light * 0.8 + 84], axis=2)
    for _ in range(24):
        row, col = random.integers(0, PERIOD_PX - 240, 2)
        height, width = random.integers(80, 215, 2)
        roof = np.s_[row : row + height, col : col + width]
        ground[roof] = np.array([165, 92, 70]) + random.integers(-30, 30) + light[roof][:, :, None] / 3
        shadow = np.s_[row + height : row + height + 25, col : col + width]
        ground[shadow] *= 0.45
    grain = light[:, :, None] / 4
    ground[880:1040] = 122 + grain[880:1040]
    ground[:, 640:760] = 122 + grain[:, 640:760]
    ground[874:880] = ground[1040:1046] = 176
    dashes = (np.arange(PERIOD_PX) // 60) % 2 == 0
    ground[957:963, dashes] = 215
    return np.clip(ground, 30, 225).astype(np.int16)


def ground_pixels(x_m: float, y_m: float, width: int, height: int, seed: int = 0) -> np.ndarray:
    """What the ground looks like south-east of (x_m, y_m), EPSG:2154, at 5 cm: (height, width, 3) uint8.

    A function of the place: dalles that touch have one image. No pixel is pure black or pure white.
    """
    cols = round(x_m * 20) + np.arange(width)
    rows = round((12_000_000 - y_m) * 20) + np.arange(height)
    pixels = (
        _texture(seed).take(rows % PERIOD_PX, axis=0, mode="clip").take(cols % PERIOD_PX, axis=1, mode="clip")
    )
    north, east = (np.rint(9 * np.sin(at)).astype(np.int16) for at in (rows / 1300.0, cols / 1700.0))
    pixels += north[:, None, None]
    pixels += east[None, :, None]
    return pixels.astype(np.uint8)


def real_5cm_pixels(shared_data: Path) -> np.ndarray:
    """Two real crops of 5 cm (12.8 m each), laid side by side over 200 m: (4000, 4000, 3) uint8."""
    crops = []
    for name in ("19FD5606Ax00020_16371.tif", "19FD5606Ax00020_16373.tif"):
        with rasterio.open(shared_data / "ortho" / name) as dataset:
            crops.append(np.moveaxis(dataset.read(), 0, 2))
    return np.tile(np.concatenate(crops, axis=1), (16, 8, 1))[:4000, :4000]


def real_50cm_pixels(shared_data: Path, size_px: int = 4000) -> np.ndarray:
    """A square of a real 50 cm ortho (1 km at the most), enlarged to 5 cm: (size_px, size_px, 3) uint8."""
    side = size_px // 10
    first = (2048 - side) // 2
    with rasterio.open(shared_data / "ortho" / "bdortho_50cm_lac_des_sapins_L93.tif") as dataset:
        pixels = np.moveaxis(dataset.read(window=Window(first, first, side, side)), 0, 2)
    return np.asarray(Image.fromarray(pixels).resize((size_px, size_px), Image.Resampling.BICUBIC))


def write_world_file(path: Path, transform: Affine) -> None:
    """The six lines of a world file: the transform, but to the centre of the first pixel."""
    a, b, c, d, e, f = transform[:6]
    lines = (a, d, b, e, c + (a + b) / 2, f + (d + e) / 2)
    path.write_text("".join(f"{value:.10f}\n" for value in lines), encoding="ascii")


_CODECS: dict[str, dict[str, Any]] = {
    "jpeg": {"photometric": "ycbcr", "jpeg_quality": 90},
    "lzw": {"predictor": 2},
    "deflate": {"predictor": 2, "zlevel": 1},
}


def _creation(driver: str, compress: str | None, tiled: bool | int, tags: bool) -> dict[str, Any]:
    """GDAL's creation options."""
    if driver == "JP2OpenJPEG":
        lossless = {"QUALITY": "100", "REVERSIBLE": "YES", "YCBCR420": "NO"}
        return lossless | ({} if tags else {"GMLJP2": "NO", "GEOJP2": "NO"})
    options: dict[str, Any] = {} if tags else {"PROFILE": "BASELINE"}
    if compress:
        options |= {"compress": compress} | _CODECS[compress]
    if tiled:
        side = 256 if tiled is True else tiled
        options |= {"tiled": True, "blockxsize": side, "blockysize": side}
    return options


def make_dalle(
    path: Path,
    name: DalleName,
    *,
    pixels: np.ndarray | None = None,
    seed: int = 0,
    driver: str = "GTiff",
    compress: str | None = None,
    tiled: bool | int = False,
    tfw: bool = False,
    tags: bool = True,
    crs: Any = 2154,
    shift_m: tuple[float, float] = (0.0, 0.0),
    res_m: float = 0.05,
    rotation: float = 0.0,
    nodata: float | None = None,
    mask: np.ndarray | None = None,
    bands: int = 3,
    dtype: str = "uint8",
    **creation: Any,
) -> Path:
    """Writes a dalle as a producer would, and returns its path.

    Args:
        path: the file; what its name says is the caller's business.
        name: gives the place and the size.
        pixels: (h, w, bands); the ground's own pixels when None.
        seed: another ground.
        driver: "GTiff" or "JP2OpenJPEG" (lossless).
        compress: None, "lzw", "deflate" (both with predictor 2), "jpeg" (YCbCr, quality 90).
        tiled: 256 px blocks, or blocks of the size given; else strips.
        tfw: a world file beside it (.tfw or .j2w).
        tags: False: no georeference inside the file.
        crs: an EPSG code, anything that rasterio takes, or None.
        shift_m: what the georeference is wrong by, east and north.
        res_m: what the georeference says of the pixel.
        rotation: degrees by which the georeference is turned.
        nodata: the nodata tag.
        mask: (h, w) bool, True is valid: an internal mask.
        bands: more than three repeat the first ones.
        dtype: of the samples; values stay within 0..255.
        **creation: further creation options of GDAL.
    """
    if pixels is None:
        pixels = ground_pixels(name.x_m, name.y_m, name.size_px, name.size_px, seed)
    planes = np.moveaxis(pixels, 2, 0)[[band % pixels.shape[2] for band in range(bands)]].astype(dtype)
    along, across = res_m * math.cos(math.radians(rotation)), res_m * math.sin(math.radians(rotation))
    west, north = name.x_m + shift_m[0], name.y_m + shift_m[1]
    transform = Affine(along, across, west, across, -along, north)
    profile = {"height": planes.shape[1], "width": planes.shape[2], "count": bands, "dtype": dtype}
    if tags:
        profile |= {"transform": transform, "crs": f"EPSG:{crs}" if isinstance(crs, int) else crs}
    path.parent.mkdir(parents=True, exist_ok=True)
    options = _creation(driver, compress, tiled, tags) | creation
    with (
        warnings.catch_warnings(action="ignore", category=NotGeoreferencedWarning),
        rasterio.Env(GDAL_PAM_ENABLED=False, GDAL_TIFF_INTERNAL_MASK=True),
        rasterio.open(path, "w", driver=driver, nodata=nodata, **profile, **options) as dataset,
    ):
        dataset.write(planes)
        if mask is not None:
            dataset.write_mask(mask)
    if tfw:
        write_world_file(path.with_suffix(".j2w" if driver == "JP2OpenJPEG" else ".tfw"), transform)
    return path
