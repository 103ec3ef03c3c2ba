"""What is measured between two dalles that touch."""

import io

import numpy as np
import pytest
import rasterio
from PIL import Image, ImageFilter

from pcrs.raster.seam import measure
from pcrs.raster.strips import Edges
from tests.dalles import ground_pixels, real_5cm_pixels

X, Y, SIDE = 576_040, 6_372_960, 2400


def strips(pixels, valid=None):
    planes = np.ascontiguousarray(np.moveaxis(pixels, 2, 0))
    edges = Edges(*planes.shape[1:])
    edges.add(0, planes, valid)
    return edges.strips()


def jpeg(pixels, quality=75):
    with io.BytesIO() as file:
        Image.fromarray(pixels).save(file, "JPEG", quality=quality)
        return np.asarray(Image.open(file).convert("RGB"))


@pytest.fixture(scope="module")
def here():
    return strips(ground_pixels(X, Y, SIDE, SIDE))


def beside(here, side, east_m=0.0, north_m=0.0, change=lambda pixels: pixels):
    """The seam with the neighbour that shows the ground `east_m`, `north_m` from where it should."""
    x, y = (X + SIDE / 20, Y) if side == "east" else (X, Y - SIDE / 20)
    there = strips(change(ground_pixels(x + east_m, y + north_m, SIDE, SIDE)))
    return measure(here[side], there["west" if side == "east" else "north"])


@pytest.mark.parametrize("side", ["east", "south"])
@pytest.mark.parametrize("change", [lambda pixels: pixels, jpeg], ids=["raw", "jpeg"])
def test_one_image_is_continuous(here, side, change):
    seam = beside(here, side, change=change)
    assert abs(seam.along_px) < 1
    assert seam.across_px in (0.0, None)
    assert seam.continuity > 0.7
    assert max(map(abs, seam.jump)) <= 3


@pytest.mark.parametrize("shift", [-25, -14, -6, -2, 2, 6, 14])
def test_a_slide_along_the_edge_is_measured(here, shift):
    """Content that lies `shift` px to the south shows the ground that is as far to the north."""
    east = beside(here, "east", north_m=shift * 0.05)
    south = beside(here, "south", east_m=-shift * 0.05)
    assert (east.along_px, south.along_px) == pytest.approx((shift, shift), abs=0.6)


def test_a_slide_out_of_reach_is_not_called_another(here):
    assert beside(here, "east", north_m=2.0).along_px is None


def test_ground_that_is_shown_twice_is_measured(here):
    assert beside(here, "east", east_m=-0.3).across_px == pytest.approx(6, abs=0.3)
    assert beside(here, "south", north_m=0.5).across_px == pytest.approx(10, abs=0.3)


def test_a_jpeg_a_blur_and_a_lack_of_light_hide_no_slide(here):
    soft = lambda pixels: np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(2)))  # noqa: E731
    for change in (jpeg, soft, lambda pixels: pixels // 4):
        assert beside(here, "east", north_m=0.3, change=change).along_px == pytest.approx(6, abs=1)


def test_a_change_of_light_is_measured_by_band(here):
    def warmer(pixels):
        return (pixels + np.array([20, 0, -15])).clip(0, 255).astype(np.uint8)

    assert beside(here, "east", change=warmer).jump == pytest.approx((20, 0, -15), abs=2)
    dark = beside(here, "south", change=lambda pixels: pixels // 4)
    assert max(dark.jump) < -40


def test_what_is_plain_tells_nothing(here):
    plain = strips(np.full((SIDE, SIDE, 3), 120, np.uint8))
    seam = measure(plain["east"], plain["west"])
    assert (seam.along_px, seam.across_px, seam.continuity) == (None, None, None)
    assert measure(here["east"], plain["west"]).along_px is None


def test_edges_that_are_not_valid_are_left_out():
    pixels = ground_pixels(X, Y, SIDE, SIDE)
    valid = np.ones((SIDE, SIDE), bool)
    assert measure(strips(pixels, ~valid)["east"], strips(pixels)["west"]) is None
    valid[: SIDE // 2] = False
    there = strips(ground_pixels(X + SIDE / 20, Y, SIDE, SIDE))
    half = measure(strips(pixels, valid)["east"], there["west"])
    assert 0 < half.length_px < SIDE // 2
    assert abs(half.along_px) < 1
    short = strips(pixels[:100])
    assert measure(short["east"], short["west"]) is None


def test_real_images_are_measured_to_a_pixel(shared_data):
    """A real image cut in two anywhere fits itself, and six pixels of slide are seen as six."""
    real = real_5cm_pixels(shared_data)[:256, :256]
    with rasterio.open(shared_data / "ortho" / "bdortho_50cm_lac_des_sapins_L93.tif") as dataset:
        coarse = np.moveaxis(dataset.read(window=((400, 1400), (400, 1400))), 0, 2)
    for pixels, cuts in ((real, range(40, 220, 30)), (coarse, range(60, 940, 110))):
        for cut in cuts:
            left, right = pixels[:, :cut], pixels[:, cut:]
            clean = measure(strips(left)["east"], strips(right)["west"])
            slid = measure(strips(left[6:])["east"], strips(right[:-6])["west"])
            assert abs(clean.along_px) <= 1.5
            assert slid.along_px == pytest.approx(6, abs=1.5)
            assert max(map(abs, clean.jump)) < 10
