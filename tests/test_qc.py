import numpy as np
import pytest
import rasterio
from rasterio.crs import CRS
from rasterio.transform import Affine

from pcrs.raster.qc import Control, check_dalle
from pcrs.standard.names import HM, PATTERNS
from tests.dalles import SMALL, ground_pixels, hm_name, make_dalle, real_5cm_pixels, small_name
from tests.test_reference import ESRI

NAME = small_name()
STEM = SMALL.format(NAME)
CONTROL = Control(patterns=(SMALL, *PATTERNS))
GROUND = ground_pixels(NAME.x_m, NAME.y_m, 400, 400)


def found(verdict, *levels):
    """Codes of the findings of some levels, all when none is given."""
    return [one.code for one in verdict.findings if not levels or one.level in levels]


def only(verdict):
    """The one finding that there should be."""
    assert len(verdict.findings) == 1, verdict.findings
    return verdict.findings[0]


FORMS = {
    "strips": {},
    "tiles": {"tiled": True},
    "planes": {"interleave": "band"},
    "big": {"BIGTIFF": "YES"},
    "motorola": {"ENDIANNESS": "BIG"},
    "lzw": {"compress": "lzw"},
    "deflate": {"compress": "deflate", "tiled": 512},
    "jpeg": {"compress": "jpeg", "tiled": True},
    "world file too": {"tfw": True},
    "another name of the CRS": {"crs": CRS.from_wkt(ESRI)},
    "jp2": {"driver": "JP2OpenJPEG"},
    "a tenth of a millimetre": {"shift_m": (0.0001, -0.0001)},
}


@pytest.mark.parametrize("form", FORMS)
def test_what_conforms_raises_nothing(tmp_path, form):
    suffix = ".jp2" if form == "jp2" else ".tif"
    verdict = check_dalle(make_dalle(tmp_path / (STEM + suffix), NAME, **FORMS[form]), CONTROL)
    assert verdict.findings == ()
    assert verdict.conforming
    assert (verdict.name, verdict.nodata_share) == (NAME, 0.0)


FAULTS = {
    "one band": ({"bands": 1}, "raster.bands"),
    "four bands": ({"bands": 4}, "raster.bands"),
    "16 bits": ({"dtype": "uint16"}, "raster.depth"),
    "no georeference": ({"tags": False}, "raster.georef"),
    "turned": ({"rotation": 1.0}, "raster.rotation"),
    "another CRS": ({"crs": 3945}, "raster.crs"),
    "10 cm": ({"res_m": 0.1}, "raster.pixel"),
    "4.9 cm": ({"res_m": 0.049}, "raster.pixel"),
    "too few rows": ({"pixels": GROUND[:399]}, "raster.size"),
    "half": ({"pixels": GROUND[:200, :200]}, "raster.size"),
    "a kilometre east": ({"shift_m": (1000.0, 0.0)}, "raster.georef"),
    "2 mm": ({"shift_m": (0.002, 0.0)}, "raster.alignment"),
    "one pixel": ({"shift_m": (0.05, 0.0)}, "raster.alignment"),
    "white": ({"pixels": np.full_like(GROUND, 255)}, "raster.blank"),
    "black": ({"pixels": np.zeros_like(GROUND)}, "raster.blank"),
    "one colour": ({"pixels": np.full_like(GROUND, (12, 90, 30))}, "raster.blank"),
    "nothing valid": ({"mask": np.zeros((400, 400), bool)}, "raster.blank"),
    "only nodata": ({"pixels": np.full_like(GROUND, 255), "nodata": 255}, "raster.blank"),
}


@pytest.mark.parametrize("what", FAULTS)
def test_one_fault_gives_one_finding(tmp_path, what):
    how, code = FAULTS[what]
    verdict = check_dalle(make_dalle(tmp_path / f"{STEM}.tif", NAME, **how), CONTROL, shown_as="bloc A/x.tif")
    assert only(verdict).code == code
    assert only(verdict).level == "error"
    assert only(verdict).file == "bloc A/x.tif"
    assert not verdict.conforming


def test_two_faults_are_both_said(tmp_path):
    path = make_dalle(tmp_path / f"{STEM}.tif", NAME, bands=4, dtype="uint16", crs=3945)
    assert found(check_dalle(path, CONTROL)) == ["raster.bands", "raster.depth", "raster.crs"]


def test_name_georeference_and_size_are_shown_when_they_disagree(tmp_path):
    path = make_dalle(tmp_path / f"{STEM}.tif", NAME, shift_m=(1000, 0), pixels=GROUND[:300])
    message = only(check_dalle(path, CONTROL)).message
    for value in ("576000, 6373000", "20 m", "577000.000, 6373000.000", "400 × 300 px", "400 × 400 px"):
        assert value in message


def test_a_name_with_the_south_west_corner_is_recognised(tmp_path):
    path = make_dalle(tmp_path / f"{STEM}.tif", NAME, shift_m=(0, 20))
    assert "coin sud-ouest" in only(check_dalle(path, CONTROL)).message


def test_a_half_pixel_is_said_in_centimetres(tmp_path):
    path = make_dalle(tmp_path / f"{STEM}.tif", NAME, shift_m=(0.025, -0.025))
    message = only(check_dalle(path, CONTROL)).message
    assert "2,5 cm vers l'est et 2,5 cm vers le sud" in message
    assert "demi-pixel" in message


def test_the_name_of_a_foreign_crs_is_read_out(tmp_path):
    finding = only(check_dalle(make_dalle(tmp_path / f"{STEM}.tif", NAME, crs=3945), CONTROL))
    assert finding.measured == "RGF93 v1 / CC45 (EPSG:3945)"
    assert "Lambert-93" in finding.expected


def test_four_bands_come_with_the_command_that_mends_them(tmp_path):
    alpha = make_dalle(tmp_path / f"{STEM}.tif", NAME, bands=4)
    infrared = make_dalle(tmp_path / "ir" / f"{STEM}.tif", NAME, bands=4, alpha="no")
    assert "-b 1 -b 2 -b 3 -mask 4" in only(check_dalle(alpha, CONTROL)).message
    assert "proche infrarouge" in only(check_dalle(infrared, CONTROL)).message


def test_an_unknown_name_shows_the_known_ones(tmp_path):
    finding = only(check_dalle(make_dalle(tmp_path / "bidule.tif", NAME), CONTROL))
    assert finding.code == "raster.name"
    assert SMALL.template in finding.message


def test_an_unknown_name_off_the_grid_is_two_faults(tmp_path):
    path = make_dalle(tmp_path / "bidule.tif", NAME, shift_m=(0.02, 0))
    assert found(check_dalle(path, CONTROL)) == ["raster.name", "raster.alignment"]


@pytest.mark.parametrize("how", [{"crs": None}, {"tags": False, "tfw": True}])
def test_without_a_crs_the_name_gives_it(tmp_path, how):
    verdict = check_dalle(make_dalle(tmp_path / f"{STEM}.tif", NAME, **how), CONTROL)
    assert (only(verdict).code, only(verdict).level) == ("raster.crs", "warning")
    assert verdict.conforming


def test_a_world_file_alone_must_be_right_too(tmp_path):
    path = make_dalle(tmp_path / f"{STEM}.tif", NAME, tags=False, tfw=True, shift_m=(0.025, -0.025))
    assert found(check_dalle(path, CONTROL), "error") == ["raster.alignment"]


@pytest.mark.parametrize(
    ("text", "word"),
    [("0.05\n0\n0\n-0.05\n576000\n6373000\n", "3,536 cm"), ("bonjour", "illisible"), ("", "illisible")],
)
def test_a_world_file_that_contradicts_the_tags(tmp_path, text, word):
    path = make_dalle(tmp_path / f"{STEM}.tif", NAME)
    (tmp_path / f"{STEM}.tfw").write_text(text)
    finding = only(check_dalle(path, CONTROL))
    assert (finding.code, finding.level) == ("raster.worldfile", "error")
    assert word in finding.message
    assert f"{STEM}.tfw" in finding.message


def test_an_external_mask_is_not_taken_in_silence(tmp_path):
    path = make_dalle(tmp_path / f"{STEM}.tif", NAME)
    (tmp_path / f"{STEM}.tif.msk").write_bytes(b"")
    assert (only(check_dalle(path, CONTROL)).code, only(check_dalle(path, CONTROL)).level) == (
        "raster.mask",
        "warning",
    )


@pytest.mark.parametrize(
    ("photometric", "level"), [("minisblack", ["warning"]), ("rgb", [])], ids=["undeclared", "declared"]
)
def test_undeclared_colours(tmp_path, photometric, level):
    path = make_dalle(tmp_path / f"{STEM}.tif", NAME, photometric=photometric)
    assert [one.level for one in check_dalle(path, CONTROL).findings] == level


def test_the_share_of_nodata(tmp_path):
    mask = np.ones((400, 400), bool)
    mask[:, :100] = False
    path = make_dalle(tmp_path / f"{STEM}.tif", NAME, mask=mask)
    verdict = check_dalle(path, CONTROL)
    assert (verdict.nodata_share, verdict.conforming) == (0.25, True)
    assert (only(verdict).code, only(verdict).level) == ("raster.nodata", "info")
    refused = check_dalle(path, Control(patterns=CONTROL.patterns, max_nodata_share=0.2))
    assert (refused.nodata_share, only(refused).level) == (0.25, "error")


@pytest.mark.parametrize(("colour", "value"), [("white", 255), ("black", 0)])
def test_undeclared_void_is_worth_a_warning(tmp_path, colour, value):
    pixels = GROUND.copy()
    pixels[:2] = value
    little = check_dalle(make_dalle(tmp_path / f"{STEM}.tif", NAME, pixels=pixels), CONTROL)
    pixels[:40] = value
    much = check_dalle(make_dalle(tmp_path / f"{STEM}.tif", NAME, pixels=pixels), CONTROL)
    assert (only(little).code, only(little).level) == (f"raster.{colour}", "info")
    assert (only(much).code, only(much).level, only(much).measured) == (f"raster.{colour}", "warning", "10 %")


CUT = {
    "strips": ({"blockysize": 1}, 0.5, lambda row: row == 198),
    "tiles": ({"tiled": 128, "compress": "deflate"}, 0.5, lambda row: row in (128, 256)),
    "lzw": ({"compress": "lzw"}, 0.7, lambda row: 200 < row < 400),
    "jpeg": ({"compress": "jpeg", "tiled": 128}, 0.5, lambda row: row in (128, 256)),
    "jp2": ({"driver": "JP2OpenJPEG"}, 0.5, lambda row: row == 0),
    "directory": ({}, 0.0005, None),
}


@pytest.mark.parametrize("form", CUT)
def test_a_cut_file_is_truncated_and_nothing_else(tmp_path, form):
    how, share, where = CUT[form]
    path = make_dalle(tmp_path / f"{STEM}.{'jp2' if form == 'jp2' else 'tif'}", NAME, **how)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    verdict = check_dalle(path, CONTROL)
    assert (only(verdict).code, only(verdict).level) == ("raster.truncated", "error")
    assert verdict.nodata_share is None
    if where is not None:
        assert where(only(verdict).pixel[0]), only(verdict).pixel
        assert only(verdict).expected == f"{len(content)} octets"


@pytest.mark.parametrize("how", [{"compress": "lzw"}, {"compress": "jpeg", "tiled": 256}])
def test_damage_in_the_middle_is_found(tmp_path, how):
    path = make_dalle(tmp_path / f"{STEM}.tif", NAME, **how)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 2000] = bytes(2000)
    path.write_bytes(content)
    finding = only(check_dalle(path, CONTROL))
    assert finding.code == "raster.damaged"
    assert finding.pixel is not None


@pytest.mark.parametrize("content", [b"", b"bonjour", b"<html></html>", b"II*\0" + bytes(40)])
def test_what_cannot_be_opened_is_one_finding(tmp_path, content):
    path = tmp_path / f"{STEM}.tif"
    path.write_bytes(content)
    verdict = check_dalle(path, CONTROL)
    assert (only(verdict).code, verdict.facts, verdict.name) == ("raster.open", None, NAME)


def test_an_absent_file_is_one_finding(tmp_path):
    assert only(check_dalle(tmp_path / f"{STEM}.tif", CONTROL)).code == "raster.open"


def test_a_huge_empty_image_is_judged_without_being_decoded(tmp_path):
    path = tmp_path / f"{STEM}.tif"
    shape = {"width": 400_000, "height": 400_000, "count": 3, "dtype": "uint8"}
    place = {"crs": "EPSG:2154", "transform": Affine(0.05, 0, NAME.x_m, 0, -0.05, NAME.y_m)}
    blocks = {"tiled": True, "blockxsize": 4096, "blockysize": 4096, "SPARSE_OK": True, "photometric": "rgb"}
    rasterio.open(path, "w", driver="GTiff", **shape, **place, **blocks).close()
    assert found(check_dalle(path, CONTROL)) == ["raster.size"]


def test_a_real_dalle_of_200_m_conforms(tmp_path, shared_data):
    name = hm_name()
    path = make_dalle(
        tmp_path / f"{HM.format(name)}.tif", name, pixels=real_5cm_pixels(shared_data), tiled=True
    )
    verdict = check_dalle(path, Control())
    assert verdict.conforming
    assert set(found(verdict)) <= {"raster.white", "raster.black"}


def test_real_crops_are_no_dalles(shared_data):
    verdict = check_dalle(shared_data / "ortho" / "19FD5606Ax00020_16371.tif", Control())
    assert found(verdict, "error") == ["raster.name"]
