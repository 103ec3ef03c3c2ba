"""The catalogue's records at rest: one SQLite table with the columns that pycsw reads.

pycsw's own set-up does not run on SQLAlchemy 2, and its inserts commit one record at a time: the table is
made and written here, and pycsw only reads it (`csw_repository`). Column names come from pycsw's own model.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from lxml import etree
from pycsw.core import metadata as pycsw_metadata
from pycsw.core.config import StaticContext
from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Float,
    MetaData,
    Table,
    Text,
    create_engine,
    delete,
    event,
    insert,
    select,
    update,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from pcrs.errors import InputError, NotFoundError, StoreError

_SCHEMA = "1"
_REQUIRED = {"typename", "schema", "mdsource", "insert_date", "xml", "anytext", "metadata_type"}
_NUMBERS = {"vert_extent_min", "vert_extent_max"}
_SEARCHED = {"type", "parentidentifier", "date_modified"}
_GMD = {
    "gmd": "http://www.isotc211.org/2005/gmd",
    "gco": "http://www.isotc211.org/2005/gco",
    "gmx": "http://www.isotc211.org/2005/gmx",
    "srv": "http://www.isotc211.org/2005/srv",
}
_CONTEXT = StaticContext()
COLUMNS: tuple[str, ...] = tuple(_CONTEXT.md_core_model["mappings"].values())
"""The 68 columns of pycsw's core model, in its order."""


def _column(name: str) -> Column[Any]:
    if name == "identifier":
        return Column(name, Text, primary_key=True)
    kind = Float if name in _NUMBERS else Text
    return Column(name, kind, nullable=name not in _REQUIRED, index=name in _SEARCHED)


_TABLES = MetaData()
RECORDS = Table("records", _TABLES, *(_column(name) for name in COLUMNS))
_STATE = Table(
    "catalogue", _TABLES, Column("key", Text, primary_key=True), Column("value", Text, nullable=False)
)


def database_url(path: Path) -> str:
    """The file as SQLAlchemy and pycsw name it."""
    return f"sqlite:///{path.resolve()}"


class RecordStore:
    """The records of one site, in the SQLite file `path`, which is made when it is missing.

    Writers change several records in one transaction; readers, in this process or another, see all of it or
    nothing. Documents are UTF-8 bytes, given back as they were put.

    Raises:
        StoreError: the file is no record store, or cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._engine = _engine(path)
        with self._errors():
            path.parent.mkdir(parents=True, exist_ok=True)
            _TABLES.create_all(self._engine)
            with self._engine.begin() as connection:
                self._check_schema(connection)

    def put(self, document: bytes, *, inserted: datetime) -> str:
        """The record is in the catalogue, in place of the one of the same identifier; returns the identifier.

        Raises:
            InputError: the document is no ISO 19139 record with an identifier.
        """
        row = _row(document, inserted)
        with self._errors(), self._engine.begin() as connection:
            _write(connection, [row])
            _advance(connection)
        return str(row["identifier"])

    def replace(self, documents: Iterable[bytes], *, inserted: datetime) -> None:
        """The catalogue holds these records and no others.

        Rows whose document is the same are left as they are, date of insertion included.

        Raises:
            InputError: a document is no ISO 19139 record; nothing is changed.
        """
        rows = [_row(document, inserted) for document in documents]
        with self._errors(), self._engine.begin() as connection:
            query = select(RECORDS.c.identifier, RECORDS.c.xml)
            present = {row.identifier: row.xml for row in connection.execute(query)}
            gone = present.keys() - {row["identifier"] for row in rows}
            connection.execute(delete(RECORDS).where(RECORDS.c.identifier.in_(gone)))
            fresh = [row for row in rows if present.get(row["identifier"]) != row["xml"]]
            _write(connection, fresh)
            if gone or fresh:
                _advance(connection)

    def delete(self, identifiers: Iterable[str]) -> int:
        """The records are withdrawn; how many there were. Unknown identifiers are no error."""
        with self._errors(), self._engine.begin() as connection:
            statement = delete(RECORDS).where(RECORDS.c.identifier.in_(list(identifiers)))
            removed = int(connection.execute(statement).rowcount)
            if removed:
                _advance(connection)
        return removed

    def get(self, identifier: str) -> bytes:
        """The document of one record.

        Raises:
            NotFoundError: the catalogue has no such record.
        """
        with self._errors(), self._engine.connect() as connection:
            query = select(RECORDS.c.xml).where(RECORDS.c.identifier == identifier)
            xml = connection.execute(query).scalar()
        if xml is None:
            raise NotFoundError(f"the catalogue has no record {identifier!r}")
        return str(xml).encode()

    def all(self) -> Iterator[tuple[str, bytes]]:
        """(identifier, document) of every record, in the order of identifiers."""
        with self._errors(), self._engine.connect() as connection:
            query = select(RECORDS.c.identifier, RECORDS.c.xml).order_by(RECORDS.c.identifier)
            rows = connection.execute(query).all()
        for identifier, xml in rows:
            yield identifier, xml.encode()

    def identifiers(self) -> tuple[str, ...]:
        """The identifiers, in order."""
        with self._errors(), self._engine.connect() as connection:
            query = select(RECORDS.c.identifier).order_by(RECORDS.c.identifier)
            return tuple(connection.execute(query).scalars())

    def revision(self) -> str:
        """A number that grows whenever the catalogue changes."""
        with self._errors(), self._engine.connect() as connection:
            query = select(_STATE.c.value).where(_STATE.c.key == "revision")
            return str(connection.execute(query).scalar())

    def _check_schema(self, connection: Connection) -> None:
        held = connection.execute(select(_STATE.c.value).where(_STATE.c.key == "schema")).scalar()
        if held is None:
            state = [{"key": "schema", "value": _SCHEMA}, {"key": "revision", "value": "0"}]
            connection.execute(insert(_STATE), state)
        elif held != _SCHEMA:
            raise StoreError(
                f"{self.path} is a record store of version {held}, this pcrs reads version {_SCHEMA}: "
                "use the pcrs that made it, or remove the file and run `pcrs records`"
            )

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, OSError) as error:
            if isinstance(error, StoreError):
                raise
            cause = getattr(error, "orig", None) or error
            raise StoreError(f"{self.path}: the record store does not answer: {cause}") from error


def _engine(path: Path) -> Engine:
    engine = create_engine(database_url(path), poolclass=NullPool)

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA busy_timeout=10000")
        cursor.close()

    return engine


def _write(connection: Connection, rows: list[dict[str, Any]]) -> None:
    if rows:
        identifiers = [row["identifier"] for row in rows]
        connection.execute(delete(RECORDS).where(RECORDS.c.identifier.in_(identifiers)))
        connection.execute(insert(RECORDS), rows)


def _advance(connection: Connection) -> None:
    held = connection.execute(select(_STATE.c.value).where(_STATE.c.key == "revision")).scalar()
    connection.execute(update(_STATE).where(_STATE.c.key == "revision").values(value=str(int(held or 0) + 1)))


class _Bag:
    """Where pycsw's parser sets what it reads; it asks a repository for one through `dataset`."""


class _Bags:
    dataset = _Bag


def _row(document: bytes, inserted: datetime) -> dict[str, Any]:
    """The columns of a record: what pycsw's parser reads, and what it leaves out or takes from the clock."""
    try:
        root = etree.fromstring(document, etree.XMLParser(resolve_entities=False, no_network=True))
        bag = pycsw_metadata.parse_record(_CONTEXT, root, _Bags)[0]
    except (etree.XMLSyntaxError, AttributeError, IndexError, RuntimeError, ValueError) as error:
        raise InputError(f"this is no ISO 19139 record: {error}") from error
    row: dict[str, Any] = dict.fromkeys(COLUMNS)
    row |= {name: value for name, value in vars(bag).items() if name in row}
    if not row["identifier"]:
        raise InputError("this ISO 19139 record has no fileIdentifier: give it one")
    row |= _left_out(root)
    row["xml"] = document.decode()
    row["insert_date"] = inserted.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {name: _scalar(value) for name, value in row.items()}


def _scalar(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode()
    return json.dumps(value) if isinstance(value, (list, dict, tuple)) else value


def _left_out(root: etree._Element) -> Mapping[str, Any]:
    """Columns that pycsw 3.0.0b2 does not fill from ISO 19139, or fills badly.

    It never reaches its own block on data quality, drops anchored constraints, and rounds boxes to 0.01°
    (a kilometre).
    """
    quality = "gmd:dataQualityInfo/gmd:DQ_DataQuality"
    specification = f"{quality}/gmd:report//gmd:specification/gmd:CI_Citation"
    coupled = "gmd:identificationInfo//srv:coupledResource/srv:SV_CoupledResource"
    epsg = _first(root, "gmd:referenceSystemInfo//gmd:RS_Identifier/gmd:code/gmx:Anchor") or ""
    found = {
        "crs": f"urn:ogc:def:crs:EPSG::{epsg.removeprefix('EPSG:')}" if epsg.startswith("EPSG:") else None,
        "format": ",".join(_every(root, ".//gmd:distributionFormat/gmd:MD_Format/gmd:name/*")) or None,
        "degree": _first(root, f"{quality}/gmd:report//gmd:pass/gco:Boolean"),
        "lineage": _first(root, f"{quality}/gmd:lineage//gmd:statement/*"),
        "specificationtitle": _first(root, f"{specification}/gmd:title/*"),
        "specificationdate": _first(root, f"{specification}/gmd:date//gco:Date"),
        "otherconstraints": _first(root, ".//gmd:useConstraints/../gmd:otherConstraints/*"),
        "operatesonidentifier": ",".join(_every(root, f"{coupled}/srv:identifier/*")) or None,
        "operatesoname": ",".join(_every(root, f"{coupled}/gco:ScopedName")) or None,
    }
    sides = [
        _first(root, f".//gmd:EX_GeographicBoundingBox/gmd:{side}/gco:Decimal")
        for side in (
            "westBoundLongitude",
            "southBoundLatitude",
            "eastBoundLongitude",
            "northBoundLatitude",
        )
    ]
    if all(sides):
        west, south, east, north = (f"{float(side or 0):.6f}" for side in sides)
        corners = ((west, south), (west, north), (east, north), (east, south), (west, south))
        found["wkt_geometry"] = f"POLYGON(({', '.join(f'{x} {y}' for x, y in corners)}))"
    return {name: value for name, value in found.items() if value}


def _every(root: etree._Element, path: str) -> list[str]:
    texts = (element.text for element in cast(list[etree._Element], root.xpath(path, namespaces=_GMD)))
    return list(dict.fromkeys(text for text in texts if text))


def _first(root: etree._Element, path: str) -> str | None:
    return next(iter(_every(root, path)), None)
