"""What processes refuse: bodies, areas, addresses, more than the queue holds."""

import json
from contextlib import closing

import pytest

from pcrs.standard.names import format_name
from pcrs.store.jobs import Jobs
from tests.services.processes_site import EXTRACT, NAME, ask, execute
from tests.services.processes_site import site as site


@pytest.mark.parametrize(
    ("process", "body"),
    [
        ("extraction", b"[]"),
        ("extraction", b"null"),
        ("extraction", b'{"inputs": []}'),
        ("extraction", b"{" * 5000),
        ("extraction", b"[" * 100_000),
        ("extraction", b'{"inputs": {"commune": "46042"}}'),
        ("extraction", b'{"inputs": {"formats": ["exe"], "commune": "46042"}}'),
        ("extraction", b'{"inputs": {"formats": ["gml"], "bbox": {"bbox": [1, 2, 3]}}}'),
        ("echo", b'{"inputs": {"message": {"href": "http://169.254.169.254/"}}}'),
        ("echo", b'{"inputs": {"message": "x", "other": 1}}'),
        ("echo", b'{"inputs": {"message": "x"}, "outputs": {"y": {}}}'),
        ("echo", b'{"inputs": {"message": "x"}, "response": "loud"}'),
    ],
)
def test_bad_requests_are_told_what_is_wrong(site, process, body):
    answer = ask(site, f"/ogcapi/processes/{process}/execution", "POST", content=body)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert len(answer.json()["detail"]) > 10


@pytest.mark.parametrize(
    "area",
    [
        {},
        {"commune": "46999"},
        {"dalle": "x"},
        {"bbox": {"bbox": [0, 0, 1, 1], "crs": "EPSG:2154"}},
        {"polygone": {"type": "Polygon", "coordinates": [[["a"]]]}},
        {"polygone": {"type": "Polygon", "coordinates": []}},
        {"polygone": {"type": "Polygon", "coordinates": [[[200, 100], [201, 100], [201, 101], [200, 100]]]}},
        {"dalle": format_name(NAME), "commune": "46042"},
    ],
)
def test_areas_that_cannot_be(site, area):
    answer = execute(site, "statistiques", {"inputs": area})
    assert answer.status_code == 400, answer.text


def test_unknown_addresses(site):
    assert ask(site, "/ogcapi/processes/nothing").json()["type"].endswith("/no-such-process")
    assert ask(site, "/ogcapi/jobs/nothing").json()["type"].endswith("/no-such-job")
    assert execute(site, "nothing", {"inputs": {}}).status_code == 404
    assert ask(site, "/ogcapi/processes/echo/execution").status_code == 405


def test_the_public_cannot_fill_the_queue(site):
    with closing(Jobs(site.place.jobs_file)) as jobs:
        for _ in range(100):
            jobs.add("echo", "", {"inputs": {}, "readable": {}}, now="2026-01-01T00:00:00Z")
        full = execute(site, "extraction", EXTRACT)
        assert full.status_code == 429
        assert execute(site, "extraction", EXTRACT, token="partenaire").status_code == 201
        jobs.forget([job.id for job in jobs.of(None)])
    assert json.loads(full.text)["code"] == "TooManyRequests"
