"""What every FeatureStore must do with layers and rows: take them, give them back, refuse what cannot be."""

from dataclasses import replace

import pytest
import shapely

from pcrs.errors import ConflictError, InputError, NotFoundError
from pcrs.standard.crs import BBox
from pcrs.standard.fields import Field
from pcrs.store import answering
from pcrs.store.base import Changes, Layer, Query
from tests.contracts.store_stock import (
    COVERS,
    POINTS,
    WALLS,
    X0,
    Y0,
    StockedStore,
    wall,
)


class RowsContract(StockedStore):
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
