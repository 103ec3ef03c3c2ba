"""A store in one SQLite file over one connection, for one thread: opened, brought up to date, closed."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pcrs.errors import StoreError
from pcrs.store.migrations import Step, missing


class Ledger:
    """Any number of processes read, one at a time writes; every commit is on the disk. Heirs use `self._db`.

    Args:
        file: made when it is missing; its folder must be there.
        steps: from an empty file to the tables of this version.
        what: what the file is, for who reads that it is none.

    Raises:
        StoreError: the file is none of this kind, was written by a newer pcrs, or cannot be opened.
    """

    def __init__(self, file: Path, steps: Sequence[Step[sqlite3.Connection]], what: str) -> None:
        self._db = sqlite3.connect(file, isolation_level=None, timeout=30)
        try:
            self._db.row_factory = sqlite3.Row
            for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
                self._db.execute(f"PRAGMA {pragma}")
            self._migrate(steps)
        except (sqlite3.Error, StoreError) as error:
            self._db.close()
            raise StoreError(f"{file} cannot be opened as {what}: {error}") from error

    def _migrate(self, steps: Sequence[Step[sqlite3.Connection]]) -> None:
        def version() -> int:
            return int(self._db.execute("PRAGMA user_version").fetchone()[0])

        if not missing(version(), steps):
            return
        with self.transaction():
            for step in missing(version(), steps):  # another process may have been quicker
                step(self._db)
            self._db.execute(f"PRAGMA user_version = {len(steps)}")

    def close(self) -> None:
        """The file is released."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of the block is written, or nothing; a block within a block is part of it."""
        if self._db.in_transaction:
            yield
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")
