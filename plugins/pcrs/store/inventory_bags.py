"""The bags of the inventory: what they hold, what they are going to, and where they are whole."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import astuple, dataclass

from pcrs.store.inventory_rows import insert
from pcrs.store.inventory_schema import ArchiveObject, Bag, Entry

_PAGE = 5000


@dataclass(frozen=True, slots=True)
class Bags:
    """The bags of one inventory, over its connection."""

    db: sqlite3.Connection
    transaction: Callable[[], AbstractContextManager[None]]

    def plan(self, bag: Bag, entries: Iterable[Entry]) -> None:
        """A new bag, and what it is going to hold."""
        with self.transaction():
            self.db.execute(insert("bag", Bag), astuple(bag))
            self.db.executemany(insert("entry", Entry), map(astuple, entries))

    def all(self, *, chantier: str | None = None, source: str | None = None) -> list[Bag]:
        """Bags in order of their names."""
        rows = self.db.execute(
            "SELECT * FROM bag WHERE (? IS NULL OR chantier = ?) AND (? IS NULL OR source = ?) ORDER BY name",
            (chantier, chantier, source, source),
        )
        return [Bag(**dict(row)) for row in rows]

    def get(self, name: str) -> Bag | None:
        """The bag of that name."""
        row = self.db.execute("SELECT * FROM bag WHERE name = ?", (name,)).fetchone()
        return None if row is None else Bag(**dict(row))

    def close(self, name: str) -> None:
        """Every file of the bag is an object, and nothing is added any more."""
        self.db.execute("UPDATE bag SET state = 'clos' WHERE name = ?", (name,))

    def planned(self, source: str, chantier: str, name: str, size: int, stamp: str) -> bool:
        """True when a bag of the chantier holds, or is going to hold, just this file."""
        row = self.db.execute(
            "SELECT 1 FROM entry JOIN bag ON bag.name = entry.bag WHERE entry.source = ? AND entry.name = ? "
            "AND bytes = ? AND stamp = ? AND chantier = ? LIMIT 1",
            (source, name, size, stamp, chantier),
        ).fetchone()
        return row is not None

    def entries(self, bag: str) -> Iterator[Entry]:
        """The files of a bag in order of their names; what is noted during the walk does not disturb it."""
        last = ""
        while rows := self.db.execute(
            "SELECT * FROM entry WHERE bag = ? AND name > ? ORDER BY name LIMIT ?", (bag, last, _PAGE)
        ).fetchall():
            yield from (Entry(**dict(row)) for row in rows)
            last = rows[-1]["name"]

    def set_entry(self, bag: str, name: str, identifier: str) -> None:
        """The file is this object."""
        self.db.execute("UPDATE entry SET object = ? WHERE bag = ? AND name = ?", (identifier, bag, name))

    def drop_entry(self, bag: str, name: str) -> None:
        """The bag is not going to hold that file."""
        self.db.execute("DELETE FROM entry WHERE bag = ? AND name = ? AND object IS NULL", (bag, name))

    def objects_of(self, bag: str) -> Iterator[ArchiveObject]:
        """The objects of a bag in order of their names."""
        rows = self.db.execute(
            "SELECT object.* FROM entry JOIN object ON object.id = entry.object WHERE bag = ? "
            "ORDER BY entry.name",
            (bag,),
        )
        for row in rows:
            yield ArchiveObject(**dict(row))

    def totals(self, bag: str) -> list[tuple[str, int, int]]:
        """Kind, files and bytes of each kind of object of a bag."""
        rows = self.db.execute(
            "SELECT kind, count(*), sum(object.bytes) FROM entry JOIN object ON object.id = entry.object "
            "WHERE bag = ? GROUP BY kind ORDER BY kind",
            (bag,),
        )
        return [tuple(row) for row in rows]

    def unverified(self, bag: str, target: str) -> int:
        """Files of a bag whose copy on a target was not read back and found equal."""
        row = self.db.execute(
            "SELECT count(*) FROM entry WHERE bag = ? AND NOT EXISTS (SELECT 1 FROM copy WHERE "
            "copy.object = entry.object AND copy.target = ? AND copy.bag = entry.bag AND state = 'vérifiée')",
            (bag, target),
        ).fetchone()
        return int(row[0])

    def close_on(self, bag: str, target: str, at: str, tags: str) -> None:
        """The bag is whole on a target; `tags` are its tag files with their sha256, as JSON."""
        self.db.execute("REPLACE INTO bag_copy VALUES (?, ?, ?, ?, ?)", (bag, target, at, tags, at))

    def tags_on(self, bag: str, target: str) -> str | None:
        """The tag files of a bag on a target, as `close_on` took them; None: it is not whole there."""
        row = self.db.execute(
            "SELECT tags FROM bag_copy WHERE bag = ? AND target = ?", (bag, target)
        ).fetchone()
        return None if row is None else str(row[0])

    def closed_on(self, target: str) -> Iterator[tuple[str, str]]:
        """The bags that are whole on a target, by name, with their tag files as `close_on` took them."""
        return self._paged("", (target,))

    def _paged(self, condition: str, values: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        """Bags of a target with their tag files, by name; what is noted meanwhile does not disturb it."""
        text = f"SELECT bag, tags FROM bag_copy WHERE target = ? {condition} AND bag > ? ORDER BY bag LIMIT ?"  # noqa: S608
        last = ""
        while rows := self.db.execute(text, (*values, last, _PAGE)).fetchall():
            yield from ((row[0], row[1]) for row in rows)
            last = rows[-1][0]

    def closed_before(self, target: str, before: str) -> list[tuple[str, str]]:
        """The bags that are whole on a target since before a time, and since when; let go ones left out."""
        rows = self.db.execute(
            "SELECT bag, closed_at FROM bag_copy WHERE target = ? AND closed_at < ? AND tags <> '{}' "
            "ORDER BY closed_at, bag",
            (target, before),
        )
        return [tuple(row) for row in rows]

    def due(self, target: str, before: str) -> Iterator[tuple[str, str]]:
        """The bags of a target whose tag files were last read before a time, as `closed_on`."""
        return self._paged("AND verified_at < ?", (target, before))

    def read_on(self, bag: str, target: str, at: str) -> None:
        """The tag files of a bag were read on a target, and found right."""
        self.db.execute("UPDATE bag_copy SET verified_at = ? WHERE bag = ? AND target = ?", (at, bag, target))

    def unclose(self, bag: str, target: str) -> None:
        """The bag is on a target no more."""
        self.db.execute("DELETE FROM bag_copy WHERE bag = ? AND target = ?", (bag, target))
