"""Who is at fault, from what is seen between neighbours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcrs.work.attribution import Link, attribute

SIDE = 4


def links_of(truth, side=SIDE, missing=(), keep=lambda first, second: True):
    """The edges of a square of dalles, with the gaps that these deviations make."""
    found = []
    for col in range(side):
        for row in range(side):
            for other in ((col + 1, row), (col, row + 1)):
                here = (col, row)
                inside = max(other) < side and not {here, other} & set(missing)
                if inside and keep(here, other):
                    gap = truth.get(other, 0.0) - truth.get(here, 0.0)
                    found.append(Link(str(here), str(other), 0, gap))
    return found


def test_nothing_is_found_where_nothing_is_wrong():
    assert attribute(links_of({}), 1, 2) == {}
    assert attribute([], 1, 2) == {}


@pytest.mark.parametrize("place", [(0, 0), (1, 0), (1, 1), (3, 2), (3, 3)])
def test_one_dalle_accounts_for_all_its_edges(place):
    assert attribute(links_of({place: 6.0}), 1, 2) == {str(place): (6.0,)}


def test_its_neighbours_may_lack():
    assert attribute(links_of({(0, 0): 6.0}, missing=[(0, 1)]), 1, 2) == {"(0, 0)": (6.0,)}


@given(
    st.dictionaries(
        st.sampled_from([(0, 0), (0, 2), (2, 0), (2, 2), (1, 1), (3, 3)]), st.floats(3, 40), max_size=3
    ),
    st.lists(st.floats(-0.6, 0.6), min_size=24, max_size=24),
)
def test_several_dalles_are_found_through_noise(truth, noise):
    noisy = [link._replace(gap=link.gap + wrong) for link, wrong in zip(links_of(truth), noise, strict=True)]
    found = attribute(noisy, 1, 2)
    assert set(found) == {str(place) for place in truth}
    assert all(abs(found[str(place)][0] - value) <= 0.61 for place, value in truth.items())


def test_two_neighbours_that_are_wrong_alike_are_both_found():
    truth = {(1, 1): 6.0, (2, 1): 6.0}
    columns = links_of(truth, keep=lambda first, second: first[0] == second[0])
    assert attribute(columns, 1, 2) == {"(1, 1)": (6.0,), "(2, 1)": (6.0,)}


def test_of_two_alone_none_is_accused():
    assert attribute([Link("a", "b", 0, 6.0)], 1, 2) == {}


def test_a_weak_edge_decides_between_two():
    weak = [Link("a", "b", 0, 6.0), Link("a", "x", 0, 0.0, 0.25)]
    assert attribute(weak, 1, 2) == {"b": (6.0,)}


def test_one_axis_decides_for_the_other():
    links = [Link("a", "b", 0, 6.0), Link("b", "c", 1, -6.0), Link("c", "d", 1, 0.0)]
    assert attribute(links, 2, 2) == {"b": (6.0, 6.0)}


def test_what_one_dalle_explains_is_held_against_no_other():
    """A dalle four times darker: each edge has a step of its own."""
    dark = [
        Link("n", "x", 0, -70.0),
        Link("w", "x", 0, -95.0),
        Link("x", "e", 0, 60.0),
        Link("x", "s", 0, 82.0),
    ]
    assert attribute([*dark, Link("n", "m", 0, 1.0)], 1, 10) == {"x": (-70.0,)}


def test_halves_that_do_not_fit_are_nobodys_fault():
    truth = {(col, row): 6.0 for col in (0, 1) for row in range(SIDE)}
    assert attribute(links_of(truth), 1, 2) == {}
