"""The width of edges, whatever the image shows."""

import io

import numpy as np
import pytest
import rasterio
from PIL import Image, ImageFilter

from pcrs.raster.sharpness import EdgeCounter
from pcrs.raster.strips import luminance
from tests.dalles import ground_pixels

LEAST = 60


def sharpness(pixels, least=LEAST):
    counter = EdgeCounter()
    lum = luminance(np.moveaxis(pixels, 2, 0))
    for row in range(0, lum.shape[0], 256):
        for col in range(0, lum.shape[1], 256):
            counter.add(lum[row : row + 256, col : col + 256])
    return counter.result(least)


def filtered(pixels, kind):
    return np.asarray(Image.fromarray(pixels).filter(kind))


def jpeg(pixels, quality):
    with io.BytesIO() as file:
        Image.fromarray(pixels).save(file, "JPEG", quality=quality)
        return np.asarray(Image.open(file).convert("RGB"))


def ramps(width_px):
    """Edges that go from dark to light within that many pixels: north-south above, east-west below."""
    at = (np.abs(np.arange(512) % 128 - 63.5) - 32) / width_px
    line = np.tile(60 + 120 * np.clip(at + 0.5, 0, 1), (512, 1))
    lum = np.concatenate([line, line.T]).astype(np.uint8)
    return np.repeat(lum[:, :, None], 3, axis=2)


@pytest.mark.parametrize("width", [1, 2, 4, 6, 8])
def test_a_ramp_is_as_wide_as_it_is(width):
    assert sharpness(ramps(width)).width_px == pytest.approx(width, rel=0.15)


def test_contrast_does_not_count():
    pixels = ramps(4)
    pale = (pixels.astype(float) * 0.4 + 90).astype(np.uint8)
    assert sharpness(pale).width_px == pytest.approx(sharpness(pixels).width_px, rel=0.1)


@pytest.mark.parametrize("place", [(576_000, 6_373_000), (576_040, 6_372_960), (576_420, 6_372_380)])
def test_a_blur_widens_the_edges_of_any_ground(place):
    pixels = ground_pixels(*place, 800, 800)
    clean = sharpness(pixels).width_px
    assert clean < 3
    assert sharpness(jpeg(pixels, 75)).width_px < 4
    assert sharpness(filtered(pixels, ImageFilter.GaussianBlur(2))).width_px >= 5
    assert sharpness(jpeg(filtered(pixels, ImageFilter.GaussianBlur(3)), 90)).width_px >= 5


def test_a_movement_widens_the_edges_in_one_direction():
    pixels = ground_pixels(576_000, 6_373_000, 1000, 1000).astype(float)
    moved = sum(np.roll(pixels, step, axis=1) for step in range(9)) / 9
    found = sharpness(moved.astype(np.uint8))
    assert found.columns_px >= 5 > 2.5 > found.rows_px
    assert found.width_px == found.columns_px


def test_a_real_image_is_sharp_until_it_is_blurred(shared_data):
    with rasterio.open(shared_data / "ortho" / "bdortho_50cm_lac_des_sapins_L93.tif") as dataset:
        pixels = np.moveaxis(dataset.read(window=((600, 1400), (600, 1400))), 0, 2)
    assert sharpness(pixels).width_px < 3
    assert sharpness(filtered(pixels, ImageFilter.GaussianBlur(2))).width_px >= 4.5


def test_what_has_no_edges_is_not_judged():
    flat = np.full((400, 400, 3), 120, np.uint8)
    assert sharpness(flat) is None
    assert sharpness(flat, least=0) is None
    assert EdgeCounter().result(1) is None
    tiny = EdgeCounter()
    tiny.add(np.zeros((10, 10), np.uint8))
    assert tiny.result(1) is None
