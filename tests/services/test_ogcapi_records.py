"""OGC API Records over the nine records of the catalogue of tests, as a client asks them."""

import pytest
from lxml import etree

from pcrs.publish.validate import validate_record
from pcrs.serve import ogcapi_records
from pcrs.serve.entries import Entries
from pcrs.store.geopackage import GeoPackage
from tests.catalogue import IDENTIFIERS, filled
from tests.services.asking import PUBLIC
from tests.services.features_api import api_over, get, ids, link, told

BASE = "/ogcapi/collections/catalogue"
ITEMS = f"{BASE}/items"


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    return filled(tmp_path_factory.mktemp("records") / "records.db", PUBLIC)


@pytest.fixture(scope="module")
def api(tmp_path_factory, records):
    folder = tmp_path_factory.mktemp("api")
    store = GeoPackage(folder / "features.gpkg")

    def extension(served):
        return ogcapi_records.extension(served, Entries(records), records.get)

    yield api_over(folder, store, extension=extension)
    store.close()


def test_the_catalogue_is_a_collection_of_records(api):
    listed = told(api, "/ogcapi/collections")["collections"]
    (mine,) = [each for each in listed if each["id"] == "catalogue"]
    assert mine == told(api, BASE)
    assert (mine["type"], mine["itemType"]) == ("Collection", "record")
    (box,) = mine["extent"]["spatial"]["bbox"]
    assert box == pytest.approx([1.44171, 44.41803, 1.4927, 44.44574])
    assert mine["extent"]["temporal"]["interval"] == [["2022-06-01T00:00:00Z", "2025-09-30T23:59:59Z"]]
    assert get(api, link(mine, "items").removeprefix(PUBLIC)).status_code == 200


def test_what_is_declared_is_records_part_1(api):
    declared = told(api, "/ogcapi/conformance")["conformsTo"]
    spec = "http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/"
    assert {f"{spec}searchable-catalog", f"{spec}record-core", f"{spec}record-api"} <= set(declared)
    assert f"{spec}filtering" not in declared


def test_all_records_are_found_once_over_pages(api):
    document, seen, pages = told(api, ITEMS, limit=4), [], 0
    while True:
        pages += 1
        seen += ids(document)
        assert document["numberMatched"] == len(IDENTIFIERS)
        assert document["numberReturned"] == len(document["features"])
        following = link(document, "next")
        if following is None:
            break
        document = get(api, following.removeprefix(PUBLIC)).json()
    assert pages == 3
    assert tuple(seen) == IDENTIFIERS


def test_a_record_has_the_core_properties(api):
    answer = get(api, f"{ITEMS}/PCRS_D046_RVB-0M05")
    assert answer.headers["content-type"] == "application/geo+json"
    record = answer.json()
    said = record["properties"]
    assert record["id"] == "PCRS_D046_RVB-0M05"
    assert record["conformsTo"] == ["http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/record-core"]
    assert record["time"] == {"interval": ["2025-06-01", "2025-09-30"]}
    assert record["geometry"]["coordinates"][0][0] == [1.44171, 44.41803]
    assert said["type"] == "dataset"
    assert said["language"] == {"code": "fr", "name": "Français"}
    assert said["updated"] == "2026-11-23T10:00:00Z"
    assert said["license"] == "etalab-2.0"
    assert said["externalIds"] == [{"value": f"{PUBLIC}/id/dataset/PCRS_D046_RVB-0M05"}]
    assert said["formats"] == [{"name": "GeoTIFF 1.1", "mediaType": "image/tiff; application=geotiff"}]
    assert said["contacts"][0]["emails"] == [{"value": "pcrs@example.fr"}]
    assert "orthophotographies" in said["keywords"]
    assert {
        "scheme": "GEMET - INSPIRE themes, version 1.0",
        "concepts": [
            {
                "id": "http://inspire.ec.europa.eu/theme/oi",
                "title": "Ortho-imagerie",
                "url": "http://inspire.ec.europa.eu/theme/oi",
            }
        ],
    } in said["themes"]
    assert [each["href"] for each in record["links"] if each["rel"] == "collection"] == [f"{PUBLIC}{BASE}"]
    assert link(record, "license") == "https://www.etalab.gouv.fr/licence-ouverte-open-licence/"
    assert link(record, "parent") == f"{PUBLIC}{ITEMS}/PCRS_D046"


def test_the_iso_record_is_an_alternate(api, records):
    record = told(api, f"{ITEMS}/PCRS_D046_WMTS")
    (iso,) = [each for each in record["links"] if each["rel"] == "alternate" and each["title"] == "ISO 19139"]
    answer = get(api, iso["href"].removeprefix(PUBLIC))
    assert answer.content == records.get("PCRS_D046_WMTS")
    assert validate_record(answer.content) == ()
    assert {each["title"] for each in record["links"] if each["rel"] == "related"} == {
        "PCRS_D046_RVB-0M05",
        "PCRS_D046_RVB-0M05_2022",
        "PCRS_D046_RVB-0M05_2025",
    }


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({"type": "series"}, ["PCRS_D046"]),
        ({"type": "service", "q": "tuiles"}, ["PCRS_D046_WMTS"]),
        ({"type": "service,series", "limit": 1}, ["PCRS_D046"]),
        ({"ids": "PCRS_D046_CSW,PCRS_D046,nowhere"}, ["PCRS_D046", "PCRS_D046_CSW"]),
        ({"externalIds": f"{PUBLIC}/id/service/PCRS_D046_CSW"}, ["PCRS_D046_CSW"]),
        ({"q": "DECOUVERTE"}, ["PCRS_D046_CSW"]),
        ({"q": "catalogue csw"}, ["PCRS_D046_CSW"]),
        ({"q": "csw catalogue"}, []),
        ({"q": "découverte,consultation"}, ["PCRS_D046_CSW", "PCRS_D046_WMTS"]),
        (
            {"bbox": "1.44,44.44,1.442,44.446", "type": "dataset", "datetime": "2023-01-01/.."},
            ["PCRS_D046_RVB-0M05"],
        ),
        ({"bbox": "3,45,4,46"}, []),
        ({"datetime": "../2022-12-31", "type": "dataset"}, ["PCRS_D046_RVB-0M05_2022"]),
        ({"datetime": "2025-07-14", "ids": "PCRS_D046_RVB-0M05_2022,PCRS_D046"}, ["PCRS_D046"]),
    ],
)  # fmt: skip
def test_records_are_found(api, params, found):
    assert ids(told(api, ITEMS, **params)) == found


def test_records_are_sorted(api):
    titles = [each["properties"]["title"] for each in told(api, ITEMS, sortby="-title")["features"]]
    assert titles[0].startswith("Service de téléchargement du Plan")
    assert ids(told(api, ITEMS, sortby="type,-id", limit=2)) == [
        "PCRS_D046_VECTEUR",
        "PCRS_D046_RVB-0M05_2025",
    ]


@pytest.mark.parametrize(
    "query",
    ["sortby=nothing", "bbox=1,2", "bbox=1,nan,2,3", "datetime=yesterday", "limit=0", "q=a&q=b", "word=x"],
)
def test_what_makes_no_sense_is_refused(api, query):
    answer = get(api, f"{ITEMS}?{query}")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


def test_there_is_no_record_of_another_name(api):
    assert get(api, f"{ITEMS}/nothing").status_code == 404


def test_what_has_not_changed_is_not_sent_again(api):
    tag = get(api, ITEMS).headers["etag"]
    assert get(api, ITEMS, headers={"If-None-Match": tag}).status_code == 304
    assert get(api, f"{ITEMS}?type=series").headers["etag"] != tag
    head = get(api, ITEMS, "HEAD")
    assert (head.status_code, head.content) == (200, b"")


def test_pages_show_the_records(api):
    page = get(api, f"{ITEMS}?f=html").text
    assert "Plan Corps de Rue Simplifié (PCRS) vecteur du Lot (46)" in page
    one = etree.HTML(get(api, f"{ITEMS}/PCRS_D046_VECTEUR", headers={"Accept": "text/html"}).text)
    assert one.findtext(".//h1") == "Plan Corps de Rue Simplifié (PCRS) vecteur du Lot (46)"
    assert {each.get("type") for each in one.iterfind(".//head/link[@rel='alternate']")} == {
        "application/geo+json",
        "application/xml",
        "application/ld+json",
    }
    assert get(api, f"{BASE}?f=html").status_code == 200
    assert "Mise à jour de la fiche" in get(api, f"{BASE}/queryables?f=html").text


def test_the_openapi_document_has_the_paths(api):
    document = told(api, "/ogcapi/openapi")
    names = [
        each.get("name") for each in document["paths"][ITEMS.removeprefix("/ogcapi")]["get"]["parameters"]
    ]
    assert {"q", "externalIds", "ids", "type", "sortby", "bbox", "datetime", "limit"} <= set(names)


def test_records_that_change_are_seen(tmp_path, records):
    again = filled(tmp_path / "records.db", PUBLIC)
    entries = Entries(again)
    before = entries.shelf()
    assert entries.shelf() is before
    again.delete(["PCRS_D046_CSW"])
    after = entries.shelf()
    assert len(after.held) == len(before.held) - 1
    assert after.held[0] is before.held[0]
