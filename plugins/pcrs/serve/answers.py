"""An answer on the wire: ETag, 304, HEAD, CORS and caching, said once, on bare ASGI.

Caching. An update of the mosaic changes tiles under the addresses that they have: caches may keep them for a
minute, and ask again afterwards. Asking again costs a 304 without body when nothing changed.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

from xxhash import xxh3_64_intdigest

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

KEPT_A_MINUTE = b"public, max-age=60, must-revalidate"
NOT_KEPT = b"no-store"
ON_EVERY_ANSWER = ((b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"same-origin"))
PAGE_POLICY = (
    b"default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; object-src 'none';"
    b" base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
)
"""What a page may load, where it says nothing of it itself."""
_CORS = (b"access-control-allow-origin", b"*")
KEPT = (_CORS, (b"cache-control", KEPT_A_MINUTE))
"""Headers of an answer that caches may keep, beside its tag."""
_PREFLIGHT = [
    _CORS,
    (b"access-control-allow-methods", b"GET, HEAD, OPTIONS"),
    (b"access-control-allow-headers", b"*"),
    (b"access-control-max-age", b"86400"),
]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a client gets."""

    body: bytes
    media_type: str
    status: int = 200
    kept: bool = True
    """True: caches may keep it for a minute."""
    headers: tuple[tuple[bytes, bytes], ...] = ()


def etag(body: bytes) -> bytes:
    """A strong validator made from the bytes alone: the same in every process, and after a rebuild."""
    return b'"%016x-%x"' % (xxh3_64_intdigest(body), len(body))


def is_known(scope: Scope, tag: bytes) -> bool:
    """True when the client says, by If-None-Match, that it has what this tag names; `tag` without W/."""
    for name, value in scope["headers"]:
        if name == b"if-none-match":
            return bool(tag in value or value.strip() == b"*")
    return False


async def send_answer(scope: Scope, send: Send, answer: Answer) -> None:
    """The answer is sent: whole, as 304 when the client has it already, without body to HEAD."""
    body = answer.body
    status = answer.status
    if answer.kept and status == 200:
        tag = etag(body)
        headers = [*KEPT, *answer.headers, (b"etag", tag)]
        if is_known(scope, tag):
            status, body = 304, b""
    else:
        headers = [_CORS, *answer.headers, (b"cache-control", NOT_KEPT)]
    if status != 304:
        headers += [
            (b"content-type", answer.media_type.encode()),
            (b"content-length", b"%d" % len(body)),
        ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


async def send_preflight(send: Send) -> None:
    """The answer to a browser that asks whether it may ask."""
    await send({"type": "http.response.start", "status": 204, "headers": _PREFLIGHT})
    await send({"type": "http.response.body", "body": b""})
