import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pcrs.raster.halving import halve

SHAPES = st.tuples(st.integers(1, 40), st.integers(1, 9))


def by_hand(rgb, valid):
    """The same said pixel by pixel, in Python's own integers."""
    height, width = rgb.shape[:2]
    means = np.full((-(-height // 2), -(-width // 2), 3), 255, np.uint8)
    some = np.zeros(means.shape[:2], bool)
    for row, col in np.ndindex(some.shape):
        rows = [2 * row, min(2 * row + 1, height - 1)]
        cols = [2 * col, min(2 * col + 1, width - 1)]
        seen = [rgb[r, c].tolist() for r in rows for c in cols if valid[r, c]]
        some[row, col] = bool(seen)
        for channel in range(3):
            if seen:
                total = sum(pixel[channel] for pixel in seen)
                means[row, col, channel] = (2 * total + len(seen)) // (2 * len(seen))
    return means, some


@given(data=st.data(), shape=SHAPES)
def test_the_mean_of_the_valid_ones(data, shape):
    rgb = data.draw(arrays(np.uint8, (*shape, 3)))
    valid = data.draw(arrays(bool, shape))
    means, some = halve(rgb, valid)
    expected = by_hand(rgb, valid)
    assert np.array_equal(means, expected[0])
    assert np.array_equal(some, expected[1])


@given(data=st.data(), shape=SHAPES)
def test_without_a_mask_all_is_valid(data, shape):
    rgb = data.draw(arrays(np.uint8, (*shape, 3)))
    means, some = halve(rgb, None)
    assert some is None
    assert np.array_equal(means, by_hand(rgb, np.ones(shape, bool))[0])


@pytest.mark.parametrize("value", [0, 255])
def test_extremes_do_not_overflow(value):
    rgb = np.full((64, 64, 3), value, np.uint8)
    assert (halve(rgb, None)[0] == value).all()
    assert (halve(rgb, np.ones((64, 64), bool))[0] == value).all()
