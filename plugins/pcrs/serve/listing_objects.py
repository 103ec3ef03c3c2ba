"""The public files of `/listing/` when the hot tier is a bucket: found by its keys, passed on in ranges."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from pcrs.blobs import Blobs, Folder, Seen

_RANGE = re.compile(r"\s*bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PublicObject:
    """A public file in a bucket, and what it was when it was found."""

    blobs: Blobs
    key: str
    seen: Seen


class Span(NamedTuple):
    """Bytes of a file: the first, and the one after the last."""

    start: int
    stop: int


def find(
    blobs: Blobs, roots: Sequence[str], names: Sequence[str], *, slash: bool
) -> Folder | PublicObject | None:
    """A folder or a file at an address: names of which the first is one of `roots`; None: nothing public.

    Args:
        blobs: the hot tier.
        roots: the folders of it that are public.
        names: of the address; none for the top.
        slash: the address ends with one, as only a folder's does.
    """
    if not names:
        top = blobs.folder()
        return Folder(tuple(root for root in roots if top and root in top.folders), ())
    if names[0] not in roots:
        return None
    key = "/".join(names)
    if not slash and len(names) > 1:
        seen = blobs.head(key)
        if seen is not None:
            return PublicObject(blobs, key, seen)
    return blobs.folder(key)


def answer(request: Request, found: PublicObject, headers: dict[str, str], media_type: str) -> Response:
    """The file, whole or one range of it. Several ranges at once get the whole, as HTTP allows."""
    size, tag = found.seen.size, found.seen.tag
    headers = {**headers, "Accept-Ranges": "bytes"}
    span = _span(request, size, headers)
    if span is not None and span.start >= span.stop:
        return Response(status_code=416, headers={**headers, "Content-Range": f"bytes */{size}"})
    start, stop = span or (0, size)
    headers["Content-Length"] = str(stop - start)
    if span is not None:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    status = 200 if span is None else 206
    if request.method == "HEAD" or start == stop:
        return Response(status_code=status, headers=headers, media_type=media_type)
    chunks: Iterator[bytes] = found.blobs.chunks(found.key, start, stop, tag=tag)
    return StreamingResponse(chunks, status, headers, media_type)


def _span(request: Request, size: int, headers: dict[str, str]) -> Span | None:
    """The range that a GET asks for; None for all of it; an empty one where the file has no such bytes."""
    told = _RANGE.fullmatch(request.headers.get("range", ""))
    if told is None or request.method != "GET" or not (told[1] or told[2]):
        return None
    if request.headers.get("if-range", headers["ETag"]) not in (headers["ETag"], headers["Last-Modified"]):
        return None
    if not told[1]:
        return Span(max(size - int(told[2]), 0), size)
    start, stop = int(told[1]), min(int(told[2]) + 1, size) if told[2] else size
    if told[2] and int(told[2]) < start:
        return None
    return Span(start, max(start, stop) if start < size else start)
