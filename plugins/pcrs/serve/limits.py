"""How much is answered at once, and how much a request may carry: beyond that it is told to come back."""

from collections import Counter
from collections.abc import Awaitable, Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pcrs.serve.problems import RETRY_S, problem

MAX_BODY = 64 * 2**20
"""Bytes of a request; services have lower limits of their own."""
_CARRYING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_LOCAL = ("127.", "::1", "testclient")


class Limits:
    """ASGI in front of ASGI.

    Args:
        app: what is answered.
        at_once: requests of this process under way, in all.
        each: those of one client; clients of this machine, a proxy among them, are not held to it.
    """

    def __init__(self, app: ASGIApp, *, at_once: int, each: int) -> None:
        self._app = app
        self._at_once = at_once
        self._each = each
        self._under_way = 0
        self._clients: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        client = (scope.get("client") or ("",))[0]
        if self._under_way >= self._at_once:
            await problem(503, "le service est très demandé / the service is very busy")(scope, receive, send)
            return
        if self._clients[client] >= self._each and not client.startswith(_LOCAL):
            told = f"{self._each} requêtes à la fois / requests at once"
            answer = problem(429, told)
            answer.headers["Retry-After"] = str(RETRY_S)
            await answer(scope, receive, send)
            return
        if scope["method"] in _CARRYING and _announced(scope) > MAX_BODY:
            await problem(413, f"the body has more than {MAX_BODY} bytes")(scope, receive, send)
            return
        self._under_way += 1
        self._clients[client] += 1
        try:
            bounded = _bounded(receive) if scope["method"] in _CARRYING else receive
            await self._app(scope, bounded, send)
        finally:
            self._under_way -= 1
            self._clients[client] -= 1
            if not self._clients[client]:
                del self._clients[client]


def _announced(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0


def _bounded(receive: Receive) -> Callable[[], Awaitable[Message]]:
    """The same body, cut off where it passes the limit: what reads it sees a client that went away."""
    received = 0

    async def bounded() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        return {"type": "http.disconnect"} if received > MAX_BODY else message

    return bounded
