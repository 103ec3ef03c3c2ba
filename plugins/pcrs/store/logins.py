"""What was used up of signed words: sessions ended before their time, logins that came back once.

A signed cookie needs no store; what must not be good twice does, and what is too long for a cookie.
"""

import sqlite3
from pathlib import Path

from pcrs.store.book import Book
from pcrs.store.migrations import Step


def _create(db: sqlite3.Connection) -> None:
    db.execute("CREATE TABLE spent (mark TEXT PRIMARY KEY, until INTEGER NOT NULL) STRICT, WITHOUT ROWID")


def _remember(db: sqlite3.Connection) -> None:
    db.execute(
        "CREATE TABLE hint (session TEXT PRIMARY KEY, told TEXT NOT NULL, until INTEGER NOT NULL)"
        " STRICT, WITHOUT ROWID"
    )


_STEPS: tuple[Step[sqlite3.Connection], ...] = (_create, _remember)


class Logins(Book):
    """Marks that are used up, shared by all serving processes. Moments are seconds of the Unix clock.

    Raises:
        StoreError: the file is none of ours, or cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, _STEPS, private=True)

    def spend(self, mark: str, until: int, *, now: int) -> bool:
        """The mark is used up, and remembered until then. False: it was already."""
        with self._connections.writing() as db:
            db.execute("DELETE FROM spent WHERE until < ?", (now,))
            done = db.execute("INSERT INTO spent VALUES (?, ?) ON CONFLICT DO NOTHING", (mark, until))
            return done.rowcount == 1

    def remember(self, session: str, told: str, until: int, *, now: int) -> None:
        """What the end of a session will need, kept no longer than the session lasts."""
        with self._connections.writing() as db:
            db.execute("DELETE FROM hint WHERE until < ?", (now,))
            db.execute("INSERT OR REPLACE INTO hint VALUES (?, ?, ?)", (session, told, until))

    def remembered(self, session: str) -> str | None:
        """The same, once: it is forgotten then."""
        with self._connections.writing() as db:
            row = db.execute("DELETE FROM hint WHERE session = ? RETURNING told", (session,)).fetchone()
        return None if row is None else str(row[0])

    def spent(self, mark: str) -> bool:
        """True when it is used up."""
        with self._connections.reading() as db:
            return db.execute("SELECT 1 FROM spent WHERE mark = ?", (mark,)).fetchone() is not None
