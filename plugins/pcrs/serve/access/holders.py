"""Those who ask, by what they show: a token of the site, checked, with its area; and what each has spent."""

import hashlib
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import shapely
from shapely.geometry.base import BaseGeometry

from pcrs.errors import NotFoundError
from pcrs.store.base import FeatureStore
from pcrs.store.tokens import Token, Tokens
from pcrs.work.access import Principal, role

_KEPT_S = 2.0
"""For how long a token is believed without a look at the store: a revocation takes that long to be felt."""
_FLUSH_S = 1.0
_MOST = 10_000
"""Tokens shown, right and wrong, that are remembered."""
PUBLIC = Principal()


class UnknownTokenError(Exception):
    """What is shown is no token, or no longer one. The text says which, never the token."""


class SpentError(Exception):
    """A quota is used up; `seconds` until it is open again."""

    def __init__(self, reason: str, seconds: int) -> None:
        super().__init__(reason)
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Holder:
    """A principal, and the token that it showed."""

    principal: Principal
    token: Token


class Holders:
    """Tokens as requests show them. All methods may be called from any thread.

    Args:
        tokens: the tokens of the site.
        store: where communes are, for the areas.
        now: the clock.
    """

    def __init__(
        self,
        tokens: Tokens,
        store: FeatureStore,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._tokens = tokens
        self._store = store
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
        key = hashlib.sha256(shown.encode()).digest()
        at = time.monotonic()
        known = self._known.get(key)
        if known is None or known[0] < at:
            if len(self._known) >= _MOST:
                self._known.clear()
            known = self._known[key] = (at + _KEPT_S, self._looked_up(shown))
        if isinstance(known[1], str):
            raise UnknownTokenError(known[1])
        return known[1]

    def _looked_up(self, shown: str) -> Holder | str:
        token = self._tokens.find(shown)
        if token is None:
            return "jeton inconnu / unknown token"
        if not token.good(self._today()):
            return "jeton révoqué ou expiré / the token is revoked or has expired"
        scope = token.scope
        layers = None if scope.layers is None else frozenset(scope.layers)
        area = None if scope.communes is None else self._area(scope.communes)
        return Holder(Principal(role(scope.role), token.id, layers, area), token)

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
