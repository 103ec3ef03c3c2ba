"""The files of the pages, in memory, and how long a browser may keep them.

OpenLayers and proj4 come from the MapProxy that is installed: nothing is copied, nothing is fetched from
elsewhere. Pages name their files under a mark of what these hold: a browser asks for them once, and again
only after an upgrade.
"""

import hashlib
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from pcrs.serve.packed import Packed, packed
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
ASKED_ABOUT = {"Cache-Control": "no-cache"}
"""Kept, but asked about each time; the answer is a 304 until pcrs is upgraded."""
FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}
"""Of what will never be something else under its address."""


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
def asset(name: str) -> Packed:
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
    told = "".join(f"{name} {asset(name).tag}\n" for name in sorted(names()))
    return f"v-{hashlib.sha256(told.encode()).hexdigest()[:16]}"


@lru_cache(maxsize=8)
def page(name: str) -> Packed:
    """A page, its files under the mark."""
    return made(asset(name).plain.replace(b'"static/', f'"static/{mark()}/'.encode()), "html")


def made(plain: bytes, suffix: str) -> Packed:
    """The file of these bytes; `suffix` tells their media type."""
    return packed(plain, _MEDIA_TYPES[suffix])
