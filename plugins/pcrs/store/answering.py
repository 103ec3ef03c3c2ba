"""What every engine of a feature store answers alike, over its own statements and its own way of reading.

An engine says how a query is written in its SQL and how rows are fetched; that an index finds candidates and
shapely decides, how pages and counts end, and what is remembered of layers, stands here.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import batched
from typing import Any

import numpy as np
from shapely.geometry.base import BaseGeometry

from pcrs.errors import NotFoundError
from pcrs.standard.crs import BBox
from pcrs.store.base import Changes, Layer, NewRow, Page, Query, Row
from pcrs.store.described import Described
from pcrs.store.exact import CHUNK_MAX, Hit, Record, inner_box
from pcrs.store.intake import Taken, taken
from pcrs.store.statement import Statement, quoted
from pcrs.store.values import Reader

BATCH = 2000
"""Rows that are written at a time."""
_IDS = 50_000


class Answering(ABC):
    """The questions of `FeatureStore`; an engine adds what is below, and the rest of writing."""

    def __init__(self) -> None:
        self._known = Described(self.revision, self._read_layers)

    @property
    @abstractmethod
    def _shown(self) -> str:
        """What the store is called in messages."""

    @abstractmethod
    def revision(self) -> str:
        """A text that changes whenever data or layers change, also when QGIS changed them."""

    @abstractmethod
    def extent(self, name: str) -> BBox | None:
        """A box that holds the layer, at most a metre wider."""

    @property
    @abstractmethod
    def _is_writing(self) -> bool:
        """True when this thread has a transaction open."""

    @abstractmethod
    def _read_layers(self) -> Mapping[str, Layer]:
        """The layers, by name, as this thread sees them."""

    @abstractmethod
    def _settle(self, name: str) -> None:
        """What this thread wrote to the layer can be found by its place."""

    @abstractmethod
    def _fetched(self, statement: Statement) -> Sequence[Record]:
        """All rows of a statement."""

    @abstractmethod
    def _decoded(self, blobs: Sequence[bytes | None]) -> np.ndarray:
        """Geometries as the engine's statements give them; None where there is none."""

    @abstractmethod
    def _select(self, layer: Layer, *, geometry: bool) -> str:
        """SELECT of fid, geometry (null unless `geometry`), and the fields as they are read."""

    @abstractmethod
    def _source(self, layer: Layer, query: Query) -> tuple[Statement, BaseGeometry | None]:
        """FROM and WHERE of a query, and the region that shapely must decide."""

    @abstractmethod
    def _naming(self, layer: Layer, field: str, texts: Collection[str]) -> Statement:
        """FROM and WHERE of `naming`."""

    @abstractmethod
    def _of_id(self, layer: Layer, id_: str) -> Statement | None:
        """FROM and WHERE of one row; None when there can be none."""

    @abstractmethod
    def _order(self, layer: Layer, query: Query) -> str:
        """The order of a query."""

    @abstractmethod
    def _window(self, query: Query) -> Statement:
        """The paging of a query, one row more than its limit."""

    @abstractmethod
    def _near(self, layer: Layer, query: Query, select: str, region: BaseGeometry | None) -> list[Hit] | None:
        """As `_found`, where the page is likely among the rows that follow; None: it is to be looked up."""

    @abstractmethod
    def _refined(
        self, layer: Layer, query: Query, found_in: Statement, rows: Statement, region: BaseGeometry
    ) -> list[Hit]:
        """The page of a query among the rows that shapely takes, one more than its limit."""

    @abstractmethod
    def _all(self, name: str) -> int:
        """How many rows the layer has, as is kept beside it."""

    @abstractmethod
    def _count_rows(self, found_in: Statement, end: int | None) -> int:
        """How many rows there are, at most `end`."""

    @abstractmethod
    def _parted(self, layer: Layer, query: Query, box: BBox, inner: BBox) -> tuple[Statement, Statement]:
        """FROM and WHERE for rows whose envelope lies within `inner`, and for the others of `box`."""

    @abstractmethod
    def _count_near(self, found_in: Statement, region: BaseGeometry, most: int | None, chunk: int) -> int:
        """How many of the candidates meet the region, at most `most`; they are read by chunks."""

    @abstractmethod
    def merge(self, name: str, rows: Iterable[NewRow], *, aside: Collection[str] = ()) -> Changes:
        """As `put`, and what became of the objects."""

    def layers(self) -> tuple[Layer, ...]:
        """Every layer, by name."""
        return tuple(self._described().values())

    def layer(self, name: str) -> Layer:
        """The layer of that name."""
        found = self._read_layers().get(name) if self._is_writing else self._known.layer(name)
        if found is None:
            raise NotFoundError(f"{self._shown} has no layer {name!r}")
        return found

    def query(self, name: str, query: Query) -> Page:
        """At most `query.limit` rows."""
        layer = self.layer(name)
        self._settle(name)
        found_in, region = self._source(layer, query)
        wanted = layer.geometry is not None and (query.geometry or region is not None)
        select = self._select(layer, geometry=wanted)
        found = self._near(layer, query, select, region)
        if found is None:
            found = self._found(layer, query, select, found_in, region)
        rows = tuple(_rows(layer, found[: query.limit], geometry=query.geometry))
        more = len(found) > query.limit
        return Page(rows, rows[-1].fid if more and rows and not query.sort else None, more)

    def _found(
        self, layer: Layer, query: Query, select: str, found_in: Statement, region: BaseGeometry | None
    ) -> list[Hit]:
        """The rows of a page, and one more if there is one."""
        text = f"{select}{found_in.text}{self._order(layer, query)}"
        if region is not None:
            return self._refined(layer, query, found_in, Statement(text, found_in.values), region)
        page = self._window(query)
        return self._read(Statement(text + page.text, found_in.values + page.values))

    def count(self, name: str, query: Query) -> int:
        """How many rows `query` has in all; its paging is left aside."""
        return self._count(name, query, None)

    def count_up_to(self, name: str, query: Query, most: int) -> int | None:
        """How many rows `query` has, when they are `most` or fewer."""
        found = self._count(name, query, most + 1)
        return found if found <= most else None

    def _count(self, name: str, query: Query, end: int | None) -> int:
        """How many rows `query` has; the count ends at `end`."""
        layer = self.layer(name)
        query = replace(query, after=None, beyond=(), offset=0, sort=())
        self._settle(name)
        found_in, region = self._source(layer, query)
        if region is not None:
            return self._count_in(region, layer, query, found_in, end)
        if query == Query(limit=query.limit, geometry=query.geometry):
            return self._all(name)
        return self._count_rows(found_in, end)

    def _count_in(
        self, region: BaseGeometry, layer: Layer, query: Query, found_in: Statement, end: int | None
    ) -> int:
        """As `_count`: rows near the edge of the region are looked at, those within are only counted."""
        inner = inner_box(region) if query.at is None and query.bbox is None else None
        sure = 0
        if inner is not None:
            within, found_in = self._parted(layer, query, BBox(*region.bounds), inner)
            sure = self._count_rows(within, end)
        if end is not None and sure >= end:
            return sure
        most = None if end is None else end - sure
        chunk = CHUNK_MAX if most is None else min(most, CHUNK_MAX)
        return sure + self._count_near(found_in, region, most, chunk)

    def ids(self, name: str, query: Query) -> Iterator[list[str]]:
        """The ids of all rows that `query` has, in the order of fid, some ten thousand at a time."""
        layer = self.layer(name)
        query = replace(query, within=None, sort=(), beyond=(), after=0, offset=0)
        self._settle(name)
        while True:
            found_in, _ = self._source(layer, query)
            text = f"SELECT fid, {quoted(layer.id_field)}{found_in.text} ORDER BY fid LIMIT {_IDS}"
            rows = self._fetched(Statement(text, found_in.values))
            if rows:
                yield [row[1] for row in rows]
            if len(rows) < _IDS:
                return
            query = replace(query, after=rows[-1][0])

    def naming(self, name: str, field: str, texts: Collection[str]) -> tuple[Row, ...]:
        """The rows of which a field, or a member of it where it is a list, is one of the texts; by fid."""
        layer = self.layer(name)
        found_in = self._naming(layer, field, texts)
        text = f"{self._select(layer, geometry=layer.geometry is not None)}{found_in.text} ORDER BY fid"
        return tuple(_rows(layer, self._read(Statement(text, found_in.values))))

    def get(self, name: str, id_: str) -> Row:
        """The row of that id."""
        layer = self.layer(name)
        found_in = self._of_id(layer, id_)
        text = self._select(layer, geometry=layer.geometry is not None)
        found = self._read(Statement(text + found_in.text, found_in.values)) if found_in else []
        if not found:
            raise NotFoundError(f"layer {name} has no object {id_!r}")
        return next(_rows(layer, found))

    def put(self, name: str, rows: Iterable[NewRow]) -> int:
        """The rows are in the layer, over those that had their ids. How many."""
        return self.merge(name, rows).given

    def _described(self) -> Mapping[str, Layer]:
        """The layers; inside a transaction as they are there."""
        return self._read_layers() if self._is_writing else self._known.layers()

    def _read(self, statement: Statement) -> list[Hit]:
        records = self._fetched(statement)
        return list(zip(records, self._decoded([record[1] for record in records]), strict=True))


def merged(layer: Layer, rows: Iterable[NewRow], merge: Callable[[list[Taken]], Changes]) -> Changes:
    """What became of rows that are written some thousand at a time."""
    total = Changes()
    for batch in batched(rows, BATCH):
        total += merge(taken(layer, batch))
    return total


def _rows(layer: Layer, found: Iterable[Hit], *, geometry: bool = True) -> Iterator[Row]:
    reader = Reader(layer)
    for record, shape in found:
        values: Mapping[str, Any] = reader.values(record[2:])
        yield Row(record[0], values[layer.id_field], shape if geometry else None, values)
