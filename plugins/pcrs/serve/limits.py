"""How much is answered at once, and how much a request may carry: beyond that it is told to come back."""

from collections import Counter

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pcrs.serve.problems import RETRY_S, problem

MAX_BODY = 64 * 2**20
"""Bytes of a request; services have lower limits of their own."""
_CARRYING = frozenset((b"content-length", b"transfer-encoding"))
"""Headers of a request that has a body, whatever its method."""
_TOO_LARGE = f"the body has more than {MAX_BODY} bytes"
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
        carrying = any(name in _CARRYING for name, _ in scope["headers"])
        if carrying and _announced(scope) > MAX_BODY:
            await problem(413, _TOO_LARGE)(scope, receive, send)
            return
        self._under_way += 1
        self._clients[client] += 1
        try:
            if carrying:
                await self._with_body(scope, receive, send)
            else:
                await self._app(scope, receive, send)
        finally:
            self._under_way -= 1
            self._clients[client] -= 1
            if not self._clients[client]:
                del self._clients[client]

    async def _with_body(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A request whose body breaks off has nobody who waits for an answer; one that is cut off has."""
        body = _Body(receive)
        try:
            await self._app(scope, body, send)
        except ClientDisconnect:
            if body.cut:
                await problem(413, _TOO_LARGE)(scope, receive, send)


def _announced(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0


class _Body:
    """The same body, cut off where it passes the limit: what reads it sees a client that went away."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._received = 0

    @property
    def cut(self) -> bool:
        """True when it was too large."""
        return self._received > MAX_BODY

    async def __call__(self) -> Message:
        message = await self._receive()
        self._received += len(message.get("body", b""))
        return {"type": "http.disconnect"} if self.cut else message
