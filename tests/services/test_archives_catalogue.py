"""A chantier is archived, all its copies are taken away, and who searches the catalogue still finds it."""

import json
import shutil
import urllib.request
from urllib.parse import quote, urlencode

import pytest
import rdflib
from lxml import etree

from pcrs.publish.addresses import Addresses
from pcrs.publish.validate import validate_record
from tests.archives import CHANTIER, make_sip, two_folders
from tests.services.csw_site import GMD, NS
from tests.serving import end, free_port, said, start, wait_for

NAME = Addresses("", "46").archive(CHANTIER)
HERE, ELSEWHERE = "1.44,44.41,1.46,44.46", "3,47,4,48"


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """The address of a running service, whose targets have gone off line."""
    root = tmp_path_factory.mktemp("offline")
    site = two_folders(root)
    done = said("archive", make_sip(root / "sip", cliches=2), "--site", site.root, "--chantier", CHANTIER)
    assert done.returncode == 0, done.stderr
    for name in ("nas", "bande", "sip"):
        shutil.rmtree(root / name)
    port = free_port()
    process = start("serve", "--site", site.root, "--port", str(port))
    try:
        address = f"http://127.0.0.1:{port}"
        wait_for(f"{address}/healthz", process)
        yield address
    finally:
        end(process)


def fetched(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=240) as answer:
        return answer.read()


def asked(base: str, **query: str) -> list[str]:
    """Identifiers that OGC API Records finds."""
    document = json.loads(fetched(f"{base}/ogcapi/collections/catalogue/items?{urlencode(query)}"))
    assert document["numberMatched"] == len(document["features"])
    return [feature["id"] for feature in document["features"]]


def searched(base: str, constraint: str) -> list[str]:
    """Identifiers that CSW finds by a filter in CQL."""
    query = {
        "constraintLanguage": "CQL_TEXT",
        "constraint_language_version": "1.1.0",
        "constraint": constraint,
    }
    address = f"{base}/csw?service=CSW&version=2.0.2&request=GetRecords&typeNames=csw:Record"
    tree = etree.fromstring(fetched(f"{address}&resultType=results&elementSetName=full&{urlencode(query)}"))
    return [str(found) for found in tree.xpath("//dc:identifier/text()", namespaces=NS)]


def test_a_format_without_a_version_is_called_by_its_name_alone(base):
    record = json.loads(fetched(f"{base}/ogcapi/collections/catalogue/items/{NAME}"))
    names = {one["name"] for one in record["properties"]["formats"]}
    assert names >= {"LAZ", "PDF", "TIFF 6.0"}
    page = fetched(f"{base}/ogcapi/collections/catalogue/items/{NAME}?f=html").decode()
    assert "LAZ" in page
    assert "inapplicable" not in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "trajectoire"}, True),
        ({"q": "Figeac"}, True),
        ({"q": "nuage de points"}, True),
        ({"q": "hydravion"}, False),
        ({"type": "dataset", "bbox": HERE}, True),
        ({"type": "service"}, False),
        ({"bbox": ELSEWHERE}, False),
    ],
)
def test_records_find_it(base, query, found):
    assert asked(base, **query) == [NAME] * found


@pytest.mark.parametrize(
    ("constraint", "found"),
    [
        ("csw:AnyText like '%trajectoire%'", True),
        ("csw:AnyText like '%hydravion%'", False),
        ("BBOX(ows:BoundingBox,1.44,44.41,1.46,44.46)", True),
        ("BBOX(ows:BoundingBox,3,47,4,48)", False),
    ],
)
def test_csw_finds_it(base, constraint, found):
    assert searched(base, constraint) == [NAME] * found


def test_it_tells_its_rights_and_where_its_objects_are(base):
    record = json.loads(fetched(f"{base}/ogcapi/collections/catalogue/items/{NAME}"))
    assert record["properties"]["license"] == "other"
    assert "signataires de la convention Enedis" in record["properties"]["rights"]
    assert "à commander" in record["properties"]["description"]
    links = {link["href"].partition("/ogcapi")[2] for link in record["links"]}
    items = f"/collections/archives/items?chantier={quote(CHANTIER)}"
    assert items in links
    objects = json.loads(fetched(f"{base}/ogcapi{items}"))
    assert objects["numberMatched"] == 17
    assert {each["properties"]["disponibilite"] for each in objects["features"]} == {"commande"}


def test_its_page_names_the_rights_without_a_link_to_nowhere(base):
    page = fetched(f"{base}/ogcapi/collections/catalogue/items/{NAME}?f=html").decode()
    assert "signataires de la convention Enedis" in page
    assert 'href=""' not in page


def test_its_document_is_valid_in_every_catalogue(base):
    address = f"{base}/csw?service=CSW&version=2.0.2&request=GetRecordById&elementSetName=full"
    answer = etree.fromstring(fetched(f"{address}&outputSchema={GMD}&id={NAME}"))
    (record,) = answer.iter(f"{{{GMD}}}MD_Metadata")
    assert validate_record(etree.tostring(record)) == ()
    assert b"dataset" in fetched(f"{base}/id/dataset/{NAME}")
    graph = rdflib.Graph().parse(data=fetched(f"{base}/dcat/catalog.ttl"), format="turtle")
    (node,) = graph.subjects(rdflib.RDF.type, rdflib.URIRef("http://www.w3.org/ns/dcat#Dataset"))
    assert str(node).endswith(f"/id/dataset/{NAME}")
    rights = graph.value(node, rdflib.DCTERMS.accessRights)
    assert str(rights).endswith("access-right/RESTRICTED")
    assert graph.value(node, rdflib.DCTERMS.license) is None
