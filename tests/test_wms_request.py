from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcrs.serve.ows import OwsError
from pcrs.serve.wms_request import WmsLimits, canonical_query, spoken_version

LAYERS = {"PCRS_D046_RVB": 0, "PCRS_D046_RVB_2025": 1}
LIMITS = WmsLimits(("EPSG:2154", "EPSG:3857", "EPSG:4326", "CRS:84", "EPSG:4171"), 1_000_000)
MAP = {
    "service": "WMS",
    "request": "GetMap",
    "version": "1.3.0",
    "layers": "PCRS_D046_RVB",
    "styles": "",
    "crs": "EPSG:2154",
    "bbox": "576000,6372980,576020,6373000",
    "width": "400",
    "height": "400",
    "format": "image/jpeg",
}
OLD_MAP = {key: value for key, value in MAP.items() if key != "crs"} | {
    "version": "1.1.1",
    "srs": "EPSG:2154",
}
INFO = MAP | {"request": "GetFeatureInfo", "query_layers": "PCRS_D046_RVB", "i": "10", "j": "20"}


def asked(params: dict[str, str]) -> dict[str, str]:
    query = canonical_query(params, LAYERS, LIMITS)
    return {name: values[0] for name, values in parse_qs(query, keep_blank_values=True).items()}


def refusal(params: dict[str, str]) -> OwsError:
    with pytest.raises(OwsError) as caught:
        canonical_query(params, LAYERS, LIMITS)
    assert caught.value.status == 400
    return caught.value


def status(params: dict[str, str]) -> int:
    try:
        canonical_query(params, LAYERS, LIMITS)
    except OwsError as error:
        return error.status
    return 200


def test_both_versions_ask_mapproxy_the_same():
    assert asked(MAP) == asked(OLD_MAP)
    assert asked(MAP)["version"] == "1.1.1"


def test_a_legend_is_of_one_layer():
    legend = {"service": "WMS", "request": "GetLegendGraphic", "layer": "PCRS_D046_RVB_2025"}
    query = asked(legend | {"version": "1.3.0", "sld_version": "1.1.0", "style": "normal", "scale": "5"})
    assert query == asked(legend)
    assert (query["layer"], query["format"]) == ("PCRS_D046_RVB_2025", "image/png")
    assert refusal({**legend, "layer": "PCRS_D046_RVB,PCRS_D046_RVB_2025"}).code == "LayerNotDefined"


@pytest.mark.parametrize(
    ("crs", "bbox"),
    [("EPSG:4326", "44.4,1.4,44.5,1.5"), ("EPSG:4171", "44.4,1.4,44.5,1.5"), ("CRS:84", "1.4,44.4,1.5,44.5")],
)
def test_mapproxy_sees_x_before_y(crs, bbox):
    told = asked(MAP | {"crs": crs, "bbox": bbox})
    assert told["bbox"] == "1.4,44.4,1.5,44.5"
    assert told["srs"] == ("EPSG:4171" if crs == "EPSG:4171" else "EPSG:4326")


def test_the_older_version_has_x_first_in_every_crs():
    assert asked(OLD_MAP | {"srs": "EPSG:4326", "bbox": "1.4,44.4,1.5,44.5"})["bbox"] == "1.4,44.4,1.5,44.5"


def test_nothing_of_the_client_passes_unread():
    told = asked(MAP | {"sld": "http://evil.example/", "exceptions": "INIMAGE", "tiled": "true", "time": "x"})
    assert set(told) == set(asked(MAP))


@pytest.mark.parametrize("name", [key for key in MAP if key != "service"])
def test_every_parameter_that_is_missing_is_named(name):
    error = refusal({key: value for key, value in MAP.items() if key != name})
    assert (error.code, error.locator) == ("MissingParameterValue", name)


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("service", "WFS", "InvalidParameterValue"),
        ("request", "GetStyles", "OperationNotSupported"),
        ("version", "1.2.0", "InvalidParameterValue"),
        ("layers", "ORTHO", "LayerNotDefined"),
        ("layers", "PCRS_D046_RVB,PCRS_D046_RVB,PCRS_D046_RVB", "LayerNotDefined"),
        ("styles", "red", "StyleNotDefined"),
        ("styles", ",", "StyleNotDefined"),
        ("crs", "EPSG:27572", "InvalidCRS"),
        ("bbox", "1,2,3", "InvalidParameterValue"),
        ("bbox", "2,2,1,3", "InvalidParameterValue"),
        ("bbox", "nan,0,1,1", "InvalidParameterValue"),
        ("bbox", "0,0,1e999,1", "InvalidParameterValue"),
        ("bbox", "0,0,1,1000", "InvalidParameterValue"),
        ("bbox", "0,0,5e-324,5e-324", "InvalidParameterValue"),
        ("width", "0", "InvalidParameterValue"),
        ("width", "x", "InvalidParameterValue"),
        ("width", "1e300", "InvalidParameterValue"),
        ("width", "2501", "InvalidParameterValue"),
        ("format", "image/tiff", "InvalidFormat"),
        ("transparent", "yes", "InvalidParameterValue"),
        ("bgcolor", "red", "InvalidParameterValue"),
    ],
)
def test_every_wrong_value_has_its_code_and_its_name(name, value, code):
    error = refusal(MAP | {name: value})
    assert (error.code, error.locator) == (code, name)


def test_the_older_version_has_its_own_word_for_a_crs():
    assert refusal(OLD_MAP | {"srs": "EPSG:27572"}).code == "InvalidSRS"


def test_a_point_is_a_pixel_of_the_map():
    assert (asked(INFO)["x"], asked(INFO)["y"], asked(INFO)["info_format"]) == ("10", "20", "text/plain")
    assert refusal(INFO | {"i": "400"}).code == "InvalidPoint"
    assert refusal(INFO | {"j": "-1"}).code == "InvalidPoint"
    assert refusal(INFO | {"info_format": "text/xml"}).code == "InvalidFormat"
    assert refusal(INFO | {"query_layers": "ORTHO"}).code == "LayerNotDefined"


@pytest.mark.parametrize(
    ("params", "version"),
    [
        ({}, "1.3.0"),
        ({"version": "1.0.0"}, "1.1.1"),
        ({"version": "1.1.1"}, "1.1.1"),
        ({"version": "1.2.9"}, "1.1.1"),
        ({"version": "1.3"}, "1.3.0"),
        ({"version": "9"}, "1.3.0"),
        ({"version": "x"}, "1.3.0"),
        ({"wmtver": "1.0.0"}, "1.1.1"),
        ({"srs": "EPSG:4326"}, "1.1.1"),
    ],
)
def test_clients_are_answered_in_a_version_they_know(params, version):
    assert spoken_version(params) == version
    capabilities = {"service": "WMS", "request": "GetCapabilities"}
    assert asked(params | capabilities)["version"] == version


@given(
    st.dictionaries(st.sampled_from(sorted(INFO)), st.text(max_size=12)),
    st.sampled_from([MAP, OLD_MAP, INFO]),
)
def test_nothing_else_than_a_refusal_comes_out(changes, values):
    assert status(values | changes) in (200, 400)
