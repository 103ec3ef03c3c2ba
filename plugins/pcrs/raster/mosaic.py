"""The mosaic of dalles: who lies where, and reading across their edges."""

import math
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from rasterio import DatasetReader, Env
from rasterio.enums import MaskFlags, Resampling
from rasterio.errors import RasterioError
from rasterio.windows import Window as RasterWindow

from pcrs.errors import RasterError
from pcrs.raster.lattice import Pixels, Steps, Window, blank, native_size, on_lattice, read_box
from pcrs.raster.open import open_raster, read_planes
from pcrs.raster.remote import Remote
from pcrs.standard.crs import BBox
from pcrs.standard.grid import DALLE_RES_M, LAMB93

_CELL_M = 1000
"""Side of a cell of the index: a dalle of 1 km lies in one cell, of 200 m there are 25 to a cell. The Lot in
three editions (16 551 dalles) is indexed in 70 ms and 2 MB; cells of 200 m take 300 ms and 31 MB."""
_OPEN_PER_THREAD = 16
_CACHE_BYTES = 16 * 2**20
"""Blocks that GDAL keeps decoded while a mosaic is read: two rows of those under a slab of the pyramid. More
gains nothing measurable, and without a limit GDAL takes 5 % of the machine's memory in every process."""
_COARSEST = 12
"""Lattice pixels are 5 cm x 2**12 = 204.8 m at the most: beyond, dalles would fall between them."""


class Source(NamedTuple):
    """One dalle of a mosaic."""

    path: Path | Remote
    bbox: BBox
    """EPSG:2154, on whole pixels of 5 cm: what the dalle's name says."""
    rank: int
    """The higher lies on top."""


class Mosaic:
    """Dalles laid one over another: masters or hot COGs, of one edition or of several.

    The dalle of the highest rank shows where it is valid; the next shows through its no-data, and white where
    there is none. Safe for any number of threads: each has its own open datasets, 16 at the most.
    """

    def __init__(self, sources: Iterable[Source]) -> None:
        self.sources = tuple(sorted(sources, key=lambda source: (-source.rank, str(source.path))))
        """Topmost first."""
        self._cells: dict[tuple[int, int], list[int]] = {}
        self._open = _Datasets()
        for number, source in enumerate(self.sources):
            for cell in _cells(source.bbox):
                self._cells.setdefault(cell, []).append(number)
        self.bbox = _union(source.bbox for source in self.sources)
        """The box around all dalles; None when there is none."""

    def over(self, bbox: BBox) -> list[Source]:
        """The dalles that share an area with `bbox` (EPSG:2154, metres), topmost first."""
        if self.bbox is None or not self.bbox.intersects(bbox):
            return []
        columns, rows = bbox.width / _CELL_M + 1, bbox.height / _CELL_M + 1
        if columns * rows > len(self._cells):
            return [source for source in self.sources if source.bbox.intersects(bbox)]
        numbers = {number for cell in _cells(bbox) for number in self._cells.get(cell, ())}
        found = (self.sources[number] for number in sorted(numbers))
        return [source for source in found if source.bbox.intersects(bbox)]

    def read(self, bbox: BBox, size: tuple[int, int] | None = None) -> Pixels:
        """((h, w, 3) uint8, (h, w) bool valid) of `bbox` (EPSG:2154, metres); white where nothing is valid.

        Args:
            bbox: anywhere; on whole pixels of 5 cm the dalles' own pixels come back unchanged.
            size: width and height; None: pixels of 5 cm. Larger pixels are read from the dalles' overviews
                and averaged. Nobody here limits the size: the caller does.

        Raises:
            RasterError: a dalle cannot be read.
        """
        size = size or native_size(bbox)
        steps = (_step(bbox.width / size[0]), _step(bbox.height / size[1]))
        with Env(GDAL_CACHEMAX=_CACHE_BYTES):
            return read_box(lambda window: self._lay(window, steps), steps, bbox, size, self.bbox)

    def _lay(self, window: Window, steps: Steps) -> Pixels:
        """The dalles over a window of a lattice, laid from the top down until nothing is left to fill."""
        rgb, valid = blank(window.width, window.height)
        for source in self.over(_ground(window, steps)):
            self._fill(source, window, steps, rgb, valid)
        return rgb, valid

    def _fill(self, source: Source, window: Window, steps: Steps, rgb: np.ndarray, valid: np.ndarray) -> None:
        """Pixels of `source` where nothing valid is yet.

        Edges between lattice pixels go to the nearest one: dalles that touch share the edge, so they neither
        overlap nor part. Up to 0.8 m the edges of 100 m dalles lie on the lattice and nothing is moved.
        """
        edges = [round(edge) for edge in on_lattice(source.bbox, steps)]
        left, top = max(edges[0], window.col), max(edges[1], window.row)
        right, bottom = min(edges[2], window.col + window.width), min(edges[3], window.row + window.height)
        if left >= right or top >= bottom:
            return
        there = np.s_[top - window.row : bottom - window.row, left - window.col : right - window.col]
        if valid[there].all():
            return
        dataset = self._open.get(source.path)
        part = _in_file(dataset, source.bbox, Window(left, top, right - left, bottom - top), steps)
        if valid[there].any():
            over, seen = np.empty_like(rgb[there]), np.empty_like(valid[there])
            _read(dataset, part, over, seen)
            seen &= ~valid[there]
            np.copyto(rgb[there], over, where=seen[:, :, None])
            valid[there] |= seen
        else:
            _read(dataset, part, rgb[there], valid[there])


def _step(res_m: float) -> int:
    """The largest power of two of 5 cm pixels that is no larger than `res_m`."""
    power = math.floor(math.log2(res_m / DALLE_RES_M) + 1e-9)
    return 1 << min(max(power, 0), _COARSEST)


def _cells(bbox: BBox) -> Iterator[tuple[int, int]]:
    """The cells of the index that share an area with a box."""
    rows = range(math.floor(bbox.ymin / _CELL_M), math.ceil(bbox.ymax / _CELL_M))
    for col in range(math.floor(bbox.xmin / _CELL_M), math.ceil(bbox.xmax / _CELL_M)):
        for row in rows:
            yield col, row


def _union(boxes: Iterable[BBox]) -> BBox | None:
    around: BBox | None = None
    for box in boxes:
        around = box if around is None else around.union(box)
    return around


def _ground(window: Window, steps: Steps) -> BBox:
    """The box of a lattice window, EPSG:2154."""
    x_m, y_m = steps[0] * DALLE_RES_M, steps[1] * DALLE_RES_M
    left, top = LAMB93.origin_x + window.col * x_m, LAMB93.origin_y - window.row * y_m
    return BBox(left, top - window.height * y_m, left + window.width * x_m, top)


def _in_file(dataset: DatasetReader, bbox: BBox, window: Window, steps: Steps) -> RasterWindow:
    """A lattice window in the pixels of the file that covers `bbox`, clipped to them."""
    ground = _ground(window, steps)
    across, down = dataset.width / bbox.width, dataset.height / bbox.height
    left, right = (
        min(max(round((x - bbox.xmin) * across, 6), 0), dataset.width) for x in (ground.xmin, ground.xmax)
    )
    top, bottom = (
        min(max(round((bbox.ymax - y) * down, 6), 0), dataset.height) for y in (ground.ymax, ground.ymin)
    )
    return RasterWindow(left, top, right - left, bottom - top)


def _read(dataset: DatasetReader, part: RasterWindow, rgb: np.ndarray, valid: np.ndarray) -> None:
    """Fills `rgb` and `valid` from part of a file, white where it is not valid."""
    planes = rgb.transpose(2, 0, 1)
    if (round(part.height), round(part.width)) == valid.shape:
        _, seen = read_planes(dataset, RasterWindow(*map(round, part.flatten())), planes)
    else:
        seen = _read_reduced(dataset, part, planes)
    valid[...] = True if seen is None else seen
    if seen is not None:
        rgb[~seen] = 255


def _read_reduced(dataset: DatasetReader, part: RasterWindow, planes: np.ndarray) -> np.ndarray | None:
    """Fills `planes` (3, h, w) with larger pixels, and gives where half of each is valid (None: everywhere).

    GDAL takes the overview that fits, averages the rest, and leaves no-data out of the average.
    """
    average = {"window": part, "resampling": Resampling.average}
    try:
        dataset.read((1, 2, 3), out=planes, **average)
        if dataset.mask_flag_enums[0] == [MaskFlags.all_valid]:
            return None
        valid: np.ndarray = dataset.dataset_mask(out_shape=planes.shape[1:], **average) >= 128
    except RasterioError as error:
        name = Path(dataset.name).name
        raise RasterError(f"{name} : pixels illisibles ({error}) : refaire la dalle") from error
    return valid


class _Datasets(threading.local):
    """The datasets that a thread has open: GDAL's handles must not be shared."""

    def __init__(self) -> None:
        self._open: OrderedDict[Path | Remote, DatasetReader] = OrderedDict()

    def get(self, path: Path | Remote) -> DatasetReader:
        """The dataset of `path`; the one used longest ago is closed when there are too many."""
        dataset = self._open.get(path)
        if dataset is None:
            dataset = self._open[path] = open_raster(path, placed=False)
            if len(self._open) > _OPEN_PER_THREAD:
                self._open.popitem(last=False)[1].close()
        self._open.move_to_end(path)
        return dataset
