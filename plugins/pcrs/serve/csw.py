"""The catalogue service: CSW 2.0.2 and 3.0.0 at /csw."""

import asyncio
import logging
import time
from collections.abc import Callable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send
from xxhash import xxh3_64_hexdigest

from pcrs import __version__
from pcrs.errors import StoreError, TooLargeError
from pcrs.serve.answers import KEPT_A_MINUTE, NOT_KEPT
from pcrs.serve.bodies import whole_body
from pcrs.serve.conditional import headers_alone, unchanged
from pcrs.serve.csw_dcat import NAMESPACES, Graphs, GraphSchema
from pcrs.serve.csw_engine import Answer, answer, mend
from pcrs.serve.csw_faults import CswFault, Version
from pcrs.serve.csw_kvp import CswRequest, read_query
from pcrs.serve.csw_post import read_body, version_of
from pcrs.serve.csw_settings import CatalogueSite, configuration
from pcrs.serve.entries import Entries
from pcrs.serve.gate import BusyError, Gate, abandoned
from pcrs.serve.problems import RETRY_S
from pcrs.store.records import RecordStore

MAX_BODY = 1_000_000
"""Bytes of a request; a GetRecords has some thousands."""
_PATIENCE_S = 1.0
"""After so long in the queue, a request is asked whether its client is still there."""
_METHODS = "GET, HEAD, POST, OPTIONS"
_FORM = "application/x-www-form-urlencoded"
_LOG = logging.getLogger(__name__)


class CswService:
    """An ASGI application for one path, whatever that path is.

    `settings` is `catalog/pycsw.yml`. Requests go through pycsw in `threads` threads: it is bound by the
    interpreter, more threads cost memory and gain nothing. `waiting` more wait for their turn; those beyond
    are told to come back. `entries` are the same records, read; they are made when they are not given.

    Raises:
        SettingsError: the settings are no pycsw configuration.
        StoreError: the record store cannot be opened, though its database answers.
    """

    def __init__(
        self,
        site: CatalogueSite,
        settings: Path,
        entries: Entries | None = None,
        *,
        threads: int = 2,
        waiting: int = 128,
    ) -> None:
        self._site = site
        self._records = RecordStore(site.records, patient=True)
        self._config = configuration(settings, site)
        graphs = Graphs(site, entries or Entries(self._records))
        self._schemas = [GraphSchema(namespace, graphs) for namespace in NAMESPACES]
        self._gate = Gate("csw", threads, waiting)
        mend()
        logging.getLogger("pycsw").setLevel(logging.CRITICAL)  # it logs a traceback for each bad request

    def close(self) -> None:
        """The threads are ended; requests that wait are dropped."""
        self._gate.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One HTTP request."""
        request = Request(scope, receive)
        response = headers_alone(request, await self._respond(request))
        await response(scope, receive, send)

    def routes(self) -> list[BaseRoute]:
        """/csw."""
        return [Route("/csw", self, methods=_METHODS.split(", "))]

    async def _respond(self, request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers={"Allow": _METHODS})
        if request.method not in ("GET", "HEAD", "POST"):
            return PlainTextResponse("GET, HEAD or POST", 405, headers={"Allow": _METHODS})
        try:
            if request.method != "POST":
                return await self._kept(request, request.url.query)
            body = await _body(request)
        except CswFault as fault:
            return _report(fault, "2.0.2")
        media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media == _FORM:
            query = body.decode("latin-1")
            return await self._run(request, query, lambda: read_query(query))
        return await self._run(request, body, lambda: read_body(body))

    async def _kept(self, request: Request, query: str) -> Response:
        """The answer to a query string.

        It is the same until records change, but for the time that pycsw writes into it: the tag is weak.
        """
        try:
            revision = await asyncio.to_thread(self._records.revision)
        except StoreError:
            return await self._run(request, query, lambda: read_query(query))
        said = repr((__version__, self._site, revision, query))
        headers = _CORS | {
            "ETag": f'W/"{xxh3_64_hexdigest(said.encode())}"',
            "Cache-Control": KEPT_A_MINUTE.decode(),
        }
        if (known := unchanged(request, headers)) is not None:
            return known
        response = await self._run(request, query, lambda: read_query(query))
        if response.status_code == 200:
            response.headers.update(headers)
        return response

    async def _run(self, request: Request, source: str | bytes, read: Callable[[], CswRequest]) -> Response:
        came, loop = time.monotonic(), asyncio.get_running_loop()

        def work() -> Answer:
            if time.monotonic() - came > _PATIENCE_S and abandoned(request, loop):
                return Answer(503, _XML, b"")
            return self._work(source, read)

        try:
            result = await self._gate.run(work, large=False)
        except BusyError as busy:
            return _report(CswFault("ServiceUnavailable", "service", str(busy)), _spoken(source))
        headers = _CORS | (_RETRY if result.status == 503 else {}) | {"Cache-Control": NOT_KEPT.decode()}
        return Response(result.body, result.status, headers, media_type=result.media)

    def _work(self, source: str | bytes, read: Callable[[], CswRequest]) -> Answer:
        """The answer, or the report of what is refused; runs in a thread of ours."""
        version = _spoken(source)
        try:
            request = read()
            version = request.version
            return answer(self._config, request, self._schemas)
        except CswFault as fault:
            level = logging.ERROR if fault.status >= 500 else logging.INFO
            _LOG.log(level, "csw %s %s: %s", fault.code, fault.locator, fault, exc_info=fault.status >= 500)
            return Answer(fault.status, _XML, fault.report(version))


_XML = "application/xml; charset=UTF-8"
_CORS = {"Access-Control-Allow-Origin": "*"}
_RETRY = {"Retry-After": str(RETRY_S)}


def _spoken(source: str | bytes) -> Version:
    """The version in whose words a request that cannot be read is refused."""
    if isinstance(source, bytes):
        return version_of(source)
    return "2.0.2" if "2.0.2" in source else "3.0.0"


def _report(fault: CswFault, version: Version) -> Response:
    headers = _CORS | (_RETRY if fault.status == 503 else {})
    return Response(fault.report(version), fault.status, headers, media_type=_XML)


async def _body(request: Request) -> bytes:
    """The body of a POST.

    Raises:
        CswFault: it is larger than `MAX_BODY`; the rest is not read.
    """
    try:
        return await whole_body(request, MAX_BODY)
    except TooLargeError as error:
        raise CswFault("TooLarge", "request", str(error)) from None
