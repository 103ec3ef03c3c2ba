"""What the page of those who run a site works with, and how every act of theirs is written down."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import orjson
from starlette.requests import Request
from starlette.responses import Response

from pcrs.errors import InputError
from pcrs.serve.admin.usage import Figures
from pcrs.serve.bodies import whole_body
from pcrs.serve.context import PRINCIPAL
from pcrs.store.base import FeatureStore
from pcrs.store.jobs import Jobs
from pcrs.store.journal import Journal
from pcrs.store.orders import Orders
from pcrs.store.tokens import Tokens
from pcrs.store.trail import Act
from pcrs.work.access import Principal
from pcrs.work.errands import Kind
from pcrs.work.orders.processes import OpenDesk
from pcrs.work.site import Site

MAX_BODY = 16_384
_PRIVATE = {"Cache-Control": "no-store"}


class Errand(Protocol):
    """Long work, in a process of its own."""

    @property
    def report(self) -> Path:
        """Where the page of a report is, when it is made."""

    def state(self) -> tuple[str, str]:
        """Where it is, and its last word."""

    def begin(self) -> None:
        """It is begun, or begun again."""


@dataclass(frozen=True, slots=True)
class Means:
    """A site, as those who run it see it."""

    site: Site
    store: FeatureStore
    tokens: Tokens
    jobs: Jobs
    orders: Orders
    journal: Journal
    desk: OpenDesk
    copies: Callable[[], Mapping[str, Any]]
    """How the copies stand (`pcrs copies --json`)."""
    figures: Figures
    errand: Callable[[Kind, str], Errand]
    """On a delivery, or on the whole site."""

    def note(self, request: Request, action: str, subject: str, message: str = "") -> None:
        """One line of the journal: who asks does this to that."""
        self.journal.note(Act(actor(request), action, now(), message), subject)


def who(request: Request) -> Principal:
    """Who asks."""
    found: Principal = request.scope.get(PRINCIPAL, Principal())
    return found


def actor(request: Request) -> str:
    """Who asks, as the journal calls them: a name, and the identifier of the token or account."""
    found = who(request)
    return f"{found.name} ({found.token})" if found.name else found.token or "public"


def now() -> str:
    """The moment, ISO 8601, UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def told(document: Any, status: int = 200) -> Response:
    """A document for who asks alone."""
    return Response(orjson.dumps(document), status, _PRIVATE, "application/json")


async def body_of(request: Request, known: frozenset[str] = frozenset()) -> dict[str, Any]:
    """The object that a request brings.

    Raises:
        InputError: it is no JSON object, or has a member that is not known.
        TooLargeError: it is too long.
    """
    body = await whole_body(request, MAX_BODY)
    try:
        found = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError:
        raise InputError("the body is no JSON") from None
    if not isinstance(found, dict) or not found.keys() <= known:
        raise InputError(f"expected an object with {', '.join(sorted(known)) or 'nothing'}")
    return found


async def reason_of(request: Request) -> str:
    """The reason that a request gives, as its `motif`.

    Raises:
        InputError: there is none.
    """
    reason = (await body_of(request, frozenset({"motif"}))).get("motif")
    if not isinstance(reason, str) or not 3 <= len(reason.strip()) <= 1000:
        raise InputError("motif: expected 3 to 1000 letters")
    return reason.strip()
