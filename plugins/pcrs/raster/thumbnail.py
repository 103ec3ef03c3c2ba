"""A small picture of an image, and where it is: what a catalogue shows while the image is away."""

from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image
from rasterio.enums import Resampling
from rasterio.errors import RasterioError

from pcrs.errors import RasterError
from pcrs.raster.open import MAX_BLOCK_PX, facts, gdal_env, open_raster
from pcrs.standard.crs import L93, BBox, transform_bbox

THUMB_PX = 256
_QUALITY = 75
_MOST_PX = 600_000_000
"""Images without overviews that have more pixels get no picture: it would cost more than to keep them."""


def picture(path: Path) -> bytes:
    """A JPEG of `THUMB_PX` at most on its longer side; empty when the file gives none at a small cost.

    One band is grey, more are the first three; depths beyond 8 bits are stretched between their 1st and 99th
    percentiles. Pixels are picked, not averaged.
    """
    try:
        with gdal_env(), open_raster(path) as dataset:
            rows, cols = dataset.block_shapes[0]
            small = bool(dataset.overviews(1)) or dataset.width * dataset.height <= _MOST_PX
            if not small or rows * cols > MAX_BLOCK_PX:
                return b""
            scale = min(1.0, THUMB_PX / max(dataset.width, dataset.height))
            shape = max(1, round(dataset.height * scale)), max(1, round(dataset.width * scale))
            bands = (1, 2, 3) if dataset.count >= 3 else (1,)
            pixels = dataset.read(bands, out_shape=(len(bands), *shape), resampling=Resampling.nearest)
    except (RasterError, RasterioError):
        return b""
    return _jpeg(_eight_bits(pixels))


def place_of(path: Path) -> BBox | None:
    """The box of a georeferenced image, EPSG:2154, metres; None when it has none, or is no image."""
    try:
        told = facts(path)
        if told.bbox is None or told.epsg is None:
            return None
        return told.bbox if told.epsg == L93 else transform_bbox(told.bbox, told.epsg, L93)
    except RasterError:
        return None


def _eight_bits(pixels: np.ndarray) -> np.ndarray:
    """(bands, h, w) of any type as (h, w, bands) uint8."""
    if pixels.dtype != np.uint8:
        values = pixels.astype(np.float32)
        finite = values[np.isfinite(values)]
        low, high = np.percentile(finite, (1, 99)) if finite.size else (0.0, 1.0)
        spread = max(float(high - low), 1e-6)
        pixels = np.nan_to_num((values - low) / spread * 255).clip(0, 255).astype(np.uint8)
    return np.ascontiguousarray(pixels.transpose(1, 2, 0))


def _jpeg(pixels: np.ndarray) -> bytes:
    image = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    with BytesIO() as file:
        image.save(file, "JPEG", quality=_QUALITY)
        return file.getvalue()
