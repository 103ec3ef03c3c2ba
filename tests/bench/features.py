"""The stores of features beside raw SQL: a page of a box, page 5000, one object, an import.

`python -m tests.bench.features --objects 5000000 --engine postgis` builds its data (points on a grid of 20 m)
in a temporary folder and tells ratios of medians, taken in turn in one run: of stores, and of `pcrs serve`
over them. Peers are in `tests.bench.pages`.
"""

import argparse
import base64
import http.client
import json
import os
import resource
import shutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import batched, repeat
from pathlib import Path
from typing import Any

import psycopg
import shapely
from rich.console import Console

from pcrs.standard.crs import CRS84, L93, BBox, transform_bbox, uri
from pcrs.standard.fields import Field
from pcrs.standard.model import Feature
from pcrs.standard.regions import box_region
from pcrs.store import open_store
from pcrs.store.base import FeatureStore, Layer, Query
from pcrs.store.gpkg_geometry import decode
from pcrs.store.index import DeliveredFile, Delivery
from pcrs.store.pg_connections import Address
from pcrs.vector.write import write
from pcrs.work.objects import import_objects
from tests.postgres import SETTINGS, cluster
from tests.serving import end, free_port, pcrs, start, wait_for

LAYER = Layer(
    "ArbrePCRS",
    "Arbre",
    "Point",
    (Field("gml_id", "string"), Field("thematique", "string"), Field("dateLeve", "date")),
    "gml_id",
    "dateLeve",
)
X0, Y0, STEP, ACROSS = 540_000.0, 6_346_000.0, 20.0, 2500
PAGE = 1000


def place(number: int) -> tuple[float, float]:
    """Where an object stands: row by row, as deliveries come, tile by tile."""
    return X0 + STEP * (number % ACROSS), Y0 + STEP * (number // ACROSS)


def fill_geopackage(store: FeatureStore, count: int) -> None:
    """The objects as deliveries bring them, in one transaction."""
    store.ensure(LAYER)
    values = {"thematique": "06", "dateLeve": "2025-01-01"}
    with store.transaction():
        for numbers in batched(range(count), 50_000):
            points = shapely.points([place(number) for number in numbers]).tolist()
            rows = zip((f"a{n}" for n in numbers), points, repeat(values), strict=False)
            store.put(LAYER.name, rows)


def fill_postgis(store: FeatureStore, url: str, count: int) -> None:
    """The objects by one INSERT."""
    store.ensure(LAYER)
    address = Address(url)
    with psycopg.connect(address.conninfo, options=f"-csearch_path={address.schema},public") as db:
        db.execute(
            'INSERT INTO "ArbrePCRS" (gml_id, thematique, "dateLeve", geom) '
            "SELECT 'a' || n, '06', '2025-01-01', "
            "ST_SetSRID(ST_MakePoint(%s + %s * (n %% %s), %s + %s * (n / %s)), 2154) "
            "FROM generate_series(0, %s - 1) AS n ORDER BY n",
            (X0, STEP, ACROSS, Y0, STEP, ACROSS, count),
        )
        db.commit()
        db.autocommit = True
        db.execute('VACUUM ANALYZE "ArbrePCRS"')


def geojson(rows: Iterator[tuple[str, Any, dict[str, Any]]]) -> str:
    """A page as GeoJSON, the same for both sides."""
    found = list(rows)
    shapes = shapely.to_geojson([geometry for _, geometry, _ in found])
    features = [
        {"type": "Feature", "id": id_, "geometry": json.loads(shape), "properties": values}
        for (id_, _, values), shape in zip(found, shapes, strict=True)
    ]
    return json.dumps({"type": "FeatureCollection", "features": features})


@dataclass(frozen=True)
class Engine:
    """A store with its objects, and the same page by raw SQL."""

    store: FeatureStore
    raw_page: Callable[[BBox], str]
    raw_count: Callable[[BBox], int]
    """Reads twenty rows of a box, and counts them all; by their envelopes alone."""
    url: str


@contextmanager
def geopackage(folder: Path, count: int) -> Iterator[Engine]:
    folder.mkdir(exist_ok=True)
    path = folder / "features.gpkg"
    made = path.is_file()
    store = open_store(f"gpkg://{path}")
    if count and not made:
        fill_geopackage(store, count)
    db = sqlite3.connect(path)
    text = (
        'SELECT fid, geom, gml_id, thematique, dateLeve FROM "ArbrePCRS" WHERE fid IN '
        '(SELECT id FROM "rtree_ArbrePCRS_geom" WHERE maxx >= ? AND minx <= ? AND maxy >= ? AND miny <= ?) '
        f"ORDER BY fid LIMIT {PAGE}"
    )

    def page(box: BBox) -> str:
        rows = db.execute(text, (box.xmin, box.xmax, box.ymin, box.ymax)).fetchall()
        return raw_json(rows, decode([row[1] for row in rows]))

    small = text.replace(f"LIMIT {PAGE}", "LIMIT 20")
    counted = text.replace("fid, geom, gml_id, thematique, dateLeve", "count(*)").partition("ORDER")[0]

    def count_in(box: BBox) -> int:
        sides = (box.xmin, box.xmax, box.ymin, box.ymax)
        rows = db.execute(small, sides).fetchall()
        decode([row[1] for row in rows])
        return int(db.execute(counted, sides).fetchone()[0])

    with closing(db), closing(store):
        yield Engine(store, page, count_in, f"gpkg://{path}")


@contextmanager
def postgis(folder: Path, count: int) -> Iterator[Engine]:
    with cluster(
        {**SETTINGS, "shared_buffers": "512MB", "work_mem": "32MB", "max_wal_size": "4GB"}
    ) as server:
        url = server.url()
        store = open_store(url)
        if count:
            fill_postgis(store, url, count)
        address = Address(url)
        db = psycopg.connect(
            address.conninfo, autocommit=True, options=f"-csearch_path={address.schema},public"
        )
        text = (
            'SELECT fid, ST_AsBinary(geom), gml_id, thematique, "dateLeve"::text FROM "ArbrePCRS" '
            f"WHERE geom && ST_MakeEnvelope(%s, %s, %s, %s, 2154) ORDER BY fid LIMIT {PAGE}"
        )

        def page(box: BBox) -> str:
            rows = db.execute(text, tuple(box), binary=True).fetchall()
            return raw_json(rows, shapely.from_wkb([row[1] for row in rows]))

        small = text.replace(f"LIMIT {PAGE}", "LIMIT 20")
        counted = f"SELECT count(*) {text[text.index('FROM') :].partition('ORDER')[0]}"

        def count_in(box: BBox) -> int:
            rows = db.execute(small, tuple(box), binary=True).fetchall()
            shapely.from_wkb([row[1] for row in rows])
            found = db.execute(counted, tuple(box)).fetchone()
            return int(found[0]) if found else 0

        with closing(db), closing(store):
            yield Engine(store, page, count_in, url)


def raw_json(rows: list[Any], shapes: Any) -> str:
    """Records of raw SQL as GeoJSON."""
    names = [field.name for field in LAYER.fields]
    return geojson(
        (row[2], shape, dict(zip(names, row[2:], strict=True)))
        for row, shape in zip(rows, shapes, strict=True)
    )


_out = Console()
ENGINES = {"geopackage": geopackage, "postgis": postgis}


def median_ms(work: Callable[[], object], times: int = 15) -> float:
    """Median wall time."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append((time.perf_counter() - start) * 1000)
    return statistics.median(taken)


def in_turn(one: Callable[[], object], other: Callable[[], object], turns: int = 9) -> tuple[float, float]:
    """Median of the first, and of its ratio to the second: measured in turn, since the machine is shared."""
    pairs = [(median_ms(one, 3), median_ms(other, 3)) for _ in range(turns)]
    return statistics.median(a for a, _ in pairs), statistics.median(a / b for a, b in pairs)


def middle_box(count: int, half: float = 700) -> BBox:
    """A box in the middle, with more objects than a page. `half`: of its sides, metres."""
    x, y = place(count // 2 + ACROSS // 2)
    return BBox(x - half, y - half, x + half, y + half)


def measure(engine: Engine, count: int) -> dict[str, float]:
    """The figures of one store."""
    store, name = engine.store, LAYER.name
    box = middle_box(count)
    region = shapely.box(*box)

    def ours() -> str:
        page = store.query(name, Query(within=region, limit=PAGE))
        return geojson((row.id, row.geometry, dict(row.values)) for row in page.rows)

    assert json.loads(ours()) == json.loads(engine.raw_page(box))
    page_ms, to_raw = in_turn(ours, lambda: engine.raw_page(box))
    last = max(0, count - 2 * PAGE)
    last_ms, to_first = in_turn(
        lambda: store.query(name, Query(limit=PAGE, after=last)), lambda: store.query(name, Query(limit=PAGE))
    )
    ids = iter(range(0, count, max(1, count // 300)))
    by_id = median_ms(lambda: store.get(name, f"a{next(ids)}"), 200)
    counted = median_ms(lambda: store.count(name, Query()))
    wide = middle_box(count, 900)
    turned = box_region(transform_bbox(wide, L93, 4326), CRS84)
    asked = Query(within=turned, limit=20)

    def numbered() -> int | None:
        assert len(store.query(name, asked).rows) == 20
        return store.count_up_to(name, asked, 10_000)

    small_ms, small_to_raw = in_turn(numbered, lambda: engine.raw_count(BBox(*turned.bounds)))
    return {
        f"page of 20 in a CRS84 box of {numbered()}, ms": small_ms,
        "the same / page and count by raw SQL": small_to_raw,
        "bbox page, ms": page_ms,
        "bbox page / raw SQL": to_raw,
        f"page {last // PAGE + 1}, ms": last_ms,
        f"page {last // PAGE + 1} / page 1": to_first,
        "by id p50, ms": by_id,
        "count, ms": counted,
    }


def site_over(url: str, folder: Path) -> Path:
    """A new site whose objects are in that store."""
    site = folder / "site"
    shutil.rmtree(site, ignore_errors=True)
    made = pcrs("init", "--site", site, "--departement", "46")
    assert made.returncode == 0, made.stderr
    settings = site / "pcrs.toml"
    settings.write_text(settings.read_text().replace('features = ""', f'features = "{url}"', 1))
    return site


def over_http(engine: Engine, folder: Path, count: int) -> dict[str, float]:
    """The same pages from `pcrs serve` on that store, and what memory many of them cost it."""
    site = site_over(engine.url, folder)
    port = free_port()
    process = start("serve", "--site", site, "--port", str(port))
    base = f"http://127.0.0.1:{port}/ogcapi/collections/{LAYER.name}/items"
    session = http.client.HTTPConnection("127.0.0.1", port)

    def get(path: str) -> bytes:
        session.request("GET", f"{base}{path}")
        answer = session.getresponse()
        body = answer.read()
        assert answer.status == 200, body
        return body

    def page(after: int) -> str:
        said = base64.urlsafe_b64encode(f"[{after},{after}]".encode()).decode().rstrip("=")
        return f"?f=json&limit={PAGE}&crs={uri(L93)}&cursor={said}"

    try:
        wait_for(f"http://127.0.0.1:{port}/healthz", process)
        box = middle_box(count)
        asked = f"?f=json&limit={PAGE}&crs={uri(L93)}&bbox-crs={uri(L93)}&bbox={','.join(map(str, box))}"
        assert json.loads(get(asked))["numberReturned"] == PAGE
        page_ms, to_raw = in_turn(lambda: get(asked), lambda: engine.raw_page(box))
        last = max(0, count - 2 * PAGE)
        _, to_first = in_turn(lambda: get(page(last)), lambda: get(page(0)))
        ids = iter(range(0, count, max(1, count // 300)))
        by_id = median_ms(lambda: get(f"/a{next(ids)}?f=json"), 200)
        before = resident_mb(process.pid)
        for number in range(300):
            get(page(number * (count // 300)))
        return {
            "HTTP bbox page, ms": page_ms,
            "HTTP bbox page / raw SQL": to_raw,
            f"HTTP page {last // PAGE + 1} / page 1": to_first,
            "HTTP by id p50, ms": by_id,
            "RSS of the server, MB": resident_mb(process.pid),
            "grown by 300 pages, MB": resident_mb(process.pid) - before,
        }
    finally:
        session.close()
        end(process)


def resident_mb(pid: int) -> float:
    """Resident memory of a process."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def imported(store: FeatureStore, folder: Path, count: int) -> dict[str, float]:
    """A GML of lines into the store."""
    values = {
        "thematique": "05",
        "qualiteCategorisation": "01",
        "precisionPlanimetrique": "005",
        "producteur": "P",
    }
    walls = (
        Feature(
            "MurPCRS",
            f"m{n}",
            {**values, "idObjet": f"m{n}"},
            shapely.LineString([(place(n)[0] + k, place(n)[1] + k % 2, 150) for k in range(6)]),
            2154,
        )
        for n in range(count)
    )
    write(folder / "murs.gml", walls, epsg=2154)
    delivery = Delivery("d", str(folder), "2025", "", "acceptée", "", "2025-01-01T00:00:00+00:00")
    file = DeliveredFile("d", "murs.gml", "vecteur", 0, "", "conforme")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start, cpu = time.perf_counter(), time.process_time()
    import_objects(store, delivery, [file])
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return {
        "import, objects/s": count / seconds,
        "import, objects/s of CPU": count / cpu,
        "import, RSS grown, MB": grown / 1024,
    }


def main() -> None:
    """Builds, measures, tells."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=5_000_000)
    parser.add_argument("--import-objects", type=int, default=50_000)
    parser.add_argument("--engine", choices=list(ENGINES), action="append")
    parser.add_argument("--folder", type=Path, help="kept; a GeoPackage that is there is measured again")
    asked = parser.parse_args()
    for name in asked.engine or ENGINES:
        folder = asked.folder or Path(tempfile.mkdtemp(prefix="pcrs-bench-"))
        folder.mkdir(exist_ok=True, parents=True)
        try:
            if asked.import_objects:
                with ENGINES[name](folder / "import", 0) as engine:
                    tell(
                        f"{name}: import of {asked.import_objects} objects from GML",
                        imported(engine.store, folder, asked.import_objects),
                    )
                shutil.rmtree(folder / "import", ignore_errors=True)  # PostgreSQL makes none
            began = time.perf_counter()
            with ENGINES[name](folder, asked.objects) as engine:
                built = time.perf_counter() - began
                tell(
                    f"{name}: {asked.objects} objects, built in {built:.0f} s", measure(engine, asked.objects)
                )
                tell("served", over_http(engine, folder, asked.objects))
        finally:
            if asked.folder is None:
                shutil.rmtree(folder)


def tell(title: str, figures: dict[str, float]) -> None:
    """Figures on the terminal, with the load of the machine."""
    _out.print(f"{title} (load {os.getloadavg()[0]:.1f})")
    for what, figure in figures.items():
        _out.print(f"  {what:48} {figure:10.2f}")


if __name__ == "__main__":
    main()
