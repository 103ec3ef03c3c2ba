"""Orders of cold objects at rest, and the log of what was done with them, which cannot be edited unseen."""

import json
import secrets
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pcrs.errors import ConflictError, NotFoundError
from pcrs.store.book import Book
from pcrs.store.migrations import Step
from pcrs.store.trail import TABLE, Act, Line, lines, write

State = Literal["ordered", "pending", "shipping", "succeeded", "failed", "canceled", "expired"]
"""Of STAC's extension `order`, and `expired`: what was delivered is gone again."""
ENDED: tuple[State, ...] = ("failed", "canceled", "expired")


def _create(db: sqlite3.Connection) -> None:
    for statement in (
        "CREATE TABLE ordered (id TEXT PRIMARY KEY, owner TEXT NOT NULL, purpose TEXT NOT NULL,"
        " email TEXT NOT NULL, objects TEXT NOT NULL, estimate TEXT NOT NULL, state TEXT NOT NULL,"
        " message TEXT NOT NULL, approval INTEGER NOT NULL, secret TEXT NOT NULL, placed TEXT NOT NULL,"
        " decided TEXT, decided_by TEXT, delivered TEXT, expires TEXT) STRICT, WITHOUT ROWID",
        "CREATE INDEX ordered_state ON ordered (state, placed)",
        TABLE,
    ):
        db.execute(statement)


_STEPS: tuple[Step[sqlite3.Connection], ...] = (_create,)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What an order will take; euros without tax, as text that is exact."""

    octets: int
    objects: int
    euros: str
    hours: int
    """Until the last object can be read."""
    prices: str
    """Name and date of the price list."""


@dataclass(frozen=True, slots=True)
class Ordered:
    """One order. Moments are ISO 8601, UTC."""

    id: str
    owner: str
    purpose: str
    email: str
    """Where to tell of it; empty: nowhere, or the order has ended."""
    objects: tuple[str, ...]
    estimate: Estimate
    state: State
    message: str
    approval: bool
    """True: somebody has to approve of it."""
    secret: str
    """The last part of the address of what is delivered."""
    placed: str
    decided: str | None = None
    decided_by: str | None = None
    delivered: str | None = None
    expires: str | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks for."""

    owner: str
    purpose: str
    email: str
    objects: tuple[str, ...]


class Orders(Book):
    """The orders of a site.

    Raises:
        StoreError: the file is none of ours, or cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, _STEPS, private=True)

    def place(self, wish: Wish, estimate: Estimate, *, approval: bool, now: str) -> Ordered:
        """A new order, `ordered`; or `pending` where nobody has to approve of it."""
        identifier, secret = secrets.token_hex(6), secrets.token_urlsafe(24)
        said = (estimate.octets, estimate.objects, estimate.euros, estimate.hours, estimate.prices)
        row = {
            "id": identifier,
            "owner": wish.owner,
            "purpose": wish.purpose,
            "email": wish.email,
            "objects": json.dumps(list(wish.objects)),
            "estimate": json.dumps(said),
            "state": "ordered" if approval else "pending",
            "message": "",
            "approval": int(approval),
            "secret": secret,
            "placed": now,
        }
        detail = json.dumps({"objects": len(wish.objects), "estimate": said, "purpose": wish.purpose})
        with self._connections.writing() as db:
            db.execute(
                f"INSERT INTO ordered ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})",  # noqa: S608
                tuple(row.values()),
            )
            write(db, Act(wish.owner, "commandé", now), identifier, detail)
        return self.get(identifier)

    def get(self, identifier: str) -> Ordered:
        """The order.

        Raises:
            NotFoundError: there is none of that identifier.
        """
        found = self._select("WHERE id = ?", (identifier,))
        if not found:
            raise NotFoundError(f"no order {identifier}: `pcrs order list` shows them")
        return found[0]

    def all(self, *, owner: str | None = None, state: State | None = None) -> list[Ordered]:
        """The orders, of an owner, in a state; the oldest first."""
        conditions = [
            (name, value) for name, value in (("owner", owner), ("state", state)) if value is not None
        ]
        where = f"WHERE {' AND '.join(f'{name} = ?' for name, _ in conditions)}" if conditions else ""
        return self._select(f"{where} ORDER BY placed, id", tuple(value for _, value in conditions))

    def move(
        self,
        identifier: str,
        before: Sequence[State],
        after: State,
        act: Act,
        *,
        values: Mapping[str, str] | None = None,
    ) -> Ordered:
        """The order goes from one of some states to another, and the log says so.

        Raises:
            ConflictError: it is in none of those states.
            NotFoundError: there is none.
        """
        given = {"state": after, "message": act.message, **(values or {})}
        if after in ENDED:
            given["email"] = ""
        sets = ", ".join(f"{name} = ?" for name in given)
        marks = ", ".join("?" * len(before))
        query = f"UPDATE ordered SET {sets} WHERE id = ? AND state IN ({marks})"  # noqa: S608  names of ours
        with self._connections.writing() as db:
            done = db.execute(query, (*given.values(), identifier, *before))
            if not done.rowcount:
                state = db.execute("SELECT state FROM ordered WHERE id = ?", (identifier,)).fetchone()
                if state is None:
                    raise NotFoundError(f"no order {identifier}: `pcrs order list` shows them")
                raise ConflictError(f"order {identifier} is {state[0]}: expected {' or '.join(before)}")
            write(db, act, identifier, act.message)
        return self.get(identifier)

    def note(self, act: Act, subject: str) -> None:
        """One more line of the log."""
        with self._connections.writing() as db:
            write(db, act, subject, act.message)

    def trail(self) -> Iterator[Line]:
        """The log, the oldest line first."""
        with self._connections.reading() as db:
            return lines(db)

    def _select(self, clauses: str, given: tuple[Any, ...]) -> list[Ordered]:
        with self._connections.reading() as db:
            return [_ordered(row) for row in db.execute(f"SELECT * FROM ordered {clauses}", given)]  # noqa: S608


def _ordered(row: tuple[Any, ...]) -> Ordered:
    identifier, owner, purpose, email, objects, estimate, state, message, approval, secret, *moments = row
    return Ordered(
        identifier,
        owner,
        purpose,
        email,
        tuple(json.loads(objects)),
        Estimate(*json.loads(estimate)),
        state,
        message,
        bool(approval),
        secret,
        *moments,
    )
