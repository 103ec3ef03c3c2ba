"""Rows written to a GeoPackage table, only where they differ from what is there."""

# ruff: noqa: S608 - only names that a layer declares are written into SQL, quoted

import json
import sqlite3
from collections.abc import Collection, Sequence
from typing import Any

from pcrs.store.base import Changes, Layer
from pcrs.store.gpkg_geometry import encode
from pcrs.store.intake import Taken, differs
from pcrs.store.statement import quoted


def merge(
    connection: sqlite3.Connection, layer: Layer, rows: Sequence[Taken], aside: Collection[str]
) -> Changes:
    """The rows, each id once, are in the table."""
    names = (["geom"] if layer.geometry else []) + [quoted(field.name) for field in layer.fields]
    known = _known(connection, layer, names, [row.id for row in rows])
    new, changed = [], []
    for row, record in zip(rows, _records(layer, rows), strict=True):
        old = known.get(row.id)
        if old is None:
            new.append(record)
        elif differs(layer, old[1:], record, aside):
            changed.append((*record, old[0]))
    marks = ", ".join("?" * len(names))
    connection.executemany(f"INSERT INTO {quoted(layer.name)} ({', '.join(names)}) VALUES ({marks})", new)
    pairs = ", ".join(f"{name} = ?" for name in names)
    connection.executemany(f"UPDATE {quoted(layer.name)} SET {pairs} WHERE fid = ?", changed)
    return Changes(len(new), len(changed), 0, len(rows) - len(new) - len(changed))


def _records(layer: Layer, rows: Sequence[Taken]) -> list[list[Any]]:
    """The rows as the columns of the table: geometry first when there is one, then the fields in order."""
    if layer.geometry is None:
        return [row.values for row in rows]
    blobs = encode([row.geometry for row in rows])
    return [[blob, *row.values] for blob, row in zip(blobs, rows, strict=True)]


def _known(
    connection: sqlite3.Connection, layer: Layer, names: Sequence[str], ids: list[str]
) -> dict[str, tuple[Any, ...]]:
    """The rows of these ids that are in the table: fid, then the columns."""
    id_field = quoted(layer.id_field)
    text = (
        f"SELECT {id_field}, fid, {', '.join(names)} FROM {quoted(layer.name)} "
        f"WHERE {id_field} IN (SELECT value FROM json_each(?))"
    )
    return {id_: tuple(old) for id_, *old in connection.execute(text, (json.dumps(ids),))}
