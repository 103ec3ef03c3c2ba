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
from tests.bench.hostile.watch import OWN, memory
from tests.nginx import fronted
from tests.postgres import cluster
from tests.serving import end, free_port, pcrs, wait_for

_FEATURES = "PCRS_STORE__FEATURES"


@dataclass(frozen=True, slots=True)
class Shape:
    """A service under load."""

    port: int
    """Where it is asked."""
    sessions: dict[str, int]
    """Of the processes of each server: pcrs, nginx, PostgreSQL."""
    ground: Ground
    process: subprocess.Popen[bytes]
    log: Path
    """What pcrs wrote to standard error."""

    def memory(self) -> dict[str, int]:
        """Bytes by server, shared pages once; pages of files are left out."""
        return {name: memory(session, OWN) for name, session in self.sessions.items()}

    def ended(self) -> str:
        """Why nobody serves any more; empty while somebody does."""
        if self.process.poll() is None:
            return ""
        told = self.log.read_text(encoding="utf-8", errors="replace").strip()
        return f"pcrs serve ended with {self.process.returncode}: {told[-400:]}"


@contextmanager
def shape(name: str, folder: Path) -> Iterator[Shape]:
    """The service of a demo of its own, in a folder that is made.

    Raises:
        LookupError: nginx or PostgreSQL is not installed.
    """
    folder.mkdir()
    with ExitStack() as stack:
        workers, sessions = "1", {}
        if name == "production":
            if shutil.which("nginx") is None:
                raise LookupError("nginx is not installed")
            workers = "2"
            database = stack.enter_context(cluster())
            sessions["PostgreSQL"] = _pid(database.folder / "data" / "postmaster.pid")
            url = stack.enter_context(database.schema())
            stack.enter_context(patch.dict(os.environ, {_FEATURES: url}))
        site = _demo(folder / "site")
        process, address, log = _serve(site, workers, folder, stack)
        if name == "production":
            front = folder / "nginx"
            front.mkdir()
            program = str(shutil.which("nginx"))
            address, _ = stack.enter_context(fronted(program, address, front, unbuffered_log=False))
            sessions["nginx"] = _pid(front / "nginx.pid")
        port = int(address.rpartition(":")[2])
        yield Shape(port, {"pcrs": process.pid, **sessions}, _ground(site), process, log)


def _serve(
    site: Path, workers: str, folder: Path, stack: ExitStack
) -> tuple[subprocess.Popen[bytes], str, Path]:
    """The site served until the stack ends: its process, address and log."""
    port, log = free_port(), folder / "serve.log"
    serve = [sys.executable, "-m", "pcrs", "serve", "--site", site, "--port", str(port), "--workers", workers]
    process = subprocess.Popen(
        serve,
        stdout=subprocess.DEVNULL,
        stderr=stack.enter_context(log.open("wb")),
        start_new_session=True,
        env=os.environ,
    )
    stack.callback(end, process)
    address = f"http://127.0.0.1:{port}"
    wait_for(f"{address}/healthz", process)
    return process, address, log


def _pid(file: Path) -> int:
    """Of a server that leads a session of its own."""
    return int(file.read_text(encoding="ascii").split()[0])


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
