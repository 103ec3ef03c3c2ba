"""The collections of the STAC API: which layer each shows, and how its rows become items."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import shapely

from pcrs.errors import NotFoundError
from pcrs.publish.addresses import Addresses
from pcrs.publish.stac import Document, Provider, Tile, collection, item
from pcrs.publish.stac_archive import archive_collection, archive_item
from pcrs.serve.context import Served
from pcrs.serve.feature_pages import State, matched_cheaply
from pcrs.serve.ogcapi_config import degrees
from pcrs.serve.stac_query import Search
from pcrs.standard.crs import BBox
from pcrs.store.base import Page, Query, Row
from pcrs.work.layers import ARCHIVES, DALLES

_NAMED = 1000


class Shelf(Protocol):
    """One collection."""

    @property
    def layer(self) -> str:
        """Of which it shows the rows."""

    @property
    def id(self) -> str:
        """Of the collection."""

    def described(self, of: Provider, box: BBox, span: tuple[str, str] | None) -> Document:
        """The collection. `box`: degrees; `span`: first and last day."""

    def item(self, row: Row) -> Document:
        """A row of the layer as an item."""

    def day(self, row: Row) -> str:
        """The day that the item is of (ISO)."""


@dataclass(frozen=True)
class Dalles:
    """The current mosaic."""

    served: Served
    at: Addresses
    layer: str = DALLES.name

    @property
    def id(self) -> str:
        """As `Shelf.id`."""
        return self.at.raster()

    def described(self, of: Provider, box: BBox, span: tuple[str, str] | None) -> Document:
        """As `Shelf.described`."""
        return collection(self.at, of, box, span, self.served.editions())

    def item(self, row: Row) -> Document:
        """As `Shelf.item`."""
        return item(self.at, _tile(row))

    def day(self, row: Row) -> str:
        """As `Shelf.day`."""
        return _tile(row).moment


@dataclass(frozen=True)
class Archives:
    """What is archived, on line or not."""

    at: Addresses
    layer: str = ARCHIVES.name

    @property
    def id(self) -> str:
        """As `Shelf.id`."""
        return self.layer

    def described(self, of: Provider, box: BBox, span: tuple[str, str] | None) -> Document:
        """As `Shelf.described`."""
        return archive_collection(self.at, of, box, span)

    def item(self, row: Row) -> Document:
        """As `Shelf.item`."""
        return archive_item(self.at, row.id, row.geometry, row.values)

    def day(self, row: Row) -> str:
        """As `Shelf.day`."""
        return str(row.values["date"] or row.values["date_depot"])[:10]


def shelves(served: Served, at: Addresses) -> Iterator[tuple[Shelf, BBox]]:
    """The collections that hold something, with their boxes (degrees)."""
    known = {layer.name for layer in served.store.layers()}
    for shelf in (Dalles(served, at), Archives(at)):
        box = served.store.extent(shelf.layer) if shelf.layer in known else None
        if box is not None:
            yield shelf, BBox(*degrees(box))


@dataclass(frozen=True)
class Items:
    """A page of items, where the next one begins, and how many there are in all; None: not counted."""

    found: list[Document]
    token: str = ""
    total: int | None = 0


def page_of(served: Served, at: Addresses, search: Search) -> Items:
    """The page of a search, collection after collection."""
    asked = [
        shelf
        for shelf, _ in shelves(served, at)
        if search.collections is None or shelf.id in search.collections
    ]
    if search.nowhere or not asked:
        return Items([])
    if search.ids is not None:
        named = [shelf.item(row) for shelf in asked for row in _named(served, shelf, search)]
        return Items(named[: search.limit], total=len(named))
    counts = [_count(served, shelf, search) for shelf in asked]
    total = None if None in counts else sum(count or 0 for count in counts)
    found: list[Document] = []
    at_shelf, after = search.after
    for number, shelf in enumerate(asked[at_shelf:], start=at_shelf):
        if counts[number] == 0:
            continue
        if len(found) == search.limit:
            return Items(found, f"{number}-0", total)
        page = _rows(served, shelf, search, after, search.limit - len(found))
        found += [shelf.item(row) for row in page.rows]
        if page.more and page.next_after is not None:
            return Items(found, f"{number}-{page.next_after}", total)
        after = 0
    return Items(found, total=total)


def _rows(served: Served, shelf: Shelf, search: Search, after: int, limit: int) -> Page:
    query = Query(within=search.region, interval=search.interval, after=after, limit=limit)
    return served.store.query(shelf.layer, query)


def _count(served: Served, shelf: Shelf, search: Search) -> int | None:
    query = Query(within=search.region, interval=search.interval)
    return matched_cheaply(State.now(served.store, shelf.layer), query)


def _named(served: Served, shelf: Shelf, search: Search) -> Iterator[Row]:
    """The rows of the identifiers that are asked, as far as they meet place and date too."""
    for identifier in (search.ids or ())[:_NAMED]:
        try:
            row = served.store.get(shelf.layer, identifier)
        except NotFoundError:
            continue
        if search.region is not None and not _meets(row, search):
            continue
        day = shelf.day(row)
        first, last = search.interval or (None, None)
        if (first is None or day >= first[:10]) and (last is None or day <= last[:10]):
            yield row


def _meets(row: Row, search: Search) -> bool:
    return row.geometry is not None and bool(shapely.intersects(row.geometry, search.region))


def _tile(row: Row) -> Tile:
    assert row.geometry is not None  # noqa: S101 - every dalle has its square
    return Tile(row.id, BBox(*row.geometry.bounds), row.values)
