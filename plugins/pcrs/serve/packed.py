"""Documents that are held in memory plain and gzipped, and sent in the form that the client takes."""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from pcrs.serve.conditional import unchanged


@dataclass(frozen=True, slots=True)
class Packed:
    """A document in both forms."""

    plain: bytes
    gzipped: bytes
    media_type: str
    tag: str
    """What its ETags are made of: the same for the same bytes."""


def packed(plain: bytes, media_type: str, *, level: int = 6) -> Packed:
    """The document of these bytes; `level` of compression: 1 (fast) to 9 (small)."""
    gzipped = gzip.compress(plain, compresslevel=level, mtime=0)
    return Packed(plain, gzipped, media_type, hashlib.sha256(plain).hexdigest()[:24])


def sent(request: Request, document: Packed, headers: Mapping[str, str]) -> Response:
    """The document in the form that the client takes, or the news that it has it already."""
    small = "gzip" in request.headers.get("accept-encoding", "")
    told = {"Vary": "Accept-Encoding", **headers, "ETag": f'"{document.tag}{"-gz" if small else ""}"'}
    if (known := unchanged(request, told)) is not None:
        return known
    if small:
        told["Content-Encoding"] = "gzip"
    body = document.gzipped if small else document.plain
    return Response(body, headers=told, media_type=document.media_type)
