"""Routes of the portal: the page, its files, its configuration.

OpenLayers and proj4 come from the MapProxy that is installed: nothing is copied, nothing is fetched from
elsewhere, and a page without inline script or style lets the strictest policy hold.
"""

import gzip
import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from pcrs.serve.conditional import knows
from pcrs.serve.context import Served
from pcrs.serve.portal.configuration import configuration

POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'self'"
)
_MEDIA_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "json": "application/json",
}
_LIBRARIES = ("ol.js", "ol.css", "proj4.min.js")
_HEADERS = {"Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
"""`no-cache`: kept, but asked about each time; the answer is a 304 until pcrs is upgraded."""


@dataclass(frozen=True, slots=True)
class _Asset:
    """A file in memory, plain and compressed."""

    plain: bytes
    packed: bytes
    media_type: str
    etag: str


def routes(served: Served) -> list[Route]:
    """The page at `/`, its files under `/static/`, and `/portail/config.json`."""

    async def page(request: Request) -> Response:
        return _sent(request, _asset("index.html"), {"Content-Security-Policy": POLICY})

    async def static(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in _names():
            return PlainTextResponse("404 Not Found\n", 404)
        return _sent(request, _asset(name))

    @lru_cache(maxsize=1)
    def described(_state: tuple[object, ...]) -> _Asset:
        return _made(json.dumps(configuration(served), ensure_ascii=False).encode(), "json")

    def current() -> _Asset:
        return described((served.store.revision(), served.editions(), served.mosaic(None).bbox))

    async def config(request: Request) -> Response:
        return _sent(request, await run_in_threadpool(current))

    methods = ["GET", "HEAD"]
    return [
        Route("/", page, methods=methods),
        Route("/static/{name:path}", static, methods=methods),
        Route("/portail/config.json", config, methods=methods),
    ]


@lru_cache(maxsize=1)
def _names() -> dict[str, Traversable]:
    """Every file that may be asked for, by its name under `/static/`."""
    ours = {entry.name: entry for entry in (files(__package__) / "static").iterdir() if entry.is_file()}
    theirs = files("mapproxy.service") / "templates" / "demo" / "static"
    return ours | {f"ol/{name}": theirs / name for name in _LIBRARIES}


@lru_cache(maxsize=64)
def _asset(name: str) -> _Asset:
    """A file by its name under `/static/`, read once."""
    return _made(_names()[name].read_bytes(), name.rsplit(".", 1)[-1])


def _made(plain: bytes, suffix: str) -> _Asset:
    packed = gzip.compress(plain, compresslevel=6, mtime=0)
    return _Asset(plain, packed, _MEDIA_TYPES[suffix], hashlib.sha256(plain).hexdigest()[:24])


def _sent(request: Request, asset: _Asset, more: dict[str, str] | None = None) -> Response:
    """The file, in the form that the browser takes, or the news that it has it already."""
    packed = "gzip" in request.headers.get("accept-encoding", "")
    etag = f'"{asset.etag}{"-gz" if packed else ""}"'
    headers = {**_HEADERS, **(more or {}), "ETag": etag}
    if knows(request, etag):
        return Response(status_code=304, headers=headers)
    if packed:
        headers["Content-Encoding"] = "gzip"
    return Response(asset.packed if packed else asset.plain, headers=headers, media_type=asset.media_type)
