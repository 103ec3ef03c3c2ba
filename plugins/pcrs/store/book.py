"""A small store in one SQLite file: opened, brought up to date, closed. What is in it, its heirs say."""

import os
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from pcrs.errors import StoreError
from pcrs.store.connections import Connections
from pcrs.store.migrations import Step, missing


class Book:
    """Any number of processes read, one at a time writes; `self._connections` lends connections.

    Args:
        path: the file, made when it is missing.
        steps: from an empty file to the tables of this version.
        pragmas: of each connection, beside WAL.
        private: the file is its owner's alone.
        read_only: nothing is changed, and the file must be there.

    Raises:
        StoreError: the file is none of this kind, was written by a newer pcrs, or cannot be opened.
    """

    def __init__(
        self,
        path: Path,
        steps: Sequence[Step[sqlite3.Connection]],
        *,
        pragmas: Sequence[str] = (),
        private: bool = False,
        read_only: bool = False,
    ) -> None:
        def prepare(db: sqlite3.Connection) -> None:
            for pragma in () if read_only else ("journal_mode = WAL", *pragmas):
                db.execute(f"PRAGMA {pragma}")

        if not read_only:
            path.parent.mkdir(parents=True, exist_ok=True)
        if private and not read_only:
            _for_its_owner(path)
        self._connections = Connections(path, read_only=read_only, prepare=prepare)
        if read_only:
            return
        with self._connections.writing() as db:
            for step in missing(db.execute("PRAGMA user_version").fetchone()[0], steps):
                step(db)
            db.execute(f"PRAGMA user_version = {len(steps)}")

    def close(self) -> None:
        """Connections are closed."""
        self._connections.close()


def _for_its_owner(path: Path) -> None:
    """Nobody else reads the file, nor those that SQLite makes beside it with the rights that it has then."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        for ending in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                Path(f"{path}{ending}").chmod(0o600)
    except OSError as error:
        raise StoreError(f"{path} cannot be opened: {error.strerror}") from error
