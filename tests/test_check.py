"""The control of a whole document: every planted fault at its line, nothing on what is clean."""

from collections import Counter

import pytest

from pcrs.vector.check import GmlControl, check_gml
from pcrs.vector.levels import VectorLevels
from tests.clean import clean_document
from tests.faults import FAULTS, plant

CONTROL = GmlControl(VectorLevels(today="2026-11-28"))
LYON = "20200716.RIL_L264_C298_P0.gml"


@pytest.fixture(scope="module", params=["made", LYON])
def source(request, tmp_path_factory):
    if request.param == "made":
        return clean_document(tmp_path_factory.mktemp("clean") / "propre.gml")
    return request.getfixturevalue("shared_data") / "pcrs_gml" / "lyon" / request.param


@pytest.fixture(scope="module")
def faulty(source, tmp_path_factory):
    path = tmp_path_factory.mktemp("faulty") / "fautes.gml"
    return plant(source, path), check_gml(path, CONTROL)


def test_a_clean_document_has_no_findings(source):
    summary = check_gml(source, CONTROL)
    assert summary.findings == ()
    assert sum(summary.counts.values()) > 80


def test_forty_faults_of_twenty_kinds_are_found_at_their_lines_and_no_other(faulty):
    planted, summary = faulty
    assert len(planted) >= 40
    assert len({each.code for each in planted}) >= 18
    expected = Counter((each.code, each.level, each.line) for each in planted)
    found = Counter((each.code, each.level, each.line) for each in summary.findings)
    missed = [each for each in planted if (each.code, each.level, each.line) not in found]
    assert missed == []
    assert [
        str(each) for each in summary.findings if (each.code, each.level, each.line) not in expected
    ] == []
    assert found == expected


@pytest.mark.parametrize("feed", ["\n", "\r\n"])
def test_lines_are_right_beyond_the_sixteen_bits_of_the_parser(tmp_path, feed):
    path = clean_document(tmp_path / "propre.gml")
    head, member = path.read_text(encoding="utf-8").split("<pcrs:featureMember>", 1)
    text = f"{head}{70_000 * chr(10)}<pcrs:featureMember>{member}"
    text = text.replace("<pcrs:idObjet>lv3</pcrs:idObjet>", '<pcrs:couleur code="3"/>')
    text = text.replace('xlink:href="#g4"', 'xlink:href="#g44"')
    lines = text.splitlines()
    expected = {
        ("gml.unknown", next(at for at, line in enumerate(lines, 1) if "couleur" in line)),
        ("gml.required", next(at for at, line in enumerate(lines, 1) if 'gml:id="lv3"' in line)),
        ("gml.link", next(at for at, line in enumerate(lines, 1) if "#g44" in line)),
        ("gml.affleurant", next(at for at, line in enumerate(lines, 1) if 'gml:id="g4"' in line)),
    }
    path.write_bytes(text.replace("\n", feed).encode())
    assert {(each.code, each.line) for each in check_gml(path, CONTROL).findings} == expected


def test_every_finding_names_its_object_and_has_a_place_on_the_map(faulty):
    _, summary = faulty
    for each in summary.findings:
        assert each.message.endswith(".")
        if each.code in ("gml.id", "gml.class", "gml.crs"):
            continue
        assert each.object_id.startswith("faute"), each
        if each.code not in ("gml.required", "gml.link", "gml.affleurant") and each.measured != "0 géométrie":
            assert each.position is not None, each
    box = summary.bbox
    inside = [f for f in summary.findings if f.position and f.code != "gml.crs"]
    assert len(inside) > 30
    for each in inside:
        assert box.xmin - 1 <= each.position[0] <= box.xmax + 1, each
        assert box.ymin - 1 <= each.position[1] <= box.ymax + 1, each


def test_the_faults_are_counted_by_rule_and_class(faulty):
    planted, summary = faulty
    assert sum(summary.tally.values()) == len(planted)
    assert summary.tally["gml.crossing", "warning", "LimiteVoiriePCRS"] == 2
    assert set(FAULTS) == {each.kind for each in planted}
