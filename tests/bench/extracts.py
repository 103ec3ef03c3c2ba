"""Thirty extracts at once beside tiles: python -m tests.bench.extracts [--clients 30] [--seconds 5].

A commune of 100 m by 100 m is asked for by all clients at the same moment, as GeoTIFF. Tiles are asked for
all the while, and at rest before: the share of the rate that is left, the processor time and the memory
of everything that `pcrs serve` started, and whether every file is right and goes.
"""

import argparse
import io
import json
import os
import tempfile
import threading
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from urllib.request import Request, urlopen

import rasterio
import shapely
from rich.console import Console
from rich.table import Table

from pcrs.assembly import load_communes
from pcrs.settings import load
from pcrs.standard.crs import transform_geometry
from pcrs.work.site import Site
from tests.bench.coverages import resident_mb
from tests.bench.ground import Ground, prepare
from tests.bench.load import Load, missing, session_cpu
from tests.bench.load import load as load_of
from tests.bench.peers import OURS
from tests.bench.tiles import started

_INSEE = "46042"
_SIDE_M = 100
_PATIENCE_S = 1800
_ASKED = {"inputs": {"commune": _INSEE, "formats": ["tif"]}}


def _sent(port: int, path: str, method: str = "GET", body: object = None) -> bytes:
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", "Prefer": "respond-async"}
    with urlopen(
        Request(f"http://127.0.0.1:{port}{path}", data, headers, method=method), timeout=60
    ) as answer:
        found: bytes = answer.read()
    return found


def extract(port: int) -> tuple[str, bytes]:
    """A job asked for, waited for and fetched: its path, and its file."""
    job = json.loads(_sent(port, "/ogcapi/processes/extraction/execution", "POST", _ASKED))
    path = f"/ogcapi/jobs/{job['jobID']}"
    until = time.monotonic() + _PATIENCE_S
    while (told := json.loads(_sent(port, path)))["status"] in ("accepted", "running"):
        if time.monotonic() > until:
            raise TimeoutError(f"{path}: {told}")
        time.sleep(0.5)
    if told["status"] != "successful":
        raise ValueError(f"{path}: {told}")
    link = json.loads(_sent(port, f"{path}/results"))["extrait"]["href"]
    return path, _sent(port, link[link.index("/ogcapi") :])


def right(archive: bytes) -> bool:
    """The archive is whole, and its image has the pixels of the commune."""
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        if packed.testzip() is not None:
            return False
        (name,) = (each for each in packed.namelist() if each.endswith(".tif"))
        with rasterio.open(io.BytesIO(packed.read(name))) as image:
            full = round(_SIDE_M / 0.05)
            return abs(image.width - full) < 50 and image.read(1, out_shape=(64, 64)).std() > 1


@contextmanager
def watched(session: int) -> Iterator[dict[str, float]]:
    """Processor seconds that a session takes in the block, and the most memory (MB) that it has."""
    told = {"cpu": -session_cpu(session), "mb": 0.0}
    stop = threading.Event()

    def look() -> None:
        while not stop.wait(0.2):
            told["mb"] = max(told["mb"], resident_mb(session))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield told
    finally:
        stop.set()
        thread.join()
        told["cpu"] += session_cpu(session)


def run(ground: Ground, *, clients: int, seconds: int) -> Table:
    """The figures of one run."""
    site = Site(ground.site)
    load_communes(site, load(site.settings_file), _commune(ground))
    with (
        tempfile.TemporaryDirectory(prefix="pcrs-bench-") as scratch,
        started([OURS], ground, Path(scratch)) as peers,
    ):
        peer = peers[0]
        session = peer.process.pid
        paths = Path(scratch) / "tiles.paths"
        paths.write_text("".join(f"{peer.path(tile)}\n" for tile in ground.tiles))

        def tiles(number: int) -> Load:
            return load_of(peer.port, paths, session, seconds=seconds, seed=number)

        tiles(0)
        idle = [tiles(number).rate for number in range(1, 4)]
        busy: list[float] = []
        began = time.monotonic()
        with watched(session) as told, ThreadPoolExecutor(clients) as hands:
            asked = [hands.submit(extract, peer.port) for _ in range(clients)]
            while not all(each.done() for each in asked):
                busy.append(tiles(10 + len(busy)).rate)
            made = [each.result() for each in asked]
        took = time.monotonic() - began
        good = sum(right(archive) for _, archive in made)
        for path, _ in made:
            _sent(peer.port, path, "DELETE")
        left = [each for each in site.job_folders.rglob("*") if each.is_file()]
    share = median(busy) / median(idle)
    table = Table("grandeur", "valeur", title=f"{clients} extraits d'une commune à la fois")
    for name, value in (
        ("tuiles/s au repos", f"{median(idle):.0f}"),
        ("tuiles/s pendant", f"{median(busy):.0f}"),
        ("part qui reste", f"{share:.2f}"),
        ("durée s", f"{took:.0f}"),
        ("processeurs occupés (serveur, extraits)", f"{told['cpu'] / took:.2f}"),
        ("mémoire au plus, Mo", f"{told['mb']:.0f}"),
        ("extraits justes", f"{good} / {clients}"),
        ("fichiers restés", str(len(left))),
    ):
        table.add_row(name, value)
    return table


def _commune(ground: Ground) -> Path:
    """A commune in the middle of the ground."""
    x, y = (ground.bbox.xmin + ground.bbox.xmax) / 2, (ground.bbox.ymin + ground.bbox.ymax) / 2
    half = _SIDE_M / 2
    square = transform_geometry(shapely.box(x - half, y - half, x + half, y + half), 2154, 4326)
    values = {"code_insee": _INSEE, "nom": "Commune du banc"}
    feature = {"type": "Feature", "properties": values, "geometry": shapely.geometry.mapping(square)}
    file = ground.folder / "commune.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
    return file


def main() -> None:
    """One run, in a table."""
    options = argparse.ArgumentParser(prog="python -m tests.bench.extracts", description=__doc__)
    folder = Path(tempfile.gettempdir()) / "pcrs-bench"
    options.add_argument("--folder", type=Path, default=folder, help="where the data is, or is made")
    options.add_argument("--side", type=int, choices=(200, 1000), default=200, help="of a dalle, metres")
    options.add_argument("--clients", type=int, default=30)
    options.add_argument("--seconds", type=int, default=5, help="of one measure of tiles")
    given = options.parse_args()
    console = Console(width=110)
    if why := missing():
        console.print(why)
        raise SystemExit(2)
    ground = prepare(given.folder / str(given.side), given.side)
    console.print(run(ground, clients=given.clients, seconds=given.seconds))
    console.print("load average: " + " ".join(f"{value:.1f}" for value in os.getloadavg()))


if __name__ == "__main__":
    main()
