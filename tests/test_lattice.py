import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pcrs.raster import lattice
from pcrs.raster.lattice import Window, blank, native_size, on_lattice, read_box
from pcrs.standard.crs import BBox
from tests.dalles import ground_pixels

X, Y = 576_000.0, 6_373_000.0
SIDE = 400
EXTENT = BBox(X, Y - SIDE * 0.05, X + SIDE * 0.05, Y)
LEFT, TOP = round(X * 20), round((12_000_000 - Y) * 20)
GROUND = ground_pixels(X, Y, SIDE, SIDE)


def reader(rgb: np.ndarray = GROUND, mask: np.ndarray | None = None):
    """Reads a square of 400 pixels of 5 cm, and knows nothing around it."""

    def read(window: Window):
        out, valid = blank(window.width, window.height)
        rows = np.arange(window.height) + window.row - TOP
        cols = np.arange(window.width) + window.col - LEFT
        inside = ((rows >= 0) & (rows < SIDE))[:, None] & ((cols >= 0) & (cols < SIDE))[None, :]
        there = np.ix_(np.clip(rows, 0, SIDE - 1), np.clip(cols, 0, SIDE - 1))
        if mask is not None:
            inside &= mask[there]
        out[inside], valid[inside] = rgb[there][inside], True
        return out, valid

    return read


def box(left: float, top: float, right: float, bottom: float) -> BBox:
    """A box in pixels of the square."""
    return BBox(X + left * 0.05, Y - bottom * 0.05, X + right * 0.05, Y - top * 0.05)


@settings(max_examples=40)
@given(st.integers(-50, 380), st.integers(-50, 380), st.integers(1, 120), st.integers(1, 120))
def test_on_the_lattice_pixels_are_copied(col, row, width, height):
    rgb, valid = read_box(reader(), (1, 1), box(col, row, col + width, row + height), (width, height), EXTENT)
    expected, seen = reader()(Window(LEFT + col, TOP + row, width, height))
    assert np.array_equal(rgb, expected)
    assert np.array_equal(valid, seen)


def test_coordinates_rounded_by_a_client_are_still_on_the_lattice():
    edges = on_lattice(BBox(576_000.05, 6_372_999.95, 576_000.1, 6_373_000.0000000001), (1, 1))
    assert edges == (LEFT + 1, TOP, LEFT + 2, TOP + 1)
    assert native_size(BBox(576_000.05, 6_372_999.95, 576_000.1, 6_373_000)) == (1, 1)


@pytest.mark.parametrize("factor", [2, 4, 5])
def test_whole_factors_are_plain_means(factor):
    rgb, valid = read_box(reader(), (1, 1), box(100, 100, 300, 300), (200 // factor, 200 // factor), EXTENT)
    part = GROUND[100:300, 100:300].astype(float)
    mean = part.reshape(200 // factor, factor, 200 // factor, factor, 3).mean(axis=(1, 3))
    assert np.abs(rgb - mean).max() <= 1.01  # rounded once along rows and once along columns
    assert valid.all()


@pytest.mark.parametrize("size", [(97, 133), (300, 260), (511, 480)])
def test_any_other_size_is_resampled_over_the_place_itself(size):
    rgb, valid = read_box(reader(), (1, 1), box(50.5, 60.25, 250.5, 240.25), size, EXTENT)
    method = Image.Resampling.LANCZOS if size[0] < 200 else Image.Resampling.BILINEAR
    expected = Image.fromarray(GROUND).resize(size, method, box=(50.5, 60.25, 250.5, 240.25))
    assert np.abs(rgb.astype(int) - np.asarray(expected)).max() <= 1
    assert valid.all()


@pytest.mark.parametrize("size", [(90, 90), (210, 210), (500, 500)])
def test_bands_join_without_a_trace(size, monkeypatch):
    ask = (reader(), (1, 1), box(-20.5, -20.5, 230, 230), size, EXTENT)
    whole, whole_valid = read_box(*ask)
    monkeypatch.setattr(lattice, "_BAND_PX", 2000)
    banded, banded_valid = read_box(*ask)
    difference = np.abs(whole.astype(int) - banded)
    assert difference.max() <= 2
    assert difference.mean() < 0.2
    assert np.array_equal(whole_valid, banded_valid)


def test_no_data_does_not_bleed():
    mask = np.ones((SIDE, SIDE), bool)
    mask[:, 200:] = False
    dark = np.full_like(GROUND, 40)
    rgb, valid = read_box(reader(dark, mask), (1, 1), box(0.5, 0.5, 390.5, 390.5), (123, 123), EXTENT)
    assert np.abs(rgb[valid].astype(int) - 40).max() <= 2
    assert (rgb[~valid] == 255).all()
    assert valid.mean() == pytest.approx(199.5 / 390, abs=0.01)


def test_outside_is_white_and_costs_nothing():
    asked = []

    def read(window: Window):
        asked.append(window)
        return reader()(window)

    france = BBox(0, 6_000_000, 1_300_000, 7_200_000)
    rgb, valid = read_box(read, (4096, 4096), france, (260, 240), EXTENT)
    assert (rgb == 255).all()
    assert not valid.any()
    assert sum(window.width * window.height for window in asked) < 50_000
    asked.clear()
    for extent in (None, EXTENT):
        rgb, valid = read_box(read, (1, 1), BBox(0, 0, 10, 10), (20, 20), extent)
        assert (rgb.shape, rgb.min(), valid.any()) == ((20, 20, 3), 255, False)
    assert not asked


@given(
    st.tuples(st.floats(-1e7, 0), st.floats(-1e7, 0), st.floats(1, 1e7), st.floats(1, 1e7)),
    st.tuples(st.integers(1, 300), st.integers(1, 300)),
)
@settings(max_examples=60)
def test_however_large_a_box_is_only_what_is_there_is_read(edges, size):
    asked = []

    def read(window: Window):
        asked.append(window)
        return blank(window.width, window.height)

    left, top, right, bottom = edges
    read_box(read, (1, 1), box(left, top, right, bottom), size, EXTENT)
    around = SIDE + 2 * 3 * lattice._MANY + 4
    assert sum(window.width * window.height for window in asked) <= 4 * around**2


def test_the_mean_of_everything_is_the_mean_of_what_is_valid():
    mask = np.zeros((SIDE, SIDE), bool)
    mask[: SIDE // 2 + 10] = True
    rgb, valid = read_box(reader(GROUND, mask), (1, 1), box(0, 0, SIDE, SIDE), (1, 1), EXTENT)
    assert valid.all()
    assert np.abs(rgb[0, 0] - GROUND[mask].mean(axis=0)).max() <= 1
