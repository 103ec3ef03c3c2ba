from pathlib import PurePath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcrs.errors import InputError
from pcrs.standard.names import (
    HM,
    KM,
    PATTERNS,
    DalleName,
    format_name,
    parse,
    pattern,
    unversioned,
    versioned,
)

KILOMETRES = st.builds(
    lambda year, x, y, departement: DalleName(year, x * 1000, y * 1000, 1000, departement),
    st.integers(1000, 9999),
    st.integers(0, 9999),
    st.integers(0, 9999),
    st.sampled_from(["46", "2A", "974"]),
)
HECTOMETRES = st.builds(
    lambda year, x, y: DalleName(year, x * 100, y * 100, 200),
    st.integers(1000, 9999),
    st.integers(0, 99999),
    st.integers(0, 99999),
)


@given(st.one_of(KILOMETRES, HECTOMETRES), st.sampled_from(["", ".tif", ".jp2"]))
def test_every_name_that_is_written_is_read_back(name, suffix):
    assert parse(format_name(name) + suffix) == name


@given(st.text(max_size=40))
def test_any_other_text_is_refused_in_words(text):
    if all(pattern.regex.fullmatch(PurePath(text).stem) is None for pattern in PATTERNS):
        with pytest.raises(InputError, match="nom de dalle"):
            parse(text)
    else:
        assert format_name(parse(text)) in text


def test_the_contracts_two_names():
    kilometre = parse("depot/46-2025-0576-6373-LA93-0M05-RVB.tif")
    assert kilometre == DalleName(2025, 576_000, 6_373_000, 1000, "46")
    assert tuple(kilometre.bbox) == (576_000, 6_372_000, 577_000, 6_373_000)
    assert kilometre.size_px == 20_000
    hectometre = parse("2025-05760-63730-LA93-0M05-RVB.tif")
    assert tuple(hectometre.bbox) == (576_000, 6_372_800, 576_200, 6_373_000)
    assert hectometre.size_px == 4_000


def test_a_corner_that_the_pattern_cannot_write_is_refused():
    with pytest.raises(InputError, match="cannot be written"):
        KM.format(DalleName(2025, 576_500, 6_373_000, 1000, "46"))
    with pytest.raises(InputError, match="département"):
        KM.format(DalleName(2025, 576_000, 6_373_000, 1000))
    with pytest.raises(InputError, match="cannot be written"):
        HM.format(DalleName(2025, 576_000, 6_373_000, 1000))
    with pytest.raises(InputError, match="no standard name"):
        format_name(DalleName(2025, 576_000, 6_373_000, 500))


@pytest.mark.parametrize("template", ["{year}-{x}", "{year}-{x}-{y}-{z}", "{year}-{x}-{y}-{y}"])
def test_a_pattern_needs_each_field_once(template):
    with pytest.raises(InputError, match="name pattern"):
        pattern(template, 200, 100, 5)


def test_versions_of_a_dalle_have_names_of_their_own():
    stem = "46-2025-0576-6373-LA93-0M05-RVB"
    assert versioned(stem, 1) == stem
    assert versioned(stem, 12) == f"{stem}_v12"
    assert {unversioned(versioned(stem, version)) for version in (1, 2, 12)} == {stem}
    assert unversioned("vol_v") == "vol_v"
