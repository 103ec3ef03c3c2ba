"""What the download service can be asked by: filters, order, languages; and what it cannot."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from tests.services.asking import PUBLIC, ask, refused
from tests.services.atom_feeds import (
    CAPABILITIES,
    DOWNLOAD,
    FILE,
    LEVELS,
    NS,
    PART,
    RASTER,
    RESOURCE,
    every,
    feed,
)
from tests.services.atom_feeds import app as app
from tests.services.atom_feeds import stocked as stocked


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ("zone=D046", 3),
        ("zone=d046", 3),
        ("zone=FRA", 0),
        ("format=TIF", 3),
        ("format=GML", 0),
        ("crs=EPSG:2154", 3),
        ("crs=https://www.opengis.net/def/crs/EPSG/0/2154", 3),
        ("crs=4326", 0),
        ("thematic=http://inspire.ec.europa.eu/theme/oi", 3),
        ("thematic=Ortho-imagerie", 3),
        ("thematic=hy", 0),
        ("editionDateFrom=2025-01-01", 2),
        ("editionDateTo=2024-12-31", 1),
        ("updatedFrom=2026-03-01&updatedTo=2026-03-01", 2),
        ("updatedTo=2023-02-28", 0),
        ("polygon=1.4,44.3;1.5,44.3;1.5,44.5;1.4,44.5", 3),
        ("polygon=1.4,44.3;1.5,44.3;1.5,44.5;1.4,44.5;1.4,44.3", 3),
        ("polygon=5,45;6,45;6,46", 0),
        ("apikey=secret", 3),
        ("pageSize=2", 2),
    ],
)
def test_filters(app, query, left):
    root = feed(app, f"{RESOURCE}?{query}")
    assert len(root.findall("a:entry", NS)) == left
    assert "secret" not in etree.tostring(root, encoding="unicode")


def test_filters_leave_only_resources_that_have_such_a_part(app):
    assert every(feed(app, f"{CAPABILITIES}?format=GML"), "a:entry/a:id/text()") == [
        f"{PUBLIC}/telechargement/resource/PCRS-VECTEUR"
    ]
    assert every(feed(app, f"{CAPABILITIES}?editionDateTo=2023-01-01"), "a:entry/a:id/text()") == [
        f"{PUBLIC}{RESOURCE}"
    ]


def test_a_polygon_chooses_dalles(app):
    root = feed(app, f"{PART}?polygon=1.45,44.44;1.452,44.44;1.452,44.441")
    assert every(root, "a:entry/a:title/text()") == [FILE]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("", RASTER),
        ("sortEntriesBy=title", RASTER),
        ("sortEntriesBy=title&sortEntriesOrder=desc", f"{RASTER}_2025"),
        ("sortEntriesBy=editionDate", f"{RASTER}_2022"),
        ("sortEntriesBy=editionDate&sortEntriesOrder=DESC", RASTER),
    ],
)
def test_order(app, query, first):
    assert every(feed(app, f"{RESOURCE}?{query}"), "a:entry/a:title/text()")[0] == first


@pytest.mark.parametrize("code", ["fre", "fr", "", "deu"])
def test_french_unless_english_is_asked(app, code):
    root = feed(app, f"{CAPABILITIES}?lang={code}")
    assert root.get("{http://www.w3.org/XML/1998/namespace}lang") == "fr"
    assert every(root, "a:title/text()") == ["Service de téléchargement : PCRS du Lot"]


def test_english(app):
    root = feed(app, f"{CAPABILITIES}?lang=eng")
    assert every(root, "a:title/text()") == ["Download service: PCRS du Lot"]
    assert every(root, "a:link[@hreflang='fr'][@rel='alternate']/@href") == [
        f"{PUBLIC}{CAPABILITIES}?lang=fr"
    ]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("page=0", "page"),
        ("page=-1", "page"),
        ("page=one", "page"),
        ("page=²", "page"),
        ("page=9999999999999", "page"),
        ("limit=51", "from 1 to 50"),
        ("limit=0", "limit"),
        ("zut=1", "unknown parameter zut"),
        ("<b>=1", "unknown parameter <b>"),
        ("updatedFrom=yesterday", "updatedFrom"),
        ("editionDateTo=2025-02-30", "editionDateTo"),
        ("editionDateTo=20250201", "YYYY-MM-DD"),
        ("polygon=1,2;3,4", "polygon"),
        ("polygon=1,2;3,4;5", "polygon"),
        ("polygon=nan,2;3,4;5,6", "polygon"),
        ("polygon=200,2;3,4;5,6", "polygon"),
        ("polygon=0,0;1,1;1,0;0,1", "does not cross itself"),
        ("polygon=0,0;1,1;2,2", "polygon"),
        ("crs=moon", "moon"),
        ("sortEntriesBy=size", "sortEntriesBy"),
        ("sortEntriesOrder=up", "sortEntriesOrder"),
        ("outputFormat=pdf", "outputFormat"),
    ],
)
def test_what_cannot_be_understood_is_a_problem(app, query, said):
    for level in (CAPABILITIES, RESOURCE, PART):
        assert said in refused(ask(app, f"{level}?{query}"), 400)


def test_a_query_longer_than_any_is_refused(app):
    refused(ask(app, f"{CAPABILITIES}?zone={'x' * 9000}"), 414)


@pytest.mark.parametrize(
    "path",
    [
        "/telechargement/capabilities/x",
        "/telechargement/resource",
        "/telechargement/resource/BDORTHO",
        f"{RESOURCE}/x",
        f"{PART}/x",
        "/telechargement/private",
        f"{RESOURCE}?page=2",
        "/telechargement/download/PCRS",
        f"/telechargement/download/PCRS/{RASTER}_2022/absent.tif",
        f"/telechargement/download/PCRS/{RASTER}_2025/{FILE}",
        f"/telechargement/download/PCRS/x/{FILE}",
        f"/telechargement/download/PCRS-VECTEUR/{RASTER}_2022/{FILE}",
        f"/telechargement/download/PCRS/{RASTER}_2022/..%2f..%2f..%2fpcrs.toml",
    ],
)
def test_what_is_not_there_is_a_problem(app, path):
    refused(ask(app, path), 404)


def test_only_reading_is_allowed(app):
    for path in (CAPABILITIES, DOWNLOAD):
        for method in ("POST", "PUT", "DELETE"):
            response = ask(app, path, method)
            refused(response, 405)
            assert response.headers["allow"] == "GET, HEAD, OPTIONS"
    assert ask(app, CAPABILITIES, "OPTIONS").status_code == 204


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.sampled_from([*LEVELS, DOWNLOAD, "/telechargement/search", "/telechargement/" + "x"]),
    st.lists(
        st.tuples(
            st.sampled_from(
                ["page", "limit", "polygon", "crs", "updatedFrom", "lang", "q", "request", "zone",
                 "spatial_dataset_identifier_code", "outputFormat", "sortEntriesBy"]
            ) | st.text(max_size=4),
            st.text(max_size=12)
            | st.sampled_from(
                ["1", "EPSG:2154", "1e308,1;2,2;3,1", "-180,-90;180,-90;180,90;-180,90", "2025-01-01"]
            ),
        ),
        max_size=4,
    ),
)  # fmt: skip
def test_no_request_makes_it_fail(app, path, pairs):
    response = ask(app, path, params=pairs)
    assert response.status_code < 500
    if response.status_code >= 400:
        refused(response, response.status_code)
