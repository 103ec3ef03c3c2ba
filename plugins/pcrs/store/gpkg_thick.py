"""Whether the rows of a page lie so thick that they are found sooner by looking at all rows that follow.

An index gives every row of a box, or of a period, before the first of a page is known: a hundred of a hundred
thousand. Where each tenth row is one of them, the next thousand rows hold the page.
"""

# ruff: noqa: S608 - only names that a layer declares are written into SQL, quoted

import math
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from itertools import islice
from sqlite3 import Connection, Cursor
from typing import Any

from shapely.geometry.base import BaseGeometry

from pcrs.standard.crs import BBox
from pcrs.store.base import Layer, Query
from pcrs.store.clauses import bounded
from pcrs.store.exact import CHUNK_MAX, hits
from pcrs.store.gpkg_geometry import decode
from pcrs.store.gpkg_query import plain_source
from pcrs.store.statement import quoted
from pcrs.store.values import moment_of

_SPARE = 2.0
"""So many times the rows that are expected to hold the page are looked through before the index is asked."""


def rows_to_look_through(
    query: Query,
    rows: int,
    region: BaseGeometry | None,
    extent: BBox | None,
    span: tuple[str, str] | None,
) -> int | None:
    """How many rows, in the order of fid, are to be looked through for the page; None: an index is quicker.

    Args:
        query: unsorted.
        rows: of the layer.
        region: that rows must meet; None: none.
        extent: of the layer.
        span: first and last date of the layer; None: it has none.
    """
    share = _of_place(region, extent) * _of_time(query.interval, span)
    if share <= 0:
        return None
    needed = (query.offset + query.limit + 1) / share
    return math.ceil(_SPARE * needed) if needed < rows * share else None


def look_through(
    connection: Connection, layer: Layer, query: Query, region: BaseGeometry | None, many: int
) -> list[int] | None:
    """The fids of a page, and one more if there is one, of the next `many` rows; None: not enough."""
    table, end = quoted(layer.name), query.offset + query.limit + 1
    text = f"SELECT fid FROM {table} WHERE fid > ? ORDER BY fid LIMIT 1 OFFSET ?"
    last = connection.execute(text, (bounded(query.after or 0), many)).fetchone()
    found_in = plain_source(layer, query, None if last is None else last[0])
    column = "NULL" if region is None else "geom"
    text = f"SELECT fid, {column}{found_in.text} ORDER BY fid"
    with closing(connection.execute(text, found_in.values)) as cursor:
        records = cursor if region is None else _meeting(cursor, region, min(end, CHUNK_MAX))
        fids = [int(fid) for fid, _ in islice(records, query.offset, end)]
    return fids if last is None or len(fids) > query.limit else None


def _meeting(cursor: Cursor, region: BaseGeometry, chunk: int) -> Iterator[tuple[Any, ...]]:
    return (record for record, _ in hits(cursor.fetchmany, decode, region, chunk))


def _of_place(region: BaseGeometry | None, extent: BBox | None) -> float:
    """The share of the layer's extent that the region's box has."""
    if region is None or extent is None or region.is_empty:
        return 1.0
    west, south, east, north = region.bounds
    width = min(east, extent.xmax) - max(west, extent.xmin)
    height = min(north, extent.ymax) - max(south, extent.ymin)
    area = (extent.xmax - extent.xmin) * (extent.ymax - extent.ymin)
    return max(0.0, width) * max(0.0, height) / area if area > 0 else 1.0


def _of_time(interval: tuple[str | None, str | None] | None, span: tuple[str, str] | None) -> float:
    """The share of the days between the first and the last date that the interval has."""
    if interval is None or span is None:
        return 1.0
    first, last = (_day(text) for text in span)
    start, end = (
        fallback if text is None else _day(text)
        for text, fallback in zip(interval, (first, last), strict=True)
    )
    return max(0, min(end, last) - max(start, first) + 1) / (last - first + 1)


def _day(text: str) -> int:
    return date.fromisoformat(moment_of(text)[:10]).toordinal()
