"""The store of records: what goes in comes out, changes are whole, faults are told."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import pytest
from pycsw.core import repository

from pcrs.errors import InputError, NotFoundError, StoreError
from pcrs.publish.records import document, sheets
from pcrs.store.records import COLUMNS, RecordStore
from tests.catalogue import IDENTIFIERS, NOW, PUBLIC, filled, human, raster, vector

LATER = datetime(2027, 1, 1, tzinfo=UTC)
DOCUMENTS = {s.identifier: document(s, NOW) for s in sheets(human(), raster(), vector(), PUBLIC)}
RASTER = "PCRS_D046_RVB-0M05"


@pytest.fixture
def store(tmp_path):
    return RecordStore(tmp_path / "stores" / "records.db")


def row(path, identifier):
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        found = connection.execute("SELECT * FROM records WHERE identifier = ?", (identifier,)).fetchone()
    return dict(found)


def test_a_record_comes_back_as_it_was_put(store):
    assert store.put(DOCUMENTS[RASTER], inserted=NOW) == RASTER
    assert store.get(RASTER) == DOCUMENTS[RASTER]
    assert list(store.all()) == [(RASTER, DOCUMENTS[RASTER])]


def test_the_table_has_the_columns_that_pycsw_reads(tmp_path):
    assert len(COLUMNS) == 68
    filled(tmp_path / "records.db")
    assert tuple(row(tmp_path / "records.db", RASTER)) == COLUMNS


def test_pycsw_still_has_the_parts_that_are_mended():
    assert callable(repository.query_spatial)
    assert callable(repository.get_geometry_area)
    assert isinstance(repository.Repository, type)


@pytest.mark.parametrize(
    ("identifier", "column", "value"),
    [
        (RASTER, "type", "dataset"),
        (RASTER, "typename", "gmd:MD_Metadata"),
        (RASTER, "parentidentifier", "PCRS_D046"),
        (RASTER, "date_modified", "2026-11-23T10:00:00Z"),
        (RASTER, "insert_date", "2026-11-23T10:00:00Z"),
        (RASTER, "date_creation", "2025-09-30"),
        (RASTER, "time_begin", "2025-06-01"),
        (RASTER, "distancevalue", "0.05"),
        (RASTER, "format", "GeoTIFF"),
        (RASTER, "crs", "urn:ogc:def:crs:EPSG::2154"),
        (RASTER, "degree", "false"),
        (RASTER, "otherconstraints", "Licence Ouverte / Open Licence version 2.0 (Etalab)"),
        ("PCRS_D046_VECTEUR", "denominator", "200"),
        ("PCRS_D046_WMTS", "servicetype", "view"),
        ("PCRS_D046_WMTS", "operatesoname", "PCRS_D046_RVB,PCRS_D046_RVB_2022,PCRS_D046_RVB_2025"),
    ],
)
def test_a_record_can_be_searched_by(tmp_path, identifier, column, value):
    filled(tmp_path / "records.db")
    assert row(tmp_path / "records.db", identifier)[column] == value


def test_the_searched_box_is_as_fine_as_the_record_s(tmp_path):
    filled(tmp_path / "records.db")
    wkt = row(tmp_path / "records.db", RASTER)["wkt_geometry"]
    assert wkt.startswith("POLYGON((1.441710 44.418030, ")


def test_putting_again_replaces(store):
    store.put(DOCUMENTS[RASTER], inserted=NOW)
    other = DOCUMENTS[RASTER].replace("orthophotographie à 5 cm".encode(), b"image")
    store.put(other, inserted=LATER)
    assert list(store.all()) == [(RASTER, other)]


def test_replacing_keeps_what_is_the_same_and_drops_what_is_absent(store):
    store.replace(DOCUMENTS.values(), inserted=NOW)
    assert store.identifiers() == IDENTIFIERS
    kept = {name: xml for name, xml in DOCUMENTS.items() if name != "PCRS_D046_VECTEUR"}
    store.replace(kept.values(), inserted=LATER)
    assert dict(store.all()) == kept
    assert row(store.path, RASTER)["insert_date"] == "2026-11-23T10:00:00Z"


def test_a_bad_document_leaves_the_catalogue_as_it_was(store):
    store.replace(DOCUMENTS.values(), inserted=NOW)
    revision = store.revision()
    with pytest.raises(InputError, match="no ISO 19139"):
        store.replace([DOCUMENTS[RASTER], b"<gmd:MD_Metadata/>"], inserted=LATER)
    assert dict(store.all()) == DOCUMENTS
    assert store.revision() == revision


@pytest.mark.parametrize("document", [b"", b"<a", b"<a/>", b"text"])
def test_what_is_no_record_is_refused(store, document):
    with pytest.raises(InputError):
        store.put(document, inserted=NOW)


def test_a_record_without_identifier_is_refused(store):
    nameless = DOCUMENTS[RASTER].replace(
        f"<gco:CharacterString>{RASTER}</gco:CharacterString>".encode(), b"", 1
    )
    with pytest.raises(InputError, match="fileIdentifier"):
        store.put(nameless, inserted=NOW)


def test_the_revision_moves_with_each_change_and_only_then(store):
    seen = [store.revision()]
    store.put(DOCUMENTS[RASTER], inserted=NOW)
    seen.append(store.revision())
    assert store.delete([RASTER, "no such"]) == 1
    seen.append(store.revision())
    assert store.delete([RASTER]) == 0
    store.replace([], inserted=NOW)
    assert store.revision() == seen[-1]
    assert len(set(seen)) == 3


def test_an_unknown_record_is_not_found(store):
    with pytest.raises(NotFoundError, match="'no such'"):
        store.get("no such")


def test_another_opening_sees_the_same(tmp_path):
    filled(tmp_path / "records.db")
    assert RecordStore(tmp_path / "records.db").identifiers() == IDENTIFIERS


def test_a_file_that_is_no_database_is_told(tmp_path):
    file = tmp_path / "records.db"
    file.write_bytes(b"not a database" * 100)
    with pytest.raises(StoreError, match=r"records\.db"):
        RecordStore(file)


def test_a_store_of_a_later_version_is_told(tmp_path):
    file = tmp_path / "records.db"
    filled(file)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE catalogue SET value = '99' WHERE key = 'schema'")
        connection.commit()
    with pytest.raises(StoreError, match="version 99"):
        RecordStore(file)
