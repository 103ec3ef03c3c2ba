"""The tables of a GeoPackage: made, registered, indexed, widened."""

import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from importlib.resources import files

from pyproj import CRS

from pcrs.errors import StoreError
from pcrs.standard.crs import L93
from pcrs.standard.fields import Field, Kind
from pcrs.store.base import Layer
from pcrs.store.description import from_json, to_json, widened
from pcrs.store.gpkg_naming import create_indexes
from pcrs.store.history import former
from pcrs.store.migrations import Step, missing
from pcrs.store.statement import quoted

_APPLICATION_ID = 0x47504B47  # "GPKG"
_VERSION = 10300  # 1.3: GDAL 3.6 and QGIS 3.22 warn of a 1.4
SQL_TYPES: Mapping[Kind, str] = {
    "string": "TEXT",
    "integer": "INTEGER",
    "number": "DOUBLE",
    "date": "DATE",
    "datetime": "DATETIME",
    "boolean": "BOOLEAN",
    "list": "TEXT",
}
GEOMETRY_TYPES: Mapping[str, str] = {
    "Point": "POINT",
    "Curve": "LINESTRING",
    "Polygon": "POLYGON",
    "Surface": "POLYGON",
    "MultiPoint": "MULTIPOINT",
    "MultiCurve": "MULTILINESTRING",
    "MultiSurface": "MULTIPOLYGON",
    "Any": "GEOMETRY",
}
_NUMBER = "SELECT metadata FROM gpkg_metadata WHERE md_standard_uri = 'urn:pcrs:version'"
_RTREE = "http://www.geopackage.org/spec120/#extension_rtree"
_REVISION = (
    "SELECT metadata, (SELECT max(last_change) FROM gpkg_contents) FROM gpkg_metadata "
    "WHERE md_standard_uri = 'urn:pcrs:revision'"
)
# The triggers of the R-tree extension of GeoPackage 1.4, names and numbers included (6, 7 and 5 stand for the
# 1 and 3 of before, which an upsert breaks), and GDAL's two that count rows.
_TRIGGERS = """
CREATE TRIGGER {r_insert} AFTER INSERT ON {t} WHEN (NEW.geom NOT NULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN INSERT OR REPLACE INTO {r} VALUES (NEW.fid, {box}); END;
CREATE TRIGGER {r_update6} AFTER UPDATE OF geom ON {t} WHEN OLD.fid = NEW.fid
    AND (NEW.geom NOT NULL AND NOT ST_IsEmpty(NEW.geom)) AND (OLD.geom NOT NULL AND NOT ST_IsEmpty(OLD.geom))
BEGIN UPDATE {r} SET minx = ST_MinX(NEW.geom), maxx = ST_MaxX(NEW.geom),
    miny = ST_MinY(NEW.geom), maxy = ST_MaxY(NEW.geom) WHERE id = NEW.fid; END;
CREATE TRIGGER {r_update7} AFTER UPDATE OF geom ON {t} WHEN OLD.fid = NEW.fid
    AND (NEW.geom NOT NULL AND NOT ST_IsEmpty(NEW.geom)) AND (OLD.geom ISNULL OR ST_IsEmpty(OLD.geom))
BEGIN INSERT INTO {r} VALUES (NEW.fid, {box}); END;
CREATE TRIGGER {r_update2} AFTER UPDATE OF geom ON {t} WHEN OLD.fid = NEW.fid
    AND (NEW.geom ISNULL OR ST_IsEmpty(NEW.geom))
BEGIN DELETE FROM {r} WHERE id = OLD.fid; END;
CREATE TRIGGER {r_update5} AFTER UPDATE ON {t} WHEN OLD.fid != NEW.fid
    AND (NEW.geom NOT NULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN DELETE FROM {r} WHERE id = OLD.fid; INSERT OR REPLACE INTO {r} VALUES (NEW.fid, {box}); END;
CREATE TRIGGER {r_update4} AFTER UPDATE ON {t} WHEN OLD.fid != NEW.fid
    AND (NEW.geom ISNULL OR ST_IsEmpty(NEW.geom))
BEGIN DELETE FROM {r} WHERE id IN (OLD.fid, NEW.fid); END;
CREATE TRIGGER {r_delete} AFTER DELETE ON {t} WHEN OLD.geom NOT NULL
BEGIN DELETE FROM {r} WHERE id = OLD.fid; END;
"""
_COUNTERS = """
CREATE TRIGGER {insert} AFTER INSERT ON {t}
BEGIN UPDATE gpkg_ogr_contents SET feature_count = feature_count + 1 WHERE table_name = {name}; END;
CREATE TRIGGER {delete} AFTER DELETE ON {t}
BEGIN UPDATE gpkg_ogr_contents SET feature_count = feature_count - 1 WHERE table_name = {name}; END;
"""


def is_made(connection: sqlite3.Connection) -> bool:
    """True for a store of ours, False for an empty file.

    Raises:
        StoreError: it is something else.
    """
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not tables:
        return False
    if "gpkg_contents" not in tables:
        raise StoreError("the file is a database of another kind: give an empty place to the store")
    if "gpkg_metadata" not in tables or not connection.execute(_REVISION).fetchone():
        raise StoreError("this GeoPackage was not made by pcrs and cannot be its store: import its layers")
    return True


def version(connection: sqlite3.Connection) -> int:
    """The version of the store's tables; 0 for an empty file.

    Raises:
        StoreError: the file is something else.
    """
    if not is_made(connection):
        return 0
    row = connection.execute(_NUMBER).fetchone()
    return 1 if row is None else int(row[0])


def _create(connection: sqlite3.Connection) -> None:
    """The empty file is a GeoPackage without layers."""
    connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {_VERSION}")
    _run(connection, files("pcrs.store").joinpath("sql/geopackage.sql").read_text("utf-8"))
    rows = [
        ("Undefined Cartesian SRS", -1, "NONE", -1, "undefined"),
        ("Undefined geographic SRS", 0, "NONE", 0, "undefined"),
        *((CRS.from_epsg(c).name, c, "EPSG", c, CRS.from_epsg(c).to_wkt("WKT1_GDAL")) for c in (4326, L93)),
    ]
    connection.executemany("INSERT INTO gpkg_spatial_ref_sys VALUES (?, ?, ?, ?, ?, NULL)", rows)


def _date_objects(connection: sqlite3.Connection) -> None:
    """Objects say since when they are valid; the store says its version."""
    for name in layers(connection):
        connection.execute(f"ALTER TABLE {quoted(name)} ADD COLUMN valid_from DATETIME")
    made = connection.execute(
        "INSERT INTO gpkg_metadata (md_standard_uri, mime_type, metadata) "
        "VALUES ('urn:pcrs:version', 'text/plain', '2')"
    )
    connection.execute(
        "INSERT INTO gpkg_metadata_reference (reference_scope, md_file_id) VALUES ('geopackage', ?)",
        (made.lastrowid,),
    )


STEPS: tuple[Step[sqlite3.Connection], ...] = (_create, _date_objects)


def migrate(connection: sqlite3.Connection) -> None:
    """The store has the tables of this version: to be called in a transaction.

    Raises:
        StoreError: a newer pcrs wrote it.
    """
    for step in missing(version(connection), STEPS):
        step(connection)
    connection.execute(
        "UPDATE gpkg_metadata SET metadata = ? WHERE md_standard_uri = 'urn:pcrs:version'", (str(len(STEPS)),)
    )


def revision(connection: sqlite3.Connection) -> str:
    """The number of our last transaction, and the moment that any writer gave to its own."""
    number, moment = connection.execute(_REVISION).fetchone()
    return f"{number}-{moment or ''}"


def raise_revision(connection: sqlite3.Connection) -> None:
    """Our next number."""
    connection.execute(
        "UPDATE gpkg_metadata SET metadata = CAST(metadata AS INTEGER) + 1 "
        "WHERE md_standard_uri = 'urn:pcrs:revision'"
    )


def _run(connection: sqlite3.Connection, script: str) -> None:
    """Every statement of the script, in the transaction that is open (`executescript` would commit it)."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            connection.execute(statement)
            statement = ""


def layers(connection: sqlite3.Connection) -> dict[str, Layer]:
    """Every layer by its name, in the order of names."""
    found = {}
    for (text,) in connection.execute(
        "SELECT metadata FROM gpkg_metadata WHERE md_standard_uri = 'urn:pcrs:layer'"
    ):
        layer = from_json(text)
        found[layer.name] = layer
    return dict(sorted(found.items()))


def create_table(connection: sqlite3.Connection, layer: Layer) -> None:
    """The table of a new layer, registered, with its R-tree and triggers."""
    columns = ["fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL"]
    if layer.geometry is not None:
        columns.append(f"geom {GEOMETRY_TYPES[layer.geometry]}")
    columns += [_column(layer, field) for field in layer.fields]
    columns.append("valid_from DATETIME")
    table = quoted(layer.name)
    connection.execute(f"CREATE TABLE {table} ({', '.join(columns)})")
    _register(connection, layer)
    connection.execute("INSERT INTO gpkg_ogr_contents VALUES (?, 0)", (layer.name,))
    counters = {kind: quoted(counter_of(layer, kind)) for kind in ("insert", "delete")}
    _run(connection, _COUNTERS.format(t=table, name=f"'{layer.name}'", **counters))
    if layer.geometry is not None:
        _index_geometry(connection, layer, GEOMETRY_TYPES[layer.geometry])
    _index_time(connection, layer)
    create_indexes(connection, layer)
    _describe(connection, layer)


def rtree_of(layer: Layer) -> str:
    """The name of the R-tree of a layer; that of a trigger of its begins with it."""
    return f"rtree_{layer.name}_geom"


def counter_of(layer: Layer, event: str = "insert") -> str:
    """The name of the trigger that counts new rows of a layer, or those that go (`delete`)."""
    return f"trigger_{event}_feature_count_{layer.name}"


def _register(connection: sqlite3.Connection, layer: Layer) -> None:
    connection.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, srs_id) "
        "VALUES (?, ?, ?, ?, ?)",
        (layer.name, "features" if layer.geometry else "attributes", layer.name, layer.title, L93),
    )


def has_history(connection: sqlite3.Connection, layer: Layer) -> bool:
    """True when a former version of an object was kept."""
    text = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
    return connection.execute(text, (former(layer).name,)).fetchone() is not None


def ensure_history(connection: sqlite3.Connection, layer: Layer) -> None:
    """The table of former versions exists: it is made with the first one, since QGIS shows it."""
    if has_history(connection, layer):
        return
    kept = former(layer)
    columns = ["fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL", "object INTEGER NOT NULL"]
    if layer.geometry is not None:
        columns.append(f"geom {GEOMETRY_TYPES[layer.geometry]}")
    columns += [f"{quoted(field.name)} {SQL_TYPES[field.kind]}" for field in layer.fields]
    columns += ["valid_from DATETIME", "valid_to DATETIME NOT NULL"]
    connection.execute(f"CREATE TABLE {quoted(kept.name)} ({', '.join(columns)})")
    _register(connection, replace(kept, title=f"{layer.title} : versions antérieures"))
    if layer.geometry is not None:
        _index_geometry(connection, kept, GEOMETRY_TYPES[layer.geometry])


def _index_time(connection: sqlite3.Connection, layer: Layer) -> None:
    if layer.time_field is not None:
        index = quoted(f"index_{layer.name}_{layer.time_field}")
        column = f"{quoted(layer.name)} ({quoted(layer.time_field)})"
        connection.execute(f"CREATE INDEX IF NOT EXISTS {index} ON {column}")


def _column(layer: Layer, field: Field) -> str:
    unique = " NOT NULL UNIQUE" if field.name == layer.id_field else ""
    return f"{quoted(field.name)} {SQL_TYPES[field.kind]}{unique}"


def _index_geometry(connection: sqlite3.Connection, layer: Layer, geometry_type: str) -> None:
    rtree = rtree_of(layer)
    connection.execute(
        "INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', ?, ?, 2, 0)", (layer.name, geometry_type, L93)
    )
    connection.execute(
        "INSERT INTO gpkg_extensions VALUES (?, 'geom', 'gpkg_rtree_index', ?, 'write-only')",
        (layer.name, _RTREE),
    )
    connection.execute(f"CREATE VIRTUAL TABLE {quoted(rtree)} USING rtree(id, minx, maxx, miny, maxy)")
    kinds = ("insert", "update6", "update7", "update2", "update5", "update4", "delete")
    box = "ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)"
    names = {f"r_{kind}": quoted(f"{rtree}_{kind}") for kind in kinds}
    _run(connection, _TRIGGERS.format(t=quoted(layer.name), r=quoted(rtree), box=box, **names))


def widen(connection: sqlite3.Connection, old: Layer, new: Layer) -> Layer:
    """The layer with the fields of both, those that are new added to the table.

    Raises:
        ConflictError: geometry, id or a field's kind differ.
    """
    layer, added = widened(old, new)
    for field in added:
        connection.execute(f"ALTER TABLE {quoted(old.name)} ADD COLUMN {_column(new, field)}")
        if has_history(connection, old):
            connection.execute(f"ALTER TABLE {quoted(former(old).name)} ADD COLUMN {_column(new, field)}")
    _index_time(connection, layer)
    create_indexes(connection, layer)
    _describe(connection, layer)
    return layer


def _describe(connection: sqlite3.Connection, layer: Layer) -> None:
    """Titles where QGIS shows them as aliases, and the whole description in the metadata."""
    connection.executemany(
        "INSERT OR REPLACE INTO gpkg_data_columns (table_name, column_name, title, mime_type) "
        "VALUES (?, ?, ?, ?)",
        [
            (
                layer.name,
                field.name,
                field.title or None,
                "application/json" if field.kind == "list" else None,
            )
            for field in layer.fields
        ],
    )
    definition = to_json(layer)
    known = connection.execute(
        "UPDATE gpkg_metadata SET metadata = ? WHERE md_standard_uri = 'urn:pcrs:layer' "
        "AND id IN (SELECT md_file_id FROM gpkg_metadata_reference WHERE table_name = ?)",
        (definition, layer.name),
    )
    if known.rowcount:
        return
    made = connection.execute(
        "INSERT INTO gpkg_metadata (md_scope, md_standard_uri, mime_type, metadata) "
        "VALUES ('featureType', 'urn:pcrs:layer', 'application/json', ?)",
        (definition,),
    )
    connection.execute(
        "INSERT INTO gpkg_metadata_reference (reference_scope, table_name, md_file_id) "
        "VALUES ('table', ?, ?)",
        (layer.name, made.lastrowid),
    )
