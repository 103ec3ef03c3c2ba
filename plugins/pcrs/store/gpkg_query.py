"""A `Query` as SQL over a GeoPackage table. Names are the layer's own; values are always bound."""

from collections.abc import Sequence
from dataclasses import replace

from pcrs.errors import InputError
from pcrs.standard.crs import BBox
from pcrs.store.base import Layer, Query
from pcrs.store.clauses import bounded, dated_or, filtered, ordered, paged, united
from pcrs.store.filter_sql import compile_filter
from pcrs.store.gpkg_filter import GeoPackageDialect, candidates, lying_within
from pcrs.store.history import former, instant
from pcrs.store.keyset import Key, beyond, last_values
from pcrs.store.statement import Statement, quoted
from pcrs.store.values import field_of, moment_of, to_sql

_DIALECT = GeoPackageDialect()


def _equal(layer: Layer, name: str, text: str) -> Statement:
    field = field_of(layer, name)
    column = quoted(field.name)
    if field.kind == "list":
        member = "SELECT 1 FROM json_each({}) WHERE CAST(json_each.value AS TEXT) = ?"
        return Statement(f"EXISTS ({member.format(column)})", (text,))
    return Statement(f"{column} = ?", (to_sql(layer, field, text),))


def _interval(layer: Layer, start: str | None, end: str | None, *, plain: bool = False) -> list[Statement]:
    """Both bounds included. A day holds all its moments, in the store as in the bounds; no date meets all.

    `plain`: without the index of dates.
    """
    field = None if layer.time_field is None else field_of(layer, layer.time_field)
    if field is None or field.kind not in ("date", "datetime"):
        raise InputError(f"layer {layer.name} has no date: an interval cannot be asked of it")
    length = len("2025-06-01") if field.kind == "date" else None
    column = f"+{quoted(field.name)}" if plain else quoted(field.name)
    conditions = []
    if start is not None:
        conditions.append(Statement(f"{column} >= ?", (moment_of(start)[:length],)))
    if end is not None:
        bound = moment_of(end)[:length]
        value = column if field.kind == "date" else f"substr({column}, 1, {len(bound)})"
        conditions.append(Statement(f"{value} <= ?", (bound,)))
    return [dated_or(column, conditions)] if conditions else []


def _following(layer: Layer, query: Query, after: int) -> Statement:
    """Rows after the one of that fid, in the order of the query."""
    fid = Statement("?", (after,))
    if not query.sort and not query.beyond:
        return Statement(f"fid > {fid.text}", fid.values)
    values = last_values(layer, query)
    keys: list[Key] = [
        (quoted(name), ascending, None if value is None else Statement("?", (value,)))
        for (name, ascending), value in zip(query.sort, values, strict=True)
    ]
    return beyond(keys, fid)


def where(
    layer: Layer, query: Query, boxes: Sequence[BBox], *, with_geometry: bool, but: BBox | None = None
) -> Statement:
    """The conditions of a query, those of geometry by envelope only: it must meet every box, and leave `but`.

    `with_geometry`: rows without geometry are left out.

    Raises:
        InputError: a field is unknown, or a value is not of its field's kind.
    """
    conditions = [_equal(layer, name, text) for name, text in query.equals]
    if query.interval is not None:
        conditions += _interval(layer, *query.interval)
    if query.filter is not None:
        found = compile_filter(layer, query.filter, _DIALECT)
        conditions.append(Statement(f"({found.text})", found.values))
    if query.after is not None:
        conditions.append(_following(layer, query, bounded(query.after)))
    if with_geometry or boxes:
        if layer.geometry is None:
            conditions.append(Statement("0", ()))
        elif not boxes:
            conditions.append(Statement("geom IS NOT NULL", ()))
        else:
            after = None if query.sort else query.after
            conditions += [candidates(layer, box, after, but) for box in boxes]
    return filtered(conditions)


def source(
    layer: Layer, query: Query, boxes: Sequence[BBox], *, with_geometry: bool, but: BBox | None = None
) -> Statement:
    """FROM and WHERE of a query: the layer's table, as `where` says.

    Raises:
        InputError: as `where`.
    """
    found = where(layer, query, boxes, with_geometry=with_geometry, but=but)
    return Statement(f" FROM {quoted(layer.name)}{found.text}", found.values)


def plain_source(layer: Layer, query: Query, until: int | None) -> Statement:
    """FROM and WHERE of a query over rows up to a fid, without the indexes of places and dates.

    What its region decides is left to shapely.

    Raises:
        InputError: as `where`.
    """
    rest = where(layer, replace(query, interval=None), [], with_geometry=query.within is not None)
    conditions = _interval(layer, *query.interval, plain=True) if query.interval is not None else []
    conditions += [] if until is None else [Statement("fid <= ?", (until,))]
    word = " AND " if rest.text else " WHERE "
    text = "".join(f"{word if n == 0 else ' AND '}{one.text}" for n, one in enumerate(conditions))
    values = tuple(value for one in conditions for value in one.values)
    return Statement(f" FROM {quoted(layer.name)}{rest.text}{text}", rest.values + values)


def inner_source(layer: Layer, query: Query, inner: BBox) -> Statement:
    """FROM and WHERE of a query for rows whose envelope lies within a box: of the R-tree alone, if it can be.

    Raises:
        InputError: as `where`.
    """
    tree = lying_within(layer, inner)
    found = where(layer, replace(query, within=None), [], with_geometry=False)
    if not found.text:
        return tree
    # The tree first, entry by entry: a count that is not to go on does not ask for all of them.
    rows = f"CROSS JOIN {quoted(layer.name)}{found.text} AND fid = pcrs_entry"
    return Statement(f" FROM (SELECT id AS pcrs_entry{tree.text}) {rows}", tree.values + found.values)


def past_source(
    layer: Layer, query: Query, boxes: Sequence[BBox], *, with_geometry: bool, kept: bool
) -> Statement:
    """FROM and WHERE of a query at a date: objects as they are, and former versions when some are kept.

    Raises:
        InputError: as `where`, or the date is none.
    """
    moment = instant(query.at or "")
    unpaged = replace(query, after=None, beyond=())
    names = (["geom"] if layer.geometry else []) + [quoted(field.name) for field in layer.fields]
    known = "(valid_from IS NULL OR valid_from <= ?)"
    parts = [(layer, "fid", Statement(known, (moment,)))]
    if kept:
        past = Statement(f"{known} AND valid_to > ?", (moment, moment))
        parts.append((former(layer), "object AS fid", past))
    selects = []
    for part, fid, valid in parts:
        inner = where(part, unpaged, boxes, with_geometry=with_geometry)
        text = f"SELECT {fid}, {', '.join(names)} FROM {quoted(part.name)}"  # noqa: S608 - a layer's own names
        text += f"{inner.text} AND {valid.text}" if inner.text else f" WHERE {valid.text}"
        selects.append(Statement(text, (*inner.values, *valid.values)))
    both = united(selects)
    if query.after is None:
        return both
    following = _following(layer, query, bounded(query.after))
    return Statement(f"{both.text} WHERE {following.text}", both.values + following.values)


def order(layer: Layer, query: Query) -> str:
    """The order of a query: nulls last, ties by fid.

    Raises:
        InputError: a field is unknown.
    """
    return ordered(query, lambda name: quoted(field_of(layer, name).name))


def window(query: Query, *, extra: int = 0) -> Statement:
    """The paging of a query, with `extra` rows more than its limit.

    Raises:
        InputError: the limit or the offset is negative.
    """
    return paged(query, "?", extra=extra)
