"""The outermost ring: requests are told apart by their first word, watched over, and counted."""

import errno
import logging
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pcrs.errors import PcrsError
from pcrs.serve.answers import ON_EVERY_ANSWER, PAGE_POLICY
from pcrs.serve.native import NativeTiles
from pcrs.serve.problems import PROBLEM, RETRY_S, problem, refused
from pcrs.serve.use import NOTE, Note, Recorder
from pcrs.serve.use.access_log import AccessLog
from pcrs.serve.use.recorder import agent_of

_log = logging.getLogger(__name__)
_POLICY = b"content-security-policy"


class Routes:
    """Routes alone.

    `Starlette` would answer an unforeseen fault with a bare 500 before the guard sees it, and lead from `/x/`
    to `/x` at whatever host the client names.
    """

    def __init__(self, routes: Sequence[BaseRoute], handlers: Mapping[Any, Any] | None = None) -> None:
        self._app = ExceptionMiddleware(Router(routes, redirect_slashes=False), handlers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        await self._app({**scope, "app": self}, receive, send)


class Front:
    """Hands a request over by the first word of its path; tiles pay for one dictionary look-up."""

    def __init__(self, services: dict[str, ASGIApp], pages: ASGIApp) -> None:
        self._services = services
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "http":
            word = scope["path"][1:].partition("/")[0]
            service = self._services.get(word)
            if service is not None:
                await service(scope, receive, send)
                return
        await self._pages(scope, receive, send)


class Guard:
    """Headers on every answer; an unforeseen fault is logged with a number and answered with it, as 503."""

    def __init__(
        self, app: ASGIApp, native: NativeTiles, recorder: Recorder, log: AccessLog | None = None
    ) -> None:
        self._app = app
        self.log = log
        """None: nothing is written."""
        self.native = native
        """What `TileProtocol` asks before it asks the application."""
        self.recorder = recorder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        name = self.log.request_id(scope["headers"]) if self.log else ""
        watched = _Watched(send, name)
        scope[NOTE] = note = Note()
        begun = time.perf_counter()
        try:
            await self._app(scope, receive, watched)
        except Exception as error:
            foreseen = _foreseen(error)
            if foreseen is not None and not watched.status:
                await foreseen(scope, receive, watched)
                return
            number = uuid.uuid4().hex[:12]
            _log.exception("fault %s: %s %s", number, scope["method"], scope["path"])
            if watched.status:
                raise
            body = {"title": "Service indisponible / Service unavailable", "status": 503, "fault": number}
            answer = JSONResponse(body, 503, headers={"Retry-After": str(RETRY_S)}, media_type=PROBLEM)
            await answer(scope, receive, watched)
        finally:
            seconds = time.perf_counter() - begun
            agent = agent_of(scope["headers"])
            self.recorder.answered(scope["path"], agent, note, watched.status, watched.octets, seconds)
            if self.log is not None:
                method, path = scope["method"], scope["path"]
                self.log.answered(method, path, watched.status, watched.octets, seconds, name)


def _foreseen(error: Exception) -> Response | None:
    """What a client is told of an error that its service let through; None of a fault of ours."""
    if isinstance(error, PcrsError):
        return refused(error)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        _log.error("no room on the disk: %s", error)
        return problem(503, "plus de place sur le disque / no room on the disk")
    return None


class _Watched:
    """The way out: headers are added, status and bytes noted."""

    def __init__(self, send: Send, name: str) -> None:
        self._send = send
        self._name = name
        self.status = 0
        """0 until an answer has begun."""
        self.octets = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message.get("headers", ()), *ON_EVERY_ANSWER]
            if self._name:
                message["headers"].append((b"x-request-id", self._name.encode()))
            told = dict(message["headers"])
            if told.get(b"content-type", b"").startswith(b"text/html") and _POLICY not in told:
                message["headers"].append((_POLICY, PAGE_POLICY))
        elif message["type"] == "http.response.body":
            self.octets += len(message.get("body", b""))
        await self._send(message)
