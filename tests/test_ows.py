from importlib.resources import files
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from pcrs.serve.ows import (
    OwsError,
    exception_report,
    invalid,
    missing,
    parameters,
    required,
    service_exception,
    shown,
)

SCHEMAS = files("mapproxy.test") / "schemas"
NAMES = st.text("abcdefghij_", min_size=1, max_size=8)


def schema(name: str) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(str(SCHEMAS / name), etree.XMLParser(no_network=True)))


@given(st.dictionaries(NAMES, st.text(st.characters(exclude_categories=["Cs"]), max_size=20), max_size=8))
def test_parameters_are_read_as_they_were_written(values):
    told = parameters(urlencode(values).encode()) if values else {}
    assert told == values


def test_names_have_no_case_and_the_first_value_stands():
    assert parameters(b"Layer=a&LAYER=b&x")["layer"] == "a"
    assert parameters(b"Layer=a&LAYER=b&x")["x"] == ""


def test_a_query_without_end_is_refused():
    with pytest.raises(OwsError) as caught:
        parameters(b"a=" + b"x" * 9000)
    assert caught.value.status == 414


def test_an_empty_value_is_a_missing_one():
    with pytest.raises(OwsError) as caught:
        required({"layer": ""}, "Layer")
    assert (caught.value.code, caught.value.locator) == ("MissingParameterValue", "Layer")


@given(st.text(max_size=200), st.sampled_from(["1.1.1", "1.3.0"]))
def test_errors_are_xml_whatever_the_client_sent(value, version):
    error = invalid("TileRow", value, "it is a whole number")
    report = etree.fromstring(exception_report(error))
    assert report[0].get("locator") == "TileRow"
    assert report[0][0].text == error.text
    assert etree.fromstring(service_exception(error, version))[0].text == error.text
    assert len(shown(value)) <= 81


def test_errors_are_valid():
    error = missing("service")
    assert schema("ows/1.1.0/owsExceptionReport.xsd").validate(etree.fromstring(exception_report(error)))
    wms = etree.fromstring(service_exception(error, "1.3.0"))
    assert schema("wms/1.3.0/exceptions_1_3_0.xsd").validate(wms)
    without_place = OwsError("NoApplicableCode", "", "later", 503)
    assert etree.fromstring(exception_report(without_place))[0].get("locator") is None
