"""Pages of boxes and periods that many rows are in: the same as those of few, and found without an index."""

import sqlite3
from contextlib import closing
from datetime import date, timedelta

import numpy as np
import pytest
import shapely

from pcrs.standard.crs import BBox
from pcrs.standard.fields import Field
from pcrs.store.base import Layer, Query
from pcrs.store.geopackage import GeoPackage
from pcrs.store.gpkg_thick import rows_to_look_through

COUNT = 6000
LAYER = Layer(
    name="photos",
    title="",
    geometry="Polygon",
    fields=(Field("id", "string"), Field("jour", "date"), Field("sorte", "string")),
    id_field="id",
    time_field="jour",
    sought=("sorte",),
)
SIDE = 1000.0
HALF = shapely.Polygon([(0, 0), (SIDE * 0.7, 0), (SIDE * 0.7, SIDE), (SIDE * 0.2, SIDE)])
PERIOD = ("2024-03-01", "2024-11-30")


@pytest.fixture(scope="module", params=["scattered", "in order"])
def store(request, tmp_path_factory):
    """A layer of small squares and days, as dice throw them, or the western and early ones first."""
    dice = np.random.default_rng(46)
    x, y = dice.uniform(0, SIDE - 5, (2, COUNT))
    days = dice.integers(0, 365, COUNT)
    if request.param == "in order":
        x, days = np.sort(x)[::-1], np.sort(days)[::-1]
    rows = [
        (
            f"p{n}",
            None if n % 50 == 0 else shapely.box(x[n], y[n], x[n] + 5, y[n] + 5),
            {
                "jour": None if n % 70 == 0 else date(2024, 1, 1) + timedelta(int(days[n])),
                "sorte": "ab"[n % 2],
            },
        )
        for n in range(COUNT)
    ]
    path = tmp_path_factory.mktemp("thick") / "store.gpkg"
    with closing(GeoPackage(path)) as made:
        with made.transaction():
            made.ensure(LAYER)
            made.put("photos", [("gone", None, {}), *rows])
            made.remove("photos", ["gone"])
        yield made, rows


def walked(store, query):
    """The ids of all pages."""
    found, after = [], query.after
    while True:
        page = store.query("photos", Query(**{**fields(query), "after": after}))
        found += [row.id for row in page.rows]
        assert len(page.rows) == query.limit or not page.more
        if page.next_after is None:
            return found
        after = page.next_after


def fields(query):
    return {name: getattr(query, name) for name in Query.__dataclass_fields__}


def meets(row, query):
    _, shape, values = row
    day = values["jour"] and values["jour"].isoformat()
    return (
        (query.within is None or (shape is not None and shape.intersects(query.within)))
        and (query.interval is None or day is None or query.interval[0] <= day <= query.interval[1])
        and all(values[name] == text for name, text in query.equals)
    )


@pytest.mark.parametrize("limit", [7, 100, 5000])
@pytest.mark.parametrize(
    "query",
    [
        Query(within=HALF),
        Query(interval=PERIOD),
        Query(within=HALF, interval=PERIOD, equals=(("sorte", "a"),)),
        Query(within=HALF, interval=("2024-01-01", "2024-01-02")),
        Query(within=shapely.box(0, 0, 3, 3)),
        Query(within=shapely.box(-SIDE, -SIDE, 2 * SIDE, 2 * SIDE), interval=("2030-01-01", "2031-01-01")),
    ],
)
def test_a_walk_sees_what_there_is_in_order(store, query, limit):
    made, rows = store
    expected = [row[0] for row in rows if meets(row, query)]
    assert walked(made, Query(**{**fields(query), "limit": limit})) == expected
    late = Query(**{**fields(query), "limit": limit, "offset": 40})
    assert [row.id for row in made.query("photos", late).rows] == expected[40 : 40 + limit]
    assert made.count("photos", query) == len(expected)
    assert made.count_up_to("photos", query, 10) == (None if len(expected) > 10 else len(expected))


def test_only_what_lies_thick_is_looked_through(store):
    made, _ = store
    extent, span = made.extent("photos"), made.span("photos")

    def asked(query, rows=COUNT):
        return rows_to_look_through(query, rows, query.within, extent, span)

    wide = Query(within=HALF, limit=10)
    many = asked(wide)
    assert many is not None
    assert 2 * 11 / 0.8 < many < 2 * 11 / 0.6
    assert asked(wide, rows=20) is None
    assert asked(Query(within=shapely.box(0, 0, 3, 3), limit=10)) is None
    assert asked(Query(within=shapely.box(-9, -9, -5, -5), limit=10)) is None
    assert asked(Query(interval=("2024-02-01", "2024-02-01"), limit=10)) is None
    assert asked(Query(interval=("2024-02-01", None), limit=10)) is not None
    assert asked(Query(within=HALF, limit=COUNT)) is None
    assert rows_to_look_through(wide, COUNT, HALF, BBox(5, 5, 5, 5), None) is not None


def test_a_page_of_many_asks_no_index_of_places(tmp_path):
    path = tmp_path / "store.gpkg"
    squares = [(f"p{n}", shapely.box(n % 77, n % 91, n % 77 + 1, n % 91 + 1), {}) for n in range(3000)]
    with closing(GeoPackage(path)) as made:
        made.ensure(LAYER)
        made.put("photos", squares)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE rtree_photos_geom SET maxy = miny + 1000, miny = maxy + 900 WHERE id > 1")
    with closing(GeoPackage(path, read_only=True)) as made:
        assert len(made.query("photos", Query(within=shapely.box(0, 0, 50, 70), limit=10)).rows) == 10
        few = made.query("photos", Query(within=shapely.box(0, 0, 2, 2), limit=10)).rows
        assert [row.id for row in few] == ["p0"]  # by the index, which knows no other there
