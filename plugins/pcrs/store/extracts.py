"""The files of communes that are kept for download: what each is, and which state of the objects it has.

A table of its own in the index's file, so that whoever follows the index sees it change.
"""

import sqlite3
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from pcrs.errors import StoreError
from pcrs.standard.crs import BBox

_TABLE = """
CREATE TABLE IF NOT EXISTS extract_file (
    name TEXT PRIMARY KEY, commune TEXT NOT NULL, format TEXT NOT NULL, epsg INTEGER NOT NULL,
    octets INTEGER NOT NULL, md5 TEXT NOT NULL, fingerprint TEXT NOT NULL, objects INTEGER NOT NULL,
    updated TEXT NOT NULL, west REAL NOT NULL, south REAL NOT NULL, east REAL NOT NULL, north REAL NOT NULL,
    rank INTEGER NOT NULL
) STRICT, WITHOUT ROWID
"""


@dataclass(frozen=True, slots=True)
class ExtractFile:
    """One file. Sides of its box: EPSG:2154, metres."""

    name: str
    commune: str
    """INSEE code."""
    format: str
    """`gml`, `gpkg`, `dxf`."""
    epsg: int
    octets: int
    md5: str
    fingerprint: str
    """Tells one state of the objects from another."""
    objects: int
    updated: str
    """ISO 8601, UTC: when its objects were found to have changed."""
    west: float
    south: float
    east: float
    north: float

    @property
    def bbox(self) -> BBox:
        """Where its objects are."""
        return BBox(self.west, self.south, self.east, self.north)

    @property
    def place(self) -> str:
        """Its address among the public files."""
        return f"vecteur/par-commune/{self.format}/{self.name}"


_COLUMNS = ", ".join(field.name for field in fields(ExtractFile))


class Extracts:
    """The table, in the index's file. Not shared between threads."""

    def __init__(self, file: Path) -> None:
        self._db = sqlite3.connect(file, isolation_level=None, timeout=30)
        try:
            self._db.execute(_TABLE)
        except sqlite3.Error as error:
            self._db.close()
            raise StoreError(f"{file} cannot be read: {error}") from error

    def close(self) -> None:
        """The file is released."""
        self._db.close()

    def all(self) -> list[ExtractFile]:
        """Every file, by format and name."""
        rows = self._db.execute(f"SELECT {_COLUMNS} FROM extract_file ORDER BY format, name")  # noqa: S608
        return [ExtractFile(*row) for row in rows]

    def put(self, file: ExtractFile) -> None:
        """The file is known, in place of the one of its name."""
        marks = ", ".join("?" * len(fields(ExtractFile)))
        self._db.execute(
            f"INSERT OR REPLACE INTO extract_file ({_COLUMNS}, rank) VALUES "  # noqa: S608  names of our fields
            f"({marks}, (SELECT coalesce(max(rank), 0) + 1 FROM extract_file))",
            astuple(file),
        )

    def remove(self, names: Iterable[str]) -> None:
        """The files are known no longer."""
        self._db.executemany("DELETE FROM extract_file WHERE name = ?", [(name,) for name in names])

    def mark(self) -> tuple[int, int]:
        """Changes when `all` may give something else."""
        row = self._db.execute("SELECT count(*), coalesce(max(rank), 0) FROM extract_file").fetchone()
        return int(row[0]), int(row[1])
