"""Rows written to a GeoPackage table, only where they differ from what is there."""

# ruff: noqa: S608 - only names that a layer declares are written into SQL, quoted

import json
import sqlite3
from collections.abc import Collection, Sequence
from typing import Any

from pcrs.store.base import Changes, Layer
from pcrs.store.gpkg_geometry import encoded
from pcrs.store.gpkg_layers import ensure_history
from pcrs.store.gpkg_load import Loads
from pcrs.store.history import former
from pcrs.store.intake import Difference, Taken
from pcrs.store.statement import quoted


def merge(
    loads: Loads,
    connection: sqlite3.Connection,
    layer: Layer,
    rows: Sequence[Taken],
    aside: Collection[str],
    at: str | None,
) -> Changes:
    """The rows, each id once, are in the table; what they replace at a date is kept."""
    names = _names(layer)
    known = _known(connection, layer, names, [row.id for row in rows])
    blobs, boxes = encoded([row.geometry for row in rows])
    differs = Difference(layer, aside)
    new, new_rows, changed = [], [], []
    for place, (row, blob) in enumerate(zip(rows, blobs, strict=True)):
        record = row.values if layer.geometry is None else (blob, *row.values)
        old = known.get(row.id)
        if old is None:
            new.append(place)
            new_rows.append((*record, at))
        elif differs(old[1:], record):
            changed.append((*record, at, old[0]))
    loads.insert(layer, [*names, "valid_from"], new_rows, boxes[new])
    fids = [row[-1] for row in changed]
    loads.settle_before(layer.name, fids)
    _keep(connection, layer, fids, at)
    pairs = ", ".join(f"{name} = ?" for name in names)
    since = "valid_from = coalesce(?, valid_from)"
    connection.executemany(f"UPDATE {quoted(layer.name)} SET {pairs}, {since} WHERE fid = ?", changed)
    return Changes(len(new), len(changed), 0, len(rows) - len(new) - len(changed))


def remove(connection: sqlite3.Connection, layer: Layer, ids: Sequence[str], at: str | None) -> int:
    """The rows of these ids are gone, kept as former versions when there is a date. How many."""
    text = f"SELECT fid FROM {quoted(layer.name)} WHERE {quoted(layer.id_field)} = ?"
    fids = [fid for id_ in dict.fromkeys(ids) for (fid,) in connection.execute(text, (id_,))]
    _keep(connection, layer, fids, at)
    connection.executemany(f"DELETE FROM {quoted(layer.name)} WHERE fid = ?", [(fid,) for fid in fids])
    return len(fids)


def _keep(connection: sqlite3.Connection, layer: Layer, fids: Sequence[int], at: str | None) -> None:
    """The rows as they are now are former versions, valid until `at`."""
    if at is None or not fids:
        return
    ensure_history(connection, layer)
    names = ", ".join([*_names(layer), "valid_from"])
    text = (
        f"INSERT INTO {quoted(former(layer).name)} (object, {names}, valid_to) "
        f"SELECT fid, {names}, ? FROM {quoted(layer.name)} WHERE fid = ? "
        "AND (valid_from IS NULL OR valid_from < ?)"
    )
    connection.executemany(text, [(at, fid, at) for fid in fids])


def _names(layer: Layer) -> list[str]:
    return (["geom"] if layer.geometry else []) + [quoted(field.name) for field in layer.fields]


def _known(
    connection: sqlite3.Connection, layer: Layer, names: Sequence[str], ids: list[str]
) -> dict[str, tuple[Any, ...]]:
    """The rows of these ids that are in the table: fid, then the columns."""
    id_field = quoted(layer.id_field)
    text = (
        f"SELECT {id_field}, fid, {', '.join(names)} FROM {quoted(layer.name)} "
        f"WHERE {id_field} IN (SELECT value FROM json_each(?))"
    )
    return {old[0]: old[1:] for old in connection.execute(text, (json.dumps(ids),))}
