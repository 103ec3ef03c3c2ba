"""The R-tree of a layer, loaded many entries at a time.

SQLite puts an entry where it belongs by going down the tree, and splits what overflows: 20 µs each. Here
leaves are written full into the tables that the tree is kept in, run by run, and the levels above are made
over the leaves of before and these: 1 µs. What comes later goes through SQLite again.
"""

# ruff: noqa: S608 - the names of tables are the caller's, quoted

import math
import sqlite3
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pcrs.store.statement import quoted

_RUN = 100_000
"""Entries of a run of leaves: 2.4 MB."""
_HEADER = 4
_CELL = np.dtype([("id", ">i8"), ("box", ">f4", (4,))])
_FILLED = 0.9
"""A leaf takes a few more entries before it is split."""
_ROOT = 1
_MANY = 10
"""So many new entries for each node that is there are better packed than put in one by one."""
type Cells = NDArray[np.void]


def bounds_of(connection: sqlite3.Connection, name: str) -> tuple[float, float, float, float] | None:
    """West, south, east, north of all entries, as the root says; None for an empty tree."""
    cells = _Tables(connection, name).cells(_ROOT)
    if not len(cells):
        return None
    box = cells["box"]
    low, high = box.min(axis=0), box.max(axis=0)
    return float(low[0]), float(low[2]), float(high[1]), float(high[3])


class RTreeLoad:
    """Entries on their way into an R-tree: they are in it after `finish`, and not before."""

    def __init__(self, connection: sqlite3.Connection, name: str) -> None:
        self._connection, self._name = connection, name
        self._tables = _Tables(connection, name)
        self._waiting: list[Cells] = []
        self._count = 0
        self._leaves: list[Cells] = []

    def add(self, ids: NDArray[np.int64], boxes: NDArray[np.float64]) -> None:
        """More entries: (n,) ids that the tree has not, (n, 4) xmin, ymin, xmax, ymax."""
        cells = np.zeros(len(ids), dtype=_CELL)
        cells["id"] = ids
        low, high = _rounded(boxes[:, :2], -np.inf), _rounded(boxes[:, 2:], np.inf)
        cells["box"] = np.stack([low[:, 0], high[:, 0], low[:, 1], high[:, 1]], axis=1)
        self._waiting.append(cells)
        self._count += len(cells)
        if self._count >= _RUN:
            self._write_leaves()

    def finish(self) -> None:
        """Every entry is in the tree."""
        if not self._leaves and self._count < _MANY * self._tables.last_node():
            for cells in self._waiting:
                text = f"INSERT INTO {quoted(self._name)} VALUES (?, ?, ?, ?, ?)"
                rows = zip(cells["id"].tolist(), *cells["box"].T.tolist(), strict=True)
                self._connection.executemany(text, rows)
        elif self._leaves or self._count:
            old, inner, loose = self._tables.levels()
            self._waiting.append(loose)
            self._tables.forget(inner, loose)
            self._write_leaves()
            self._tables.write_above(np.concatenate([old, *self._leaves]))
        self._waiting, self._leaves, self._count = [], [], 0

    def _write_leaves(self) -> None:
        """What waits is in leaves that nothing leads to yet."""
        cells = np.concatenate(self._waiting)
        self._waiting, self._count = [], 0
        if not len(cells):
            return
        leaves, nodes = self._tables.write_level(cells)
        self._leaves.append(leaves)
        order = np.argsort(cells["id"])
        self._connection.executemany(
            f"INSERT INTO {self._tables.rowid} VALUES (?, ?)",
            zip(cells["id"][order].tolist(), nodes[order].tolist(), strict=True),
        )


def _rounded(values: NDArray[np.float64], towards: float) -> NDArray[np.float32]:
    """As 32-bit floats, away from the middle of the box."""
    found: NDArray[np.float32] = values.astype(np.float32)
    inside = found > values if towards < 0 else found < values
    found[inside] = np.nextafter(found[inside], np.float32(towards))
    return found


class _Tables:
    """The tables that SQLite keeps an R-tree in: nodes, the parent of each node, the leaf of each entry."""

    def __init__(self, connection: sqlite3.Connection, name: str) -> None:
        self._connection = connection
        self._node, self._parent = quoted(f"{name}_node"), quoted(f"{name}_parent")
        self.rowid = quoted(f"{name}_rowid")

    def last_node(self) -> int:
        """The greatest number of a node."""
        (last,) = self._connection.execute(f"SELECT max(nodeno) FROM {self._node}").fetchone()
        return int(last)

    def _data(self, node: int) -> bytes:
        text = f"SELECT data FROM {self._node} WHERE nodeno = ?"
        data: bytes = self._connection.execute(text, (node,)).fetchone()[0]
        return data

    def cells(self, node: int) -> Cells:
        """The entries of a node: of an inner one its children."""
        data = self._data(node)
        return np.frombuffer(data, _CELL, int.from_bytes(data[2:_HEADER]), _HEADER)

    def levels(self) -> tuple[Cells, list[int], Cells]:
        """The leaves, the nodes between root and leaves; the entries themselves when the root is a leaf."""
        top = self.cells(_ROOT)
        depth = int.from_bytes(self._data(_ROOT)[:2])
        if depth == 0:
            return top[:0], [], top
        inner: list[int] = []
        for _ in range(depth - 1):
            nodes = top["id"].tolist()
            inner += nodes
            top = np.concatenate([self.cells(node) for node in nodes])
        return top, inner, top[:0]

    def forget(self, inner: Sequence[int], loose: Cells) -> None:
        """The levels above the leaves are gone, and where loose entries were."""
        self._connection.executemany(f"DELETE FROM {self._node} WHERE nodeno = ?", zip(inner, strict=True))
        rows = zip(loose["id"].tolist(), strict=True)
        self._connection.executemany(f"DELETE FROM {self.rowid} WHERE rowid = ?", rows)
        self._connection.execute(f"DELETE FROM {self._parent}")

    def write_level(self, cells: Cells) -> tuple[Cells, NDArray[np.int64]]:
        """New nodes that hold the cells, as cells of the level above; and the node of each cell given."""
        size = len(self._data(_ROOT))
        order, starts = _packed(cells["box"], int((size - _HEADER) // _CELL.itemsize * _FILLED))
        first = self.last_node() + 1
        nodes = np.zeros(len(starts) - 1, dtype=_CELL)
        nodes["id"] = np.arange(first, first + len(nodes))
        placed = cells[order].astype(_CELL)
        boxes = placed["box"].astype(np.float32)
        low, high = (ufunc.reduceat(boxes, starts[:-1]) for ufunc in (np.minimum, np.maximum))
        nodes["box"] = np.stack([low[:, 0], high[:, 1], low[:, 2], high[:, 3]], axis=1)
        self._connection.executemany(
            f"INSERT INTO {self._node} VALUES (?, ?)", _blobs(placed, starts, first, size)
        )
        where = np.empty(len(cells), dtype=np.int64)
        where[order] = np.repeat(nodes["id"].astype(np.int64), np.diff(starts))
        return nodes, where

    def write_above(self, cells: Cells) -> None:
        """The levels over these leaves, up to the root."""
        size = len(self._data(_ROOT))
        depth = 1
        while len(cells) > (size - _HEADER) // _CELL.itemsize:
            above, parents = self.write_level(cells)
            self._adopt(cells, parents.tolist())
            cells, depth = above, depth + 1
        self._adopt(cells, [_ROOT] * len(cells))
        text = f"UPDATE {self._node} SET data = ? WHERE nodeno = ?"
        self._connection.execute(text, (_blob(cells, size, depth), _ROOT))

    def _adopt(self, cells: Cells, parents: Sequence[int]) -> None:
        rows = zip(cells["id"].tolist(), parents, strict=True)
        self._connection.executemany(f"INSERT INTO {self._parent} VALUES (?, ?)", rows)


def _packed(boxes: NDArray[np.float32], most: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """An order in which neighbours follow each other, and where nodes of at most `most` begin in it.

    Sort-Tile-Recursive: strips from west to east, in each from south to north.
    """
    count = len(boxes)
    nodes = math.ceil(count / most)
    strips = math.ceil(math.sqrt(nodes))
    strip = np.empty(count, dtype=np.int64)
    strip[np.argsort(boxes[:, 0] + boxes[:, 1], kind="stable")] = np.arange(count) * strips // count
    order = np.lexsort((boxes[:, 2] + boxes[:, 3], strip))
    return order, np.arange(nodes + 1) * count // nodes


def _blob(cells: Cells, size: int, depth: int) -> bytes:
    # NumPy joins arrays in the machine's order of bytes.
    data = depth.to_bytes(2) + len(cells).to_bytes(2) + cells.astype(_CELL, copy=False).tobytes()
    return data.ljust(size, b"\0")


def _blobs(cells: Cells, starts: NDArray[np.intp], first: int, size: int) -> Iterator[tuple[Any, ...]]:
    for number, (start, end) in enumerate(pairwise(starts.tolist())):
        yield first + number, _blob(cells[start:end], size, 0)
