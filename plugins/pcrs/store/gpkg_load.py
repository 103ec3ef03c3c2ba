"""New rows of a transaction: few by the table's triggers, many while the triggers rest."""

# ruff: noqa: S608 - only names that a layer declares are written into SQL, quoted

import sqlite3
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pcrs.store.base import Layer
from pcrs.store.gpkg_layers import counter_of, rtree_of
from pcrs.store.gpkg_rtree import RTreeLoad
from pcrs.store.statement import quoted

_MANY = 500
"""From so many rows on it pays to take the triggers away and to make them again."""


class Loads:
    """What one transaction adds to each layer. Index and triggers are as they should be after `settle`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._open: dict[str, _Load] = {}

    def insert(
        self, layer: Layer, names: Sequence[str], rows: Sequence[tuple[Any, ...]], boxes: NDArray[np.float64]
    ) -> None:
        """Rows whose ids the layer has not: a value for each of `names`; boxes are NaN without geometry."""
        if layer.name not in self._open and len(rows) < _MANY:
            marks = ", ".join("?" * len(names))
            text = f"INSERT INTO {quoted(layer.name)} ({', '.join(names)}) VALUES ({marks})"
            self._connection.executemany(text, rows)
            return
        if layer.name not in self._open:
            self._open[layer.name] = _Load(self._connection, layer)
        self._open[layer.name].insert(names, rows, boxes)

    def settle_before(self, name: str, fids: Sequence[int]) -> None:
        """As `settle`, if one of these rows of the layer is not in its index yet."""
        load = self._open.get(name)
        if load is not None and fids and max(fids) >= load.first:
            self.settle(name)

    def settle(self, name: str | None = None) -> None:
        """The layer of that name, or every layer, is indexed; its triggers are there."""
        for each in list(self._open) if name is None else [name]:
            load = self._open.pop(each, None)
            if load is not None:
                load.finish()


class _Load:
    """One layer whose triggers for new rows are away."""

    def __init__(self, connection: sqlite3.Connection, layer: Layer) -> None:
        self._connection, self._layer = connection, layer
        row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (layer.name,)).fetchone()
        self.first = self._next = 1 if row is None else int(row[0]) + 1
        self._rtree = RTreeLoad(connection, rtree_of(layer)) if layer.geometry else None
        names = [counter_of(layer), *([f"{rtree_of(layer)}_insert"] if layer.geometry else [])]
        text = "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = ?"
        self._triggers = [sql for name in names for (sql,) in connection.execute(text, (name,))]
        for name in names:
            connection.execute(f"DROP TRIGGER IF EXISTS {quoted(name)}")

    def insert(
        self, names: Sequence[str], rows: Sequence[tuple[Any, ...]], boxes: NDArray[np.float64]
    ) -> None:
        table = quoted(self._layer.name)
        marks = ", ".join("?" * (len(names) + 1))
        text = f"INSERT INTO {table} (fid, {', '.join(names)}) VALUES ({marks})"
        self._connection.executemany(text, [(fid, *row) for fid, row in enumerate(rows, self._next)])
        self._connection.execute(
            "UPDATE gpkg_ogr_contents SET feature_count = feature_count + ? WHERE table_name = ?",
            (len(rows), self._layer.name),
        )
        if self._rtree is not None:
            placed = np.flatnonzero(~np.isnan(boxes[:, 0]))
            self._rtree.add(placed + self._next, boxes[placed])
        self._next += len(rows)

    def finish(self) -> None:
        if self._rtree is not None:
            self._rtree.finish()
        for text in self._triggers:
            self._connection.execute(text)
