"""The stores of features beside raw SQL: a page of a box, page 5000, one object, an import.

`python -m tests.bench.features --objects 5000000 --engine postgis` builds its data (points on a grid of 20 m)
in a temporary folder and tells ratios of medians, taken in turn in one run. Peers (pygeoapi's own providers,
TiPg) are to be added as further lines of `ENGINES`.
"""

import argparse
import json
import resource
import shutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import batched
from pathlib import Path
from typing import Any

import psycopg
import shapely
from rich.console import Console

from pcrs.standard.crs import BBox
from pcrs.standard.model import Feature
from pcrs.store import open_store
from pcrs.store.base import FeatureStore, Field, Layer, Query
from pcrs.store.gpkg_geometry import decode, encode
from pcrs.store.index import DeliveredFile, Delivery
from pcrs.store.pg_connections import Address
from pcrs.vector.write import write
from pcrs.work.objects import import_objects
from tests.postgres import SETTINGS, cluster

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


def fill_geopackage(store: FeatureStore, path: Path, count: int) -> None:
    """The objects by SQL, indexes filled by it too."""
    store.ensure(LAYER)
    store.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        triggers = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        db.execute("BEGIN")
        for name, _ in triggers:
            db.execute(f'DROP TRIGGER "{name}"')
        for numbers in batched(range(count), 50_000):
            points = [place(number) for number in numbers]
            blobs = encode(shapely.points(points))
            db.executemany(
                'INSERT INTO "ArbrePCRS" (fid, geom, gml_id, thematique, dateLeve) VALUES (?, ?, ?, ?, ?)',
                [(n + 1, blob, f"a{n}", "06", "2025-01-01") for n, blob in zip(numbers, blobs, strict=True)],
            )
            db.executemany(
                'INSERT INTO "rtree_ArbrePCRS_geom" VALUES (?, ?, ?, ?, ?)',
                [(n + 1, x, x, y, y) for n, (x, y) in zip(numbers, points, strict=True)],
            )
        for _, text in triggers:
            db.execute(text)
        box = (X0, Y0, *place(count - 1))
        db.execute("UPDATE gpkg_ogr_contents SET feature_count = ?", (count,))
        db.execute(
            "UPDATE gpkg_contents SET min_x = ?, min_y = ?, max_x = ?, max_y = ?",
            (box[0], box[1], X0 + STEP * ACROSS, box[3]),
        )
        db.execute("COMMIT")


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


@contextmanager
def geopackage(folder: Path, count: int) -> Iterator[Engine]:
    folder.mkdir(exist_ok=True)
    path = folder / "features.gpkg"
    store = open_store(f"gpkg://{path}")
    if count:
        fill_geopackage(store, path, count)
    db = sqlite3.connect(path)
    text = (
        'SELECT fid, geom, gml_id, thematique, dateLeve FROM "ArbrePCRS" WHERE fid IN '
        '(SELECT id FROM "rtree_ArbrePCRS_geom" WHERE maxx >= ? AND minx <= ? AND maxy >= ? AND miny <= ?) '
        f"ORDER BY fid LIMIT {PAGE}"
    )

    def page(box: BBox) -> str:
        rows = db.execute(text, (box.xmin, box.xmax, box.ymin, box.ymax)).fetchall()
        return raw_json(rows, decode([row[1] for row in rows]))

    with closing(db), closing(store):
        yield Engine(store, page)


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

        with closing(db), closing(store):
            yield Engine(store, page)


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


def measure(engine: Engine, count: int) -> dict[str, float]:
    """The figures of one engine."""
    store, name = engine.store, LAYER.name
    x, y = place(count // 2 + ACROSS // 2)
    box = BBox(x - 700, y - 700, x + 700, y + 700)
    region = shapely.box(*box)

    def ours() -> str:
        page = store.query(name, Query(within=region, limit=PAGE))
        return geojson((row.id, row.geometry, dict(row.values)) for row in page.rows)

    assert json.loads(ours()) == json.loads(engine.raw_page(box))
    both = [(median_ms(ours, 3), median_ms(lambda: engine.raw_page(box), 3)) for _ in range(7)]
    last = max(0, count - 2 * PAGE)
    first_ms = median_ms(lambda: store.query(name, Query(limit=PAGE)))
    last_ms = median_ms(lambda: store.query(name, Query(limit=PAGE, after=last)))
    ids = iter(range(0, count, max(1, count // 300)))
    by_id = median_ms(lambda: store.get(name, f"a{next(ids)}"), 200)
    counted = median_ms(lambda: store.count(name, Query()))
    return {
        "bbox page, ms": statistics.median(a for a, _ in both),
        "bbox page / raw SQL": statistics.median(a / b for a, b in both),
        "page 1, ms": first_ms,
        f"page {last // PAGE + 1} / page 1": last_ms / first_ms,
        "by id p50, ms": by_id,
        "count, ms": counted,
    }


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
    asked = parser.parse_args()
    for name in asked.engine or ENGINES:
        folder = Path(tempfile.mkdtemp(prefix="pcrs-bench-"))
        try:
            with ENGINES[name](folder / "import", 0) as engine:
                _out.print(f"{name}: import of {asked.import_objects} objects from GML")
                for what, figure in imported(engine.store, folder, asked.import_objects).items():
                    _out.print(f"  {what:28} {figure:10.1f}")
            start = time.perf_counter()
            with ENGINES[name](folder, asked.objects) as engine:
                _out.print(
                    f"{name}: {asked.objects} objects, built in {time.perf_counter() - start:.0f} s",
                )
                for what, figure in measure(engine, asked.objects).items():
                    _out.print(f"  {what:28} {figure:10.2f}")
        finally:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
