"""Real clients against the served demo: one site, one server, for the whole session."""

import fcntl
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import gettempdir

import pytest

from tests.patience import PATIENCE_S
from tests.serving import pcrs, serving


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in Path(item.fspath).parents:
            item.add_marker(pytest.mark.clients)


@pytest.fixture(scope="session")
def demo_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo, made by the command that the README gives; PCRS_DEMO_SITE names one that is made already.

    Of several processes that test, one makes it, and each has a copy.
    """
    made_before = os.environ.get("PCRS_DEMO_SITE")
    if made_before:
        return Path(made_before)
    site = tmp_path_factory.mktemp("demo") / "site"
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return _made(site)
    shared = tmp_path_factory.getbasetemp().parent / "demo"
    with shared.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not shared.exists():
            _made(shared.with_suffix(".part")).rename(shared)
    shutil.copytree(shared, site, symlinks=True)
    return site


def _made(site: Path) -> Path:
    made = pcrs("demo", "--site", site, "--no-serve")
    assert made.returncode == 0, made.stderr
    return site


@pytest.fixture(scope="session")
def demo_url(demo_site: Path) -> Iterator[str]:
    with serving(demo_site) as url:
        yield url


@pytest.fixture(scope="session")
def a_dalle(demo_site: Path) -> str:
    """The name of a dalle of the demo, from its middle."""
    with closing(sqlite3.connect(demo_site / "stores" / "index.db")) as db:
        row = db.execute("SELECT stem FROM dalle ORDER BY abs(x_m - 576400) + abs(y_m - 6372600)").fetchone()
    return str(row[0])


def need(program: str) -> str:
    """The path of a program; the test is skipped where it is not installed."""
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not installed")
    return found


def run(*command: str | Path, **environment: str) -> str:
    """What the program said, when it ended well."""
    done = subprocess.run(
        list(map(str, command)),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
        env={**os.environ, "GDAL_DEFAULT_WMS_CACHE_PATH": gettempdir(), **environment},
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout
