"""Rows written to a PostGIS table: new ones by COPY, others only where they differ."""

# ruff: noqa: S608 - only names that a layer declares are written into SQL, quoted

from collections.abc import Collection, Sequence
from typing import Any

import shapely

from pcrs.errors import InputError
from pcrs.standard.crs import L93
from pcrs.store.base import Changes, Layer
from pcrs.store.intake import Taken, differs
from pcrs.store.pg_connections import Connection
from pcrs.store.pg_filter import storable
from pcrs.store.pg_query import WKB, casts, columns
from pcrs.store.statement import quoted


def merge(connection: Connection, layer: Layer, rows: Sequence[Taken], aside: Collection[str]) -> Changes:
    """The rows, each id once, are in the table.

    Raises:
        InputError: a text holds what PostgreSQL cannot hold.
    """
    for row in rows:
        for value in row.values:
            if isinstance(value, str) and not storable(value):
                raise InputError(
                    f"layer {layer.name}, {row.id!r}: {value!r} has a letter that no text may have"
                )
    known = _known(connection, layer, [row.id for row in rows])
    bodies = _bodies(layer, rows)
    new, changed = [], []
    for row, body in zip(rows, bodies, strict=True):
        record = [*body, *row.values]
        old = known.get(row.id)
        if old is None:
            new.append((row, record))
        elif differs(layer, old[1:], record, aside):
            changed.append((old[0], record))
    _copy(connection, layer, new)
    _update(connection, layer, changed)
    return Changes(len(new), len(changed), 0, len(rows) - len(new) - len(changed))


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
    found = connection.execute(f"{text} WHERE {id_field} = ANY(%s)".encode(), (ids,), binary=True)
    return {id_: tuple(old) for id_, *old in found}


def _names(layer: Layer) -> list[str]:
    return (["geom"] if layer.geometry else []) + [quoted(field.name) for field in layer.fields]


def _copy(connection: Connection, layer: Layer, new: Sequence[tuple[Taken, list[Any]]]) -> None:
    if not new:
        return
    head = [] if layer.geometry is None else _hex(new)
    text = f"COPY {quoted(layer.name)} ({', '.join(_names(layer))}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(text.encode()) as copy:
        for number, (row, _) in enumerate(new):
            copy.write_row([*head[number : number + 1], *row.values])


def _hex(new: Sequence[tuple[Taken, list[Any]]]) -> list[str | None]:
    """Geometries as COPY takes them: WKB with the CRS, in hexadecimal."""
    shapes = shapely.set_srid([row.geometry for row, _ in new], L93)
    texts: list[str | None] = list(
        shapely.to_wkb(shapes, hex=True, output_dimension=3, include_srid=True, flavor="extended")
    )
    return texts


def _update(connection: Connection, layer: Layer, changed: Sequence[tuple[int, list[Any]]]) -> None:
    if not changed:
        return
    marks = ([f"ST_GeomFromWKB(%s, {L93})"] if layer.geometry else []) + casts(layer)
    pairs = ", ".join(f"{name} = {mark}" for name, mark in zip(_names(layer), marks, strict=True))
    text = f"UPDATE {quoted(layer.name)} SET {pairs} WHERE fid = %s"
    with connection.cursor() as cursor:
        cursor.executemany(text.encode(), [[*record, fid] for fid, record in changed])
