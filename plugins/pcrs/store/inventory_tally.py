"""What each chantier has in all, as the catalogue tells it: counted by triggers as objects and copies come.

Objects never go, so the figures of objects only grow; those of copies follow what becomes of them. Reading
them costs what a few rows cost, however many objects there are.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, fields

from pcrs.standard.crs import BBox
from pcrs.standard.livrables import Licence
from pcrs.store.inventory_schema import GOOD


@dataclass(frozen=True, slots=True)
class Tally:
    """The objects of a chantier that are of one kind, licence, type of media and edition."""

    chantier: str
    kind: str
    licence: Licence
    media_type: str
    edition: str
    objects: int
    bytes: int
    first_acquired: str | None
    """ISO date; None: no date of an object is known."""
    last_acquired: str | None
    first_added: str
    """ISO 8601, UTC."""
    last_added: str
    xmin: float | None
    ymin: float | None
    xmax: float | None
    ymax: float | None

    @property
    def bbox(self) -> BBox | None:
        """Box of those that have a place, EPSG:2154, metres."""
        if self.xmin is None or self.ymin is None or self.xmax is None or self.ymax is None:
            return None
        return BBox(self.xmin, self.ymin, self.xmax, self.ymax)


_KEY = ("chantier", "kind", "licence", "media_type", "edition")
_ENDS = (
    ("min", "first_acquired", "acquired"),
    ("max", "last_acquired", "acquired"),
    ("min", "first_added", "added_at"),
    ("max", "last_added", "added_at"),
    ("min", "xmin", "xmin"),
    ("min", "ymin", "ymin"),
    ("max", "xmax", "xmax"),
    ("max", "ymax", "ymax"),
)
_TABLES = (
    "CREATE TABLE tally (chantier TEXT NOT NULL, kind TEXT NOT NULL, licence TEXT NOT NULL, "
    "media_type TEXT NOT NULL, edition TEXT NOT NULL, objects INTEGER NOT NULL, bytes INTEGER NOT NULL, "
    "first_acquired TEXT, last_acquired TEXT, first_added TEXT, last_added TEXT, "
    "xmin REAL, ymin REAL, xmax REAL, ymax REAL, "
    f"PRIMARY KEY ({', '.join(_KEY)})) STRICT, WITHOUT ROWID",
    "CREATE TABLE shelved (chantier TEXT NOT NULL, target TEXT NOT NULL, copies INTEGER NOT NULL, "
    "PRIMARY KEY (chantier, target)) STRICT, WITHOUT ROWID",
)
_WIDENED = ", ".join(
    f"{name} = {end}(coalesce({name}, NEW.{of}), coalesce(NEW.{of}, {name}))" for end, name, of in _ENDS
)
_THIS = " AND ".join(f"{name} = NEW.{name}" for name in _KEY)
_ONE_MORE = (
    f"INSERT INTO tally ({', '.join(_KEY)}, objects, bytes) "  # noqa: S608  names of ours
    f"SELECT {', '.join(f'NEW.{name}' for name in _KEY)}, 0, 0 "
    f"WHERE NOT EXISTS (SELECT 1 FROM tally WHERE {_THIS}); "
    f"UPDATE tally SET objects = objects + 1, bytes = bytes + NEW.bytes, {_WIDENED} WHERE {_THIS};"
)
"""Without `OR IGNORE`: within a trigger that of the statement outside would hold."""


def _copies(row: str, sign: str) -> str:
    """One copy more or less of the chantier of a row, if the row is of a good copy."""
    chantier = f"(SELECT chantier FROM object WHERE id = {row}.object)"  # noqa: S608  words of ours
    this = f"chantier = {chantier} AND target = {row}.target"
    return (
        f"INSERT INTO shelved SELECT {chantier}, {row}.target, 0 "  # noqa: S608
        f"WHERE NOT EXISTS (SELECT 1 FROM shelved WHERE {this}); "
        f"UPDATE shelved SET copies = copies {sign} ({row}.state IN {GOOD}) WHERE {this};"
    )


_TRIGGERS = (
    f"CREATE TRIGGER object_counted AFTER INSERT ON object BEGIN {_ONE_MORE} END",
    f"CREATE TRIGGER copy_counted AFTER INSERT ON copy BEGIN {_copies('NEW', '+')} END",
    f"CREATE TRIGGER copy_uncounted AFTER DELETE ON copy BEGIN {_copies('OLD', '-')} END",
    "CREATE TRIGGER copy_recounted AFTER UPDATE OF object, state ON copy WHEN OLD.object <> NEW.object "
    f"OR (OLD.state IN {GOOD}) <> (NEW.state IN {GOOD}) "
    f"BEGIN {_copies('OLD', '-')} {_copies('NEW', '+')} END",
)


def count_all(db: sqlite3.Connection) -> None:
    """The figures are counted from nothing: what triggers keep, for rows that came without them."""
    ends = ", ".join(f"{end}({of})" for end, _, of in _ENDS)
    key = ", ".join(_KEY)
    for statement in (
        "DELETE FROM tally",
        "DELETE FROM shelved",
        f"INSERT INTO tally SELECT {key}, count(*), sum(bytes), {ends} FROM object GROUP BY {key}",  # noqa: S608
        "INSERT INTO shelved SELECT chantier, target, count(*) FROM copy "  # noqa: S608
        f"JOIN object ON object.id = copy.object WHERE copy.state IN {GOOD} GROUP BY chantier, target",
    ):
        db.execute(statement)


def keep_figures(db: sqlite3.Connection) -> None:
    """The tables and the triggers, and what an older inventory has."""
    for statement in (*_TABLES, *_TRIGGERS):
        db.execute(statement)
    count_all(db)


def tallies(db: sqlite3.Connection) -> Sequence[Tally]:
    """All of them, in order of chantiers."""
    names = ", ".join(field.name for field in fields(Tally))
    rows = db.execute(f"SELECT {names} FROM tally ORDER BY {', '.join(_KEY)}")  # noqa: S608
    return [Tally(**dict(row)) for row in rows]


def shelved(db: sqlite3.Connection, target: str) -> dict[str, int]:
    """Copies on a target of which no fault is known, by chantier; those without one are left out."""
    rows = db.execute("SELECT chantier, copies FROM shelved WHERE target = ? AND copies > 0", (target,))
    return {row["chantier"]: row["copies"] for row in rows}
