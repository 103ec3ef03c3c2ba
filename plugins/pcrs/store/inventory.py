"""The inventory of the archive: objects, where their copies are, the bags they lie in, and the log.

One SQLite file in WAL mode beside the index, written by one `pcrs` at a time, read by any number. Lists are
walks over keys, never whole in memory: a million objects cost what a thousand do.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any, NamedTuple

from pcrs.errors import NotFoundError
from pcrs.standard.crs import BBox
from pcrs.store.inventory_bags import Bags
from pcrs.store.inventory_rows import Walk, due, held, insert, prepare, sample, scan, upsert, walk
from pcrs.store.inventory_schema import GOOD, STEPS, ArchiveObject, Copy, CopyState, Event, Held
from pcrs.store.inventory_tally import Tally, keep_figures, shelved, tallies
from pcrs.store.inventory_untold import Untold
from pcrs.store.ledger import Ledger

MARKED = "marquée"
"""What the log says of a target at its first use."""
_BY_OBJECT = "copy INDEXED BY copy_object JOIN object ON object.id = copy.object"
"""Copies in the order of their objects: each is read where the one before it was."""
_LACKING = (
    "AND NOT EXISTS (SELECT 1 FROM copy AS other WHERE other.target = ? AND other.key = copy.key "
    "AND other.object = copy.object AND other.state = 'vérifiée')"
)


class Rule(NamedTuple):
    """What the copies of an object must be: 3-2-1 unless the settings say otherwise."""

    copies: int = 3
    media: int = 2
    offsite: int = 1


class Standing(NamedTuple):
    """How an object stands to the rule."""

    object: ArchiveObject
    copies: int
    media: int
    offsite: int
    faulty: int
    """Copies that were found to be no copies."""
    oldest: str | None
    """When the copy that waits longest was last read; None: one never was."""


class Inventory(Ledger):
    """The inventory of one site. Not shared between threads: open one where it is needed."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        super().__init__(file, (*STEPS, keep_figures), "the inventory of a site")
        prepare(self._db)

    @property
    def bags(self) -> Bags:
        """The bags of the site."""
        return Bags(self._db, self.transaction)

    @property
    def untold(self) -> Untold:
        """What the layer of the archive is to be told."""
        return Untold(self._db, self.transaction)

    def scan(self, target: str, listed: Iterable[tuple[str, int]]) -> Walk:
        """What a listing of a target (key, bytes) and the inventory say of each other."""
        return scan(self._db, target, listed)

    # objects ------------------------------------------------------------------------------------------

    def add_objects(self, objects: Iterable[ArchiveObject]) -> None:
        """The objects are known; one that is known already stays as it is."""
        with self.transaction():
            self._db.executemany(insert("object", ArchiveObject), map(astuple, objects))

    def object(self, identifier: str) -> ArchiveObject:
        """The object of that id, or of the only id that begins so.

        Raises:
            NotFoundError: there is none, or more than one.
        """
        rows = self._db.execute(
            "SELECT * FROM object WHERE id >= ? AND id < ? LIMIT 2", (identifier, identifier + "g")
        ).fetchall()
        if len(rows) != 1 or not identifier:
            raise NotFoundError(f"no single object {identifier!r}: `pcrs copies --objects` names all")
        return ArchiveObject(**dict(rows[0]))

    def objects(
        self,
        *,
        chantier: str | None = None,
        kind: str | None = None,
        bbox: BBox | None = None,
        after: str = "",
        limit: int | None = None,
    ) -> Iterator[ArchiveObject]:
        """Objects in order of their ids: all, or those of a chantier, of a kind, in a box (EPSG:2154)."""
        conditions, values = ["id > ?"], [after]
        for column, value in (("chantier", chantier), ("kind", kind)):
            if value is not None:
                conditions.append(f"{column} = ?")
                values.append(value)
        if bbox is not None:
            conditions.append("xmin <= ? AND xmax >= ? AND ymin <= ? AND ymax >= ?")
            values += [bbox.xmax, bbox.xmin, bbox.ymax, bbox.ymin]  # type: ignore[list-item]
        text = f"SELECT * FROM object WHERE {' AND '.join(conditions)} ORDER BY id LIMIT ?"  # noqa: S608
        for row in self._db.execute(text, (*values, -1 if limit is None else limit)):
            yield ArchiveObject(**dict(row))

    def count(self, table: str = "object") -> int:
        """How many rows `object`, `copy` or `bag` has."""
        if table not in ("object", "copy", "bag", "event"):
            raise ValueError(table)
        return int(self._db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608

    def summary(self) -> list[tuple[str, str, int, int]]:
        """Chantier, kind, objects and bytes of each kind of each chantier, in order."""
        rows = self._db.execute(
            "SELECT chantier, kind, count(*), sum(bytes) FROM object GROUP BY 1, 2 ORDER BY 1, 2"
        )
        return [tuple(row) for row in rows]

    def tallies(self) -> Sequence[Tally]:
        """What each chantier has in all, as a few rows, in order."""
        return tallies(self._db)

    def shelved(self, target: str) -> dict[str, int]:
        """Good copies on a target by chantier, of those that have one."""
        return shelved(self._db, target)

    def chantiers(self, target: str) -> list[str]:
        """The chantiers of which some object has a copy on a target."""
        rows = self._db.execute(
            "SELECT DISTINCT chantier FROM copy JOIN object ON object.id = copy.object WHERE target = ? "
            "ORDER BY 1",
            (target,),
        )
        return [row[0] for row in rows]

    def by_sha256(self, sha256: str) -> ArchiveObject | None:
        """An object with these bytes."""
        row = self._db.execute("SELECT * FROM object WHERE sha256 = ? LIMIT 1", (sha256,)).fetchone()
        return None if row is None else ArchiveObject(**dict(row))

    # copies -------------------------------------------------------------------------------------------

    def put_copies(self, copies: Iterable[Copy]) -> None:
        """The copies are as given, in place of what was known of their keys."""
        with self.transaction():
            self._db.executemany(upsert("copy", Copy, ("target", "key")), map(astuple, copies))

    def copies(self, identifier: str) -> list[Copy]:
        """The copies of an object, by target."""
        rows = self._db.execute("SELECT * FROM copy WHERE object = ? ORDER BY target, key", (identifier,))
        return [Copy(**dict(row)) for row in rows]

    def good_copies(self, identifier: str) -> list[Copy]:
        """Those of which no fault is known, the one proved last first."""
        rows = self._db.execute(
            f"SELECT * FROM copy WHERE object = ? AND state IN {GOOD} ORDER BY verified_at DESC, target",  # noqa: S608
            (identifier,),
        )
        return [Copy(**dict(row)) for row in rows]

    def copy(self, target: str, key: str) -> Copy | None:
        """The copy under a key of a target."""
        row = self._db.execute("SELECT * FROM copy WHERE target = ? AND key = ?", (target, key)).fetchone()
        return None if row is None else Copy(**dict(row))

    def forget(self, copies: Iterable[tuple[str, str]]) -> None:
        """These copies (target, key) are no more."""
        with self.transaction():
            self._db.executemany("DELETE FROM copy WHERE target = ? AND key = ?", copies)

    def mark(self, copies: Iterable[tuple[str, str]], state: CopyState, at: str) -> None:
        """What a reading of these copies (target, key) found, and when."""
        with self.transaction():
            self._db.executemany(
                "UPDATE copy SET state = ?, verified_at = ? WHERE target = ? AND key = ?",
                [(state, at, *copy) for copy in copies],
            )

    def used(self, target: str) -> bool:
        """True when a copy was ever noted on a target, or the target marked as one."""
        found = self._db.execute(
            "SELECT 1 FROM copy WHERE target = ? UNION ALL "
            "SELECT 1 FROM event WHERE target = ? AND action = ? LIMIT 1",
            (target, target, MARKED),
        ).fetchone()
        return found is not None

    def due(self, target: str, before: str, now: str, *, pivot: str = "") -> Iterator[Held]:
        """Copies of a target last read before a time, or never: these first, then the oldest.

        They are looked up as they are asked for. With a `pivot`, a few hexadecimal digits, they are in order
        of their ids from there on: a sample, for an id has nothing to do with anything.
        """
        return sample(self._db, target, before, pivot) if pivot else due(self._db, target, before, now)

    def ahead(self, now: str) -> Iterator[Held]:
        """Copies that were made or read later than now: some clock was or is wrong."""
        select = (
            "SELECT target, key, NULL FROM copy WHERE verified_at > ? OR made_at > ? ORDER BY target, key"
        )
        return (one for one, _ in walk(self._db, select, (now, now)))

    def doubt(self, copies: Iterable[tuple[str, str]], now: str) -> None:
        """These copies (target, key) count as never read, and as made now."""
        with self.transaction():
            self._db.executemany(
                "UPDATE copy SET verified_at = NULL, made_at = min(made_at, ?) WHERE target = ? AND key = ?",
                [(now, *copy) for copy in copies],
            )

    def lacking(self, source: str, target: str) -> Iterator[Held]:
        """The copies of one target whose objects another has not, under the same keys, or not proved."""
        select = f"SELECT target, key, NULL FROM copy WHERE target = ? {_LACKING} ORDER BY key"  # noqa: S608
        return (one for one, _ in walk(self._db, select, (source, target)))

    def lacking_bytes(self, source: str, target: str) -> int:
        """How many bytes `lacking` has."""
        row = self._db.execute(
            "SELECT sum(object.bytes) FROM copy JOIN object ON object.id = copy.object "  # noqa: S608
            f"WHERE copy.target = ? {_LACKING}",
            (source, target),
        ).fetchone()
        return int(row[0] or 0)

    def held(self, target: str, key: str) -> Held | None:
        """A copy with its object."""
        return held(self._db, target, key)

    def faulty(self) -> Iterator[Held]:
        """Copies that were found to be no copies, by target and key."""
        select = f"SELECT target, key, NULL FROM copy WHERE state NOT IN {GOOD} ORDER BY target, key"  # noqa: S608
        return (held for held, _ in walk(self._db, select))

    def expired(self, now: str) -> Iterator[Held]:
        """Restored copies whose time is over."""
        select = "SELECT target, key, NULL FROM copy WHERE expires_at < ? ORDER BY target, key"
        return (held for held, _ in walk(self._db, select, (now,)))

    def total_bytes(self, targets: Iterable[str]) -> int:
        """Bytes of all copies on these targets."""
        known = self.volumes()
        return sum(known[name][1] for name in targets if name in known)

    def volumes(self) -> dict[str, tuple[int, int]]:
        """Copies and bytes on each target."""
        rows = self._db.execute(
            f"SELECT target, count(*), sum(bytes) FROM {_BY_OBJECT} "  # noqa: S608
            f"WHERE copy.state IN {GOOD} GROUP BY target ORDER BY target"
        )
        return {row[0]: (row[1], row[2]) for row in rows}

    def holdings(self) -> list[tuple[str, str, str, int, int]]:
        """Target, chantier, edition, copies and bytes of what is kept, in order."""
        rows = self._db.execute(
            f"SELECT target, chantier, edition, count(*), sum(bytes) FROM {_BY_OBJECT} "  # noqa: S608
            f"WHERE copy.state IN {GOOD} "
            "GROUP BY target, chantier, edition ORDER BY target, chantier, edition"
        )
        return [tuple(row) for row in rows]

    def standings(self, places: Mapping[str, tuple[str, bool]]) -> Iterator[Standing]:
        """How each object stands, in order of ids. `places` has medium and whether it is off site, by target.

        Copies count once per target, and only on targets of `places`; what is to expire does not count.
        """
        self._db.execute("DELETE FROM temp.place")
        self._db.executemany(
            "INSERT INTO temp.place VALUES (?, ?, ?)",
            [(name, medium, int(offsite)) for name, (medium, offsite) in places.items()],
        )
        good = f"copy.state IN {GOOD} AND copy.verified_at IS NOT NULL AND copy.expires_at IS NULL"
        rows = self._db.execute(
            "SELECT object.*, "  # noqa: S608  words of ours
            f"count(DISTINCT CASE WHEN {good} THEN place.name END) AS n_copies, "
            f"count(DISTINCT CASE WHEN {good} THEN place.medium END) AS n_media, "
            f"count(DISTINCT CASE WHEN {good} AND place.offsite THEN place.name END) AS n_offsite, "
            f"count(CASE WHEN copy.state NOT IN {GOOD} THEN 1 END) AS n_faulty, "
            "CASE WHEN count(copy.key) = count(copy.verified_at) THEN min(copy.verified_at) END AS oldest "
            "FROM object LEFT JOIN copy ON copy.object = object.id "
            "LEFT JOIN temp.place ON place.name = copy.target GROUP BY object.id ORDER BY object.id"
        )
        for row in rows:
            told = dict(row)
            counts = [told.pop(name) for name in ("n_copies", "n_media", "n_offsite", "n_faulty", "oldest")]
            yield Standing(ArchiveObject(**told), *counts)

    # log ----------------------------------------------------------------------------------------------

    def log(self, events: Iterable[Event]) -> None:
        """More lines of the log."""
        with self.transaction():
            self._db.executemany(insert("event", Event), map(astuple, events))

    def events(self, last: int = 100) -> list[Event]:
        """The last lines of the log, oldest first."""
        rows: Sequence[Any] = self._db.execute(
            "SELECT at, action, target, key, object, detail FROM event ORDER BY seq DESC LIMIT ?", (last,)
        ).fetchall()
        return [Event(*row) for row in reversed(rows)]
