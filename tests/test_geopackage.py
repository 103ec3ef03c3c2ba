"""The GeoPackage: the contract of stores, and what GDAL and other writers find in the file."""

import multiprocessing
import sqlite3
import struct
from contextlib import closing

import numpy as np
import pyogrio
import pytest
import shapely

from pcrs.errors import InputError, StoreError
from pcrs.store import open_store
from pcrs.store.base import Query
from pcrs.store.geopackage import GeoPackage
from pcrs.store.gpkg_geometry import decode, encode, envelope
from pcrs.store.gpkg_naming import naming
from pcrs.store.limits import TimeLimit
from pcrs.work.layers import cnig_layer
from tests.contracts.filter_contract import FilterContract
from tests.contracts.store_contract import StoreContract
from tests.contracts.store_stock import COVERS, POINTS, WALLS, X0, Y0, wall


@pytest.fixture
def path(tmp_path):
    return tmp_path / "features.gpkg"


@pytest.fixture
def walls(path):
    store = GeoPackage(path)
    store.ensure(WALLS)
    store.put("MurPCRS", [wall(n, rang=n, dateLeve="2024-05-06", pointLeve=["#p"]) for n in range(10)])
    yield store
    store.close()


class TestGeoPackage(StoreContract, FilterContract):
    @pytest.fixture
    def store(self, path):
        store = GeoPackage(path)
        yield store
        store.close()

    @pytest.fixture
    def limited(self, store, path):
        limited = GeoPackage(path, limit=TimeLimit(0.5))
        yield limited
        limited.close()


def test_gdal_reads_layers_fields_geometry_and_crs(walls, path):
    walls.ensure(POINTS)
    assert sorted(name for name, _ in pyogrio.list_layers(path)) == ["MurPCRS", "PointLevePCRS"]
    info = pyogrio.read_info(path, "MurPCRS")
    assert (info["crs"], info["features"], info["fid_column"]) == ("EPSG:2154", 10, "fid")
    assert dict(zip(info["fields"], info["ogr_types"], strict=True)) == {
        "gml_id": "OFTString",
        "typeMur": "OFTString",
        "dateLeve": "OFTDate",
        "pointLeve": "OFTString",
        "hauteur": "OFTReal",
        "rang": "OFTInteger64",
        "visible": "OFTInteger",
        "valid_from": "OFTDateTime",
    }
    assert info["geometry_type"] == "LineString Z"
    _, _, geometries, values = pyogrio.raw.read(path, "MurPCRS", columns=["gml_id"])
    assert list(values[0]) == [f"w{n}" for n in range(10)]
    assert shapely.equals_identical(shapely.from_wkb(geometries[3]), wall(3)[1])


def test_gdal_uses_the_spatial_index(walls, path):
    assert pyogrio.read_info(path, "MurPCRS")["capabilities"]["fast_spatial_filter"]
    box = (X0 + 95, Y0, X0 + 205, Y0 + 1)
    assert list(pyogrio.raw.read(path, "MurPCRS", columns=["gml_id"], bbox=box)[3][0]) == ["w1", "w2"]


def test_gdal_sees_a_table_without_geometry(path):
    store = GeoPackage(path)
    store.ensure(COVERS)
    store.put("AffleurantPCRS", [("a", None, {"nature": "01"})])
    assert pyogrio.list_layers(path).tolist() == [["AffleurantPCRS", None]]
    store.close()


def test_what_another_writer_changes_is_indexed_counted_and_a_new_revision(walls, path):
    before = walls.revision()
    moved = shapely.Point(X0, Y0)
    pyogrio.raw.write(
        path,
        np.array([shapely.to_wkb(shapely.LineString([(X0, Y0 - 500), (X0, Y0 - 400)]))], dtype=object),
        [np.array(["drawn"], dtype=object)],
        ["gml_id"],
        layer="MurPCRS",
        driver="GPKG",
        geometry_type="LineString",
        crs="EPSG:2154",
        append=True,
    )
    assert walls.revision() != before
    assert walls.count("MurPCRS", Query()) == 11
    page = walls.query("MurPCRS", Query(within=moved.buffer(450)))
    assert "drawn" in [row.id for row in page.rows]


def test_the_file_says_what_a_geopackage_must_say(walls, path):
    walls.close()
    connection = sqlite3.connect(path)
    try:
        assert path.read_bytes()[68:72] == b"GPKG"
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        srs = {row[0] for row in connection.execute("SELECT srs_id FROM gpkg_spatial_ref_sys")}
        assert srs >= {-1, 0, 4326, 2154}
        (contents,) = connection.execute("SELECT table_name, data_type, srs_id FROM gpkg_contents").fetchall()
        assert contents == ("MurPCRS", "features", 2154)
        columns = connection.execute("SELECT * FROM gpkg_geometry_columns").fetchall()
        assert columns == [("MurPCRS", "geom", "LINESTRING", 2154, 2, 0)]
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        extended = {row[0] for row in connection.execute("SELECT table_name FROM gpkg_extensions")}
        assert extended <= tables
        titles = dict(connection.execute("SELECT column_name, title FROM gpkg_data_columns"))
        assert titles["typeMur"] == "Type de mur"
    finally:
        connection.close()


def test_the_index_has_one_entry_for_each_geometry(walls, path):
    walls.put("MurPCRS", [("none", None, {}), ("w1", None, {})])
    walls.remove("MurPCRS", ["w2"])
    walls.close()
    connection = sqlite3.connect(path)
    try:
        with_geometry = connection.execute('SELECT fid FROM "MurPCRS" WHERE geom IS NOT NULL ORDER BY fid')
        indexed = connection.execute('SELECT id FROM "rtree_MurPCRS_geom" ORDER BY id')
        assert with_geometry.fetchall() == indexed.fetchall()
        assert connection.execute("SELECT feature_count FROM gpkg_ogr_contents").fetchall() == [(10,)]
    finally:
        connection.close()


def test_blobs_keep_every_geometry_and_carry_its_envelope():
    shapes = [
        shapely.Point(X0, Y0, 3),
        shapely.LineString([(X0, Y0), (X0 + 1, Y0 - 2)]),
        shapely.MultiPolygon([shapely.box(0, 0, 1, 1)]),
        shapely.GeometryCollection([shapely.Point(1, 2, 3), shapely.box(5, 5, 6, 7)]),
        shapely.Point(),
        None,
    ]
    blobs = encode(shapes)
    assert all(shapely.equals_identical(a, b) for a, b in zip(decode(blobs)[:-1], shapes[:-1], strict=True))
    assert blobs[-1] is decode(blobs)[-1] is None
    assert envelope(blobs[1]) == (X0, X0 + 1, Y0 - 2, Y0)
    assert envelope(blobs[3]) == (1, 6, 2, 7)
    assert envelope(blobs[4]) is None


@pytest.mark.parametrize("indicator", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("order", ["<", ">"])
def test_blobs_of_other_writers_are_read(indicator, order):
    point = shapely.Point(X0, Y0, 3)
    numbers = (X0, X0, Y0, Y0, 3.0, 3.0, 0.0, 0.0)[: (0, 4, 6, 6, 8)[indicator]]
    header = b"GP\0" + bytes([indicator << 1 | (order == "<")]) + struct.pack(f"{order}i", 2154)
    blob = header + struct.pack(f"{order}{len(numbers)}d", *numbers) + shapely.to_wkb(point, flavor="iso")
    assert shapely.equals_identical(decode([blob])[0], point)
    assert envelope(blob) == (X0, X0, Y0, Y0)


def test_a_read_only_store_reads_and_does_not_write(walls, path):
    reader = GeoPackage(path, read_only=True)
    assert reader.count("MurPCRS", Query()) == 10
    walls.put("MurPCRS", [wall(11)])
    assert reader.count("MurPCRS", Query()) == 11
    with pytest.raises(StoreError, match="readonly"):
        reader.put("MurPCRS", [wall(12)])
    reader.close()


def test_files_that_are_no_store_are_refused(tmp_path, path):
    with pytest.raises(StoreError, match="pcrs init"):
        GeoPackage(path, read_only=True)
    with pytest.raises(StoreError, match="unable to open"):
        GeoPackage(tmp_path / "absent" / "features.gpkg")
    path.write_bytes(b"not a database, but long enough to be taken for one" * 100)
    with pytest.raises(StoreError, match="not a database"):
        GeoPackage(path)
    other = tmp_path / "other.db"
    connection = sqlite3.connect(other)
    connection.execute("CREATE TABLE t (a)")
    connection.close()
    with pytest.raises(StoreError, match="another kind"):
        GeoPackage(other)
    foreign = tmp_path / "foreign.gpkg"
    pyogrio.raw.write(
        foreign,
        np.array([shapely.to_wkb(shapely.Point(1, 2))], dtype=object),
        [np.array([1])],
        ["a"],
        driver="GPKG",
        geometry_type="Point",
        crs="EPSG:2154",
    )
    with pytest.raises(StoreError, match="not made by pcrs"):
        GeoPackage(foreign)


def test_a_fork_opens_its_own_connections(walls):
    assert walls.count("MurPCRS", Query()) == 10
    fork = multiprocessing.get_context("fork")
    queue = fork.SimpleQueue()
    child = fork.Process(target=lambda: queue.put((walls.put("MurPCRS", [wall(40)]), len(walls.layers()))))
    child.start()
    child.join(30)
    assert queue.get() == (1, 1)
    assert walls.count("MurPCRS", Query()) == 11


def test_stores_are_opened_once_by_address(path):
    url = f"gpkg://{path}"
    assert open_store(url) is open_store(url)
    open_store(url).close()
    for bad in ("gpkg://relative.gpkg", "mysql:///a", "gpkg:a.gpkg", ""):
        with pytest.raises(InputError, match="gpkg:///absolute"):
            open_store(bad)


def test_what_shows_an_object_is_found_by_an_index(path):
    layer = cnig_layer("AffleurantGeometriquePCRS")
    with closing(GeoPackage(path)) as store:
        store.ensure(layer)
    found_in = naming(layer, "point", ["#p1"])
    with closing(sqlite3.connect(path)) as connection:
        plan = connection.execute(f"EXPLAIN QUERY PLAN SELECT fid{found_in.text}", found_in.values)
        steps = [step for *_, step in plan if "AffleurantGeometriquePCRS" in step]
    assert len(steps) == 6
    assert all("USING" in step for step in steps)


def test_a_store_of_the_first_version_is_brought_up(walls, path):
    walls.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute('ALTER TABLE "MurPCRS" DROP COLUMN valid_from')
        number = "SELECT id FROM gpkg_metadata WHERE md_standard_uri = 'urn:pcrs:version'"
        connection.execute(f"DELETE FROM gpkg_metadata_reference WHERE md_file_id IN ({number})")
        connection.execute("DELETE FROM gpkg_metadata WHERE md_standard_uri = 'urn:pcrs:version'")
        connection.commit()
    with pytest.raises(StoreError, match="pcrs status"):
        GeoPackage(path, read_only=True)
    for _ in range(2):
        store = GeoPackage(path)
        assert store.count("MurPCRS", Query(at="2000-01-01")) == 10
        with store.transaction(at="2024-01-01"):
            store.remove("MurPCRS", [row.id for row in store.query("MurPCRS", Query(limit=1)).rows])
        assert store.count("MurPCRS", Query(at="2023-12-31")) == 10
        store.close()
    assert GeoPackage(path, read_only=True).count("MurPCRS", Query()) == 8


def test_a_store_of_a_newer_version_is_refused(walls, path):
    walls.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "UPDATE gpkg_metadata SET metadata = '99' WHERE md_standard_uri = 'urn:pcrs:version'"
        )
        connection.commit()
    with pytest.raises(StoreError, match=r"newer pcrs .version 99.*upgrade"):
        GeoPackage(path)


def test_gdal_reads_former_versions_too(walls, path):
    with walls.transaction(at="2024-01-01"):
        walls.remove("MurPCRS", ["w1", "w2"])
    box = (X0 + 95, Y0, X0 + 105, Y0 + 1)
    info = pyogrio.read_info(path, "pcrs_history_MurPCRS")
    assert (info["features"], info["geometry_type"], info["crs"]) == (2, "LineString Z", "EPSG:2154")
    found = pyogrio.raw.read(path, "pcrs_history_MurPCRS", columns=["gml_id"], bbox=box)
    assert list(found[3][0]) == ["w1"]
