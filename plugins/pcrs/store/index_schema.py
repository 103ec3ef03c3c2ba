"""The tables of the index, version by version."""

import sqlite3

from pcrs.store.migrations import Step

_FIRST = """
CREATE TABLE delivery (
    id TEXT PRIMARY KEY, path TEXT NOT NULL, edition TEXT NOT NULL, chantier TEXT NOT NULL,
    state TEXT NOT NULL, received_at TEXT NOT NULL, decided_at TEXT, reason TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE TABLE delivery_file (
    delivery TEXT NOT NULL REFERENCES delivery(id), name TEXT NOT NULL, kind TEXT NOT NULL,
    bytes INTEGER NOT NULL, sha256 TEXT NOT NULL, state TEXT NOT NULL,
    findings TEXT NOT NULL DEFAULT '[]', facts TEXT NOT NULL DEFAULT '{}',
    PRIMARY KEY (delivery, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE dalle (
    rank INTEGER PRIMARY KEY AUTOINCREMENT, stem TEXT NOT NULL, edition TEXT NOT NULL,
    delivery TEXT NOT NULL REFERENCES delivery(id), chantier TEXT NOT NULL,
    x_m INTEGER NOT NULL, y_m INTEGER NOT NULL, size_m INTEGER NOT NULL,
    acquired TEXT, accepted TEXT NOT NULL, precision TEXT NOT NULL, sha256 TEXT NOT NULL,
    master_sha256 TEXT NOT NULL, master_bytes INTEGER NOT NULL,
    hot_sha256 TEXT NOT NULL, hot_bytes INTEGER NOT NULL,
    UNIQUE (edition, stem)
) STRICT;
CREATE TABLE slab_todo (
    edition TEXT NOT NULL, level INTEGER NOT NULL, col INTEGER NOT NULL, row INTEGER NOT NULL,
    PRIMARY KEY (edition, level, col, row)
) STRICT, WITHOUT ROWID;
CREATE TABLE file_hash (
    path TEXT PRIMARY KEY, bytes INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, sha256 TEXT NOT NULL
) STRICT, WITHOUT ROWID;
"""


def _create(db: sqlite3.Connection) -> None:
    for statement in _FIRST.split(";\n"):
        db.execute(statement)


def _note_md5(db: sqlite3.Connection) -> None:
    """Of what is downloaded."""
    db.execute("ALTER TABLE dalle ADD COLUMN hot_md5 TEXT NOT NULL DEFAULT ''")


def _note_unlisted(db: sqlite3.Connection) -> None:
    """Slabs that are in place, and not yet in their pyramid's list as they are now."""
    db.execute(
        "CREATE TABLE slab_unlisted (edition TEXT NOT NULL, level INTEGER NOT NULL, col INTEGER NOT NULL, "
        "row INTEGER NOT NULL, PRIMARY KEY (edition, level, col, row)) STRICT, WITHOUT ROWID"
    )


def _note_retired(db: sqlite3.Connection) -> None:
    """Dalles that nothing shows any more, which `shown_mark` counts at every request."""
    db.execute("ALTER TABLE dalle ADD COLUMN retired TEXT NOT NULL DEFAULT ''")
    db.execute("CREATE INDEX dalle_retired ON dalle (retired) WHERE retired <> ''")


STEPS: tuple[Step[sqlite3.Connection], ...] = (_create, _note_md5, _note_unlisted, _note_retired)
