"""Signalements at rest: what people say has changed on the ground, and how it is followed up.

What tells of a person (address, photo, free text) is kept no longer than its purpose: the address goes when
the signalement ends, all of it some time after.
"""

import hashlib
import hmac
import json
import secrets
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pcrs.errors import ConflictError, NotFoundError
from pcrs.store.book import Book
from pcrs.store.migrations import Step

State = Literal["reçu", "vérifié", "planifié", "intégré", "rejeté"]
SHOWN: tuple[State, ...] = ("vérifié", "planifié", "intégré")
"""States in which text and photo are shown to everyone: somebody has looked at them."""
ENDED: tuple[State, ...] = ("intégré", "rejeté")
WAYS: dict[State, tuple[State, ...]] = {
    "reçu": ("vérifié", "rejeté"),
    "vérifié": ("planifié", "intégré", "rejeté"),
    "planifié": ("vérifié", "intégré", "rejeté"),
    "intégré": (),
    "rejeté": ("reçu",),
}
"""From each state, those that may come next."""


def _create(db: sqlite3.Connection) -> None:
    for statement in (
        "CREATE TABLE signalement (id TEXT PRIMARY KEY, category TEXT NOT NULL, text TEXT NOT NULL,"
        " x_m REAL NOT NULL, y_m REAL NOT NULL, cell TEXT NOT NULL, photo INTEGER NOT NULL,"
        " contact TEXT NOT NULL, sender TEXT NOT NULL, key_sha256 TEXT NOT NULL,"
        " state TEXT NOT NULL, steps TEXT NOT NULL,"
        " created TEXT NOT NULL, updated TEXT NOT NULL) STRICT, WITHOUT ROWID",
        "CREATE INDEX signalement_state ON signalement (state, created)",
        "CREATE INDEX signalement_sender ON signalement (sender, created)",
        "CREATE INDEX signalement_cell ON signalement (cell)",
    ):
        db.execute(statement)


_STEPS: tuple[Step[sqlite3.Connection], ...] = (_create,)


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody says."""

    category: str
    text: str
    x_m: float
    y_m: float
    """EPSG:2154."""
    cell: str
    """The 200 m square that it lies in."""
    contact: str = ""
    photo: bool = False


@dataclass(frozen=True, slots=True)
class FollowUp:
    """One step of what became of it."""

    state: State
    at: str
    note: str
    """Shown to everyone."""


@dataclass(frozen=True, slots=True)
class Signalement:
    """One signalement. Moments are ISO 8601, UTC."""

    id: str
    said: Said
    state: State
    steps: tuple[FollowUp, ...]
    created: str
    updated: str


class Signalements(Book):
    """The signalements of a site.

    Raises:
        StoreError: the file is none of ours, or cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, _STEPS, pragmas=("secure_delete = ON",), private=True)

    def add(self, said: Said, sender: str, *, now: str) -> tuple[Signalement, str]:
        """A new signalement, and the key with which its author takes it back: told this once.

        `sender` tells one sender of today from another, and no more (see `pcrs.work.signalements`).
        """
        identifier, key = secrets.token_hex(6), secrets.token_urlsafe(24)
        steps = json.dumps([["reçu", now, ""]], ensure_ascii=False)
        row = (
            *(identifier, said.category, said.text, said.x_m, said.y_m, said.cell, int(said.photo)),
            *(said.contact, sender, _hash(key), "reçu", steps, now, now),
        )
        with self._connections.writing() as db:
            db.execute(f"INSERT INTO signalement VALUES ({', '.join('?' * len(row))})", row)  # noqa: S608
        return self.get(identifier), key

    def get(self, identifier: str) -> Signalement:
        """The signalement.

        Raises:
            NotFoundError: there is none of that identifier.
        """
        found = self._select("WHERE id = ?", (identifier,))
        if not found:
            raise NotFoundError(f"no signalement {identifier}, or no longer")
        return found[0]

    def all(self, states: Sequence[State] = (), *, contact: str = "") -> list[Signalement]:
        """Those in some states (none: in any), of one address; the newest first."""
        conditions: list[str] = []
        given: list[str] = []
        if states:
            conditions.append(f"state IN ({', '.join('?' * len(states))})")
            given += states
        if contact:
            conditions.append("contact = ?")
            given.append(contact)
        where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
        return self._select(f"{where} ORDER BY created DESC, id", tuple(given))

    def sent(self, sender: str, since: str) -> int:
        """How many a sender sent since a moment."""
        query = "SELECT COUNT(*) FROM signalement WHERE sender = ? AND created >= ?"
        with self._connections.reading() as db:
            return int(db.execute(query, (sender, since)).fetchone()[0])

    def waiting(self) -> int:
        """How many nobody has looked at."""
        with self._connections.reading() as db:
            return int(db.execute("SELECT COUNT(*) FROM signalement WHERE state = 'reçu'").fetchone()[0])

    def move(self, identifier: str, after: State, note: str, *, now: str) -> Signalement:
        """It is in another state, and everyone may read why; at its end the address is forgotten.

        Raises:
            ConflictError: that state cannot come next.
            NotFoundError: there is none.
        """
        with self._connections.writing() as db:
            row = db.execute("SELECT state, steps FROM signalement WHERE id = ?", (identifier,)).fetchone()
            if row is None:
                raise NotFoundError(f"no signalement {identifier}, or no longer")
            if after not in WAYS[row[0]]:
                ways = ", ".join(WAYS[row[0]]) or "nothing"
                raise ConflictError(
                    f"signalement {identifier} is {row[0]}: {ways} may come next, not {after}"
                )
            steps = json.dumps([*json.loads(row[1]), [after, now, note]], ensure_ascii=False)
            db.execute(
                "UPDATE signalement SET state = ?, steps = ?, updated = ?,"
                " contact = CASE WHEN ? THEN '' ELSE contact END WHERE id = ?",
                (after, steps, now, int(after in ENDED), identifier),
            )
        return self.get(identifier)

    def opens(self, identifier: str, key: str) -> bool:
        """True when the key is that of the signalement."""
        with self._connections.reading() as db:
            row = db.execute("SELECT key_sha256 FROM signalement WHERE id = ?", (identifier,)).fetchone()
        return hmac.compare_digest(_hash(key), row[0] if row else _hash("")) and row is not None

    def erase(self, identifiers: Sequence[str]) -> None:
        """These are gone, whole."""
        with self._connections.writing() as db:
            db.executemany("DELETE FROM signalement WHERE id = ?", [(one,) for one in identifiers])

    def old(self, before: str) -> list[Signalement]:
        """Those that ended, and were last touched before a moment."""
        return self._select(
            f"WHERE state IN ({', '.join('?' * len(ENDED))}) AND updated < ?",
            (*ENDED, before),
        )

    def _select(self, clauses: str, given: tuple[Any, ...]) -> list[Signalement]:
        columns = "id, category, text, x_m, y_m, cell, contact, photo, state, steps, created, updated"
        with self._connections.reading() as db:
            rows = db.execute(f"SELECT {columns} FROM signalement {clauses}", given)  # noqa: S608
            return [_signalement(row) for row in rows]


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _signalement(row: tuple[Any, ...]) -> Signalement:
    identifier, category, text, x, y, cell, contact, photo, state, steps, created, updated = row
    said = Said(category, text, x, y, cell, contact, bool(photo))
    return Signalement(
        identifier, said, state, tuple(FollowUp(*step) for step in json.loads(steps)), created, updated
    )
