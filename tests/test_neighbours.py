"""Which dalles touch and which lie on each other."""

from hypothesis import given
from hypothesis import strategies as st

from pcrs.standard.crs import BBox
from pcrs.work.neighbours import Placed, overlaps, pairs


def square(name, x, y, size=200):
    """A dalle by its north-west corner."""
    return Placed(name, BBox(x, y - size, x + size, y))


def test_neighbours_share_an_edge_not_a_corner():
    nine = [square(f"{col}{row}", 200 * col, -200 * row) for col in range(3) for row in range(3)]
    found = {(pair.first, pair.second, pair.side) for pair in pairs(nine)}
    assert len(found) == 12
    assert ("00", "10", "east") in found
    assert ("11", "12", "south") in found
    assert not any({first, second} == {"00", "11"} for first, second, _ in found)
    assert all(pair.first_part == pair.second_part == (0, 4000) for pair in pairs(nine))


def test_dalles_of_different_sizes_touch_along_a_part():
    big, small = square("big", 0, 1000, 1000), square("small", 1000, 600)
    (pair,) = pairs([small, big])
    assert pair == ("big", "small", "east", (8000, 12000), (0, 4000))
    below = square("below", 400, 0)
    (pair,) = pairs([big, below])
    assert pair == ("big", "below", "south", (8000, 12000), (0, 4000))


def test_dalles_that_are_half_a_dalle_aside_touch_too():
    (pair,) = pairs([square("a", 0, 200), square("b", 200, 100)])
    assert pair == ("a", "b", "east", (2000, 4000), (0, 2000))


def test_nothing_touches_nothing():
    assert list(pairs([])) == []
    assert list(pairs([square("a", 0, 0), square("b", 400, 0)])) == []
    assert overlaps([]) == []


def test_common_ground_is_measured():
    places = [square("a", 0, 0), square("b", 150, -50), square("c", 200, 0), square("a2", 0, 0)]
    assert overlaps(places) == [
        ("a", "a2", 40_000.0),
        ("a", "b", 50 * 150.0),
        ("b", "a2", 50 * 150.0),
        ("b", "c", 150 * 150.0),
    ]


cells = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), unique=True, max_size=30)


@given(cells)
def test_pairs_are_those_that_a_search_finds(places):
    dalles = [square(f"{col} {row}", 200 * col, -200 * row) for col, row in places]
    near = {
        (f"{col} {row}", f"{col + dx} {row + dy}")
        for col, row in places
        for dx, dy in ((1, 0), (0, 1))
        if (col + dx, row + dy) in places
    }
    assert {(pair.first, pair.second) for pair in pairs(dalles)} == near
    assert overlaps(dalles) == []
