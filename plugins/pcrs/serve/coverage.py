"""OGC API Coverages over the mosaic: `/collections/ortho/coverage`, its schema, its description.

pygeoapi's own coverage route has no scaling, no output CRS and no size guard: a request for everything reads
everything. Here the size is known before anything is read, and few requests read at once.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from pcrs import __version__
from pcrs.errors import InputError
from pcrs.serve import coverage_collection as described
from pcrs.serve.answers import KEPT_A_MINUTE
from pcrs.serve.conditional import tagged, unchanged
from pcrs.serve.context import Served
from pcrs.serve.coverage_collection import collection as collection
from pcrs.serve.coverage_formats import Picture
from pcrs.serve.coverage_grid import Grid, plan
from pcrs.serve.coverage_pixels import read, state
from pcrs.serve.coverage_request import CoverageRequest, parse
from pcrs.serve.gate import Gate
from pcrs.serve.nameless import streamed, written
from pcrs.serve.parameters import closed
from pcrs.serve.problems import guarded
from pcrs.work.site import Site

_LARGE_PX = 4_000_000
"""Pixels from which a coverage is large: it takes some 150 MB and seconds."""
_CACHE = KEPT_A_MINUTE.decode()
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Content-Bbox, Content-Crs, Content-Disposition, ETag",
}


@dataclass(frozen=True, slots=True)
class _Answer:
    """All that is decided before pixels are read."""

    request: CoverageRequest
    edition: str | None
    grid: Grid
    headers: Mapping[str, str]


def routes(served: Served) -> list[Route]:
    """The coverage and its schema, for the application that answers `/ogcapi`."""
    gate = Gate("coverages")

    async def coverage(request: Request) -> Response:
        return await _coverage(served, gate, request)

    async def schema(request: Request) -> Response:
        return tagged(request, orjson.dumps(described.schema(served)), "application/schema+json", _CORS)

    async def rangetype(request: Request) -> Response:
        return tagged(request, orjson.dumps(described.rangetype()), "application/json", _CORS)

    described_at = [
        Route("/collections/ortho/coverage/rangetype", rangetype, methods=["GET", "HEAD"]),
        Route("/collections/ortho/schema", schema, methods=["GET", "HEAD"]),
    ]
    whole = Route("/collections/ortho/coverage", guarded(coverage), methods=["GET", "HEAD"])
    return [whole, *closed(described_at)]


async def _coverage(served: Served, gate: Gate, request: Request) -> Response:
    asked = parse(request.query_params.multi_items(), request.headers.get("accept", ""))
    answer = await gate.decide(lambda: _decide(served, asked))
    if answer is None:
        return _no_content()
    if (known := unchanged(request, answer.headers)) is not None:
        return known
    if request.method == "HEAD":  # streamed: a Content-Length would have to be true
        return StreamingResponse((), headers=dict(answer.headers), media_type=asked.format.media_type)
    file = await gate.run(lambda: _written(served, answer), large=answer.grid.pixels > _LARGE_PX)
    if file is None:
        return _no_content()
    return streamed(file, answer.headers, asked.format.media_type)


def _no_content() -> Response:
    """There is no data there: what the standard wants of a part outside the coverage."""
    return Response(status_code=204, headers={"Cache-Control": _CACHE, "Vary": "Accept", **_CORS})


def _decide(served: Served, asked: CoverageRequest) -> _Answer | None:
    """The grid and the headers; None when nothing lies where or when the request asks."""
    editions = served.editions()
    edition = asked.edition
    if edition is not None and edition not in editions:
        raise InputError(f"edition={edition!r} is not published: {', '.join(editions) or 'none'} are")
    if edition is None and asked.years is not None:
        edition = _edition_of(editions, asked.years)
        if edition is None:
            return None
    extent = described.extent(served, edition)
    grid = None if extent is None else plan(asked, extent, served.max_coverage_px)
    if grid is None:
        return None
    shown = state(grid, served.mosaic(edition), served.pyramid(edition))
    return _Answer(asked, edition, grid, _headers(served, asked, edition, grid) | _tag(asked, grid, shown))


def _edition_of(editions: tuple[str, ...], years: tuple[int, int]) -> str | None:
    """The latest edition whose year lies in the interval."""
    for edition in reversed(editions):
        year = described.year_of(edition)
        if year is not None and years[0] <= year <= years[1]:
            return edition
    return None


def _tag(asked: CoverageRequest, grid: Grid, shown: str) -> dict[str, str]:
    """The validator of an answer, known before anything is read: it stands for what shows there now."""
    identity = repr((__version__, grid, asked.bands, asked.format.name, shown))
    return {"ETag": f'"{hashlib.sha256(identity.encode()).hexdigest()[:32]}"'}


def _headers(served: Served, asked: CoverageRequest, edition: str | None, grid: Grid) -> dict[str, str]:
    corner = f"{grid.source.xmin:.0f}-{grid.source.ymax:.0f}"
    name = "_".join(part for part in (served.layer, edition, corner) if part) + f".{asked.format.extension}"
    disposition = "attachment" if asked.format.georeferenced else "inline"
    return {
        "Cache-Control": _CACHE,
        "Vary": "Accept",
        "Content-Crs": f"<{grid.frame.uri}>",
        "Content-Bbox": ",".join(f"{value:.12g}" for value in grid.frame.ordered(grid.bbox)),
        "Content-Disposition": f'{disposition}; filename="{name}"',
        "Accept-Ranges": "none",
        **_CORS,
    }


def _written(served: Served, answer: _Answer) -> BinaryIO | None:
    """The answer in a file that has no name any more; None when there is no data in it."""
    form = answer.request.format

    def write(path: Path) -> None:
        if _drawn(served, answer, path):
            form.finish(path)

    return written(Site(served.site).jobs, f"coverage.{form.extension}", write)


def _drawn(served: Served, answer: _Answer, path: Path) -> bool:
    """True when there is data, and the file holds it; the pixels are gone when this returns."""
    grid, asked = answer.grid, answer.request
    pixels, valid = read(grid, served.mosaic(answer.edition), served.pyramid(answer.edition))
    if not valid.any():
        return False
    if asked.bands != (0, 1, 2):
        pixels = pixels[:, :, list(asked.bands)]
    asked.format.write(path, Picture(pixels, valid, asked.bands, grid.frame, grid.bbox, grid.transform))
    return True
