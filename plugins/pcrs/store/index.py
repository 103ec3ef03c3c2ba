"""The index: deliveries, their files, every version of every dalle, and the slabs still to be built.

One SQLite file in WAL mode, written by one `pcrs` at a time, read by any number. It is the truth about what
was received and accepted; the `dalles` layer, the pyramid and the records are projections of it, made again
from it after an interruption.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

from pcrs.errors import NotFoundError
from pcrs.standard.crs import BBox
from pcrs.standard.grid import Slab
from pcrs.standard.names import unversioned
from pcrs.store.index_schema import STEPS
from pcrs.store.ledger import Ledger

State = Literal["reçue", "contrôlée", "acceptée", "publiée", "refusée"]
FileKind = Literal["raster", "vecteur", "autre"]
FileState = Literal["reçu", "conforme", "réserves", "refusé", "intégré"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery: a folder or a file, for one edition."""

    id: str
    path: str
    edition: str
    chantier: str
    state: State
    received_at: str
    decided_at: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DeliveredFile:
    """One file of a delivery; `name` is its path in the delivery, `facts` what its control measured."""

    delivery: str
    name: str
    kind: FileKind
    bytes: int
    sha256: str
    state: FileState
    findings: tuple[dict[str, Any], ...] = ()
    facts: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Dalle:
    """One accepted version of a dalle. Corner: north-west, metres, EPSG:2154. Higher ranks lie on top."""

    stem: str
    edition: str
    delivery: str
    chantier: str
    x_m: int
    y_m: int
    size_m: int
    acquired: str | None
    accepted: str
    precision: str
    sha256: str
    master_sha256: str
    master_bytes: int
    hot_sha256: str
    hot_bytes: int
    hot_md5: str = ""
    """Empty for a dalle that was accepted before it was noted."""
    retired: str = ""
    """Date from which on nothing shows it, and its compressed file is let go; its master stays."""
    rank: int = 0

    @property
    def bbox(self) -> BBox:
        """Box on the ground, EPSG:2154, metres."""
        return BBox(self.x_m, self.y_m - self.size_m, self.x_m + self.size_m, self.y_m)


class Index(Ledger):
    """The index of one site. Not shared between threads: open one where it is needed."""

    def __init__(self, file: Path) -> None:
        super().__init__(file, STEPS, "the index of a site")

    # deliveries ---------------------------------------------------------------------------------------

    def add_delivery(self, delivery: Delivery, files: Iterable[DeliveredFile]) -> None:
        """A new delivery with its files, in one transaction; one that is known already stays as it is."""
        with self.transaction():
            if self._db.execute("SELECT 1 FROM delivery WHERE id=?", (delivery.id,)).fetchone():
                return
            self._insert("delivery", delivery)
            for file in files:
                self._db.execute(
                    "INSERT INTO delivery_file (delivery, name, kind, bytes, sha256, state) "
                    "VALUES (?, ?, ?, ?, ?, ?)",
                    (file.delivery, file.name, file.kind, file.bytes, file.sha256, file.state),
                )

    def delivery(self, identifier: str) -> Delivery:
        """The delivery of that id.

        Raises:
            NotFoundError: there is none.
        """
        row = self._db.execute("SELECT * FROM delivery WHERE id=?", (identifier,)).fetchone()
        if row is None:
            raise NotFoundError(f"no delivery {identifier!r}: `pcrs deliveries` lists them")
        return Delivery(**dict(row))

    def deliveries(self) -> list[Delivery]:
        """Every delivery, oldest first."""
        rows = self._db.execute("SELECT * FROM delivery ORDER BY received_at, id")
        return [Delivery(**dict(row)) for row in rows]

    def set_state(self, identifier: str, state: State, *, at: str | None = None, reason: str = "") -> None:
        """The delivery's state, with the time and the reason of a decision."""
        self._db.execute(
            "UPDATE delivery SET state=?, decided_at=coalesce(?, decided_at), reason=? WHERE id=?",
            (state, at, reason, identifier),
        )

    def files(self, delivery: str) -> list[DeliveredFile]:
        """The files of a delivery, in order of their names."""
        rows = self._db.execute("SELECT * FROM delivery_file WHERE delivery=? ORDER BY name", (delivery,))
        return [
            DeliveredFile(
                row["delivery"],
                row["name"],
                row["kind"],
                row["bytes"],
                row["sha256"],
                row["state"],
                tuple(json.loads(row["findings"])),
                json.loads(row["facts"]),
            )
            for row in rows
        ]

    def set_file(
        self,
        file: DeliveredFile,
        state: FileState,
        *,
        findings: Iterable[dict[str, Any]] | None = None,
        facts: dict[str, Any] | None = None,
    ) -> None:
        """What a step found out about a file; what is None stays."""
        self._db.execute(
            "UPDATE delivery_file SET state=?, findings=coalesce(?, findings), facts=coalesce(?, facts) "
            "WHERE delivery=? AND name=?",
            (
                state,
                None if findings is None else json.dumps(list(findings), ensure_ascii=False),
                None if facts is None else json.dumps(facts, ensure_ascii=False),
                file.delivery,
                file.name,
            ),
        )

    # dalles -------------------------------------------------------------------------------------------

    def dalle(self, edition: str, stem: str) -> Dalle | None:
        """The accepted version of a dalle in an edition, if there is one."""
        row = self._db.execute("SELECT * FROM dalle WHERE edition=? AND stem=?", (edition, stem)).fetchone()
        return None if row is None else Dalle(**dict(row))

    def versions(self, edition: str, stem: str) -> list[Dalle]:
        """The versions of a dalle that an edition has accepted, oldest first; `stem` is its plain name."""
        rows = self._db.execute(
            "SELECT * FROM dalle WHERE edition = ? AND (stem = ? OR stem > ? AND stem < ?) ORDER BY rank",
            (edition, stem, f"{stem}_v", f"{stem}_w"),
        )
        return [Dalle(**dict(row)) for row in rows if unversioned(row["stem"]) == stem]

    def dalles(self, upto: str | None = None, *, within: BBox | None = None) -> list[Dalle]:
        """Every accepted version of the editions up to one (all by default), lowest rank first.

        A newer edition lies on top of an older one; within an edition, what was accepted last.

        Args:
            upto: the newest edition.
            within: only dalles that share an area with this box, EPSG:2154, metres.
        """
        box = tuple(within) if within else None
        rows = self._db.execute(
            "SELECT * FROM dalle WHERE (:upto IS NULL OR edition <= :upto) AND (:xmin IS NULL OR "
            "x_m < :xmax AND x_m + size_m > :xmin AND y_m - size_m < :ymax AND y_m > :ymin) "
            "ORDER BY edition, rank",
            {"upto": upto, **dict(zip(("xmin", "ymin", "xmax", "ymax"), box or (None,) * 4, strict=True))},
        )
        return [Dalle(**dict(row)) for row in rows]

    def extent(self, upto: str) -> BBox | None:
        """The box around the dalles of the editions up to one, EPSG:2154, metres; None without any."""
        row = self._db.execute(
            "SELECT min(x_m), min(y_m - size_m), max(x_m + size_m), max(y_m) FROM dalle WHERE edition <= ?",
            (upto,),
        ).fetchone()
        return None if row[0] is None else BBox(*row)

    def newest(self, upto: str) -> int:
        """The highest rank of the editions up to one; 0 without any."""
        row = self._db.execute("SELECT coalesce(max(rank), 0) FROM dalle WHERE edition <= ?", (upto,))
        return int(row.fetchone()[0])

    def unpublished(self) -> list[Dalle]:
        """The dalles of deliveries that were accepted and are not published yet, lowest rank first."""
        rows = self._db.execute(
            "SELECT dalle.* FROM delivery JOIN dalle ON dalle.delivery = delivery.id "
            "WHERE state <> 'publiée' ORDER BY edition, rank"
        )
        return [Dalle(**dict(row)) for row in rows]

    def footprints(self) -> int:
        """On how many squares a dalle lies: as many as there are current dalles."""
        row = self._db.execute("SELECT count(*) FROM (SELECT DISTINCT x_m, y_m, size_m FROM dalle)")
        return int(row.fetchone()[0])

    def shown(self, upto: str) -> list[Dalle]:
        """As `dalles`, without retired ones, nor those whose slabs are still being built."""
        rows = self._db.execute(
            "SELECT dalle.* FROM dalle JOIN delivery ON delivery.id = dalle.delivery "
            "WHERE dalle.edition <= ? AND retired = '' "
            "AND (state = 'publiée' OR NOT EXISTS (SELECT 1 FROM slab_todo)) "
            "ORDER BY dalle.edition, rank",
            (upto,),
        )
        return [Dalle(**dict(row)) for row in rows]

    def shown_mark(self) -> tuple[int, ...]:
        """Changes when `shown` may give something else. Costs 20 µs: dalles come and retire, no more."""
        row = self._db.execute(
            "SELECT coalesce((SELECT max(rank) FROM dalle), 0), EXISTS (SELECT 1 FROM slab_todo), "
            "(SELECT count(*) FROM delivery WHERE state = 'publiée'), "
            "(SELECT count(*) FROM dalle WHERE retired <> '')"
        ).fetchone()
        return tuple(row)

    def editions(self) -> list[str]:
        """Editions that have an accepted dalle, oldest first."""
        return [row[0] for row in self._db.execute("SELECT DISTINCT edition FROM dalle ORDER BY edition")]

    def accept(self, dalles: Iterable[Dalle], todo: Iterable[tuple[str, Slab]]) -> None:
        """New dalles and the slabs that they change: to be called inside `transaction`."""
        for dalle in dalles:
            self._insert("dalle", dalle, without=("rank",))
        self._db.executemany(
            "INSERT OR IGNORE INTO slab_todo VALUES (?, ?, ?, ?)",
            [(edition, *slab) for edition, slab in todo],
        )

    def retire(self, dalle: Dalle, day: str) -> None:
        """The dalle is shown no more; its compressed file may go."""
        self._db.execute("UPDATE dalle SET retired=? WHERE rank=?", (day, dalle.rank))

    def set_hot(self, dalle: Dalle, sha256: str, size: int, md5: str) -> None:
        """The compressed file of a dalle has these bytes now."""
        self._db.execute(
            "UPDATE dalle SET hot_sha256=?, hot_bytes=?, hot_md5=? WHERE edition=? AND stem=?",
            (sha256, size, md5, dalle.edition, dalle.stem),
        )

    def _insert(self, table: str, value: Delivery | Dalle, without: tuple[str, ...] = ()) -> None:
        names = [field.name for field in fields(value) if field.name not in without]
        marks = ", ".join("?" * len(names))
        self._db.execute(
            f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})",  # noqa: S608  names of our fields
            [getattr(value, name) for name in names],
        )

    # work lists ---------------------------------------------------------------------------------------

    def todo(self) -> list[tuple[str, Slab]]:
        """Slabs to build: older editions first, then finest levels first."""
        rows = self._db.execute("SELECT * FROM slab_todo ORDER BY edition, level DESC, row, col")
        return [(row["edition"], Slab(row["level"], row["col"], row["row"])) for row in rows]

    def to_build(self) -> int:
        """How many slabs are still to be built."""
        return int(self._db.execute("SELECT count(*) FROM slab_todo").fetchone()[0])

    def done(self, slabs: Mapping[str, Iterable[Slab]]) -> None:
        """These slabs, by edition, are in place, and are still to be listed."""
        found = [(edition, *slab) for edition, those in slabs.items() for slab in those]
        with self.transaction():
            self._db.executemany("INSERT OR IGNORE INTO slab_unlisted VALUES (?, ?, ?, ?)", found)
            self._db.executemany(
                "DELETE FROM slab_todo WHERE edition=? AND level=? AND col=? AND row=?", found
            )

    def unlisted(self) -> dict[str, list[Slab]]:
        """Slabs whose change the lists do not tell yet, by edition, oldest first."""
        found: dict[str, list[Slab]] = {}
        for edition, *slab in self._db.execute(
            "SELECT * FROM slab_unlisted ORDER BY edition, level, row, col"
        ):
            found.setdefault(edition, []).append(Slab(*slab))
        return found

    def listed(self, edition: str) -> None:
        """The list of this edition's pyramid tells of all its slabs."""
        self._db.execute("DELETE FROM slab_unlisted WHERE edition=?", (edition,))

    def known_hash(self, path: str, size: int, mtime_ns: int) -> str | None:
        """The sha256 read earlier from a file that has not changed since."""
        row = self._db.execute(
            "SELECT sha256 FROM file_hash WHERE path=? AND bytes=? AND mtime_ns=?", (path, size, mtime_ns)
        ).fetchone()
        return None if row is None else str(row[0])

    def remember_hash(self, path: str, size: int, mtime_ns: int, sha256: str) -> None:
        """The sha256 of a file, so that a delivery is read once for it."""
        self._db.execute("REPLACE INTO file_hash VALUES (?, ?, ?, ?)", (path, size, mtime_ns, sha256))
