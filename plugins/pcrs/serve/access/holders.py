"""Those who ask, by what they show: a token of the site, or a session; their areas, and what they spent."""

import hashlib
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import shapely
from shapely.geometry.base import BaseGeometry

from pcrs.errors import NotFoundError
from pcrs.serve.access.sessions import Sessions
from pcrs.store.base import FeatureStore
from pcrs.store.tokens import Token, Tokens
from pcrs.work.access import Principal, role

_KEPT_S = 2.0
"""For how long a token is believed without a look at the store: a revocation takes that long to be felt."""
_FLUSH_S = 1.0
_MOST = 10_000
"""Tokens shown, right and wrong, that are remembered."""
PUBLIC = Principal()


class TurnedAwayError(Exception):
    """Whoever asks does not get in, whatever is asked."""

    status: int
    shown = False
    """True: because of the token that is shown."""
    wait_s = 0
    """When to come again; 0: that changes nothing."""


class UnknownTokenError(TurnedAwayError):
    """What is shown is no token, or no longer one. The text says which, never the token."""

    status, shown = 401, True


class StrangeOriginError(TurnedAwayError):
    """A page of another site makes a browser ask in the name of its user."""

    status = 403


class SpentError(TurnedAwayError):
    """A quota is used up; `wait_s` until it is open again."""

    status = 429

    def __init__(self, reason: str, wait_s: int) -> None:
        super().__init__(reason)
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True)
class Holder:
    """A principal, and the token by which it is one."""

    principal: Principal
    token: Token | None = None
    """None: an account elsewhere, which has no quota."""


class Holders:
    """Tokens as requests show them. All methods may be called from any thread.

    Args:
        tokens: the tokens of the site.
        store: where communes are, for the areas.
        sessions: of browsers.
        now: the clock.
    """

    def __init__(
        self,
        tokens: Tokens,
        store: FeatureStore,
        sessions: Sessions,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._tokens = tokens
        self._store = store
        self._sessions = sessions
        self._now = now
        self._known: dict[bytes, tuple[float, Holder | str]] = {}
        self._spent: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
        self._before: dict[str, tuple[str, int, int]] = {}
        """Requests and bytes of a day, by token, as the store last told them."""
        self._pace: dict[str, tuple[float, float]] = {}
        """By token: when it was last asked, and how many requests it has left of its minute."""
        self._due = time.monotonic() + _FLUSH_S

    def holder(self, shown: str) -> Holder:
        """Who shows this.

        Raises:
            UnknownTokenError: it is no token, or it is revoked or expired.
        """
        found = self._remembered(shown, self._looked_up)
        if isinstance(found, str):
            raise UnknownTokenError(found)
        return found

    def seated(self, cookie: str) -> Holder | None:
        """Whose session a cookie tells; None: it is over, and who asks is the public."""
        found = self._remembered(f"session {cookie}", lambda _: self._in_session(cookie))
        return None if isinstance(found, str) else found

    def _remembered(self, shown: str, look: Callable[[str], Holder | str]) -> Holder | str:
        key = hashlib.sha256(shown.encode()).digest()
        at = time.monotonic()
        known = self._known.get(key)
        if known is None or known[0] < at:
            if len(self._known) >= _MOST:
                self._known.clear()
            known = self._known[key] = (at + _KEPT_S, look(shown))
        return known[1]

    def _looked_up(self, shown: str) -> Holder | str:
        token = self._tokens.find(shown)
        return "jeton inconnu / unknown token" if token is None else self._held(token)

    def _in_session(self, cookie: str) -> Holder | str:
        session = self._sessions.read(cookie)
        if session is None:
            return "session terminée / the session is over"
        if session.role:
            return Holder(Principal(role(session.role), session.holder, name=session.name))
        token = self._tokens.get(session.holder)
        return "jeton inconnu / unknown token" if token is None else self._held(token)

    def _held(self, token: Token) -> Holder | str:
        if not token.good(self._today()):
            return "jeton révoqué ou expiré / the token is revoked or has expired"
        scope = token.scope
        layers = None if scope.layers is None else frozenset(scope.layers)
        area = None if scope.communes is None else self._area(scope.communes)
        who = Principal(role(scope.role), token.id, layers=layers, area=area, name=scope.label)
        return Holder(who, token)

    def _area(self, communes: tuple[str, ...]) -> BaseGeometry:
        """Where a token holds: communes that are not known are nowhere."""
        found = []
        for code in communes:
            try:
                found.append(self._store.get("communes", code).geometry)
            except NotFoundError:
                continue
        area = shapely.union_all(found)
        shapely.prepare(area)
        return area

    def count(self, holder: Holder) -> None:
        """One request more.

        Raises:
            SpentError: the token's quota does not allow it.
        """
        if holder.token is None:
            return
        scope = holder.token.scope
        self._keep_pace(holder.token)
        requests, octets = self.spent(holder.token.id)
        if scope.requests_per_day is not None and requests >= scope.requests_per_day:
            raise self._over(f"{scope.requests_per_day} requêtes par jour / requests a day")
        if scope.bytes_per_day is not None and octets >= scope.bytes_per_day:
            raise self._over(f"{scope.bytes_per_day} octets par jour / bytes a day")
        self._spent[holder.token.id][0] += 1

    def took(self, holder: Holder, octets: int) -> None:
        """Bytes were sent to it."""
        if holder.token is not None:
            self._spent[holder.token.id][1] += octets

    def spent(self, token: str) -> tuple[int, int]:
        """Requests and bytes of today: of all processes as last written, and what is not written yet."""
        day = self._today()
        if self._before.get(token, ("", 0, 0))[0] != day:
            self._before[token] = (day, *self._tokens.spent(token, day))
        _, requests, octets = self._before[token]
        fresh = self._spent.get(token, (0, 0))
        return requests + fresh[0], octets + fresh[1]

    @property
    def due(self) -> bool:
        """True when there is something to be written, and it is time."""
        return bool(self._spent) and time.monotonic() >= self._due

    def flush(self) -> None:
        """What was spent is written down for the other processes, and theirs is read."""
        self._due = time.monotonic() + _FLUSH_S
        spent, self._spent = self._spent, defaultdict(lambda: [0, 0])
        day = self._today()
        self._tokens.spend(day, {token: (one[0], one[1]) for token, one in spent.items()})
        for token in spent:
            self._before[token] = (day, *self._tokens.spent(token, day))

    def _keep_pace(self, token: Token) -> None:
        most = token.scope.requests_per_minute
        if most is None:
            return
        at = time.monotonic()
        before, left = self._pace.get(token.id, (at, float(most)))
        left = min(float(most), left + (at - before) * most / 60)
        if left < 1:
            raise SpentError(f"{most} requêtes par minute / requests a minute", max(1, round(60 / most)))
        self._pace[token.id] = (at, left - 1)

    def _over(self, reason: str) -> SpentError:
        now = self._now()
        midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        return SpentError(reason, max(1, int((midnight - now).total_seconds())))

    def _today(self) -> str:
        return self._now().date().isoformat()
