"""What is measured on one dalle."""

import io

import numpy as np
import pytest
from PIL import Image

from pcrs.errors import RasterError
from pcrs.raster.inspect import inspect
from pcrs.raster.strips import load
from tests.dalles import ground_pixels, make_dalle, small_name

NAME = small_name()
SIDE = NAME.size_px


def picture(data):
    return np.asarray(Image.open(io.BytesIO(data)))


def test_the_histogram_counts_every_valid_pixel(tmp_path):
    pixels = ground_pixels(NAME.x_m, NAME.y_m, SIDE, SIDE)
    mask = np.ones((SIDE, SIDE), bool)
    mask[:50] = False
    found = inspect(make_dalle(tmp_path / "a.tif", NAME, pixels=pixels, mask=mask))
    for band in range(3):
        expected = np.bincount(pixels[50:, :, band].ravel(), minlength=256)
        np.testing.assert_array_equal(found.histogram[band], expected)
    assert found.pixels == SIDE * (SIDE - 50)
    assert found.nodata == SIDE * 50
    assert found.nodata_share == pytest.approx(50 / SIDE)
    assert found.luminance == pytest.approx(pixels[50:].mean(axis=(0, 1)) @ [0.299, 0.587, 0.114])


def test_pure_and_saturated_pixels_are_counted_and_shown(tmp_path):
    pixels = np.full((SIDE, SIDE, 3), 120, np.uint8)
    pixels[5, 7] = 255
    pixels[300, 390] = 0
    pixels[200:210, 100] = (255, 80, 80)
    found = inspect(make_dalle(tmp_path / "a.tif", NAME, pixels=pixels))
    assert (found.white, found.black, found.saturated) == (1, 1, 11)
    assert found.share(found.saturated) == pytest.approx(11 / SIDE**2)
    shown = np.asarray(Image.open(io.BytesIO(found.plain_map)).convert("RGBA"))
    assert shown.shape[:2] == (SIDE // 2, SIDE // 2)
    assert np.argwhere(shown[:, :, 3] > 0).tolist() == [[2, 3], [150, 195]]
    assert shown[2, 3, 0] > 100 > shown[150, 195, 0]


def test_a_dalle_without_pure_pixels_has_no_map_of_them(tmp_path):
    assert inspect(make_dalle(tmp_path / "a.tif", NAME)).plain_map == b""


@pytest.mark.parametrize("thumb_px", [64, 100, 256, 1000])
def test_the_thumbnail_is_the_image_made_small(tmp_path, thumb_px):
    pixels = ground_pixels(NAME.x_m, NAME.y_m, SIDE, SIDE)
    found = inspect(make_dalle(tmp_path / "a.tif", NAME, pixels=pixels), thumb_px=thumb_px)
    thumb = picture(found.thumb)
    assert max(thumb.shape) <= thumb_px
    small = Image.fromarray(pixels).resize(thumb.shape[1::-1], Image.Resampling.BOX)
    assert np.abs(thumb.astype(int) - np.asarray(small)).mean() < 6


@pytest.mark.parametrize("form", [{}, {"compress": "jpeg", "tiled": True}, {"driver": "JP2OpenJPEG"}])
def test_every_form_is_measured(tmp_path, form):
    suffix = "jp2" if form.get("driver") else "tif"
    found = inspect(make_dalle(tmp_path / f"a.{suffix}", NAME, **form), strips=tmp_path / "a.npz")
    assert found.pixels == SIDE**2
    assert found.sharpness is not None
    assert found.facts.compression == {"tif": form.get("compress", "none"), "jp2": "jpeg2000"}[suffix]
    assert load(tmp_path / "a.npz", "east").lum.shape[0] == SIDE


def test_an_empty_dalle_has_no_luminance(tmp_path):
    nothing = np.zeros((SIDE, SIDE), bool)
    found = inspect(make_dalle(tmp_path / "a.tif", NAME, mask=nothing))
    assert found.luminance is None
    assert found.share(found.white) == 0
    assert found.sharpness is None


def test_what_cannot_be_read_is_an_error(tmp_path):
    with pytest.raises(RasterError):
        inspect(tmp_path / "absent.tif")
    with pytest.raises(RasterError):
        inspect(make_dalle(tmp_path / "a.tif", NAME, bands=1))
