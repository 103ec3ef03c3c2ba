"""A PostgreSQL with PostGIS for the tests: a private cluster in a temporary folder, on a socket there."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg

from pcrs.store.pg_connections import Address
from tests.patience import PATIENCE_S

ABSENT = "PostgreSQL with PostGIS is not installed (postgresql-15, postgresql-15-postgis-3)"
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "listen_addresses": "",
    "shared_buffers": "64MB",
    "max_connections": "40",
}

LASTING = {**SETTINGS, "synchronous_commit": "on"}
"""Of one that is stopped as by a crash: what was committed before is there when it goes on."""


def programs() -> Path | None:
    """Where initdb and pg_ctl of the newest PostgreSQL with PostGIS are, None without one."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda file: int(file.parts[-3]))
    for initdb in reversed(found):
        share = Path("/usr/share/postgresql") / initdb.parts[-3] / "extension" / "postgis.control"
        if share.is_file():
            return initdb.parent
    return None


class Cluster:
    """A server on a socket of its own folder, run by a user that is not root."""

    def __init__(self, folder: Path, bin_: Path, settings: dict[str, str]) -> None:
        self.folder, self._bin = folder, bin_
        self._user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        self._settings = settings

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)
        if os.geteuid() == 0:
            shutil.chown(self.folder, self._user)
        data = self.folder / "data"
        self._run("initdb", "-D", data, "-U", "pcrs", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        lines = [f"{name} = '{value}'" for name, value in self._settings.items()]
        lines.append(f"unix_socket_directories = '{self.folder}'")
        with (data / "postgresql.conf").open("a") as file:
            file.write("\n".join(lines) + "\n")
        self.go_on()

    def go_on(self) -> None:
        """It runs (again) on the data that it has."""
        self._run("pg_ctl", "-D", self.folder / "data", "-w", "-l", self.folder / "log", "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", self.folder / "data", "-w", "-m", "immediate", "stop")

    def url(self, schema: str = "pcrs", database: str = "postgres") -> str:
        """The address of a schema, as `open_store` takes it."""
        return f"postgresql:///{database}?host={self.folder}&user=pcrs&schema={schema}"

    @contextmanager
    def schema(self) -> Iterator[str]:
        """The address of a schema of its own, gone with the block."""
        name = f"s{uuid4().hex[:12]}"
        yield self.url(name)
        with psycopg.connect(Address(self.url()).conninfo) as connection:
            connection.execute(f"DROP SCHEMA IF EXISTS {name} CASCADE".encode())

    def _run(self, program: str, *args: object) -> None:
        command = [str(self._bin / program), *map(str, args)]
        user = self._user if os.geteuid() == 0 else None
        subprocess.run(command, check=True, user=user, cwd="/", stdout=subprocess.DEVNULL, timeout=PATIENCE_S)


@contextmanager
def cluster(settings: dict[str, str] | None = None) -> Iterator[Cluster]:
    """A cluster that ends with the block.

    Raises:
        LookupError: PostgreSQL or PostGIS is not installed.
    """
    bin_ = programs()
    if bin_ is None:
        raise LookupError(ABSENT)
    folder = Path(tempfile.mkdtemp(prefix="pcrs-pg-"))
    own = Cluster(folder, bin_, SETTINGS if settings is None else settings)
    try:
        own.start()
        try:
            yield own
        finally:
            own.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
