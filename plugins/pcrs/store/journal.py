"""The journal of those who run a site: who did what, when. It cannot be edited unseen."""

import sqlite3
from pathlib import Path

from pcrs.store.book import Book
from pcrs.store.migrations import Step
from pcrs.store.trail import TABLE, Act, Line, lines, write


def _create(db: sqlite3.Connection) -> None:
    db.execute(TABLE)


_STEPS: tuple[Step[sqlite3.Connection], ...] = (_create,)


class Journal(Book):
    """The journal of a site.

    Raises:
        StoreError: the file is none of ours, or cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, _STEPS, private=True)

    def note(self, act: Act, subject: str) -> None:
        """One more line: what was done to what."""
        with self._connections.writing() as db:
            write(db, act, subject, act.message)

    def trail(self) -> list[Line]:
        """Every line, the oldest first."""
        with self._connections.reading() as db:
            return list(lines(db))
