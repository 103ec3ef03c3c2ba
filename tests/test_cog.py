import hashlib
import shutil
import subprocess
import warnings
from pathlib import Path

import numpy as np
import pytest
import simplejpeg
from rasterio.enums import MaskFlags
from rasterio.windows import Window
from rio_cogeo import cog_validate

from pcrs.errors import RasterError, TooLargeError
from pcrs.raster.cog import HotEncoder, write_hot
from pcrs.raster.cogfile import Level, cog_bytes
from pcrs.raster.halving import halve
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

HM = hm_name()
GROUND = ground_pixels(HM.x_m, HM.y_m, 4000, 4000)
GDAL_CHECK = Path("/usr/lib/python3/dist-packages/osgeo_utils/samples/validate_cloud_optimized_geotiff.py")


def hole() -> np.ndarray:
    """A slanting edge, a speck, and a whole block of nothing."""
    rows, cols = np.mgrid[:4000, :4000]
    mask = cols + rows * 0.7 > 1500
    mask[3000:3003, 3000:3005] = False
    return mask


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("hot")


@pytest.fixture(scope="module")
def whole(folder):
    """The hot dalle of 200 m without no-data."""
    source = make_dalle(folder / "whole.tif", HM, compress="deflate", tiled=512)
    write_hot(source, folder / "whole.hot.tif")
    return folder / "whole.hot.tif"


@pytest.fixture(scope="module")
def masked(folder):
    """The hot dalle of 200 m with no-data."""
    source = make_dalle(folder / "masked.tif", HM, mask=hole(), compress="deflate", tiled=512)
    write_hot(source, folder / "masked.hot.tif")
    return folder / "masked.hot.tif"


@pytest.fixture(scope="module")
def small(folder):
    """A hot dalle of one block."""
    write_hot(make_dalle(folder / "small.tif", small_name()), folder / "small.hot.tif")
    return folder / "small.hot.tif"


@pytest.fixture(params=["whole", "masked", "small"])
def hot(request):
    return request.getfixturevalue(request.param)


def pixels_of(path, factor=1):
    """Pixels of a resolution, in signed integers, and where they are valid."""
    with open_raster(path) as dataset:
        if factor == 1:
            rgb, valid = read_rgb(dataset)
            return rgb.astype(int), valid
        shape = (-(-dataset.height // factor), -(-dataset.width // factor))
        planes = dataset.read(out_shape=(3, *shape))
        return np.moveaxis(planes, 0, 2).astype(int), dataset.read_masks(1, out_shape=shape) != 0


def test_it_is_a_cog_without_a_warning(hot):
    with warnings.catch_warnings(action="ignore"):
        assert cog_validate(hot, strict=True) == (True, [], [])


def test_gdal_finds_its_own_layout_in_every_block(hot):
    python = shutil.which("python3", path="/usr/bin")
    if python is None or not GDAL_CHECK.exists():
        pytest.skip("Debian's python3-gdal is not installed")
    said = subprocess.run(
        [python, GDAL_CHECK, "--full-check=yes", hot], capture_output=True, text=True, check=False
    )
    assert said.returncode == 0, said.stdout + said.stderr
    assert "is a valid cloud optimized GeoTIFF" in said.stdout


def test_what_the_file_says(whole, masked, small):
    for path, name, overviews in ((whole, HM, (2, 4, 8)), (masked, HM, (2, 4, 8)), (small, small_name(), ())):
        read = facts(path)
        assert (read.compression, read.photometric, read.block) == ("jpeg", "ycbcr", (512, 512))
        assert (read.epsg, read.bbox, read.overviews) == (2154, name.bbox, overviews)
        assert read.transform == (0.05, 0.0, name.x_m, 0.0, -0.05, name.y_m)
        assert read.has_mask is (path is masked)
        with open_raster(path) as dataset:
            assert dataset.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
            assert dataset.tags()["AREA_OR_POINT"] == "Area"


def test_pixels_stay_near_the_master(whole):
    assert np.abs(pixels_of(whole)[0] - GROUND).mean() <= 3


@pytest.mark.parametrize("make", [real_5cm_pixels, real_50cm_pixels])
def test_real_images_stay_near_the_master(tmp_path, shared_data, make):
    pixels = make(shared_data)
    write_master(make_dalle(tmp_path / "d.tif", HM, pixels=pixels), tmp_path / "m.tif", HM)
    write_hot(tmp_path / "m.tif", tmp_path / "h.tif")
    assert np.abs(pixels_of(tmp_path / "h.tif")[0] - pixels).mean() <= 3
    assert (tmp_path / "h.tif").stat().st_size < 200e6 / 25


def test_overviews_are_means_of_four(whole):
    expected = GROUND
    for factor in (2, 4, 8):
        expected = halve(expected, None)[0]
        assert np.abs(pixels_of(whole, factor)[0] - expected).mean() <= 3


def test_the_mask_is_kept_at_every_resolution(masked):
    rgb, valid = pixels_of(masked)
    assert np.array_equal(valid, hole())
    assert np.abs(rgb - GROUND)[valid].mean() <= 3
    assert np.median(rgb[~valid]) == 255
    expected, some = GROUND, hole()
    for factor in (2, 4, 8):
        expected, some = halve(expected, some)
        rgb, valid = pixels_of(masked, factor)
        assert np.array_equal(valid, some)
        assert np.abs(rgb - expected)[some].mean() <= 3


def test_nothing_under_the_mask_shines_through(tmp_path):
    """What the master keeps under its mask is not published."""
    mask = np.ones((400, 400), bool)
    mask[:200] = False
    write_hot(make_dalle(tmp_path / "d.tif", small_name(), mask=mask), tmp_path / "h.tif")
    assert (pixels_of(tmp_path / "h.tif")[0][:180] >= 250).all()


def test_every_block_is_a_whole_jpeg(masked):
    content = masked.read_bytes()
    with open_raster(masked) as dataset:
        offset = int(dataset.get_tag_item("BLOCK_OFFSET_7_7", "TIFF", 1))
        size = int(dataset.get_tag_item("BLOCK_SIZE_7_7", "TIFF", 1))
        last, _ = read_rgb(dataset, Window(3584, 3584, 416, 416))
    decoded = simplejpeg.decode_jpeg(content[offset : offset + size])
    assert decoded.shape == (512, 512, 3)
    assert simplejpeg.decode_jpeg_header(content[offset : offset + size])[3] == "420"
    assert np.abs(decoded[:416, :416].astype(int) - last).mean() < 1
    assert int.from_bytes(content[offset - 4 : offset], "little") == size
    assert content[offset + size : offset + size + 4] == content[offset + size - 4 : offset + size]


def test_one_input_gives_one_file(folder, masked):
    write_hot(folder / "masked.tif", folder / "again.tif")
    one, two = (hashlib.sha256(path.read_bytes()).digest() for path in (masked, folder / "again.tif"))
    assert one == two


def test_quality_is_a_setting(folder, whole):
    write_hot(folder / "whole.tif", folder / "q75.tif", quality=75)
    assert (folder / "q75.tif").stat().st_size < whole.stat().st_size


@pytest.mark.parametrize("how", [{"crs": 3945}, {"tags": False, "tfw": True}, {"crs": None}])
def test_only_masters_are_taken(tmp_path, how):
    source = make_dalle(tmp_path / "d.tif", small_name(), **how)
    with pytest.raises(RasterError, match="maîtresse"):
        write_hot(source, tmp_path / "out" / "h.tif")
    assert not (tmp_path / "out").exists()


def test_a_cut_master_leaves_nothing(tmp_path):
    source = make_dalle(tmp_path / "d.tif", small_name())
    source.write_bytes(source.read_bytes()[:300_000])
    with pytest.raises(RasterError, match="illisibles"):
        write_hot(source, tmp_path / "out" / "h.tif")
    assert list(tmp_path.glob("out/*")) == []


def test_a_mask_that_hides_nothing_is_left_out(tmp_path):
    source = make_dalle(tmp_path / "d.tif", small_name(), mask=np.ones((400, 400), bool))
    write_hot(source, tmp_path / "h.tif")
    with open_raster(tmp_path / "h.tif") as dataset:
        assert dataset.mask_flag_enums[0] == [MaskFlags.all_valid]


@pytest.mark.parametrize("size", [(512, 512), (513, 40), (1300, 1025), (1, 1)])
def test_any_size_can_be_encoded(tmp_path, size):
    width, height = size
    pixels, valid = GROUND[:height, :width], hole()[:height, :width]
    encoder = HotEncoder(width, height, 90)
    for row in range(0, height, 512):
        encoder.push(pixels[row : row + 512], valid[row : row + 512])
    levels = encoder.levels()
    assert [(level.width, level.height) for level in levels][:2] == [size, (-(-width // 2), -(-height // 2))][
        : len(levels)
    ]
    assert max(levels[-1].width, levels[-1].height) <= 512
    path = tmp_path / "h.tif"
    path.write_bytes(b"".join(cog_bytes(levels, (576_000.0, 6_373_000.0))))
    assert np.array_equal(pixels_of(path)[1], valid)
    with open_raster(path) as dataset:
        for number in range(len(dataset.overviews(1))):
            assert dataset.read(1, out_shape=(levels[number + 1].height, levels[number + 1].width)).size


def test_a_file_of_4_gib_is_not_begun():
    block = bytes(2**20)
    with pytest.raises(TooLargeError, match="4 GiB"):
        next(cog_bytes([Level(2**15, 2**15, [block] * 4096)], (0.0, 0.0)))
