"""The feature store beyond one machine: a schema of a PostGIS database, open to QGIS and psql.

The GiST index finds candidates, shapely decides, as in the GeoPackage. Readers see the last committed state
while a delivery is written.
"""

# ruff: noqa: S608 - only names that a layer declares are written into SQL, quoted

import threading
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import batched, islice

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from pcrs.errors import NotFoundError, StoreError
from pcrs.standard.crs import BBox
from pcrs.store import pg_layers
from pcrs.store.base import Changes, Layer, NewRow, Page, Query, Row
from pcrs.store.described import Described
from pcrs.store.description import check
from pcrs.store.exact import CHUNK_MAX, Hit, hits, inner_box, regions
from pcrs.store.history import EVERYWHERE, instant
from pcrs.store.intake import taken
from pcrs.store.limits import UNLIMITED, TimeLimit
from pcrs.store.migrations import missing
from pcrs.store.pg_connections import Address, Connection, PgConnections
from pcrs.store.pg_filter import storable
from pcrs.store.pg_query import WKB, columns, naming, order, parted_source, past_source, source, window
from pcrs.store.pg_write import merge, remove
from pcrs.store.statement import Statement, quoted
from pcrs.store.values import Reader

_BATCH = 2000
_IDS = 50_000
_FEW = 200


class PostGis:
    """A `FeatureStore` in one schema. Its tables are made when absent, unless `read_only`.

    `limit` is of each question outside of transactions: `TooCostlyError` beyond it.

    Raises:
        StoreError: the database does not answer, has no PostGIS, or its store is a newer pcrs's.
        InputError: the address is none.
    """

    def __init__(self, url: str, *, read_only: bool = False, limit: TimeLimit = UNLIMITED) -> None:
        self.address = Address(url)
        self._read_only = read_only
        self._connections = PgConnections(self.address, read_only=read_only, limit=limit)
        self._open_transaction = threading.local()
        self._known = Described(self.revision, self._read_layers)
        self._initialise()

    def layers(self) -> tuple[Layer, ...]:
        """Every layer, by name."""
        return tuple(self._described().values())

    def layer(self, name: str) -> Layer:
        """The layer of that name."""
        within = self._connections.writer is not None
        found = self._read_layers().get(name) if within else self._known.layer(name)
        if found is None:
            raise NotFoundError(f"{self.address.shown} has no layer {name!r}")
        return found

    def query(self, name: str, query: Query) -> Page:
        """At most `query.limit` rows."""
        layer = self.layer(name)
        found_in, region = self._source(layer, query)
        wanted = layer.geometry and (query.geometry or region is not None)
        text = f"{_select(layer, geometry=bool(wanted))}{found_in.text}{order(layer, query)}"
        page = window(query, extra=1)
        if region is None:
            found = self._read(Statement(text + page.text, found_in.values + page.values))
        else:
            statement = Statement(text, found_in.values)
            candidates = self._candidates(layer, query, found_in, statement)
            found = self._refined(statement, region, query, candidates)
        rows = tuple(_rows(layer, found[: query.limit], geometry=query.geometry))
        more = len(found) > query.limit
        return Page(rows, rows[-1].fid if more and rows and not query.sort else None, more)

    def count(self, name: str, query: Query) -> int:
        """How many rows `query` has in all; its paging is left aside."""
        found = self._count(name, query, None)
        return 0 if found is None else found

    def count_up_to(self, name: str, query: Query, most: int) -> int | None:
        """How many rows `query` has, when they are `most` or fewer."""
        found = self._count(name, query, most + 1)
        return found if found is not None and found <= most else None

    def _count(self, name: str, query: Query, end: int | None) -> int | None:
        """How many rows `query` has; the count ends at `end`."""
        layer = self.layer(name)
        query = replace(query, after=None, beyond=(), offset=0, sort=())
        found_in, region = self._source(layer, query)
        if region is not None:
            return self._count_in(region, layer, query, found_in, end)
        if query == Query(limit=query.limit, geometry=query.geometry):
            rows = self._connections.ask("SELECT objects FROM pcrs_layer WHERE name = %s", (name,))
            return int(rows[0][0]) if rows else None
        return self._count_rows(found_in, end)

    def _count_rows(self, found_in: Statement, end: int | None) -> int:
        text = f"SELECT count(*) FROM (SELECT{found_in.text} LIMIT %s) AS found"
        return int(self._connections.ask(text, (*found_in.values, end))[0][0])

    def _count_in(
        self, region: BaseGeometry, layer: Layer, query: Query, found_in: Statement, end: int | None
    ) -> int:
        """As `_count`: rows near the edge of the region are looked at, those within are only counted."""
        inner = inner_box(region) if query.at is None and query.bbox is None else None
        sure = 0
        if inner is not None:
            within, found_in = parted_source(layer, query, BBox(*region.bounds), inner)
            sure = self._count_rows(within, end)
        if end is not None and sure >= end:
            return sure
        most = None if end is None else end - sure
        statement = Statement(f"SELECT fid, {WKB}{found_in.text}", found_in.values)
        near = self._read(Statement(f"{statement.text} LIMIT %s", (*statement.values, CHUNK_MAX)))
        if len(near) < CHUNK_MAX:
            shapes = np.array([shape for _, shape in near], dtype=object)
            met = int(np.count_nonzero(shapely.intersects(region, shapes)))
            return sure + (met if most is None else min(met, most))
        chunk = CHUNK_MAX if most is None else min(most, CHUNK_MAX)
        with (
            self._connections.reading() as connection,
            closing(self._hits(connection, statement, region, chunk)) as found,
        ):
            return sure + sum(1 for _ in islice(found, most))

    def _source(self, layer: Layer, query: Query) -> tuple[Statement, BaseGeometry | None]:
        """FROM and WHERE of a query, and the region that shapely must decide."""
        now = query.at is None
        extent = (lambda: self.extent(layer.name)) if now else (lambda: EVERYWHERE)
        boxes, region = regions(layer, query, extent)
        made = source if now else past_source
        return made(layer, query, boxes, with_geometry=query.within is not None), region

    def ids(self, name: str, query: Query) -> Iterator[list[str]]:
        """The ids of all rows that `query` has, in the order of fid, some ten thousand at a time."""
        layer = self.layer(name)
        query = replace(query, within=None, sort=(), beyond=(), after=0, offset=0)
        while True:
            found_in, _ = self._source(layer, query)
            text = f"SELECT fid, {quoted(layer.id_field)}{found_in.text}"
            rows = self._connections.ask(f"{text} ORDER BY fid LIMIT {_IDS}", found_in.values)
            if rows:
                yield [row[1] for row in rows]
            if len(rows) < _IDS:
                return
            query = replace(query, after=rows[-1][0])

    def naming(self, name: str, field: str, texts: Collection[str]) -> tuple[Row, ...]:
        """The rows of which a field, or a member of it where it is a list, is one of the texts; by fid."""
        layer = self.layer(name)
        found_in = naming(layer, field, texts)
        text = f"{_select(layer, geometry=layer.geometry is not None)}{found_in.text} ORDER BY fid"
        return tuple(_rows(layer, self._read(Statement(text, found_in.values))))

    def get(self, name: str, id_: str) -> Row:
        """The row of that id."""
        layer = self.layer(name)
        text = f"{_select(layer, geometry=layer.geometry is not None)} FROM {quoted(name)}"
        text += f" WHERE {quoted(layer.id_field)} = %s"
        found = self._read(Statement(text, (id_,))) if storable(id_) else []
        if not found:
            raise NotFoundError(f"layer {name} has no object {id_!r}")
        return next(_rows(layer, found))

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

    def put(self, name: str, rows: Iterable[NewRow]) -> int:
        """The rows are in the layer, over those that had their ids. How many."""
        return self.merge(name, rows).given

    def merge(self, name: str, rows: Iterable[NewRow], *, aside: Collection[str] = ()) -> Changes:
        """As `put`, and what became of the objects."""
        with self.transaction(), self._connections.reading() as connection:
            layer = self.layer(name)
            total = Changes()
            for batch in batched(rows, _BATCH):
                total += merge(connection, layer, taken(layer, batch), aside, self._at)
            return total

    def remove(self, name: str, ids: Iterable[str]) -> int:
        """The rows of these ids are gone. How many there were."""
        with self.transaction(), self._connections.reading() as connection:
            layer = self.layer(name)
            batches = batched(filter(storable, ids), _BATCH)
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
            self._connections.try_()
            with self._connections.reading() as connection:
                version = pg_layers.version(connection)
            pending = missing(version, pg_layers.STEPS)
            if pending and self._read_only:
                raise StoreError("it holds no store of this pcrs: `pcrs status` makes one, or brings it up")
            if pending:
                with self._connections.writing() as connection:
                    pg_layers.migrate(connection, self.address.schema)
        except StoreError as error:
            self.close()
            raise StoreError(f"{self.address.shown} cannot be the store of features: {error}") from error

    def _described(self) -> Mapping[str, Layer]:
        """The layers; inside a transaction as they are there."""
        return self._read_layers() if self._connections.writer is not None else self._known.layers()

    def _read_layers(self) -> Mapping[str, Layer]:
        with self._connections.reading() as connection:
            return pg_layers.layers(connection)

    def _read(self, statement: Statement) -> list[Hit]:
        records = self._connections.ask(statement.text, statement.values)
        return list(zip(records, _decode([record[1] for record in records]), strict=True))

    def _candidates(self, layer: Layer, query: Query, found_in: Statement, rows: Statement) -> Statement:
        """The first candidates of a page, as many as a bound value more says."""
        # A table expression is planned to be read to its end, as cursors are, and read as far as asked.
        if query.sort or query.at is not None or query.offset + query.limit > _FEW:
            text = f"WITH found AS MATERIALIZED ({rows.text}) SELECT * FROM found LIMIT %s"
            return Statement(text, rows.values)
        # Of all candidates the fid alone is read, where few of them are taken.
        text = (
            f"WITH found AS MATERIALIZED (SELECT fid{found_in.text} ORDER BY fid) "
            f"{_select(layer, geometry=True)} FROM {quoted(layer.name)} "
            "WHERE fid IN (SELECT fid FROM found LIMIT %s) ORDER BY fid"
        )
        return Statement(text, found_in.values)

    def _refined(
        self, statement: Statement, region: BaseGeometry, query: Query, first: Statement
    ) -> list[Hit]:
        """The rows that shapely takes, of a few candidates at once where these are enough."""
        last = query.offset + query.limit + 1
        most = last + last // 8
        if last <= CHUNK_MAX:
            candidates = self._read(Statement(first.text, (*first.values, most)))
            shapes = np.array([shape for _, shape in candidates], dtype=object)
            chosen = shapely.intersects(region, shapes).nonzero()[0].tolist()
            if len(chosen) >= last or len(candidates) < most:
                return [candidates[at] for at in chosen[query.offset : last]]
        with self._connections.reading() as connection:
            with closing(self._hits(connection, statement, region, min(last, CHUNK_MAX))) as found:
                return list(islice(found, query.offset, last))

    def _hits(
        self, connection: Connection, statement: Statement, region: BaseGeometry, chunk: int
    ) -> Generator[Hit]:
        with connection.transaction(), connection.cursor("pcrs_hits", binary=True) as cursor:
            cursor.execute(statement.text, statement.values)
            yield from hits(self._connections.timed(cursor.fetchmany), _decode, region, chunk)


def _select(layer: Layer, *, geometry: bool) -> str:
    return f"SELECT fid, {WKB if geometry else 'NULL'}, {columns(layer)}"


def _decode(blobs: Sequence[bytes | None]) -> np.ndarray:
    array = np.empty(len(blobs), dtype=object)
    array[:] = blobs
    geometries: np.ndarray = shapely.from_wkb(array)
    return geometries


def _rows(layer: Layer, found: Iterable[Hit], *, geometry: bool = True) -> Iterator[Row]:
    reader = Reader(layer)
    for record, shape in found:
        values = reader.values(record[2:])
        yield Row(record[0], values[layer.id_field], shape if geometry else None, values)
