"""Pages of objects beside stock pygeoapi, on the same rows: python -m tests.bench.pages [OBJECTS] [SECONDS].

Stock pygeoapi 0.24 reads our PostGIS tables by its PostgreSQL provider (needs psycopg2 and geoalchemy2; its
GeoPackage provider needs SpatiaLite). One process each, uvicorn, eight connections by wrk, in turn.
"""

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
from pathlib import Path

import shapely

from pcrs.standard.crs import CRS84, L93, uri
from pcrs.store import open_store
from pcrs.store.geopackage import GeoPackage
from pcrs.work.layers import cnig_layer
from tests.postgres import cluster
from tests.serving import end, free_port, pcrs, start, wait_for

NAME = "LimiteVoiriePCRS"
X, Y = 560_000, 6_360_000
ASKED = {
    "page of 20, CRS84": "items?f=json&limit=20",
    "page of 20 in a box": "items?f=json&limit=20&bbox=1.26,44.35,1.35,44.40",
    "page of 20, Lambert-93": f"items?f=json&limit=20&crs={uri(L93)}",
    "page of 1000, CRS84": "items?f=json&limit=1000",
    "one object": "items/lv.777?f=json",
}


def rows(count: int) -> Iterator[tuple[str, shapely.LineString, dict[str, object]]]:
    """Kerbs of four points, every 25 m."""
    for n in range(count):
        x, y = X + n % 500 * 25, Y + n // 500 * 25
        line = shapely.LineString(
            [(x, y, 120), (x + 3, y + 4, 120.5), (x + 6, y + 2, 121), (x + 9, y + 3, 120)]
        )
        values = {"idObjet": f"objet {n}", "thematique": "03", "producteur": "Lot", "dateLeve": "2024-03-01"}
        yield f"lv.{n}", line, values | {"precisionPlanimetrique": "005", "pointLeve": [f"#p{n}"]}


def configuration(base: str, port: int, socket: Path) -> dict[str, object]:
    """Stock pygeoapi over the PostGIS tables, the shortest that its schema takes."""
    said = {"title": "x", "description": "x", "keywords": ["x"]}
    known = {"name": "x", "url": base, "email": "x@example.fr"}
    provider = {
        "type": "feature",
        "name": "PostgreSQL",
        "data": {"host": str(socket), "dbname": "postgres", "user": "pcrs", "password": "x"},
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
def stock(folder: Path, socket: Path) -> Iterator[str]:
    """Address of the collection in stock pygeoapi over the PostGIS tables."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    file, openapi = folder / "pygeoapi.json", folder / "openapi.json"
    file.write_text(json.dumps(configuration(base, port, socket)))
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
        answer.read()
    command = ["wrk", "-t1", "-c8", f"-d{seconds}s", url]
    said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout
    if "Non-2xx" in said:
        raise AssertionError(f"{url}: {said}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])  # type: ignore[index]


def median_ms(url: str, times: int = 100) -> float:
    """Time of one answer, asked alone."""
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        with urllib.request.urlopen(url, timeout=30) as answer:
            answer.read()
        spent.append((time.perf_counter() - began) * 1e3)
    return statistics.median(spent)


def main(count: int, seconds: int) -> None:
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        site = folder / "site"
        made = pcrs("init", "--site", site, "--departement", "46")
        if made.returncode:
            raise AssertionError(made.stderr)
        server = stack.enter_context(cluster())
        for store in (GeoPackage(site / "stores" / "features.gpkg"), open_store(server.url())):
            store.ensure(cnig_layer(NAME))
            store.put(NAME, rows(count))
            store.close()
        mine = stack.enter_context(ours(site))
        theirs = stack.enter_context(stock(folder, server.folder))
        for title, path in ASKED.items():
            pairs = [(rate(f"{mine}/{path}", seconds), rate(f"{theirs}/{path}", seconds)) for _ in range(2)]
            best, stocks = (max(each) for each in zip(*pairs, strict=True))
            alone = median_ms(f"{mine}/{path}"), median_ms(f"{theirs}/{path}", 20)
            sys.stdout.write(
                f"{title:24} {best:7.1f}/s, stock {stocks:6.1f}/s: {best / stocks:5.1f} times; "
                f"alone {alone[0]:.1f} ms, stock {alone[1]:.1f} ms\n"
            )
            sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000, int(sys.argv[2]) if len(sys.argv) > 2 else 4)
