"""The connections to one SQLite file: many readers, one writer, every thread with its own."""

import os
import sqlite3
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pcrs.errors import StoreError
from pcrs.store.limits import UNLIMITED, TimeLimit

_BUSY_S = 30.0
_STEPS = 10_000
"""Of SQLite's machine, between two looks at the limit: about a millisecond."""


class Connections:
    """Connections to `path`, lent to one thread at a time and taken back.

    `prepare` is called with each new connection. Readers see the last committed state and never wait for the
    writer (WAL). A process that was forked opens its own connections: SQLite does not survive a fork.
    `limit` is of what is read outside of transactions.
    """

    def __init__(
        self,
        path: Path,
        *,
        read_only: bool,
        prepare: Callable[[sqlite3.Connection], None],
        limit: TimeLimit = UNLIMITED,
    ) -> None:
        self.path = path
        self._limit = limit
        self._mode = "ro" if read_only else "rwc"
        self._prepare = prepare
        self._idle: deque[sqlite3.Connection] = deque()
        self._inherited: list[deque[sqlite3.Connection]] = []
        self._pid = os.getpid()
        self._writing = threading.local()
        self._finalizer = weakref.finalize(self, _close_all, self._idle)

    @property
    def writer(self) -> sqlite3.Connection | None:
        """The connection in which this thread has a transaction open."""
        return getattr(self._writing, "connection", None)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection for this thread; inside a transaction of its own, the one of the transaction."""
        try:
            if self.writer is not None:
                yield self.writer
                return
            connection = self._lend()
            if self._limit.seconds is not None:
                connection.set_progress_handler(self._limit.begin(), _STEPS)
            try:
                yield connection
            finally:
                connection.set_progress_handler(None, 0)
                self._idle.append(connection)
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT:
                raise self._limit.passed() from error
            raise StoreError(f"{self.path}: {error}") from error

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A connection in a new transaction: committed at the end, rolled back on any error."""
        with self.reading() as connection:
            connection.set_progress_handler(None, 0)
            connection.execute("BEGIN IMMEDIATE")
            self._writing.connection = connection
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            finally:
                self._writing.connection = None

    def close(self) -> None:
        """Idle connections are closed; lent ones go back to the shelf."""
        _close_all(self._idle)

    def _lend(self) -> sqlite3.Connection:
        if self._pid != os.getpid():
            # The parent's connections must not even be closed here: they are kept out of reach of the
            # garbage collector.
            self._inherited.append(self._idle)
            self._finalizer.detach()
            self._idle, self._pid = deque(), os.getpid()
            self._finalizer = weakref.finalize(self, _close_all, self._idle)
        try:
            return self._idle.pop()
        except IndexError:
            return self._open()

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode={self._mode}",
            uri=True,
            timeout=_BUSY_S,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection


def _close_all(connections: deque[sqlite3.Connection]) -> None:
    while connections:
        connections.pop().close()
