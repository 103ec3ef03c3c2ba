"""What is wrong with an answer to a hostile request."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.bench.hostile.harm import Attack
from tests.bench.hostile.values import INJECTED
from tests.bench.hostile.wire import Exchange, Reply

_TRACE = re.compile(
    rb"Traceback \(most recent|site-packages|File \"[^\"]+\", line \d|<\w[\w.]* object at 0x|/python3\.\d+/"
    rb"|sqlite3\.|psycopg\.|OperationalError|KeyError:|TypeError:|ValueError:|AttributeError:"
)
_CLOSED = frozenset({"", "no answer", "cut off", "refused: ConnectionResetError"})
"""All that comes of a request that breaks off."""
_PASSWD = re.compile(rb"root:[x*]?:0:0:")


@dataclass(frozen=True, slots=True)
class Secret:
    """What must not come out of the service."""

    canary: bytes
    """The text of files that nobody may read."""
    folder: bytes
    """Where the site lies."""


def faults(attack: Attack, came: Exchange, secret: Secret) -> Iterator[str]:
    """What is wrong; nothing when the service bore it."""
    if not (attack.unfinished and came.fault in _CLOSED):
        if came.fault:
            yield came.fault
        elif not came.replies:
            yield "no answer"
    for reply in came.replies:
        yield from _of_reply(reply, secret)


def busy(reply: Reply) -> bool:
    """True for a limit that says when to come back; it is no fault."""
    return reply.status == 503 and "retry-after" in reply.headers and b'"fault"' not in reply.body


def _of_reply(reply: Reply, secret: Secret) -> Iterator[str]:
    if reply.status >= 500 and not busy(reply):
        yield f"status {reply.status}"
    if INJECTED.lower() in reply.headers or INJECTED in reply.headers.get("set-cookie", ""):
        yield "header injected"
    if secret.canary in reply.body or _PASSWD.search(reply.body):
        yield "file disclosed"
    if secret.folder in reply.body:
        yield "folder of the site told"
    found = _TRACE.search(reply.body[:200_000])
    if found and _is_text(reply):
        yield f"trace: {found[0].decode('latin-1')}"
    if reply.headers.get("content-type", "").startswith("text/html"):
        if b"<script>pcrsxss" in reply.body or b"<svg/onload=pcrsxss" in reply.body:
            yield "script in a page"


def _is_text(reply: Reply) -> bool:
    kind = reply.headers.get("content-type", "")
    return not kind.startswith(("image/", "application/pdf", "application/geopackage", "text/javascript"))
