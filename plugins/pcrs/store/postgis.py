"""The feature store beyond one machine: a schema of a PostGIS database, open to QGIS and psql.

The GiST index finds candidates, shapely decides, as in the GeoPackage. Readers see the last committed state
while a delivery is written.
"""

# ruff: noqa: S608 - only names that a layer declares are written into SQL, quoted

import logging
import threading
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import batched, islice

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from pcrs.errors import StoreError
from pcrs.standard.crs import BBox
from pcrs.store import pg_layers
from pcrs.store.answering import BATCH, Answering, merged
from pcrs.store.base import Changes, Layer, NewRow, Query
from pcrs.store.description import check
from pcrs.store.exact import CHUNK_MAX, Hit, Record, hits, regions
from pcrs.store.history import EVERYWHERE, instant
from pcrs.store.limits import UNLIMITED, TimeLimit
from pcrs.store.migrations import missing
from pcrs.store.pg_connections import Address, Connection, PgConnections, silence
from pcrs.store.pg_filter import storable
from pcrs.store.pg_query import WKB, columns, naming, order, parted_source, past_source, source, window
from pcrs.store.pg_write import merge, remove
from pcrs.store.statement import Statement, quoted

_FEW = 200
_log = logging.getLogger(__name__)


class PostGis(Answering):
    """A `FeatureStore` in one schema. Its tables are made when absent, unless `read_only`.

    `limit` is of each question outside of transactions: `TooCostlyError` beyond it. A database that does not
    answer is no error for one who is `patient`: questions raise `StoreError` until it does.

    Raises:
        StoreError: the database does not answer, has no PostGIS, or its store is a newer pcrs's.
        InputError: the address is none.
    """

    def __init__(
        self, url: str, *, read_only: bool = False, limit: TimeLimit = UNLIMITED, patient: bool = False
    ) -> None:
        self.address = Address(url)
        self._read_only = read_only
        self._connections = PgConnections(
            self.address, read_only=read_only, limit=limit, first=self._initialise
        )
        self._open_transaction = threading.local()
        super().__init__()
        try:
            self._connections.begin()
        except StoreError as error:
            if not patient or not silence(self.address):
                raise
            _log.warning("objects are refused until it answers: %s", error)

    def _source(self, layer: Layer, query: Query) -> tuple[Statement, BaseGeometry | None]:
        """FROM and WHERE of a query, and the region that shapely must decide."""
        now = query.at is None
        extent = (lambda: self.extent(layer.name)) if now else (lambda: EVERYWHERE)
        boxes, region = regions(layer, query, extent)
        made = source if now else past_source
        return made(layer, query, boxes, with_geometry=query.within is not None), region

    def extent(self, name: str) -> BBox | None:
        """A box that holds the layer, at most a metre wider."""
        if self.layer(name).geometry is None:
            return None
        with self._connections.reading() as connection:
            box = connection.execute(
                "SELECT min_x, min_y, max_x, max_y FROM pcrs_layer WHERE name = %s", (name,)
            ).fetchone()
        return None if box is None or box[0] is None else BBox(*box)

    def span(self, name: str) -> tuple[str, str] | None:
        """The first and the last date of the layer; None when it has no dates."""
        layer = self.layer(name)
        field = None if layer.time_field is None else layer.field(layer.time_field)
        if field is None:
            return None
        ends = []
        for ascending in (True, False):
            text = f"SELECT {columns(replace(layer, fields=(field,)))} FROM {quoted(name)}"
            column = quoted(field.name)
            text += f" WHERE {column} IS NOT NULL ORDER BY {column} {'ASC' if ascending else 'DESC'} LIMIT 1"
            with self._connections.reading() as connection:
                ends.append(connection.execute(text).fetchone())
        first, last = ends
        return None if first is None or last is None else (first[0], last[0])

    def ensure(self, layer: Layer) -> None:
        """The layer exists with these fields; new fields are added to one that exists already."""
        check(layer)
        if self._described().get(layer.name) == layer:
            return
        with self.transaction(), self._connections.reading() as connection:
            known = self._described().get(layer.name)
            if known is None:
                pg_layers.create_table(connection, layer)
            else:
                pg_layers.widen(connection, known, layer)
            pg_layers.raise_revision(connection)

    def merge(self, name: str, rows: Iterable[NewRow], *, aside: Collection[str] = ()) -> Changes:
        """As `put`, and what became of the objects."""
        with self.transaction(), self._connections.reading() as connection:
            layer = self.layer(name)
            return merged(layer, rows, lambda batch: merge(connection, layer, batch, aside, self._at))

    def remove(self, name: str, ids: Iterable[str]) -> int:
        """The rows of these ids are gone. How many there were."""
        with self.transaction(), self._connections.reading() as connection:
            layer = self.layer(name)
            batches = batched(filter(storable, ids), BATCH)
            return sum(remove(connection, layer, list(batch), self._at) for batch in batches)

    @contextmanager
    def transaction(self, at: str | None = None) -> Iterator[None]:
        """What this thread writes inside is seen by others at the end, at once, or not at all on an error."""
        moment = None if at is None else instant(at)
        if self._connections.writer is not None:
            yield
            return
        with self._connections.writing():
            self._open_transaction.at = moment
            yield
        self._known.forget()

    @property
    def _at(self) -> str | None:
        """The date of what is written in this thread's transaction."""
        moment: str | None = self._open_transaction.at
        return moment

    def revision(self) -> str:
        """A text that changes whenever data or layers change, also when QGIS changed them."""
        found = self._connections.ask(pg_layers.REVISION)
        return str(found[0][0]) if found else ""

    def close(self) -> None:
        """Connections are closed; the store opens them again when it is asked again."""
        self._connections.close()

    def _initialise(self) -> None:
        try:
            with closing(PgConnections(self.address, read_only=self._read_only)) as apart:
                self._prepare(apart)
        except StoreError as error:
            raise StoreError(f"{self.address.shown} cannot be the store of features: {error}") from error

    def _prepare(self, apart: PgConnections) -> None:
        if why := silence(self.address):
            raise StoreError(why)
        with apart.reading() as connection:
            version = pg_layers.version(connection)
        pending = missing(version, pg_layers.STEPS)
        if pending and self._read_only:
            raise StoreError("it holds no store of this pcrs: `pcrs status` makes one, or brings it up")
        if pending:
            with apart.writing() as connection:
                pg_layers.migrate(connection, self.address.schema)

    def _read_layers(self) -> Mapping[str, Layer]:
        with self._connections.reading() as connection:
            return pg_layers.layers(connection)

    @property
    def _shown(self) -> str:
        return self.address.shown

    @property
    def _is_writing(self) -> bool:
        return self._connections.writer is not None

    def _settle(self, name: str) -> None:
        """Nothing: PostgreSQL keeps its indexes while it writes."""

    def _fetched(self, statement: Statement) -> Sequence[Record]:
        return self._connections.ask(statement.text, statement.values)

    def _decoded(self, blobs: Sequence[bytes | None]) -> np.ndarray:
        return _decode(blobs)

    def _select(self, layer: Layer, *, geometry: bool) -> str:
        return f"SELECT fid, {WKB if geometry else 'NULL'}, {columns(layer)}"

    def _naming(self, layer: Layer, field: str, texts: Collection[str]) -> Statement:
        return naming(layer, field, texts)

    def _of_id(self, layer: Layer, id_: str) -> Statement | None:
        if not storable(id_):
            return None
        return Statement(f" FROM {quoted(layer.name)} WHERE {quoted(layer.id_field)} = %s", (id_,))

    def _order(self, layer: Layer, query: Query) -> str:
        return order(layer, query)

    def _window(self, query: Query) -> Statement:
        return window(query, extra=1)

    def _all(self, name: str) -> int:
        rows = self._connections.ask("SELECT objects FROM pcrs_layer WHERE name = %s", (name,))
        return int(rows[0][0]) if rows else 0

    def _count_rows(self, found_in: Statement, end: int | None) -> int:
        text = f"SELECT count(*) FROM (SELECT{found_in.text} LIMIT %s) AS found"
        return int(self._connections.ask(text, (*found_in.values, end))[0][0])

    def _parted(self, layer: Layer, query: Query, box: BBox, inner: BBox) -> tuple[Statement, Statement]:
        return parted_source(layer, query, box, inner)

    def _count_near(self, found_in: Statement, region: BaseGeometry, most: int | None, chunk: int) -> int:
        statement = Statement(f"SELECT fid, {WKB}{found_in.text}", found_in.values)
        near = self._read(Statement(f"{statement.text} LIMIT %s", (*statement.values, CHUNK_MAX)))
        if len(near) < CHUNK_MAX:
            shapes = np.array([shape for _, shape in near], dtype=object)
            met = int(np.count_nonzero(shapely.intersects(region, shapes)))
            return met if most is None else min(met, most)
        with (
            self._connections.reading() as connection,
            closing(self._hits(connection, statement, region, chunk)) as found,
        ):
            return sum(1 for _ in islice(found, most))

    def _near(self, layer: Layer, query: Query, select: str, region: BaseGeometry | None) -> list[Hit] | None:
        return None

    def _candidates(self, layer: Layer, query: Query, found_in: Statement, rows: Statement) -> Statement:
        """The first candidates of a page, as many as a bound value more says."""
        # A table expression is planned to be read to its end, as cursors are, and read as far as asked.
        if query.sort or query.at is not None or query.offset + query.limit > _FEW:
            text = f"WITH found AS MATERIALIZED ({rows.text}) SELECT * FROM found LIMIT %s"
            return Statement(text, rows.values)
        # Of all candidates the fid alone is read, where few of them are taken.
        text = (
            f"WITH found AS MATERIALIZED (SELECT fid{found_in.text} ORDER BY fid) "
            f"{self._select(layer, geometry=True)} FROM {quoted(layer.name)} "
            "WHERE fid IN (SELECT fid FROM found LIMIT %s) ORDER BY fid"
        )
        return Statement(text, found_in.values)

    def _refined(
        self, layer: Layer, query: Query, found_in: Statement, rows: Statement, region: BaseGeometry
    ) -> list[Hit]:
        """Of a few candidates at once where these are enough."""
        first = self._candidates(layer, query, found_in, rows)
        last = query.offset + query.limit + 1
        most = last + last // 8
        if last <= CHUNK_MAX:
            candidates = self._read(Statement(first.text, (*first.values, most)))
            shapes = np.array([shape for _, shape in candidates], dtype=object)
            chosen = shapely.intersects(region, shapes).nonzero()[0].tolist()
            if len(chosen) >= last or len(candidates) < most:
                return [candidates[at] for at in chosen[query.offset : last]]
        with self._connections.reading() as connection:
            with closing(self._hits(connection, rows, region, min(last, CHUNK_MAX))) as found:
                return list(islice(found, query.offset, last))

    def _hits(
        self, connection: Connection, statement: Statement, region: BaseGeometry, chunk: int
    ) -> Generator[Hit]:
        with connection.transaction(), connection.cursor("pcrs_hits", binary=True) as cursor:
            cursor.execute(statement.text, statement.values)
            yield from hits(self._connections.timed(cursor.fetchmany), _decode, region, chunk)


def _decode(blobs: Sequence[bytes | None]) -> np.ndarray:
    array = np.empty(len(blobs), dtype=object)
    array[:] = blobs
    geometries: np.ndarray = shapely.from_wkb(array)
    return geometries
