"""Coverages: ours over HTTP beside a windowed read and an encoding in this process; a burst of large ones."""

import http.client
import os
import random
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles
from urllib.parse import urlencode

import numpy as np
import rasterio
import simplejpeg
from rasterio.io import MemoryFile
from rasterio.windows import from_bounds
from rich.table import Table

from pcrs.standard.crs import BBox
from pcrs.standard.grid import DALLE_RES_M
from tests.bench.ground import Ground
from tests.bench.load import session_processes
from tests.bench.peers import OURS
from tests.bench.tiles import started

_SIDE_PX = 1000
_LARGE_PX = 4096
_CLIENTS = 12
_TIMEOUT_S = 120
_PLAIN = {"driver": "GTiff", "count": 3, "dtype": "uint8", "crs": "EPSG:2154"}
_DEFLATE = {"compress": "deflate", "predictor": 2, "zlevel": 1, "tiled": True}


def boxes(ground: Ground, count: int, side_px: int) -> list[BBox]:
    """Squares on whole pixels, each within one dalle."""
    chance = random.Random(1)
    side_m = side_px * DALLE_RES_M
    dalle = ground.bbox.width / 2
    found = []
    for _ in range(count):
        dx, dy = (chance.randrange(int((dalle - side_m) / DALLE_RES_M)) * DALLE_RES_M for _ in range(2))
        xmin = ground.bbox.xmin + chance.randrange(2) * dalle + dx
        ymax = ground.bbox.ymax - chance.randrange(2) * dalle - dy
        found.append(BBox(xmin, ymax - side_m, xmin + side_m, ymax))
    return found


def address(box: BBox, form: str) -> str:
    """Where the native pixels of a box are."""
    crs = "http://www.opengis.net/def/crs/EPSG/0/2154"
    query = {"bbox": ",".join(f"{v:.2f}" for v in box), "bbox-crs": crs, "crs": crs, "f": form}
    return f"/ogcapi/collections/ortho/coverage?{urlencode(query)}"


def plain(ground: Ground, box: BBox) -> np.ndarray:
    """The pixels as rasterio reads them: (3, h, w)."""
    for path in ground.hot:
        with rasterio.open(path) as dataset:
            left, bottom, right, top = dataset.bounds
            if left <= box.xmin and box.xmax <= right and bottom <= box.ymin and box.ymax <= top:
                window = from_bounds(*box, transform=dataset.transform).round_offsets().round_lengths()
                return dataset.read(window=window)
    raise ValueError(f"no dalle holds {tuple(box)}")


def _jpeg(pixels: np.ndarray) -> bytes:
    return simplejpeg.encode_jpeg(np.ascontiguousarray(np.moveaxis(pixels, 0, 2)), quality=90)


def _tiff(pixels: np.ndarray, **how: object) -> bytes:
    _, height, width = pixels.shape
    with MemoryFile() as memory:
        with memory.open(height=height, width=width, **_PLAIN, **how) as out:
            out.write(pixels)
        return memory.read()


def single(ground: Ground, *, count: int = 30) -> Table:
    """One after the other: each box is read and encoded here, and asked of the service."""
    encoders: dict[str, tuple[str, Callable[[np.ndarray], bytes]]] = {
        "JPEG": ("jpeg", _jpeg),
        "GeoTIFF deflate": ("geotiff", lambda pixels: _tiff(pixels, **_DEFLATE)),
        "GeoTIFF sans compression": ("geotiff", _tiff),
    }
    table = Table(
        "forme",
        "pcrs p50 ms",
        "lecture + encodage ms",
        "rapport",
        title=f"couverture {_SIDE_PX} x {_SIDE_PX}",
    )
    with (
        tempfile.TemporaryDirectory(prefix="pcrs-bench-") as scratch,
        started([OURS], ground, Path(scratch)) as peers,
    ):
        for name, (form, encode) in encoders.items():
            ours, theirs = [], []
            for box in boxes(ground, count + 3, _SIDE_PX):
                began = time.perf_counter()
                encode(plain(ground, box))
                theirs.append(time.perf_counter() - began)
                began = time.perf_counter()
                _get(peers[0].port, address(box, form))
                ours.append(time.perf_counter() - began)
            here, there = median(ours[3:]) * 1000, median(theirs[3:]) * 1000
            table.add_row(name, f"{here:.1f}", f"{there:.1f}", f"{here / there:.2f}")
    return table


def burst(ground: Ground, *, seconds: int) -> Table:
    """Clients who ask for large coverages all the time, and what the others see meanwhile."""
    with (
        tempfile.TemporaryDirectory(prefix="pcrs-bench-") as scratch,
        started([OURS], ground, Path(scratch)) as peers,
    ):
        peer = peers[0]
        end = time.monotonic() + seconds
        answers: list[int] = []
        places = boxes(ground, 200, _LARGE_PX)

        def client(number: int) -> None:
            at = number
            while time.monotonic() < end:
                form = ("jpeg", "geotiff")[at % 2]
                answers.append(_get(peer.port, address(places[at % len(places)], form), also=(503,)))
                at += _CLIENTS

        clients = [threading.Thread(target=client, args=(number,)) for number in range(_CLIENTS)]
        for thread in clients:
            thread.start()
        waits, peak = [], 0.0
        while time.monotonic() < end:
            began = time.perf_counter()
            _get(peer.port, "/healthz")
            waits.append((time.perf_counter() - began) * 1000)
            peak = max(peak, resident_mb(peer.process.pid))
            time.sleep(0.02)
        for thread in clients:
            thread.join()
    title = f"{_CLIENTS} clients demandent {_LARGE_PX} x {_LARGE_PX} px"
    table = Table("réponses", "refus 503", "/healthz p50 ms", "p99 ms", "RSS Mo en tout", title=title)
    table.add_row(
        str(answers.count(200)),
        str(answers.count(503)),
        f"{median(waits):.1f}",
        f"{quantiles(waits, n=100)[98]:.1f}",
        f"{peak:.0f}",
    )
    return table


def _get(port: int, path: str, also: tuple[int, ...] = ()) -> int:
    """The status of an answer that was read to its end."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_S)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    if answer.status not in (200, *also):
        raise ValueError(f"{answer.status} for {path}: {body[:500]!r}")
    return answer.status


def resident_mb(session: int) -> float:
    """Memory of the processes of a session, MB."""
    page = os.sysconf("SC_PAGE_SIZE")
    pages = 0
    for pid in session_processes(session):
        try:
            pages += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
    return pages * page / 2**20
