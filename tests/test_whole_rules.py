"""What only many objects, or the whole document, tell: heights, emprise, duplicates, links by class."""

import json
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import LineString, MultiPolygon, Point, box

from pcrs.findings import Finding
from pcrs.standard.model import Feature
from pcrs.vector import sorted_runs
from pcrs.vector.batch import gather
from pcrs.vector.check import MOST, GmlControl, check_gml
from pcrs.vector.extent import Extent
from pcrs.vector.heights import Heights
from pcrs.vector.levels import VectorLevels
from pcrs.vector.sketch import MOST_POINTS, Sketch
from pcrs.vector.write import write
from tests.clean import X, Y, clean_document, clean_features
from tests.cnig import document, mur


@pytest.fixture(autouse=True, params=[None, 16], ids=["in memory", "on disk"])
def spilling(request, monkeypatch):
    """Whether only a few records are kept in memory."""
    if request.param:
        monkeypatch.setattr(sorted_runs, "MOST", request.param)
        monkeypatch.setattr(sorted_runs, "_FENCE", 4)


def flat(count, height=150.0):
    x = X + 7.0 * np.arange(count)
    return x, np.full(count, Y), np.full(count, height, dtype=np.float32)


def found(x, y, low, high=None, gap=30.0):
    """The places in the arrays of what is told, however the objects are given."""
    high = low if high is None else high
    heights = Heights()
    for own in np.array_split(np.arange(len(x)), 3):
        places = {"line": own, "kind": np.zeros(len(own)), "x": x[own], "y": y[own]}
        heights.add(places, low[own], high[own])
    return {each.place.line for each in heights.misfits(gap)}


def test_a_height_of_elsewhere_is_found_among_its_neighbours():
    x, y, z = flat(60)
    z[17] += 45
    assert found(x, y, z) == {17}
    assert found(x, y, np.full(60, 150, np.float32), z) == {17}, "its highest point counts too"
    assert found(x, y, z, gap=50.0) == set()


def test_a_height_of_zero_is_none_unless_the_land_is_at_sea_level():
    x, y, z = flat(60, 20.0)
    z[5] = 0
    assert found(x, y, z) == {5}
    x, y, z = flat(60, 1.2)
    z[5] = 0
    assert found(x, y, z) == set()


def test_slopes_and_cliffs_are_no_faults():
    x, y, z = flat(200)
    assert found(x, y, z + np.linspace(0, 400, 200, dtype=np.float32)) == set()
    assert found(x, y, z + np.where(np.arange(200) % 2, 100, 0).astype(np.float32)) == set()


@given(st.sets(st.integers(0, 79), max_size=3), st.sampled_from([-500.0, 77.0, 4000.0]))
def test_few_outliers_are_found_and_no_other(places, gap):
    x, y, z = flat(80)
    for at in places:
        z[at] += gap
    assert found(x, y, z) == places


def test_objects_without_height_are_not_compared():
    x, y, z = flat(60)
    z[::2] = np.nan
    z[1] = 900
    assert found(x, y, z) == {1}
    assert found(*flat(0)) == set()


EMPRISE = next(each for each in clean_features() if each.class_name == "EmpriseEchangePCRS")


def tree(gml_id, x, y, line=0):
    return Feature("ArbrePCRS", gml_id, {}, Point(x, y, 150), 2154, line)


def outside(*batches, tolerance=1.0):
    extent = Extent(tolerance)
    for features in batches:
        extent.add(gather(features))
    try:
        return [(each.place.line, round(each.distance_m, 2)) for each in extent.outside()]
    finally:
        extent.close()


def test_what_lies_outside_is_found_wherever_the_emprise_stands():
    near, far, inside = tree("n", X - 5.5, Y, 11), tree("f", X - 25, Y, 12), tree("i", X, Y, 13)
    for order in ([EMPRISE, near, far, inside], [near, far, inside, EMPRISE]):
        assert outside(order) == [(12, 20.0)]
        assert outside(order[:2], order[2:]) == [(12, 20.0)]
    assert outside([near, far, inside]) == [], "without an emprise nothing is outside"
    assert outside([EMPRISE, near, far, inside], tolerance=0.1) == [(11, 0.5), (12, 20.0)]


def test_a_line_is_outside_only_when_all_of_it_is():
    line = LineString([(X - 30, Y, 1), (X, Y, 1)])
    crossing = Feature("LimiteVoiriePCRS", "l", {}, line, 2154, 9)
    assert outside([crossing, EMPRISE]) == []


def test_several_emprises_hold_together_and_a_mask_holds_nothing():
    second = replace(EMPRISE, geometry=MultiPolygon([box(X - 40, Y - 5, X - 20, Y + 5)]))
    assert outside([tree("f", X - 25, Y, 12), EMPRISE, second]) == []
    mask = replace(second, attributes={**second.attributes, "type": "06 Masque"})
    assert outside([tree("f", X - 25, Y, 12), EMPRISE, mask]) == [(12, 20.0)]


def test_the_emprise_may_be_in_another_crs_than_the_objects(tmp_path):
    path = tmp_path / "cc45.gml"
    write(path, clean_features(), epsg=3945)
    assert check_gml(path).findings == ()
    assert check_gml(path, GmlControl(VectorLevels(today="2024-01-01"))).findings != ()


def checked(tmp_path, *features):
    path = tmp_path / "a.gml"
    write(path, features, epsg=2154)
    return [(each.code, each.object_id, each.attribute) for each in check_gml(path).findings]


def test_a_line_drawn_the_other_way_is_the_same_line(tmp_path):
    objects = list(clean_features())
    kerb = next(each for each in objects if each.class_name == "LimiteVoiriePCRS")
    turned = replace(kerb, gml_id="autre", geometry=kerb.geometry.reverse())
    front = replace(
        kerb, gml_id="façade", class_name="FacadePCRS", attributes={**kerb.attributes, "thematique": "02"}
    )
    raised = replace(
        kerb, gml_id="haut", geometry=LineString([(x, y, z + 1) for x, y, z in kerb.geometry.coords])
    )
    assert checked(tmp_path, *objects, turned, front, raised) == [("gml.duplicate", "autre", "geometrie")]


def test_two_texts_may_stand_at_one_place_but_not_the_same_text(tmp_path):
    objects = list(clean_features())
    text = next(each for each in objects if each.class_name == "HabillageTextePCRS")
    other = replace(text, gml_id="u", attributes={**text.attributes, "idHabillage": "u", "libelle": "bis"})
    assert checked(tmp_path, *objects, other) == []
    assert checked(tmp_path, *objects, other, replace(other, gml_id="v"))[0][:2] == ("gml.duplicate", "v")


def test_images_ask_for_the_least_beside_them(tmp_path):
    raster = Feature(
        "RasterPCRS",
        "r1",
        {
            "producteur": "APLC",
            "nomImage": "a.tif",
            "typeImage": "image/tiff",
            "idPCRS": "r1",
            "resolution": 5,
            "dateAcquisition": "2025-06-12",
            "dateRecette": "2025-07-01",
            "precisionPlanimetriqueCorpsDeRue": "002",
            "precisionPlanimetriqueZoneNaturelle": "040",
            "descriptionElementsQualite": "sans objet",
        },
        box(X, Y, X + 10, Y + 10),
        2154,
    )
    alone = checked(tmp_path, raster)
    assert alone == [("gml.precision", "r1", "precisionPlanimetriqueCorpsDeRue")]
    assert ("gml.minimum", None, None) in checked(tmp_path, raster, *clean_features())


def test_a_refused_object_is_not_taken_for_a_missing_parent(tmp_path):
    path = clean_document(tmp_path / "a.gml")
    text = path.read_text(encoding="utf-8").replace('xlink:href="#v3"', 'xlink:href="#v3" fid="1"')
    path.write_text(text, encoding="utf-8")
    assert [each.code for each in check_gml(path).findings] == ["gml.unknown"]


def test_a_fault_on_an_affleurant_is_shown_where_it_is_drawn(tmp_path):
    path = clean_document(tmp_path / "a.gml")
    text = path.read_text(encoding="utf-8").replace("<pcrs:reseau>AEP", "<pcrs:reseau>EAU", 1)
    path.write_text(text, encoding="utf-8")
    (only,) = check_gml(path).findings
    assert only.object_id == "c0"
    assert only.position == pytest.approx((X + 0.3, Y + 2.3), abs=0.5)


def test_a_flood_of_findings_is_counted_and_cut(tmp_path, monkeypatch):
    monkeypatch.setattr("pcrs.vector.check.MOST", 10)
    path = tmp_path / "a.gml"
    path.write_text(document(*(mur(f"m{n}", "<typeMur>07</typeMur>") for n in range(25))), encoding="utf-8")
    summary = check_gml(path)
    assert [each.code for each in summary.findings].count("gml.enumeration") == 10
    assert summary.tally["gml.enumeration", "error", "MurPCRS"] == 25
    (more,) = [each for each in summary.findings if each.code == "gml.more"]
    assert "25" in more.message
    assert MOST >= 1000


def test_a_great_document_is_drawn_as_squares(monkeypatch):
    most = 3000
    monkeypatch.setattr("pcrs.vector.sketch.MOST_POINTS", most)
    sketch = Sketch()
    trees = [tree(f"t{n}", X + 150 * (n % 2), Y) for n in range(1000)]
    for _ in range(most // 1000):
        sketch.add(gather(trees))
    assert sketch.whole
    assert len(sketch.strokes["Végétal"]) == most
    sketch.add(gather(trees))
    assert not sketch.whole
    assert sketch.strokes == {}
    assert sum(sketch.cells.values()) == most + 1000
    assert len(sketch.cells) == 2
    assert MOST_POINTS > most


def test_the_control_holds_few_bytes_for_each_object(tmp_path):
    def peak(count):
        path = tmp_path / f"{count}.gml"
        path.write_text(
            document(*(mur(f"m{n}").replace("577000", f"{577000 + n % 900}.{n:04d}") for n in range(count))),
            encoding="utf-8",
        )
        tracemalloc.start()
        check_gml(path)
        _, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return highest

    peak(100)
    small, large = peak(300), peak(1_000)
    kept = 3 * 700  # a finding of each object, in this document: no class for its heights
    assert large - small < 700 * (250 + kept)


def test_a_finding_survives_json():
    one = Finding("gml.id", "error", "x.", "a", 3, "i", "c", position=(1.5, 2.5), pixel=(3, 4))
    assert Finding.of(json.loads(json.dumps(one.to_dict()))) == one
    assert Finding.of({"code": "a", "level": "info", "message": "m"}).position is None
