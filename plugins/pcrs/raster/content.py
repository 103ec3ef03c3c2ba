"""What the pixels of a file are: every block decoded once, counted, and let go."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import rasterio
from rasterio.windows import Window

from pcrs.errors import RasterError
from pcrs.raster.open import bands, check_readable, gdal_env, read_planes

_GDAL_LOG = logging.getLogger("rasterio._err")
_DAMAGE = "Corrupt JPEG data"
"""How libjpeg begins to say that it went on with what it could make out."""
_HARMLESS = "extraneous bytes"


@dataclass(frozen=True, slots=True)
class Fault:
    """A block that cannot be read, or not as it was written."""

    row: int
    col: int
    reason: str


@dataclass(frozen=True, slots=True)
class Content:
    """The pixels of a file, counted. After a fault, of the part before it."""

    pixels: int
    nodata: int
    white: int
    """Valid pixels of 255, 255, 255."""
    black: int
    """Valid pixels of 0, 0, 0."""
    constant: bool
    """True when all valid pixels are alike, or when none is valid."""
    fault: Fault | None

    @property
    def nodata_share(self) -> float:
        """From 0 to 1."""
        return self.nodata / self.pixels if self.pixels else 0.0


class _Count:
    """Sums over the bands of an image."""

    def __init__(self) -> None:
        self.pixels = self.nodata = self.white = self.black = 0
        self.first: np.ndarray | None = None
        self.constant = True

    def add(self, planes: np.ndarray, valid: np.ndarray | None) -> None:
        """Takes in one band: (3, h, w) uint8 and (h, w) bool, None for all valid."""
        size = planes[0].size
        self.pixels += size
        full = np.bitwise_and.reduce(planes) == 255
        empty = np.bitwise_or.reduce(planes) == 0
        if valid is not None:
            self.nodata += size - int(np.count_nonzero(valid))
            full &= valid
            empty &= valid
        self.white += int(np.count_nonzero(full))
        self.black += int(np.count_nonzero(empty))
        if self.constant:
            self._compare(planes.reshape(3, -1) if valid is None else planes[:, valid])

    def _compare(self, seen: np.ndarray) -> None:
        """Compares with the first pixel of all; no longer called once one differs."""
        if not seen.size:
            return
        if self.first is None:
            self.first = seen[:, :1].copy()
        self.constant = bool((seen == self.first).all())


def survey(dataset: rasterio.DatasetReader) -> Content:
    """Every pixel decoded and counted, at the decoder's speed, in bounded memory.

    It stops at the first block that cannot be read: `fault` is its upper left pixel.

    Raises:
        RasterError: this is no RGB image of 8 bits.
    """
    check_readable(dataset)
    count, fault = _Count(), None
    with gdal_env(), _gdal_warnings() as said:
        out: np.ndarray | None = None
        for window in bands(dataset):
            if out is None or out.shape[1] != window.height:
                out = np.empty((3, window.height, window.width), np.uint8)
            try:
                planes, valid = read_planes(dataset, window, out)
            except RasterError as error:
                fault = _first_fault(dataset, window, error)
                break
            if said:
                fault = Fault(window.row_off, 0, said[0])
                break
            count.add(planes, valid)
    return Content(count.pixels, count.nodata, count.white, count.black, count.constant, fault)


def _first_fault(dataset: rasterio.DatasetReader, band: Window, error: RasterError) -> Fault:
    """The first block of a band that cannot be read, with the decoder's own words."""
    reason = str(getattr(error.__cause__, "__cause__", None) or error)
    height, width = dataset.block_shapes[0]
    for row in range(band.row_off - band.row_off % height, band.row_off + band.height, height):
        for col in range(0, dataset.width, width):
            window = Window(col, row, min(width, dataset.width - col), min(height, dataset.height - row))
            try:
                read_planes(dataset, window)
            except RasterError:
                return Fault(row, col, reason)
    return Fault(band.row_off, 0, reason)


class _Damage(logging.Handler):
    """Collects what libjpeg says of damage in one thread."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if record.thread == self._thread and _DAMAGE in text and _HARMLESS not in text:
            self.said.append(text)


@contextmanager
def _gdal_warnings() -> Iterator[list[str]]:
    """What GDAL only warns of: a damaged JPEG block comes out grey, without an error."""
    handler = _Damage()
    _GDAL_LOG.addHandler(handler)
    try:
        yield handler.said
    finally:
        _GDAL_LOG.removeHandler(handler)
