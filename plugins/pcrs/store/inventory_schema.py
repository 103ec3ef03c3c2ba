"""The tables of the inventory, and what their rows are."""

import sqlite3
from dataclasses import dataclass
from typing import Literal

from pcrs.standard.crs import BBox
from pcrs.standard.livrables import Licence
from pcrs.store.migrations import Step

CopyState = Literal["écrite", "vérifiée", "absente", "tronquée", "altérée", "échangée", "illisible"]
"""`vérifiée`: read back and equal. The last five are what a verification found instead."""
BagState = Literal["en cours", "clos"]
GOOD = "('écrite', 'vérifiée')"
"""The states, in SQL, of copies of which no fault is known."""

_FIRST = """
CREATE TABLE object (
    id TEXT PRIMARY KEY, chantier TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL,
    licence TEXT NOT NULL, bytes INTEGER NOT NULL, sha256 TEXT NOT NULL, media_type TEXT NOT NULL,
    added_at TEXT NOT NULL, acquired TEXT, edition TEXT NOT NULL, thumbnail INTEGER NOT NULL,
    xmin REAL, ymin REAL, xmax REAL, ymax REAL,
    UNIQUE (chantier, name, sha256)
) STRICT, WITHOUT ROWID;
CREATE INDEX object_sha256 ON object (sha256);
CREATE TABLE copy (
    target TEXT NOT NULL, key TEXT NOT NULL, object TEXT NOT NULL REFERENCES object(id),
    bag TEXT NOT NULL, state TEXT NOT NULL, made_at TEXT NOT NULL, verified_at TEXT, expires_at TEXT,
    PRIMARY KEY (target, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX copy_object ON copy (object, target);
CREATE INDEX copy_due ON copy (target, verified_at);
CREATE INDEX copy_bag ON copy (bag, target);
CREATE TABLE bag (
    name TEXT PRIMARY KEY, chantier TEXT NOT NULL, source TEXT NOT NULL, created_at TEXT NOT NULL,
    state TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE bag_copy (
    bag TEXT NOT NULL REFERENCES bag(name), target TEXT NOT NULL, closed_at TEXT NOT NULL,
    tags TEXT NOT NULL, verified_at TEXT NOT NULL, PRIMARY KEY (bag, target)
) STRICT, WITHOUT ROWID;
CREATE TABLE entry (
    bag TEXT NOT NULL REFERENCES bag(name), name TEXT NOT NULL, bytes INTEGER NOT NULL,
    stamp TEXT NOT NULL, source TEXT NOT NULL, object TEXT, PRIMARY KEY (bag, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX entry_source ON entry (source, name, bytes, stamp);
CREATE TABLE event (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, action TEXT NOT NULL, target TEXT NOT NULL,
    key TEXT NOT NULL, object TEXT NOT NULL, detail TEXT NOT NULL
) STRICT;
"""


def create(db: sqlite3.Connection) -> None:
    """The tables of version 1, in an empty file."""
    for statement in _FIRST.split(";\n"):
        db.execute(statement)


_TO_TELL = (
    "INSERT INTO untold VALUES ({}, 0) ON CONFLICT (object) DO UPDATE SET telling = 0 WHERE telling = 1"
)
_OTHER_COPY = f"OLD.object <> NEW.object OR (OLD.state IN {GOOD}) <> (NEW.state IN {GOOD})"
_SECOND = (
    "CREATE TABLE untold (object TEXT PRIMARY KEY, telling INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE TABLE told (form TEXT NOT NULL) STRICT",
    f"CREATE TRIGGER object_new AFTER INSERT ON object BEGIN {_TO_TELL.format('NEW.id')}; END",
    f"CREATE TRIGGER copy_new AFTER INSERT ON copy BEGIN {_TO_TELL.format('NEW.object')}; END",
    f"CREATE TRIGGER copy_gone AFTER DELETE ON copy BEGIN {_TO_TELL.format('OLD.object')}; END",
    f"CREATE TRIGGER copy_other AFTER UPDATE OF object, state ON copy WHEN {_OTHER_COPY} "
    f"BEGIN {_TO_TELL.format('OLD.object')}; {_TO_TELL.format('NEW.object')}; END",
)


def note_what_changes(db: sqlite3.Connection) -> None:
    """The list of what the layer is to be told (`inventory_untold`): of an older inventory, everything."""
    for statement in _SECOND:
        db.execute(statement)
    db.execute("INSERT INTO untold SELECT id, 0 FROM object")


def state_by_object(db: sqlite3.Connection) -> None:
    """How objects stand is read from one index, in the order of objects, without a look at the copies."""
    db.execute("DROP INDEX copy_object")
    db.execute("CREATE INDEX copy_object ON copy (object, target, state, verified_at, expires_at)")


STEPS: tuple[Step[sqlite3.Connection], ...] = (create, note_what_changes, state_by_object)
"""Those of the rows themselves; the figures of chantiers (`inventory_tally`) come on top."""


@dataclass(frozen=True, slots=True)
class ArchiveObject:
    """One object of a chantier (OAIS: content information), wherever its copies are."""

    id: str
    chantier: str
    name: str
    """Its path in what was handed over, with slashes."""
    kind: str
    """Code of `pcrs.standard.livrables.KINDS`."""
    licence: Licence
    bytes: int
    sha256: str
    media_type: str
    added_at: str
    """ISO 8601, UTC."""
    acquired: str | None = None
    """ISO date, as the operator or the index says it."""
    edition: str = ""
    thumbnail: int = 0
    """1: `pcrs.work.custody.thumbnails` has a picture of it."""
    xmin: float | None = None
    ymin: float | None = None
    xmax: float | None = None
    ymax: float | None = None

    @property
    def bbox(self) -> BBox | None:
        """Footprint, EPSG:2154, metres; a single point for a cliché known by its station."""
        if self.xmin is None or self.ymin is None or self.xmax is None or self.ymax is None:
            return None
        return BBox(self.xmin, self.ymin, self.xmax, self.ymax)


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy of an object: where it is, and when it was last proved."""

    target: str
    key: str
    object: str
    bag: str
    """Empty for a copy outside bags: the intermediate tier, its mirror, what was restored."""
    state: CopyState
    made_at: str
    verified_at: str | None = None
    expires_at: str | None = None
    """A restored copy may be removed from then on."""


@dataclass(frozen=True, slots=True)
class Held:
    """A copy with what a verification needs of its object."""

    copy: Copy
    bytes: int
    sha256: str
    name: str
    chantier: str


@dataclass(frozen=True, slots=True)
class Bag:
    """One bag (OAIS: AIP): which chantier, from where, since when."""

    name: str
    chantier: str
    source: str
    created_at: str
    state: BagState


@dataclass(frozen=True, slots=True)
class Entry:
    """One file that a bag holds or is going to."""

    bag: str
    name: str
    bytes: int
    stamp: str
    """Changes with the file at its source: time of change, or tag."""
    source: str
    """Of what it was handed over in: the folder, or the tier."""
    object: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the log: nothing of it is ever changed."""

    at: str
    action: str
    target: str = ""
    key: str = ""
    object: str = ""
    detail: str = ""
