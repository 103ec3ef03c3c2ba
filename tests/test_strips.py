"""The four edges of a dalle, whatever the bands in which it was read."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcrs.raster.strips import DEPTH_PX, Edges, load, luminance, save

HEIGHT, WIDTH = 70, 55


@pytest.fixture(scope="module")
def planes():
    return np.random.default_rng(4).integers(0, 256, (3, HEIGHT, WIDTH), np.uint8)


def collected(planes, rows, valid=None):
    edges = Edges(*planes.shape[1:])
    for row in range(0, planes.shape[1], rows):
        part = None if valid is None else valid[row : row + rows]
        edges.add(row, planes[:, row : row + rows], part)
    return edges.strips()


@given(st.integers(1, HEIGHT + 5))
def test_strips_do_not_depend_on_the_bands(rows):
    planes = np.random.default_rng(4).integers(0, 256, (3, HEIGHT, WIDTH), np.uint8)
    whole, banded = collected(planes, HEIGHT), collected(planes, rows)
    for side, strip in whole.items():
        for part in ("lum", "rim", "whole"):
            np.testing.assert_array_equal(getattr(banded[side], part), getattr(strip, part), err_msg=side)


def test_the_first_column_of_a_strip_touches_the_edge(planes):
    strips, lum = collected(planes, 32), luminance(planes)
    np.testing.assert_array_equal(strips["west"].lum, lum[:, :DEPTH_PX])
    np.testing.assert_array_equal(strips["east"].lum, lum[:, : -DEPTH_PX - 1 : -1])
    np.testing.assert_array_equal(strips["north"].lum, lum[:DEPTH_PX].T)
    np.testing.assert_array_equal(strips["south"].lum, lum[: -DEPTH_PX - 1 : -1].T)
    np.testing.assert_allclose(strips["east"].rim, planes[:, :, -2:].mean(axis=2).T, atol=0.5)


def test_rows_with_no_data_are_known(planes):
    valid = np.ones((HEIGHT, WIDTH), bool)
    valid[10, 3] = valid[20, WIDTH // 2] = False
    strips = collected(planes, 16, valid)
    assert np.flatnonzero(~strips["west"].whole).tolist() == [10]
    assert strips["east"].whole.tolist().count(False) == (WIDTH // 2 >= WIDTH - DEPTH_PX)
    assert np.flatnonzero(~strips["north"].whole).tolist() == [3, WIDTH // 2]


def test_a_dalle_smaller_than_a_strip_has_shallow_strips():
    planes = np.zeros((3, 5, 9), np.uint8)
    strips = collected(planes, 2)
    assert strips["west"].lum.shape == (5, 5)
    assert strips["south"].lum.shape == (9, 5)


def test_what_is_saved_is_loaded(planes, tmp_path):
    strips = collected(planes, 32)
    save(strips, tmp_path / "x.npz")
    for side, strip in strips.items():
        again = load(tmp_path / "x.npz", side).cut(5, 20)
        np.testing.assert_array_equal(again.lum, strip.lum[5:20])
        np.testing.assert_array_equal(again.rim, strip.rim[5:20])
        np.testing.assert_array_equal(again.whole, strip.whole[5:20])


def test_luminance_weighs_the_colours():
    grey = np.full((3, 1, 1), 200, np.uint8)
    assert luminance(grey)[0, 0] == 200
    assert luminance(np.array([[[255]], [[0]], [[0]]], np.uint8))[0, 0] == 76
