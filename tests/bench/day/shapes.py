"""Two shapes under load, on the demo: one process on files; nginx, two processes and PostGIS."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from tests.bench.day.mix import Ground
from tests.nginx import fronted
from tests.postgres import cluster
from tests.serving import end, free_port, pcrs, wait_for

_FEATURES = "PCRS_STORE__FEATURES"


@dataclass(frozen=True, slots=True)
class Shape:
    """A service under load."""

    port: int
    """Where it is asked."""
    session: int
    """Of its processes."""
    ground: Ground


@contextmanager
def shape(name: str, folder: Path, made: Path | None = None) -> Iterator[Shape]:
    """The service of a demo; `made`: one on files that is there already.

    Raises:
        LookupError: nginx or PostgreSQL is not installed.
    """
    with ExitStack() as stack:
        workers = "1"
        if name == "production":
            if shutil.which("nginx") is None:
                raise LookupError("nginx is not installed")
            workers, made = "2", None
            url = stack.enter_context(stack.enter_context(cluster()).schema())
            stack.enter_context(patch.dict(os.environ, {_FEATURES: url}))
        site = made or _demo(folder / "site")
        port = free_port()
        log = stack.enter_context((folder / "serve.log").open("wb"))
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "pcrs",
                "serve",
                "--site",
                site,
                "--port",
                str(port),
                "--workers",
                workers,
            ],
            stdout=subprocess.DEVNULL,
            stderr=log,
            start_new_session=True,
            env=os.environ,
        )
        stack.callback(end, process)
        address = f"http://127.0.0.1:{port}"
        wait_for(f"{address}/healthz", process)
        if name == "production":
            front = folder / "nginx"
            front.mkdir()
            address, _ = stack.enter_context(
                fronted(str(shutil.which("nginx")), address, front, unbuffered_log=False)
            )
        yield Shape(int(address.rpartition(":")[2]), process.pid, _ground(site))


def _demo(site: Path) -> Path:
    made = pcrs("demo", "--site", site, "--no-serve")
    if made.returncode:
        raise SystemExit(made.stderr)
    return site


def _ground(site: Path) -> Ground:
    """That of the dalle in the middle."""
    with closing(sqlite3.connect(site / "stores" / "index.db")) as db:
        rows = db.execute("SELECT stem, edition, x_m, y_m, size_m FROM dalle ORDER BY x_m, y_m").fetchall()
    _, _, x, y, size = rows[len(rows) // 2]
    files = tuple(f"/listing/dalles/{row[1]}/{row[0]}.tif" for row in rows)
    return Ground(
        x, y - size, x + size, y, "PCRS_D046_RVB", files, ("LimiteVoiriePCRS", "AffleurantPCRS", "dalles")
    )
