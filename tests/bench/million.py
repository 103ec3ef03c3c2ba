"""Custody of ever more objects: the memory of each work of it, and the time of a page of what users search.

`python -m tests.bench.million [--objects 10000 100000 1000000] [--at FOLDER]`. Each work is a process of its
own, so that its most memory is its own. Copies are made up, and give their bytes back when they are read.
"""

import argparse
import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from pathlib import Path

from rich.console import Console

from pcrs.archive.bag import declaration
from pcrs.archive.target import MARK, Place
from pcrs.archiving import catalogue
from pcrs.assembly import features_of
from pcrs.blobs import Listed, Seen
from pcrs.settings import load
from pcrs.store.base import Query
from pcrs.store.inventory import Inventory
from pcrs.store.inventory_schema import ArchiveObject, Bag, Copy, Entry
from pcrs.store.inventory_tally import count_all
from pcrs.work.custody.keeping import Keeping
from pcrs.work.custody.lifecycle import LetGo, let_go
from pcrs.work.custody.verify import Wanted, verify
from pcrs.work.layers import ARCHIVES
from pcrs.work.site import Site
from tests.archives import custody, site_with, table
from tests.bench.features import resident_mb
from tests.serving import end, free_port, start, wait_for

BAG, BATCH, READ, PAGE = 10_000, 5_000, 20_000, 100
OLD, NOW = "2025-01-01T00:00:00+00:00", "2026-11-28T00:00:00+00:00"
PLACES = {"nas": ("nas", False), "bande": ("bande", True), "objet": ("objet", False)}
WORKS = ("fill", "copies", "verify", "lifecycle", "catalogue", "pages")


def content(n: int) -> bytes:
    return f"cliché {n}\n".encode()


def bag_of(n: int) -> str:
    return f"figeac-20250101-{n // BAG:04d}"


def key_of(n: int) -> str:
    return f"{bag_of(n)}/data/clichés/{n:07d}.tif"


class Shelf:
    """A target that holds the copies of so many objects, which nothing disturbs."""

    def __init__(self, name: str, count: int) -> None:
        self.url, self.count = name, count

    def head(self, key: str) -> Seen | None:
        return Seen(1, "", datetime(2026, 1, 1, tzinfo=UTC)) if key == MARK else None

    def list(self, prefix: str = "") -> Iterator[Listed]:
        when = datetime(2026, 1, 1, tzinfo=UTC)
        for n in range(self.count):
            if n % BAG == 0:
                yield Listed(f"{bag_of(n)}/bagit.txt", Seen(len(declaration()), "", when))
            yield Listed(key_of(n), Seen(len(content(n)), "", when))

    def chunks(self, key: str) -> Iterator[bytes]:
        yield declaration() if key.endswith("bagit.txt") else content(int(key[-11:-4]))

    def delete(self, key: str) -> None:
        assert key.startswith(bag_of(0))

    def close(self) -> None:
        pass


def fill(site: Site, count: int) -> str:
    with closing(Inventory(site.inventory_file)) as inventory:
        if inventory.count() == count:
            return "as it was"
        assert inventory.count() == 0, f"{site.root} is half filled: take it away"
        with resting(inventory):
            _rows(inventory, count)
        return f"{site.inventory_file.stat().st_size / 1e6:.0f} MB on disk"


@contextmanager
def resting(inventory: Inventory) -> Iterator[None]:
    """Indexes and triggers are away during the block, and made again at its end: random keys come slowly."""
    db = inventory._db
    db.execute("PRAGMA cache_size = -400000")
    found = db.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE type IN ('index', 'trigger')"
    ).fetchall()
    made = [row for row in found if row["sql"]]
    for row in made:
        db.execute(f"DROP {row['type']} {row['name']}")
    yield
    for row in made:
        db.execute(row["sql"])
    db.execute("INSERT OR IGNORE INTO untold SELECT id, 0 FROM object")
    count_all(db)


def _rows(inventory: Inventory, count: int) -> None:
    told = json.dumps({"bagit.txt": sha256(declaration()).hexdigest()})
    for start_at in range(0, count, BATCH):
        known = [_object(n) for n in range(start_at, min(start_at + BATCH, count))]
        with inventory.transaction():
            inventory.add_objects(one for _, one in known)
            bag = Bag(bag_of(start_at), "Figeac", "/x", OLD, "clos")
            inventory.bags.plan(bag, [Entry(bag.name, o.name, o.bytes, "1", "/x", o.id) for _, o in known])
            for target in PLACES:
                inventory.put_copies(
                    Copy(target, key_of(n), o.id, bag.name, "vérifiée", NOW, NOW) for n, o in known
                )
                closed_at = OLD if start_at < BAG else NOW
                inventory.bags.close_on(bag.name, target, closed_at, told)


def _object(n: int) -> tuple[int, ArchiveObject]:
    digest = sha256(content(n)).hexdigest()
    x, y = 540_000.0 + 10 * (n % 1000), 6_360_000.0 + 10 * (n // 1000)
    name, size = f"clichés/{n:07d}.tif", len(content(n))
    place = (x, y, x + 100, y + 100)
    told = (digest[:24], "Figeac", name, "cliche", "aplc", size, digest, "image/tiff", NOW, "2025-04-12")
    return n, ArchiveObject(*told, "", 0, *place)


def _shelved(held: Keeping, count: int) -> Keeping:
    """The same custody, whose targets are shelves."""
    places = {
        name: Place(name, medium, offsite, Shelf(name, count)) for name, (medium, offsite) in PLACES.items()
    }
    return replace(held, places=places)


def copies(site: Site, count: int) -> str:
    command = [sys.executable, "-m", "pcrs", "copies", "--json", "--site", str(site.root)]
    told = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    assert told["red"] == 0
    assert told["chantiers"]["Figeac"]["objects"] == count
    return "nothing red"


def verified(site: Site, count: int) -> str:
    with custody(site) as held:
        found = verify(_shelved(held, count), Wanted("2100-01-01", files=READ))
    assert found.faults == []
    assert found.read == min(READ, 3 * count)
    return f"{3 * count} copies listed, {found.read} read"


def lifecycle(site: Site, count: int) -> str:
    with custody(site) as held:
        told = let_go(_shelved(held, count), (LetGo("paquets", 365, 2, "nas"),))
    assert [(one.name, one.objects) for one in told.done] == [(bag_of(0), min(BAG, count))]
    return f"one bag of {told.done[0].objects} let go"


def catalogued(site: Site, count: int) -> str:
    settings = load(site.settings_file)
    with custody(site) as held:
        changed = catalogue(held, site, settings)
        with closing(features_of(site, settings)) as store:
            assert store.count(ARCHIVES.name, Query()) == count
    return f"a row each, {changed} of them new or changed"


def pages(site: Site, count: int) -> str:
    """Pages of a hundred: from the first and from far in, and those of what users choose by."""
    port = free_port()
    process = start("serve", "--site", site.root, "--port", str(port))
    base = f"http://127.0.0.1:{port}"
    items = f"{base}/ogcapi/collections/archives/items?limit={PAGE}"
    stac = f"{base}/stac/search?collections=archives&limit={PAGE}"
    far = 9 * count // 10
    cursor = base64.urlsafe_b64encode(f"[{far},{far}]".encode()).decode().rstrip("=")
    box = "bbox=1.0,44.3,1.01,44.4"
    walks = {
        "items": items,
        "far": f"{items}&cursor={cursor}",
        "chantier": f"{items}&chantier=Figeac",
        "box": f"{items}&{box}",
        "box and filter": f"{items}&filter=type='cliche'%20AND%20chantier='Figeac'&{box}",
        "period": f"{items}&datetime=2025-01-01/2025-12-31",
        "text": f"{items}&filter=nom%20LIKE%20'%25{5:03d}.tif'",
        "rare text": f"{items}&filter=nom%20LIKE%20'%25{count - 1:07d}%25'",
        "stac": stac,
        "stac far": f"{stac}&token=0-{far}",
        "stac box": f"{stac}&{box}",
    }
    try:
        wait_for(f"{base}/healthz", process)
        before = resident_mb(process.pid)
        told = ["{} {:.0f} ({:.0f}) ms".format(name, *_walk(address)) for name, address in walks.items()]
        return (
            f"{', '.join(told)} a page (the first of its walk); "
            f"serving {before:.0f} MB, {resident_mb(process.pid):.0f} after"
        )
    finally:
        end(process)


def _walk(address: str, most: int = 30) -> tuple[float, float]:
    """Milliseconds of a page, the middle one of some that follow each other, and of the first of them."""
    times: list[float] = []
    following: str | None = address
    while following and len(times) < most:
        began = time.perf_counter()
        with urllib.request.urlopen(following, timeout=120) as answer:
            page = json.load(answer)
        times.append(1000 * (time.perf_counter() - began))
        assert page["features"], following
        following = next((link["href"] for link in page["links"] if link["rel"] == "next"), None)
    return sorted(times)[len(times) // 2], times[0]


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--objects", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    asked.add_argument("--works", nargs="+", choices=WORKS, default=WORKS)
    asked.add_argument("--at", type=Path)
    told = asked.parse_args()
    root = told.at or Path(tempfile.mkdtemp(prefix="pcrs-million-"))
    do = dict(zip(WORKS, (fill, copies, verified, lifecycle, catalogued, pages), strict=True))
    show = partial(Console(soft_wrap=True, highlight=False).print, markup=False)
    for count in told.objects:
        for work in told.works:
            site = Site(root / f"{count}" / "site")
            if work == "fill" and not site.root.exists():
                _made(root / f"{count}")
            began = time.monotonic()
            reading, writing = os.pipe()
            child = os.fork()
            if child == 0:
                os.write(writing, do[work](site, count).encode())
                os._exit(0)
            _, status, used = os.wait4(child, 0)
            assert status == 0
            said = os.read(reading, 4096).decode()
            os.close(reading)
            os.close(writing)
            seconds = time.monotonic() - began
            show(f"{count} objects, {work}: {used.ru_maxrss / 1000:.0f} MB, {seconds:.0f} s; {said}")
    if told.at is None:
        shutil.rmtree(root, ignore_errors=True)


def _made(root: Path) -> None:
    for name in PLACES:
        (root / name).mkdir(parents=True)
    tables = [table(n, root / n, medium, offsite=off) for n, (medium, off) in PLACES.items()]
    site_with(root / "site", *tables)


if __name__ == "__main__":
    main()
