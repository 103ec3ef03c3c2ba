"""The JSON document, the summary and the verdicts of a control."""

import json
from dataclasses import replace

import pytest

from pcrs.findings import Finding
from pcrs.publish.control.document import document
from pcrs.publish.control.result import Cell, verdict_of
from pcrs.publish.control.summary import lines
from pcrs.work.whole import label, of_the_area
from tests.deliveries import control, make_delivery, name_at, stem_at


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    faults = {(0, 0): "dark", (1, 1): "missing", (2, 2): "shifted north"}
    return control(make_delivery(tmp_path_factory.mktemp("livraison"), faults))


def test_the_document_is_plain_json_and_says_what_the_result_says(result):
    told = json.loads(json.dumps(document(result)))
    assert told["verdict"] == "non conforme"
    assert told["counts"] == {"conforme": 6, "à examiner": 0, "non conforme": 2}
    assert told["date"] == "2026-11-24"
    by_name = {file["name"]: file for file in told["files"]}
    assert len(by_name) == 8
    assert [f["code"] for f in by_name[stem_at(0, 0)]["findings"]] == ["raster.dark"]
    assert by_name[stem_at(1, 0)]["verdict"] == "conforme"
    assert by_name[stem_at(1, 0)]["bbox"] == list(name_at(1, 0).bbox)
    measures = by_name[stem_at(1, 0)]["measures"]
    assert sum(measures["histogram"][0]) == 1200 * 1200
    assert measures["compression"] == "none"
    assert told["completeness"]["missing"] == [
        {"x_m": name_at(1, 1).x_m, "y_m": name_at(1, 1).y_m, "size_m": 60}
    ]
    assert {seam["explained_by"] for seam in told["seams"]} == {None, stem_at(0, 0), stem_at(2, 2)}
    assert told["planimetry"] is None
    assert told["levels"]["offset_examine_m"] == 0.1


def test_each_control_has_a_line_with_its_verdict(result):
    verdicts = {line.title: line.verdict for line in lines(result)}
    assert verdicts == {
        "Complétude": "à examiner",
        "Doublons et recouvrements": "conforme",
        "Fichiers": "conforme",
        "Compression et aperçus": "conforme",
        "Netteté": "conforme",
        "Exposition": "non conforme",
        "Saturation": "conforme",
        "Blanc, noir et vide": "conforme",
        "Joints : continuité des lignes": "non conforme",
        "Joints : radiométrie": "conforme",
        "Précision planimétrique": "conforme",
    }
    assert not next(line for line in lines(result) if line.title == "Précision planimétrique").done


def test_a_finding_that_no_control_names_is_one_of_the_files(result):
    card = replace(result.cards[0], findings=(Finding("raster.crs", "error", "…"),))
    told = {line.title: line.verdict for line in lines(replace(result, cards=(card,)))}
    assert told["Fichiers"] == "non conforme"


def test_the_gravest_finding_gives_the_verdict():
    info, warning, error = (Finding("a", level, "") for level in ("info", "warning", "error"))
    assert verdict_of([]) == verdict_of([info]) == "conforme"
    assert verdict_of([info, warning]) == "à examiner"
    assert verdict_of([warning, error, info]) == "non conforme"


def test_a_missing_dalle_is_called_as_it_would_be_named(result):
    assert label(Cell(576_000, 6_373_000, 1000)) == "0576-6373"
    assert label(Cell(576_000, 6_373_200, 200)) == "05760-63732"
    (finding,) = of_the_area(result.completeness)
    assert finding.object_id == f"{name_at(1, 1).x_m}-{name_at(1, 1).y_m}"
