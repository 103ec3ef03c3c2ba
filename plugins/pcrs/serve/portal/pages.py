"""Routes of the portal: its pages, their files, and the documents that they ask for.

A page without inline script or style lets a strict policy hold: scripts are ours alone, and what a user adds
to the map can only be drawn or read as data.
"""

import json
import re
from collections.abc import Awaitable, Callable
from functools import lru_cache

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from pcrs.serve.context import Served
from pcrs.serve.packed import Packed, sent
from pcrs.serve.portal.assets import ASKED_ABOUT, FOR_EVER, asset, made, mark, names, page
from pcrs.serve.portal.configuration import configuration
from pcrs.serve.portal.files import HandedIn
from pcrs.serve.portal.plans import Plans
from pcrs.serve.portal.streams import Dressed
from pcrs.serve.portal.symbology import symbology
from pcrs.serve.problems import guarded
from pcrs.work.downloads import Shelf

POLICY = (
    "default-src 'self'; img-src 'self' data: blob: https: http:; connect-src 'self' https: http:;"
    " object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
)
"""Images and data may come from elsewhere, for users add maps of their own; scripts and styles may not."""
_MARK = re.compile(r"v-[0-9a-f]{16}")
PAGES = {"/": "index.html", "/flux": "flux.html", "/admin": "admin.html"}


def routes(
    served: Served, shelf: Callable[[], Shelf] | None = None, *, signalements: bool = False
) -> list[Route]:
    """The pages at `/`, `/flux`, `/admin`, their files at `/static/`, their documents at `/portail/`."""
    documents = _Documents(served, shelf, signalements)
    methods = ["GET", "HEAD"]
    return [
        *(Route(path, _page(name), methods=methods) for path, name in PAGES.items()),
        Route("/static/{name:path}", _static, methods=methods),
        Route("/portail/config.json", documents.config, methods=methods),
        Route("/portail/symbologie.json", documents.symbology, methods=methods),
        Route("/portail/emprise", guarded(HandedIn().answer), methods=["POST"]),
        Route("/portail/plan.pdf", Plans(served).answer, methods=["GET"]),
        Route("/portail/pcrs.{suffix}", Dressed(served).answer, methods=methods),
    ]


def _page(name: str) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        return sent(request, page(name), ASKED_ABOUT | {"Content-Security-Policy": POLICY})

    return answer


async def _static(request: Request) -> Response:
    name = request.path_params["name"]
    shown, _, rest = name.partition("/")
    marked = shown == mark()
    if marked or _MARK.fullmatch(shown):
        name = rest  # under a mark of before, from a page of before: as it is now
    if name not in names():
        return PlainTextResponse("404 Not Found\n", 404)
    return sent(request, asset(name), FOR_EVER if marked else ASKED_ABOUT)


class _Documents:
    """What the pages ask for beside their files."""

    def __init__(self, served: Served, shelf: Callable[[], Shelf] | None, signalements: bool) -> None:
        self._served = served
        self._symbology = _document(symbology())
        self._described = lru_cache(maxsize=1)(
            lambda _state: _document(configuration(served, shelf) | {"signalements": signalements})
        )

    async def config(self, request: Request) -> Response:
        """The site as the page draws it."""
        return sent(request, await run_in_threadpool(self._current), ASKED_ABOUT)

    def _current(self) -> Packed:
        served = self._served
        return self._described((served.store.revision(), served.editions(), served.mosaic(None).bbox))

    async def symbology(self, request: Request) -> Response:
        """How the plan is drawn."""
        return sent(request, self._symbology, ASKED_ABOUT)


def _document(value: object) -> Packed:
    return made(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(), "json")
