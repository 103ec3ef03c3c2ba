"""The styles of a GeoPackage's layers in the table where QGIS looks for them."""

import sqlite3
from collections.abc import Iterable

_TABLE = """
CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256), f_table_schema TEXT(256),
  f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
  useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30),
  update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);
"""
_STYLE = (
    "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName, "
    "styleQML, styleSLD, useAsDefault, description) VALUES ('', '', ?, 'geom', 'PCRS', ?, '', 1, ?)"
)
CONTENTS = (
    "INSERT INTO gpkg_contents (table_name, data_type, identifier, description) "
    "VALUES (?, 'attributes', ?, ?)"
)
"""Registers a table without geometry: its name, identifier, description."""


def add_styles(db: sqlite3.Connection, styles: Iterable[tuple[str, str, str]]) -> None:
    """Each layer opens with its style: name of the layer, QML, title. In the transaction that is open."""
    db.execute(_TABLE)
    db.executemany(_STYLE, styles)
    db.execute(CONTENTS, ("layer_styles", "layer_styles", "Styles QGIS des couches"))
