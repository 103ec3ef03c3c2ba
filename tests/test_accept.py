import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcrs.serve.accept import NotAcceptableError, preferred, weight_of, weights


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", ["*/*"]),
        ("image/png", ["image/png"]),
        ("image/jpeg;q=0.2, Image/PNG;q=0.9", ["image/png", "image/jpeg"]),
        ("text/html, image/gif, image/jpeg, *; q=.2", ["text/html", "image/gif", "image/jpeg", "*"]),
        ("a/a;level=1;q=0.5,b/b;q=0.500,c/c", ["c/c", "a/a", "b/b"]),
        ("a/a;q=0, b/b;q=9e9, c/c;q=nan, d/d;q=-1, e/e;q=x, f/f;q=, , ;q=1", []),
    ],
)
def test_the_preferred_comes_first_and_odd_choices_never(header, expected):
    assert preferred(header) == expected


def test_a_media_type_is_wanted_by_the_nearest_name():
    offers = weights("text/*;q=0.4, */*;q=0.1, text/html;q=0.7, text/html;q=0.9")
    assert [weight_of(offers, kind) for kind in ("text/html", "text/csv", "image/png")] == [0.9, 0.4, 0.1]
    assert weight_of(weights("text/html"), "image/png") == 0


@given(st.text(max_size=40))
def test_whatever_stands_there_weighs_from_nothing_to_one(header):
    assert all(name and 0 <= weight <= 1 for name, weight in weights(header))


def test_what_is_served_is_told():
    error = NotAcceptableError("text/html", ["image/png", "image/jpeg"])
    assert error.status == 406
    assert str(error) == "Accept: text/html asks for nothing that is served: image/png, image/jpeg"
