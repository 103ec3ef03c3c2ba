"""Fixtures that every test may use."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from tests.postgres import ABSENT, Cluster, cluster, programs

settings.register_profile("pcrs", deadline=None, derandomize=True)
settings.load_profile("pcrs")

pytest_plugins = ["tests.buckets", "tests.sftp"]

REPOSITORY = Path(__file__).resolve().parents[1]
SERVED = ("tests/clients/", "tests/services/", "tests/test_receive", "tests/test_progress.py")
SERVERS = {"postgres", "s3_server", "sftp_server"}


class _Together(LoadFileScheduling):
    """Under `-n` the tests of a file stay together; so do all clients: they share one demo and its server."""

    def _split_scope(self, nodeid: str) -> str:
        return "clients" if nodeid.startswith("tests/clients/") else super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling:
    return _Together(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of real browsers, servers and processes get a second try; the summary names who needed it."""
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        if item.nodeid.startswith(SERVED) or SERVERS.intersection(fixtures) or "killed" in item.name:
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real files that are never committed; the test is skipped where they are absent."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"real data not at {folder}")
    return folder


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A private PostgreSQL with PostGIS, ended with the session; skipped where it is not installed."""
    if programs() is None:
        pytest.skip(ABSENT)
    with cluster() as started:
        yield started
