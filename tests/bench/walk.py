"""All objects of a collection by its `next` links, from `pcrs serve`, while deliveries are taken in.

`python -m tests.bench.walk --objects 1000000 --page 5000 --engine postgis` tells how many were met twice and
how many were missed: none, of those that were there from the beginning.
"""

import argparse
import json
import os
import shutil
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console

from pcrs.store import open_store
from tests.bench.features import resident_mb, site_over
from tests.postgres import SETTINGS, cluster
from tests.serving import end, free_port, start, wait_for
from tests.walking import NAME, fill, walk_while_delivered

_out = Console()


def get(address: str) -> Any:
    """One page."""
    with urllib.request.urlopen(address, timeout=120) as answer:
        return json.load(answer)


@contextmanager
def address_of(engine: str, folder: Path) -> Iterator[str]:
    """Where the objects are kept."""
    if engine == "geopackage":
        yield f"gpkg://{folder / 'features.gpkg'}"
    else:
        with cluster(SETTINGS) as server:
            yield server.url()


def main() -> None:
    """Fills, walks, tells."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=1_000_000)
    parser.add_argument("--page", type=int, default=5000)
    parser.add_argument("--engine", choices=("geopackage", "postgis"), default="geopackage")
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="pcrs-walk-"))
    try:
        with address_of(asked.engine, folder) as url, closing(open_store(url)) as store:
            began = time.perf_counter()
            fill(store, asked.objects)
            _out.print(f"{asked.engine}: {asked.objects} walls in {time.perf_counter() - began:.0f} s")
            port = free_port()
            process = start("serve", "--site", site_over(url, folder), "--port", str(port))
            try:
                wait_for(f"http://127.0.0.1:{port}/healthz", process)
                first = f"http://127.0.0.1:{port}/ogcapi/collections/{NAME}/items?f=json&limit={asked.page}"
                get(first)
                before, began = resident_mb(process.pid), time.perf_counter()
                walked = walk_while_delivered(store, folder, asked.objects, get, first)
                spent = time.perf_counter() - began
                _out.print(f"{walked}, {spent:.0f} s, load {os.getloadavg()[0]:.1f}")
                _out.print(f"server: {before:.0f} MB before, {resident_mb(process.pid):.0f} MB after")
            finally:
                end(process)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
