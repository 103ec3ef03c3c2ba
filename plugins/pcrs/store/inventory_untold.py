"""What the layer of the archive was not told yet: objects that are new, or whose good copies became others.

Triggers note them, whoever writes. An object leaves the list once the layer has it; what a kill interrupts
stays on it, and what changes while it is told is told again.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from pcrs.store.inventory_schema import GOOD, ArchiveObject


@dataclass(frozen=True, slots=True)
class Untold:
    """The list of one inventory, over its connection; one process tells at a time."""

    db: sqlite3.Connection
    transaction: Callable[[], AbstractContextManager[None]]

    @property
    def form(self) -> str:
        """In which form the layer was told of all objects, as `everything` took it; empty: in none."""
        row = self.db.execute("SELECT form FROM told").fetchone()
        return "" if row is None else str(row[0])

    def everything(self, form: str) -> None:
        """Every object is to be told, in a new form or again: in one step."""
        with self.transaction():
            self.db.execute("INSERT OR IGNORE INTO untold SELECT id, 0 FROM object")
            self.db.execute("DELETE FROM told")
            self.db.execute("INSERT INTO told VALUES (?)", (form,))

    def first(self, most: int) -> list[str]:
        """Up to so many objects that are to be told, in order of ids; to be given to `done`."""
        with self.transaction():
            rows = self.db.execute("SELECT object FROM untold ORDER BY object LIMIT ?", (most,)).fetchall()
            ids = [str(row[0]) for row in rows]
            if ids:
                self.db.execute("UPDATE untold SET telling = 1 WHERE object <= ?", (ids[-1],))
        return ids

    def done(self, ids: Sequence[str]) -> None:
        """The layer has these, as `first` gave them; what changed since stays to be told."""
        self.db.execute("DELETE FROM untold WHERE object <= ? AND telling = 1", (ids[-1],))

    def objects(self, but: str) -> int:
        """How many objects there are, those of a chantier left out."""
        count = "SELECT count(*) FROM object"
        (number,) = self.db.execute(f"SELECT ({count}) - ({count} WHERE chantier = ?)", (but,)).fetchone()
        return int(number)

    def placed(self, ids: Sequence[str]) -> Iterator[tuple[ArchiveObject, list[str]]]:
        """These objects in order of ids, each with the targets on which a copy is known good, in order."""
        among = json.dumps(ids)
        places: dict[str, list[str]] = {}
        for id_, target in self.db.execute(
            "SELECT DISTINCT object, target FROM copy WHERE object IN (SELECT value FROM json_each(?)) "  # noqa: S608
            f"AND state IN {GOOD} ORDER BY object, target",
            (among,),
        ):
            places.setdefault(id_, []).append(target)
        text = "SELECT * FROM object WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id"
        for row in self.db.execute(text, (among,)):
            yield ArchiveObject(**dict(row)), places.get(row["id"], [])
