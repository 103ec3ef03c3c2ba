"""GNSS check points from a CSV."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcrs.errors import InputError
from pcrs.standard.crs import BBox
from pcrs.work.checkpoints import judge_points, read_points

X, Y = 576_000.0, 6_373_000.0
HERE = [BBox(X, Y - 1000, X + 1000, Y)]
HEAD = "id;x;y;xi;yi"


def written(tmp_path, *lines, encoding="utf-8"):
    file = tmp_path / "points.csv"
    file.write_bytes("\n".join(lines).encode(encoding))
    return file


def line(name, east=0.0, north=0.0, at=100.0):
    return f"{name};{X + at:.3f};{Y - at:.3f};{X + at + east:.3f};{Y - at + north:.3f}"


def judge(file, covers=HERE, points_m=0.05):
    return judge_points(file, covers, "010", points_m=points_m, per_km2=1.0)


@pytest.mark.parametrize(
    "lines",
    [
        ("id;x;y;xi;yi", "P1;576100,5;6372900,25;576100,53;6372900,21"),
        ("id,x,y,xi,yi", "P1,576100.5,6372900.25,576100.53,6372900.21"),
        ("ID\tX\tY\tXI\tYI", "P1\t576 100,5\t6372900.25\t576100,53\t6\u202f372\u00a0900,21"),
        ("# GNSS", "", "yi;xi;note;y;x;id", "6372900.21;576100.53;trottoir;6372900.25;576100.5;P1", " "),
        ('"id";"x";"y";"xi";"yi"', '"P1";"576100,5";"6372900,25";"576100,53";"6372900,21"'),
        ("\ufeffid;x;y;xi;yi", "P1;576100.5;6372900.25;576100.53;6372900.21\r"),
    ],
)
def test_points_are_read_as_people_write_them(tmp_path, lines):
    (point,), findings = read_points(written(tmp_path, *lines))
    assert findings == []
    assert (point.id, point.x, point.y) == ("P1", 576100.5, 6372900.25)
    assert (point.dx, point.dy, point.gap) == pytest.approx((0.03, -0.04, 0.05))
    assert point.dz is None


def test_heights_are_read_where_they_are(tmp_path):
    head = "id;x;y;z;xi;yi;zi"
    points, findings = read_points(
        written(tmp_path, head, f"A;{X};{Y};120,50;{X};{Y};120,42", f"B;{X};{Y};;{X};{Y};")
    )
    assert findings == []
    assert [point.dz for point in points] == [pytest.approx(-0.08), None]


@pytest.mark.parametrize(
    ("bad", "word", "column"),
    [
        ("P1;abc;6372900;576100;6372900", "x n'est pas un nombre", "x"),
        ("P1;576100;6372900;nan;6372900", "xi n'est pas un nombre fini", "xi"),
        ("P1;576100;6372900", "3 colonne", None),
        (";576100;6372900;576100;6372900", "pas de nom", "id"),
        ("P1;6372900;576100;6372900;576100", "colonnes inversées", "x"),
        ("P1;1,44;44,4;1,44;44,4", "Lambert-93", "y"),
        ("P0;576100;6372900;576100;6372900", "déjà donné", "id"),
    ],
)
def test_a_bad_line_is_told_and_the_others_are_kept(tmp_path, bad, word, column):
    points, (finding,) = read_points(written(tmp_path, HEAD, line("P0"), bad, line("P9")))
    assert [point.id for point in points] == ["P0", "P9"]
    assert (finding.code, finding.level, finding.line) == ("points.line", "warning", 3)
    assert word in finding.message
    assert finding.attribute == column


@pytest.mark.parametrize(
    ("lines", "word"), [((), "vide"), (("# rien",), "vide"), (("id;x;y;xi", "1;2;3;4"), "colonne")]
)
def test_a_file_without_columns_cannot_be_used(tmp_path, lines, word):
    with pytest.raises(InputError, match=word):
        read_points(written(tmp_path, *lines))


def test_no_file_cannot_be_used(tmp_path):
    with pytest.raises(InputError, match="ne se lit pas"):
        read_points(tmp_path / "absent.csv")


def test_an_old_spreadsheet_is_read(tmp_path):
    points, _ = read_points(written(tmp_path, HEAD, line("Église"), encoding="cp1252"))
    assert points[0].id == "Église"


@given(st.text(max_size=200))
def test_any_text_gives_points_findings_or_an_input_error(tmp_path_factory, text):
    file = tmp_path_factory.mktemp("any") / "points.csv"
    file.write_text(f"{HEAD}\n{text}", encoding="utf-8")
    points, findings = read_points(file)
    assert len(points) + len(findings) <= len(text.splitlines())


@given(st.lists(st.tuples(st.floats(-0.5, 0.5), st.floats(-0.5, 0.5)), min_size=1, max_size=30))
def test_the_test_is_on_the_gaps_that_were_written(tmp_path_factory, gaps):
    lines = [line(f"P{at}", *gap) for at, gap in enumerate(gaps)]
    found = judge(written(tmp_path_factory.mktemp("gaps"), HEAD, *lines))
    lengths = [(east**2 + north**2) ** 0.5 for east, north in gaps]
    assert found.test.count == len(gaps)
    assert found.test.mean_m == pytest.approx(sum(lengths) / len(gaps), abs=0.002)
    assert found.bias_m[0] == pytest.approx(sum(east for east, _ in gaps) / len(gaps), abs=0.002)
    assert any(f.code == "precision.class" for f in found.findings) != found.test.conforming


def test_points_elsewhere_are_left_out_and_few_are_told(tmp_path):
    found = judge(written(tmp_path, HEAD, line("P1", 0.03), line("P2", 5.0, at=5000.0)))
    assert [point.id for point in found.points] == ["P1"]
    assert {finding.code: finding.level for finding in found.findings} == {
        "points.outside": "info",
        "precision.sample": "info",
    }
    none = judge(written(tmp_path, HEAD, line("P2", at=5000.0)))
    assert none.test is None
    assert [finding.level for finding in none.findings] == ["info", "warning"]


def test_a_class_that_is_not_kept_is_an_error_that_says_why(tmp_path):
    lines = [line(f"P{at}", 0.2, 0.0, at=50.0 * at) for at in range(1, 9)]
    found = judge(written(tmp_path, HEAD, *lines))
    (finding,) = [f for f in found.findings if f.level == "error"]
    assert finding.code == "precision.class"
    assert "écart moyen 20,0" in finding.message
    assert "11,2" in finding.expected


def test_heights_are_judged_by_the_same_arrete(tmp_path):
    head = "id;x;y;z;xi;yi;zi"
    lines = [f"P{at};{X + at};{Y - at};100;{X + at};{Y - at};100,5" for at in range(6)]
    found = judge(written(tmp_path, head, *lines))
    assert found.test.conforming
    assert (found.height_test.dimensions, found.height_test.conforming) == (1, False)
    assert [f.code for f in found.findings if f.level == "error"] == ["precision.height"]


def test_points_that_are_not_precise_enough_cannot_judge(tmp_path):
    with pytest.raises(InputError, match="il faut"):
        judge(written(tmp_path, HEAD, line("P1")), points_m=0.2)
