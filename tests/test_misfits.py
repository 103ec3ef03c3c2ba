"""What seams say of dalles, from measures alone."""

import pytest

from pcrs.publish.control.result import SeamRow
from pcrs.raster.seam import Seam
from pcrs.work.levels import Levels
from pcrs.work.misfits import discoloured, misfits, misplaced, told

LEVELS = Levels()
NOTHING = (0.0, 0.0, 0.0)


def row(first, second, side="east", *, east=0.0, north=0.0, jump=NOTHING, continuity=1.0, length=4000):
    along, across = (north, east) if side == "east" else (east, north)
    seam = Seam(
        length_px=length,
        along_px=None if along is None else along / 0.05 * (-1 if side == "east" else 1),
        across_px=None if across is None else across / 0.05 * (1 if side == "east" else -1),
        strength=0.8,
        continuity=continuity,
        jump=jump,
    )
    return SeamRow(first, second, side, seam, east, north)


def cross(**centre):
    """A dalle and its four neighbours, which touch others; `centre` is what sets it apart."""

    def turned(values):
        return {key: tuple(-v for v in value) if key == "jump" else -value for key, value in values.items()}

    seams = [row("w", "x", **centre), row("x", "e", **turned(centre))]
    seams += [row("n", "x", "south", **centre), row("x", "s", "south", **turned(centre))]
    seams += [row("w2", "w"), row("e", "e2"), row("n2", "n", "south"), row("s", "s2", "south")]
    return [*seams, row("n", "ne"), row("ne", "e", "south"), row("s", "se"), row("w", "sw", "south")]


def codes(rows, found, levels=LEVELS):
    said = {}
    for name, finding in (*misplaced(found, levels), *discoloured(found, levels)):
        said.setdefault(name, set()).add(finding.code)
    rest = [f.code for r in told(rows, said, levels) for f in r.findings]
    return said, rest


def test_nothing_is_said_of_seams_that_fit():
    rows = cross()
    assert codes(rows, misfits(rows, (), LEVELS)) == ({}, [])


@pytest.mark.parametrize(("east", "north"), [(0.3, 0.0), (0.0, -0.3), (0.2, 0.2), (-0.11, 0.0)])
def test_a_dalle_out_of_place_is_told_with_its_shift(east, north):
    rows = cross(east=east, north=north)
    found = misfits(rows, (), LEVELS)
    assert found.shifts["x"] == pytest.approx((east, north))
    assert codes(rows, found) == ({"x": {"raster.shifted"}}, [])
    assert {r.explained_by for r in told(rows, {"x": {"raster.shifted"}}, LEVELS)} == {"", "x"}


def test_the_message_gives_length_and_ways():
    ((_, finding),) = misplaced(misfits(cross(east=-0.3, north=0.4), (), LEVELS), LEVELS)
    assert "50\u202fcm (30\u202fcm vers l'ouest et 40\u202fcm vers le nord)" in finding.message
    assert finding.level == "error"


def test_a_dalle_of_another_colour_is_told_by_band():
    rows = cross(jump=(14.0, 0.0, -3.0))
    found = misfits(rows, (), LEVELS)
    assert found.light == {"x": (14.0, 0.0, -3.0)}
    assert found.step("x") == pytest.approx(11 / 3)
    assert found.step("w") == 0
    assert codes(rows, found) == ({"x": {"raster.radiometry"}}, [])


def test_a_seam_that_nobody_explains_is_told_itself():
    rows = [row("a", "b", north=0.3, jump=(50.0, 50.0, 50.0))]
    said, rest = codes(rows, misfits(rows, (), LEVELS))
    assert said == {}
    assert rest == ["seam.offset", "seam.radiometry"]
    assert [f.level for f in told(rows, {}, LEVELS)[0].findings] == ["error", "error"]


def test_ground_left_out_is_worth_a_look_and_no_more():
    rows = [row("a", "b", east=-0.5, continuity=0.2)]
    (finding,) = told(rows, {}, LEVELS)[0].findings
    assert (finding.code, finding.level) == ("seam.offset", "warning")
    assert rows[0].broken
    assert rows[0].offset_m == 0


def test_short_edges_of_a_blurred_dalle_accuse_nobody():
    rows = [row("a", "b", north=0.12, length=300), row("b", "c", length=300)]
    assert misfits(rows, {"a"}, LEVELS).shifts == {}
    assert misfits(rows, (), LEVELS).shifts
    long = [row("a", "b", north=0.12), row("b", "c")]
    assert misfits(long, {"a"}, LEVELS).shifts
