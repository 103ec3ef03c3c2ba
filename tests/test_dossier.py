"""A delivery with faults is reported with exactly these, and a clean one with none."""

import math
import re
from dataclasses import replace

import pytest
from shapely.geometry import box

from pcrs.demo.paint import paint
from pcrs.errors import InputError
from pcrs.standard.crs import BBox
from pcrs.standard.names import format_name
from pcrs.work.dossier import examine
from pcrs.work.levels import Levels
from pcrs.work.progress import mill
from tests.dalles import ground_pixels, hm_name, make_dalle
from tests.deliveries import DOSSIER, SIGNATURE, control, make_delivery, name_at, reported, stem_at
from tests.test_completeness import geojson

JPEG = {"compress": "jpeg", "tiled": True}
CENTRE = f"{name_at(1, 1).x_m}-{name_at(1, 1).y_m}"


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    return make_delivery(tmp_path_factory.mktemp("clean"))


@pytest.fixture(scope="module")
def result(clean):
    return control(clean)


@pytest.fixture(scope="module")
def faulty(tmp_path_factory):
    faults = {(0, 0): "blurred", (2, 0): "shifted", (1, 1): "missing", (0, 2): "dark"}
    return control(make_delivery(tmp_path_factory.mktemp("faulty"), faults))


def test_a_clean_delivery_is_reported_with_nothing(result):
    assert reported(result) == {}
    assert result.verdict == "conforme"
    assert result.counts == {"conforme": 9, "à examiner": 0, "non conforme": 0}
    assert len(result.seams) == 12
    assert all(abs(row.offset_m) < 0.04 for row in result.seams)


def test_one_blurred_one_shifted_one_missing_one_dark_are_exactly_those_four(faulty):
    assert reported(faulty) == {
        stem_at(0, 0): {"raster.blurred"},
        stem_at(2, 0): {"raster.shifted"},
        stem_at(0, 2): {"raster.dark"},
        CENTRE: {"delivery.missing"},
    }
    assert faulty.verdict == "non conforme"
    assert [cell[:2] for cell in faulty.completeness.missing] == [(name_at(1, 1).x_m, name_at(1, 1).y_m)]


def test_the_seams_of_a_faulty_dalle_name_it(faulty):
    explained = {(row.first, row.second): row.explained_by for row in faulty.seams if row.explained_by}
    assert explained[stem_at(2, 0), stem_at(2, 1)] == stem_at(2, 0)
    assert explained[stem_at(0, 1), stem_at(0, 2)] == stem_at(0, 2)


def test_the_shift_is_told_in_centimetres_and_direction(faulty):
    (finding,) = [f for f in faulty.every_finding if f.code == "raster.shifted"]
    assert finding.level == "error"
    (length,) = re.findall(r"\((\d+)\u202fcm vers l'ouest\)", finding.message)
    assert int(length) == pytest.approx(30, abs=3)


@pytest.mark.parametrize(
    ("faults", "form"),
    [
        ({(1, 1): "blurred", (1, 0): "shifted north", (2, 2): "missing", (0, 1): "dark"}, JPEG),
        ({(1, 1): "shifted", (0, 0): "missing", (2, 2): "blurred", (0, 2): "dark"}, JPEG),
    ],
)
def test_they_are_found_wherever_they_lie(tmp_path, faults, form):
    codes = {
        "blurred": "raster.blurred",
        "dark": "raster.dark",
        "shifted": "raster.shifted",
        "shifted north": "raster.shifted",
    }
    expected = {stem_at(*place): {codes[fault]} for place, fault in faults.items() if fault != "missing"}
    ((col, row),) = [place for place, fault in faults.items() if fault == "missing"]
    expected[f"{name_at(col, row).x_m}-{name_at(col, row).y_m}"] = {"delivery.missing"}
    assert reported(control(make_delivery(tmp_path, faults, **form))) == expected


def test_another_colour_and_burnt_lights_are_found(tmp_path):
    found = control(make_delivery(tmp_path, {(1, 1): "warm", (0, 0): "burnt"}))
    assert "raster.radiometry" in reported(found)[stem_at(1, 1)]
    assert "raster.saturated" in reported(found)[stem_at(0, 0)]
    assert {stem_at(1, 1), stem_at(0, 0)} == set(reported(found))


def test_the_levels_decide(tmp_path):
    folder = make_delivery(tmp_path, {(1, 1): "shifted 15 cm"}, side=2)
    assert reported(control(folder))
    (card,) = [card for card in control(folder).cards if card.findings and card.name == stem_at(1, 1)]
    assert card.verdict == "à examiner"
    loose = replace(DOSSIER, levels=Levels(offset_examine_m=0.25, offset_refuse_m=0.5))
    assert reported(control(folder, loose)) == {}
    strict = replace(DOSSIER, levels=Levels(offset_examine_m=0.05, offset_refuse_m=0.10))
    assert control(folder, strict).verdict == "non conforme"


def test_two_dalles_alone_are_both_to_be_compared(tmp_path):
    folder = make_delivery(tmp_path, {(1, 0): "shifted north", (0, 1): "missing", (1, 1): "missing"}, side=2)
    found = control(folder)
    assert reported(found) == {f"{stem_at(0, 0)} {stem_at(1, 0)}": {"seam.offset"}}
    (row,) = found.seams
    assert row.north_m == pytest.approx(-0.3, abs=0.03)


def test_an_extent_makes_a_missing_dalle_an_error(clean, tmp_path):
    first, last = name_at(0, 0).bbox, name_at(3, 2).bbox
    extent = geojson(tmp_path / "extent.geojson", box(first.xmin, last.ymin, last.xmax, first.ymax))
    found = control(clean, replace(DOSSIER, area=extent))
    assert {f.level for f in found.findings if f.code == "delivery.missing"} == {"error"}
    assert len(found.completeness.missing) == 3
    grid = geojson(tmp_path / "grid.geojson", *(box(*name_at(col, 0).bbox) for col in range(4)))
    found = control(clean, replace(DOSSIER, area=grid, area_is="grid"))
    assert len(found.completeness.missing) == 1
    assert len(found.completeness.outside) == 6


def test_other_files_and_doubles_are_told(clean, tmp_path):
    for file in clean.glob("*.tif"):
        (tmp_path / file.name).symlink_to(file)
    (tmp_path / "copie").mkdir()
    (tmp_path / "copie" / f"{stem_at(0, 0)}.tif").symlink_to(clean / f"{stem_at(0, 0)}.tif")
    (tmp_path / f"{stem_at(9, 9)}.tif").write_text("bonjour")
    (tmp_path / "vide.gml").write_text("")
    found = control(tmp_path)
    verdicts = {card.file: card.verdict for card in found.cards if card.verdict != "conforme"}
    assert verdicts == {
        f"{stem_at(9, 9)}.tif": "non conforme",
        f"copie/{stem_at(0, 0)}.tif": "à examiner",
        "vide.gml": "non conforme",
    }
    assert len({card.name for card in found.cards}) == len(found.cards)
    assert found.completeness.overlaps == ()


def test_a_dalle_of_another_size_has_no_seams(clean, tmp_path):
    for file in clean.glob("*.tif"):
        (tmp_path / file.name).symlink_to(file)
    (tmp_path / f"{stem_at(1, 1)}.tif").unlink()
    name = name_at(1, 1)
    make_dalle(tmp_path / f"{stem_at(1, 1)}.tif", name, pixels=ground_pixels(name.x_m, name.y_m, 1200, 1100))
    found = control(tmp_path)
    assert reported(found) == {stem_at(1, 1): {"raster.size"}}
    assert len(found.seams) == 8


def test_check_points_judge_the_delivery(clean, tmp_path):
    file = tmp_path / "points.csv"
    rows = [f"P{n};{name_at(0, 0).x_m + 20 * n}.0;{name_at(0, 2).y_m + 7}.0" for n in range(1, 8)]
    for gap, conforming in ((0.03, True), (0.20, False)):
        lines = (
            f"{row};{name_at(0, 0).x_m + 20 * n + gap};{name_at(0, 2).y_m + 7}.0"
            for n, row in enumerate(rows, 1)
        )
        file.write_text("\n".join(["id;x;y;xi;yi", *lines]))
        found = control(clean, replace(DOSSIER, points=file))
        assert found.planimetry.test.conforming is conforming
        assert found.planimetry.bias_m[0] == pytest.approx(gap)
        assert (found.verdict == "conforme") is conforming


def test_a_wrong_file_beside_the_delivery_is_said_before_the_work(clean, tmp_path):
    def told(step):
        raise AssertionError("work was begun")

    with mill(1) as hands:
        for wrong in (
            replace(DOSSIER, points=tmp_path / "no.csv"),
            replace(DOSSIER, area=tmp_path / "no.gpkg"),
        ):
            with pytest.raises(InputError):
                examine(clean, wrong, SIGNATURE, hands, told)


def test_the_synthetic_village_raises_no_alarm(tmp_path):
    """Crops of another landscape: roofs, trees, river, fields; 60 m where streets cross."""
    for col in range(2):
        for row in range(2):
            name = name_at(col, row)
            west, north = 576_430 + 60 * col, 6_372_480 - 60 * row
            pixels = paint(BBox(west, north - 60, west + 60, north)).transpose(1, 2, 0)
            make_dalle(
                tmp_path / f"{stem_at(col, row)}.tif", name, pixels=pixels, compress="jpeg", tiled=True
            )
    assert reported(control(tmp_path)) == {}


@pytest.mark.slow
def test_full_dalles_of_200_m_are_controlled_in_parallel(tmp_path):
    for x in (576_000, 576_200):
        make_dalle(tmp_path / f"{format_name(hm_name(x))}.tif", hm_name(x), compress="lzw")
    steps = []
    with mill(2) as hands:
        found = examine(tmp_path, DOSSIER, SIGNATURE, hands, steps.append)
    assert reported(found) == {}
    assert {step.stage for step in steps} == {"contrôle", "mesure", "joints"}
    assert math.isclose(found.seams[0].offset_m, 0, abs_tol=0.03)
