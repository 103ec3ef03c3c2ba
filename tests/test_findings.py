"""A finding in one line, as a terminal shows it."""

import pytest

from pcrs.findings import Finding


@pytest.mark.parametrize(
    ("sides", "end"),
    [
        ({"measured": "6,0 px", "expected": "moins de 3,0 px"}, " (lu : 6,0 px ; attendu : moins de 3,0 px)"),
        ({"expected": "576600 6372600"}, " (attendu : 576600 6372600)"),
        ({"measured": "07"}, " (lu : 07)"),
        ({}, ""),
    ],
)
def test_a_line_says_what_was_read_and_expected_where_it_is_known(sides, end):
    finding = Finding("a.code", "warning", "Un constat.", "a.gml", line=25, attribute="typeMur", **sides)
    assert str(finding) == f"a.gml:25 typeMur: warning: Un constat. [a.code]{end}"
