"""Asking an ASGI application without a socket, and a site small enough for every test to have its own."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

import httpx
import numpy as np
import uvicorn
from starlette.applications import Starlette
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from pcrs.raster.mosaic import Mosaic, Source
from pcrs.serve.context import Served
from tests.dalles import ground_pixels, make_dalle, small_name

X, Y = 576_000, 6_373_000
"""North-west corner of the small site, EPSG:2154."""
SIDE_PX = 400
PUBLIC = "https://pcrs.test/lot"


def ask(routes: Sequence[BaseRoute], path: str, method: str = "GET", **options: Any) -> httpx.Response:
    """One request, answered."""
    return ask_all(routes, [path], method, **options)[0]


def ask_all(
    routes: Sequence[BaseRoute], paths: Sequence[str], method: str = "GET", **options: Any
) -> list[httpx.Response]:
    """Several requests at the same time, answered in their order."""
    return ask_app(Starlette(routes=list(routes)), paths, method, **options)


def ask_app(app: ASGIApp, paths: Sequence[str], method: str = "GET", **options: Any) -> list[httpx.Response]:
    """The same of a whole application, with what stands before its routes."""

    async def _ask() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://inside") as client:
            return await asyncio.gather(*(client.request(method, path, **options) for path in paths))

    return asyncio.run(_ask())


@contextmanager
def running(app: ASGIApp, **options: Any) -> Iterator[str]:
    """The application on a free port of this machine; its address."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off", **options))
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def refused(answer: httpx.Response, status: int = 400) -> str:
    """The detail of a problem document (RFC 9457), which has all that one of ours has."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert {"code", "title", "type"} <= set(body)
    assert (body["status"], body["detail"]) == (status, body["description"])
    assert body["code"]
    assert body["detail"]
    assert "/site-packages/" not in body["detail"]
    return str(body["detail"])


def ask_as_written(routes: Sequence[BaseRoute], path: str) -> tuple[int, bytes]:
    """Status and body for a path that no client library has tidied up: `..` stays in it."""
    return app_as_written(Starlette(routes=list(routes)), path)


def app_as_written(app: ASGIApp, target: str, token: str = "") -> tuple[int, bytes]:
    """The same of a whole application; `target` with its query, `token` in a header."""
    path, _, query = target.partition("?")
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b""}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "method": "GET",
        "path": unquote(path),
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(b"authorization", f"Bearer {token}".encode())] if token else [],
        "client": ("127.0.0.1", 5),
    }
    asyncio.run(app(scope, receive, send))
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


class Revision:
    """The part of a store that the coverage asks."""

    def __init__(self) -> None:
        self.value = "1"

    def revision(self) -> str:
        return self.value


def small_mosaic(folder: Path, *, hole: bool = False, seed: int = 0) -> Mosaic:
    """Two dalles of 20 m side by side, lossless; `hole`: a square of no-data in the first one."""
    sources = []
    for x in (X, X + 20):
        name = small_name(x, Y)
        mask = None
        if hole and x == X:
            mask = np.ones((SIDE_PX, SIDE_PX), bool)
            mask[100:200, 100:200] = False
        path = make_dalle(folder / f"{x}-{seed}-{hole}.tif", name, mask=mask, seed=seed)
        sources.append(Source(path, name.bbox, 0))
    return Mosaic(sources)


def ground(x: float, y: float, width: int, height: int, seed: int = 0) -> np.ndarray:
    """The pixels south-east of a place, as the dalles hold them."""
    return ground_pixels(x, y, width, height, seed)


def served_by(
    site: Path, mosaic: Callable[[str | None], Mosaic], *, store: Any = None, **changes: Any
) -> Served:
    """A site of which only the named parts are there."""
    values = {
        "public_url": PUBLIC,
        "site": site,
        "departement": "46",
        "layer": "PCRS_D046_RVB",
        "editions": lambda: ("2022", "2025"),
        "store": store or Revision(),
        "pyramid": lambda edition: None,
        "mosaic": mosaic,
        "dalle_at": lambda edition, x_m, y_m: None,
        "title": "PCRS du Lot",
        "operator": "Territoire d'Énergie Lot",
        "contact_email": "pcrs@example.fr",
        "licence_title": "Licence Ouverte",
        "licence_url": "https://example.fr/licence",
        "max_coverage_px": 1_000_000,
        "max_export_objects": 200_000,
    }
    return Served(**(values | changes))


def attributes(**values: Any) -> SimpleNamespace:
    """Any object with these attributes."""
    return SimpleNamespace(**values)
