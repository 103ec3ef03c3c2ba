"""A delivery of GML over a store that holds another: by emprise, by id, on both engines."""

from uuid import uuid4

import pytest
import shapely

from pcrs.standard.model import Feature
from pcrs.store.base import Query
from pcrs.store.geopackage import GeoPackage
from pcrs.store.index import DeliveredFile, Delivery
from pcrs.store.postgis import PostGis
from pcrs.vector.write import write
from pcrs.work.objects import import_objects
from pcrs.work.register import source

X0, Y0 = 577_000.0, 6_373_000.0
COMMON = {
    "thematique": "05",
    "qualiteCategorisation": "01",
    "precisionPlanimetrique": "005",
    "producteur": "Géomètre",
}


@pytest.fixture(params=["geopackage", "postgis"])
def store(request, tmp_path):
    if request.param == "geopackage":
        made = GeoPackage(tmp_path / "features.gpkg")
    else:
        made = PostGis(request.getfixturevalue("postgres").url(f"o{uuid4().hex[:12]}"))
    yield made
    made.close()


def wall(name, x, *, length=10.0, kind="01", **values):
    line = shapely.LineString([(X0 + x, Y0 + 5, 150), (X0 + x + length, Y0 + 5, 151)])
    attributes = {**COMMON, "idObjet": name, "typeMur": kind, **values}
    return Feature("MurPCRS", name, attributes, line, 2154)


def emprise(name, x1, x2):
    area = shapely.MultiPolygon([shapely.box(X0 + x1, Y0, X0 + x2, Y0 + 10)])
    values = {"fournisseur": "F", "datePublication": "2025-01-01", "idEmprise": name}
    return Feature("EmpriseEchangePCRS", name, values, area, 2154)


def cover(name, x):
    """An affleurant with its two geometric objects."""
    point = Feature("AffleurantPointPCRS", f"{name}p", {}, shapely.Point(X0 + x, Y0 + 3), 2154)
    shape = Feature("AffleurantGeometriquePCRS", f"{name}g", {"point": (f"#{name}p",)}, None, 2154)
    values = {**COMMON, "thematique": "10", "idObjet": name, "representation": f"#{name}g"}
    return [Feature("AffleurantPCRS", name, values, None, 2154), shape, point]


def deliver(store, folder, year, files, epsg=2154, spoil=None):
    """The files as a delivery of that year; what became of the objects, by file and class."""
    place = folder / str(year)
    place.mkdir()
    delivery = Delivery(
        f"{year}-x", str(place), str(year), "", "acceptée", "", f"{year}-06-01T12:00:00+00:00"
    )
    delivered = []
    for name, features in files.items():
        write(place / name, features, epsg=epsg)
        delivered.append(DeliveredFile(delivery.id, name, "vecteur", 0, "", "conforme"))
        if spoil is not None:
            file = source(delivery, delivered[-1])
            file.write_text(spoil(file.read_text("utf-8")), "utf-8")
    found = import_objects(store, delivery, delivered)
    return {name: taken.facts()["changes"] for name, taken in found.items()}


def counts(changes, class_name="MurPCRS"):
    found = changes[class_name]
    return tuple(found[name] for name in ("added", "changed", "removed", "unchanged"))


def ids(store, class_name="MurPCRS", **query):
    return sorted(row.id for row in store.query(class_name, Query(**query)).rows)


def test_a_delivery_replaces_what_its_emprise_covers(store, tmp_path):
    first = [wall("in", 10), wall("kept", 30), wall("edge", 45), wall("out", 60), wall("moved", 20)]
    told = deliver(store, tmp_path, 2024, {"a.gml": [emprise("e1", 0, 100), *first]})
    assert counts(told["a.gml"]) == (5, 0, 0, 0)
    second = [emprise("e2", 0, 50), wall("kept", 30), wall("moved", 21), wall("new", 5)]
    told = deliver(store, tmp_path, 2025, {"b.gml": second})
    assert counts(told["b.gml"]) == (1, 1, 1, 1)
    assert ids(store) == ["edge", "kept", "moved", "new", "out"]
    assert ids(store, at="2024-12-31") == ["edge", "in", "kept", "moved", "out"]
    assert ids(store, equals=(("edition", "2024"),)) == ["edge", "kept", "out"]
    assert ids(store, "EmpriseEchangePCRS") == ["e1", "e2"]


def test_without_an_emprise_objects_are_replaced_by_their_ids(store, tmp_path):
    deliver(store, tmp_path, 2024, {"a.gml": [wall("a", 10), wall("b", 30)]})
    told = deliver(store, tmp_path, 2025, {"b.gml": [wall("a", 10, kind="02"), wall("c", 12)]})
    assert counts(told["b.gml"]) == (1, 1, 0, 0)
    assert ids(store) == ["a", "b", "c"]


def test_files_of_one_delivery_do_not_remove_each_other_s_objects(store, tmp_path):
    deliver(store, tmp_path, 2024, {"a.gml": [emprise("e1", 0, 50), wall("old", 10), wall("same", 20)]})
    files = {
        "a.gml": [emprise("e1", 0, 50), wall("a", 12)],
        "b.gml": [emprise("e2", 0, 50), wall("same", 20), wall("b", 14)],
    }
    told = deliver(store, tmp_path, 2025, files)
    assert (counts(told["a.gml"]), counts(told["b.gml"])) == ((1, 0, 1, 0), (1, 0, 0, 1))
    assert ids(store) == ["a", "b", "same"]


def test_the_same_delivery_again_changes_nothing(store, tmp_path):
    objects = [emprise("e1", 0, 50), wall("a", 0), wall("b", 40), *cover("c", 20)]
    deliver(store, tmp_path, 2024, {"a.gml": objects})
    before = store.revision()
    told = deliver(store, tmp_path, 2025, {"a.gml": objects})
    assert {counts(told["a.gml"], name) for name in told["a.gml"]} == {(0, 0, 0, 1), (0, 0, 0, 2)}
    assert store.revision() == before


def test_objects_on_the_edge_are_covered_in_another_crs_too(store, tmp_path):
    deliver(store, tmp_path, 2024, {"a.gml": [wall("edge", 40), wall("beyond", 40.01)]})
    told = deliver(store, tmp_path, 2025, {"b.gml": [emprise("e2", 0, 50)]}, epsg=3945)
    assert counts(told["b.gml"]) == (0, 0, 1, 0)
    assert ids(store) == ["beyond"]


def test_an_object_without_a_place_goes_with_what_represents_it(store, tmp_path):
    deliver(store, tmp_path, 2024, {"a.gml": [*cover("c1", 10), *cover("c2", 60)]})
    told = deliver(store, tmp_path, 2025, {"b.gml": [emprise("e2", 0, 50)]})["b.gml"]
    for name in ("AffleurantPCRS", "AffleurantGeometriquePCRS", "AffleurantPointPCRS"):
        assert counts(told, name) == (0, 0, 1, 0)
    assert ids(store, "AffleurantPCRS") == ["c2"]
    assert ids(store, "AffleurantPCRS", at="2025-01-01") == ["c1", "c2"]


def test_the_old_version_of_a_refused_object_stays(store, tmp_path):
    deliver(store, tmp_path, 2024, {"a.gml": [wall("good", 10), wall("bad", 20), wall("old", 30)]})
    told = deliver(
        store,
        tmp_path,
        2025,
        {"b.gml": [emprise("e2", 0, 50), wall("good", 11), wall("bad", 21, kind="06")]},
        spoil=lambda text: text.replace(">06<", ">99<"),
    )
    assert counts(told["b.gml"]) == (0, 1, 1, 0)
    assert ids(store) == ["bad", "good"]


def test_a_file_that_breaks_off_removes_nothing(store, tmp_path):
    deliver(store, tmp_path, 2024, {"a.gml": [wall("a", 10), wall("b", 20)]})
    told = deliver(
        store,
        tmp_path,
        2025,
        {"b.gml": [emprise("e2", 0, 50), wall("a", 11), wall("c", 40)]},
        spoil=lambda text: text[: text.index('gml:id="c"')],
    )
    assert counts(told["b.gml"]) == (0, 1, 0, 0)
    assert ids(store) == ["a", "b"]
