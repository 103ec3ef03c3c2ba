"""The test of the arrêté of 16 September 2003, against cases worked out by hand."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcrs.errors import InputError
from pcrs.standard.codes import CODES
from pcrs.standard.precision import allowed_over, class_m, judge_gaps

BOUND, T = 0.1125, 0.27225
"""[10 cm], 2D, C = 2: 0.10 x (1 + 1/8), and 2.42 times that."""
MAX = 0.408375


def judge(gaps, **changes):
    return judge_gaps(gaps, "010", **({"points_m": 0.05} | changes))


@pytest.mark.parametrize(
    ("count", "allowed"),
    [(1, 0), (4, 0), (5, 1), (13, 1), (14, 2), (44, 2), (45, 3), (85, 3), (86, 4), (100, 4), (1000, 18)],
)
def test_how_many_gaps_may_exceed_the_first_threshold(count, allowed):
    assert allowed_over(count) == allowed


def test_the_figures_of_a_sample_worked_out_by_hand():
    found = judge([0.02, 0.04, 0.06, 0.08, 0.30])
    assert (found.count, found.ratio, found.class_m, found.dimensions) == (5, 2.0, 0.10, 2)
    assert found.mean_m == pytest.approx(0.10)
    assert found.mean_bound_m == pytest.approx(BOUND)
    assert found.threshold_m == pytest.approx(T)
    assert (found.over, found.allowed) == (1, 1)
    assert found.max_m == 0.30
    assert found.max_bound_m == pytest.approx(MAX)
    assert found.conforming


@pytest.mark.parametrize(
    ("dimensions", "points_m", "mean_bound", "threshold"),
    [
        (1, 0.05, 0.1125, 0.363375),
        (2, 0.05, 0.1125, 0.27225),
        (3, 0.05, 0.1125, 0.237375),
        (2, 0.025, 0.103125, 0.2495625),
        (2, 0.01, 0.1005, 0.24321),
    ],
)
def test_the_bounds_depend_on_the_dimensions_and_on_the_control_points(
    dimensions, points_m, mean_bound, threshold
):
    found = judge([0.01], dimensions=dimensions, points_m=points_m)
    assert found.mean_bound_m == pytest.approx(mean_bound)
    assert found.threshold_m == pytest.approx(threshold)
    assert found.max_bound_m == pytest.approx(1.5 * threshold)


@pytest.mark.parametrize(
    ("gaps", "failures"),
    [
        # Equality at each bound belongs to the class; a tenth of a millimetre more does not.
        ([BOUND] * 7, ()),
        ([BOUND + 0.0001] * 7, ("moyenne",)),
        ([T] + [0.0] * 3, ()),
        ([T + 0.0001] + [0.0] * 3, ("nombre",)),
        ([MAX] + [0.0] * 4, ()),
        ([MAX + 0.0001] + [0.0] * 4, ("maximum",)),
        # As many gaps over T as are allowed, then one more, where the allowance changes.
        ([0.28] + [0.0] * 3, ("nombre",)),
        ([0.28] + [0.0] * 4, ()),
        ([0.28] * 2 + [0.0] * 11, ("nombre",)),
        ([0.28] * 2 + [0.0] * 12, ()),
        ([0.28] * 3 + [0.0] * 41, ("nombre",)),
        ([0.28] * 3 + [0.0] * 42, ()),
        ([0.28] * 3 + [0.0] * 82, ()),
        ([0.28] * 4 + [0.0] * 81, ("nombre",)),
        ([0.28] * 4 + [0.0] * 82, ()),
        ([0.5] * 6, ("moyenne", "nombre", "maximum")),
    ],
)
def test_the_three_conditions_and_their_edges(gaps, failures):
    found = judge(gaps)
    assert found.failures == failures
    assert found.conforming == (not failures)


def test_classes_come_from_the_code_list():
    assert [class_m(code) for code in CODES["CategoriePrecisionPCRSType"].values if code != "999"] == [
        0.02,
        0.05,
        0.10,
        0.40,
        1.50,
    ]


@pytest.mark.parametrize(
    ("gaps", "category", "changes"),
    [
        ([], "010", {}),
        ([math.nan], "010", {}),
        ([-0.1], "010", {}),
        ([0.1], "999", {}),
        ([0.1], "10", {}),
        ([0.1], "010", {"points_m": 0.06}),
        ([0.1], "010", {"points_m": 0.0}),
        ([0.1], "010", {"dimensions": 4}),
    ],
)
def test_what_cannot_be_tested_is_said(gaps, category, changes):
    with pytest.raises(InputError):
        judge_gaps(gaps, category, **({"points_m": 0.05} | changes))


lengths = st.lists(st.floats(0, 3), min_size=1, max_size=120)


@given(lengths, st.sampled_from(["002", "005", "010", "040", "150"]), st.sampled_from([1, 2, 3]))
def test_a_class_that_holds_implies_every_coarser_one(gaps, category, dimensions):
    coarser = {"002": "005", "005": "010", "010": "040", "040": "150", "150": "150"}[category]
    fine, coarse = (
        judge_gaps(gaps, code, points_m=class_m(code) / 2, dimensions=dimensions)
        for code in (category, coarser)
    )
    assert coarse.conforming or not fine.conforming


@given(lengths, st.randoms(use_true_random=False))
def test_the_order_of_the_points_does_not_matter(gaps, random):
    mixed = list(gaps)
    random.shuffle(mixed)
    assert judge(mixed) == judge(gaps)


@given(lengths)
def test_smaller_gaps_never_fail_where_greater_ones_pass(gaps):
    assert judge([gap * 0.9 for gap in gaps]).conforming or not judge(gaps).conforming


@given(st.integers(5, 5000))
def test_the_allowance_is_the_whole_number_just_above(count):
    exact = 0.01 * count + 0.232 * math.sqrt(count)
    assert exact < allowed_over(count) <= exact + 1
