"""Sessions of browsers: who somebody is, told by a signed cookie for some hours.

A browser sends a cookie whoever made it ask, so what changes something counts only when a page of ours asked.
"""

import hashlib
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

from itsdangerous import BadData, URLSafeSerializer

from pcrs.serve.answers import Scope
from pcrs.store.logins import Logins

COOKIE = "pcrs_session"
LASTS_S = 8 * 3600
"""A session, at the most."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing."""
FOREIGN = "la demande vient d'un autre site / the request comes from another site"
_LONGEST = 4096


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody at a browser."""

    id: str
    holder: str
    """Identifier of a token, or `oidc-…` of an account elsewhere."""
    until: int
    """Unix clock, seconds."""
    role: str = ""
    """Of an account elsewhere; empty: that of the token, which is looked up each time."""
    name: str = ""
    """As people know them, for the journal; empty: as the token is called."""


class Sessions:
    """Makes, reads and ends sessions.

    Args:
        secret: what cookies are signed with: the same in all processes of a site.
        logins: what was ended before its time.
        public_url: where the site is seen: cookies are for it alone.
        now: the clock.
    """

    def __init__(
        self,
        secret: bytes,
        logins: Logins,
        public_url: str,
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._secret = secret
        self._logins = logins
        self._now = now
        where = urlsplit(public_url)
        self.origin = f"{where.scheme}://{where.netloc}"
        self._path = where.path or "/"
        self._secure = where.scheme == "https"

    def begin(self, holder: str, *, role: str = "", name: str = "", lasts_s: int = LASTS_S) -> Session:
        """A new session."""
        until = int(self._now()) + min(lasts_s, LASTS_S)
        return Session(secrets.token_urlsafe(12), holder, until, role, name[:80])

    def read(self, shown: str) -> Session | None:
        """The session of a cookie; None: it is over, or none of ours."""
        told = self.unsealed("session", shown)
        if told is None or self._logins.spent(f"session {told['id']}"):
            return None
        return Session(**told)

    def remember(self, session: Session, hint: str) -> None:
        """What its provider will know it by when it ends; in no cookie, for it is long."""
        self._logins.remember(session.id, hint, session.until, now=int(self._now()))

    def remembered(self, session: Session) -> str | None:
        """The same, once."""
        return self._logins.remembered(session.id)

    def end(self, session: Session) -> None:
        """The session is over now, wherever its cookie went."""
        self._logins.spend(f"session {session.id}", session.until, now=int(self._now()))

    def cookie(self, session: Session) -> str:
        """The header that gives a browser its session."""
        lasts_s = session.until - int(self._now())
        return self.header(COOKIE, self.sealed("session", asdict(session)), lasts_s)

    def header(self, name: str, value: str, lasts_s: int) -> str:
        """A header that sets a cookie; 0 seconds take it away. No script reads it, no other site sends it."""
        secure = "; Secure" if self._secure else ""
        return f"{name}={value}; Path={self._path}; Max-Age={lasts_s}; HttpOnly; SameSite=Lax{secure}"

    def sealed(self, kind: str, told: Mapping[str, Any]) -> str:
        """What is told, signed as being of that kind. It has to have `until`."""
        return str(self._seal(kind).dumps(dict(told)))

    def unsealed(self, kind: str, shown: str) -> dict[str, Any] | None:
        """What was told; None: it is over, or was not signed here as of that kind."""
        try:
            told: dict[str, Any] = self._seal(kind).loads(shown[:_LONGEST])
        except BadData:
            return None
        return told if told["until"] > self._now() else None

    def once(self, mark: str, until: int) -> bool:
        """True the first time that a mark comes."""
        return self._logins.spend(mark, until, now=int(self._now()))

    def _seal(self, kind: str) -> URLSafeSerializer:
        return URLSafeSerializer(
            self._secret, salt=f"pcrs {kind}", signer_kwargs={"digest_method": hashlib.sha256}
        )

    def from_us(self, scope: Scope) -> bool:
        """True when a page of this site made the browser ask, by what browsers say of it."""
        told = dict(scope["headers"])
        where = told.get(b"sec-fetch-site")
        if where is not None:
            return bool(where == b"same-origin")
        return bool(told.get(b"origin", b"").decode("latin-1") == self.origin)


def cookie_of(scope: Scope, name: str = COOKIE) -> str | None:
    """The value of a cookie of a request."""
    for header, value in scope["headers"]:
        if header == b"cookie":
            for part in value.decode("latin-1").split(";"):
                key, _, told = part.strip().partition("=")
                if key == name:
                    return str(told)
    return None
