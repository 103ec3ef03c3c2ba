"""What a dalle looks like, in numbers and a small picture: one pass over its pixels, in bounded memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import rasterio
from PIL import Image
from rasterio.windows import Window

from pcrs.raster.open import BAND_ROWS, DalleFacts, facts, gdal_env, open_raster, read_planes
from pcrs.raster.sharpness import BLOCK_PX, EdgeCounter, Sharpness
from pcrs.raster.strips import Edges, luminance, save

THUMB_PX = 256
_BLOCKS_ACROSS = 16
"""Blocks whose sharpness is measured, in each band of rows: a twentieth of a 1 km dalle."""
_LEAST_EDGES = 60
_WEIGHTS = (0.299, 0.587, 0.114)
_WHITE, _BLACK = (178, 24, 43), (33, 64, 154)
"""Colours of pure white and pure black on their map."""


@dataclass(frozen=True, slots=True, eq=False)
class Inspection:
    """What was measured on one dalle. No-data pixels are left out, but in `nodata`."""

    facts: DalleFacts
    histogram: np.ndarray
    """(3, 256) int64: valid pixels by value, of red, green and blue."""
    nodata: int
    white: int
    """Valid pixels of 255, 255, 255."""
    black: int
    """Valid pixels of 0, 0, 0."""
    saturated: int
    """Valid pixels with 255 in one band at least."""
    sharpness: Sharpness | None
    """None: too few edges to tell."""
    thumb: bytes
    """A JPEG of at most the size asked for."""
    plain_map: bytes
    """A PNG of the same size, transparent but for pure black (blue) and pure white (red); empty: none."""

    @property
    def pixels(self) -> int:
        """Valid pixels."""
        return int(self.histogram[0].sum())

    @property
    def luminance(self) -> float | None:
        """Mean luminance, 0 to 255; None when no pixel is valid."""
        if not self.pixels:
            return None
        means = self.histogram @ np.arange(256) / self.pixels
        return float(np.dot(_WEIGHTS, means))

    @property
    def nodata_share(self) -> float:
        """From 0 to 1, of all pixels."""
        return self.nodata / (self.pixels + self.nodata)

    def share(self, count: int) -> float:
        """A count as a share of the valid pixels."""
        return count / self.pixels if self.pixels else 0.0


def inspect(path: Path, *, strips: Path | None = None, thumb_px: int = THUMB_PX) -> Inspection:
    """The measures of one dalle.

    Args:
        path: a readable RGB image of 8 bits.
        strips: the file that receives its four edges (`pcrs.raster.strips.load`).
        thumb_px: longest side of the pictures.

    Raises:
        RasterError: it cannot be opened, or a block cannot be read.
    """
    said = facts(path)
    with open_raster(path) as dataset, gdal_env():
        # The pictures have one pixel for each square of `factor` pixels: bands hold whole squares.
        factor = -(-max(dataset.width, dataset.height) // thumb_px)
        tally, edges = _Tally(factor), Edges(dataset.height, dataset.width)
        for window in _windows(dataset, factor * max(1, BAND_ROWS // factor)):
            planes, valid = read_planes(dataset, window)
            tally.add(planes, valid)
            edges.add(window.row_off, planes, valid)
    if strips is not None:
        save(edges.strips(), strips)
    return Inspection(
        facts=said,
        histogram=tally.histogram,
        nodata=tally.nodata,
        white=tally.white,
        black=tally.black,
        saturated=tally.saturated,
        sharpness=tally.edges.result(_LEAST_EDGES),
        thumb=_jpeg(np.concatenate(tally.thumbs)),
        plain_map=_map(np.concatenate(tally.maps)) if tally.white or tally.black else b"",
    )


def _windows(dataset: rasterio.DatasetReader, rows: int) -> Iterator[Window]:
    for row in range(0, dataset.height, rows):
        yield Window(0, row, dataset.width, min(rows, dataset.height - row))


class _Tally:
    """Sums and small pictures over the bands of an image."""

    def __init__(self, factor: int) -> None:
        self.histogram = np.zeros((3, 256), np.int64)
        self.nodata = self.white = self.black = self.saturated = 0
        self.edges = EdgeCounter()
        self.thumbs: list[np.ndarray] = []
        self.maps: list[np.ndarray] = []
        self._factor = factor

    def add(self, planes: np.ndarray, valid: np.ndarray | None) -> None:
        """Takes in one band: (3, h, w) uint8 and (h, w) bool, None for all valid."""
        colours = [Image.fromarray(plane) for plane in planes]
        mask = None if valid is None else Image.fromarray(valid.astype(np.uint8) * 255)
        self.histogram += np.array([colour.histogram(mask) for colour in colours])
        self.thumbs.append(np.asarray(Image.merge("RGB", colours).reduce(self._factor)))
        self._plain(planes, valid)
        self._sharpness(planes, valid)

    def _plain(self, planes: np.ndarray, valid: np.ndarray | None) -> None:
        darkest, brightest = np.minimum.reduce(planes), np.maximum.reduce(planes)
        white, black, saturated = darkest == 255, brightest == 0, brightest == 255
        if valid is not None:
            self.nodata += valid.size - int(np.count_nonzero(valid))
            for found in (white, black, saturated):
                found &= valid
        self.white += int(np.count_nonzero(white))
        self.black += int(np.count_nonzero(black))
        self.saturated += int(np.count_nonzero(saturated))
        self.maps.append(np.where(self._any(black), np.uint8(2), self._any(white).astype(np.uint8)))

    def _any(self, found: np.ndarray) -> np.ndarray:
        """True for each square of the small pictures in which something was found."""
        rows, columns = (np.arange(0, size, self._factor) for size in found.shape)
        if not found.any():
            return np.zeros((rows.size, columns.size), bool)
        squares: np.ndarray = np.logical_or.reduceat(np.logical_or.reduceat(found, rows, 0), columns, 1)
        return squares

    def _sharpness(self, planes: np.ndarray, valid: np.ndarray | None) -> None:
        """Blocks from the top of the band."""
        width = planes.shape[2]
        for column in range(0, width, max(BLOCK_PX, width // _BLOCKS_ACROSS)):
            block = np.s_[:BLOCK_PX, column : column + BLOCK_PX]
            if valid is None or valid[block].all():
                self.edges.add(luminance(planes[:, block[0], block[1]]))


def _jpeg(pixels: np.ndarray) -> bytes:
    with BytesIO() as file:
        Image.fromarray(pixels).save(file, "JPEG", quality=82)
        return file.getvalue()


def _map(kinds: np.ndarray) -> bytes:
    """0 nothing, 1 white, 2 black, as a PNG with a transparent ground."""
    image = Image.fromarray(kinds).convert("P")
    image.putpalette([255, 255, 255, *_WHITE, *_BLACK])
    with BytesIO() as file:
        image.save(file, "PNG", transparency=0, optimize=True)
        return file.getvalue()
