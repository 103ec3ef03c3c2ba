"""Objects taken in and given back by the hundred thousand: per second of one core, and memory.

`python -m tests.bench.bulk --objects 200000 --objects 1000000` makes a delivery of each size (kerbs of six
points, affleurants with their links, an emprise; in Lambert-93 and in CC45) and runs reading, control,
imports and exports, each in a process of its own: its processor time, and its resident memory at the most.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import shapely
from lxml import etree
from rich.console import Console

from pcrs.standard.crs import L93
from pcrs.standard.model import Feature
from pcrs.store import open_store
from pcrs.store.index import DeliveredFile, Delivery
from pcrs.vector.check import check_gml
from pcrs.vector.formats import format_of
from pcrs.vector.gml import read
from pcrs.vector.write import write
from pcrs.work.export import Order, export
from pcrs.work.notice import Credits
from pcrs.work.objects import import_objects
from tests.postgres import SETTINGS, cluster

X0, Y0, ACROSS = 560_000.0, 6_360_000.0, 1000
VALUES = {
    "thematique": "03",
    "qualiteCategorisation": "01",
    "precisionPlanimetrique": "005",
    "precisionAltimetrique": "005",
    "producteur": "Géomètre",
    "dateLeve": "2025-06-12",
}
_out = Console(width=120)


def delivered(count: int) -> Iterator[Feature]:
    """Three kerbs, then an affleurant with its group and its point, and so on; the emprise last."""
    for n in range(count):
        x, y = X0 + 10 * (n % ACROSS), Y0 + 10 * (n // ACROSS)
        kind = n % 6
        if kind < 3:
            line = shapely.LineString([(x + k, y + k % 2 + 0.123, 150 + k / 100) for k in range(6)])
            yield Feature("LimiteVoiriePCRS", f"lv{n}", VALUES | {"idObjet": f"lv{n}"}, line, L93)
        elif kind == 3:
            own = {"idObjet": f"a{n}", "thematique": "10", "nature": "03", "reseau": "AEP"}
            links = {"representation": f"#g{n + 1}"}
            yield Feature("AffleurantPCRS", f"a{n}", VALUES | own | links, None, L93)
        elif kind == 4:
            yield Feature("AffleurantGeometriquePCRS", f"g{n}", {"point": (f"#p{n + 1}",)}, None, L93)
        else:
            yield Feature("AffleurantPointPCRS", f"p{n}", {}, shapely.Point(x, y, 150), L93)
    area = shapely.MultiPolygon(
        [shapely.box(X0 - 9, Y0 - 9, X0 + 10 * ACROSS, Y0 + 10 * (count / ACROSS + 1))]
    )
    said = {"fournisseur": "F", "datePublication": "2025-07-01", "idEmprise": "e", "type": "Couloir"}
    yield Feature("EmpriseEchangePCRS", "e", said, area, L93)


def work(what: str, folder: Path, url: str) -> None:
    """One piece of work, in this process."""
    name, _, more = what.partition(" ")
    file = folder / f"objets-{more or '2154'}.gml"
    if name == "libxml2":
        for _, member in etree.iterparse(file, tag="{http://cnig.gouv.fr/pcrs}featureMember"):
            member.clear()
    elif name == "read":
        for _ in read(file):
            pass
    elif name == "control":
        summary = check_gml(file)
        assert summary.valid, summary.findings[:3]
    elif name == "import":
        delivery = Delivery("d", str(folder), "2025", "", "acceptée", "", "2025-01-01T00:00:00+00:00")
        with closing(open_store(url)) as store:
            import_objects(store, delivery, [DeliveredFile("d", file.name, "vecteur", 0, "", "conforme")])
    elif name == "export":
        form = format_of(more)
        with closing(open_store(url)) as store:
            export(
                store, Order(form, Credits("B", "B", "B", ""), date(2026, 11, 28)), folder / f"x{form.suffix}"
            )


def measured(what: str, folder: Path, url: str, count: int) -> None:
    """The work in a process of its own, and a line of figures."""
    command = [
        sys.executable,
        "-m",
        "tests.bench.bulk",
        "--work",
        what,
        "--folder",
        str(folder),
        "--url",
        url,
    ]
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, timeout=3000)
    wall = time.perf_counter() - began
    if done.returncode:
        raise AssertionError(f"{what}: {done.stderr}")
    cpu, mb, idle = json.loads(done.stdout.splitlines()[-1])
    _out.print(
        f"  {what:16}{count / cpu:9.0f} objects/s of CPU{count / wall:9.0f}/s of time"
        f"{mb:8.0f} MB ({idle:.0f} before)   load {os.getloadavg()[0]:.1f}"
    )


def main() -> None:
    """Makes deliveries, works, tells."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, action="append")
    parser.add_argument("--engine", choices=("geopackage", "postgis"), default="geopackage")
    parser.add_argument("--work")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--url")
    asked = parser.parse_args()
    if asked.work:
        before, idle = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        work(asked.work, asked.folder, asked.url)
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        sys.stdout.write(json.dumps([time.process_time() - before, most / 1024, idle / 1024]) + "\n")
        return
    for count in asked.objects or [200_000]:
        folder = Path(tempfile.mkdtemp(prefix="pcrs-bulk-"))
        try:
            for epsg in (L93, 3945):
                write(folder / f"objets-{epsg}.gml", delivered(count), epsg=epsg)
            size = (folder / "objets-2154.gml").stat().st_size / 1e6
            _out.print(f"{asked.engine}, {count} objects, {size:.0f} MB of GML")
            if asked.engine == "geopackage":
                tell(folder, f"gpkg://{folder / 'a.gpkg'}", count)
            else:
                with cluster(SETTINGS) as server:
                    tell(folder, server.url(), count)
        finally:
            shutil.rmtree(folder)


def tell(folder: Path, url: str, count: int) -> None:
    """All the work on one delivery."""
    for what in (
        "read",
        "read 3945",
        "control",
        "import",
        "import 3945",
        "import 3945",
        "export gml",
        "export gpkg",
    ):
        measured(what, folder, url, count)


if __name__ == "__main__":
    main()
