"""The gate: in front of every service of a site, it asks who comes and what for."""

from collections.abc import MutableMapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp

from pcrs.serve.access.asking import asks, placed
from pcrs.serve.access.holders import PUBLIC, Holder, Holders, StrangeOriginError, TurnedAwayError
from pcrs.serve.access.hrefs import MOST, Hrefs, rewritten
from pcrs.serve.access.refusals import refusal
from pcrs.serve.access.sessions import FOREIGN, SAFE, Sessions, cookie_of
from pcrs.serve.access.shown import token_of
from pcrs.serve.answers import Receive, Scope, Send, send_answer
from pcrs.serve.context import AREA, PRINCIPAL
from pcrs.serve.use import NOTE
from pcrs.work.access import Rules, decide

_Message = MutableMapping[str, Any]
_OWN = b"private, no-cache"


class Gate:
    """ASGI in front of ASGI. Without a token, and for what is open, it costs a look at the path."""

    def __init__(
        self, app: ASGIApp, holders: Holders, sessions: Sessions, rules: Rules, public_url: str
    ) -> None:
        self._app = app
        self._holders = holders
        self._sessions = sessions
        self._rules = rules
        self._hrefs = Hrefs(public_url)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or scope["method"] == "OPTIONS":
            await self._app(scope, receive, send)
            return
        header, query, scope = token_of(scope)
        try:
            holder = await self._holder(header or query, scope)
        except TurnedAwayError as error:
            told = refusal(scope, error.status, str(error), shown=error.shown, wait_s=error.wait_s)
            await send_answer(scope, send, told)
            return
        principal = PUBLIC if holder is None else holder.principal
        if NOTE in scope:
            scope[NOTE].role = principal.role.label
        ask = asks(scope)
        if principal.area is not None:
            ask = placed(scope, ask)
        decision = decide(principal, ask, self._rules)
        if not decision.allowed:
            status = 403 if decision.known else 401
            await send_answer(scope, send, refusal(scope, status, decision.reason))
            return
        scope = {**scope, PRINCIPAL: principal, AREA: decision.area}
        if holder is None:
            await self._app(scope, receive, send)
            return
        if decision.area is not None:
            scope["headers"] = [pair for pair in scope["headers"] if pair[0] != b"if-none-match"]
        await self._app(scope, receive, _Told(self, holder, query, send, decision.area is not None))
        if self._holders.due:
            await run_in_threadpool(self._holders.flush)

    async def _holder(self, shown: str | None, scope: Scope) -> Holder | None:
        """Who shows this token, or is in a session, one request being counted; None: the public.

        Raises:
            UnknownTokenError, SpentError: as `Holders`.
            StrangeOriginError: a session asks for a change, and no page of ours made it ask.
        """
        if shown is not None:
            holder: Holder | None = await run_in_threadpool(self._holders.holder, shown)
        else:
            cookie = cookie_of(scope)
            holder = await run_in_threadpool(self._holders.seated, cookie) if cookie else None
            if holder is not None and scope["method"] not in SAFE and not self._sessions.from_us(scope):
                raise StrangeOriginError(FOREIGN)
        if holder is not None:
            self._holders.count(holder)
        return holder

    def with_token(self, body: bytes, media_type: str, token: str) -> bytes:
        """See `Hrefs`."""
        return self._hrefs.with_token(body, media_type, token)

    def took(self, holder: Holder, octets: int) -> None:
        """See `Holders`."""
        self._holders.took(holder, octets)


class _Told:
    """The answer to who showed a token: for its eyes only, counted, and with the token in its addresses."""

    def __init__(self, gate: Gate, holder: Holder, query: str | None, send: Send, cut: bool) -> None:
        self._gate = gate
        self._holder = holder
        self._token = query
        self._send = send
        self._cut = cut
        self._start: _Message | None = None
        self._body = bytearray()
        self._media_type = ""

    async def __call__(self, message: _Message) -> None:
        if message["type"] == "http.response.start":
            await self._begin(message)
        elif message["type"] == "http.response.body":
            await self._go_on(message)
        else:
            await self._send(message)

    async def _begin(self, message: _Message) -> None:
        dropped = {b"cache-control", b"etag"} if self._cut else {b"cache-control"}
        headers = [(name, value) for name, value in message.get("headers", ()) if name not in dropped]
        kept = b"no-store" if (b"cache-control", b"no-store") in message.get("headers", ()) else _OWN
        headers += [(b"cache-control", kept), (b"vary", b"Authorization, Cookie")]
        message = {**message, "headers": headers}
        known = dict(headers)
        self._media_type = known.get(b"content-type", b"").decode("latin-1")
        length = int(known.get(b"content-length", b"0"))
        held = (
            self._token is not None
            and rewritten(self._media_type)
            and b"content-encoding" not in known
            and message["status"] != 206
            and length <= MOST
        )
        if held:
            self._start = message
        else:
            await self._send(message)

    async def _go_on(self, message: _Message) -> None:
        body = message.get("body", b"")
        if self._start is None:
            self._gate.took(self._holder, len(body))
            await self._send(message)
            return
        self._body += body
        more = message.get("more_body", False)
        if more and len(self._body) <= MOST:
            return
        start, self._start = self._start, None
        text = bytes(self._body)
        if not more:
            text = self._gate.with_token(text, self._media_type, self._token or "")
        headers = [pair for pair in start["headers"] if pair[0] != b"content-length" or not text]
        if text and not more:
            headers.append((b"content-length", b"%d" % len(text)))
        self._gate.took(self._holder, len(text))
        await self._send({**start, "headers": headers})
        await self._send({"type": "http.response.body", "body": text, "more_body": more})
