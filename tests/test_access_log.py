"""The lines of requests: what they tell, and what they never do."""

import json

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from pcrs.serve.guard import Guard, Routes
from pcrs.serve.native import NativeTiles
from pcrs.serve.tile_protocol import TileProtocol
from pcrs.serve.use import Recorder
from pcrs.serve.use.access_log import AccessLog
from pcrs.standard.grid import Tile
from tests.patience import PATIENCE_S
from tests.services.asking import running


class Always(NativeTiles):
    """A tile at every address."""

    def find(self, target):
        return b"jpeg", Tile(22, 1, 2)


@pytest.fixture
def told():
    return []


@pytest.fixture
def log(told):
    made = AccessLog(told.append)
    yield made
    made.close()


def entries(log, told):
    log.flush()
    return [json.loads(line) for line in b"".join(told).splitlines()]


def test_requests_are_told_without_what_is_secret(log, told):
    routes = Routes([Route("/{rest:path}", lambda _: PlainTextResponse("hello"))])
    with running(Guard(routes, Always(dict), Recorder(None), log), http=TileProtocol) as url:
        shown = {"Authorization": "Bearer SECRET1", "X-Request-ID": "abc.1"}
        plain = httpx.get(f"{url}/csw?apikey=SECRET2", headers=shown, timeout=PATIENCE_S)
        order = httpx.get(f"{url}/commandes/12/SECRET3/a%0d%0ab.zip", timeout=PATIENCE_S)
        httpx.get(f"{url}/ogcapi/jobs/SECRET4/results", timeout=PATIENCE_S)
        httpx.get(f"{url}/wmts/a?apikey=SECRET5", headers={"X-Request-ID": "{x}"}, timeout=PATIENCE_S)
    csw, file, job, tile = entries(log, told)
    assert (csw["method"], csw["path"], csw["status"], csw["bytes"]) == ("GET", "/csw", 200, 5)
    assert csw["request"] == plain.headers["x-request-id"] == "abc.1"
    assert csw["ms"] >= 0
    assert file["path"] == "/commandes/12/…/a\r\nb.zip"
    assert file["request"] == order.headers["x-request-id"]
    assert job["path"] == "/ogcapi/jobs/…/results"
    assert (tile["path"], tile["bytes"]) == ("/wmts/a", 4)
    assert "ms" not in tile
    assert b"SECRET" not in b"".join(told)


def test_lines_are_written_whole_and_no_longer_than_a_pipe_takes_at_once(log, told):
    for number in range(100):
        log.answered("GET", "/" + "é" * 600, 200, number, 0.001, "x")
    assert [one["bytes"] for one in entries(log, told)] == list(range(100))
    assert all(len(batch) <= 4096 and batch.endswith(b"\n") for batch in told)


def test_without_a_log_answers_have_no_name():
    routes = Routes([Route("/", lambda _: PlainTextResponse("hello"))])
    with running(Guard(routes, NativeTiles(dict), Recorder(None)), http=TileProtocol) as url:
        assert "x-request-id" not in httpx.get(url, timeout=PATIENCE_S).headers
