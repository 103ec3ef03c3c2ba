"""The catalogue as DCAT: what each form says, page by page, as data.gouv.fr's harvester reads it."""

import json
from types import SimpleNamespace

import pytest
import rdflib
from rdflib.compare import isomorphic

from pcrs.serve import dcat
from pcrs.serve.dcat import DcatService
from pcrs.serve.entries import Entries
from tests.catalogue import IDENTIFIERS, filled
from tests.services.asking import PUBLIC, ask, served_by

# rdflib's own reader of JSON-LD.
pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")
DCAT = rdflib.Namespace("http://www.w3.org/ns/dcat#")
DCT = rdflib.DCTERMS
HYDRA = rdflib.Namespace("http://www.w3.org/ns/hydra/core#")
TYPE = rdflib.RDF.type
PARSERS = {"jsonld": "json-ld", "rdf": "xml", "ttl": "turtle"}
ISO = "/csw?SERVICE=CSW&VERSION=2.0.2&REQUEST=GetRecordById&ID=PCRS_D046"
RASTER = rdflib.URIRef(f"{PUBLIC}/id/dataset/PCRS_D046_RVB-0M05")


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    return filled(tmp_path_factory.mktemp("dcat") / "records.db", PUBLIC)


@pytest.fixture(scope="module")
def routes(records):
    return DcatService(served_by(None, lambda _edition: None), Entries(records)).routes()


def graph(routes, path, ending):
    answer = ask(routes, path)
    assert answer.status_code == 200, answer.text
    return rdflib.Graph().parse(data=answer.content, format=PARSERS[ending])


@pytest.fixture(scope="module")
def whole(routes):
    return graph(routes, "/dcat/catalog.ttl", "ttl")


@pytest.mark.parametrize("ending", ["jsonld", "rdf"])
def test_every_form_says_the_same(routes, whole, ending):
    assert isomorphic(graph(routes, f"/dcat/catalog.{ending}", ending), whole)


def test_there_is_no_node_without_a_name(whole):
    assert not [node for node in whole.all_nodes() if isinstance(node, rdflib.BNode)]


def test_every_record_is_in_the_catalogue(whole):
    catalogue = rdflib.URIRef(f"{PUBLIC}/dcat")
    assert (catalogue, TYPE, DCAT.Catalog) in whole
    datasets, services = (set(whole.objects(catalogue, name)) for name in (DCAT.dataset, DCAT.service))
    assert len(datasets) == 5
    assert len(services) == 4
    assert {str(whole.value(one, DCT.identifier)) for one in datasets | services} == set(
        map(str, datasets | services)
    )
    assert {str(whole.value(one, DCT.identifier)) for one in whole.objects(catalogue, DCAT.record)} == set(
        IDENTIFIERS
    )


def test_a_dataset_says_what_a_portal_shows(whole):
    assert str(whole.value(RASTER, DCT.title)).startswith("Plan Corps de Rue Simplifié (PCRS) image du Lot")
    assert str(whole.value(RASTER, DCT.license)) == "https://www.etalab.gouv.fr/licence-ouverte-open-licence/"
    assert str(whole.value(RASTER, DCT.accrualPeriodicity)).endswith("/frequency/AS_NEEDED")
    assert str(whole.value(RASTER, DCT.accessRights)).endswith("/access-right/PUBLIC")
    assert str(whole.value(RASTER, DCAT.inSeries)) == f"{PUBLIC}/id/series/PCRS_D046"
    assert float(whole.value(RASTER, DCAT.spatialResolutionInMeters)) == 0.05
    period = whole.value(RASTER, DCT.temporal)
    assert [str(whole.value(period, name)) for name in (DCAT.startDate, DCAT.endDate)] == [
        "2025-06-01",
        "2025-09-30",
    ]
    box = str(whole.value(whole.value(RASTER, DCT.spatial), DCAT.bbox))
    assert box.startswith("POLYGON((1.44171 44.41803,1.4927 44.41803,")
    contact = whole.value(RASTER, DCAT.contactPoint)
    assert str(whole.value(contact, rdflib.URIRef("http://www.w3.org/2006/vcard/ns#hasEmail"))) == (
        "mailto:pcrs@example.fr"
    )


def test_each_link_is_one_distribution(whole):
    distributions = list(whole.objects(RASTER, DCAT.distribution))
    addresses = sorted(str(whole.value(one, DCAT.accessURL)).removeprefix(PUBLIC) for one in distributions)
    assert addresses == [
        "/listing/dalles/",
        "/ogcapi/collections/dalles",
        "/ogcapi/collections/ortho",
        "/ogcapi?f=json",
        "/stac",
        "/telechargement/resource/PCRS",
        "/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetCapabilities",
        "/wmts?SERVICE=WMTS&VERSION=1.0.0&REQUEST=GetCapabilities",
    ]
    sized = [one for one in distributions if whole.value(one, DCAT.byteSize)]
    assert len(sized) == 2
    assert all(whole.value(one, DCT.license) for one in distributions)
    services = {str(whole.value(one, DCAT.accessService)) for one in distributions} - {"None"}
    assert len(services) == 2


def test_a_service_names_what_it_serves(whole):
    service = rdflib.URIRef(f"{PUBLIC}/id/service/PCRS_D046_WMTS")
    assert str(whole.value(service, DCAT.endpointURL)) == f"{PUBLIC}/wmts"
    served = {str(one).rpartition("/")[2] for one in whole.objects(service, DCAT.servesDataset)}
    assert served == {"PCRS_D046_RVB-0M05", "PCRS_D046_RVB-0M05_2022", "PCRS_D046_RVB-0M05_2025"}
    used = set(whole.objects(None, DCAT.accessService))
    assert service not in used


def test_a_record_alone_is_a_part_of_the_catalogue(routes, whole):
    alone = graph(routes, "/dcat/PCRS_D046_RVB-0M05.ttl", "ttl")
    assert set(alone) <= set(whole)
    assert alone.value(RASTER, DCT.title) == whole.value(RASTER, DCT.title)


def test_pages_follow_each_other_as_hydra_has_it(routes, whole, monkeypatch, records):
    monkeypatch.setattr(dcat, "PAGE", 4)
    paged = DcatService(served_by(None, lambda _edition: None), Entries(records)).routes()
    found, path, pages = rdflib.Graph(), "/dcat/catalog.ttl", 0
    while path:
        page = graph(paged, path, "ttl")
        view = page.value(predicate=TYPE, object=HYDRA.PartialCollectionView)
        following = page.value(view, HYDRA.next)
        assert int(page.value(rdflib.URIRef(f"{PUBLIC}/dcat"), HYDRA.totalItems)) == 9
        # udata reads the identifier of what a service serves on the service's own page.
        assert all(page.value(one, DCT.identifier) for one in page.objects(None, DCAT.servesDataset))
        found += page
        pages += 1
        path = str(following).removeprefix(PUBLIC) if following else ""
    assert pages == 3
    assert set(whole) <= set(found)
    assert ask(paged, "/dcat/catalog.ttl?page=4").status_code == 404


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("*/*", "application/ld+json"),
        ("text/turtle", "text/turtle; charset=utf-8"),
        ("application/rdf+xml, application/ld+json;q=0.5", "application/rdf+xml"),
        ("application/xml", "application/rdf+xml"),
        ("application/ld+json;q=0.5, text/turtle;q=0.8", "text/turtle; charset=utf-8"),
    ],
)
def test_the_form_is_what_the_client_accepts(routes, accept, media_type):
    for path in ("/dcat", "/dcat/PCRS_D046"):
        answer = ask(routes, path, headers={"Accept": accept})
        assert answer.headers["content-type"] == media_type
        assert answer.headers["vary"] == "Accept"


@pytest.mark.parametrize(
    ("accept", "place"),
    [
        ("text/html,*/*", "/ogcapi/collections/catalogue/items/PCRS_D046?f=html"),
        ("text/turtle", "/dcat/PCRS_D046.ttl"),
        ("application/ld+json", "/dcat/PCRS_D046.jsonld"),
        ("text/html;q=0.2, application/rdf+xml;q=0.9", "/dcat/PCRS_D046.rdf"),
        (
            "application/xml, text/html;q=0.9",
            ISO,
        ),
        ("*/*, text/html", "/ogcapi/collections/catalogue/items/PCRS_D046?f=html"),
        ("application/json", "/ogcapi/collections/catalogue/items/PCRS_D046?f=json"),
        ("*/*", ISO),
    ],
)
def test_an_identifier_leads_to_what_the_client_reads(routes, accept, place):
    answer = ask(routes, "/id/series/PCRS_D046", headers={"Accept": accept})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(PUBLIC + place)


def test_what_is_not_there_is_not_found(routes):
    paths = ("/dcat/nothing", "/dcat/nothing.ttl", "/dcat/catalog.doc", "/id/dataset/nothing")
    assert [ask(routes, path).status_code for path in (*paths, "/id/person/PCRS_D046")] == [404] * 5
    assert ask(routes, "/dcat/catalog.ttl?page=0").status_code == 400


def test_what_has_not_changed_is_not_sent_again(routes):
    tag = ask(routes, "/dcat/catalog.jsonld").headers["etag"]
    assert ask(routes, "/dcat/catalog.jsonld", headers={"If-None-Match": tag}).status_code == 304
    assert ask(routes, "/dcat/catalog.ttl").headers["etag"] != tag


def test_head_tells_of_the_whole(routes):
    whole, head = (ask(routes, "/dcat/catalog.ttl", method) for method in ("GET", "HEAD"))
    assert not head.content
    assert head.headers["content-length"] == str(len(whole.content))


def test_json_ld_has_its_context_in_itself(routes):
    document = json.loads(ask(routes, "/dcat/PCRS_D046.jsonld").content)
    assert document["@context"]["dcat"] == "http://www.w3.org/ns/dcat#"
    assert "dct:title" in json.dumps(document)


def test_records_of_others_are_told_as_far_as_they_say_something():
    """A harvested record may have no identifier of a resource, no box, no licence."""
    document = b"""<gmd:MD_Metadata xmlns:gmd="http://www.isotc211.org/2005/gmd"
        xmlns:gco="http://www.isotc211.org/2005/gco"><gmd:fileIdentifier><gco:CharacterString>a b
        </gco:CharacterString></gmd:fileIdentifier></gmd:MD_Metadata>"""
    store = SimpleNamespace(revision=lambda: "1", all=lambda: iter([("a b", document)]))
    found = graph(
        DcatService(served_by(None, lambda _e: None), Entries(store)).routes(), "/dcat/catalog.ttl", "ttl"
    )
    (node,) = found.subjects(TYPE, DCAT.Dataset)
    assert str(node) == f"{PUBLIC}/dcat/a%20b"
