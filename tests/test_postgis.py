"""PostGIS: the contract of stores, and what QGIS, psql and other sessions see and do in the database."""

from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest
import shapely

from pcrs.errors import InputError, StoreError
from pcrs.store import open_store
from pcrs.store.base import Query
from pcrs.store.limits import TimeLimit
from pcrs.store.pg_connections import Address
from pcrs.store.postgis import PostGis
from tests.contracts.filter_contract import FilterContract
from tests.contracts.store_contract import StoreContract
from tests.contracts.store_stock import COVERS, WALLS, X0, Y0, in_background, wall
from tests.postgres import LASTING, Cluster, cluster


@pytest.fixture
def url(postgres: Cluster) -> Iterator[str]:
    with postgres.schema() as address:
        yield address


@pytest.fixture
def walls(url):
    store = PostGis(url)
    store.ensure(WALLS)
    store.put("MurPCRS", [wall(n, rang=n, dateLeve="2024-05-06", pointLeve=["#p"]) for n in range(10)])
    yield store
    store.close()


class TestPostGis(StoreContract):
    @pytest.fixture
    def store(self, url):
        store = PostGis(url)
        yield store
        store.close()

    @pytest.fixture
    def limited(self, store, url):
        limited = PostGis(url, limit=TimeLimit(0.5))
        yield limited
        limited.close()


class TestFilters(FilterContract):
    @pytest.fixture
    def store(self, url):
        store = PostGis(url)
        yield store
        store.close()


def execute(url: str, text: str, *values: object) -> list[tuple[object, ...]]:
    """Another session, in the store's schema."""
    address = Address(url)
    with psycopg.connect(address.conninfo, options=f"-csearch_path={address.schema},public") as connection:
        cursor = connection.execute(text.encode(), values)
        return cursor.fetchall() if cursor.description else []


def test_what_another_session_writes_is_counted_measured_and_a_new_revision(walls, url):
    before = walls.revision()
    line = shapely.LineString([(X0, Y0 - 500), (X0, Y0 - 400)])
    execute(
        url,
        'INSERT INTO "MurPCRS" (gml_id, geom) VALUES (%s, ST_GeomFromText(%s, 2154))',
        "drawn",
        line.wkt,
    )
    assert walls.revision() != before
    assert walls.count("MurPCRS", Query()) == 11
    assert walls.extent("MurPCRS").ymin == Y0 - 500
    assert [row.id for row in walls.query("MurPCRS", Query(within=line)).rows] == ["drawn"]
    execute(url, 'DELETE FROM "MurPCRS" WHERE gml_id = %s', "drawn")
    assert walls.extent("MurPCRS").ymin == Y0
    execute(url, 'TRUNCATE "MurPCRS"')
    assert walls.count("MurPCRS", Query()) == 0
    assert walls.extent("MurPCRS") is None


def test_columns_have_types_that_other_programs_understand(walls, url):
    types = dict(
        execute(
            url,
            "SELECT column_name, data_type FROM information_schema.columns "
            "WHERE table_name = %s AND table_schema = current_schema()",
            "MurPCRS",
        )
    )
    assert types["dateLeve"] == "date"
    assert types["visible"] == "boolean"
    assert types["hauteur"] == "double precision"
    assert types["pointLeve"] == "json"
    column_of = "SELECT f_geometry_column, type, srid FROM geometry_columns"
    (column,) = execute(
        url, f"{column_of} WHERE f_table_name = %s AND f_table_schema = %s", "MurPCRS", Address(url).schema
    )
    assert column == ("geom", "LINESTRING", 2154)
    assert execute(url, 'SELECT ST_Z(ST_StartPoint(geom)) FROM "MurPCRS" WHERE gml_id = %s', "w3") == [
        (150.0,)
    ]


def test_a_geometry_of_another_kind_is_refused_by_the_table_too(walls, url):
    with pytest.raises(psycopg.errors.CheckViolation):
        execute(url, 'INSERT INTO "MurPCRS" (gml_id, geom) VALUES (%s, ST_Point(0, 0, 2154))', "point")


def test_the_spatial_index_is_used(walls, url):
    execute(
        url,
        'INSERT INTO "MurPCRS" (gml_id, geom) SELECT n::text, ST_SetSRID(ST_MakeLine(ST_Point(n, 0), '
        "ST_Point(n, 5)), 2154) FROM generate_series(1, 5000) AS n",
    )
    execute(url, 'ANALYZE "MurPCRS"')
    plan = execute(url, 'EXPLAIN SELECT 1 FROM "MurPCRS" WHERE geom && ST_MakeEnvelope(10, 0, 12, 1, 2154)')
    assert "MurPCRS_geom" in str(plan)
    assert [row.id for row in walls.query("MurPCRS", Query(within=shapely.box(10, 0, 12, 1))).rows] == [
        "10",
        "11",
        "12",
    ]


def test_two_schemas_are_two_stores(walls, url, postgres):
    other = PostGis(postgres.url(f"{Address(url).schema}_b"))
    other.ensure(COVERS)
    assert [layer.name for layer in walls.layers()] == ["MurPCRS"]
    assert [layer.name for layer in other.layers()] == ["AffleurantPCRS"]
    other.close()
    execute(url, f"DROP SCHEMA {Address(url).schema}_b CASCADE")


def test_writers_wait_for_each_other_and_fids_are_in_the_order_of_what_is_seen(url, walls):
    other = PostGis(url)
    with walls.transaction():
        walls.put("MurPCRS", [wall(20)])
        with psycopg.connect(Address(url).conninfo, autocommit=True) as session:
            waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            thread = in_background(lambda: other.put("MurPCRS", [wall(21)]))
            while session.execute(waiting).fetchone() == (0,):
                assert thread.is_alive()
    thread.join(30)
    assert walls.get("MurPCRS", "w20").fid < walls.get("MurPCRS", "w21").fid
    other.close()


def test_texts_that_postgresql_cannot_hold(walls):
    for text in ("a\x00b", "\ud800"):
        assert walls.count("MurPCRS", Query(equals=(("typeMur", text),))) == 0
        assert walls.count("MurPCRS", Query(equals=(("pointLeve", text),))) == 0
        with pytest.raises(InputError, match="x1"):
            walls.put("MurPCRS", [("x1", None, {"typeMur": text})])


def test_a_read_only_store_reads_and_does_not_write(walls, url):
    reader = PostGis(url, read_only=True)
    assert reader.count("MurPCRS", Query()) == 10
    walls.put("MurPCRS", [wall(11)])
    assert reader.count("MurPCRS", Query()) == 11
    with pytest.raises(StoreError, match="read-only"):
        reader.put("MurPCRS", [wall(12)])
    reader.close()


def test_a_reader_finds_its_store_again_after_the_server_dropped_its_connections(walls, url):
    assert walls.count("MurPCRS", Query()) == 10
    execute(
        url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE pid <> pg_backend_pid() AND datname IS NOT NULL",
    )
    assert walls.count("MurPCRS", Query()) == 10


def test_what_is_no_store_is_refused(url, postgres):
    with pytest.raises(StoreError, match="pcrs status"):
        PostGis(url, read_only=True)
    with pytest.raises(StoreError, match="cannot be the store") as refused:
        PostGis(postgres.url(database="absent") + "&password=secret&connect_timeout=2")
    assert "secret" not in str(refused.value)
    for schema in ("Pcrs", "a b", "1a", "pg_x", "a;drop"):
        with pytest.raises(InputError, match="schema"):
            PostGis(postgres.url(schema))


def test_stores_are_opened_once_by_address(url):
    assert open_store(url) is open_store(url)
    open_store(url).close()


def test_a_store_of_the_first_version_is_brought_up(walls, url):
    walls.close()
    execute(url, 'ALTER TABLE "MurPCRS" DROP COLUMN valid_from')
    execute(url, 'DROP TABLE "pcrs_history_MurPCRS"')
    execute(url, "UPDATE pcrs_store SET version = 1")
    with pytest.raises(StoreError, match="pcrs status"):
        PostGis(url, read_only=True)
    for _ in range(2):
        store = PostGis(url)
        assert store.count("MurPCRS", Query(at="2000-01-01")) == 10
        with store.transaction(at="2024-01-01"):
            store.remove("MurPCRS", [row.id for row in store.query("MurPCRS", Query(limit=1)).rows])
        assert store.count("MurPCRS", Query(at="2023-12-31")) == 10
        store.close()
    assert execute(url, 'SELECT count(*) FROM "MurPCRS"') == [(8,)]


def test_a_store_of_a_newer_version_is_refused(walls, url):
    execute(url, "UPDATE pcrs_store SET version = 99")
    for patient in (False, True):
        with pytest.raises(StoreError, match=r"newer pcrs .version 99.*upgrade"):
            PostGis(url, patient=patient)


def test_one_who_is_patient_gets_a_database_that_is_silent(postgres, caplog):
    with cluster(LASTING) as database:
        url = database.url("late")
        database.stop()
        with pytest.raises(StoreError, match="cannot be the store"):
            PostGis(url)
        with closing(PostGis(url, patient=True)) as store:
            assert "refused until it answers" in caplog.text
            for _ in range(2):
                with pytest.raises(StoreError, match="cannot be the store"):
                    store.layers()
            database.go_on()
            store.ensure(WALLS)
            store.put("MurPCRS", [wall(1)])
            database.stop()
            with pytest.raises(StoreError):
                store.layers()
            database.go_on()
            assert store.count("MurPCRS", Query()) == 1
