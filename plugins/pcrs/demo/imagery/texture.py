"""Noise of the ground, made once: four fields of different grain that lie fixed on the world's pixels.

The fine fields repeat every `PERIOD_PX` pixels; the patches do not repeat within the village.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pcrs.demo.imagery.materials import INDEX, MATERIALS

PERIOD_PX = 1024
_PATCH_CELLS = 640
"""The patches' field has one value every 2 m and reaches 140 m beyond the village on each side."""
_COARSE = 4
"""Patches change so slowly that one value for 4 x 4 pixels is exact."""
PATCH_STEP_M = 2.0
PATCH_MARGIN_M = 140.0

_STRIP = 125
"""Rows worked on at a time: small enough to stay in the processor's cache."""

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


def _tiled(field: NDArray[np.float64]) -> Noise:
    """The field in whole numbers, twice along each side."""
    return np.tile(_levels(field), (2, 2))


@lru_cache(maxsize=1)
def fine_fields() -> tuple[Noise, Noise, Noise]:
    """Grain, leaf and clump, (2 x PERIOD_PX, 2 x PERIOD_PX), so that any window is one slice."""
    grain = _band(PERIOD_PX, 1.8, 4.5, 1)
    leaf = 0.85 * _band(PERIOD_PX, 4.5, 11.0, 2) + 0.35 * _band(PERIOD_PX, 2.5, 5.0, 3)
    clump = _band(PERIOD_PX, 18.0, 64.0, 4)
    return _tiled(grain), _tiled(leaf), _tiled(clump)


@lru_cache(maxsize=1)
def _patch_image() -> Image.Image:
    wide = _band(_PATCH_CELLS, 12.0, 40.0, 5)
    middle = _band(_PATCH_CELLS, 4.0, 12.0, 6)
    field = wide * 0.75 + middle * 0.55
    return Image.fromarray((np.clip(field * 42.0, -127, 127) + 128).astype(np.uint8))


def patches(x_px: int, y_px: int, width: int, height: int) -> Noise:
    """The patches of a window; `x_px`, `y_px` count pixels from the village's north-west corner."""
    cell = PATCH_STEP_M / 0.05
    shift = PATCH_MARGIN_M / PATCH_STEP_M
    x0, y0 = x_px / cell + shift, y_px / cell + shift
    region = (x0, y0, x0 + width / cell, y0 + height / cell)
    coarse = (-(-width // _COARSE), -(-height // _COARSE))
    smooth = _patch_image().resize(coarse, Image.Resampling.BICUBIC, box=region)
    full = smooth.resize((width, height), Image.Resampling.NEAREST)
    return np.asarray(full).astype(np.int16) - 128


class _Tables(NamedTuple):
    """By number of material: colours, amounts of each texture, thresholds of gaps, what is below them."""

    colours: NDArray[np.uint8]
    amounts: tuple[bytes, ...]
    gaps: bytes
    below: NDArray[np.uint8]


@lru_cache(maxsize=1)
def _tables() -> _Tables:
    materials = list(MATERIALS.values())
    colours = np.zeros((256, 3), np.uint8)
    colours[: len(materials)] = [material[:3] for material in materials]
    amounts = [
        bytes(getattr(material, name) for material in materials).ljust(256, b"\0")
        for name in ("grain", "leaf", "clump", "patch", "warm")
    ]
    gaps = bytes(material.gaps for material in materials).ljust(256, b"\0")
    below = np.arange(256)
    for number, material in enumerate(materials):
        below[number] = INDEX.get(material.below, number)
    return _Tables(colours, tuple(amounts), gaps, colours[below])


def palette() -> list[int]:
    """Red, green, blue of every material, in the order of their numbers."""
    return _tables().colours.ravel().tolist()


def _amount(index: NDArray[np.uint8], table: bytes) -> Noise:
    values = np.frombuffer(index.tobytes().translate(table), np.uint8)
    return values.reshape(index.shape).astype(np.int16)


@lru_cache(maxsize=1)
def _ranks() -> NDArray[np.uint8]:
    """For each value of the leaf noise (shifted by 128): the share of the area below it, in 256ths."""
    leaf = fine_fields()[1][:PERIOD_PX, :PERIOD_PX]
    counts = np.bincount((leaf + 128).ravel(), minlength=256)
    return np.clip(np.cumsum(counts) * 256 // leaf.size, 1, 255).astype(np.uint8)


def _open_gaps(colour: Planes, index: NDArray[np.uint8], leaf: Noise) -> Planes:
    """`colour` with bare ground where thin plants leave it open."""
    tables = _tables()
    share = np.frombuffer(index.tobytes().translate(tables.gaps), np.uint8).reshape(index.shape)
    if not share.any():
        return colour
    thin = np.flatnonzero(share)
    rank = _ranks()[leaf.ravel()[thin] + 128]
    holes = thin[rank < share.ravel()[thin]]
    bare = tables.below[index.ravel()[holes]]
    for band in range(3):
        colour[band].ravel()[holes] = bare[:, band]
    return colour


def textured(colour: Planes, index: NDArray[np.uint8], x_px: int, y_px: int) -> Planes:
    """`colour` (3, h, w) with the texture of the materials in `index` (h, w), the window at x_px, y_px."""
    height, width = index.shape
    row, column = y_px % PERIOD_PX, x_px % PERIOD_PX
    window = np.s_[row : row + height, column : column + width]
    grain, leaf, clump = (field[window] for field in fine_fields())
    patch = patches(x_px, y_px, width, height)
    colour = _open_gaps(colour, index, leaf)
    amounts = _tables().amounts
    out = np.empty_like(colour)
    for top in range(0, height, _STRIP):
        part = np.s_[top : top + _STRIP]
        rows = np.ascontiguousarray(index[part])
        change = _amount(rows, amounts[0]) * grain[part]
        change += _amount(rows, amounts[1]) * leaf[part]
        change += _amount(rows, amounts[2]) * clump[part]
        change += _amount(rows, amounts[3]) * patch[part]
        change >>= 6
        np.clip(change, -120, 120, out=change)
        warm = (_amount(rows, amounts[4]) * patch[part]) >> 7
        for band, tint in enumerate((warm, warm >> 2, -(warm >> 1))):
            plane = colour[band, part].astype(np.int16)
            plane += (plane * change) >> 8
            plane += tint
            np.clip(plane, 0, 255, out=plane)
            out[band, part] = plane
    return out
