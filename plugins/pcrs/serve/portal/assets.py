"""Files in memory, plain and compressed, and their way to a browser that may have them already.

OpenLayers and proj4 come from the MapProxy that is installed: nothing is copied, nothing is fetched from
elsewhere. Pages name their files under a mark of what these hold: a browser asks for them once, and again
only after an upgrade.
"""

import gzip
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from starlette.requests import Request
from starlette.responses import Response

from pcrs.serve.conditional import knows
from pcrs.serve.portal.bundle import bundled

_MEDIA_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "json": "application/json",
}
_LIBRARIES = ("ol.js", "ol.css", "proj4.min.js")
_PAGES = ("portal", "flux", "admin")
"""The modules that pages begin with."""
_HEADERS = {"Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
"""`no-cache`: kept, but asked about each time; the answer is a 304 until pcrs is upgraded."""
FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}
"""Of what will never be something else under its address."""


@dataclass(frozen=True, slots=True)
class Asset:
    """A file in memory, plain and compressed."""

    plain: bytes
    packed: bytes
    media_type: str
    etag: str


@lru_cache(maxsize=1)
def _files() -> dict[str, Traversable]:
    ours = {entry.name: entry for entry in (files(__package__) / "static").iterdir() if entry.is_file()}
    theirs = files("mapproxy.service") / "templates" / "demo" / "static"
    return ours | {f"ol/{name}": theirs / name for name in _LIBRARIES}


@lru_cache(maxsize=1)
def names() -> frozenset[str]:
    """Every file that may be asked for, by its name under `/static/`."""
    return frozenset((*_files(), *(f"bundle/{page}.js" for page in _PAGES)))


@lru_cache(maxsize=128)
def asset(name: str) -> Asset:
    """A file by its name under `/static/`, read once; `bundle/…`: a module with all that it needs."""
    suffix = name.rsplit(".", 1)[-1]
    if name.startswith("bundle/"):
        entry = name.removeprefix("bundle/").removesuffix(".js")
        return made(
            bundled(entry, lambda module: _files()[f"{module}.js"].read_text("utf-8")).encode(), suffix
        )
    return made(_files()[name].read_bytes(), suffix)


@lru_cache(maxsize=1)
def mark() -> str:
    """What stands for all files as they are: another one after an upgrade."""
    told = "".join(f"{name} {asset(name).etag}\n" for name in sorted(names()))
    return f"v-{hashlib.sha256(told.encode()).hexdigest()[:16]}"


@lru_cache(maxsize=8)
def page(name: str) -> Asset:
    """A page, its files under the mark."""
    return made(asset(name).plain.replace(b'"static/', f'"static/{mark()}/'.encode()), "html")


def made(plain: bytes, suffix: str) -> Asset:
    """The asset of these bytes; `suffix` tells their media type."""
    packed = gzip.compress(plain, compresslevel=6, mtime=0)
    return Asset(plain, packed, _MEDIA_TYPES[suffix], hashlib.sha256(plain).hexdigest()[:24])


def sent(request: Request, one: Asset, more: dict[str, str] | None = None) -> Response:
    """The file, in the form that the browser takes, or the news that it has it already."""
    packed = "gzip" in request.headers.get("accept-encoding", "")
    etag = f'"{one.etag}{"-gz" if packed else ""}"'
    headers = {**_HEADERS, **(more or {}), "ETag": etag}
    if knows(request, etag):
        return Response(status_code=304, headers=headers)
    if packed:
        headers["Content-Encoding"] = "gzip"
    return Response(one.packed if packed else one.plain, headers=headers, media_type=one.media_type)
