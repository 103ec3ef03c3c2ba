"""What is closed stays closed, however its address is written; what nobody cuts down to an area."""

from unittest.mock import patch

import pytest

from pcrs.serve.access.asking import asks
from pcrs.serve.access.gate import Gate
from pcrs.work.access import Role, Rules
from tests.services.access_site import BOX, FILE, IN_2154, INFO, KVP, MAP, NAME, ORTHO, PART, TILE
from tests.services.access_site import site as site
from tests.services.asking import app_as_written

WHOLE = f"{NAME.x_m},{NAME.y_m - 1000},{NAME.x_m + 1000},{NAME.y_m}"
GML = "/listing/vecteur/2025/lot.gml"
CLOSED = {
    TILE: b"\xff\xd8\xff",
    KVP: b"\xff\xd8\xff",
    MAP: b"\x89PNG",
    f"{ORTHO}/coverage?bbox={BOX}&bbox-crs={IN_2154}&f=png": b"\x89PNG",
    f"{ORTHO}/map?bbox={BOX}&bbox-crs={IN_2154}&width=64&f=png": b"\x89PNG",
    f"/listing/dalles/2025/{FILE}": b"II*\0",
    f"/telechargement/download/PCRS/{PART}/{FILE}": b"II*\0",
    "/ogcapi/collections/MurPCRS/items": b'"m1"',
    "/ogcapi/collections/MurPCRS/items/m1": b'"m1"',
    "/ogcapi/collections/ArbrePCRS/items?f=gml": b"<pcrs:ArbrePCRS",
    f"/ogcapi/extract?f=gml&bbox={WHOLE}&bbox-crs={IN_2154}": b"<pcrs:MurPCRS",
}
"""Closed addresses, and what an answer that gives the data holds."""
MORE = (
    "request=GetCapabilities",
    "REQUEST=GetCapabilities&service=WMTS",
    "f=json",
    "F=json",
    "embed=false",
    "collections=,",
    "resulttype=hits",
)


def spellings(target):
    """The same address with slashes too many, dots, letters in percent, and parameters more."""
    path, _, query = target.partition("?")
    parts = path.split("/")
    paths = {path, f"{path}/", f"/{path}", path.replace("/", "%2F"), f"/x/..{path}"}
    for at in range(1, len(parts)):
        head, tail = "/".join(parts[:at]), "/".join(parts[at:])
        paths |= {f"{head}//{tail}", f"{head}/./{tail}", f"{head}/x/../{tail}", f"{head}/%2e/{tail}"}
        paths |= {f"{head}/%{ord(tail[0]):02x}{tail[1:]}", f"{head}%2f{tail}"}
    for one in sorted(paths):
        yield f"{one}?{query}" if query else one
    for more in MORE:
        yield f"{path}?{more}&{query}"
        yield f"{path}?{query}&{more}"
    if path.startswith("/wmts") and query:
        yield f"/wmts/1.0.0/WMTSCapabilities.xml?{query}"
    if path.startswith("/wmts/"):
        other = path.replace("/wmts", "/wms")
        yield from (other, f"{other}?request=GetCapabilities", f"/wms/{path}?request=GetCapabilities")


@pytest.mark.parametrize("target", CLOSED)
def test_no_spelling_of_a_closed_address_opens_it(site, target):
    sign = CLOSED[target]
    status, body = app_as_written(site.app, target, site.shown["admin"])
    assert (status, sign in body) == (200, True), body[:300]
    for one in spellings(target):
        status, body = app_as_written(site.app, one)
        assert sign not in body, one
        assert status < 500 or status == 503, one


@pytest.mark.parametrize(
    ("target", "whole"), [(GML, 200), ("/telechargement/download/PCRS_VECTEUR/x/lot.gml", 404)]
)
def test_a_file_as_a_whole_is_for_nobody_who_is_bounded(site, target, whole):
    """Of dalles the name tells the place; a delivered GML goes beyond any area."""
    told = {name: app_as_written(site.app, target, site.shown[name])[0] for name in ("APLC", "near", "far")}
    assert told == {"APLC": whole, "near": 403, "far": 403}
    dalle = f"/listing/dalles/2025/{FILE}"
    assert app_as_written(site.app, dalle, site.shown["near"])[0] == 200
    assert app_as_written(site.app, dalle, site.shown["far"])[0] == 403


BOTH = {"dalles", "archives"}


@pytest.mark.parametrize(
    ("method", "query", "layers"),
    [
        ("GET", "", BOTH),
        ("GET", "collections=,", BOTH),
        ("GET", "collections=archives", {"archives"}),
        ("GET", "collections=PCRS_D046_RVB-0M05", {"dalles"}),
        ("GET", "collections=PCRS_D046_RVB-0M05,archives", BOTH),
        ("POST", "collections=PCRS_D046_RVB-0M05", BOTH),
    ],
)
def test_a_search_of_stac_is_of_all_that_it_may_find(method, query, layers):
    scope = {"path": "/stac/search", "method": method, "query_string": query.encode(), "headers": []}
    assert asks(scope).layers == layers


PIXEL = {"ortho", "dalles"}
KVP_INFO = KVP.replace("GetTile", "GetFeatureInfo") + "&I=3&J=3&INFOFORMAT=text/plain"


@pytest.mark.parametrize(
    ("target", "layers"),
    [
        (TILE, {"ortho"}),
        (KVP, {"ortho"}),
        (MAP, {"ortho"}),
        (INFO, PIXEL),
        (KVP_INFO, PIXEL),
        (KVP_INFO.replace("/wmts", "/wmts/1.0.0/WMTSCapabilities.xml"), PIXEL),
        (TILE.replace(".jpeg", "/3/3.json"), PIXEL),
        (INFO.replace("/wms", "/wms/"), PIXEL),
        (INFO.replace("REQUEST", "request").replace("GetFeatureInfo", "GETFEATUREINFO"), PIXEL),
    ],
)
def test_what_a_pixel_tells_is_told_by_the_index_of_dalles_too(target, layers):
    path, _, query = target.partition("?")
    scope = {"path": path, "method": "GET", "query_string": query.encode(), "headers": []}
    assert asks(scope).layers == layers


@pytest.mark.parametrize("target", [INFO, KVP_INFO, TILE.replace(".jpeg", "/3/3.json")])
def test_closing_the_index_of_dalles_closes_what_a_pixel_tells(site, target):
    rules = Rules({"dalles": Role.PARTENAIRE})
    gate = next(layer for layer in _layers(site.app) if isinstance(layer, Gate))
    with patch.object(gate, "_rules", rules):
        assert app_as_written(site.app, TILE)[0] == 200
        assert app_as_written(site.app, target)[0] == 401
        status, body = app_as_written(site.app, target, site.shown["partenaire"])
        assert (status, b"2025" in body) == (200, True)


def _layers(app):
    while app is not None:
        yield app
        app = getattr(app, "_app", getattr(app, "app", None))
