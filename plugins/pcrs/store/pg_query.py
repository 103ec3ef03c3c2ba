"""A `Query` as SQL over a PostGIS table. Names are the layer's own; values are always bound."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from pcrs.errors import InputError
from pcrs.standard.crs import L93, BBox
from pcrs.standard.fields import Field
from pcrs.store.base import Layer, Query
from pcrs.store.clauses import bounded, dated_or, filtered, ordered, paged, united
from pcrs.store.filter_sql import compile_filter
from pcrs.store.history import former, instant
from pcrs.store.keyset import Key, beyond, last_values
from pcrs.store.pg_filter import PostGisDialect, storable
from pcrs.store.statement import Statement, quoted
from pcrs.store.values import field_of, moment_of, to_sql

_DIALECT = PostGisDialect()
_NEVER = Statement("false")
WKB = "ST_AsBinary(geom, 'NDR')"
_CASTS = {"date": "::date", "datetime": "::timestamptz", "boolean": "::int::boolean", "list": "::json"}
_DAY_LETTERS = len("2025-06-01")


def columns(layer: Layer) -> str:
    """The fields in their order, each as `values.from_sql` takes it."""
    return ", ".join(_read(field) for field in layer.fields)


def casts(layer: Layer) -> list[str]:
    """What stands for each field's bound value."""
    return [f"%s{_CASTS.get(field.kind, '')}" for field in layer.fields]


def _read(field: Field) -> str:
    column = quoted(field.name)
    if field.kind == "datetime":
        return f"to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"
    return f"{column}::text" if field.kind in ("date", "list") else column


def _equal(layer: Layer, name: str, text: str) -> Statement:
    field = field_of(layer, name)
    value = text if field.kind == "list" else to_sql(layer, field, text)
    if isinstance(value, str) and not storable(value):
        return _NEVER
    column = quoted(field.name)
    if field.kind == "list":
        return Statement(
            f"EXISTS (SELECT FROM json_array_elements_text({column}) AS member WHERE member = %s)", (value,)
        )
    return Statement(f"{column} = %s{_CASTS.get(field.kind, '')}", (value,))


def _interval(layer: Layer, start: str | None, end: str | None) -> list[Statement]:
    """Both bounds included. A day holds all its moments, in the store as in the bounds; no date meets all."""
    field = None if layer.time_field is None else field_of(layer, layer.time_field)
    if field is None or field.kind not in ("date", "datetime"):
        raise InputError(f"layer {layer.name} has no date: an interval cannot be asked of it")
    column = quoted(field.name)
    conditions = []
    for bound, sign in ((start, ">="), (end, "<=")):
        if bound is None:
            continue
        moment = moment_of(bound)
        if field.kind == "date":
            conditions.append(Statement(f"{column} {sign} %s::date", (moment[:_DAY_LETTERS],)))
        elif sign == "<=" and len(moment) == _DAY_LETTERS:
            text = f"{column} < (%s::date + 1)::timestamp AT TIME ZONE 'UTC'"
            conditions.append(Statement(text, (moment,)))
        else:
            conditions.append(Statement(f"{column} {sign} %s::timestamp AT TIME ZONE 'UTC'", (moment,)))
    return [dated_or(column, conditions)] if conditions else []


def candidates(box: BBox) -> Statement:
    """Rows whose envelope meets the box, by the GiST index; its 32-bit floats are rounded outwards."""
    return Statement(f"geom && ST_MakeEnvelope(%s, %s, %s, %s, {L93})", tuple(box))


def lying_within(box: BBox) -> Statement:
    """Rows whose envelope lies within the box, by the GiST index, less than a metre off."""
    return Statement(f"geom @ ST_MakeEnvelope(%s, %s, %s, %s, {L93})", tuple(box))


def _key(field: Field) -> str:
    """What a field is sorted by; JSON has no order."""
    column = quoted(field.name)
    return f'({column}::text COLLATE "C")' if field.kind == "list" else column


def _following(layer: Layer, query: Query, after: int) -> Statement:
    """Rows after the one of that fid, in the order of the query."""
    fid = Statement("%s", (after,))
    if not query.sort and not query.beyond:
        return Statement(f"fid > {fid.text}", fid.values)
    keys: list[Key] = []
    for (name, ascending), value in zip(query.sort, last_values(layer, query), strict=True):
        field = field_of(layer, name)
        mark = "%s" if field.kind == "list" else f"%s{_CASTS.get(field.kind, '')}"
        if isinstance(value, str) and not storable(value):
            raise InputError(f"layer {layer.name}, field {name}: {value!r} is no text that can be stored")
        keys.append((_key(field), ascending, None if value is None else Statement(mark, (value,))))
    return beyond(keys, fid)


def where(layer: Layer, query: Query, boxes: Sequence[BBox], *, with_geometry: bool) -> Statement:
    """The conditions of a query, those of geometry by envelope only: it must meet every box.

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
            conditions.append(_NEVER)
        elif not boxes:
            conditions.append(Statement("geom IS NOT NULL"))
        else:
            conditions += [candidates(box) for box in boxes]
    return filtered(conditions)


def source(layer: Layer, query: Query, boxes: Sequence[BBox], *, with_geometry: bool) -> Statement:
    """FROM and WHERE of a query: the layer's table, as `where` says.

    Raises:
        InputError: as `where`.
    """
    found = where(layer, query, boxes, with_geometry=with_geometry)
    return Statement(f" FROM {quoted(layer.name)}{found.text}", found.values)


def parted_source(layer: Layer, query: Query, box: BBox, inner: BBox) -> tuple[Statement, Statement]:
    """FROM and WHERE of a query for the rows whose envelope lies within `inner`, and for the others of `box`.

    Raises:
        InputError: as `where`.
    """
    within = lying_within(inner)
    sure = source(layer, replace(query, within=None), [inner], with_geometry=True)
    other = source(layer, query, [box], with_geometry=True)
    return (
        Statement(f"{sure.text} AND {within.text}", sure.values + within.values),
        Statement(f"{other.text} AND NOT ({within.text})", other.values + within.values),
    )


def past_source(layer: Layer, query: Query, boxes: Sequence[BBox], *, with_geometry: bool) -> Statement:
    """FROM and WHERE of a query at a date: objects as they are, and former versions.

    Raises:
        InputError: as `where`, or the date is none.
    """
    moment = instant(query.at or "")
    unpaged = replace(query, after=None, beyond=())
    names = (["geom"] if layer.geometry else []) + [quoted(field.name) for field in layer.fields]
    known = "(valid_from IS NULL OR valid_from <= %s::timestamptz)"
    past = Statement(f"{known} AND valid_to > %s::timestamptz", (moment, moment))
    selects = []
    for part, valid in ((layer, Statement(known, (moment,))), (former(layer), past)):
        inner = where(part, unpaged, boxes, with_geometry=with_geometry)
        text = f"SELECT fid, {', '.join(names)} FROM {quoted(part.name)}"  # noqa: S608 - a layer's own names
        text += f"{inner.text} AND {valid.text}" if inner.text else f" WHERE {valid.text}"
        selects.append(Statement(text, (*inner.values, *valid.values)))
    both = united(selects)
    if query.after is None:
        return both
    following = _following(layer, query, bounded(query.after))
    return Statement(f"{both.text} WHERE {following.text}", both.values + following.values)


def naming(layer: Layer, name: str, texts: Collection[str]) -> Statement:
    """FROM and WHERE of the rows of which a field, or a member of it, is one of the texts.

    Raises:
        InputError: the field is unknown.
    """
    field = field_of(layer, name)
    among = "::jsonb ?| %s" if field.kind == "list" else " = ANY(%s)"
    return Statement(
        f" FROM {quoted(layer.name)} WHERE {quoted(name)}{among}", (list(filter(storable, texts)),)
    )


def order(layer: Layer, query: Query) -> str:
    """The order of a query: nulls last, ties by fid.

    Raises:
        InputError: a field is unknown.
    """
    return ordered(query, lambda name: _key(field_of(layer, name)))


def window(query: Query, *, extra: int = 0) -> Statement:
    """The paging of a query, with `extra` rows more than its limit.

    Raises:
        InputError: the limit or the offset is negative.
    """
    return paged(query, "%s", extra=extra)
