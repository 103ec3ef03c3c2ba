"""Noise of the ground, made once: four fields of different grain that lie fixed on the world's pixels.

The fine fields repeat every `PERIOD_PX` pixels; the patches do not repeat within the village.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pcrs.demo.materials import MATERIALS, Material

PERIOD_PX = 1024
_PATCH_CELLS = 640
"""The patches' field has one value every 2 m and reaches 140 m beyond the village on each side."""
PATCH_STEP_M = 2.0
PATCH_MARGIN_M = 140.0

Noise = NDArray[np.int16]
Planes = NDArray[np.uint8]


def _band(size: int, low: float, high: float, seed: int) -> NDArray[np.float64]:
    """Periodic noise of wavelengths from `low` to `high` pixels, standard deviation 1."""
    rng = np.random.default_rng(seed)
    spectrum = np.fft.rfft2(rng.standard_normal((size, size)))
    fy, fx = np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None, :]
    frequency = np.hypot(fx, fy)
    centre, width = 2.0 / (low + high), (1.0 / low - 1.0 / high) / 2
    spectrum *= np.exp(-0.5 * ((frequency - centre) / width) ** 2)
    field = np.fft.irfft2(spectrum, s=(size, size))
    return np.asarray(field / field.std(), float)


def _levels(field: NDArray[np.float64]) -> Noise:
    """The field in whole numbers, 42 for one standard deviation."""
    return np.clip(np.rint(field * 42.0), -127, 127).astype(np.int16)


@lru_cache(maxsize=1)
def fine_fields() -> tuple[Noise, Noise, Noise]:
    """Grain, leaf and clump, (2 x PERIOD_PX, 2 x PERIOD_PX), so that any window is one slice."""
    grain = _band(PERIOD_PX, 1.6, 4.0, 1)
    leaf = 0.75 * _band(PERIOD_PX, 4.5, 11.0, 2) + 0.5 * _band(PERIOD_PX, 2.0, 5.0, 3)
    clump = _band(PERIOD_PX, 18.0, 64.0, 4)
    return tuple(np.tile(_levels(f), (2, 2)) for f in (grain, leaf, clump))  # type: ignore[return-value]


@lru_cache(maxsize=1)
def _patch_image() -> Image.Image:
    wide = _band(_PATCH_CELLS, 12.0, 40.0, 5)
    middle = _band(_PATCH_CELLS, 4.0, 12.0, 6)
    field = wide * 0.75 + middle * 0.55
    return Image.fromarray((np.clip(field * 42.0, -127, 127) + 128).astype(np.uint8))


def patches(x_px: int, y_px: int, width: int, height: int) -> Noise:
    """The patches of a window; `x_px`, `y_px` count pixels east and south of the village's north-west corner."""
    cell = PATCH_STEP_M / 0.05
    shift = PATCH_MARGIN_M / PATCH_STEP_M
    x0, y0 = x_px / cell + shift, y_px / cell + shift
    region = (x0, y0, x0 + width / cell, y0 + height / cell)
    smooth = _patch_image().resize((width, height), Image.Resampling.BICUBIC, box=region)
    return np.asarray(smooth).astype(np.int16) - 128


@lru_cache(maxsize=1)
def _tables() -> tuple[list[int], tuple[bytes, ...]]:
    """The palette, and one table of amounts for each kind of texture."""
    palette = [value for material in MATERIALS.values() for value in material[:3]]
    amounts = []
    for name in Material._fields[3:]:
        row = bytes(getattr(material, name) for material in MATERIALS.values())
        amounts.append(row.ljust(256, b"\0"))
    return palette, tuple(amounts)


def palette() -> list[int]:
    """Red, green, blue of every material, in the order of their numbers."""
    return _tables()[0]


def _amount(index: NDArray[np.uint8], table: bytes) -> Noise:
    values = np.frombuffer(index.tobytes().translate(table), np.uint8)
    return values.reshape(index.shape).astype(np.int16)


def textured(colour: Planes, index: NDArray[np.uint8], x_px: int, y_px: int) -> Planes:
    """`colour` (3, h, w) with the texture of the materials in `index` (h, w), for the window at x_px, y_px."""
    height, width = index.shape
    row, column = y_px % PERIOD_PX, x_px % PERIOD_PX
    window = np.s_[row : row + height, column : column + width]
    grain, leaf, clump = (field[window] for field in fine_fields())
    patch = patches(x_px, y_px, width, height)
    tables = _tables()[1]
    change = _amount(index, tables[0]) * grain
    change += _amount(index, tables[1]) * leaf
    change += _amount(index, tables[2]) * clump
    change += _amount(index, tables[3]) * patch
    change >>= 6
    warm = (_amount(index, tables[4]) * patch) >> 7
    out = np.empty_like(colour)
    for band, tint in enumerate((warm, warm >> 2, -(warm >> 1))):
        plane = colour[band].astype(np.int16)
        plane += (plane * np.clip(change, -120, 120)) >> 8
        plane += tint
        np.clip(plane, 0, 255, out=plane)
        out[band] = plane
    return out
