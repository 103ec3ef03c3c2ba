"""Numbers as French readers write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcrs.standard.french import centimetres, count, number, packing, percent

THIN = "\u202f"


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (12345.67, 1, f"12{THIN}345,7"),
        (-0.04, 1, "0,0"),
        (-0.06, 1, "\u22120,1"),
        (0, 0, "0"),
        (1_000_000, 0, f"1{THIN}000{THIN}000"),
    ],
)
def test_numbers(value, digits, text):
    assert number(value, digits) == text


@given(st.floats(-1e9, 1e9), st.integers(0, 4))
def test_a_number_reads_back_as_it_was_rounded(value, digits):
    text = number(value, digits).replace(THIN, "").replace(",", ".").replace("\u2212", "-")
    assert float(text) == pytest.approx(round(value, digits), abs=0.6 * 10**-digits)


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.125, f"12,5{THIN}%"),
        (1, f"100{THIN}%"),
        (0, f"0{THIN}%"),
        (0.00012345, f"0,0123{THIN}%"),
        (1e-7, f"<{THIN}0,001{THIN}%"),
    ],
)
def test_shares(share, text):
    assert percent(share) == text


def test_lengths_and_amounts():
    assert centimetres(0.27225) == f"27,2{THIN}cm"
    assert centimetres(-0.3, 0) == f"\u221230{THIN}cm"
    assert [count(n, "dalle") for n in (0, 1, 2)] == ["0\u00a0dalle", "1\u00a0dalle", "2\u00a0dalles"]
    assert count(3, "niveau", "niveaux") == "3\u00a0niveaux"
    assert [packing(name) for name in ("none", "lzw")] == ["sans compression", "lzw"]
