"""What every FeatureStore must do. A backend proves itself with a fixture `store` in an empty subclass, and
`limited`: the same, with half a second for a question."""

import threading
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from pcrs.errors import ConflictError, InputError, NotFoundError, TooCostlyError
from pcrs.standard.crs import CRS84, L93, BBox, epsg_of, transform_bbox, uri
from pcrs.standard.fields import Field
from pcrs.standard.regions import box_region
from pcrs.store import answering
from pcrs.store.base import Changes, FeatureStore, Layer, Query
from pcrs.store.filter_check import checked
from pcrs.store.filters import Call, Property
from tests.contracts import OF_A_CONTRACT

WALLS = Layer(
    "MurPCRS",
    "Mur",
    "Curve",
    (
        Field("gml_id", "string", "Identifiant"),
        Field("typeMur", "string", "Type de mur", {"01": "Mur", "02": "Muret"}),
        Field("dateLeve", "date", "Date du levé"),
        Field("pointLeve", "list", "Points levés"),
        Field("hauteur", "number"),
        Field("rang", "integer"),
        Field("visible", "boolean"),
    ),
    "gml_id",
    "dateLeve",
)
POINTS = Layer(
    "PointLevePCRS",
    "Point levé",
    "Point",
    (Field("gml_id", "string"), Field("horodatage", "datetime")),
    "gml_id",
    "horodatage",
)
COVERS = Layer(
    "AffleurantPCRS", "Affleurant", None, (Field("gml_id", "string"), Field("nature", "string")), "gml_id"
)
X0, Y0 = 560_000.0, 6_370_000.0


def wall(number: int, **values: object) -> tuple[str, shapely.LineString, dict[str, object]]:
    """The wall of that number: 10 m long, from (X0 + 100 number, Y0) north-eastwards, at 150 m."""
    x = X0 + 100 * number
    return f"w{number}", shapely.LineString([(x, Y0, 150), (x + 6, Y0 + 8, 151.5)]), values


class StoreContract:
    @pytest.fixture
    def store(self) -> Iterator[FeatureStore]:
        raise NotImplementedError

    @pytest.fixture
    def walls(self, store: FeatureStore) -> FeatureStore:
        store.ensure(WALLS)
        store.put("MurPCRS", [wall(n, rang=n, typeMur=f"0{n % 3}") for n in range(10)])
        return store

    def ids(self, store: FeatureStore, query: Query, name: str = "MurPCRS") -> list[str]:
        return [row.id for row in store.query(name, query).rows]

    def every_id(self, store: FeatureStore, query: Query, name: str = "MurPCRS") -> list[str]:
        found: list[str] = []
        after: int | None = None
        while True:
            page = store.query(name, Query(**{**fields_of(query), "after": after}))
            found += [row.id for row in page.rows]
            if page.next_after is None:
                return found
            assert page.more
            after = page.next_after

    def test_an_empty_store_has_no_layers(self, store):
        assert store.layers() == ()

    def test_layers_come_back_as_they_were_described(self, store):
        for layer in (POINTS, COVERS, WALLS):
            store.ensure(layer)
        assert store.layers() == (COVERS, WALLS, POINTS)
        assert store.layer("MurPCRS") == WALLS

    @pytest.mark.parametrize("call", ["layer", "extent"])
    def test_an_unknown_layer_is_not_found(self, store, call):
        with pytest.raises(NotFoundError, match="nulle_part"):
            getattr(store, call)("nulle_part")
        with pytest.raises(NotFoundError):
            store.query("nulle_part", Query())
        with pytest.raises(NotFoundError):
            store.put("nulle_part", [])

    def test_a_row_comes_back_as_it_was_put(self, store):
        store.ensure(WALLS)
        values = {
            "typeMur": "été <&> '\"",
            "dateLeve": "2024-02-29",
            "pointLeve": ["#p1", "http://example.org/#p2"],
            "hauteur": 1.25,
            "rang": -(2**62),
            "visible": True,
        }
        store.put("MurPCRS", [wall(3, **values)])
        row = store.get("MurPCRS", "w3")
        assert row.values == {"gml_id": "w3", **values}
        assert list(row.values) == [field.name for field in WALLS.fields]
        assert shapely.equals_identical(row.geometry, wall(3)[1])
        assert row == store.query("MurPCRS", Query()).rows[0]

    def test_values_left_out_are_null(self, store):
        store.ensure(WALLS)
        store.put("MurPCRS", [("w", None, {})])
        row = store.get("MurPCRS", "w")
        assert row.geometry is None
        assert set(row.values.values()) == {"w", None}

    def test_heights_and_flat_geometries_live_in_one_layer(self, store):
        store.ensure(WALLS)
        flat = shapely.LineString([(X0, Y0), (X0 + 1, Y0)])
        store.put("MurPCRS", [("flat", flat, {}), wall(1)])
        assert not store.get("MurPCRS", "flat").geometry.has_z
        assert store.get("MurPCRS", "w1").geometry.has_z

    def test_a_layer_without_geometry(self, store):
        store.ensure(COVERS)
        store.put("AffleurantPCRS", [("a", None, {"nature": "01"}), ("b", None, {})])
        assert store.count("AffleurantPCRS", Query()) == 2
        assert store.extent("AffleurantPCRS") is None
        assert store.query("AffleurantPCRS", Query(within=shapely.box(0, 0, 1e7, 1e7))).rows == ()
        assert store.count("AffleurantPCRS", Query(bbox=BBox(0, 0, 1e7, 1e7))) == 0
        with pytest.raises(InputError, match="geometry"):
            store.put("AffleurantPCRS", [("c", shapely.Point(X0, Y0), {})])

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

    def test_rows_are_found_by_what_they_name(self, store):
        fields = (Field("gml_id", "string"), Field("one", "string"), Field("many", "list"))
        layer = Layer("AffleurantPCRS", "Affleurant", None, fields, "gml_id", None, ("one", "many"))
        store.ensure(replace(layer, sought=()))
        store.ensure(layer)
        assert store.layer("AffleurantPCRS") == layer
        lists = [[f"#{m}" for m in range(n, n + n % 8)] for n in range(60)]
        rows = [(f"a{n}", None, {"one": f"#{n % 7}", "many": lists[n] or None}) for n in range(60)]
        store.put("AffleurantPCRS", rows)
        for texts in (["#11"], ["#3", "#30", "nothing"], ["#59", "'; --"], [], ["#\0"]):
            found = [row.id for row in store.naming("AffleurantPCRS", "many", texts)]
            assert found == [f"a{n}" for n in range(60) if set(texts) & set(lists[n])]
            found = [row.id for row in store.naming("AffleurantPCRS", "one", texts)]
            assert found == [f"a{n}" for n in range(60) if f"#{n % 7}" in texts]
        with pytest.raises(InputError):
            store.naming("AffleurantPCRS", "none", ["#1"])

    def test_ids_alone_come_in_the_order_of_fid(self, walls, monkeypatch):
        monkeypatch.setattr(answering, "_IDS", 3)
        there = [id_ for ids in walls.ids("MurPCRS", Query()) for id_ in ids]
        assert there == [f"w{n}" for n in range(10)]
        few = Query(bbox=BBox(X0 + 250, Y0 - 1, X0 + 750, Y0 + 20))
        assert [len(ids) for ids in walls.ids("MurPCRS", few)] == [3, 2]
        assert list(walls.ids("MurPCRS", Query(equals=(("typeMur", "nothing"),)))) == []
        with walls.transaction():
            walls.put("MurPCRS", [wall(3), wall(11)])
            assert sum(map(len, walls.ids("MurPCRS", Query()))) == 11

    def test_put_twice_changes_the_row_and_keeps_its_fid(self, walls):
        before = walls.get("MurPCRS", "w4")
        assert walls.put("MurPCRS", [("w4", shapely.LineString([(X0, Y0 + 900), (X0, Y0 + 901)]), {})]) == 1
        after = walls.get("MurPCRS", "w4")
        assert (after.fid, after.values["rang"]) == (before.fid, None)
        assert walls.count("MurPCRS", Query()) == 10
        old_place = Query(within=before.geometry.buffer(1))
        new_place = Query(within=after.geometry.buffer(1))
        assert (self.ids(walls, old_place), self.ids(walls, new_place)) == ([], ["w4"])

    def test_merge_tells_what_became_of_the_objects(self, walls):
        rows = [wall(1, rang=1, typeMur="01"), wall(2, rang=20), wall(30), wall(30, rang=3)]
        assert walls.merge("MurPCRS", rows) == Changes(added=1, changed=1, unchanged=1)
        assert walls.get("MurPCRS", "w30").values["rang"] == 3
        before = walls.revision()
        assert walls.merge("MurPCRS", rows[:2]) == Changes(unchanged=2)
        assert walls.revision() == before

    def test_merge_leaves_alone_what_differs_only_in_fields_set_aside(self, walls):
        every = {
            "typeMur": "01",
            "dateLeve": "2024-02-29",
            "pointLeve": ["é", '"', "\\ \x1f"],
            "hauteur": 0.1,
            "rang": 1,
            "visible": False,
        }
        walls.put("MurPCRS", [wall(1, **every)])
        assert walls.merge("MurPCRS", [wall(1, **every)]) == Changes(unchanged=1)
        row = wall(1, **{**every, "rang": 7})
        assert walls.merge("MurPCRS", [row], aside=["rang"]) == Changes(unchanged=1)
        assert walls.get("MurPCRS", "w1").values["rang"] == 1
        for name, value in {"hauteur": 0.2, "visible": None, "pointLeve": ["é"]}.items():
            row = wall(1, **{**every, "rang": 7, name: value})
            assert walls.merge("MurPCRS", [row], aside=["rang"]) == Changes(changed=1)
        moved = ("w1", wall(2)[1], {**every, "pointLeve": ["é"]})
        assert walls.merge("MurPCRS", [moved], aside=["rang"]) == Changes(changed=1)

    def test_a_geometry_can_be_taken_away_and_given_back(self, walls):
        place = Query(within=wall(4)[1].buffer(1))
        walls.put("MurPCRS", [("w4", None, {})])
        assert self.ids(walls, place) == []
        walls.put("MurPCRS", [wall(4)])
        assert self.ids(walls, place) == ["w4"]

    def test_remove(self, walls):
        assert walls.remove("MurPCRS", ["w1", "w2", "unknown"]) == 2
        assert walls.count("MurPCRS", Query()) == 8
        assert walls.count("MurPCRS", Query(within=wall(1)[1].buffer(1))) == 0
        with pytest.raises(NotFoundError, match="w1"):
            walls.get("MurPCRS", "w1")

    @pytest.mark.parametrize("id_", ["", "unknown", "1", "w1'--", "w1\x00", "é" * 500])
    def test_get_of_an_unknown_id(self, walls, id_):
        with pytest.raises(NotFoundError):
            walls.get("MurPCRS", id_)

    @pytest.mark.parametrize(
        ("row", "words"),
        [
            (("", None, {}), "no id"),
            (("x", None, {"couleur": "rouge"}), "couleur"),
            (("x", None, {"dateLeve": "2024-02-30"}), "dateLeve"),
            (("x", None, {"rang": "trois"}), "rang"),
            (("x", None, {"rang": 2**70}), "rang"),
            (("x", None, {"hauteur": float("nan")}), "hauteur"),
            (("x", None, {"pointLeve": "#p1"}), "pointLeve"),
            (("x", shapely.Point(X0, Y0), {}), "Point"),
            (("x", shapely.LineString([(X0, Y0), (float("inf"), Y0)]), {}), "finite"),
        ],
    )
    def test_what_cannot_be_stored_is_refused_with_its_name(self, walls, row, words):
        with pytest.raises(InputError, match=words):
            walls.put("MurPCRS", [wall(20), row])
        assert walls.count("MurPCRS", Query()) == 10

    def test_lone_parts_and_collections_of_one_are_fitted(self, store):
        areas = Layer("Commune", "Commune", "MultiSurface", (Field("id", "string"),), "id")
        store.ensure(areas)
        store.ensure(WALLS)
        square = shapely.box(X0, Y0, X0 + 1, Y0 + 1)
        line = shapely.LineString([(X0, Y0), (X0 + 1, Y0), (X0 + 2, Y0 + 2)])
        touching = shapely.MultiLineString([line.coords[:2], line.coords[1:]])
        store.put("Commune", [("a", square, {})])
        store.put("MurPCRS", [("one", shapely.MultiLineString([line]), {}), ("two", touching, {})])
        assert store.get("Commune", "a").geometry.equals(shapely.MultiPolygon([square]))
        assert store.get("MurPCRS", "one").geometry.equals(line)
        assert store.get("MurPCRS", "two").geometry.equals(line)

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

    def test_extent_holds_the_layer_and_little_more(self, walls):
        box = walls.extent("MurPCRS")
        exact = BBox(X0, Y0, X0 + 906, Y0 + 8)
        assert shapely.box(*box).covers(shapely.box(*exact))
        assert max(abs(a - b) for a, b in zip(box, exact, strict=True)) <= 1
        walls.remove("MurPCRS", [f"w{n}" for n in range(10)])
        assert walls.extent("MurPCRS") is None

    def test_ensure_adds_fields_and_refuses_another_kind(self, walls):
        wider = Layer(
            "MurPCRS",
            "Murs",
            "Curve",
            (*WALLS.fields, Field("edition", "string", "Édition")),
            "gml_id",
            "dateLeve",
        )
        walls.ensure(wider)
        assert walls.layer("MurPCRS") == wider
        assert walls.get("MurPCRS", "w1").values["edition"] is None
        walls.put("MurPCRS", [wall(1, edition="2025")])
        assert self.ids(walls, Query(equals=(("edition", "2025"),))) == ["w1"]
        narrower = Layer("MurPCRS", "Murs", "Curve", (Field("gml_id", "string"),), "gml_id")
        walls.ensure(narrower)
        assert walls.layer("MurPCRS").field("edition") == Field("edition", "string", "Édition")
        for fields, geometry in [
            ((Field("gml_id", "string"), Field("rang", "date")), "Curve"),
            ((), "Point"),
        ]:
            with pytest.raises(ConflictError, match="MurPCRS"):
                walls.ensure(Layer("MurPCRS", "", geometry, fields or WALLS.fields, "gml_id"))

    @pytest.mark.parametrize(
        "layer",
        [
            Layer("a b", "", None, (Field("id", "string"),), "id"),
            Layer("gpkg_a", "", None, (Field("id", "string"),), "id"),
            Layer("a", "", None, (Field("fid", "string"),), "fid"),
            Layer("a", "", None, (Field("id", "string"), Field("ID", "string")), "id"),
            Layer("a", "", None, (Field("id", "string"),), "gml_id"),
            Layer("a", "", None, (Field("id", "string"),), "id", "jour"),
            Layer("a", "", "Cercle", (Field("id", "string"),), "id"),
        ],
    )
    def test_a_layer_that_cannot_be_is_refused(self, store, layer):
        with pytest.raises(InputError, match=layer.name):
            store.ensure(layer)
        assert store.layers() == ()

    def test_a_transaction_is_seen_at_its_end_at_once(self, walls):
        with walls.transaction():
            walls.put("MurPCRS", [wall(30)])
            walls.ensure(COVERS)
            walls.put("AffleurantPCRS", [("a", None, {})])
            assert walls.get("MurPCRS", "w30").id == "w30"
            assert walls.extent("MurPCRS").xmax >= X0 + 3006
            assert in_another_thread(lambda: walls.count("MurPCRS", Query())) == 10
            assert len(in_another_thread(walls.layers)) == 1
        assert in_another_thread(lambda: walls.count("MurPCRS", Query())) == 11
        assert len(in_another_thread(walls.layers)) == 2

    def test_an_error_undoes_the_whole_transaction(self, walls):
        before = walls.revision()

        def fail() -> None:
            with walls.transaction():
                walls.put("MurPCRS", [wall(30)])
                with walls.transaction():
                    walls.remove("MurPCRS", ["w1"])
                    walls.ensure(COVERS)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()
        assert (walls.count("MurPCRS", Query()), walls.revision()) == (10, before)
        assert walls.layers() == (WALLS,)
        assert self.ids(walls, Query(within=wall(30)[1].buffer(1))) == []
        walls.put("MurPCRS", [wall(31)])
        assert walls.count("MurPCRS", Query()) == 11

    def test_the_revision_changes_with_the_data_and_only_then(self, store):
        seen = [store.revision()]

        def changed() -> bool:
            seen.append(store.revision())
            return seen[-1] not in seen[:-1]

        store.ensure(WALLS)
        assert changed()
        store.put("MurPCRS", [wall(1)])
        assert changed()
        store.put("MurPCRS", [wall(1, rang=2)])
        assert changed()
        store.ensure(WALLS)
        store.put("MurPCRS", [])
        store.remove("MurPCRS", ["unknown"])
        store.count("MurPCRS", Query())
        assert not changed()
        store.remove("MurPCRS", ["w1"])
        assert changed()

    def test_a_closed_store_opens_again(self, walls):
        walls.close()
        assert walls.count("MurPCRS", Query()) == 10

    def test_readers_and_a_writer_do_not_disturb_each_other(self, walls):
        region = shapely.box(X0 - 1, Y0 - 1, X0 + 350, Y0 + 20)
        counts: list[int] = []
        stop = threading.Event()

        def read() -> None:
            while not stop.is_set():
                counts.append(len(walls.query("MurPCRS", Query(within=region)).rows))

        readers = [threading.Thread(target=read) for _ in range(3)]
        for reader in readers:
            reader.start()
        for _ in range(20):
            with walls.transaction():
                walls.remove("MurPCRS", [f"w{n}" for n in range(10)])
                walls.put("MurPCRS", [wall(n) for n in range(10)])
        stop.set()
        for reader in readers:
            reader.join()
        assert set(counts) == {4}

    def test_a_walk_while_imports_commit_has_every_row_once(self, store):
        store.ensure(WALLS)
        store.put("MurPCRS", [wall(n, rang=0) for n in range(200)])
        stop = threading.Event()

        def write() -> None:
            number = 200
            while not stop.is_set():
                with store.transaction(at="2024-01-01"):
                    store.put("MurPCRS", [wall(number)])
                    store.put("MurPCRS", [wall(n, rang=number) for n in range(0, 200, 7)])
                number += 1

        writer = in_background(write)
        try:
            for region in (None, shapely.box(X0 - 1, Y0 - 1, X0 + 1e5, Y0 + 20)):
                walked = self.every_id(store, Query(limit=9, within=region))
                assert len(walked) == len(set(walked))
                assert walked[:200] == [f"w{n}" for n in range(200)]
        finally:
            stop.set()
            writer.join()

    def test_a_dated_transaction_keeps_what_it_replaces_and_removes(self, store):
        store.ensure(WALLS)
        with store.transaction(at="2024-01-01T08:00:00Z"):
            store.put("MurPCRS", [wall(n, rang=n, pointLeve=["#p"], visible=True) for n in range(4)])
        with store.transaction(at="2025-01-01T09:00:00+01:00"):
            moved = ("w1", wall(9)[1], {"rang": 10, "dateLeve": "2024-12-31"})
            assert store.merge("MurPCRS", [moved, wall(5)]) == Changes(added=1, changed=1)
            assert store.remove("MurPCRS", ["w2", "unknown"]) == 1
        assert self.ids(store, Query()) == ["w0", "w1", "w3", "w5"]
        for at, expected in [
            ("2023-12-31", []),
            ("2024-01-01T07:59:59Z", []),
            ("2024-01-01", ["w0", "w1", "w2", "w3"]),
            ("2025-01-01T07:59:59Z", ["w0", "w1", "w2", "w3"]),
            ("2025-01-01T08:00:00Z", ["w0", "w1", "w3", "w5"]),
            ("2025-01-01", ["w0", "w1", "w3", "w5"]),
        ]:
            for limit in (1, 3, 10):
                assert self.every_id(store, Query(at=at, limit=limit)) == expected
            assert store.count("MurPCRS", Query(at=at)) == len(expected)
        before = store.query("MurPCRS", Query(at="2024-06-01")).rows[1]
        assert before.values == {
            **dict.fromkeys(field.name for field in WALLS.fields),
            **{"gml_id": "w1", "rang": 1, "pointLeve": ["#p"], "visible": True},
        }
        assert shapely.equals_identical(before.geometry, wall(1)[1])
        assert before.fid == store.get("MurPCRS", "w1").fid

    def test_the_past_is_asked_as_the_present_is(self, store):
        store.ensure(WALLS)
        store.put("MurPCRS", [wall(n, rang=n, dateLeve="2023-05-06") for n in range(6)])
        with store.transaction(at="2024-01-01"):
            store.remove("MurPCRS", ["w0", "w1", "w5"])
            store.put("MurPCRS", [("w2", None, {"rang": 20})])
        past = {"at": "2023-06-01"}
        assert self.ids(store, Query(within=wall(1)[1].buffer(1), **past)) == ["w1"]
        assert self.ids(store, Query(bbox=BBox(X0 + 400, Y0, X0 + 600, Y0 + 9), **past)) == ["w4", "w5"]
        assert self.ids(store, Query(within=shapely.box(0, 0, 1e7, 1e7), limit=2, **past)) == ["w0", "w1"]
        assert store.count("MurPCRS", Query(within=wall(2)[1].buffer(1), **past)) == 1
        assert self.ids(store, Query(equals=(("rang", "2"),), **past)) == ["w2"]
        assert self.ids(store, Query(sort=(("rang", False),), limit=2, **past)) == ["w5", "w4"]
        assert self.ids(store, Query(sort=(("rang", False),), offset=4, **past)) == ["w1", "w0"]
        assert store.count("MurPCRS", Query(interval=("2023-05-06", None), **past)) == 6
        assert store.count_up_to("MurPCRS", Query(**past), 5) is None
        with pytest.raises(InputError, match="2023-13"):
            store.query("MurPCRS", Query(at="2023-13-01"))

    def test_what_is_written_without_a_date_or_at_the_same_one_leaves_no_trace(self, walls):
        walls.put("MurPCRS", [wall(1, rang=100)])
        assert self.ids(walls, Query(at="2000-01-01", equals=(("rang", "1"),))) == []
        for rang in (101, 102):
            with walls.transaction(at="2024-01-01T00:00:00Z"):
                walls.put("MurPCRS", [wall(1, rang=rang)])
        assert [
            row.values["rang"] for row in walls.query("MurPCRS", Query(at="2023-12-31", limit=2)).rows
        ] == [
            0,
            100,
        ]
        assert walls.count("MurPCRS", Query(at="2024-01-02")) == 10
        assert self.ids(walls, Query(at="2024-01-02", equals=(("rang", "102"),))) == ["w1"]

    def test_an_undone_transaction_leaves_no_former_version(self, walls):
        def fail() -> None:
            with walls.transaction(at="2024-01-01"):
                walls.remove("MurPCRS", ["w1"])
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()
        assert self.ids(walls, Query(at="2023-01-01")) == [f"w{n}" for n in range(10)]
        with pytest.raises(InputError, match="hier"), walls.transaction(at="hier"):
            pass
        with walls.transaction(at="2024-01-01"):
            walls.ensure(COVERS)
            walls.put("AffleurantPCRS", [("a", None, {"nature": "01"})])
        with walls.transaction(at="2025-01-01"):
            walls.remove("AffleurantPCRS", ["a"])
        assert self.ids(walls, Query(at="2024-06-01"), "AffleurantPCRS") == ["a"]

    def test_former_versions_have_fields_that_came_later(self, walls):
        with walls.transaction(at="2024-01-01"):
            walls.remove("MurPCRS", ["w1"])
        walls.ensure(Layer("MurPCRS", "", "Curve", (*WALLS.fields, Field("plus", "string")), "gml_id"))
        former = walls.query("MurPCRS", Query(at="2023-01-01", equals=(("rang", "1"),))).rows
        assert [row.values["plus"] for row in former] == [None]

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


def fields_of(query: Query) -> dict[str, object]:
    return {name: getattr(query, name) for name in Query.__slots__}


def in_background(call):
    thread = threading.Thread(target=call)
    thread.start()
    return thread


def in_another_thread(call):
    found = []
    in_background(lambda: found.append(call())).join()
    return found[0]
