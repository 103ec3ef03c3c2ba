"""The table of records as pycsw reads it, on SQLAlchemy 2.

pycsw 3.0.0b2 makes an engine and mapped classes for each request, on SQLAlchemy 1 only, and orders nothing:
here an engine is made once for each database, with few connections that only read, rows are plain, and every
page is in a full order.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, cached_property
from typing import Any

from pycsw.core import repository
from sqlalchemy import Float, cast, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from pcrs.errors import StoreError
from pcrs.store.record_engines import reading
from pcrs.store.record_rows import OWN
from pcrs.store.record_tables import RECORDS

_EMPTY = "1970-01-01T00:00:00Z"
_COLUMNS = tuple(column for column in RECORDS.c if column.name != "anytext")
"""Rows are taken apart by the names of columns; the search text stays where it is."""
_AREA = cast(RECORDS.c.east - RECORDS.c.west, Float) * (RECORDS.c.north - RECORDS.c.south)
_READ_ONLY = "the catalogue is written by pcrs alone, never through the catalogue service"


class Queryables(dict[str, Any]):
    """pycsw's queryables, found whatever their case and with or without their prefix.

    data.gouv.fr asks for `apiso:type`, GeoNetwork for `any`: GeoNetwork's own catalogue never minded.
    """

    def __missing__(self, name: str) -> Any:
        wanted = name.strip().lower()
        wanted = {"any": "anytext", "boundingbox": "ows:boundingbox"}.get(wanted, wanted)
        for prefix in ("", "apiso:", "dc:", "dct:", "csw:", "pycsw:"):
            if prefix + wanted in self._in_lower_case:
                return self._in_lower_case[prefix + wanted]
        raise KeyError(name)

    @cached_property
    def _in_lower_case(self) -> Mapping[str, Any]:
        return {key.lower(): found for key, found in self.items()}


@cache
def _sessions(database: str) -> scoped_session[Session]:
    """The sessions of a database, one per thread until it is removed; they refuse to write."""
    return scoped_session(sessionmaker(reading(database)))


def release(database: str) -> None:
    """The session of this thread is given back; to be called after each request.

    One that stays open keeps its connection, its state of the catalogue and every record that it ever read.
    """
    _sessions(database).remove()


class CatalogueRepository(repository.Repository):  # type: ignore[misc]  # pycsw has no types
    """What pycsw's servers ask of a repository; the arguments are those that they give."""

    def __init__(
        self,
        database: str,
        context: Any,
        app_root: str | None = None,
        table: str = "records",
        repo_filter: str | None = None,
    ) -> None:
        del app_root, table, repo_filter
        self.context = context
        self.database = database
        self.filter = None
        self.fts = False
        self.dbtype = reading(database).dialect.name
        self.session = _sessions(database)
        self.func = func
        self.failure: StoreError | None = None
        names = context.model["typenames"].values()
        self.queryables: dict[str, Any] = {
            group: dict(members) for name in names for group, members in name["queryables"].items()
        }
        everything = Queryables()
        for members in self.queryables.values():
            everything.update(members)
        everything.update(context.md_core_model["mappings"])
        self.queryables["_all"] = everything

    def query(
        self,
        constraint: Mapping[str, Any],
        sortby: Mapping[str, Any] | None = None,
        typenames: Any = None,
        maxrecords: int | str = 10,
        startposition: int = 0,
    ) -> list[Any]:
        """[number matched, as text; the rows of the page], ordered by what is asked, then by identifier."""
        del typenames
        where = [constraint["where"]] if "where" in constraint else []
        order: list[Any] = []
        if sortby is not None:
            column: Any = RECORDS.c[sortby["propertyname"]]
            if sortby.get("spatial"):
                column = _AREA
            order.append((column.desc() if sortby["order"] == "DESC" else column.asc()).nulls_last())
        page = select(*_COLUMNS).where(*where).order_by(*order, RECORDS.c.identifier)
        page = page.limit(int(maxrecords)).offset(int(startposition))
        with self._noting_failure():
            total = self.session.scalar(select(func.count()).select_from(RECORDS).where(*where))
            return [str(total), list(self.session.execute(page))]

    def query_ids(self, ids: Sequence[str]) -> list[Any]:
        """The rows of these identifiers, in their order."""
        page = select(*_COLUMNS).where(RECORDS.c.identifier.in_(ids)).order_by(RECORDS.c.identifier)
        with self._noting_failure():
            return list(self.session.execute(page))

    def query_insert(self, direction: str = "max") -> str:
        """The moment of the last (or first) insertion: what the capabilities give as updateSequence."""
        column = RECORDS.c.insert_date
        extreme = func.min(column) if direction == "min" else func.max(column)
        with self._noting_failure():
            return self.session.scalar(select(extreme)) or _EMPTY

    def discovery(self) -> str | None:
        """The identifier of the record that describes this catalogue service, when it is there."""
        own = RECORDS.c.mdsource == OWN, RECORDS.c.servicetype == "discovery"
        query = select(RECORDS.c.identifier).where(*own).order_by(RECORDS.c.identifier).limit(1)
        with self._noting_failure():
            return self.session.scalar(query)

    def query_domain(
        self, domain: str, typenames: Any, domainquerytype: str = "list", count: bool = False
    ) -> list[Any]:
        """The values that a column has, in order, with their numbers when `count` is asked."""
        del typenames
        column = RECORDS.c[domain]
        if domainquerytype == "range":
            query: Any = select(func.min(column), func.max(column))
        elif count:
            query = select(column, func.count(column)).group_by(column).order_by(column)
        else:
            query = select(column).distinct().order_by(column)
        with self._noting_failure():
            return list(self.session.execute(query))

    @contextmanager
    def _noting_failure(self) -> Iterator[None]:
        """Keeps the failure of the store in `failure`: pycsw takes any error for the client's."""
        try:
            yield
        except SQLAlchemyError as error:
            self.failure = StoreError(f"the catalogue does not answer: {error}")
            raise self.failure from error

    def insert(self, *_arguments: Any, **_named: Any) -> None:
        """Refused.

        Raises:
            StoreError: always.
        """
        raise StoreError(_READ_ONLY)

    def update(self, *_arguments: Any, **_named: Any) -> None:
        """Refused.

        Raises:
            StoreError: always.
        """
        raise StoreError(_READ_ONLY)

    def delete(self, *_arguments: Any, **_named: Any) -> None:
        """Refused.

        Raises:
            StoreError: always.
        """
        raise StoreError(_READ_ONLY)
