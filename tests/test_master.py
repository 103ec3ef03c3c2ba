import hashlib

import numpy as np
import pytest
from rasterio.enums import MaskFlags

from pcrs.errors import RasterError, StoreError
from pcrs.raster import master
from pcrs.raster.master import write_master
from pcrs.raster.open import facts, open_raster, read_rgb
from tests.dalles import (
    ground_pixels,
    hm_name,
    make_dalle,
    real_5cm_pixels,
    real_50cm_pixels,
    small_name,
)

NAME = small_name()
GROUND = ground_pixels(NAME.x_m, NAME.y_m, 400, 400)
LOSSLESS = {
    "strips": {},
    "tiles": {"tiled": True},
    "planes": {"interleave": "band"},
    "motorola": {"ENDIANNESS": "BIG"},
    "lzw": {"compress": "lzw"},
    "deflate": {"compress": "deflate", "tiled": 128},
    "jp2": {"driver": "JP2OpenJPEG"},
    "world file": {"tags": False, "tfw": True},
    "no georeference": {"tags": False},
    "misplaced": {"shift_m": (0.01, 0.0), "crs": None},
}


def pixels_of(path):
    with open_raster(path) as dataset:
        return read_rgb(dataset)


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """The master of the strips, to which those of the other layouts are compared."""
    folder = tmp_path_factory.mktemp("plain")
    write_master(make_dalle(folder / "d.tif", NAME), folder / "master.tif", NAME)
    return folder / "master.tif"


@pytest.mark.parametrize("form", LOSSLESS)
def test_every_layout_gives_the_same_bytes(tmp_path, plain, form):
    source = make_dalle(tmp_path / f"d.{form}", NAME, **LOSSLESS[form])
    write_master(source, tmp_path / "out" / "master.tif", NAME)
    assert sha256(tmp_path / "out" / "master.tif") == sha256(plain)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["master.tif"]


def test_the_form_of_a_master(plain):
    read = facts(plain)
    assert (read.driver, read.compression, read.block) == ("GTiff", "deflate", (512, 512))
    assert (read.epsg, read.bbox, read.georeferenced_by) == (2154, NAME.bbox, "tags")
    assert read.transform == (0.05, 0.0, NAME.x_m, 0.0, -0.05, NAME.y_m)
    assert (read.photometric, read.has_mask, read.nodata) == ("rgb", False, None)
    assert np.array_equal(pixels_of(plain)[0], GROUND)


def test_a_lossy_source_is_kept_as_it_was_decoded(tmp_path):
    source = make_dalle(tmp_path / "d.tif", NAME, compress="jpeg", tiled=True)
    write_master(source, tmp_path / "master.tif", NAME)
    assert np.array_equal(pixels_of(tmp_path / "master.tif")[0], pixels_of(source)[0])


@pytest.mark.parametrize("how", ["mask", "nodata"])
def test_nodata_becomes_an_internal_mask(tmp_path, how):
    mask = np.ones((400, 400), bool)
    mask[:70, 30:] = mask[200, 200] = False
    pixels = np.where(mask[:, :, None], GROUND, np.uint8(0 if how == "mask" else 255))
    given = {"mask": mask} if how == "mask" else {"nodata": 255}
    source = make_dalle(tmp_path / "d.tif", NAME, pixels=pixels, **given)
    write_master(source, tmp_path / "master.tif", NAME)
    kept, valid = pixels_of(tmp_path / "master.tif")
    assert np.array_equal(valid, mask)
    assert np.array_equal(kept, pixels)
    with open_raster(tmp_path / "master.tif") as dataset:
        assert dataset.mask_flag_enums[0] == [MaskFlags.per_dataset]
        assert dataset.nodata is None
    assert not (tmp_path / "master.tif.msk").exists()


def test_a_mask_in_the_last_band_alone(tmp_path):
    """Bands are written one by one: those above have no mask of their own."""
    name = hm_name()
    mask = np.ones((4000, 4000), bool)
    mask[3990:] = False
    source = make_dalle(tmp_path / "d.tif", name, mask=mask)
    write_master(source, tmp_path / "master.tif", name)
    assert np.array_equal(pixels_of(tmp_path / "master.tif")[1], mask)


@pytest.mark.parametrize("make", [real_5cm_pixels, real_50cm_pixels])
def test_real_images_of_200_m(tmp_path, shared_data, make):
    name, pixels = hm_name(), make(shared_data)
    source = make_dalle(tmp_path / "d.tif", name, pixels=pixels, compress="lzw")
    write_master(source, tmp_path / "one.tif", name)
    write_master(source, tmp_path / "two.tif", name)
    assert sha256(tmp_path / "one.tif") == sha256(tmp_path / "two.tif")
    assert np.array_equal(pixels_of(tmp_path / "one.tif")[0], pixels)


def test_a_cut_source_leaves_nothing(tmp_path):
    source = make_dalle(tmp_path / "d.tif", NAME)
    source.write_bytes(source.read_bytes()[:300_000])
    target = tmp_path / "out" / "master.tif"
    target.parent.mkdir()
    target.write_bytes(b"the one before")
    with pytest.raises(RasterError, match="illisibles"):
        write_master(source, target, NAME)
    assert [path.name for path in target.parent.iterdir()] == ["master.tif"]
    assert target.read_bytes() == b"the one before"


@pytest.mark.parametrize("how", [{"pixels": GROUND[:399]}, {"dtype": "uint16"}, {"bands": 1}, {"bands": 4}])
def test_what_is_no_dalle_is_refused(tmp_path, how):
    source = make_dalle(tmp_path / "d.tif", NAME, **how)
    with pytest.raises(RasterError):
        write_master(source, tmp_path / "out" / "master.tif", NAME)
    assert list((tmp_path / "out").glob("*")) == []


def test_a_disk_that_lies_is_found_out(tmp_path, monkeypatch):
    """The bytes are changed between writing and reading back, as a failing disk would."""
    honest = master._write

    def failing(dataset, part, name):
        digest = honest(dataset, part, name)
        with open_raster(part) as written:
            offset = int(written.get_tag_item("BLOCK_OFFSET_0_0", "TIFF", 1))
        content = bytearray(part.read_bytes())
        content[offset + 2000] ^= 0xFF
        part.write_bytes(content)
        return digest

    monkeypatch.setattr(master, "_write", failing)
    source = make_dalle(tmp_path / "d.tif", NAME)
    with pytest.raises((StoreError, RasterError)):
        write_master(source, tmp_path / "out" / "master.tif", NAME)
    assert list((tmp_path / "out").glob("*")) == []


def test_what_is_read_back_is_shown_in_bands_from_the_north(tmp_path):
    mask = np.ones((4000, 4000), bool)
    mask[700:900, 100:300] = False
    name = hm_name()
    source = make_dalle(tmp_path / "d.tif", name, mask=mask)
    seen: list[tuple[np.ndarray, np.ndarray | None]] = []

    def look(rgb: np.ndarray, valid: np.ndarray | None) -> None:
        seen.append((rgb.copy(), valid))

    write_master(source, tmp_path / "m.tif", name, look)
    assert [len(rgb) for rgb, _ in seen] == [512] * 7 + [416]
    np.testing.assert_array_equal(
        np.concatenate([rgb for rgb, _ in seen]), ground_pixels(name.x_m, name.y_m, 4000, 4000)
    )
    assert seen[0][1] is None
    np.testing.assert_array_equal(seen[1][1], mask[512:1024])
