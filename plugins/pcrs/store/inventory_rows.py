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
    db.execute("CREATE TEMP TABLE stranger (key TEXT PRIMARY KEY, bytes INTEGER) WITHOUT ROWID")
    db.execute("CREATE INDEX temp.stranger_bytes ON stranger (bytes)")
    db.execute("CREATE TEMP TABLE place (name TEXT PRIMARY KEY, medium TEXT, offsite INTEGER)")


def insert(table: str, of: type[Any]) -> str:
    """The statement that writes a row of a table whose columns are the fields of `of`; a known row stays."""
    names = [field.name for field in fields(of)]
    values = ", ".join("?" * len(names))
    return f"INSERT OR IGNORE INTO {table} ({', '.join(names)}) VALUES ({values})"  # noqa: S608  names of ours


def upsert(table: str, of: type[Any], key: tuple[str, ...]) -> str:
    """As `insert`, over the row that has this key already."""
    names = [field.name for field in fields(of)]
    given = ", ".join(f"{name} = excluded.{name}" for name in names if name not in key)
    values = ", ".join("?" * len(names))
    return (
        f"INSERT INTO {table} ({', '.join(names)}) VALUES ({values}) "  # noqa: S608  names of ours
        f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {given}"
    )


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


def due(db: sqlite3.Connection, target: str, before: str, now: str) -> Iterator[Held]:
    """Copies of a target last read before a time, or never: these first, then the oldest.

    They are looked up as they are asked for. What is read meanwhile is noted as read now, or later, and so is
    not met again; what was read this very second is put down before the first is given.
    """
    latest = "SELECT key FROM copy WHERE target = ? AND verified_at >= ? AND verified_at < ? ORDER BY 1"
    late = [row["key"] for row in db.execute(latest, (target, now, before))]
    of = "SELECT target, key, verified_at FROM copy WHERE target = ? AND"
    never = f"{of} verified_at IS NULL AND key > ? ORDER BY key LIMIT {_PAGE}"
    yield from _following(db, never, (target,), ("",), ("key",))
    once = f"{of} verified_at < ? AND (verified_at, key) > (?, ?) ORDER BY verified_at, key LIMIT {_PAGE}"
    yield from _following(db, once, (target, min(now, before)), ("", ""), ("verified_at", "key"))
    yield from filter(None, (held(db, target, key) for key in late))


def sample(db: sqlite3.Connection, target: str, before: str, pivot: str) -> Iterator[Held]:
    """The copies of `due`, by the ids of their objects from one on, round to it again."""
    of = "SELECT target, key, object FROM copy INDEXED BY copy_object WHERE target = ?"
    is_due = "(verified_at IS NULL OR verified_at < ?)"
    for bound, first in (("object >= ?", pivot), ("object < ?", "")):
        text = f"{of} AND {is_due} AND {bound} AND (object, key) > (?, ?) ORDER BY object, key LIMIT {_PAGE}"
        yield from _following(db, text, (target, before, pivot), (first, ""), ("object", "key"))


def _following(
    db: sqlite3.Connection, text: str, values: tuple[Any, ...], last: tuple[Any, ...], names: tuple[str, ...]
) -> Iterator[Held]:
    """Copies page after page: the statement goes on behind the `names` of the last one, as they were then."""
    while rows := db.execute(text, (*values, *last)).fetchall():
        for row in rows:
            if (one := held(db, row["target"], row["key"])) is not None:
                yield one
        last = tuple(rows[-1][name] for name in names)


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
            "SELECT key, bytes FROM temp.stranger WHERE key > ? ORDER BY key LIMIT ?", (last, _PAGE)
        ).fetchall():
            yield from ((row[0], row[1]) for row in rows)
            last = rows[-1][0]

    def has(self, key: str) -> bool:
        """True when the listing has this file."""
        return self.db.execute("SELECT 1 FROM temp.seen WHERE key = ?", (key,)).fetchone() is not None

    def strangers(self, size: int) -> list[str]:
        """The keys of files of this size that are no known copy."""
        rows = self.db.execute("SELECT key FROM temp.stranger WHERE bytes = ? ORDER BY key", (size,))
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
    db.execute("DELETE FROM temp.stranger")
    db.execute(
        "INSERT INTO temp.stranger SELECT key, bytes FROM temp.seen WHERE NOT EXISTS "
        "(SELECT 1 FROM copy WHERE copy.target = ? AND copy.key = seen.key)",
        (target,),
    )
    return Walk(db, target)
