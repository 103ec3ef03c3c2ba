"""The feature store of one machine: a GeoPackage that QGIS and GDAL open as it stands.

Standard-library SQLite, without SpatiaLite: the R-tree finds candidates, shapely decides. Readers see the
last committed state while a delivery is written (WAL).
"""

# ruff: noqa: S608 - only names that a layer declares are written into SQL, quoted

import json
import sqlite3
import threading
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from itertools import batched, islice
from pathlib import Path

import numpy as np
from shapely.geometry.base import BaseGeometry

from pcrs.errors import StoreError
from pcrs.standard.crs import BBox
from pcrs.store import gpkg_layers
from pcrs.store.answering import BATCH, Answering, merged
from pcrs.store.base import Changes, Layer, NewRow, Query
from pcrs.store.connections import Connections
from pcrs.store.description import check
from pcrs.store.exact import CHUNK_MAX, Hit, Record, hits, regions
from pcrs.store.gpkg_filter import add_filter_functions
from pcrs.store.gpkg_geometry import add_functions, decode
from pcrs.store.gpkg_load import Loads
from pcrs.store.gpkg_naming import naming
from pcrs.store.gpkg_query import inner_source, order, past_source, source, window
from pcrs.store.gpkg_rtree import bounds_of
from pcrs.store.gpkg_thick import look_through, rows_to_look_through
from pcrs.store.gpkg_write import merge, remove
from pcrs.store.history import EVERYWHERE, instant
from pcrs.store.limits import UNLIMITED, TimeLimit
from pcrs.store.migrations import missing
from pcrs.store.statement import Statement, quoted


class GeoPackage(Answering):
    """A `FeatureStore` in one file. It is made when absent, unless `read_only`.

    `limit` is of each question outside of transactions: `TooCostlyError` beyond it.

    Raises:
        StoreError: the file cannot be opened, or is no GeoPackage of pcrs.
    """

    def __init__(self, path: Path, *, read_only: bool = False, limit: TimeLimit = UNLIMITED) -> None:
        self.path = path
        self._read_only = read_only
        self._connections = Connections(path, read_only=read_only, prepare=self._prepare, limit=limit)
        self._open_transaction = threading.local()
        super().__init__()
        if read_only and not path.is_file():
            raise StoreError(f"{path} is missing: is this a site? `pcrs init --site DIR` makes one")
        self._initialise()

    def _source(self, layer: Layer, query: Query) -> tuple[Statement, BaseGeometry | None]:
        """FROM and WHERE of a query, and the region that shapely must decide."""
        with_geometry = query.within is not None
        if query.at is None:
            boxes, region = regions(layer, query, lambda: self.extent(layer.name))
            return source(layer, query, boxes, with_geometry=with_geometry), region
        with self._connections.reading() as connection:
            kept = gpkg_layers.has_history(connection, layer)
        boxes, region = regions(layer, query, lambda: EVERYWHERE)
        return past_source(layer, query, boxes, with_geometry=with_geometry, kept=kept), region

    def extent(self, name: str) -> BBox | None:
        """A box that holds the layer, at most a metre wider."""
        layer = self.layer(name)
        if layer.geometry is None:
            return None
        with self._connections.reading() as connection:
            if self._connections.writer is not None:
                self._settle(name)
                return _measured(connection, layer)
            box = connection.execute(
                "SELECT min_x, min_y, max_x, max_y FROM gpkg_contents WHERE table_name = ?", (name,)
            ).fetchone()
        return None if box[0] is None else BBox(*box)

    def span(self, name: str) -> tuple[str, str] | None:
        """The first and the last date of the layer; None when it has no dates."""
        layer = self.layer(name)
        if layer.time_field is None:
            return None
        column, table = quoted(layer.time_field), quoted(name)
        # Two selects: SQLite looks min and max up in the index only when each stands alone.
        text = f"SELECT (SELECT min({column}) FROM {table}), (SELECT max({column}) FROM {table})"
        with self._connections.reading() as connection:
            first, last = connection.execute(text).fetchone()
        return None if first is None else (first, last)

    def ensure(self, layer: Layer) -> None:
        """The layer exists with these fields; new fields are added to one that exists already."""
        check(layer)
        known = self._described().get(layer.name)
        if known == layer:
            return
        with self.transaction(), self._connections.reading() as connection:
            known = self._described().get(layer.name)
            if known is None:
                gpkg_layers.create_table(connection, layer)
            else:
                gpkg_layers.widen(connection, known, layer)
            self._touch(layer.name)

    def merge(self, name: str, rows: Iterable[NewRow], *, aside: Collection[str] = ()) -> Changes:
        """As `put`, and what became of the objects."""
        with self.transaction(), self._connections.reading() as connection:
            layer = self.layer(name)
            total = merged(
                layer, rows, lambda batch: merge(self._loads, connection, layer, batch, aside, self._at)
            )
            if total.added or total.changed:
                self._touch(name)
            return total

    def remove(self, name: str, ids: Iterable[str]) -> int:
        """The rows of these ids are gone. How many there were."""
        with self.transaction(), self._connections.reading() as connection:
            layer = self.layer(name)
            self._loads.settle(name)
            removed = sum(remove(connection, layer, batch, self._at) for batch in batched(ids, BATCH))
            if removed:
                self._touch(name)
            return removed

    @contextmanager
    def transaction(self, at: str | None = None) -> Iterator[None]:
        """What this thread writes inside is seen by others at the end, at once, or not at all on an error."""
        moment = None if at is None else instant(at)
        if self._connections.writer is not None:
            yield
            return
        with self._connections.writing() as connection:
            touched: set[str] = set()
            self._open_transaction.at = moment
            self._open_transaction.touched = touched
            self._open_transaction.loads = Loads(connection)
            yield
            self._loads.settle()
            self._seal(connection, touched)
        self._known.forget()

    def revision(self) -> str:
        """A text that changes whenever data or layers change, also when QGIS changed them."""
        with self._connections.reading() as connection:
            return gpkg_layers.revision(connection)

    def close(self) -> None:
        """Connections are closed; the store opens them again when it is asked again."""
        self._connections.close()

    def _prepare(self, connection: sqlite3.Connection) -> None:
        add_functions(connection)
        add_filter_functions(connection)
        connection.execute("PRAGMA cache_size = -16000")

    def _initialise(self) -> None:
        try:
            with self._connections.reading() as connection:
                pending = missing(gpkg_layers.version(connection), gpkg_layers.STEPS)
            if pending and self._read_only:
                raise StoreError("it was written by an older pcrs: `pcrs status` brings it up")
            if pending:
                with self._connections.writing() as connection:
                    gpkg_layers.migrate(connection)
            if not self._read_only:
                # Only now: GDAL reads the file's first page itself, and in WAL mode that page may lag behind.
                with self._connections.reading() as connection:
                    connection.execute("PRAGMA journal_mode = WAL")
        except StoreError as error:
            self.close()
            raise StoreError(f"{self.path} cannot be the store of features: {error}") from error

    def _read_layers(self) -> Mapping[str, Layer]:
        with self._connections.reading() as connection:
            return gpkg_layers.layers(connection)

    @property
    def _shown(self) -> str:
        return str(self.path)

    @property
    def _is_writing(self) -> bool:
        return self._connections.writer is not None

    def _fetched(self, statement: Statement) -> Sequence[Record]:
        with self._connections.reading() as connection:
            return connection.execute(statement.text, statement.values).fetchall()

    def _decoded(self, blobs: Sequence[bytes | None]) -> np.ndarray:
        return decode(blobs)

    def _select(self, layer: Layer, *, geometry: bool) -> str:
        columns = ", ".join(quoted(field.name) for field in layer.fields)
        return f"SELECT fid, {'geom' if geometry else 'NULL'}, {columns}"

    def _naming(self, layer: Layer, field: str, texts: Collection[str]) -> Statement:
        return naming(layer, field, texts)

    def _of_id(self, layer: Layer, id_: str) -> Statement | None:
        return Statement(f" FROM {quoted(layer.name)} WHERE {quoted(layer.id_field)} = ?", (id_,))

    def _order(self, layer: Layer, query: Query) -> str:
        return order(layer, query)

    def _window(self, query: Query) -> Statement:
        return window(query, extra=1)

    def _near(self, layer: Layer, query: Query, select: str, region: BaseGeometry | None) -> list[Hit] | None:
        if query.sort or query.at or query.bbox or (region is None and query.interval is None):
            return None
        extent, span = self.extent(layer.name), self.span(layer.name) if query.interval else None
        many = rows_to_look_through(query, self._all(layer.name), region, extent, span)
        if many is None:
            return None
        with self._connections.reading() as connection:
            fids = look_through(connection, layer, query, region, many)
        if fids is None:
            return None
        among = f" FROM {quoted(layer.name)} WHERE fid IN (SELECT value FROM json_each(?)) ORDER BY fid"
        return self._read(Statement(select + among, (json.dumps(fids),)))

    def _refined(
        self, layer: Layer, query: Query, found_in: Statement, rows: Statement, region: BaseGeometry
    ) -> list[Hit]:
        last = query.offset + query.limit + 1
        with self._connections.reading() as connection:
            with closing(_hits(connection, rows, region, min(last, CHUNK_MAX))) as found:
                return list(islice(found, query.offset, last))

    def _all(self, name: str) -> int:
        text = "SELECT feature_count FROM gpkg_ogr_contents WHERE table_name = ?"
        return int(self._fetched(Statement(text, (name,)))[0][0])

    def _count_rows(self, found_in: Statement, end: int | None) -> int:
        text = f"SELECT count(*) FROM (SELECT 1{found_in.text} LIMIT ?)"
        return int(self._fetched(Statement(text, (*found_in.values, -1 if end is None else end)))[0][0])

    def _parted(self, layer: Layer, query: Query, box: BBox, inner: BBox) -> tuple[Statement, Statement]:
        near = source(layer, query, [box], with_geometry=True, but=inner)
        return inner_source(layer, query, inner), near

    def _count_near(self, found_in: Statement, region: BaseGeometry, most: int | None, chunk: int) -> int:
        statement = Statement(f"SELECT fid, geom{found_in.text}", found_in.values)
        with self._connections.reading() as connection:
            with closing(_hits(connection, statement, region, chunk)) as found:
                return sum(1 for _ in islice(found, most))

    @property
    def _at(self) -> str | None:
        """The date of what is written in this thread's transaction."""
        moment: str | None = self._open_transaction.at
        return moment

    @property
    def _loads(self) -> Loads:
        """What this thread's transaction is adding."""
        loads: Loads = self._open_transaction.loads
        return loads

    def _settle(self, name: str) -> None:
        """What this thread wrote to the layer can be found by its place."""
        if self._connections.writer is not None:
            self._loads.settle(name)

    def _touch(self, name: str) -> None:
        self._open_transaction.touched.add(name)

    def _seal(self, connection: sqlite3.Connection, touched: set[str]) -> None:
        """What GeoPackage says of a table's content is made true again, and the revision goes up."""
        for name in touched:
            box = _measured(connection, self.layer(name)) or (None,) * 4
            connection.execute(
                "UPDATE gpkg_contents SET last_change = strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), "
                "min_x = ?, min_y = ?, max_x = ?, max_y = ? WHERE table_name = ?",
                (*box, name),
            )
        if touched:
            gpkg_layers.raise_revision(connection)


def _hits(
    connection: sqlite3.Connection, statement: Statement, region: BaseGeometry, chunk: int
) -> Generator[Hit]:
    with closing(connection.execute(statement.text, statement.values)) as cursor:
        yield from hits(cursor.fetchmany, decode, region, chunk)


def _measured(connection: sqlite3.Connection, layer: Layer) -> BBox | None:
    """The box of the R-tree; its 32-bit floats are half a metre apart in northing, rounded outwards."""
    if layer.geometry is None:
        return None
    box = bounds_of(connection, gpkg_layers.rtree_of(layer))
    return None if box is None else BBox(*box)
