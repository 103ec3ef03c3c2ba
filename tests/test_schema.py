"""The XSD of the standard, without the network: what it adds to the rules, and that it adds nothing else."""

import importlib.util
import re
from pathlib import Path

import pytest
from lxml import etree

from pcrs.assembly import OGC_SCHEMAS
from pcrs.errors import InputError
from pcrs.vector.check import GmlControl, check_gml
from pcrs.vector.schema import INFORMATION, MAIN, load_schema
from tests.clean import clean_document
from tests.cnig import LINE, document, mur
from tests.faults import plant

_PYCSW = Path(importlib.util.find_spec("pycsw").submodule_search_locations[0])
OGC = tuple(_PYCSW / folder for folder in OGC_SCHEMAS)


@pytest.fixture(scope="module")
def control(shared_data):
    return GmlControl(xsd=shared_data / "xsd", schemas=OGC)


def checked(tmp_path, control, text):
    path = tmp_path / "livraison.gml"
    path.write_text(text, encoding="utf-8")
    return check_gml(path, control)


def test_what_is_valid_has_no_findings_and_the_schemas_are_named(control, tmp_path, shared_data):
    for path in (clean_document(tmp_path / "a.gml"), next((shared_data / "pcrs_gml/lyon").glob("*.gml"))):
        summary = check_gml(path, control)
        assert summary.findings == ()
        assert MAIN in summary.schema
        assert str(shared_data / "xsd") in summary.schema


WITHOUT_ID = LINE.replace('gml:id="g.{id}" ', "")
DIFFERENCES = {
    "geometry without gml:id": (mur("b", geometry=WITHOUT_ID), "'id'"),
    "unknown attribute of a geometry": (mur("b", geometry=LINE.replace("srsD", 'fid="1" srsD')), "fid"),
    "gml:id that is none": (mur("1b").replace("g.1b", "g.b"), "1b"),
    "two objects in a member": (mur("b") + mur("c"), "featureMember"),
}


@pytest.mark.parametrize(("member", "word"), DIFFERENCES.values(), ids=DIFFERENCES)
def test_what_the_rules_let_pass_is_said_at_its_line_and_the_file_is_not_valid(
    control, tmp_path, member, word
):
    summary = checked(tmp_path, control, document(mur("a"), member))
    (first, *_) = [each for each in summary.findings if each.code == "gml.xsd"]
    assert (first.level, first.line, first.class_name) == ("warning", 7, "MurPCRS")
    assert word in first.measured
    assert "http://" not in first.measured
    (whole,) = [each for each in summary.findings if each.code == "gml.schema"]
    assert whole.level == "error"
    assert summary.counts["MurPCRS"] >= 2
    assert not summary.valid


def test_lines_are_right_beyond_the_sixteen_bits_of_the_parser(control, tmp_path):
    text = document(mur("a"), mur("b", geometry=WITHOUT_ID.replace("<gml:posList>", "\n<gml:posList>")))
    summary = checked(
        tmp_path, control, text.replace("<featureMember>", 70_000 * "\n" + "<featureMember>", 1)
    )
    assert [each.line for each in summary.findings if each.code == "gml.xsd"] == [70_007]


def test_an_object_that_the_rules_refuse_is_not_refused_twice(control, tmp_path):
    summary = checked(tmp_path, control, document(mur("a"), mur("b", "<typeMur>07</typeMur>")))
    assert [each.code for each in summary.findings if each.code != "gml.precision"] == ["gml.enumeration"]


def test_the_root_is_judged_too(control, tmp_path):
    summary = checked(tmp_path, control, document(mur("a"), version=""))
    assert [(each.code, each.line) for each in summary.findings if each.code == "gml.xsd"] == [("gml.xsd", 2)]


def test_every_error_of_the_rules_on_a_member_is_one_of_the_schema(control, tmp_path, shared_data):
    """The rules refuse nothing that the schema takes, but places and geometries that it cannot judge."""
    beyond = {"gml.crs", "gml.geometry", "gml.id"}
    path = tmp_path / "fautes.gml"
    plant(clean_document(tmp_path / "propre.gml"), path)
    schema = load_schema(control.xsd, control.schemas)
    refused = {
        each.line for each in check_gml(path).findings if each.level == "error" and each.code not in beyond
    }
    tree = etree.parse(path)
    said = set()
    for member in tree.getroot().iterfind("{http://cnig.gouv.fr/pcrs}featureMember"):
        inside = {each.sourceline for each in member.iter()}
        if refused & inside:
            said |= refused & inside if list(schema.member(member[0], "x")) else set()
    assert refused == said
    assert len(refused) >= 12


def test_schemas_that_are_not_there_are_asked_for(tmp_path, shared_data):
    with pytest.raises(InputError, match=MAIN):
        load_schema(tmp_path)
    for name in (MAIN, INFORMATION):
        (tmp_path / name).write_bytes((shared_data / "xsd" / name).read_bytes())
    with pytest.raises(InputError, match=r"schemas\.opengis\.net"):
        load_schema(tmp_path)


def test_a_copy_of_the_host_of_the_schemas_is_used_before_any_other(tmp_path, shared_data):
    """The operator's copy names what it imports by addresses, as the host's own files do."""
    for name in (MAIN, INFORMATION):
        (tmp_path / name).write_bytes((shared_data / "xsd" / name).read_bytes())
    copy = tmp_path / "schemas.opengis.net/gml/3.2.1"
    copy.mkdir(parents=True)
    for file in (OGC[0] / "gml/3.2.1").glob("*.xsd"):
        text = file.read_text(encoding="utf-8")
        text = re.sub(r"\.\./[./]*/w3c/", "http://www.w3.org/", text)
        text = re.sub(r"\.\./[./]*/plugins/profiles/apiso/schemas/ogc/", "http://schemas.opengis.net/", text)
        (copy / file.name).write_text(text, encoding="utf-8")
    control = GmlControl(xsd=tmp_path, schemas=OGC)
    assert check_gml(clean_document(tmp_path / "a.gml"), control).findings == ()
    (copy / "gml.xsd").unlink()
    load_schema.cache_clear()
    assert check_gml(clean_document(tmp_path / "a.gml"), control).findings == ()
