"""A whole département against four dalles: python -m tests.bench.departement [--dalles 5517] [--folder DIR].

Makes two sites with the same content and the structure of real ones: index, layer, records, pyramid and hot
dalles are complete; the files behind the names are a few, linked, so that every read is real and the disk
stays empty. Both are served at the same time and asked in turns. Then a patch of 200 m is received in the
large one: within its edition, and as a new edition.
"""

import argparse
import itertools
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from math import ceil, isqrt
from pathlib import Path

import simplejpeg
from rich.console import Console
from rich.table import Table

from pcrs.assembly import init_site, write_records
from pcrs.raster.build import tile_limits, touched
from pcrs.raster.cogfile import BLOCK, Level, cog_bytes
from pcrs.raster.rok4 import root_of, slab_file, write_descriptor
from pcrs.raster.slab import TILES, encode_slab
from pcrs.raster.slab_list import write_list
from pcrs.raster.tiff import HEADER, Entry, Kind, directory, directory_size, header
from pcrs.settings import load
from pcrs.standard.grid import LAMB93, tiles_covering
from pcrs.standard.names import DalleName, format_name
from pcrs.store import open_store
from pcrs.store.index import Dalle, Delivery, Index
from pcrs.work.project import project_dalles
from pcrs.work.site import Site
from tests.bench.startup import resident_mb
from tests.dalles import ground_pixels, hm_name, make_dalle
from tests.serving import end, free_port, start, wait_for

EDITION = "2025"
WEST, NORTH = 540_000, 6_430_000
LAYER = "PCRS_D046_RVB"
SIDE_PX = 20_000
MOST_LINKS = 60_000
"""ext4 gives a file no more than 65 000 names."""


def names(count: int) -> list[DalleName]:
    """Dalles of 1 km in a square."""
    across = isqrt(count - 1) + 1
    return [
        DalleName(2025, WEST + 1000 * (number % across), NORTH - 1000 * (number // across), 1000, "46")
        for number in range(count)
    ]


def cog(path: Path) -> None:
    """A full dalle of 1 km with overviews; one block everywhere."""
    pixels = ground_pixels(WEST, NORTH, BLOCK, BLOCK)
    block = simplejpeg.encode_jpeg(pixels, 90, "RGB", "420", fastdct=False)
    levels, side = [], SIDE_PX
    while True:
        levels.append(Level(side, side, [block] * ceil(side / BLOCK) ** 2))
        if side <= BLOCK:
            break
        side = ceil(side / 2)
    with path.open("wb") as file:
        file.writelines(cog_bytes(levels, (WEST, NORTH)))


def master(path: Path) -> None:
    """A full lossless dalle of 1 km: all blocks are the same bytes of the file."""
    block = zlib.compress(ground_pixels(WEST, NORTH, BLOCK, BLOCK).tobytes(), 1)
    count = ceil(SIDE_PX / BLOCK) ** 2

    def entries(at: int) -> list[Entry]:
        words = [(256, SIDE_PX), (257, SIDE_PX), (322, BLOCK), (323, BLOCK)]
        shorts = [(258, (8, 8, 8)), (259, (8,)), (262, (2,)), (277, (3,)), (284, (1,)), (339, (1, 1, 1))]
        found = [Entry(tag, Kind.LONG, (value,)) for tag, value in words]
        found += [Entry(tag, Kind.SHORT, values) for tag, values in shorts]
        places = [Entry(324, Kind.LONG, [at] * count), Entry(325, Kind.LONG, [len(block)] * count)]
        return sorted(found + places, key=lambda entry: entry.tag)

    at = HEADER + directory_size(entries(0))
    path.write_bytes(header(HEADER) + directory(entries(at), at=HEADER, next_at=0) + block)


def slab(path: Path) -> None:
    """A full slab."""
    tile = simplejpeg.encode_jpeg(ground_pixels(WEST, NORTH, 256, 256), 90, "RGB", "420", fastdct=False)
    path.write_bytes(encode_slab([tile] * TILES))


class Links:
    """Names for one file; a copy of it is made when it has as many as it may have."""

    def __init__(self, file: Path) -> None:
        self._file, self._count, self._copies = file, 0, 0

    def put(self, target: Path) -> None:
        if self._count == MOST_LINKS:
            self._copies += 1
            copy = self._file.with_name(f"{self._copies}-{self._file.name}")
            copy.write_bytes(self._file.read_bytes())
            self._file, self._count = copy, 0
        os.link(self._file, target)
        self._count += 1


def make_site(folder: Path, count: int, prototypes: Path) -> Site:
    """A published site of that many dalles."""
    site = init_site(folder, "46")
    settings = load(site.settings_file)
    dalles = names(count)
    hot, masters, slabs = (Links(prototypes / name) for name in ("hot.tif", "master.tif", "slab.tif"))
    for place in (site.hot, site.master):
        place(EDITION, "_").parent.mkdir(parents=True, exist_ok=True)
    for name in dalles:
        hot.put(site.hot(EDITION, format_name(name)))
        masters.put(site.master(EDITION, format_name(name)))
    boxes = [name.bbox for name in dalles]
    descriptor = site.pyramids / f"{LAYER}_{EDITION}.json"
    made: set[Path] = set()
    for one in itertools.chain.from_iterable(touched(boxes).values()):
        path = slab_file(root_of(descriptor), "DATA", one)
        if path.parent not in made:
            path.parent.mkdir(parents=True, exist_ok=True)
            made.add(path.parent)
        slabs.put(path)
    size = (prototypes / "hot.tif").stat().st_size
    with closing(Index(site.index_file)) as index, closing(open_store(site.features_url)) as store:
        index.add_delivery(Delivery("banc", "/banc", EDITION, "", "reçue", "2025-06-01T00:00:00+00:00"), ())
        rows = [
            Dalle(
                format_name(name), EDITION, "banc", "", name.x_m, name.y_m, 1000, "2025-04-01", "2025-06-01",
                "010", "0" * 64, "1" * 64, size, "2" * 64, size,
            )
            for name in dalles
        ]  # fmt: skip
        with index.transaction():
            index.accept(rows, [])
        index.set_state("banc", "publiée", at="2025-06-01T00:00:00+00:00")
        project_dalles(index, store, "46")
    write_descriptor(descriptor, tile_limits(boxes))
    write_list(root_of(descriptor))
    write_records(site, settings, validate=False)
    return site


@dataclass
class Asked:
    """A site that is served, and what it was measured to take."""

    site: Site
    count: int
    url: str = ""
    pid: int = 0
    startup: list[float] = field(default_factory=list)
    tile: list[float] = field(default_factory=list)
    coverage: list[float] = field(default_factory=list)
    rss: float = 0.0

    @contextmanager
    def served(self) -> Iterator[HTTPConnection]:
        """A connection to the site, served for as long as the block runs."""
        port = free_port()
        began = time.monotonic()
        process = start("serve", "--site", self.site.root, "--port", str(port))
        try:
            wait_for(f"http://127.0.0.1:{port}/healthz", process)
            self.startup.append(time.monotonic() - began)
            self.pid = process.pid
            yield HTTPConnection("127.0.0.1", port, timeout=60)
        finally:
            end(process)


def timed(connection: HTTPConnection, path: str) -> float:
    """Milliseconds until the whole answer is there."""
    began = time.perf_counter()
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    took = 1000 * (time.perf_counter() - began)
    if answer.status != 200:
        raise RuntimeError(f"{path}: {answer.status} {body[:200]!r}")
    return took


def tile_path(name: DalleName, chance: random.Random) -> str:
    """A tile of a dalle, at the finest level."""
    cells = tiles_covering(name.bbox, LAMB93.last_level)
    col, row = chance.randint(cells.min_col, cells.max_col), chance.randint(cells.min_row, cells.max_row)
    return f"/wmts/{LAYER}/2154_5cm/{LAMB93.last_level}/{col}/{row}.jpeg"


def coverage_path(name: DalleName, chance: random.Random) -> str:
    """1000 x 1000 pixels of a dalle."""
    x, y = name.x_m + chance.randint(0, 950), name.y_m - 50 - chance.randint(0, 950)
    crs = "http://www.opengis.net/def/crs/EPSG/0/2154"
    return f"/ogcapi/collections/ortho/coverage?bbox={x},{y},{x + 50},{y + 50}&bbox-crs={crs}&f=jpeg"


def ask(sites: list[Asked], rounds: int) -> None:
    """Every site is asked in turn, the same number of times."""
    chance = random.Random(46)
    for _ in range(2):
        for one in sites:
            with one.served():
                pass
    with sites[0].served() as first, sites[1].served() as second:
        connections = tuple(zip(sites, (first, second), strict=True))
        for number, (one, connection) in itertools.product(range(rounds), connections):
            dalles = names(one.count)
            tiles = [timed(connection, tile_path(chance.choice(dalles), chance)) for _ in range(100)]
            covers = [timed(connection, coverage_path(chance.choice(dalles), chance)) for _ in range(4)]
            if number:  # the first round opens what stays open
                one.tile += tiles
                one.coverage += covers
        for one in sites:
            one.rss = resident_mb(one.pid)


def patch(site: Site, folder: Path, edition: str, corner: tuple[int, int]) -> tuple[float, str]:
    """Seconds of `pcrs receive --accept` of one dalle of 200 m, and what it said."""
    name = hm_name(*corner)
    make_dalle(folder / edition / f"{format_name(name)}.tif", name, seed=7, compress="deflate")
    command = [sys.executable, "-m", "pcrs", "receive", folder / edition, "--site", site.root]
    began = time.monotonic()
    done = subprocess.run(
        [*command, "--edition", edition, "--accept"], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return time.monotonic() - began, done.stdout


def main() -> None:
    """Two tables."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--dalles", type=int, default=5517)
    options.add_argument("--rounds", type=int, default=8)
    options.add_argument("--folder", type=Path, help="where to work; a temporary one when not given")
    given = options.parse_args()
    console = Console(width=110)
    with tempfile.TemporaryDirectory(prefix="pcrs-bench-", dir=given.folder) as scratch:
        folder = Path(scratch)
        for make, name in ((cog, "hot.tif"), (master, "master.tif"), (slab, "slab.tif")):
            make(folder / name)
        sites = []
        for count in (4, given.dalles):
            began = time.monotonic()
            sites.append(Asked(make_site(folder / str(count), count, folder), count))
            console.print(f"{count} dalles : site prêt en {time.monotonic() - began:.0f} s")
        ask(sites, given.rounds)
        console.print(served_table(sites))
        table = Table("édition", "durée s", title=f"une dalle de 200 m reçue dans {given.dalles} dalles")
        west, north = WEST + 30_000, NORTH - 30_000
        for edition in (EDITION, "2026"):
            took, _ = patch(sites[1].site, folder / "patch", edition, (west + 300, north - 300))
            table.add_row(edition, f"{took:.1f}")
        console.print(table)


def served_table(sites: list[Asked]) -> Table:
    """What was measured, and the ratios."""
    few, many = sites
    table = Table("mesure", f"{few.count} dalles", f"{many.count} dalles", "rapport", title="servir")
    for label, unit, of in (
        ("démarrage", "s", lambda one: min(one.startup)),
        ("tuile p50", "ms", lambda one: statistics.median(one.tile)),
        ("couverture 1000 × 1000 p50", "ms", lambda one: statistics.median(one.coverage)),
    ):
        values = of(few), of(many)
        table.add_row(label, *(f"{value:.2f} {unit}" for value in values), f"{values[1] / values[0]:.2f}")
    table.add_row("mémoire", f"{few.rss:.0f} Mo", f"{many.rss:.0f} Mo", f"+{many.rss - few.rss:.0f} Mo")
    return table


if __name__ == "__main__":
    main()
