"""The connections to one schema of a PostgreSQL database: many readers, one writer, a thread with its own."""

import os
import re
import select
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from hashlib import blake2b
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import psycopg
from psycopg import sql
from psycopg_pool import ConnectionPool, PoolTimeout

from pcrs.errors import InputError, StoreError
from pcrs.store.limits import UNLIMITED, TimeLimit

type Connection = psycopg.Connection[tuple[Any, ...]]
DEFAULT_SCHEMA = "pcrs"
_SCHEMA = re.compile(r"[a-z_][a-z0-9_]{0,47}")
_WAIT_S = 30
_SOON_S = 2
"""Seconds that a reader waits for a connection before it asks whether the database is there at all."""

_CONNECT_S = 10
_MOST = 16
_IDLE_S = 60.0


class Address:
    """`postgresql://user@host/database?schema=pcrs`: what libpq takes, and the schema.

    Raises:
        InputError: the schema cannot be one.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query))
        self.schema = options.pop("schema", DEFAULT_SCHEMA)
        if not _SCHEMA.fullmatch(self.schema) or self.schema.startswith("pg_"):
            raise InputError(
                f"schema {self.schema!r}: expected lower-case letters, digits and _, a letter first"
            )
        self.conninfo = f"{url.partition('?')[0]}?{urlencode(options)}"
        self.shown = f"postgresql://{parts.hostname or ''}{parts.path}?schema={self.schema}"
        """Without user and password."""


def silence(address: Address) -> str:
    """Why the database does not answer; empty when it does. A pool would only say that it waited."""
    try:
        _answers(address)
    except psycopg.Error as error:
        return _said(error)
    return ""


def _answers(address: Address) -> None:
    psycopg.connect(address.conninfo, connect_timeout=_CONNECT_S).close()


class PgConnections:
    """Connections lent to one thread at a time and taken back; opened when they are first needed.

    Readers see the last committed state and never wait for the writer. A fork opens its own. `first` is done
    before the first question, by connections of its own, and again by the next one when it raised.
    """

    def __init__(
        self,
        address: Address,
        *,
        read_only: bool,
        limit: TimeLimit = UNLIMITED,
        first: Callable[[], None] | None = None,
    ) -> None:
        self.address = address
        self._first = first
        self._beginning = threading.Lock()
        self._limit = limit
        self._read_only = read_only
        self._pool: ConnectionPool[Connection] | None = None
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._writing = threading.local()
        key = blake2b(address.schema.encode(), digest_size=8, person=b"pcrs").digest()
        self._key = int.from_bytes(key, signed=True)

    @property
    def writer(self) -> Connection | None:
        """The connection in which this thread has a transaction open."""
        return getattr(self._writing, "connection", None)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for this thread; inside a transaction of its own, the one of the transaction."""
        try:
            if self.writer is not None:
                yield self.writer
                return
            self.begin()
            with self._lent() as connection:
                yield connection
        except psycopg.errors.QueryCanceled as error:
            if self._limit.seconds is None:
                raise StoreError(f"{self.address.shown}: {_said(error)}") from error
            raise self._limit.passed() from error
        except psycopg.Error as error:
            raise StoreError(f"{self.address.shown}: {_said(error)}") from error

    def ask(self, text: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of one query, asked again when its connection turns out to be gone."""
        connection: Connection | None = None
        try:
            with self.reading() as connection:
                return connection.execute(text, values, binary=True).fetchall()
        except StoreError:
            if self.writer is not None or connection is None or not connection.broken:
                raise
        with self.reading() as connection:
            return connection.execute(text, values, binary=True).fetchall()

    def timed[**P, R](self, fetch: Callable[P, R]) -> Callable[P, R]:
        """The same, within the limit of one question, however often it is called."""
        over = self._limit.begin()

        def fetched(*args: P.args, **kwargs: P.kwargs) -> R:
            if over():
                raise self._limit.passed()
            return fetch(*args, **kwargs)

        return fetched

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A connection in a new transaction, committed at the end, rolled back on any error.

        One writer at a time, so that the order of `fid` is the order in which rows come to be seen.
        """
        with self.reading() as connection, connection.transaction():
            connection.execute("SELECT set_config('lock_timeout', %s, true)", (f"{_WAIT_S}s",))
            connection.execute("SELECT set_config('statement_timeout', '0', true)")
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (self._key,))
            self._writing.connection = connection
            try:
                yield connection
            finally:
                self._writing.connection = None

    def begin(self) -> None:
        """What comes first is done, if it was not yet.

        Raises:
            StoreError: it could not be done, or another thread has been trying to for some time.
        """
        if self._first is None:
            return
        if not self._beginning.acquire(timeout=_SOON_S):
            raise StoreError(f"{self.address.shown} does not answer yet")
        try:
            if self._first is not None:
                self._first()
                self._first = None
        finally:
            self._beginning.release()

    def close(self) -> None:
        """Connections are closed; the next one that is asked for is opened again."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None and self._pid == os.getpid():
            pool.close()

    @contextmanager
    def _lent(self) -> Iterator[Connection]:
        """A connection of the pool, awaited while others have them all, refused soon where no database is.

        Raises:
            psycopg.Error: the database does not answer, or others have them all for too long.
        """
        pool = self._open()
        with ExitStack() as stack:
            try:
                connection = stack.enter_context(pool.connection(_SOON_S))
            except PoolTimeout:
                _answers(self.address)
                connection = stack.enter_context(pool.connection())
            yield connection

    def _open(self) -> ConnectionPool[Connection]:
        with self._lock:
            if self._pool is None or self._pid != os.getpid():
                self._pid = os.getpid()
                self._pool = ConnectionPool(
                    self.address.conninfo,
                    min_size=0,
                    max_size=_MOST,
                    max_idle=_IDLE_S,
                    num_workers=1,
                    timeout=_WAIT_S,
                    reconnect_timeout=_SOON_S,
                    kwargs={"autocommit": True, "prepare_threshold": None, "connect_timeout": _CONNECT_S},
                    configure=self._configure,
                    check=_check,
                    open=True,
                )
            return self._pool

    def _configure(self, connection: Connection) -> None:
        settings = {
            "search_path": sql.Identifier(self.address.schema).as_string(connection) + ", public",
            "DateStyle": "ISO, YMD",
            "TimeZone": "UTC",
            "extra_float_digits": "1",
            "default_transaction_read_only": "on" if self._read_only else "off",
            # A page of a region is read to its end: its plan is not to be the one of its first rows.
            "cursor_tuple_fraction": "1",
            "statement_timeout": f"{int((self._limit.seconds or 0) * 1000)}",
        }
        for name, value in settings.items():
            connection.execute("SELECT set_config(%s, %s, false)", (name, value))


def _check(connection: Connection) -> None:
    """The connection still stands: what the server says to an idle one is most often its end.

    Raises:
        psycopg.OperationalError: it does not.
    """
    # A question to the server would cost as much as the query that follows.
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    if waiting.poll(0):
        ConnectionPool.check_connection(connection)


def _said(error: psycopg.Error) -> str:
    return str(error.diag.message_primary or error).strip() or type(error).__name__
