"""OpenSearch as INSPIRE wants it of a download service."""

from lxml import etree

from tests.services.asking import PUBLIC, ask, refused
from tests.services.atom_feeds import NS, RASTER, RESOURCE, every, feed, inside
from tests.services.atom_feeds import app as app
from tests.services.atom_feeds import stocked as stocked


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
