"""The catalogue's records at rest: one table in a SQLite file or a PostgreSQL database, which pycsw reads.

pycsw's own inserts commit one record at a time: records are written here, and pycsw only reads them
(`csw_repository`).
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, insert, inspect, select, text, update
from sqlalchemy.exc import SQLAlchemyError

from pcrs.errors import ConflictError, NotFoundError, StoreError
from pcrs.store.migrations import Step, missing
from pcrs.store.pg_connections import Address, silence
from pcrs.store.pg_layers import prepare
from pcrs.store.record_engines import address, reading, shown, writing
from pcrs.store.record_rows import OWN, row_of
from pcrs.store.record_tables import RECORDS, STATE, make

_LOCK = 0x70637273
"""PostgreSQL's advisory lock of those who write: one at a time."""
_MOST = 500
"""Identifiers in one statement."""
_log = logging.getLogger(__name__)


class RecordStore:
    """The records of one site, at `place`: a SQLite file, or an address (`sqlite:`, `postgresql:`).

    Its tables are made when they are missing. Writers change several records in one transaction; readers, in
    this process or another, see all of it or nothing. Documents are given back as they were put, in UTF-8 and
    without an XML declaration. Each has a source: the site itself (`OWN`), or where it was harvested.
    A database that does not answer is no error for one who is `patient`: questions raise `StoreError` until
    it does.

    Raises:
        InputError: the address is none.
        StoreError: it holds no records that this pcrs can read, or cannot be opened.
    """

    def __init__(self, place: Path | str, *, patient: bool = False) -> None:
        self.url = address(place)
        self.shown = shown(self.url)
        self._engine = writing(self.url)
        self._begun = False
        try:
            with self._errors():
                if self._engine.dialect.name == "sqlite":
                    Path(self.shown).parent.mkdir(parents=True, exist_ok=True)
                self._begin()
        except StoreError as error:
            remote = self._engine.dialect.name == "postgresql"
            if not (patient and remote and silence(Address(self.url))):
                raise
            _log.warning("the catalogue is refused until it answers: %s", error)

    def stay_open(self) -> None:
        """A connection that reads is open from now on: on a full disk SQLite could not open the first.

        A database that does not answer has none to open.

        Raises:
            StoreError: it cannot be opened.
        """
        if not self._begun:
            return
        with self._errors(), reading(self.url).connect() as connection:
            connection.execute(select(RECORDS.c.identifier).limit(1))

    def put(self, document: bytes, *, inserted: datetime, source: str = OWN) -> str:
        """The record is in the catalogue, in place of the one of the same identifier; returns the identifier.

        Raises:
            InputError: the document is no ISO 19139 record with an identifier.
            ConflictError: a record of another source has the identifier.
        """
        row = row_of(document, inserted, source)
        with self._writing() as connection:
            _write(connection, [row], source)
            _advance(connection)
        return str(row["identifier"])

    def replace(self, documents: Iterable[bytes], *, inserted: datetime, source: str = OWN) -> None:
        """The source has these records in the catalogue and no others; those of other sources stay.

        Rows whose document is the same are left as they are, date of insertion included.

        Raises:
            InputError: a document is no ISO 19139 record; nothing is changed.
            ConflictError: a record of another source has one of the identifiers; nothing is changed.
        """
        rows = [row_of(document, inserted, source) for document in documents]
        with self._writing() as connection:
            query = select(RECORDS.c.identifier, RECORDS.c.xml).where(RECORDS.c.mdsource == source)
            present = {row.identifier: row.xml for row in connection.execute(query)}
            gone = present.keys() - {row["identifier"] for row in rows}
            fresh = [row for row in rows if present.get(row["identifier"]) != row["xml"]]
            _remove(connection, sorted(gone))
            _write(connection, fresh, source)
            if gone or fresh:
                _advance(connection)

    def delete(self, identifiers: Iterable[str]) -> int:
        """The records are withdrawn; how many there were. Unknown identifiers are no error."""
        with self._writing() as connection:
            removed = _remove(connection, list(identifiers))
            if removed:
                _advance(connection)
        return removed

    def get(self, identifier: str) -> bytes:
        """The document of one record.

        Raises:
            NotFoundError: the catalogue has no such record.
        """
        with self._reading() as connection:
            xml = connection.scalar(select(RECORDS.c.xml).where(RECORDS.c.identifier == identifier))
        if xml is None:
            raise NotFoundError(f"the catalogue has no record {identifier!r}")
        return str(xml).encode()

    def all(self, source: str | None = None) -> Iterator[tuple[str, bytes]]:
        """(identifier, document) of every record, or of those of a source, in the order of identifiers."""
        query = select(RECORDS.c.identifier, RECORDS.c.xml).order_by(RECORDS.c.identifier)
        if source is not None:
            query = query.where(RECORDS.c.mdsource == source)
        with self._reading() as connection:
            rows = connection.execute(query).all()
        for identifier, xml in rows:
            yield identifier, xml.encode()

    def identifiers(self, source: str | None = None) -> tuple[str, ...]:
        """The identifiers of all, or of those of a source, in order."""
        query = select(RECORDS.c.identifier).order_by(RECORDS.c.identifier)
        if source is not None:
            query = query.where(RECORDS.c.mdsource == source)
        with self._reading() as connection:
            return tuple(connection.scalars(query))

    def sources(self) -> tuple[str, ...]:
        """Where the records come from, in order."""
        query = select(RECORDS.c.mdsource).distinct().order_by(RECORDS.c.mdsource)
        with self._reading() as connection:
            return tuple(connection.scalars(query))

    def revision(self) -> str:
        """A number that grows whenever the catalogue changes."""
        with self._reading() as connection:
            return _held(connection, "revision")

    def _initialise(self) -> None:
        if inspect(self._engine).has_table(STATE.name):
            with self._engine.connect() as connection:
                version = int(_held(connection, "schema"))
            if version == len(_STEPS):
                return
        with self._transaction(prepared=False) as connection:
            there = inspect(connection).has_table(STATE.name)
            for step in missing(int(_held(connection, "schema")) if there else 0, _STEPS):
                step(connection)
            connection.execute(update(STATE).where(STATE.c.key == "schema").values(value=str(len(_STEPS))))

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        """A connection to tables that are there."""
        with self._errors():
            self._begin()
            with self._engine.connect() as connection:
                yield connection

    def _begin(self) -> None:
        """The tables are there, as this pcrs writes them."""
        if not self._begun:
            self._initialise()
            self._begun = True

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """A transaction of the one who writes."""
        with self._errors():
            self._begin()
            with self._transaction() as connection:
                yield connection

    @contextmanager
    def _transaction(self, *, prepared: bool = True) -> Iterator[Connection]:
        """The same, without `prepared` in a schema that may not be there yet."""
        with self._engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
                raw: Any = connection.connection.driver_connection
                if not prepared:
                    prepare(raw, Address(self.url).schema)
            yield connection

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, OSError) as error:
            if isinstance(error, StoreError) and self.shown in str(error):
                raise
            cause = getattr(error, "orig", None) or error
            raise StoreError(f"{self.shown}: the record store does not answer: {cause}") from error


def _held(connection: Connection, key: str) -> str:
    return str(connection.scalar(select(STATE.c.value).where(STATE.c.key == key)) or 0)


def _write(connection: Connection, rows: Sequence[dict[str, Any]], source: str) -> None:
    identifiers = [row["identifier"] for row in rows]
    for some in _parts(identifiers):
        taken = select(RECORDS.c.identifier, RECORDS.c.mdsource).where(
            RECORDS.c.identifier.in_(some), RECORDS.c.mdsource != source
        )
        for identifier, other in connection.execute(taken):
            raise ConflictError(
                f"the catalogue has a record {identifier!r} already, from {other}: that of {source} "
                "does not take its place"
            )
    _remove(connection, identifiers)
    if rows:
        connection.execute(insert(RECORDS), list(rows))


def _remove(connection: Connection, identifiers: Sequence[str]) -> int:
    removed = 0
    for some in _parts(identifiers):
        removed += connection.execute(delete(RECORDS).where(RECORDS.c.identifier.in_(some))).rowcount
    return removed


def _parts(identifiers: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(identifiers), _MOST):
        yield identifiers[start : start + _MOST]


def _advance(connection: Connection) -> None:
    revision = str(int(_held(connection, "revision")) + 1)
    connection.execute(update(STATE).where(STATE.c.key == "revision").values(value=revision))


def _made(connection: Connection) -> None:
    make(connection)
    state = [{"key": "schema", "value": "1"}, {"key": "revision", "value": "0"}]
    connection.execute(insert(STATE), state)


def _made_again(connection: Connection) -> None:
    """Records are read from their documents again: boxes have an index, words are folded."""
    if any(column["name"] == "west" for column in inspect(connection).get_columns(RECORDS.name)):
        return
    columns = (RECORDS.c.xml, RECORDS.c.insert_date, RECORDS.c.mdsource)
    held = connection.execute(select(*columns)).all()
    rows = [row_of(xml.encode(), datetime.fromisoformat(when), source) for xml, when, source in held]
    connection.exec_driver_sql("DROP TABLE records")
    connection.exec_driver_sql("DROP TABLE IF EXISTS record_boxes")
    make(connection)
    if rows:
        connection.execute(insert(RECORDS), rows)


_STEPS: tuple[Step[Connection], ...] = (_made, _made_again)
