"""Rows written to a PostGIS table: new ones by COPY, others only where they differ."""

# ruff: noqa: S608 - only names that a layer declares are written into SQL, quoted

from collections.abc import Collection, Sequence
from typing import Any

import shapely

from pcrs.errors import InputError
from pcrs.standard.crs import L93
from pcrs.store.base import Changes, Layer
from pcrs.store.history import former
from pcrs.store.intake import Difference, Taken
from pcrs.store.pg_connections import Connection
from pcrs.store.pg_filter import storable
from pcrs.store.pg_query import WKB, casts, columns
from pcrs.store.statement import quoted

type _New = tuple[Taken, list[Any]]
type _Changed = tuple[int, list[Any]]


def merge(
    connection: Connection, layer: Layer, rows: Sequence[Taken], aside: Collection[str], at: str | None
) -> Changes:
    """The rows, each id once, are in the table; what they replace at a date is kept.

    Raises:
        InputError: a text holds what PostgreSQL cannot hold.
    """
    _check_texts(layer, rows)
    known = _known(connection, layer, [row.id for row in rows])
    bodies = _bodies(layer, rows)
    differs = Difference(layer, aside)
    new, changed = [], []
    for row, body in zip(rows, bodies, strict=True):
        record = [*body, *row.values]
        old = known.get(row.id)
        if old is None:
            new.append((row, record))
        elif differs(old[1:], record):
            changed.append((old[0], record))
    _copy(connection, layer, new, at)
    _keep(connection, layer, [fid for fid, _ in changed], at)
    _update(connection, layer, changed, at)
    return Changes(len(new), len(changed), 0, len(rows) - len(new) - len(changed))


def _check_texts(layer: Layer, rows: Sequence[Taken]) -> None:
    if storable("\n".join([value for row in rows for value in row.values if isinstance(value, str)])):
        return
    for row in rows:
        for value in row.values:
            if isinstance(value, str) and not storable(value):
                raise InputError(
                    f"layer {layer.name}, {row.id!r}: {value!r} has a letter that no text may have"
                )


def remove(connection: Connection, layer: Layer, ids: list[str], at: str | None) -> int:
    """The rows of these ids are gone, kept as former versions when there is a date. How many."""
    table = quoted(layer.name)
    text = f"SELECT fid FROM {table} WHERE {quoted(layer.id_field)} = ANY(%s)"
    fids = [fid for (fid,) in connection.execute(text, (ids,))]
    _keep(connection, layer, fids, at)
    connection.execute(f"DELETE FROM {table} WHERE fid = ANY(%s)", (fids,))
    return len(fids)


def _keep(connection: Connection, layer: Layer, fids: list[int], at: str | None) -> None:
    """The rows as they are now are former versions, valid until `at`."""
    if at is None or not fids:
        return
    names = ", ".join(["fid", *_names(layer), "valid_from"])
    text = (
        f"INSERT INTO {quoted(former(layer).name)} ({names}, valid_to) "
        f"SELECT {names}, %s::timestamptz FROM {quoted(layer.name)} WHERE fid = ANY(%s) "
        "AND (valid_from IS NULL OR valid_from < %s::timestamptz)"
    )
    connection.execute(text, (at, fids, at))


def _bodies(layer: Layer, rows: Sequence[Taken]) -> list[list[bytes | None]]:
    """The geometry of each row as WKB; nothing for a layer without geometry."""
    if layer.geometry is None:
        return [[] for _ in rows]
    array = shapely.to_wkb([row.geometry for row in rows], output_dimension=3, byte_order=1, flavor="iso")
    return [[body] for body in array]


def _known(connection: Connection, layer: Layer, ids: list[str]) -> dict[str, tuple[Any, ...]]:
    """The rows of these ids that are in the table: fid, geometry if the layer has one, values."""
    geometry = f"{WKB}, " if layer.geometry else ""
    id_field = quoted(layer.id_field)
    text = f"SELECT {id_field}, fid, {geometry}{columns(layer)} FROM {quoted(layer.name)}"
    found = connection.execute(f"{text} WHERE {id_field} = ANY(%s)", (ids,), binary=True)
    return {old[0]: old[1:] for old in found}


def _names(layer: Layer) -> list[str]:
    return (["geom"] if layer.geometry else []) + [quoted(field.name) for field in layer.fields]


def _copy(connection: Connection, layer: Layer, new: Sequence[_New], at: str | None) -> None:
    if not new:
        return
    head = [] if layer.geometry is None else _hex(new)
    text = f"COPY {quoted(layer.name)} ({', '.join(_names(layer))}, valid_from) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(text) as copy:
        for number, (row, _) in enumerate(new):
            copy.write_row([*head[number : number + 1], *row.values, at])


def _hex(new: Sequence[_New]) -> list[str | None]:
    """Geometries as COPY takes them: WKB with the CRS, in hexadecimal."""
    shapes = shapely.set_srid([row.geometry for row, _ in new], L93)
    texts: list[str | None] = list(
        shapely.to_wkb(shapes, hex=True, output_dimension=3, include_srid=True, flavor="extended")
    )
    return texts


def _update(connection: Connection, layer: Layer, changed: Sequence[_Changed], at: str | None) -> None:
    if not changed:
        return
    marks = ([f"ST_GeomFromWKB(%s, {L93})"] if layer.geometry else []) + casts(layer)
    pairs = ", ".join(f"{name} = {mark}" for name, mark in zip(_names(layer), marks, strict=True))
    since = "valid_from = coalesce(%s::timestamptz, valid_from)"
    text = f"UPDATE {quoted(layer.name)} SET {pairs}, {since} WHERE fid = %s"
    with connection.cursor() as cursor:
        cursor.executemany(text, [[*record, at, fid] for fid, record in changed])
