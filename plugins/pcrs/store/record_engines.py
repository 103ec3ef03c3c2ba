"""The engines of a record store, chosen by its address: one that writes, one that only reads.

Every transaction sees one state of the catalogue, from its first question to its end: a count and the page
beside it belong together.
"""

import time
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import psycopg
from psycopg import sql
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import NullPool, QueuePool

from pcrs.errors import InputError
from pcrs.store import record_functions
from pcrs.store.pg_connections import Address

_BUSY_S = 10
_READERS = 4
"""Connections of one process that read; more threads than that take turns."""
LONGEST_S = 20
"""What one question may take; patterns can be made that take hours."""
_STEPS = 50_000
"""Instructions of SQLite between two looks at the time."""


def address(place: Path | str) -> str:
    """The address of a store: `sqlite:///absolute/path/records.db` for a file, others as they are."""
    return f"sqlite://{quote(str(place.resolve()))}" if isinstance(place, Path) else place


def shown(url: str) -> str:
    """The address as a message may tell it: a path, or a database without user and password.

    Raises:
        InputError: it is no address of a record store.
    """
    parts = urlsplit(url)
    if parts.scheme in ("postgresql", "postgres"):
        return Address(url).shown
    if parts.scheme != "sqlite" or parts.netloc or not Path(unquote(parts.path)).name:
        raise InputError(
            f"{url!r} is no store of records: expected sqlite:///absolute/path/records.db "
            "or postgresql://user@host/database?schema=pcrs"
        )
    return unquote(parts.path)


def writing(url: str) -> Engine:
    """The engine of those who change the catalogue: one at a time, readers do not wait.

    Raises:
        InputError: it is no address of a record store.
    """
    told = shown(url)
    if told.startswith("postgresql:"):
        return create_engine("postgresql+psycopg://", creator=_connector(url, 0), poolclass=NullPool)
    return _sqlite(f"file:{quote(told)}?mode=rwc", "BEGIN IMMEDIATE", ("journal_mode=WAL",), NullPool)


@cache
def reading(url: str) -> Engine:
    """The engine of those who read, one in a process; it refuses to write.

    Raises:
        InputError: it is no address of a record store.
    """
    told = shown(url)
    if told.startswith("postgresql:"):
        return create_engine(
            "postgresql+psycopg://",
            creator=_connector(url, LONGEST_S),
            pool_size=_READERS,
            max_overflow=0,
            pool_timeout=_BUSY_S,
            pool_pre_ping=True,
            isolation_level="REPEATABLE READ",
            execution_options={"postgresql_readonly": True},
        )
    engine = _sqlite(f"file:{quote(told)}?mode=rw", "BEGIN", ("query_only=ON",), QueuePool)
    event.listen(engine, "begin", _limit)
    return engine


def _limit(connection: Connection) -> None:
    """SQLite ends what this transaction asks when its time is over."""
    end = time.monotonic() + LONGEST_S
    raw: Any = connection.connection.driver_connection
    raw.set_progress_handler(lambda: time.monotonic() > end, _STEPS)


def _sqlite(uri: str, beginning: str, pragmas: tuple[str, ...], pool: type[Any]) -> Engine:
    limits = {} if pool is NullPool else {"pool_size": _READERS, "max_overflow": 0, "pool_timeout": _BUSY_S}
    engine = create_engine(
        f"sqlite:///{uri}&uri=true", poolclass=pool, connect_args={"timeout": _BUSY_S}, **limits
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions begin below, not in the driver
        record_functions.register(connection)
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(beginning)

    return engine


def _connector(url: str, longest_s: int) -> Any:
    place = Address(url)

    def _connect() -> psycopg.Connection[Any]:
        connection = psycopg.connect(place.conninfo, connect_timeout=_BUSY_S, prepare_threshold=None)
        path = sql.Identifier(place.schema).as_string(connection) + ", public"
        for name, value in (("search_path", path), ("statement_timeout", f"{longest_s}s")):
            connection.execute("SELECT set_config(%s, %s, false)", (name, value))
        connection.commit()
        return connection

    return _connect
