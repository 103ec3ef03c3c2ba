"""The rows of the index that nothing else in a site can give again, out as plain values and in again."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from pcrs.errors import StoreError
from pcrs.store.index import Index

_TABLES = {"delivery": "received_at, id", "delivery_file": "delivery, name", "dalle": "rank"}
"""In an order in which they can be written, and the order of their rows."""


def dump(file: Path) -> Iterator[dict[str, Any]]:
    """Every delivery, file and dalle of an index as a row that `fill` takes; `table` says which it is."""
    with closing(_open(file)) as db:
        for table, order in _TABLES.items():
            for row in db.execute(f"SELECT * FROM {table} ORDER BY {order}"):  # noqa: S608  our names
                yield {"table": table, **dict(row)}


def fill(file: Path, rows: Iterable[dict[str, Any]]) -> int:
    """The rows of `dump` are in an index, in one step; those that it has already stay. How many were given.

    Raises:
        StoreError: a row is of another table or has another column.
    """
    Index(file).close()
    with closing(_open(file)) as db, db:
        known = {table: _columns(db, table) for table in _TABLES}
        count = 0
        for count, row in enumerate(rows, start=1):  # noqa: B007  told below
            table = row.get("table", "")
            columns = [name for name in row if name != "table"]
            if not known.get(table, set()).issuperset(columns) or table not in known:
                raise StoreError(f"{file}: a row of the registers is none of this index: {row}")
            marks = ", ".join("?" * len(columns))
            db.execute(
                f"INSERT OR IGNORE INTO {table} ({', '.join(columns)}) VALUES ({marks})",  # noqa: S608
                [row[name] for name in columns],
            )
    return count


def _open(file: Path) -> sqlite3.Connection:
    db = sqlite3.connect(file, timeout=30)
    db.row_factory = sqlite3.Row
    return db


def _columns(db: sqlite3.Connection, table: str) -> set[str]:
    return {row["name"] for row in db.execute(f"PRAGMA table_info({table})")}
