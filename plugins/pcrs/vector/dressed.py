"""A GeoPackage that opens dressed: its layers, their QGIS styles, a QGIS project, and the lisez-moi."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from pcrs.vector.gdal_files import Table, write_geopackage
from pcrs.vector.qgs import project
from pcrs.vector.qml import qml
from pcrs.vector.sheets import Extract
from pcrs.vector.styles import CONTENTS, add_styles

NOTICE = "lisez_moi"
_TABLES = """
CREATE TABLE lisez_moi (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, texte TEXT);
CREATE TABLE qgis_projects (name TEXT PRIMARY KEY, metadata BLOB, content BLOB);
"""


def write_dressed(path: Path, extract: Extract) -> int:
    """The extract is a GeoPackage at `path`, when it is whole; returns how many rows its layers have.

    Table `layer_styles` holds the default style of each layer, as QGIS reads it; table `lisez_moi` the
    notice, a line a row; the project `pcrs` all layers in the order in which a plan is drawn.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as held:
        part = Path(held) / "part.gpkg"
        tables = write_geopackage(part, extract)
        with closing(sqlite3.connect(part, isolation_level=None)) as db:
            db.execute("BEGIN")
            _dress(db, path.name, extract, tables)
            db.execute("COMMIT")
        part.replace(path)
    return sum(table.sheet.count for table in tables)


def _dress(db: sqlite3.Connection, name: str, extract: Extract, tables: Sequence[Table]) -> None:
    add_styles(
        db, [(table.name, qml(table.sheet), table.sheet.title) for table in tables if table.geometry_type]
    )
    for statement in _TABLES.split(";"):
        db.execute(statement)
    for table in tables:
        title = table.sheet.title
        db.execute("UPDATE gpkg_contents SET description = ? WHERE table_name = ?", (title, table.name))
    db.executemany(
        "INSERT INTO lisez_moi (texte) VALUES (?)", ((line,) for line in extract.notice.split("\n"))
    )
    db.execute(CONTENTS, (NOTICE, NOTICE, "Lisez-moi : CRS, dates, avertissements"))
    metadata, content = project(name, extract, tables)
    db.execute("INSERT INTO qgis_projects VALUES ('pcrs', ?, ?)", (metadata, content))
