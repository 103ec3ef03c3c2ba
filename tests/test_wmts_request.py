from types import SimpleNamespace
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcrs.serve.ows import OwsError
from pcrs.serve.wmts_request import CAPABILITIES_PATH, InfoRequest, TileRequest, read_kvp, read_rest
from pcrs.standard.grid import LAMB93, PM, Tile

LAYERS = {"PCRS_D046_RVB": SimpleNamespace(name="PCRS_D046_RVB")}
TILE = {
    "service": "WMTS",
    "request": "GetTile",
    "version": "1.0.0",
    "layer": "PCRS_D046_RVB",
    "style": "normal",
    "format": "image/jpeg",
    "tilematrixset": "2154_5cm",
    "tilematrix": "22",
    "tilerow": "439612",
    "tilecol": "45003",
}
INFO = TILE | {"request": "GetFeatureInfo", "infoformat": "application/json", "i": "0", "j": "255"}
MANDATORY = "service request version layer Style format TileMatrixSet TileMatrix TileRow TileCol".split()


def refusal(read, *arguments) -> OwsError:
    with pytest.raises(OwsError) as caught:
        read(*arguments, LAYERS)
    return caught.value


def status(read, argument) -> int:
    try:
        read(argument, LAYERS)
    except OwsError as error:
        return error.status
    return 200


def test_a_tile_in_both_bindings():
    by_kvp = read_kvp(TILE, LAYERS)
    assert by_kvp == TileRequest(LAYERS["PCRS_D046_RVB"], LAMB93, Tile(22, 45003, 439612), "jpeg")
    assert read_rest("PCRS_D046_RVB/2154_5cm/22/45003/439612.jpeg".split("/"), LAYERS) == by_kvp


def test_a_pixel_in_both_bindings():
    by_kvp = read_kvp(INFO, LAYERS)
    assert isinstance(by_kvp, InfoRequest)
    assert (by_kvp.i, by_kvp.j, by_kvp.suffix) == (0, 255, "json")
    by_rest = read_rest("PCRS_D046_RVB/2154_5cm/22/45003/439612/0/255.json".split("/"), LAYERS)
    assert by_rest == by_kvp


def test_an_empty_style_is_the_default_one():
    assert read_kvp(TILE | {"style": ""}, LAYERS) == read_kvp(TILE, LAYERS)


@pytest.mark.parametrize("name", MANDATORY)
def test_every_parameter_that_is_missing_is_named(name):
    without = {key: value for key, value in TILE.items() if key != name.lower()}
    error = refusal(read_kvp, without)
    assert (error.code, error.locator, error.status) == ("MissingParameterValue", name, 400)


@pytest.mark.parametrize("name", ["InfoFormat", "I", "J"])
def test_get_feature_info_needs_its_own(name):
    without = {key: value for key, value in INFO.items() if key != name.lower()}
    assert refusal(read_kvp, without).locator == name


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("service", "WMS", "InvalidParameterValue"),
        ("request", "GetMap", "InvalidParameterValue"),
        ("version", "1.1.0", "InvalidParameterValue"),
        ("layer", "ORTHO", "InvalidParameterValue"),
        ("Style", "default", "InvalidParameterValue"),
        ("format", "image/gif", "InvalidParameterValue"),
        ("TileMatrixSet", "LAMB93", "InvalidParameterValue"),
        ("TileMatrix", "23", "InvalidParameterValue"),
        ("TileMatrix", "00", "InvalidParameterValue"),
        ("TileRow", "x", "InvalidParameterValue"),
        ("TileRow", "1.0", "InvalidParameterValue"),
        ("TileRow", "٣", "InvalidParameterValue"),
        ("TileRow", "-1", "TileOutOfRange"),
        ("TileRow", "840818", "TileOutOfRange"),
        ("TileCol", "100800", "TileOutOfRange"),
        ("TileCol", "9" * 100, "TileOutOfRange"),
        ("InfoFormat", "text/xml", "InvalidParameterValue"),
        ("I", "256", "PointIJOutOfRange"),
        ("J", "-1", "PointIJOutOfRange"),
    ],
)
def test_every_wrong_value_has_its_code_and_its_name(name, value, code):
    values = INFO if name in ("InfoFormat", "I", "J") else TILE
    error = refusal(read_kvp, values | {name.lower(): value})
    assert (error.code, error.locator, error.status) == (code, name, 400)


def test_versions_are_negotiated():
    ask = {"service": "WMTS", "request": "GetCapabilities"}
    assert read_kvp(ask | {"acceptversions": "2.0.0,1.0.0"}, LAYERS) == "capabilities"
    assert refusal(read_kvp, ask | {"acceptversions": "2.0.0"}).code == "VersionNegotiationFailed"


def test_the_capabilities_have_an_address():
    assert read_rest(CAPABILITIES_PATH.split("/"), LAYERS) == "capabilities"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("ORTHO/2154_5cm/22/45003/439612.jpeg", 404),
        ("PCRS_D046_RVB/LAMB93/22/45003/439612.jpeg", 404),
        ("PCRS_D046_RVB/2154_5cm/23/45003/439612.jpeg", 404),
        ("PCRS_D046_RVB/2154_5cm/22/a/439612.jpeg", 404),
        ("PCRS_D046_RVB/2154_5cm/22/45003/439612.gif", 404),
        ("PCRS_D046_RVB/2154_5cm/22/45003/439612", 404),
        ("PCRS_D046_RVB/2154_5cm/22/45003/439612.jpeg/", 404),
        ("PCRS_D046_RVB%2F2154_5cm/22/45003/439612.jpeg", 404),
        ("../../etc/passwd", 404),
        ("PCRS_D046_RVB/2154_5cm/22/45003/840818.jpeg", 400),
    ],
)
def test_addresses_without_anything(path, status):
    assert refusal(read_rest, [unquote(part) for part in path.split("/")]).status == status


@given(
    level=st.integers(0, 21),
    col=st.integers(0, 2**21),
    row=st.integers(0, 2**21),
    suffix=st.sampled_from(["jpeg", "png"]),
)
def test_a_tile_is_read_exactly_when_its_matrix_has_it(level, col, row, suffix):
    parts = f"PCRS_D046_RVB/PM/{level}/{col}/{row}.{suffix}".split("/")
    tile = Tile(level, col, row)
    if PM.contains(tile):
        assert read_rest(parts, LAYERS) == TileRequest(LAYERS["PCRS_D046_RVB"], PM, tile, suffix)
    else:
        assert refusal(read_rest, parts).code == "TileOutOfRange"


@given(st.dictionaries(st.sampled_from(sorted(INFO)), st.text(max_size=12)), st.sampled_from([TILE, INFO]))
def test_nothing_else_than_a_refusal_comes_out(changes, values):
    assert status(read_kvp, values | changes) in (200, 400)


@given(st.lists(st.text(max_size=12), min_size=1, max_size=8))
def test_no_address_is_a_fault(parts):
    assert status(read_rest, parts) in (200, 400, 404)
