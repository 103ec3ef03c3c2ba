"""Jobs at rest: what was asked, how far it is, what came of it. One SQLite file, shared by all processes.

A job is taken by one runner at a time. A runner that dies leaves its job `running`: another one puts it
back in its place, from its beginning, some times at the most.
"""

import hashlib
import json
import secrets
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal, TypeGuard

from pcrs.errors import NotFoundError, TooManyError
from pcrs.store.book import Book
from pcrs.store.migrations import Step

Status = Literal["accepted", "running", "successful", "failed", "dismissed"]
ENDED: tuple[Status, ...] = ("successful", "failed", "dismissed")
_TRIES = 10
_DAY = timedelta(days=1)
_LETTERS_TO_ONE, _LETTERS_BY_ONE = 5, 20
"""Letters of a day: to one address, whoever asks for them; by one owner, to whomever."""


def _create(db: sqlite3.Connection) -> None:
    db.execute(
        "CREATE TABLE job (id TEXT PRIMARY KEY, process TEXT NOT NULL, owner TEXT NOT NULL,"
        " asked TEXT NOT NULL, status TEXT NOT NULL, message TEXT NOT NULL DEFAULT '',"
        " progress INTEGER NOT NULL DEFAULT 0, runner INTEGER, tries INTEGER NOT NULL DEFAULT 0,"
        " outputs TEXT, created TEXT NOT NULL, started TEXT, finished TEXT, updated TEXT NOT NULL) STRICT"
    )
    db.execute("CREATE INDEX job_status ON job (status, created)")
    db.execute("CREATE INDEX job_owner ON job (owner, created)")


def _count_letters(db: sqlite3.Connection) -> None:
    db.execute("CREATE TABLE letter (at TEXT NOT NULL, owner TEXT NOT NULL, place TEXT NOT NULL) STRICT")


_STEPS: tuple[Step[sqlite3.Connection], ...] = (_create, _count_letters)
_COLUMNS = (
    "id, process, owner, asked, status, message, progress, tries, outputs,"
    " created, started, finished, updated"
)


@dataclass(frozen=True, slots=True)
class Job:
    """One job. Moments are ISO 8601 in UTC."""

    id: str
    """Unguessable: 128 random bits."""
    process: str
    owner: str
    """Identifier of a token; empty: of the public."""
    asked: Mapping[str, Any]
    """Inputs, and what the owner may read."""
    status: Status
    message: str
    progress: int
    """0 to 100."""
    tries: int
    outputs: Mapping[str, Any] | None
    created: str
    started: str | None
    finished: str | None
    updated: str

    @property
    def ended(self) -> bool:
        """True when nothing will change any more."""
        return self.status in ENDED


class Jobs(Book):
    """The jobs of a site.

    Raises:
        StoreError: the file is no store of jobs, or cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, _STEPS)

    def add(
        self, process: str, owner: str, asked: Mapping[str, Any], *, now: str, most: int | None = None
    ) -> Job:
        """A new job, at the end of the queue.

        Raises:
            TooManyError: the owner has `most` jobs already that have not ended.
        """
        identifier = secrets.token_urlsafe(16)
        with self._connections.writing() as db:
            waiting = db.execute(
                "SELECT COUNT(*) FROM job WHERE owner = ? AND status IN ('accepted', 'running')", (owner,)
            ).fetchone()[0]
            if most is not None and waiting >= most:
                raise TooManyError(f"{waiting} jobs wait, {most} at the most: come back later")
            db.execute(
                "INSERT INTO job (id, process, owner, asked, status, created, updated)"
                " VALUES (?, ?, ?, ?, 'accepted', ?, ?)",
                (identifier, process, owner, json.dumps(asked), now, now),
            )
        return self.get(identifier)

    def promise_letter(self, owner: str, address: str, *, now: str) -> None:
        """One letter more will go to an address: only its fingerprint is remembered, for a day.

        Raises:
            TooManyError: too many were promised to it today, or by this owner.
        """
        place = hashlib.sha256(address.strip().casefold().encode()).hexdigest()
        with self._connections.writing() as db:
            db.execute("DELETE FROM letter WHERE at < ?", (written(datetime.fromisoformat(now) - _DAY),))
            for column, value, most in (("place", place, _LETTERS_TO_ONE), ("owner", owner, _LETTERS_BY_ONE)):
                query = f"SELECT COUNT(*), MIN(at) FROM letter WHERE {column} = ?"  # noqa: S608  two names
                promised, first = db.execute(query, (value,)).fetchone()
                if promised >= most:
                    wait = datetime.fromisoformat(first) + _DAY - datetime.fromisoformat(now)
                    raise TooManyError(
                        f"courriel: {most} lettres par jour au plus / letters a day at the most",
                        max(1, int(wait.total_seconds())),
                    )
            db.execute("INSERT INTO letter VALUES (?, ?, ?)", (now, owner, place))

    def get(self, identifier: str) -> Job:
        """The job.

        Raises:
            NotFoundError: there is none of that identifier.
        """
        found = self._select("WHERE id = ?", (identifier,))
        if not found:
            raise NotFoundError("there is no such job, or no longer")
        return found[0]

    def of(self, owner: str | None, *, limit: int = 1000) -> list[Job]:
        """The jobs of an owner (None: of all), the newest first."""
        where = "" if owner is None else "WHERE owner = ?"
        given: tuple[Any, ...] = () if owner is None else (owner,)
        return self._select(f"{where} ORDER BY created DESC, id LIMIT ?", (*given, limit))

    def unfinished(self) -> int:
        """How many have not ended: they wait, or are being done, or were when their runner died."""
        with self._connections.reading() as db:
            query = "SELECT COUNT(*) FROM job WHERE status IN ('accepted', 'running')"
            return int(db.execute(query).fetchone()[0])

    def runners(self) -> set[int]:
        """The numbers of the runners whose jobs are running."""
        with self._connections.reading() as db:
            return {row[0] for row in db.execute("SELECT DISTINCT runner FROM job WHERE status = 'running'")}

    def orphans(self, runner: int, *, now: str) -> int:
        """The jobs that a runner of this number left when it died wait again, or have failed. How many."""
        with self._connections.writing() as db:
            done = db.execute(
                "UPDATE job SET status = CASE WHEN tries < ? THEN 'accepted' ELSE 'failed' END,"
                " message = CASE WHEN tries < ? THEN message ELSE ? END, finished = CASE WHEN tries < ?"
                " THEN NULL ELSE ? END, updated = ? WHERE status = 'running' AND runner = ?",
                (_TRIES, _TRIES, "interrompu trop souvent / interrupted too often", _TRIES, now, now, runner),
            )
            return done.rowcount

    def take(self, runner: int, *, now: str) -> Job | None:
        """The job that waits longest, for this runner alone; None: none waits."""
        with self._connections.writing() as db:
            row = db.execute(
                "UPDATE job SET status = 'running', runner = ?, tries = tries + 1, progress = 0,"
                " started = COALESCE(started, ?), updated = ? WHERE id = (SELECT id FROM job"
                " WHERE status = 'accepted' ORDER BY created, id LIMIT 1) RETURNING id",
                (runner, now, now),
            ).fetchone()
        return None if row is None else self.get(row[0])

    def tell(self, identifier: str, progress: int, message: str, *, now: str) -> bool:
        """How far a running job is. False: it was dismissed meanwhile, stop."""
        with self._connections.writing() as db:
            done = db.execute(
                "UPDATE job SET progress = ?, message = ?, updated = ? WHERE id = ? AND status = 'running'",
                (progress, message, now, identifier),
            )
            return done.rowcount == 1

    def end(
        self,
        identifier: str,
        status: Status,
        message: str,
        outputs: Mapping[str, Any] | None = None,
        *,
        now: str,
    ) -> bool:
        """The job has ended so. False: it had ended already."""
        with self._connections.writing() as db:
            done = db.execute(
                "UPDATE job SET status = ?, message = ?, outputs = ?, finished = ?, updated = ?,"
                " progress = CASE WHEN ? = 'successful' THEN 100 ELSE progress END"
                " WHERE id = ? AND status IN ('accepted', 'running')",
                (status, message, json.dumps(outputs), now, now, status, identifier),
            )
            return done.rowcount == 1

    def old(self, before: str) -> list[Job]:
        """The jobs that ended before a moment."""
        return self._select("WHERE finished < ? ORDER BY finished", (before,))

    def forget(self, identifiers: Sequence[str]) -> None:
        """These jobs were never there."""
        with self._connections.writing() as db:
            db.executemany("DELETE FROM job WHERE id = ?", [(identifier,) for identifier in identifiers])

    def _select(self, clauses: str, given: tuple[Any, ...]) -> list[Job]:
        with self._connections.reading() as db:
            return [_job(row) for row in db.execute(f"SELECT {_COLUMNS} FROM job {clauses}", given)]  # noqa: S608


def is_file(value: Any) -> TypeGuard[dict[str, str]]:
    """True for an output that is a file of the job's folder."""
    return isinstance(value, dict) and value.keys() == {"file", "type"}


def written(moment: datetime) -> str:
    """A moment of UTC as jobs keep it: texts in the order of time."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _job(row: tuple[Any, ...]) -> Job:
    identifier, process, owner, asked, status, message, progress, tries, outputs, *moments = row
    told = json.loads(outputs) if outputs else None
    return Job(
        identifier, process, owner, json.loads(asked), status, message, progress, tries, told, *moments
    )
