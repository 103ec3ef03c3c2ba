"""What is written before the application sees it is what the application would have sent."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from pcrs.serve.guard import Front, Guard
from pcrs.serve.native import NativeTiles
from pcrs.serve.tile_protocol import TileProtocol
from pcrs.serve.use import Recorder
from tests.patience import PATIENCE_S, until
from tests.services.maps import MapSite, map_site
from tests.services.test_wmts import REST, kvp
from tests.serving import free_port


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> MapSite:
    return map_site(tmp_path_factory.mktemp("native"))


class Counting(NativeTiles):
    """Counts the tiles that it found."""

    found = 0

    def find(self, target: bytes) -> bytes | None:
        jpeg = super().find(target)
        self.found += jpeg is not None
        return jpeg


@contextmanager
def served(app: Guard, protocol: type) -> Iterator[int]:
    port = free_port()
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            port=port,
            http=protocol,
            log_level="error",
            lifespan="off",
            proxy_headers=False,
            date_header=False,
        )
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    until(lambda: server.started or not thread.is_alive())
    try:
        yield port
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def pair(site: MapSite) -> Iterator[SimpleNamespace]:
    """The same application on two ports: as `pcrs serve` runs it, and as uvicorn alone would."""
    native = Counting(site.service.layers)
    app = Guard(Front({"wmts": site.service, "wms": site.service}, site.service), native, Recorder(None))
    with served(app, TileProtocol) as quick, served(app, HttpToolsProtocol) as plain:
        yield SimpleNamespace(quick=quick, plain=plain, native=native)


def asked(target: str, *headers: str, method: str = "GET", version: str = "1.1", body: str = "") -> str:
    lines = (f"{method} {target} HTTP/{version}", "Host: pcrs.test", *headers)
    return "".join(f"{line}\r\n" for line in lines) + "\r\n" + body


LAST = asked("/wmts/last", "Connection: close")


def said(port: int, request: str) -> bytes:
    """All that the server says to the request and to a last one, after which it ends the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as connection:
        connection.sendall((request + LAST).encode("latin-1"))
        told = b""
        while more := connection.recv(65536):
            told += more
    return told


TAG = '"0000000000000000-0"'


@pytest.mark.parametrize("target", [REST, kvp(), kvp(STYLE=""), kvp(LAYER="PCRS_D046_RVB_2024")])
def test_a_tile_is_written_at_once_and_is_the_same_answer(pair, target):
    before = pair.native.found
    answer = said(pair.quick, asked(target))
    assert pair.native.found == before + 1
    assert answer == said(pair.plain, asked(target))
    assert pair.native.found == before + 1
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\nx-content-type-options: nosniff\r\n" in answer


@pytest.mark.parametrize(
    "request_",
    [
        asked(REST, method="HEAD"),
        asked(REST, f"If-None-Match: {TAG}"),
        asked(REST, "If-None-Match: *"),
        asked(REST, "Connection: close"),
        asked(REST, version="1.0"),
        asked(REST, "Content-Length: 3", body="abc"),
        asked(REST, "Content-Length: 3", method="POST", body="abc"),
        asked(REST, "Expect: 100-continue"),
        asked(REST, "X-Forwarded-Host: evil.example", "Origin: https://other.example"),
        asked(REST, method="OPTIONS"),
        asked(REST.replace("jpeg", "png")),
        asked(REST.replace("/22/", "/06/")),
        asked(REST.replace("45001", "45001%20")),
        asked(REST.replace("45001", "999999999")),
        asked(REST.replace("45001", "44000")),
        asked(REST.replace("PCRS_D046_RVB", "NO")),
        asked(kvp(STYLE="red")),
        asked(kvp(TILEMATRIX="23")),
        asked(kvp(TILEROW="-1")),
        asked("/wmts?" + "x" * 9000),
        asked("/wmts/1.0.0/WMTSCapabilities.xml"),
        asked(REST) * 3 + asked(kvp(TILECOL="a")) + asked(REST),
    ],
)
def test_all_else_is_answered_as_ever(pair, request_):
    assert said(pair.quick, request_) == said(pair.plain, request_)


def test_many_requests_of_one_connection_are_answered_in_their_order(pair):
    targets = [REST, "/wmts/NO", REST, kvp(), REST.replace("45001", "45002")] * 20
    requests = "".join(asked(target) for target in targets)
    answer = said(pair.quick, requests)
    assert answer.count(b"HTTP/1.1 200 OK") == 80
    assert answer.count(b"HTTP/1.1 404 Not Found") == 20 + 1
    assert answer == said(pair.plain, requests)


def test_a_pyramid_that_cannot_be_read_is_told_by_the_service(pair, site, monkeypatch):
    def torn(tile):
        raise OSError("no")

    monkeypatch.setattr(site.pyramids["2025"], "tile", torn)
    answer = said(pair.quick, asked(REST))
    assert answer.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
    assert b"NoApplicableCode" in answer
