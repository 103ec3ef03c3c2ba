"""The OGC API as clients meet it: the documents around the objects, and how a site that changes is seen."""

import json
import re
from urllib.parse import urlsplit

import pytest
import shapely
import yaml
from pygeoapi.openapi import validate_openapi_document
from pyproj import Transformer
from starlette.routing import Mount

from pcrs.errors import StoreError
from pcrs.raster.mosaic import Mosaic
from pcrs.serve import context, coverage_request, ogcapi
from pcrs.serve.feature_query import CRS_URIS
from pcrs.serve.ogcapi_host import Extension
from pcrs.standard.crs import L93, uri
from pcrs.standard.model import CONCRETE
from pcrs.store.geopackage import GeoPackage
from tests.services.asking import refused, served_by, small_mosaic
from tests.services.features_api import BASE, ITEMS, YML, X, Y, get, link, told
from tests.services.features_site import api as api
from tests.services.features_site import filled as filled
from tests.services.features_site import inside
from tests.services.features_site import make as make
from tests.services.features_site import store as store


def test_the_landing_page_leads_to_everything_it_names(api):
    landing = told(api, "/ogcapi")
    assert landing["title"] == "PCRS du Lot"
    ours = [each["href"] for each in landing["links"] if each["href"].startswith(BASE)]
    rels = {each["rel"] for each in landing["links"]}
    assert {"self", "alternate", "service-desc", "service-doc", "conformance", "data", "license"} <= rels
    for href in ours:
        assert get(api, inside(href)).status_code == 200
    for each in landing["links"]:
        if each["href"].startswith(BASE) and "type" in each:
            kept = {"accept": each["type"]}
            found = get(api, inside(each["href"]), headers=kept).headers["content-type"]
            assert found.split(";")[0] == each["type"].split(";")[0]


def test_with_and_without_a_slash_the_landing_page_is_there(api):
    assert get(api, "/ogcapi/").json() == get(api, "/ogcapi").json()


def test_conformance_declares_what_is_done_and_nothing_else(api):
    declared = told(api, "/ogcapi/conformance")["conformsTo"]
    assert "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core" in declared
    assert "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs" in declared
    assert any("ogcapi-coverages-1" in name for name in declared)
    assert "http://www.opengis.net/spec/cql2/1.0/conf/cql2-text" in declared
    assert not [
        name for name in declared if "features-4" in name or "arithmetic" in name or "/functions" in name
    ]


def test_collections_are_the_layers_that_hold_something(api, store):
    listed = {each["id"]: each for each in told(api, "/ogcapi/collections")["collections"]}
    assert set(listed) == {"LimiteVoiriePCRS", "AffleurantPCRS", "dalles", "communes"}
    for name, entry in listed.items():
        assert told(api, f"/ogcapi/collections/{name}") == entry | {
            "links": told(api, f"/ogcapi/collections/{name}")["links"]
        }
        assert entry["itemType"] == "feature"
        assert entry["crs"] == list(CRS_URIS)
        assert entry["storageCrs"] == uri(L93)
        assert link(entry, "items", "json").startswith(BASE)
    west, south, east, north = listed["LimiteVoiriePCRS"]["extent"]["spatial"]["bbox"][0]
    forward = Transformer.from_crs(L93, 4326, always_xy=True)
    x, y = forward.transform(X, Y)
    assert west <= x <= east
    assert south <= y <= north
    assert east - west < 0.02
    interval = listed["LimiteVoiriePCRS"]["extent"]["temporal"]["interval"]
    assert interval == [["2024-03-01T00:00:00Z", "2024-03-28T00:00:00Z"]]
    assert "spatial" not in listed["AffleurantPCRS"]["extent"]
    assert "temporal" not in listed["communes"]["extent"]


def test_every_class_of_the_standard_has_its_texts_in_both_languages(make, store):
    for model in CONCRETE:
        store.put(model.name, [("x", None, {})])
    api = make()
    french, english = (
        {each["id"]: each["title"] for each in told(api, "/ogcapi/collections", lang=lang)["collections"]}
        for lang in ("fr", "en")
    )
    known = yaml.safe_load(YML.read_text(encoding="utf-8"))["classes"]
    for model in CONCRETE:
        assert french[model.name] == model.title
        assert english[model.name] == known["english_titles"][model.name]
        assert model.theme in known["english_themes"]
    assert set(known["english_titles"]) == {model.name for model in CONCRETE}


def test_titles_of_links_are_french_in_french(api):
    for path in ("/ogcapi", "/ogcapi/collections", "/ogcapi/collections/dalles", ITEMS, f"{ITEMS}/lv.1"):
        titles = [each["title"] for each in told(api, path)["links"]]
        assert not [title for title in titles if re.search(r"\b(This|the|of|for|as)\b", title)], path
    english = [each["title"] for each in told(api, "/ogcapi", lang="en")["links"]]
    assert "This document as JSON" in english


@pytest.mark.parametrize("resource", ["schema", "queryables"])
def test_the_fields_of_a_collection(api, resource):
    document = told(api, f"/ogcapi/collections/LimiteVoiriePCRS/{resource}")
    assert document["$id"] == f"{BASE}/collections/LimiteVoiriePCRS/{resource}"
    fields = document["properties"]
    assert fields["geometry"]["x-ogc-role"] == "primary-geometry"
    assert fields["gml_id"]["x-ogc-role"] == "id"
    assert fields["dateLeve"] == {
        "type": "string",
        "format": "date",
        "title": "date du levé",
        "x-ogc-role": "primary-instant",
        "x-ogc-propertySeq": 2,
    }
    assert "005 : " in fields["precisionPlanimetrique"]["description"]
    assert set(fields) - {"geometry"} == set(told(api, f"{ITEMS}/lv.1")["properties"])
    assert "geometry" not in told(api, f"/ogcapi/collections/AffleurantPCRS/{resource}")["properties"]


def test_the_openapi_document_is_valid_and_whole(make, tmp_path):
    api = make(small_mosaic(tmp_path))
    document = told(api, "/ogcapi/openapi")
    assert validate_openapi_document(document)
    text = json.dumps(document)
    for reference in re.findall(r'"\$ref": "([^"]*)"', text):
        kind, name = re.fullmatch(r"#/components/(\w+)/([\w-]+)", reference).groups()
        assert name in document["components"][kind]
    operations = [operation["get"]["operationId"] for operation in document["paths"].values()]
    assert len(set(operations)) == len(operations)
    assert document["servers"] == [{"url": BASE}]
    assert get(api, "/ogcapi/openapi").headers["content-type"].startswith("application/vnd.oai.openapi+json")


def test_every_path_that_the_openapi_document_declares_is_answered(make, tmp_path):
    api = make(small_mosaic(tmp_path))
    ids = {"LimiteVoiriePCRS": "lv.1", "AffleurantPCRS": "aff.1", "communes": "46042"}
    for path in told(api, "/ogcapi/openapi")["paths"]:
        name = path.split("/")[2] if path.count("/") > 1 else ""
        known = path.replace("{featureId}", ids.get(name, "46-2025-0577-6373-LA93-0M05-RVB"))
        size = "?width=8" if path.endswith("/coverage") else ""
        assert get(api, f"/ogcapi{known}{size}").status_code == 200, path


def test_every_parameter_that_is_declared_is_taken_and_no_other(make, tmp_path):
    api = make(small_mosaic(tmp_path))
    document = told(api, "/ogcapi/openapi")

    def names(path):
        found = document["paths"][path]["get"]["parameters"]
        named = document["components"]["parameters"]
        return {
            (each if "name" in each else named[each["$ref"].rpartition("/")[2]])["name"] for each in found
        }

    for name in ("LimiteVoiriePCRS", "AffleurantPCRS"):
        detail = refused(get(api, f"/ogcapi/collections/{name}/items?unknown=1"))
        known = set(re.search(r"known: (.*)\)", detail)[1].split(", "))
        assert known - {"apikey"} == names(f"/collections/{name}/items")
    asked = names("/collections/ortho/coverage")
    assert asked == coverage_request._PARAMETERS - {"scaleSize"}


def test_a_delivery_is_seen_without_a_restart(tmp_path, store):
    now = [0.0]
    served = served_by(tmp_path, lambda edition: Mosaic([]), store=store)
    context.use(served)
    api = [Mount("", app=ogcapi.OgcApi(served, YML, (), clock=lambda: now[0]))]
    before = get(api, "/ogcapi/collections")
    assert get(api, "/ogcapi/collections/FacadePCRS").status_code == 404
    store.put("FacadePCRS", [("f1", shapely.LineString([(X, Y), (X + 1, Y)]), {})])
    now[0] = 0.5
    assert get(api, "/ogcapi/collections/FacadePCRS").status_code == 404
    now[0] = 1.5
    assert told(api, "/ogcapi/collections/FacadePCRS/items")["numberMatched"] == 1
    after = get(api, "/ogcapi/collections", headers={"if-none-match": before.headers["etag"]})
    assert after.status_code == 200
    assert "FacadePCRS" in {each["id"] for each in after.json()["collections"]}
    assert "/collections/FacadePCRS/items" in told(api, "/ogcapi/openapi")["paths"]
    store.remove("FacadePCRS", ["f1"])
    now[0] = 3.0
    assert get(api, "/ogcapi/collections/FacadePCRS").status_code == 404


def test_a_store_that_is_silent_at_first_is_refused_until_it_answers(tmp_path, store, monkeypatch):
    served = served_by(tmp_path, lambda edition: Mosaic([]), store=store)
    context.use(served)

    def silent():
        raise StoreError("the database is gone")

    with monkeypatch.context() as patched:
        patched.setattr(store, "revision", silent)
        api = [Mount("", app=ogcapi.OgcApi(served, YML, ()))]
        for path in ("", "/collections", "/openapi", "/collections/LimiteVoiriePCRS/items"):
            answer = get(api, f"/ogcapi{path}")
            assert answer.status_code == 503
            assert int(answer.headers["retry-after"]) > 0
            assert "database" not in answer.text
        assert get(api, "/ogcapi/nothing").status_code == 404
    assert told(api, "/ogcapi/collections/LimiteVoiriePCRS/items")["numberMatched"] > 0


def test_the_mosaic_is_a_collection_while_there_is_one(make, tmp_path):
    api = make(small_mosaic(tmp_path))
    listed = told(api, "/ogcapi/collections")["collections"]
    (ortho,) = (each for each in listed if each["id"] == "ortho")
    assert told(api, "/ogcapi/collections/ortho") == ortho
    for each in ortho["links"]:
        if each["rel"].endswith("/coverage"):
            answer = get(api, inside(each["href"]) + "&width=8")
            assert (answer.status_code, answer.headers["content-type"]) == (200, each["type"])
    refused(get(api, "/ogcapi/collections/ortho/items"), 404)
    empty = make()
    assert "ortho" not in {each["id"] for each in told(empty, "/ogcapi/collections")["collections"]}


def test_other_adapters_add_collections_links_and_classes(make):
    added = {"id": "records", "title": "Fiches", "description": "", "links": []}
    records = Extension(
        collections=lambda: [added],
        conformance=("http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/core",),
        links=({"rel": "search", "type": "text/html", "title": "Chercher", "href": f"{BASE}/x"},),
        paths={
            "/collections/records": {"get": {"operationId": "r", "responses": {"200": {"description": ""}}}}
        },
    )
    api = make(extensions=(records,))
    assert told(api, "/ogcapi/collections/records") == added
    assert "records" in {each["id"] for each in told(api, "/ogcapi/collections")["collections"]}
    assert records.conformance[0] in told(api, "/ogcapi/conformance")["conformsTo"]
    assert link(told(api, "/ogcapi"), "search", "html") == f"{BASE}/x"
    assert "/collections/records" in told(api, "/ogcapi/openapi")["paths"]


def test_an_empty_site_has_an_api_without_collections(tmp_path):
    store = GeoPackage(tmp_path / "empty.gpkg")
    served = served_by(tmp_path, lambda edition: Mosaic([]), store=store)
    context.use(served)
    api = [Mount("", app=ogcapi.build(served, YML))]
    assert told(api, "/ogcapi/collections")["collections"] == []
    assert validate_openapi_document(told(api, "/ogcapi/openapi"))
    assert urlsplit(link(told(api, "/ogcapi"), "data", "json")).path == "/lot/ogcapi/collections"
    store.close()
