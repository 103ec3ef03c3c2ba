"""Many rows at once: the R-tree is whole, as SQLite itself judges it, and the triggers are there again."""

import sqlite3
from contextlib import closing

import numpy as np
import pytest
import shapely

from pcrs.standard.crs import BBox
from pcrs.store import gpkg_rtree
from pcrs.store.base import Query
from pcrs.store.geopackage import GeoPackage
from pcrs.store.gpkg_rtree import RTreeLoad, bounds_of
from tests.contracts.store_stock import WALLS, X0, Y0, wall

CHECKED = "SELECT rtreecheck('tree')"


@pytest.fixture
def tree():
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.execute("CREATE VIRTUAL TABLE tree USING rtree(id, minx, maxx, miny, maxy)")
        yield connection


def boxes(count, seed=0):
    chance = np.random.default_rng(seed)
    corner = chance.uniform((560_000, 6_360_000), (580_000, 6_380_000), (count, 2))
    return np.hstack([corner, corner + chance.uniform(0, 30, (count, 2))])


def load(connection, first, rows):
    entries = RTreeLoad(connection, "tree")
    for start in range(0, len(rows), 700):
        part = rows[start : start + 700]
        entries.add(np.arange(first + start, first + start + len(part)), part)
    entries.finish()
    return rows


def found(connection, box):
    text = "SELECT id FROM tree WHERE maxx >= ? AND minx <= ? AND maxy >= ? AND miny <= ?"
    return {id_ for (id_,) in connection.execute(text, (box[0], box[2], box[1], box[3]))}


def inside(rows, box):
    meets = (rows[:, 2] >= box[0]) & (rows[:, 0] <= box[2]) & (rows[:, 3] >= box[1]) & (rows[:, 1] <= box[3])
    return set((np.flatnonzero(meets) + 1).tolist())


@pytest.mark.parametrize("count", [0, 1, 50, 51, 52, 2_000, 6_000])
def test_a_tree_that_was_loaded_is_whole_and_lives_on(tree, monkeypatch, count):
    monkeypatch.setattr(gpkg_rtree, "_RUN", 2_500)
    rows = load(tree, 1, boxes(count))
    assert tree.execute(CHECKED).fetchone() == ("ok",)
    more = load(tree, count + 1, boxes(900, seed=1))
    few = load(tree, count + 901, boxes(5, seed=2))
    rows = np.vstack([rows, more, few])
    assert tree.execute(CHECKED).fetchone() == ("ok",)
    for box in boxes(20, seed=3) + np.array([0, 0, 900, 900]):
        hits = found(tree, box)
        assert hits >= inside(rows, box)
        assert hits <= inside(rows, box + np.array([-2, -2, 2, 2]))
    west, south, east, north = bounds_of(tree, "tree")
    assert west <= rows[:, 0].min() < west + 2
    assert south <= rows[:, 1].min() < south + 2
    assert east - 2 < rows[:, 2].max() <= east
    assert north - 2 < rows[:, 3].max() <= north
    gone = range(1, len(rows), 2)
    tree.executemany("DELETE FROM tree WHERE id = ?", [(n,) for n in gone])
    tree.executemany("INSERT INTO tree VALUES (?, 1, 2, 3, 4)", [(n,) for n in range(10_001, 10_201)])
    assert tree.execute(CHECKED).fetchone() == ("ok",)
    assert tree.execute("SELECT count(*) FROM tree").fetchone() == (len(rows) - len(gone) + 200,)


def test_an_empty_tree_has_no_bounds(tree):
    assert bounds_of(tree, "tree") is None


def state(path):
    """Triggers, the index's judgement, and what it and the table hold."""
    with closing(sqlite3.connect(path)) as db:
        text = (
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'MurPCRS' ORDER BY 1"
        )
        triggers = db.execute(text)
        tables = ('SELECT count(*) FROM "rtree_MurPCRS_geom"', 'SELECT count(geom) FROM "MurPCRS"')
        counts = [db.execute(text).fetchone()[0] for text in tables]
        (count,) = db.execute("SELECT feature_count FROM gpkg_ogr_contents").fetchone()
        checked = db.execute("SELECT rtreecheck('rtree_MurPCRS_geom')").fetchone()[0]
        return triggers.fetchall(), checked, *counts, count


def test_many_rows_are_indexed_counted_and_seen_inside_the_transaction(tmp_path):
    path = tmp_path / "a.gpkg"
    store = GeoPackage(path)
    store.ensure(WALLS)
    triggers, *_ = state(path)
    box = BBox(X0 - 1e6, Y0 - 1e6, X0 + 1e6, Y0 + 1e6)
    with store.transaction(at="2025-01-01"):
        store.merge("MurPCRS", [wall(n) for n in range(2_500)])
        assert store.count("MurPCRS", Query(bbox=box)) == 2_500
        store.merge("MurPCRS", [*(wall(n) for n in range(2_500, 5_000)), ("none", None, {})])
        moved = shapely.LineString([(X0 + 9e5, Y0), (X0 + 9e5, Y0 + 1)])
        store.merge("MurPCRS", [("w4999", moved, {}), ("w1", moved, {})])
        assert store.remove("MurPCRS", ["w4998", "w0"]) == 2
        store.merge("MurPCRS", [wall(n) for n in range(5_000, 6_000)])
        assert store.extent("MurPCRS").xmax >= X0 + 9e5
    assert state(path) == (triggers, "ok", 5_998, 5_998, 5_999)
    near = Query(within=shapely.box(X0 + 9e5 - 1, Y0 - 1, X0 + 9e5 + 1, Y0 + 2), limit=9)
    assert {row.id for row in store.query("MurPCRS", near).rows} == {"w1", "w4999"}
    store.close()


def test_an_undone_load_leaves_index_and_triggers(tmp_path):
    path = tmp_path / "a.gpkg"
    store = GeoPackage(path)
    store.ensure(WALLS)
    store.put("MurPCRS", [wall(n) for n in range(700)])
    before = state(path)

    def rows():
        yield from (wall(n) for n in range(700, 5_000))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.merge("MurPCRS", rows())
    assert state(path) == before
    store.put("MurPCRS", [wall(n) for n in range(650, 710)])
    assert state(path) == (before[0], "ok", 710, 710, 710)
    store.close()
