"""The store of records: what goes in comes out, changes are whole, faults are told."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from pycsw.core import repository
from sqlalchemy import select, text, update
from sqlalchemy.exc import SQLAlchemyError

from pcrs.errors import ConflictError, InputError, NotFoundError, StoreError
from pcrs.publish.records import document, sheets
from pcrs.standard.folding import folded
from pcrs.store.record_engines import LONGEST_S, reading, writing
from pcrs.store.record_tables import COLUMNS, RECORDS, STATE
from pcrs.store.records import RecordStore
from tests.catalogue import IDENTIFIERS, NOW, PUBLIC, filled, human, raster, vector
from tests.postgres import cluster, programs

LATER = datetime(2027, 1, 1, tzinfo=UTC)
DOCUMENTS = {s.identifier: document(s, NOW) for s in sheets(human(), raster(), vector(), PUBLIC)}
RASTER = "PCRS_D046_RVB-0M05"


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request, tmp_path):
    """An empty store, in each of the engines."""
    if request.param == "sqlite":
        yield RecordStore(tmp_path / "stores" / "records.db")
        return
    with request.getfixturevalue("postgres").schema() as url:
        yield RecordStore(url)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def full(request, tmp_path_factory):
    """The nine records, in each of the engines."""
    if request.param == "sqlite":
        yield filled(tmp_path_factory.mktemp("records") / "records.db")
        return
    with request.getfixturevalue("postgres").schema() as url:
        yield filled(url)


def row(store, identifier):
    """A row, by its column names."""
    with reading(store.url).connect() as connection:
        query = select(RECORDS).where(RECORDS.c.identifier == identifier)
        return dict(connection.execute(query).one()._mapping)


def test_a_record_comes_back_as_it_was_put(store):
    assert store.put(DOCUMENTS[RASTER], inserted=NOW) == RASTER
    assert store.get(RASTER) == DOCUMENTS[RASTER]
    assert list(store.all()) == [(RASTER, DOCUMENTS[RASTER])]


def test_the_table_has_the_columns_that_pycsw_reads(full):
    assert len(COLUMNS) == 68
    assert tuple(row(full, RASTER))[:68] == COLUMNS


def test_pycsw_still_has_the_part_that_is_mended():
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
def test_a_record_can_be_searched_by(full, identifier, column, value):
    assert row(full, identifier)[column] == value


def test_the_searched_box_is_as_fine_as_the_record_s(full):
    held = row(full, RASTER)
    assert held["wkt_geometry"].startswith("POLYGON((1.441710 44.418030, ")
    assert (held["west"], held["south"]) == (1_441_710, 44_418_030)


def test_words_are_held_as_a_search_compares_them(full):
    words = row(full, RASTER)["anytext"]
    assert "territoire d'energie lot" in words
    assert words == folded(words)


@pytest.mark.parametrize("sides", [("x", "44"), ("nan", "44"), ("3", "44")])
def test_a_box_that_is_none_makes_no_place(store, sides):
    west, south = sides
    document = (
        DOCUMENTS[RASTER]
        .replace(b">1.44171<", f">{west}<".encode())
        .replace(b">44.41803<", f">{south}<".encode())
    )
    assert document != DOCUMENTS[RASTER]
    store.put(document, inserted=NOW)
    assert {row(store, RASTER)[name] for name in ("west", "north", "wkt_geometry")} == {None}


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
    assert row(store, RASTER)["insert_date"] == "2026-11-23T10:00:00Z"


def test_a_source_has_its_own_records_and_touches_no_others(store):
    store.replace(DOCUMENTS.values(), inserted=NOW)
    foreign = [xml.replace(b"PCRS_D046", b"PCRS_D047") for xml in DOCUMENTS.values()]
    store.replace(foreign, inserted=NOW, source="https://voisin.example/csw")
    assert len(store.identifiers()) == 2 * len(DOCUMENTS)
    store.replace(foreign[:1], inserted=NOW, source="https://voisin.example/csw")
    assert store.identifiers("https://voisin.example/csw") == ("PCRS_D047",)
    store.replace([], inserted=NOW)
    assert store.identifiers() == ("PCRS_D047",)
    assert [name for name, _ in store.all("https://voisin.example/csw")] == ["PCRS_D047"]


def test_a_record_of_another_source_is_not_displaced(store):
    store.put(DOCUMENTS[RASTER], inserted=NOW)
    revision = store.revision()
    for change in (store.put, lambda xml, **named: store.replace([xml], **named)):
        with pytest.raises(ConflictError, match=RASTER):
            change(DOCUMENTS[RASTER], inserted=LATER, source="https://voisin.example/csw")
    assert store.identifiers("local") == (RASTER,)
    assert store.revision() == revision


def test_readers_see_one_state_while_it_changes(store):
    store.put(DOCUMENTS[RASTER], inserted=NOW)
    with reading(store.url).connect() as connection:
        query = select(RECORDS.c.identifier)
        assert list(connection.scalars(query)) == [RASTER]
        store.put(DOCUMENTS["PCRS_D046"], inserted=NOW)
        assert list(connection.scalars(query)) == [RASTER]
    with reading(store.url).connect() as connection:
        assert len(list(connection.scalars(query))) == 2


def test_those_who_read_cannot_write(store):
    store.put(DOCUMENTS[RASTER], inserted=NOW)
    with reading(store.url).connect() as connection, pytest.raises(SQLAlchemyError):
        connection.execute(RECORDS.delete())
    assert store.identifiers() == (RASTER,)


def test_a_question_to_the_database_has_an_end(postgres):
    with postgres.schema() as url, reading(RecordStore(url).url).connect() as connection:
        assert connection.scalar(text("SHOW statement_timeout")) == f"{LONGEST_S}s"


def test_several_processes_may_make_it_at_once(store):
    with ThreadPoolExecutor(4) as pool:
        assert len({made.url for made in pool.map(RecordStore, [store.url] * 8)}) == 1


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


def test_another_opening_sees_the_same(full):
    assert RecordStore(full.url).identifiers() == IDENTIFIERS


def test_a_file_that_is_no_database_is_told(tmp_path):
    file = tmp_path / "records.db"
    file.write_bytes(b"not a database" * 100)
    with pytest.raises(StoreError, match=r"records\.db"):
        RecordStore(file)


@pytest.mark.parametrize(
    "url", ["gpkg:///a/b.db", "sqlite:///", "sqlite://host/a.db", "records.db", "mysql://a/b"]
)
def test_an_address_that_is_none_is_told(url):
    with pytest.raises(InputError, match="sqlite:///"):
        RecordStore(url)


def test_a_database_that_does_not_answer_is_told(tmp_path):
    with pytest.raises(StoreError, match="does not answer") as told:
        RecordStore(f"postgresql://user:secret@/pcrs?host={tmp_path}")
    assert "secret" not in str(told.value)


@pytest.mark.skipif(programs() is None, reason="PostgreSQL with PostGIS is not installed")
def test_who_is_patient_has_a_store_once_its_database_answers(caplog):
    with cluster() as database:
        url = database.url()
        database.stop()
        with pytest.raises(StoreError, match="does not answer"):
            RecordStore(url)
        store = RecordStore(url, patient=True)
        store.stay_open()
        assert "refused until it answers" in caplog.text
        for ask in (store.identifiers, store.revision, store.sources, lambda: store.get("x")):
            with pytest.raises(StoreError, match="does not answer"):
                ask()
        with pytest.raises(StoreError, match="does not answer"):
            store.delete(["x"])
        database.go_on()
        assert store.identifiers() == ()
        store.put(DOCUMENTS[RASTER], inserted=NOW)
        assert RecordStore(url).identifiers() == (RASTER,)


def test_patience_is_with_silence_alone(tmp_path, store):
    file = tmp_path / "others.db"
    file.write_bytes(b"not a database" * 100)
    with pytest.raises(StoreError, match=r"others\.db"):
        RecordStore(file, patient=True)
    with writing(store.url).begin() as connection:
        connection.execute(update(STATE).where(STATE.c.key == "schema").values(value="99"))
    with pytest.raises(StoreError, match="version 99"):
        RecordStore(store.url, patient=True)


def test_a_store_of_a_later_version_is_told(store):
    with writing(store.url).begin() as connection:
        connection.execute(update(STATE).where(STATE.c.key == "schema").values(value="99"))
    with pytest.raises(StoreError, match="version 99"):
        RecordStore(store.url)


def test_a_store_of_the_first_version_is_brought_up(tmp_path):
    store = filled(tmp_path / "records.db")
    columns = ", ".join(COLUMNS)
    with writing(store.url).begin() as connection:
        connection.exec_driver_sql(f"CREATE TABLE former AS SELECT {columns} FROM records")
        connection.exec_driver_sql("DROP TABLE records")
        connection.exec_driver_sql("DROP TABLE record_boxes")
        connection.exec_driver_sql("ALTER TABLE former RENAME TO records")
        connection.exec_driver_sql("UPDATE records SET anytext = upper(anytext)")
        connection.execute(update(STATE).where(STATE.c.key == "schema").values(value="1"))
    again = RecordStore(store.url)
    assert again.identifiers() == IDENTIFIERS
    assert again.get(RASTER) == DOCUMENTS[RASTER]
    held = row(again, RASTER)
    assert (held["west"], held["insert_date"]) == (1_441_710, "2026-11-23T10:00:00Z")
    assert held["anytext"] == folded(held["anytext"])
