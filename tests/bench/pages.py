"""Pages of objects beside stock pygeoapi, TiPg and raw SQL, on the same rows: python -m tests.bench.pages.

Stock pygeoapi 0.24 reads our PostGIS tables by its PostgreSQL provider (needs psycopg2 and geoalchemy2; its
GeoPackage provider needs SpatiaLite). TiPg's pins are not ours: `--tipg` names the Python of an environment
of its own (`python -m venv DIR; DIR/bin/pip install tipg uvicorn`). Each is one process of uvicorn, asked by
eight connections of wrk in turn; raw SQL is one connection in this process that makes the same GeoJSON.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import shapely
from rich.console import Console

from pcrs.standard.crs import CRS84, L93, BBox, transform_bbox, uri
from pcrs.store import open_store
from pcrs.store.pg_connections import Address
from pcrs.work.layers import cnig_layer
from tests.bench.features import site_over
from tests.postgres import SETTINGS, cluster
from tests.serving import end, free_port, start, wait_for

_out = Console()

NAME = "LimiteVoiriePCRS"
X, Y = 560_000, 6_360_000


@dataclass(frozen=True)
class Question:
    """The same question to each, as each takes it; None: it cannot be asked there."""

    title: str
    ours: str
    tipg: str | None
    sql: str | None


_TYPED = f"""
CREATE SCHEMA typed;
CREATE TABLE typed."{NAME}" AS
    SELECT fid, {{columns}}, geom::geometry(LineStringZ, 2154) AS geom FROM "{NAME}";
ALTER TABLE typed."{NAME}" ADD PRIMARY KEY (fid);
CREATE INDEX ON typed."{NAME}" USING gist (geom);
"""
"""The rows for TiPg, which needs the CRS in the type of the column: ours takes 2D and 3D."""
_COLUMNS = ", ".join(f'"{field.name}"' for field in cnig_layer(NAME).fields)
_SQL = (
    "SELECT json_build_object('type', 'FeatureCollection', 'features', json_agg(json_build_object("
    "'type', 'Feature', 'id', gml_id, 'geometry', ST_AsGeoJSON({shape})::json, "
    "'properties', to_jsonb(found) - 'geom' - 'fid')))::text "
    f'FROM (SELECT fid, geom, {_COLUMNS} FROM "{NAME}" {{where}} ORDER BY fid LIMIT {{limit}}) AS found'
)
_84 = "ST_Transform(geom, 4326)"
_BOX = ",".join(
    f"{number:.6f}" for number in transform_bbox(BBox(X + 1000, Y + 100, X + 4000, Y + 900), L93, 4326)
)
_IN_BOX = f"WHERE geom && ST_Transform(ST_MakeEnvelope({_BOX}, 4326), 2154)"
ASKED = (
    Question(
        "page of 20, CRS84",
        "items?f=json&limit=20",
        "items?limit=20",
        _SQL.format(shape=_84, where="", limit=20),
    ),
    Question(
        "page of 20 in a box",
        f"items?f=json&limit=20&bbox={_BOX}",
        f"items?limit=20&bbox={_BOX}",
        _SQL.format(shape=_84, where=_IN_BOX, limit=20),
    ),
    Question(
        "page of 20, Lambert-93",
        f"items?f=json&limit=20&crs={uri(L93)}",
        None,
        _SQL.format(shape="geom", where="", limit=20),
    ),
    Question(
        "page of 1000, CRS84",
        "items?f=json&limit=1000",
        "items?limit=1000",
        _SQL.format(shape=_84, where="", limit=1000),
    ),
    Question(
        "one object",
        "items/lv.777?f=json",
        "items/778",
        _SQL.format(shape=_84, where="WHERE gml_id = 'lv.777'", limit=1),
    ),
)


def rows(count: int) -> Iterator[tuple[str, shapely.LineString, dict[str, object]]]:
    """Kerbs of four points, every 25 m."""
    for n in range(count):
        x, y = X + n % 500 * 25, Y + n // 500 * 25
        line = shapely.LineString(
            [(x, y, 120), (x + 3, y + 4, 120.5), (x + 6, y + 2, 121), (x + 9, y + 3, 120)]
        )
        values = {"idObjet": f"objet {n}", "thematique": "03", "producteur": "Lot", "dateLeve": "2024-03-01"}
        yield f"lv.{n}", line, values | {"precisionPlanimetrique": "005", "pointLeve": [f"#p{n}"]}


def configuration(base: str, port: int, socket: Path, pg_port: int) -> dict[str, object]:
    """Stock pygeoapi over the PostGIS tables, the shortest that its schema takes."""
    said = {"title": "x", "description": "x", "keywords": ["x"]}
    known = {"name": "x", "url": base, "email": "x@example.fr"}
    provider = {
        "type": "feature",
        "name": "PostgreSQL",
        "data": {"host": str(socket), "port": pg_port, "dbname": "postgres", "user": "pcrs", "password": "x"},
        "id_field": "gml_id",
        "table": NAME,
        "geom_field": "geom",
        "storage_crs": uri(L93),
        "crs": [uri(L93), uri(4326)],
    }
    provider["data"]["search_path"] = ["pcrs", "public"]  # type: ignore[index]
    resource = {
        "type": "collection",
        "extents": {"spatial": {"bbox": [1, 44, 2, 45], "crs": CRS84}},
        "links": [],
        "providers": [provider],
    }
    return {
        "server": {
            "bind": {"host": "127.0.0.1", "port": port},
            "url": base,
            "mimetype": "application/json",
            "encoding": "utf-8",
            "language": "en-US",
            "map": {"url": "", "attribution": ""},
            "limits": {"default_items": 10, "max_items": 10_000},
        },
        "logging": {"level": "ERROR"},
        "metadata": {
            "identification": said | {"url": base, "keywords_type": "theme", "terms_of_service": base},
            "license": known,
            "provider": known,
            "contact": known,
        },
        "resources": {NAME: said | resource},
    }


@contextmanager
def stock(folder: Path, socket: Path, pg_port: int) -> Iterator[str]:
    """Address of the collection in stock pygeoapi over the PostGIS tables."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    file, openapi = folder / "pygeoapi.json", folder / "openapi.json"
    file.write_text(json.dumps(configuration(base, port, socket, pg_port)))
    environment = os.environ | {"PYGEOAPI_CONFIG": str(file), "PYGEOAPI_OPENAPI": str(openapi)}
    generate = "from pygeoapi import cli; cli()", "openapi", "generate", str(file), "--format", "json"
    command = [sys.executable, "-c", *generate, "--output-file", str(openapi)]
    subprocess.run(command, check=True, env=environment, timeout=120)
    serve = "-m", "uvicorn", "pygeoapi.starlette_app:APP", "--port", str(port), "--log-level", "error"
    process = subprocess.Popen(
        [sys.executable, *serve], env=environment, start_new_session=True, stderr=subprocess.PIPE
    )
    try:
        wait_for(base, process)
        yield f"{base}/collections/{NAME}"
    finally:
        end(process)


@contextmanager
def tipg(python: Path, pg_port: int) -> Iterator[str]:
    """Address of the collection in TiPg over the PostGIS tables."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    environment = {
        "PATH": os.environ["PATH"],
        "TIPG_DB_SCHEMAS": '["typed"]',
        "TIPG_MAX_FEATURES_PER_QUERY": "10000",
    }
    environment["DATABASE_URL"] = f"postgresql://pcrs@127.0.0.1:{pg_port}/postgres"
    command = [str(python), "-m", "uvicorn", "tipg.main:app", "--port", str(port), "--log-level", "error"]
    process = subprocess.Popen(command, env=environment, start_new_session=True, stderr=subprocess.PIPE)
    try:
        wait_for(f"{base}/healthz", process)
        yield f"{base}/collections/typed.{NAME}"
    finally:
        end(process)


@contextmanager
def ours(site: Path) -> Iterator[str]:
    """Address of the collection in a site that is served."""
    port = free_port()
    process = start("serve", "--site", site, "--port", str(port))
    try:
        wait_for(f"http://127.0.0.1:{port}/healthz", process)
        yield f"http://127.0.0.1:{port}/ogcapi/collections/{NAME}"
    finally:
        end(process)


def rate(url: str, seconds: int) -> float:
    """Answers a second, from eight connections."""
    with urllib.request.urlopen(url, timeout=30) as answer:
        found = json.load(answer)
    asked = re.search(r"limit=(\d+)", url)
    if asked and len(found["features"]) != int(asked[1]):
        raise AssertionError(f"{url}: {len(found['features'])} objects")
    shown = found["features"][0] if asked else found
    if (np.abs(shown["geometry"]["coordinates"][0][:2]) < 180).all() == ("2154" in url):
        raise AssertionError(f"{url}: in another CRS")
    command = ["wrk", "-t1", "-c8", f"-d{seconds}s", url]
    said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout
    if "Non-2xx" in said:
        raise AssertionError(f"{url}: {said}")
    return max(float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1]), 1 / seconds)  # type: ignore[index]


def median_ms(url: str, times: int = 100) -> float:
    """Time of one answer, asked alone."""
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        with urllib.request.urlopen(url, timeout=30) as answer:
            answer.read()
        spent.append((time.perf_counter() - began) * 1e3)
    return statistics.median(spent)


def sql_ms(db: psycopg.Connection[Any], text: str, times: int = 100) -> float:
    """Time of one question to the database alone."""
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        db.execute(text.encode()).fetchone()
        spent.append((time.perf_counter() - began) * 1e3)
    return statistics.median(spent)


def main() -> None:
    """Builds, asks, tells."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("objects", type=int, nargs="?", default=50_000)
    parser.add_argument("seconds", type=int, nargs="?", default=4)
    parser.add_argument("--tipg", type=Path, help="the Python of TiPg's environment")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        pg_port = free_port()
        server = stack.enter_context(
            cluster({**SETTINGS, "listen_addresses": "127.0.0.1", "port": str(pg_port)})
        )
        url = f"{server.url()}&port={pg_port}"
        sites = {"GeoPackage": site_over(f"gpkg://{folder / 'features.gpkg'}", folder / "g")}
        sites["PostGIS"] = site_over(url, folder / "p")
        for each in (f"gpkg://{folder / 'features.gpkg'}", url):
            store = open_store(each)
            store.ensure(cnig_layer(NAME))
            store.put(NAME, rows(asked.objects))
            store.close()
        db = stack.enter_context(
            psycopg.connect(Address(url).conninfo, autocommit=True, options="-csearch_path=pcrs,public")
        )
        db.execute(_TYPED.format(columns=_COLUMNS).encode())
        db.execute("ANALYZE")
        served = {of: stack.enter_context(ours(site)) for of, site in sites.items()}
        served["pygeoapi"] = stack.enter_context(stock(folder, server.folder, pg_port))
        if asked.tipg:
            served["TiPg"] = stack.enter_context(tipg(asked.tipg, pg_port))
        for question in ASKED:
            _tell(question, served, db, asked.seconds)


def _tell(question: Question, served: dict[str, str], db: psycopg.Connection[Any], seconds: int) -> None:
    """A line for each server: answers a second, one alone, and what ours is to it."""
    rates: dict[str, float] = {}
    _out.print(f"{question.title} (load {os.getloadavg()[0]:.1f})")
    for _ in range(2):
        for of, address in served.items():
            path = question.tipg if of == "TiPg" else question.ours
            if path is not None:
                rates[of] = max(rates.get(of, 0), rate(f"{address}/{path}", seconds))
    for of, best in rates.items():
        path = question.tipg if of == "TiPg" else question.ours
        alone = median_ms(f"{served[of]}/{path}", 20)
        to_ours = "".join(f"{rates[mine] / best:8.2f}" for mine in ("GeoPackage", "PostGIS"))
        _out.print(f"  {of:12}{best:10.1f}/s  alone {alone:8.1f} ms   ours / it {to_ours}")
    if question.sql is not None:
        _out.print(f"  {'raw SQL':12}{'':12}  alone {sql_ms(db, question.sql, 50):8.1f} ms")


if __name__ == "__main__":
    main()
