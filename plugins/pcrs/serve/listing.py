"""`/listing/`: plain "Index of" pages over the public files, as pcrs-scanner crawls them and GDAL reads them.

Nothing is shown or served but regular files and folders under the public roots: no hidden name, no work in
progress, no link that leads outside. Whatever is not public does not exist.
"""

import html
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import formatdate
from pathlib import Path, PurePath
from urllib.parse import quote, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from pcrs.blobs import Blobs, Folder
from pcrs.serve.conditional import tagged, unchanged
from pcrs.serve.listing_objects import PublicObject, answer, find

_ROOTS = {"dalles": "hot/dalles", "vecteur": "hot/vecteur"}
_MEDIA_TYPES = {
    ".tif": "image/tiff; application=geotiff; profile=cloud-optimized",
    ".jp2": "image/jp2",
    ".jpg": "image/jpeg",
    ".zip": "application/zip",
    ".gml": "application/gml+xml",
    ".gpkg": "application/geopackage+sqlite3",
    ".dxf": "image/vnd.dxf",
    ".xml": "application/xml",
    ".json": "application/json",
    ".tfw": "text/plain; charset=us-ascii",
}
_CACHE = "public, max-age=300, no-transform"
"""`no-transform`: a proxy that compresses a TIFF on the way would break its byte ranges."""
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
    "Access-Control-Allow-Headers": "Range, If-Range, If-None-Match, If-Modified-Since",
    "Access-Control-Expose-Headers": "Accept-Ranges, Content-Length, Content-Range, ETag, Last-Modified",
}
_SPAN = r"(?:\d{1,18}-\d{0,18}|-\d{1,18})"
_RANGE = re.compile(rf"\s*bytes\s*=\s*({_SPAN}\s*(?:,\s*{_SPAN}\s*)*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Entry:
    """A line of a page."""

    name: str
    """With a slash at the end for a folder."""
    modified: float | None
    """Seconds; None for a folder of a bucket."""
    size: int | None
    """None for a folder."""


@dataclass(frozen=True, slots=True)
class PublicFile:
    """A public file, and what it was when it was found."""

    path: Path
    stat: os.stat_result


def routes(site: Path, public_url: str = "", objects: Blobs | None = None) -> list[Route]:
    """The pages and the files under `/listing/`; `public_url` gives the path that page titles begin with.

    `objects` is the hot tier when it is a bucket.
    """
    prefix = urlsplit(public_url).path.rstrip("/")

    async def listing(request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=_CORS)
        address = request.path_params["path"]
        found = await run_in_threadpool(_found, site, objects, address)
        if found is None:
            return PlainTextResponse("404 Not Found\n", 404, _CORS)
        if isinstance(found, PublicFile | PublicObject):
            return sent(request, found)
        if address and not address.endswith("/"):
            return _moved(address)
        page = await run_in_threadpool(_page, f"{prefix}/listing/{address}", found)
        return tagged(request, page, "text/html", {"Cache-Control": "no-cache", **_CORS})

    async def without_slash(_: Request) -> Response:
        return _moved("listing")

    methods = ["GET", "HEAD", "OPTIONS"]
    return [
        Route("/listing", without_slash, methods=methods),
        Route("/listing/{path:path}", listing, methods=methods),
    ]


def public_file(site: Path, address: str, objects: Blobs | None = None) -> PublicFile | PublicObject | None:
    """The file at an address relative to `/listing/` (`dalles/2025/x.tif`); None: no such public file.

    `objects` is the hot tier when it is a bucket.
    """
    found = _found(site, objects, address)
    return found if isinstance(found, PublicFile | PublicObject) else None


def _found(
    site: Path, objects: Blobs | None, address: str
) -> tuple[_Entry, ...] | PublicFile | PublicObject | None:
    """A folder's lines, or a file, at an address (decoded, relative to /listing/); None: nothing public."""
    if objects is None:
        return _find(_roots(site), address)
    names = _names(address)
    if names is None:
        return None
    found = find(objects, tuple(_ROOTS), names, slash=address.endswith("/"))
    if not isinstance(found, Folder):
        return found
    folders = [_Entry(f"{name}/", None, None) for name in found.folders]
    files = [_Entry(name, seen.modified.timestamp(), seen.size) for name, seen in found.files]
    return (*folders, *files)


def _roots(site: Path) -> dict[str, Path]:
    return {name: site / folder for name, folder in _ROOTS.items()}


def _moved(address: str) -> Response:
    """A folder's address ends with a slash. Relative: it holds behind any prefix."""
    return Response(status_code=308, headers={"Location": f"{quote(address.rsplit('/', 1)[-1])}/", **_CORS})


def _public(name: str) -> bool:
    """True for a name that may be seen."""
    return not (name.startswith(".") or name.endswith(".part") or "\\" in name or "\0" in name)


def _names(address: str) -> list[str] | None:
    """The names that an address is made of; None when one of them may not be seen."""
    names = address.removesuffix("/").split("/") if address else []
    return names if all(name and _public(name) for name in names) else None


def _find(roots: Mapping[str, Path], address: str) -> tuple[_Entry, ...] | PublicFile | None:
    """The same in folders: the site's public ones, by name."""
    names = _names(address)
    if names is None:
        return None
    if not names:
        return tuple(_entry(path, name) for name, path in roots.items() if path.is_dir())
    root = roots.get(names[0])
    if root is None:
        return None
    try:
        path = root.joinpath(*names[1:]).resolve(strict=True)
        if not path.is_relative_to(root.resolve()):
            return None
        if path.is_dir():
            return _entries(path, root.resolve())
        return PublicFile(path, path.stat()) if path.is_file() and not address.endswith("/") else None
    except OSError:
        return None


def _entries(folder: Path, root: Path) -> tuple[_Entry, ...]:
    """The lines of a folder: folders first, each by name."""
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if not _public(entry.name):
                continue
            path = Path(entry.path)
            if entry.is_symlink() and not path.resolve().is_relative_to(root):
                continue
            with suppress(FileNotFoundError):  # a file may go while its folder is read
                if path.is_dir() or path.is_file():
                    found.append(_entry(path, entry.name))
    return tuple(sorted(found, key=lambda entry: (entry.size is not None, entry.name)))


def _entry(path: Path, name: str) -> _Entry:
    stat = path.stat()
    return (
        _Entry(f"{name}/", stat.st_mtime, None)
        if path.is_dir()
        else _Entry(name, stat.st_mtime, stat.st_size)
    )


def _page(address: str, entries: tuple[_Entry, ...]) -> bytes:
    """The page of a folder. Its form is nginx's, which GDAL and the crawlers know."""
    title = f"Index of {html.escape(address)}"
    up = "" if address.endswith("/listing/") else '<a href="../">../</a>\n'
    lines = "".join(_line(entry) for entry in entries)
    page = (
        f'<!DOCTYPE html>\n<html lang="fr">\n<head><meta charset="utf-8"><title>{title}</title></head>\n'
        f"<body>\n<h1>{title}</h1><hr><pre>{up}{lines}</pre><hr>\n</body>\n</html>\n"
    )
    return page.encode()


def _line(entry: _Entry) -> str:
    """`name   23-Nov-2026 19:43   12345`, the name a relative link."""
    day = "-"
    if entry.modified is not None:
        when = datetime.fromtimestamp(entry.modified, UTC)
        month = formatdate(entry.modified, usegmt=True)[8:11]  # English, whatever the locale
        day = f"{when:%d}-{month}-{when:%Y %H:%M}"
    size = "-" if entry.size is None else str(entry.size)
    gap = " " * max(1, 60 - len(entry.name))
    link = f'<a href="{quote(entry.name)}">{html.escape(entry.name)}</a>'
    return f"{link}{gap}{day:<17} {size:>14}\n"


def sent(request: Request, found: PublicFile | PublicObject) -> Response:
    """A file, whole or in ranges, or the news that it has not changed."""
    if isinstance(found, PublicObject):
        etag, at = f'"{found.seen.tag.strip(chr(34))}"', found.seen.modified.timestamp()
    else:
        etag, at = f'"{found.stat.st_mtime_ns:x}-{found.stat.st_size:x}"', found.stat.st_mtime
    modified = formatdate(at, usegmt=True)
    headers = {"ETag": etag, "Last-Modified": modified, "Cache-Control": _CACHE, **_CORS}
    if (known := unchanged(request, headers)) is not None:
        return known
    if isinstance(found, PublicObject):
        return answer(request, found, headers, media_type(found.key))
    return _Ranged(
        found.path, headers=headers, media_type=media_type(found.path.name), stat_result=found.stat
    )


def media_type(name: str) -> str:
    """The media type of a file by its name."""
    return _MEDIA_TYPES.get(PurePath(name).suffix.lower(), "application/octet-stream")


class _Ranged(FileResponse):
    """starlette's answer with ranges. A Range that is none is left aside, as HTTP wants; so it is on HEAD."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kept = [
            (name, value) for name, value in scope["headers"] if name != b"range" or _is_range(scope, value)
        ]
        await super().__call__({**scope, "headers": kept}, receive, send)


def _is_range(scope: Scope, value: bytes) -> bool:
    """True for a GET with ranges of bytes whose ends are in order."""
    found = _RANGE.fullmatch(value.decode("latin-1"))
    if found is None or scope["method"] != "GET":
        return False
    spans = (span.strip().partition("-") for span in found[1].split(","))
    return all(not low or not high or int(low) <= int(high) for low, _, high in spans)
