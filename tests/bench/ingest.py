"""What it costs to take dalles in: python -m tests.bench.ingest [--side 1000] [--dalles 8] [--folder DIR].

Makes synthetic dalles, uncompressed in strips as producers deliver them, and measures beside each other, in
one run: what libjpeg-turbo alone needs to encode one dalle with its overviews (the floor), what pcrs needs
for the hot COG and the pyramid of the same dalle, and `pcrs receive --accept` of all of them with one worker
and with two. CPU seconds are user and system; the peak of memory is that of the largest process.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import simplejpeg
from rasterio.transform import Affine
from rasterio.windows import Window
from rich.console import Console
from rich.table import Table

from pcrs.assembly import init_site
from pcrs.raster.build import build_base_slab, touched
from pcrs.raster.cog import HotEncoder, place_hot
from pcrs.raster.cogfile import BLOCK
from pcrs.raster.cuts import cutting, read_cut
from pcrs.raster.halving import halve
from pcrs.raster.master import write_master
from pcrs.raster.mosaic import Mosaic, Source
from pcrs.raster.open import bands, gdal_env, open_raster, read_planes, read_rgb
from pcrs.raster.rok4 import place_slab, read_slab
from pcrs.raster.upper import build_upper_slab
from pcrs.standard.names import DalleName, format_name
from tests.dalles import ground_pixels

QUALITY = 90
ROWS = 500
ROUNDS = 3
Measure = tuple[float, float]
"""CPU seconds, and MB of memory at the peak of the process."""


def name_of(number: int, side: int) -> DalleName:
    """Dalles side by side, four to a row."""
    west, north = 576_000 + side * (number % 4), 6_373_000 - side * (number // 4)
    return DalleName(2025, west, north, side, "46" if side == 1000 else "")


def make(folder: Path, name: DalleName) -> Path:
    """The dalle as it is delivered."""
    path = folder / f"{format_name(name)}.tif"
    transform = Affine(0.05, 0, name.x_m, 0, -0.05, name.y_m)
    side = name.size_px
    form = {"count": 3, "dtype": "uint8", "crs": "EPSG:2154", "transform": transform, "interleave": "pixel"}
    with rasterio.open(path, "w", driver="GTiff", width=side, height=side, **form) as dataset:
        for row in range(0, side, ROWS):
            pixels = ground_pixels(name.x_m, name.y_m - row * 0.05, side, ROWS)
            dataset.write(pixels.transpose(2, 0, 1), window=Window(0, row, side, ROWS))
    return path


class Clock:
    """CPU seconds of this process while it is entered."""

    def __init__(self) -> None:
        self.seconds = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        began = time.process_time()
        yield
        self.seconds += time.process_time() - began

    def told(self) -> Measure:
        return self.seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def floor(master: Path) -> Measure:
    """Every block of every resolution encoded once; nothing else is counted."""
    clock = Clock()
    with open_raster(master) as dataset:
        pixels, _ = read_rgb(dataset)
    while True:
        height, width = pixels.shape[:2]
        for row in range(0, height, BLOCK):
            for col in range(0, width, BLOCK):
                block = np.ascontiguousarray(pixels[row : row + BLOCK, col : col + BLOCK])
                with clock.running():
                    simplejpeg.encode_jpeg(block, QUALITY, "RGB", "420", fastdct=False)
        if max(height, width) <= BLOCK:
            return clock.told()
        pixels = np.concatenate(
            [halve(pixels[row : row + BLOCK], None)[0] for row in range(0, height, BLOCK)]
        )


def master_alone(source: Path, name: DalleName, folder: Path) -> Measure:
    """The master written and read back."""
    clock = Clock()
    with gdal_env(), clock.running():
        write_master(source, folder / "alone.tif", name)
    return clock.told()


def decode(master: Path) -> Measure:
    """The master read once: what the read-back costs, which hot COG and pyramid share."""
    clock = Clock()
    with clock.running(), gdal_env(), open_raster(master) as dataset:
        planes = np.empty((3, BLOCK, dataset.width), np.uint8)
        rgb = np.empty((BLOCK, dataset.width, 3), np.uint8)
        for window in bands(dataset, BLOCK):
            read_planes(dataset, window, planes[:, : window.height])
            for channel, plane in enumerate(planes):
                rgb[:, :, channel] = plane
    return clock.told()


def hot_and_cuts(source: Path, name: DalleName, folder: Path) -> Measure:
    """The hot COG and the cuts, made while the master is read back; only they are counted."""
    clock = Clock()
    hot = HotEncoder(name.size_px, name.size_px, QUALITY)
    with cutting(folder / "cuts", name.bbox, QUALITY) as cutter:

        def look(rgb: np.ndarray, valid: np.ndarray | None) -> None:
            with clock.running():
                hot.push(rgb, valid)
                cutter.push(rgb, valid)

        write_master(source, folder / "master.tif", name, look)
        with clock.running():
            cutter.end()
    with clock.running():
        place_hot(hot, (name.bbox.xmin, name.bbox.ymax), folder / "hot.tif")
    return clock.told()


def base_slabs(name: DalleName, folder: Path, cuts: bool) -> Measure:
    """The slabs of the finest level."""
    clock = Clock()
    mosaic = Mosaic([Source(folder / "master.tif", name.bbox, 0)])
    cut = folder / "cuts" if cuts else folder / "none"
    for slab in sorted(touched([name.bbox])[22]):
        with clock.running():
            files = build_base_slab(mosaic, slab, quality=QUALITY, cuts=lambda _, slab: read_cut(cut, slab))
            place_slab(folder / "pyramid", slab, files)
    return clock.told()


def upper_slabs(name: DalleName, folder: Path) -> Measure:
    """All slabs above."""
    clock = Clock()
    root = folder / "pyramid"
    for level, slabs in touched([name.bbox]).items():
        for slab in sorted(slabs) if level < 22 else ():
            with clock.running():
                place_slab(
                    root, slab, build_upper_slab(lambda child: read_slab(root, child), slab, quality=QUALITY)
                )
    return clock.told()


def alone(work: Callable[..., Measure], *given: Any) -> Measure:
    """The measure, in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *given).result()


def one_dalle(folder: Path, side: int) -> Table:
    """The cost of one dalle, in floors.

    Each measure is the best of three rounds, the floor's too: other processes on the machine disturb a round,
    not one line of it.
    """
    name = name_of(0, side)
    source = make(folder, name)
    written, counted = "(à part) master écrit et relu", "(à part) blocs du niveau 22 sans découpes"
    floor_line = "plancher : simplejpeg, aperçus compris"
    works: dict[str, tuple[Callable[..., Measure], tuple[Any, ...]]] = {
        written: (master_alone, (source, name, folder)),
        floor_line: (floor, (folder / "alone.tif",)),
        "master décodé une fois (relecture)": (decode, (folder / "alone.tif",)),
        "COG compressé + découpes": (hot_and_cuts, (source, name, folder)),
        "blocs du niveau 22, avec découpes": (base_slabs, (name, folder, True)),
        "blocs des niveaux au-dessus": (upper_slabs, (name, folder)),
        counted: (base_slabs, (name, folder, False)),
    }
    measured: dict[str, Measure] = {}
    for label in list(works) * ROUNDS:
        work, given = works[label]
        measured[label] = min(alone(work, *given), measured.get(label, (float("inf"), 0.0)))
    aside = {label: measured.pop(label) for label in (written, counted)}
    unit, _ = measured[floor_line]
    parts = [measured[label] for label in measured if label != floor_line]
    measured["COG compressé + pyramide, décodage compris"] = (
        sum(cpu for cpu, _ in parts),
        max(rss for _, rss in parts),
    )
    table = Table("étape", "CPU s", "× plancher", "RSS Mo", title=f"une dalle de {side} m")
    for step, (cpu, rss) in (measured | aside).items():
        table.add_row(step, f"{cpu:.2f}", f"{cpu / unit:.2f}", f"{rss:.0f}")
    return table


def whole_receive(folder: Path, side: int, count: int) -> Table:
    """`pcrs receive --accept` of all dalles, by the number of workers."""
    delivery = folder / "delivery"
    delivery.mkdir()
    for number in range(count):
        make(delivery, name_of(number, side))
    table = Table("ouvriers", "durée s", "accélération", "CPU s", "RSS Mo du plus gros processus")
    table.title = f"receive --accept de {count} dalles de {side} m"
    first = 0.0
    for workers in (1, 2):
        site = init_site(folder / f"site{workers}", "46")
        command = [
            sys.executable,
            "-m",
            "pcrs",
            "receive",
            delivery,
            "--site",
            site.root,
            "--edition",
            "2025",
        ]
        began = time.monotonic()
        process = subprocess.Popen(
            [*command, "--accept", "--workers", str(workers)], stderr=subprocess.DEVNULL
        )
        _, status, used = os.wait4(process.pid, 0)
        if status:
            raise RuntimeError(f"pcrs receive ended with {os.waitstatus_to_exitcode(status)}")
        wall = time.monotonic() - began
        first = first or wall
        cpu, peak = used.ru_utime + used.ru_stime, f"{used.ru_maxrss / 1024:.0f}"
        table.add_row(str(workers), f"{wall:.1f}", f"{first / wall:.2f}", f"{cpu:.1f}", peak)
        shutil.rmtree(site.root)
    return table


def main() -> None:
    """The two tables."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--side", type=int, choices=(200, 1000), default=1000, help="of a dalle, metres")
    options.add_argument("--dalles", type=int, default=8, help="how many are received; 0: none")
    options.add_argument("--folder", type=Path, help="where to work; a temporary one when not given")
    given = options.parse_args()
    console = Console(width=110)
    with tempfile.TemporaryDirectory(prefix="pcrs-bench-", dir=given.folder) as scratch:
        console.print(one_dalle(Path(scratch), given.side))
        if given.dalles:
            console.print(whole_receive(Path(scratch), given.side, given.dalles))


if __name__ == "__main__":
    main()
