"""The download service, as clients of the Géoplateforme and INSPIRE harvesters ask for it."""

import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree, isoschematron
from starlette.routing import Route

from pcrs.raster.mosaic import Mosaic
from pcrs.serve.atom import AtomService
from tests.downloads import dalle_names, md5, stock
from tests.services.asking import PUBLIC, ask, ask_as_written, refused, served_by

NS = {
    "a": "http://www.w3.org/2005/Atom",
    "d": "https://data.geopf.fr/annexes/ressources/xsd/gpf_dl.xsd",
    "i": "http://inspire.ec.europa.eu/schemas/inspire_dls/1.0",
    "os": "http://a9.com/-/spec/opensearch/1.1/",
}
RASTER = "PCRS_2-0_RVB-0M05_TIF_LAMB93_D046"
CAPABILITIES = "/telechargement/capabilities"
RESOURCE = "/telechargement/resource/PCRS"
PART = f"{RESOURCE}/{RASTER}_2022"
FILE = "46-2022-0576-6373-LA93-0M05-RVB.tif"
DOWNLOAD = f"/telechargement/download/PCRS/{RASTER}_2022/{FILE}"
RULES = isoschematron.Schematron(
    etree.parse(Path(__file__).with_name("atom.sch")),
    store_report=True,
    error_finder=isoschematron.Schematron.ASSERTS_ONLY,
)


def routes(stocked, **changes):
    kept = stocked.shelf()
    served = served_by(stocked.site.root, lambda edition: Mosaic(()), **changes)
    service = AtomService(served, lambda: kept)
    return [Route("/telechargement", service), Route("/telechargement/{path:path}", service)]


@pytest.fixture(scope="module")
def stocked(tmp_path_factory):
    made = stock(tmp_path_factory.mktemp("atom") / "site")
    made.dalles("2022", dalle_names(3, 2022), at="2023-03-01T09:00:00+00:00")
    made.dalles("2025", dalle_names(2, 2025, first=2))
    made.gml("2025", "Cahors & l'été.gml")
    return made


@pytest.fixture(scope="module")
def app(stocked):
    return routes(stocked)


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A whole département."""
    made = stock(tmp_path_factory.mktemp("large") / "site")
    made.dalles("2025", dalle_names(5517))
    return routes(made)


def feed(app, path, **options):
    response = ask(app, path, **options)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/atom+xml"
    return etree.fromstring(response.content)


def every(root, path):
    return [str(found) for found in root.xpath(path, namespaces=NS)]


def inside(address):
    """The path of an address of the service, as the application sees it behind its proxy."""
    assert address.startswith(f"{PUBLIC}/telechargement/")
    return address.removeprefix(PUBLIC)


# ---- documents


LEVELS = [
    CAPABILITIES,
    RESOURCE,
    PART,
    f"{RESOURCE}/{RASTER}",
    "/telechargement/resource/PCRS-VECTEUR",
    "/telechargement/resource/PCRS-VECTEUR/PCRS_2-0_VECTEUR_GML_LAMB93_D046_2025",
]


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


# ---- parameters


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


# ---- caching, files, addresses


def test_a_feed_is_not_sent_again_while_it_is_the_same(app):
    for path in (*LEVELS, "/telechargement/opensearch.xml"):
        first = ask(app, path)
        assert first.headers["cache-control"] == "public, max-age=60, must-revalidate"
        again = ask(app, path, headers={"if-none-match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        head = ask(app, path, "HEAD")
        assert head.content == b""
        assert head.headers["etag"] == first.headers["etag"]
        assert head.headers["content-length"] == str(len(first.content))
    assert "Accept" in ask(app, CAPABILITIES).headers["vary"]


def test_a_file_is_answered_as_the_listing_does(app, stocked):
    content = (stocked.site.root / "hot/dalles/2022" / FILE).read_bytes()
    head = ask(app, DOWNLOAD, "HEAD")
    assert head.content == b""
    assert head.headers["content-length"] == str(len(content))
    assert head.headers["accept-ranges"] == "bytes"
    tag = head.headers["etag"]
    part = ask(app, DOWNLOAD, headers={"range": "bytes=5-8", "if-range": tag})
    assert (part.status_code, part.content) == (206, content[5:9])
    assert part.headers["content-range"] == f"bytes 5-8/{len(content)}"
    assert ask(app, DOWNLOAD, headers={"range": "bytes=9999-"}).status_code == 416
    assert ask(app, DOWNLOAD, headers={"if-none-match": tag}).status_code == 304
    current = f"/telechargement/download/PCRS/{RASTER}/{FILE}"
    assert ask(app, current).headers["etag"] == tag


def test_only_what_was_accepted_is_given(stocked, app):
    stray = stocked.site.hot("2022", "stray")
    stray.write_bytes(b"not accepted")
    refused(ask(app, f"/telechargement/download/PCRS/{RASTER}_2022/stray.tif"), 404)
    for name in ("..", ".", "..%2fstray.tif", "%00", ".hidden"):
        status, body = ask_as_written(app, f"/telechargement/download/PCRS/{RASTER}_2022/{name}")
        assert status == 404
        assert json.loads(body)["status"] == 404
    stray.unlink()


def test_a_file_that_is_gone_is_a_problem(tmp_path):
    made = stock(tmp_path / "site")
    made.dalles("2022", dalle_names(1, 2022))
    made.site.hot("2022", FILE.removesuffix(".tif")).unlink()
    refused(ask(routes(made), DOWNLOAD), 404)


def test_addresses_are_of_the_public_url_whatever_host_is_named(app):
    forged = {"host": "evil.example", "x-forwarded-host": "evil.example", "x-forwarded-proto": "gopher"}
    for path in (
        *LEVELS,
        "/telechargement/opensearch.xml",
        "/telechargement/search?q=PCRS",
        "/telechargement",
    ):
        response = ask(app, path, headers=forged)
        assert "evil" not in response.text + str(response.headers)
        assert "http://inside" not in response.text
    for level in LEVELS:
        for address in every(feed(app, level), "//a:link/@href | //a:id/text()"):
            assert address.startswith(f"{PUBLIC}/")
    moved = ask(app, "/telechargement/")
    assert (moved.status_code, moved.headers["location"]) == (303, f"{PUBLIC}{CAPABILITIES}")


# ---- OpenSearch


def template(app, rel, media_type):
    root = etree.fromstring(ask(app, "/telechargement/opensearch.xml").content)
    (found,) = root.xpath(f"os:Url[@rel='{rel}'][@type='{media_type}']/@template", namespaces=NS)
    return inside(str(found)), root


def expanded(text, **values):
    """A template with its parameters in their places; those that are left out are empty."""
    for name in ("spatial_dataset_identifier_code", "crs"):
        text = text.replace(f"{{inspire_dls:{name}?}}", values.get(name, ""))
    return text.replace("{language?}", values.get("language", "")).replace("{searchTerms?}", "")


def test_the_description_names_itself_and_every_dataset(app):
    address, root = template(app, "self", "application/opensearchdescription+xml")
    assert address == "/telechargement/opensearch.xml"
    code = f"{{{NS['i']}}}spatial_dataset_identifier_code"
    assert [query.get(code).rsplit("/", 1)[1] for query in root.findall("os:Query", NS)] == [
        "PCRS_D046_RVB-0M05",
        "PCRS_D046_RVB-0M05_2025",
        "PCRS_D046_RVB-0M05_2022",
        "PCRS_D046_VECTEUR",
    ]
    assert [language.text for language in root.findall("os:Language", NS)] == ["fr", "en"]
    assert len(root.findtext("os:ShortName", namespaces=NS)) <= 16


def test_each_dataset_is_described_and_given(app):
    describe, root = template(app, "describedby", "application/atom+xml")
    get, _ = template(app, "results", "application/atom+xml")
    ids = []
    for query in root.findall("os:Query", NS):
        code = query.get(f"{{{NS['i']}}}spatial_dataset_identifier_code")
        crs = query.get(f"{{{NS['i']}}}crs")
        told = feed(app, expanded(describe, spatial_dataset_identifier_code=code, language="en"))
        assert told.get("{http://www.w3.org/XML/1998/namespace}lang") == "en"
        assert code in every(told, "i:spatial_dataset_identifier_code/text()")
        given_ = ask(app, expanded(get, spatial_dataset_identifier_code=code, crs=crs))
        if given_.status_code == 303:
            assert ask(app, inside(given_.headers["location"])).content.startswith(b"<gml>")
            continue
        ids += every(etree.fromstring(given_.content), "a:id/text()")
        absent = expanded(get, spatial_dataset_identifier_code=code, crs="EPSG:4326")
        assert "2154" in refused(ask(app, absent), 404)
    assert ids == [f"{PUBLIC}{RESOURCE}/{RASTER}{edition}" for edition in ("", "_2025", "_2022")]


def test_an_unknown_dataset_or_operation_is_a_problem(app):
    search = "/telechargement/search?spatial_dataset_identifier_code=x"
    assert "no dataset x" in refused(ask(app, search), 404)
    assert "DescribeSpatialDataSet" in refused(ask(app, f"{search}&request=Zut"), 400)


def test_a_search_in_words_is_a_page(app):
    address, _ = template(app, "results", "text/html")
    page = ask(app, address.replace("{searchTerms}", "Édition 2022"))
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert f"{RASTER}_2022" in page.text
    assert f"{RASTER}_2025" not in page.text
    assert "&lt;script&gt;" in ask(app, address.replace("{searchTerms}", "<script>")).text


def test_the_etag_moves_with_a_new_acceptance(tmp_path):
    made = stock(tmp_path / "site")
    made.dalles("2022", dalle_names(1, 2022))
    before = ask(routes(made), CAPABILITIES)
    made.dalles("2025", dalle_names(1, 2025), at="2026-03-01T11:00:00+00:00")
    after = ask(routes(made), CAPABILITIES)
    assert before.headers["etag"] != after.headers["etag"]
    assert every(etree.fromstring(after.content), "a:updated/text()") == ["2026-03-01T11:00:00Z"]
