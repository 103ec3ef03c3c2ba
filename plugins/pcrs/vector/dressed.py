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

NOTICE = "lisez_moi"
_STYLES = """
CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256), f_table_schema TEXT(256),
  f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
  useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30),
  update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);
CREATE TABLE lisez_moi (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, texte TEXT);
CREATE TABLE qgis_projects (name TEXT PRIMARY KEY, metadata BLOB, content BLOB);
"""
_STYLE = (
    "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName, "
    "styleQML, styleSLD, useAsDefault, description) VALUES ('', '', ?, 'geom', 'PCRS', ?, '', 1, ?)"
)
_CONTENTS = (
    "INSERT INTO gpkg_contents (table_name, data_type, identifier, description) "
    "VALUES (?, 'attributes', ?, ?)"
)


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
    for statement in _STYLES.split(";"):
        db.execute(statement)
    for table in tables:
        title = table.sheet.title
        if table.geometry_type:
            db.execute(_STYLE, (table.name, qml(table.sheet), title))
        db.execute("UPDATE gpkg_contents SET description = ? WHERE table_name = ?", (title, table.name))
    db.executemany(
        "INSERT INTO lisez_moi (texte) VALUES (?)", ((line,) for line in extract.notice.split("\n"))
    )
    db.execute(_CONTENTS, (NOTICE, NOTICE, "Lisez-moi : CRS, dates, avertissements"))
    db.execute(_CONTENTS, ("layer_styles", "layer_styles", "Styles QGIS des couches"))
    metadata, content = project(name, extract, tables)
    db.execute("INSERT INTO qgis_projects VALUES ('pcrs', ?, ?)", (metadata, content))
