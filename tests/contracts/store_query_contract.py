"""What every FeatureStore must find: regions, values, dates, pages in order, counts, and in what time."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from pcrs.errors import InputError, TooCostlyError
from pcrs.standard.crs import CRS84, L93, BBox, epsg_of, transform_bbox, uri
from pcrs.standard.regions import box_region
from pcrs.store.base import Query
from pcrs.store.filter_check import checked
from pcrs.store.filters import Call, Property
from tests.contracts import OF_A_CONTRACT
from tests.contracts.store_stock import COVERS, POINTS, WALLS, X0, Y0, StockedStore, fields_of, wall


class QueryContract(StockedStore):
    @pytest.mark.parametrize("crs", [CRS84, *(uri(epsg) for epsg in (4326, 2154, 3857, 3945))])
    def test_counts_are_exact_near_the_edge_of_a_region(self, store, crs):
        chance = np.random.default_rng(len(crs))
        store.ensure(WALLS)
        starts = chance.uniform((X0, Y0), (X0 + 900, Y0 + 900), (1500, 2))
        lines = [shapely.LineString([start, start + chance.uniform(-9, 9, 2)]) for start in starts]
        store.put("MurPCRS", [(f"w{n}", line, {"rang": n % 2}) for n, line in enumerate(lines)])
        for _ in range(12):
            low = chance.uniform((X0 - 99, Y0 - 99), (X0 + 700, Y0 + 700))
            box = BBox(*low, *(low + chance.uniform(0, 700, 2)))
            sides = transform_bbox(box, L93, epsg_of(crs))
            if crs == uri(4326):
                sides = BBox(sides.ymin, sides.xmin, sides.ymax, sides.xmax)
            region = box_region(sides, crs)
            touched = set(np.flatnonzero(shapely.intersects(region, lines)).tolist())
            asked = Query(within=region, limit=2000)
            assert {int(id_[1:]) for id_ in self.ids(store, asked)} == touched
            assert store.count("MurPCRS", asked) == len(touched)
            odd = Query(within=region, equals=(("rang", "1"),))
            assert store.count("MurPCRS", odd) == sum(n % 2 for n in touched)
            for most in (max(0, len(touched) - 1), len(touched), 40):
                expected = len(touched) if len(touched) <= most else None
                assert store.count_up_to("MurPCRS", asked, most) == expected

    def test_paging_by_fid_has_every_row_once(self, walls):
        for limit in (1, 3, 5, 10, 11):
            assert self.every_id(walls, Query(limit=limit)) == [f"w{n}" for n in range(10)]

    def test_paging_by_offset(self, walls):
        page = walls.query("MurPCRS", Query(limit=4, offset=8))
        assert [row.id for row in page.rows] == ["w8", "w9"]
        assert (page.more, page.next_after) == (False, None)
        assert walls.query("MurPCRS", Query(limit=4, offset=10**30)).rows == ()

    def test_paging_within_a_region_fills_its_pages(self, walls):
        region = shapely.union_all([wall(n)[1].buffer(0.5) for n in (0, 2, 5, 6, 9)])
        hull_only = Query(bbox=BBox(*region.bounds))
        assert len(self.ids(walls, hull_only)) == 10
        for limit in (1, 2, 5):
            query = Query(within=region, limit=limit)
            assert self.every_id(walls, query) == ["w0", "w2", "w5", "w6", "w9"]
            assert walls.count("MurPCRS", query) == 5
        page = walls.query("MurPCRS", Query(within=region, limit=2, offset=1, sort=(("rang", False),)))
        assert [row.id for row in page.rows] == ["w6", "w5"]
        assert page.more

    def test_rows_in_the_envelope_but_not_in_the_region_are_left_out(self, walls):
        corner = shapely.box(X0 + 4, Y0, X0 + 6, Y0 + 2)
        assert self.ids(walls, Query(bbox=BBox(*corner.bounds))) == ["w0"]
        assert self.ids(walls, Query(within=corner)) == []

    def test_a_region_that_only_touches_counts(self, walls):
        assert self.ids(walls, Query(within=shapely.box(X0 - 5, Y0 - 5, X0, Y0))) == ["w0"]
        assert self.ids(walls, Query(within=shapely.Point(X0, Y0))) == ["w0"]

    def test_a_region_around_everything_leaves_out_what_has_no_geometry(self, walls):
        walls.put("MurPCRS", [("nowhere", None, {})])
        query = Query(within=shapely.box(0, 0, 1e7, 1e7), limit=100)
        assert len(self.ids(walls, query)) == walls.count("MurPCRS", query) == 10

    def test_a_region_must_be_valid(self, walls):
        bow_tie = shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
        for region in (bow_tie, shapely.Polygon()):
            with pytest.raises(InputError, match="region"):
                walls.query("MurPCRS", Query(within=region))

    def test_equality(self, walls):
        walls.put("MurPCRS", [wall(20, pointLeve=["#a", "#b"], visible=False, hauteur=2)])
        assert self.ids(walls, Query(equals=(("typeMur", "01"),))) == ["w1", "w4", "w7"]
        assert self.ids(walls, Query(equals=(("typeMur", "01"), ("rang", "4")))) == ["w4"]
        assert self.ids(walls, Query(equals=(("pointLeve", "#b"),))) == ["w20"]
        assert self.ids(walls, Query(equals=(("visible", "false"),))) == ["w20"]
        assert self.ids(walls, Query(equals=(("hauteur", "2.0"),))) == ["w20"]
        assert walls.count("MurPCRS", Query(equals=(("typeMur", "01' OR '1'='1"),))) == 0

    @pytest.mark.parametrize(
        "equals",
        [("couleur", "x"), ("rang", "x"), ("rang", "1e40"), ("hauteur", "nan"), ("visible", "peut-être")],
    )
    def test_equality_that_makes_no_sense_is_refused(self, walls, equals):
        with pytest.raises(InputError, match=equals[0]):
            walls.count("MurPCRS", Query(equals=(equals,)))

    def test_sort(self, walls):
        walls.put("MurPCRS", [("null", None, {})])
        by_type = Query(sort=(("typeMur", True), ("rang", False)), limit=4)
        assert self.ids(walls, by_type) == ["w9", "w6", "w3", "w0"]
        assert walls.query("MurPCRS", by_type).next_after is None
        assert self.ids(walls, Query(sort=(("rang", True),)))[-1] == "null"
        assert self.ids(walls, Query(sort=(("rang", False),)))[-1] == "null"
        assert self.ids(walls, Query(sort=(("typeMur", True),), limit=3, offset=2)) == ["w6", "w9", "w1"]
        with pytest.raises(InputError, match="couleur"):
            self.ids(walls, Query(sort=(("couleur", True),)))
        with pytest.raises(InputError, match="offset"):
            self.ids(walls, Query(sort=(("rang", True),), after=1))

    @pytest.mark.parametrize(
        "sort",
        [
            (("rang", True),),
            (("typeMur", False), ("rang", True)),
            (("typeMur", True),),
            (("hauteur", True), ("visible", False), ("dateLeve", True)),
            (("pointLeve", False),),
        ],
    )
    def test_sorted_pages_go_on_after_a_row(self, walls, sort):
        more = {
            "visible": (None, True, False),
            "hauteur": (0.1, 1 / 3, None),
            "pointLeve": (["#a"], None, []),
        }
        days = ("2024-01-02", None, "2023-05-06")
        walls.put(
            "MurPCRS",
            [
                wall(n, dateLeve=days[n // 2 % 3], **{name: values[n % 3] for name, values in more.items()})
                for n in range(5, 25)
            ],
        )
        expected = self.ids(walls, Query(sort=sort))
        assert len(set(expected)) == 25
        for limit in (1, 7):
            found: list[str] = []
            query = Query(sort=sort, limit=limit)
            while True:
                page = walls.query("MurPCRS", query)
                found += [row.id for row in page.rows]
                if not page.more:
                    break
                last = page.rows[-1]
                values = tuple(last.values[name] for name, _ in sort)
                query = Query(sort=sort, limit=limit, after=last.fid, beyond=values)
            assert found == expected

    def test_a_sorted_page_keeps_its_other_conditions(self, walls):
        query = Query(sort=(("rang", False),), equals=(("typeMur", "01"),), limit=2)
        assert self.ids(walls, query) == ["w7", "w4"]
        four = walls.get("MurPCRS", "w4")
        following = Query(**{**fields_of(query), "after": four.fid, "beyond": (4,)})
        assert self.ids(walls, following) == ["w1"]
        region = shapely.box(X0 + 150, Y0, X0 + 1000, Y0 + 9)
        assert self.ids(walls, Query(**{**fields_of(following), "within": region})) == []

    def test_what_a_sorted_page_goes_on_after_must_be_of_its_kind(self, walls):
        for values in (("x",), (1, 2), ([],)):
            with pytest.raises(InputError):
                self.ids(walls, Query(sort=(("rang", True),), after=1, beyond=values))
        with pytest.raises(InputError, match="beyond"):
            self.ids(walls, Query(after=1, beyond=(1,)))

    @pytest.mark.parametrize(
        "query",
        [
            Query(),
            Query(equals=(("typeMur", "00"),)),
            Query(within=shapely.box(X0 - 1, Y0 - 1, X0 + 350, Y0 + 20)),
            Query(within=shapely.box(0, 0, 1e7, 1e7), limit=1, sort=(("rang", True),)),
        ],
    )
    def test_a_count_has_an_end(self, walls, query):
        exact = walls.count("MurPCRS", query)
        assert exact in (4, 10)
        assert walls.count_up_to("MurPCRS", query, exact) == exact
        assert walls.count_up_to("MurPCRS", query, exact + 1) == exact
        assert walls.count_up_to("MurPCRS", query, exact - 1) is None

    @pytest.mark.parametrize("query", [Query(limit=-1), Query(offset=-1)])
    def test_negative_paging_is_refused(self, walls, query):
        with pytest.raises(InputError, match="negative"):
            walls.query("MurPCRS", query)

    def test_a_question_that_takes_too_long_is_refused_and_the_store_goes_on(self, store, limited):
        store.ensure(WALLS)
        store.put("MurPCRS", [wall(n, typeMur=f"0{n % 3}") for n in range(3000)])
        name = Call("accenti", (Property("typeMur"),))
        costly = checked(
            Call("or", tuple(Call("like", (name, Call("accenti", (f"%{n}é%",)))) for n in range(1500))),
            WALLS,
            "EPSG:2154",
        )
        for ask in (limited.query, limited.count):
            with pytest.raises(TooCostlyError, match=r"0\.5 s"):
                ask("MurPCRS", Query(filter=costly))
        assert limited.count("MurPCRS", Query(equals=(("typeMur", "01"),))) == 1000
        with limited.transaction():
            assert limited.put("MurPCRS", [wall(0)]) == 1

    def test_days(self, store):
        store.ensure(WALLS)
        days = ["2023-12-31", "2024-01-01", "2024-06-15", None]
        store.put("MurPCRS", [wall(n, dateLeve=day) for n, day in enumerate(days)])
        for interval, expected in [
            ((None, None), ["w0", "w1", "w2", "w3"]),
            (("2024-01-01", None), ["w1", "w2", "w3"]),
            ((None, "2024-01-01"), ["w0", "w1", "w3"]),
            (("2024-01-01", "2024-01-01"), ["w1", "w3"]),
            (("2024-06-15T23:00:00Z", None), ["w2", "w3"]),
            (("2025-01-01", "2024-01-01"), ["w3"]),
        ]:
            assert self.ids(store, Query(interval=interval)) == expected

    def test_the_span_of_dates(self, walls):
        assert walls.span("MurPCRS") is None
        walls.put("MurPCRS", [wall(1, dateLeve="2024-05-06"), wall(2, dateLeve="2023-01-02")])
        assert walls.span("MurPCRS") == ("2023-01-02", "2024-05-06")
        walls.ensure(COVERS)
        assert walls.span("AffleurantPCRS") is None

    def test_moments(self, store):
        store.ensure(POINTS)
        moments = ["2024-06-15T00:00:00Z", "2024-06-15T10:00:00+02:00", "2024-06-15T23:59:59.999Z", None]
        store.put("PointLevePCRS", [(f"p{n}", None, {"horodatage": m}) for n, m in enumerate(moments)])
        assert store.get("PointLevePCRS", "p1").values["horodatage"] == "2024-06-15T08:00:00.000Z"
        for interval, expected in [
            (("2024-06-15", "2024-06-15"), ["p0", "p1", "p2", "p3"]),
            ((None, "2024-06-15T08:00:00Z"), ["p0", "p1", "p3"]),
            (("2024-06-15T08:00:00Z", None), ["p1", "p2", "p3"]),
            (("2024-06-15T08:00:00.001Z", None), ["p2", "p3"]),
            (("2024-06-16", None), ["p3"]),
        ]:
            assert self.ids(store, Query(interval=interval), "PointLevePCRS") == expected

    def test_intervals_that_make_no_sense_are_refused(self, store):
        store.ensure(COVERS)
        store.ensure(WALLS)
        with pytest.raises(InputError, match="no date"):
            store.count("AffleurantPCRS", Query(interval=("2024-01-01", None)))
        with pytest.raises(InputError, match="2024-13-01"):
            store.count("MurPCRS", Query(interval=("2024-13-01", None)))

    def test_rows_without_their_geometry(self, walls):
        region = wall(3)[1].buffer(1)
        for query in (Query(geometry=False, equals=(("rang", "3"),)), Query(geometry=False, within=region)):
            (row,) = walls.query("MurPCRS", query).rows
            assert (row.id, row.geometry) == ("w3", None)

    @settings(max_examples=25, deadline=None, suppress_health_check=OF_A_CONTRACT)
    @given(
        geometries=st.lists(
            st.lists(st.tuples(*[st.floats(0, 100, width=32)] * 2), min_size=2, max_size=4, unique=True),
            min_size=1,
            max_size=12,
        ),
        box=st.tuples(*[st.floats(0, 100)] * 4),
        limit=st.integers(1, 5),
    )
    def test_within_is_what_shapely_says(self, store, geometries, box, limit):
        lines = [shapely.LineString([(X0 + x, Y0 + y) for x, y in line]) for line in geometries]
        xs, ys = sorted(box[:2]), sorted(box[2:])
        region = shapely.box(X0 + xs[0], Y0 + ys[0], X0 + xs[1] + 1, Y0 + ys[1] + 1)
        store.ensure(WALLS)
        store.remove("MurPCRS", [row.id for row in store.query("MurPCRS", Query()).rows])
        store.put("MurPCRS", [(f"g{n}", line, {}) for n, line in enumerate(lines)])
        expected = [f"g{n}" for n, line in enumerate(lines) if line.intersects(region)]
        assert self.every_id(store, Query(within=region, limit=limit)) == expected
        assert store.count("MurPCRS", Query(within=region)) == len(expected)
