"""Each fault of `python -m tests.bench.faults`: the service degrades as told, recovers, loses nothing."""

import pytest

from tests.bench.faults.__main__ import FAULTS
from tests.bench.faults.stage import Report, delivery, site_of
from tests.postgres import programs

pytestmark = pytest.mark.clients


@pytest.fixture(scope="module")
def depot(tmp_path_factory):
    return delivery(tmp_path_factory.mktemp("faults") / "depot")


@pytest.fixture(scope="module")
def base(depot, tmp_path_factory):
    return site_of(tmp_path_factory.mktemp("faults") / "base", depot)


@pytest.mark.parametrize("name", FAULTS)
def test_what_must_hold_holds(name, base, depot, tmp_path):
    if name == "database_gone" and programs() is None:
        pytest.skip("PostgreSQL with PostGIS is not installed")
    report = Report()
    try:
        FAULTS[name](base, depot, tmp_path, report)
    except LookupError as error:
        pytest.skip(str(error))
    assert len(report.claims) >= 4
    assert not report.broken, "\n".join(f"{claim.what}: {claim.seen}" for claim in report.broken)
