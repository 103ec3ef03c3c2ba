"""A log that cannot be edited unseen, as a table of a small store.

Each line carries the SHA-256 of itself and of the line before: who changes or takes out a line breaks the
chain from there on. The last sum is told with every report, so that a cut tail is seen too.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

TABLE = (
    "CREATE TABLE trail (seq INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, actor TEXT NOT NULL,"
    " action TEXT NOT NULL, subject TEXT NOT NULL, detail TEXT NOT NULL, sum TEXT NOT NULL) STRICT"
)
"""What makes the table."""
_FIRST_SUM = "0" * 64


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody did, and when."""

    actor: str
    action: str
    at: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the log."""

    seq: int
    at: str
    actor: str
    action: str
    subject: str
    detail: str
    sum: str


def write(db: sqlite3.Connection, act: Act, subject: str, detail: str) -> None:
    """One more line, within the transaction of who calls."""
    before = db.execute("SELECT sum FROM trail ORDER BY seq DESC LIMIT 1").fetchone()
    words = (act.at, act.actor, act.action, subject, detail)
    sum_ = _sum(before[0] if before else _FIRST_SUM, *words)
    db.execute(
        "INSERT INTO trail (at, actor, action, subject, detail, sum) VALUES (?, ?, ?, ?, ?, ?)",
        (*words, sum_),
    )


def lines(db: sqlite3.Connection) -> Iterator[Line]:
    """The log, the oldest line first."""
    return (Line(*row) for row in db.execute("SELECT * FROM trail ORDER BY seq").fetchall())


def chain(found: Iterator[Line]) -> tuple[str, Line | None]:
    """The last sum of a log, and the first line that does not follow from those before; None: all do."""
    last, number = _FIRST_SUM, 0
    for line in found:
        number += 1
        expected = _sum(last, line.at, line.actor, line.action, line.subject, line.detail)
        if line.sum != expected or line.seq != number:
            return last, line
        last = line.sum
    return last, None


def _sum(before: str, *words: str) -> str:
    return hashlib.sha256(json.dumps([before, *words], ensure_ascii=False).encode()).hexdigest()
