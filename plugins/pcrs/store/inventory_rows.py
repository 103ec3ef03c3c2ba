"""Rows of the inventory on their way: written as one statement, walked in pages, held against a listing."""

import sqlite3
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from typing import Any

from pcrs.store.inventory_schema import Copy, Held

_PAGE = 2000
_HELD = (
    "SELECT copy.*, object.bytes, object.sha256, object.name, object.chantier FROM copy "
    "JOIN object ON object.id = copy.object WHERE target = ? AND key = ?"
)


def prepare(db: sqlite3.Connection) -> None:
    """The temporary tables of a connection. They are emptied, never dropped: open walks forbid it."""
    db.execute("PRAGMA temp_store=FILE")
    db.execute(
        "CREATE TEMP TABLE walked (n INTEGER PRIMARY KEY, walk TEXT, target TEXT, key TEXT, told INTEGER)"
    )
    db.execute("CREATE INDEX temp.walked_walk ON walked (walk, n)")
    db.execute("CREATE TEMP TABLE seen (key TEXT PRIMARY KEY, bytes INTEGER) WITHOUT ROWID")
    db.execute("CREATE TEMP TABLE place (name TEXT PRIMARY KEY, medium TEXT, offsite INTEGER)")


def insert(table: str, of: type[Any], verb: str = "INSERT OR IGNORE") -> str:
    """The statement that writes a row of a table whose columns are the fields of `of`."""
    names = [field.name for field in fields(of)]
    return f"{verb} INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"


def held(db: sqlite3.Connection, target: str, key: str) -> Held | None:
    """A copy with what a verification needs of its object."""
    row = db.execute(_HELD, (target, key)).fetchone()
    if row is None:
        return None
    copy = Copy(**{field.name: row[field.name] for field in fields(Copy)})
    return Held(copy, row["bytes"], row["sha256"], row["name"], row["chantier"])


def walk(
    db: sqlite3.Connection, select: str, values: tuple[Any, ...] = ()
) -> Iterator[tuple[Held, int | None]]:
    """The copies that a statement gives as (target, key, number), in its order, as they are when reached.

    The list waits in a temporary file: what is written during the walk does not disturb it, and memory does
    not grow with it.
    """
    this = uuid.uuid4().hex
    into = f"INSERT INTO temp.walked (target, key, told, walk) SELECT *, ? FROM ({select})"  # noqa: S608
    db.execute(into, (this, *values))
    last = 0
    try:
        while rows := db.execute(
            "SELECT * FROM temp.walked WHERE walk = ? AND n > ? ORDER BY n LIMIT ?", (this, last, _PAGE)
        ).fetchall():
            for row in rows:
                if (one := held(db, row["target"], row["key"])) is not None:
                    yield one, row["told"]
            last = rows[-1]["n"]
    finally:
        db.execute("DELETE FROM temp.walked WHERE walk = ?", (this,))


@dataclass(frozen=True, slots=True)
class Walk:
    """A listing of a target beside the inventory: what is missing, too much, of another size."""

    db: sqlite3.Connection
    target: str

    def absent(self) -> Iterator[Held]:
        """Copies that the listing does not have."""
        select = (
            "SELECT target, key, NULL FROM copy WHERE target = ? "
            "AND NOT EXISTS (SELECT 1 FROM temp.seen WHERE seen.key = copy.key) ORDER BY key"
        )
        return (one for one, _ in walk(self.db, select, (self.target,)))

    def unexpected(self) -> Iterator[tuple[str, int]]:
        """Files (key, bytes) that are no known copy."""
        last = ""
        while rows := self.db.execute(
            "SELECT key, bytes FROM temp.seen WHERE key > ? AND NOT EXISTS "
            "(SELECT 1 FROM copy WHERE copy.target = ? AND copy.key = seen.key) ORDER BY key LIMIT ?",
            (last, self.target, _PAGE),
        ).fetchall():
            yield from ((row[0], row[1]) for row in rows)
            last = rows[-1][0]

    def has(self, key: str) -> bool:
        """True when the listing has this file."""
        return self.db.execute("SELECT 1 FROM temp.seen WHERE key = ?", (key,)).fetchone() is not None

    def strangers(self, size: int) -> list[str]:
        """The keys of files of this size that are no known copy."""
        rows = self.db.execute(
            "SELECT key FROM temp.seen WHERE bytes = ? AND NOT EXISTS "
            "(SELECT 1 FROM copy WHERE copy.target = ? AND copy.key = seen.key) ORDER BY key",
            (size, self.target),
        )
        return [row[0] for row in rows]

    def other_size(self) -> Iterator[tuple[Held, int]]:
        """Copies whose file has another size, and that size."""
        select = (
            "SELECT copy.target, copy.key, seen.bytes FROM temp.seen "
            "JOIN copy ON copy.target = ? AND copy.key = seen.key "
            "JOIN object ON object.id = copy.object WHERE seen.bytes <> object.bytes ORDER BY copy.key"
        )
        return ((one, size or 0) for one, size in walk(self.db, select, (self.target,)))


def scan(db: sqlite3.Connection, target: str, listed: Iterable[tuple[str, int]]) -> Walk:
    """Takes a listing in, in place of the one before: one at a time."""
    db.execute("DELETE FROM temp.seen")
    db.executemany("INSERT OR REPLACE INTO temp.seen VALUES (?, ?)", listed)
    return Walk(db, target)
