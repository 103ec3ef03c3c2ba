"""What is asked of the services, counted: how often, how much, by kinds. Nothing that tells of a person.

One SQLite file, to which every serving process adds what it counted. No address, no name, no token, no text
of a client is kept: kinds alone.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from pcrs.store.book import Book
from pcrs.store.migrations import Step

BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the classes of duration; one more is without a bound."""


class Kind(NamedTuple):
    """What requests have in common."""

    service: str
    role: str
    client: str
    outcome: str
    """`ok`, `refused` (4xx) or `failed` (5xx)."""


class Cell(NamedTuple):
    """A square kilometre: its south-west corner, in kilometres of EPSG:2154."""

    x_km: int
    y_km: int


@dataclass(frozen=True, slots=True)
class Counts:
    """What a process counted since it last told."""

    kinds: Mapping[Kind, tuple[int, int]]
    """Requests and bytes."""
    cells: Mapping[Cell, int]
    """Requests that looked at a place."""
    durations: Mapping[str, tuple[list[int], float]]
    """By service: requests in each class of `BOUNDS_S`, and seconds in all."""


@dataclass(frozen=True, slots=True)
class DayRow:
    """What happened in a day, of one kind."""

    day: str
    kind: Kind
    requests: int
    octets: int


def _create(db: sqlite3.Connection) -> None:
    for statement in (
        "CREATE TABLE kind (day TEXT NOT NULL, service TEXT NOT NULL, role TEXT NOT NULL,"
        " client TEXT NOT NULL, outcome TEXT NOT NULL, requests INTEGER NOT NULL, bytes INTEGER NOT NULL,"
        " PRIMARY KEY (day, service, role, client, outcome)) STRICT, WITHOUT ROWID",
        "CREATE TABLE cell (day TEXT NOT NULL, x_km INTEGER NOT NULL, y_km INTEGER NOT NULL,"
        " requests INTEGER NOT NULL, PRIMARY KEY (day, x_km, y_km)) STRICT, WITHOUT ROWID",
        "CREATE TABLE duration (service TEXT NOT NULL, class INTEGER NOT NULL, requests INTEGER NOT NULL,"
        " seconds REAL NOT NULL, PRIMARY KEY (service, class)) STRICT, WITHOUT ROWID",
        "CREATE TABLE minute (at INTEGER PRIMARY KEY) STRICT",
    ):
        db.execute(statement)


_STEPS: tuple[Step[sqlite3.Connection], ...] = (_create,)


class Use(Book):
    """The counts of a site.

    Raises:
        StoreError: the file is none of ours, or cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, _STEPS, pragmas=("synchronous = NORMAL",))

    def add(self, day: str, minute: int, counts: Counts) -> None:
        """What was counted on a day (ISO) is added; in that minute (since 1970) the service was there."""
        kinds = [(day, *kind, *spent) for kind, spent in counts.kinds.items()]
        cells = [(day, *cell, requests) for cell, requests in counts.cells.items()]
        durations = [
            (service, class_, requests, seconds if class_ == 0 else 0.0)
            for service, (classes, seconds) in counts.durations.items()
            for class_, requests in enumerate(classes)
            if requests or class_ == 0
        ]
        with self._connections.writing() as db:
            db.execute("INSERT OR IGNORE INTO minute VALUES (?)", (minute,))
            db.executemany(
                "INSERT INTO kind VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
                " requests = requests + excluded.requests, bytes = bytes + excluded.bytes",
                kinds,
            )
            db.executemany(
                "INSERT INTO cell VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
                " requests = requests + excluded.requests",
                cells,
            )
            db.executemany(
                "INSERT INTO duration VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
                " requests = requests + excluded.requests, seconds = seconds + excluded.seconds",
                durations,
            )

    def days(self, first: str, last: str) -> list[DayRow]:
        """What happened from a day to another (ISO), both included, in their order."""
        with self._connections.reading() as db:
            rows = db.execute(
                "SELECT * FROM kind WHERE day BETWEEN ? AND ? ORDER BY day, service, role, client, outcome",
                (first, last),
            )
            return [DayRow(day, Kind(*kind), requests, octets) for day, *kind, requests, octets in rows]

    def cells(self, first: str, last: str) -> dict[Cell, int]:
        """Requests by square kilometre, from a day to another."""
        with self._connections.reading() as db:
            rows = db.execute(
                "SELECT x_km, y_km, SUM(requests) FROM cell WHERE day BETWEEN ? AND ? GROUP BY x_km, y_km",
                (first, last),
            )
            return {Cell(x, y): requests for x, y, requests in rows}

    def totals(self) -> dict[Kind, tuple[int, int]]:
        """Requests and bytes since the beginning."""
        with self._connections.reading() as db:
            rows = db.execute(
                "SELECT service, role, client, outcome, SUM(requests), SUM(bytes) FROM kind"
                " GROUP BY service, role, client, outcome ORDER BY service, role, client, outcome"
            )
            return {Kind(*kind): (requests, octets) for *kind, requests, octets in rows}

    def durations(self) -> dict[str, tuple[list[int], float]]:
        """By service: requests in each class of duration, and seconds in all, since the beginning."""
        found: dict[str, tuple[list[int], float]] = {}
        with self._connections.reading() as db:
            for service, class_, requests, seconds in db.execute("SELECT * FROM duration ORDER BY service"):
                classes, before = found.get(service, ([0] * (len(BOUNDS_S) + 1), 0.0))
                classes[class_] += requests
                found[service] = (classes, before + seconds)
        return found

    def minutes(self, first: int, last: int) -> tuple[int, int]:
        """Minutes (since 1970) in which the service was there, and those since it first was, between two."""
        with self._connections.reading() as db:
            there, begun = db.execute(
                "SELECT COUNT(*), MIN(at) FROM minute WHERE at BETWEEN ? AND ?", (first, last)
            ).fetchone()
            ever = db.execute("SELECT MIN(at) FROM minute").fetchone()[0]
        if ever is None or begun is None:
            return 0, 0
        return there, last - max(first, ever) + 1

    def forget(self, before: str) -> None:
        """What happened before a day (ISO) is forgotten."""
        with self._connections.writing() as db:
            for table in ("kind", "cell"):
                db.execute(f"DELETE FROM {table} WHERE day < ?", (before,))  # noqa: S608


def class_of(seconds: float) -> int:
    """The class of a duration: its place in `BOUNDS_S`."""
    return sum(seconds > bound for bound in BOUNDS_S)


def summed(rows: Iterable[DayRow], part: str) -> dict[str, tuple[int, int]]:
    """Requests and bytes by a part of the kind, or by `month`; the greatest first, months in order."""
    found: dict[str, tuple[int, int]] = {}
    for row in rows:
        key = row.day[:7] if part == "month" else getattr(row.kind, part)
        requests, octets = found.get(key, (0, 0))
        found[key] = (requests + row.requests, octets + row.octets)
    if part == "month":
        return dict(sorted(found.items()))
    return dict(sorted(found.items(), key=lambda pair: -pair[1][0]))
