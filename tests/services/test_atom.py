"""The download service, as clients of the Géoplateforme and INSPIRE harvesters ask for it."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from lxml import etree, isoschematron

from tests.downloads import dalle_names, md5, stock
from tests.services.asking import PUBLIC, ask, refused
from tests.services.atom_feeds import (
    CAPABILITIES,
    DOWNLOAD,
    LEVELS,
    NS,
    PART,
    RASTER,
    RESOURCE,
    every,
    feed,
    inside,
    routes,
)
from tests.services.atom_feeds import app as app
from tests.services.atom_feeds import stocked as stocked

RULES = isoschematron.Schematron(
    etree.parse(Path(__file__).with_name("atom.sch")),
    store_report=True,
    error_finder=isoschematron.Schematron.ASSERTS_ONLY,
)


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A whole département."""
    made = stock(tmp_path_factory.mktemp("large") / "site")
    made.dalles("2025", dalle_names(5517))
    return routes(made)


# ---- documents


@pytest.mark.parametrize("query", ["", "?lang=eng", "?limit=1", "?limit=1&page=2"])
@pytest.mark.parametrize("level", LEVELS)
def test_every_level_keeps_the_rules(app, level, query):
    if query.endswith("page=2") and "VECTEUR" in level:
        refused(ask(app, level + query), 404)
        return
    root = feed(app, level + query)
    assert RULES.validate(root), [e.message for e in RULES.error_log]


@pytest.mark.parametrize(
    ("level", "path"),
    [
        (CAPABILITIES, "a:author"),
        (CAPABILITIES, "a:link[@rel='search']"),
        (CAPABILITIES, "a:entry/i:spatial_dataset_identifier_code"),
        (RESOURCE, "a:entry/a:content"),
        (PART, "a:entry/d:mime_type"),
        (PART, "a:entry/a:link"),
    ],
)
def test_the_rules_see_what_is_missing(app, level, path):
    root = feed(app, level)
    for element in root.xpath(path, namespaces=NS):
        element.getparent().remove(element)
    assert not RULES.validate(root)


def test_a_resource_per_dataset_and_its_record(app):
    root = feed(app, CAPABILITIES)
    assert every(root, "a:entry/i:spatial_dataset_identifier_code/text()") == [
        f"{PUBLIC}/id/dataset/PCRS_D046_RVB-0M05",
        f"{PUBLIC}/id/dataset/PCRS_D046_VECTEUR",
    ]
    (record, *_) = every(root, "a:entry/a:link[@rel='describedby']/@href")
    assert parse_qs(urlsplit(record).query)["ID"] == ["PCRS_D046_RVB-0M05"]
    (service,) = every(root, "a:link[@rel='describedby']/@href")
    assert parse_qs(urlsplit(service).query)["ID"] == ["PCRS_D046_ATOM"]
    editions = feed(app, RESOURCE)
    assert every(editions, "a:entry/i:spatial_dataset_identifier_code/text()") == [
        f"{PUBLIC}/id/dataset/PCRS_D046_RVB-0M05",
        f"{PUBLIC}/id/dataset/PCRS_D046_RVB-0M05_2025",
        f"{PUBLIC}/id/dataset/PCRS_D046_RVB-0M05_2022",
    ]
    assert every(editions, "a:entry/d:editionDate/text()") == ["2025-01-01", "2025-01-01", "2022-01-01"]


def test_names_with_marks_are_escaped(stocked):
    app = routes(stocked, title='PCRS <du> & "Lot"\x07', operator="A&B <c>\ud800")
    for path in (CAPABILITIES, f"{RESOURCE}?outputFormat=application/json", "/telechargement/opensearch.xml"):
        assert ask(app, path).status_code == 200
    assert every(feed(app, RESOURCE), "a:title/text()") == [
        'PCRS <du> & "Lot"\ufffd : orthophotographie à 5 cm'
    ]
    page = ask(app, f"{RESOURCE}?outputFormat=text/html").text
    assert "<du>" not in page
    (name,) = every(feed(app, LEVELS[-1]), "a:entry/a:title/text()")
    assert name == "Cahors & l'été.gml"


def test_before_the_first_acceptance_the_service_is_empty(tmp_path):
    app = routes(stock(tmp_path / "site"))
    root = feed(app, CAPABILITIES)
    assert RULES.validate(root), RULES.error_log
    assert every(root, "@d:totalentries") == ["0"]
    assert "none yet" in refused(ask(app, RESOURCE), 404)


# ---- the dialogue of the Géoplateforme's clients


def pages(app, path):
    """All entries of a feed, page after page, as clients walk: `pagecount`, then `page=` up to it."""
    first = feed(app, f"{path}?page=1&limit=50")
    yield from first.findall("a:entry", NS)
    for page in range(2, int(first.get(f"{{{NS['d']}}}pagecount")) + 1):
        yield from feed(app, f"{path}?page={page}&limit=50").findall("a:entry", NS)


def picked(entry):
    """The link that a client follows: the first alternate or section one."""
    return next(link for link in entry.findall("a:link", NS) if link.get("rel") in ("alternate", "section"))


def test_a_client_finds_and_checks_every_file(app, stocked):
    found = set()
    for resource in pages(app, CAPABILITIES):
        assert picked(resource).get("type") == "application/atom+xml"
        for part in pages(app, inside(picked(resource).get("href"))):
            assert part.findtext("a:title", namespaces=NS) == picked(part).get("href").rsplit("/", 1)[1]
            for file in pages(app, inside(picked(part).get("href"))):
                link = picked(file)
                response = ask(app, inside(link.get("href")))
                assert response.headers["content-type"] == link.get("type")
                assert len(response.content) == int(link.get(f"{{{NS['d']}}}length"))
                assert md5(response.content) == file.findtext("a:content", namespaces=NS)
                found.add(link.get("href"))
    assert len(found) == 4 + 2 + 3 + 1


def test_the_parts_of_a_whole_are_linked_one_by_one(app):
    entry = feed(app, RESOURCE).xpath("a:entry[a:title=$name]", namespaces=NS, name=f"{RASTER}_2022")[0]
    sections = every(entry, "a:link[@rel='section']/@href")
    assert sections == every(feed(app, PART), "a:entry/a:link/@href")
    assert picked(entry).get("type") == "application/atom+xml"


def test_json_has_the_shape_of_the_geoplateforme(app):
    response = ask(app, RESOURCE, headers={"accept": "application/json"})
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    assert (body["page"], body["pagesize"], body["pagecount"], body["totalentries"]) == (1, 10, 1, 3)
    assert body["spatialDatasetIdentifierCode"] == f"{PUBLIC}/id/dataset/PCRS_D046_RVB-0M05"
    entry = body["entry"][2]
    assert entry["zone"] == [{"term": "D046", "label": "Département 46"}]
    assert entry["format"][0]["term"] == "TIF"
    assert entry["editionDate"] == "2022-01-01"
    assert entry["category"][0]["term"] == "https://www.opengis.net/def/crs/EPSG/0/2154"
    assert entry["updated"] == "2023-03-01"
    west, south = (float(part) for part in entry["polygon"].split()[:2])
    assert west < 2 < 44 < south
    files = ask(app, PART, headers={"accept": "application/json"}).json()["entry"]
    assert [file["mime_type"][0].partition(";")[0] for file in files] == ["image/tiff"] * 3
    assert all(isinstance(file["link"][0]["length"], int) for file in files)
    assert ask(app, RESOURCE, headers={"accept": "application/atom+xml, application/json"}).text.startswith(
        "<?xml"
    )


def test_html_leads_from_level_to_level(app):
    page = ask(app, f"{CAPABILITIES}?outputFormat=text/html")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert f'href="{PUBLIC}{RESOURCE}?lang=fr' in page.text
    assert f'href="{PUBLIC}{DOWNLOAD}"' in ask(app, f"{PART}?outputFormat=text/html").text


def test_a_departement_is_read_page_by_page(large):
    names = [entry.findtext("a:title", namespaces=NS) for entry in pages(large, f"{RESOURCE}/{RASTER}_2025")]
    assert len(names) == len(set(names)) == 5517
    root = feed(large, f"{RESOURCE}/{RASTER}_2025?limit=50&page=111")
    assert every(root, "@d:pagecount") == ["111"]
    assert len(root.findall("a:entry", NS)) == 17
    rels = {link.get("rel"): link.get("href") for link in root.findall("a:link", NS)}
    assert rels["previous"].endswith("?limit=50&page=110")
    assert rels["first"].endswith("?limit=50")
    assert rels["last"] == rels["self"]
    assert "next" not in rels
    level = ask(large, RESOURCE)
    assert b"section" not in level.content
    assert len(level.content) < 10_000
    assert "last page is 111" in refused(ask(large, f"{RESOURCE}/{RASTER}_2025?limit=50&page=112"), 404)
