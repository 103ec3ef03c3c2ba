"""Rows of a GeoPackage by what their fields name: texts, and lists of them, with indexes that QGIS keeps too.

SQLite has no index of the members of a list: here each of the first places has one, of lists that reach so
far; lists that are longer still are looked through one by one.
"""

# ruff: noqa: S608 - only names that a layer declares are written into SQL, quoted

import json
import sqlite3
from collections.abc import Collection

from pcrs.store.base import Layer
from pcrs.store.statement import Statement, quoted
from pcrs.store.values import field_of

_PLACES = 4


def create_indexes(connection: sqlite3.Connection, layer: Layer) -> None:
    """The fields that the layer is sought by have their indexes."""
    table = quoted(layer.name)
    for name in layer.sought:
        column = quoted(name)
        if field_of(layer, name).kind != "list":
            index = quoted(f"index_{layer.name}_{name}")
            connection.execute(f"CREATE INDEX IF NOT EXISTS {index} ON {table} ({column})")
            continue
        for place in range(_PLACES + 1):
            index = quoted(f"index_{layer.name}_{name}_{place}")
            keys = _member(column, place) if place < _PLACES else "fid"
            reaching = f"json_array_length({column}) > {place}"
            connection.execute(f"CREATE INDEX IF NOT EXISTS {index} ON {table} ({keys}) WHERE {reaching}")


def naming(layer: Layer, name: str, texts: Collection[str]) -> Statement:
    """FROM and WHERE of the rows of which a field, or a member of it, is one of the texts.

    Raises:
        InputError: the field is unknown.
    """
    field, table = field_of(layer, name), quoted(layer.name)
    column, asked = quoted(name), json.dumps(list(texts))
    among = "IN (SELECT value FROM json_each(?))"
    if field.kind != "list":
        return Statement(f" FROM {table} WHERE {column} {among}", (asked,))
    selects = [
        f"SELECT fid FROM {table} WHERE json_array_length({column}) > {place} "
        f"AND {_member(column, place)} {among}"
        for place in range(_PLACES)
    ]
    selects.append(
        f"SELECT fid FROM {table} WHERE json_array_length({column}) > {_PLACES} "
        f"AND EXISTS (SELECT 1 FROM json_each({column}) AS member WHERE member.value {among})"
    )
    text = f" FROM {table} WHERE fid IN ({' UNION ALL '.join(selects)})"
    return Statement(text, (asked,) * len(selects))


def _member(column: str, place: int) -> str:
    return f"json_extract({column}, '$[{place}]')"
