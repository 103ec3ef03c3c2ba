"""Dalles that look unlike the others, from measures alone."""

from types import SimpleNamespace

import numpy as np
import pytest

from pcrs.raster.sharpness import Sharpness
from pcrs.work.levels import Levels, graded
from pcrs.work.outliers import blurred, dark, saturated, typical

LEVELS = Levels()


def seen(width=2.0, luminance=110.0, saturated=0.0):
    """What these controls look at in an inspection."""
    sharp = None if width is None else Sharpness(width, 1.0, 500)
    return SimpleNamespace(
        sharpness=sharp, luminance=luminance, saturated=saturated, share=lambda count: count
    )


def codes(found):
    return {name: finding.level for name, finding in found}


def delivery(**odd):
    """Nine plain dalles and odd ones."""
    plain = {f"p{n}": seen(2.0 + n / 50, 105.0 + n) for n in range(9)}
    return plain | odd


def test_median_and_mad_do_not_mind_a_few_bad_ones():
    median, deviation = typical([1.0, 1.1, 0.9, 1.0, 1.05, 0.95, 50.0])
    assert (median, round(deviation, 3)) == (1.0, 0.074)


@pytest.mark.parametrize(
    ("width", "level"),
    [
        (2.1, None),
        (2.9, None),
        (3.5, "warning"),
        (5.2, "warning"),
        (7.0, "error"),
        (12.0, "error"),
        (None, None),
    ],
)
def test_an_edge_is_wide_against_the_others_and_in_itself(width, level):
    assert codes(blurred(delivery(odd=seen(width)), LEVELS)).get("odd") == level


def test_a_whole_blurred_delivery_is_told():
    both = {"a": seen(5.5), "b": seen(7.5)}
    assert codes(blurred(both, LEVELS)) == {"a": "warning", "b": "error"}
    assert len(codes(blurred({str(n): seen(5.5) for n in range(9)}, LEVELS))) == 9


def test_an_uncommonly_sharp_delivery_has_no_outliers():
    assert codes(blurred({str(n): seen(1.0) for n in range(9)} | {"odd": seen(2.9)}, LEVELS)) == {}


@pytest.mark.parametrize(
    ("luminance", "step", "level"),
    [
        (45.0, -50.0, "error"),
        (45.0, -20.0, "warning"),
        (45.0, -2.0, None),
        (45.0, None, "warning"),
        (25.0, 0.0, "warning"),
        (10.0, 0.0, "error"),
        (100.0, -20.0, None),
        (None, None, None),
    ],
)
def test_woods_are_dark_beside_woods_and_a_dark_dalle_beside_light_ones(luminance, step, level):
    dalles = delivery(odd=seen(luminance=luminance))
    light = {name: step if name == "odd" else 0.0 for name in dalles}
    assert codes(dark(dalles, light, LEVELS)).get("odd") == level


def test_burnt_pixels_are_counted_against_their_levels():
    found = delivery(a=seen(saturated=0.019), b=seen(saturated=0.02), c=seen(saturated=0.5))
    assert codes(saturated(found, LEVELS)) == {"b": "warning", "c": "error"}


def test_levels_belong_to_the_graver_side():
    assert [graded(value, 1, 2) for value in (0.99, 1, 1.99, 2)] == [None, "warning", "warning", "error"]
    assert graded(np.float64(3), 5, 2) == "error"
