"""The OGC API as clients meet it: whole requests over a small store."""

import json
import re
import shutil
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

import pytest
import shapely
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pygeoapi.openapi import validate_openapi_document
from pyproj import Transformer
from starlette.routing import Mount

from pcrs.raster.mosaic import Mosaic
from pcrs.serve import context, coverage_request, ogcapi
from pcrs.serve.feature_query import CRS_URIS
from pcrs.serve.ogcapi_host import Extension
from pcrs.standard.crs import CRS84, L93, epsg_of, is_latlon, uri
from pcrs.standard.model import CONCRETE
from pcrs.store.geopackage import GeoPackage
from pcrs.work.layers import COMMUNES, DALLES, cnig_layer
from tests.services.asking import PUBLIC, ask_all, ask_app, served_by, small_mosaic

YML = Path(__file__).resolve().parents[2] / "config" / "pygeoapi.yml"
BASE = f"{PUBLIC}/ogcapi"
X, Y = 577_000, 6_372_000
COUNT = 57
ITEMS = "/ogcapi/collections/LimiteVoiriePCRS/items"


def edge(n: int) -> tuple[str, shapely.LineString, dict]:
    """The kerb of that number: 5 m long, one every 100 m on a grid of ten columns."""
    x, y = X + 100 * (n % 10), Y + 100 * (n // 10)
    values = {
        "dateLeve": f"2024-03-{1 + n % 28:02d}",
        "idObjet": f"objet {n}",
        "thematique": "03",
        "producteur": "Régie <du> Lot & Cie" if n % 2 else "Lot",
        "pointLeve": [f"#p{n}", f"#q{n}"],
        "precisionPlanimetrique": "005",
        "epsg_origine": 3945,
        "edition": "2025",
    }
    return f"lv.{n}", shapely.LineString([(x, y, 120), (x + 3, y + 4, 120.5)]), values


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A store of every layer, four of which hold something; each test has a copy."""
    path = tmp_path_factory.mktemp("stores") / "features.gpkg"
    store = GeoPackage(path)
    stem = "46-2025-0577-6373-LA93-0M05-RVB"
    dalle = {"fichier": f"{stem}.tif", "href": f"dalles/2025/{stem}.tif", "octets": 1_234, "edition": "2025"}
    dalle |= {"date_acquisition": "2025-04-12", "precision": "010"}
    commune = shapely.box(X - 5000, Y - 5000, X + 5000, Y + 5000)
    with store.transaction():
        for layer in (DALLES, COMMUNES, *(cnig_layer(model.name) for model in CONCRETE)):
            store.ensure(layer)
        store.put("LimiteVoiriePCRS", map(edge, range(COUNT)))
        store.put("AffleurantPCRS", [("aff.1", None, {"reseau": "AEP", "gestionnaire": "SYDED"})])
        store.put("dalles", [(stem, shapely.box(X, Y, X + 1000, Y + 1000), dalle)])
        store.put("communes", [("46042", commune, {"nom": "Cahors"})])
    store.close()
    return path


@pytest.fixture
def store(filled, tmp_path):
    store = GeoPackage(Path(shutil.copy(filled, tmp_path)))
    yield store
    store.close()


@pytest.fixture
def make(tmp_path, store):
    """Builds the API, over a mosaic or none."""

    def build(mosaic=None, **options):
        served = served_by(tmp_path, lambda edition: mosaic or Mosaic([]), store=store)
        context.use(served)
        return [Mount("", app=ogcapi.build(served, YML, **options))]

    return build


@pytest.fixture
def api(make):
    return make()


def get(api, path, method="GET", **options):
    return ask_all(api, [path], method, **options)[0]


def told(api, path, **params):
    address = path + ("?" + urlencode(params, safe=",:/") if params else "")
    answer = get(api, address)
    assert answer.status_code == 200, answer.text
    return answer.json()


def refused(answer, status=400):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert (body["status"], body["detail"]) == (status, body["description"])
    assert body["code"]
    assert "/site-packages/" not in body["detail"]
    return body["detail"]


def inside(href):
    """The path and query of one of our own addresses."""
    assert href.startswith(BASE), href
    return href.removeprefix(PUBLIC)


def link(document, rel, kind="json"):
    return next(each["href"] for each in document["links"] if each["rel"] == rel and kind in each["type"])


def every_page(api, **params):
    """Ids of all the pages, followed by `next`, and what each page says of itself."""
    page = told(api, ITEMS, **params)
    pages = [page]
    while following := [each for each in page["links"] if each["rel"] == "next"]:
        page = get(api, inside(following[0]["href"])).json()
        pages.append(page)
    return [feature["id"] for page in pages for feature in page["features"]], pages


# ---- the documents around the objects


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
        assert link(entry, "items").startswith(BASE)
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


# ---- objects


@pytest.mark.parametrize("limit", [1, 10, 19, 57, 100])
def test_pages_have_every_object_once(api, limit):
    ids, pages = every_page(api, limit=limit)
    assert ids == [f"lv.{n}" for n in range(COUNT)]
    assert {page["numberMatched"] for page in pages} == {COUNT}
    assert [page["numberReturned"] for page in pages] == [len(page["features"]) for page in pages]
    assert len(pages) == -(-COUNT // limit)


def test_pages_of_a_filtered_sorted_query_keep_what_was_asked(api):
    box = f"{X - 1},{Y - 1},{X + 450},{Y + 350}"
    params = {"bbox": box, "bbox-crs": uri(L93), "crs": uri(3945), "sortby": "-idObjet", "limit": 3}
    ids, pages = every_page(api, **params, properties="idObjet,producteur", producteur="Lot")
    expected = [n for n in range(COUNT) if n % 10 < 5 and n // 10 < 4 and not n % 2]
    assert ids == [f"lv.{n}" for n in sorted(expected, key=str, reverse=True)]
    assert {tuple(feature["properties"]) for page in pages for feature in page["features"]} == {
        ("idObjet", "producteur")
    }
    middle = get(api, inside(link(pages[1], "self", "geo+json"))).json()
    assert middle["features"] == pages[1]["features"]
    assert get(api, inside(link(pages[1], "prev", "geo+json"))).json()["features"] == pages[0]["features"]


def test_limits_default_and_greatest(api):
    assert len(told(api, "/ogcapi/collections/LimiteVoiriePCRS/items")["features"]) == COUNT
    assert len(told(api, ITEMS, limit=10**12)["features"]) == COUNT
    limit = told(api, "/ogcapi/openapi")["components"]["parameters"]["limit"]["schema"]
    assert (limit["default"], limit["maximum"]) == (100, 200_000)


def test_hits(api):
    hits = told(api, ITEMS, resulttype="hits", producteur="Lot")
    assert (hits["numberMatched"], hits["features"]) == (29, [])
    assert not {"next", "prev"} & {each["rel"] for each in hits["links"]}


@pytest.mark.parametrize("crs", CRS_URIS)
def test_bbox_is_exact_in_every_crs(api, crs):
    """The box of 3 columns and 2 rows of kerbs, its corners between kerbs."""
    forward = Transformer.from_crs(L93, epsg_of(crs), always_xy=True)
    corners = [forward.transform(X + dx, Y + dy) for dx in (150, 480) for dy in (150, 380)]
    west, east = (f(x for x, _ in corners) for f in (min, max))
    south, north = (f(y for _, y in corners) for f in (min, max))
    turned = crs != CRS84 and is_latlon(epsg_of(crs))
    box = (south, west, north, east) if turned else (west, south, east, north)
    params = {} if crs == CRS84 else {"bbox-crs": crs}
    found = told(api, ITEMS, bbox=",".join(map(repr, box)), **params)
    shown = {
        f"lv.{n}": shapely.transform(shapely.force_2d(edge(n)[1]), forward.transform, interleaved=False)
        for n in range(COUNT)
    }
    expected = [id_ for id_, line in shown.items() if line.intersects(shapely.box(west, south, east, north))]
    assert len(expected) >= 6
    assert [feature["id"] for feature in found["features"]] == expected
    assert found["numberMatched"] == len(expected)


def test_bbox_with_heights_is_answered(api):
    flat = told(api, ITEMS, bbox="1.4,44.4,1.5,44.5")
    high = told(api, ITEMS, bbox="1.4,44.4,-100,1.5,44.5,9000")
    assert [f["id"] for f in high["features"]] == [f["id"] for f in flat["features"]] != []


@pytest.mark.parametrize("crs", CRS_URIS)
def test_coordinates_come_in_the_crs_and_axis_order_asked(api, crs):
    answer = get(api, f"{ITEMS}?limit=1&crs={crs}")
    assert answer.headers["content-crs"] == f"<{crs}>"
    assert answer.headers["content-type"] == "application/geo+json"
    (first, _) = answer.json()["features"][0]["geometry"]["coordinates"]
    expected = Transformer.from_crs(L93, epsg_of(crs), always_xy=True).transform(X, Y)
    if crs != CRS84 and is_latlon(epsg_of(crs)):
        expected = expected[::-1]
    assert first[:2] == pytest.approx(expected, abs=1e-3 if max(expected) > 90 else 1e-8)
    assert first[2] == 120
    item = get(api, f"{ITEMS}/lv.0?crs={crs}")
    assert item.headers["content-crs"] == f"<{crs}>"
    assert item.json()["geometry"]["coordinates"][0] == first


def test_without_a_word_coordinates_are_longitude_and_latitude(api):
    answer = get(api, f"{ITEMS}/lv.0")
    assert answer.headers["content-crs"] == f"<{CRS84}>"
    longitude, latitude, _ = answer.json()["geometry"]["coordinates"][0]
    assert 1.4 < longitude < 1.5
    assert 44.3 < latitude < 44.5


def test_values_come_as_they_were_delivered(api):
    feature = told(api, f"{ITEMS}/lv.1")
    assert feature["id"] == feature["properties"]["gml_id"] == "lv.1"
    assert feature["properties"]["producteur"] == "Régie <du> Lot & Cie"
    assert feature["properties"]["pointLeve"] == ["#p1", "#q1"]
    assert feature["properties"]["precisionAltimetrique"] is None


def test_property_filters(api):
    assert told(api, ITEMS, idObjet="objet 7")["features"][0]["id"] == "lv.7"
    assert told(api, ITEMS, pointLeve="#q9")["numberMatched"] == 1
    assert told(api, ITEMS, epsg_origine="3945")["numberMatched"] == COUNT
    assert told(api, ITEMS, producteur="' OR 1=1 --")["numberMatched"] == 0


def test_datetime(api):
    assert told(api, ITEMS, datetime="2024-03-01")["numberMatched"] == 3
    assert told(api, ITEMS, datetime="2024-03-27/..")["numberMatched"] == 4
    assert told(api, ITEMS, datetime="2024-03-27T/..")["numberMatched"] == 4  # as GDAL writes a day
    assert told(api, ITEMS, datetime="2024-03-01T00:00:00Z/2024-03-02T10:00:00Z")["numberMatched"] == 5
    assert told(api, ITEMS, datetime="1990-01-01/1991-01-01")["numberMatched"] == 0


def test_objects_without_geometry(api):
    (feature,) = told(api, "/ogcapi/collections/AffleurantPCRS/items")["features"]
    assert feature["geometry"] is None
    assert told(api, "/ogcapi/collections/AffleurantPCRS/items", bbox="1,44,2,45")["features"] == [feature]


def test_dalles_lead_to_their_files(api):
    (dalle,) = told(api, "/ogcapi/collections/dalles/items")["features"]
    address = f"{PUBLIC}/listing/dalles/2025/46-2025-0577-6373-LA93-0M05-RVB.tif"
    assert dalle["properties"]["href"] == address
    (file,) = dalle["links"]
    assert (file["rel"], file["href"], file["length"]) == ("enclosure", address, 1234)
    assert file["type"].startswith("image/tiff")
    item = told(api, f"/ogcapi/collections/dalles/items/{dalle['id']}")
    assert link(item, "enclosure", "image/tiff") == address


# ---- refusals


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("filter=couleur='rouge'", "couleur"),
        ("filter=idObjet=1", "a text"),
        ("filter=idObjet='a'&filter-lang=cql-text", "filter-lang"),
        ("filter=idObjet='a'&filter-lang=cql2-json", "JSON"),
        ("filter=S_INTERSECTS(geometry,POINT(1 2))&filter-crs=EPSG:2154", "filter-crs"),
        ("filter-lang=cql2-text", "filter-lang"),
        ("filter-crs=http://www.opengis.net/def/crs/EPSG/0/2154", "filter-crs"),
        ("cursor=x", "cursor"),
        ("cursor=WzEsMl0&sortby=idObjet", "cursor"),
        ("cursor=WzEsMl0&offset=2", "offset"),
        ("cursor=WzEsLTJd", "cursor"),
        ("cursor=W3RydWUsMl0", "cursor"),
        ("embed=true", "embed"),
        ("q=rue", "'q'"),
        ("foo=bar", "foo"),
        ("limit=0", "limit"),
        ("limit=x", "limit"),
        ("offset=-1", "offset"),
        ("offset=1000000000000000000000000000000", "offset"),
        ("bbox=1,2,3", "bbox"),
        ("bbox=nan,44,2,45", "bbox"),
        ("bbox=1,44,inf,45", "bbox"),
        ("bbox=1,45,2,44", "bbox"),
        ("bbox=1,44,2,45&bbox-crs=http://www.opengis.net/def/crs/EPSG/0/9999", "9999"),
        ("bbox=1,44,2,45&bbox-crs=WGS84", "WGS84"),
        ("crs=http://www.opengis.net/def/crs/EPSG/0/27572", "27572"),
        ("crs=2154", "2154"),
        ("datetime=hier", "hier"),
        ("datetime=2024-01-02/2024-01-01", "ends before"),
        ("sortby=couleur", "sortby"),
        ("properties=couleur", "properties"),
        ("epsg_origine=x", "epsg_origine"),
        ("dateLeve=hier", "dateLeve"),
        ("f=kml", "kml"),
        ("f=json&f=html", "twice"),
        ("skipGeometry=1", "skipGeometry"),
        ("resulttype=all", "resulttype"),
    ],
)
def test_bad_queries_are_refused_with_the_reason(api, query, words):
    assert words in refused(get(api, f"{ITEMS}?{query}"))


def test_dates_and_boxes_leave_out_nothing_that_has_none(api):
    for name, params in (("communes", {"datetime": "1990-01-01"}), ("AffleurantPCRS", {"bbox": "0,0,1,1"})):
        assert told(api, f"/ogcapi/collections/{name}/items", **params)["numberMatched"] == 1
    assert "datetime" in refused(get(api, "/ogcapi/collections/communes/items?datetime=1990"))


@pytest.mark.parametrize(
    "path",
    [
        "/ogcapi/collections/nulle",
        "/ogcapi/collections/nulle/items",
        "/ogcapi/collections/nulle/items/1",
        "/ogcapi/collections/nulle/schema",
        "/ogcapi/collections/ortho",
        "/ogcapi/collections/FacadePCRS/items",
        f"{ITEMS}/nulle",
        f"{ITEMS}/12",
        f"{ITEMS}/%00",
        f"{ITEMS}/a/b/../c",
        f"{ITEMS}/lv.1%27%20OR%201=1",
        "/ogcapi/nulle",
        "/ogcapi/collections/",
        "/ogcapi/processes",
        "/ogcapi/stac/dalles/..%2f..%2fetc/passwd",
        "/ogcapi/assets/..%2fbase.html",
        "/ogcapi/assets/nulle.js",
    ],
)
def test_what_is_not_there_is_not_found(api, path):
    refused(get(api, path), 404)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_can_be_written(api, method):
    for path in (ITEMS, f"{ITEMS}/lv.1", "/ogcapi"):
        refused(get(api, path, method, content=b"a"), 405)


def test_a_store_that_cannot_be_read_is_told_without_its_path(api, store, monkeypatch):
    def fail(*_):
        raise ogcapi.PcrsError(f"{store.path}: disk I/O error")

    monkeypatch.setattr(store, "query", fail)
    answer = get(api, f"{ITEMS}?limit=2")
    assert str(store.path) not in refused(answer, 503)
    assert answer.headers["retry-after"]


WORD = st.text(min_size=1, max_size=12).filter(lambda word: word not in (".", ".."))
"""The client itself would leave the service with two dots."""


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.one_of(
        st.just("/collections/LimiteVoiriePCRS/items"),
        st.sampled_from(
            [
                *("", "/openapi", "/{}", "/collections", "/collections/{}", "/collections/{}/schema"),
                *("/collections/{}/items", "/collections/{}/items/{}", "/collections/communes/items/{}"),
            ]
        ),
    ),
    words=st.tuples(WORD, WORD),
    params=st.fixed_dictionaries(
        {},
        optional={
            "limit": st.integers().map(str),
            "offset": st.one_of(st.integers(0, 10**20).map(str), st.text(max_size=3)),
            "bbox": st.lists(st.floats(), min_size=4, max_size=6).map(lambda box: ",".join(map(repr, box))),
            "bbox-crs": st.sampled_from(CRS_URIS),
            "crs": st.sampled_from(CRS_URIS),
            "datetime": st.one_of(st.dates().map(str), st.text("0123456789-/.:TZ", max_size=25)),
            "sortby": st.sampled_from(["idObjet", "-pointLeve", "+dateLeve", ",", "geometry", "fid", "geom"]),
            "properties": st.sampled_from(["idObjet", "idObjet,idObjet", "fid", "geometry"]),
            "idObjet": st.text(max_size=8),
            "epsg_origine": st.one_of(st.integers().map(str), st.floats().map(str)),
            "lang": st.text(max_size=3),
        },
    ),
)
def test_whatever_is_asked_is_answered_or_refused(api, path, words, params):
    address = "/ogcapi" + path.format(*(quote(word, safe="") for word in words))
    (answer,) = ask_app(api[0].app, [f"{address}?{urlencode(params)}"])  # no route of ours has a line feed
    assert answer.status_code in (200, 400, 404)
    answer.json()


# ---- representations


PAGES = [
    "/ogcapi",
    "/ogcapi/openapi",
    "/ogcapi/conformance",
    "/ogcapi/collections",
    "/ogcapi/collections/ortho",
    "/ogcapi/collections/dalles",
    "/ogcapi/collections/dalles/items",
    "/ogcapi/collections/AffleurantPCRS/items",
    ITEMS,
    f"{ITEMS}/lv.1",
    "/ogcapi/collections/LimiteVoiriePCRS/schema",
    "/ogcapi/collections/LimiteVoiriePCRS/queryables",
]


@pytest.mark.parametrize("lang", ["fr", "en"])
@pytest.mark.parametrize("path", PAGES)
def test_pages_load_nothing_from_elsewhere(make, tmp_path, path, lang):
    api = make(small_mosaic(tmp_path))
    accept = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    answer = get(api, f"{path}?lang={lang}", headers=accept)
    assert answer.status_code == 200, answer.text
    page = answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-language"].startswith(lang)
    assert f'<html lang="{lang}">' in page
    assert re.search(r"<title>[^<]+</title>", page)
    loaded = re.findall(r'<(?:script|img|iframe|source)[^>]*\ssrc="([^"]*)"', page)
    loaded += re.findall(r'<link[^>]*\shref="([^"]*)"', page)
    assert loaded
    assert all(address.startswith(f"{PUBLIC}/") for address in loaded)
    assert not re.search(r"unpkg|jsdelivr|cdn|googleapis|openstreetmap", page)
    for address in loaded:
        if address.startswith(BASE):
            assert get(api, inside(address)).status_code == 200


def test_pages_lead_to_pages(api):
    page = get(api, f"{ITEMS}?f=html&limit=10&offset=10").text
    following = re.search(r'href="([^"]*)" rel="next"', page)[1].replace("&amp;", "&")
    answer = get(api, inside(following))
    assert answer.headers["content-type"].startswith("text/html")
    assert "lv.20" in answer.text


def test_pages_show_values_and_do_not_run_them(make, store):
    evil = "</script><script>alert(1)</script>"
    store.put("communes", [("46001", shapely.box(X, Y, X + 9, Y + 9), {"nom": evil})])
    for path in ("/ogcapi/collections/communes/items", "/ogcapi/collections/communes/items/46001"):
        page = get(make(), f"{path}?f=html").text
        assert "alert(1)" in page
        assert evil not in page


def test_maps_are_drawn_from_the_objects_of_the_page(api):
    page = get(api, f"{ITEMS}?f=html&limit=3").text
    drawn = json.loads(re.search(r'id="objects">(.*?)</script>', page, re.DOTALL)[1])
    assert len(drawn["features"]) == 3
    assert f'src="{PUBLIC}/static/ol/ol.js"' in page
    for query in (f"crs={uri(L93)}", "skipGeometry=true"):
        assert 'id="map"' not in get(api, f"{ITEMS}?f=html&{query}").text


def test_an_answer_that_is_known_is_not_sent_again(api):
    for path in ("/ogcapi", ITEMS, f"{ITEMS}/lv.1", "/ogcapi/openapi"):
        first = get(api, path)
        assert first.headers["cache-control"].startswith("public")
        assert first.content == get(api, path).content
        again = get(api, path, headers={"if-none-match": f'"x", W/{first.headers["etag"]}'})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
        page = get(api, path, headers={"accept": "text/html"})
        assert page.headers["etag"] != first.headers["etag"]
        assert "Accept" in page.headers["vary"]


def test_head_tells_what_get_sends(api):
    for path in ("/ogcapi", ITEMS, f"{ITEMS}/lv.1?f=html"):
        sent, head = get(api, path), get(api, path, "HEAD")
        assert (head.status_code, head.content) == (200, b"")
        assert dict(head.headers) == dict(sent.headers)
    assert get(api, f"{ITEMS}/nulle", "HEAD").status_code == 404


def test_browsers_may_ask_from_other_sites(api):
    assert get(api, ITEMS).headers["access-control-allow-origin"] == "*"
    assert get(api, f"{ITEMS}?x=1").headers["access-control-allow-origin"] == "*"
    assert "GET" in get(api, ITEMS, "OPTIONS").headers["access-control-allow-methods"]


def test_addresses_are_the_public_ones_whatever_the_request_says(api):
    evil = {"host": "evil.example", "x-forwarded-host": "evil.example", "x-forwarded-proto": "gopher"}
    for path in ("/ogcapi", "/ogcapi/", "/ogcapi/collections", ITEMS, f"{ITEMS}?f=html"):
        answer = get(api, path, headers=evil)
        assert answer.status_code == 200
        assert "evil" not in answer.text


def test_no_answer_claims_a_coding_it_does_not_have(api):
    for path in (ITEMS, f"{ITEMS}?x=1", f"{ITEMS}/nulle"):
        answer = get(api, path, headers={"accept-encoding": "gzip"})
        assert "content-encoding" not in answer.headers
        answer.json()


# ---- life


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
    assert urlsplit(link(told(api, "/ogcapi"), "data")).path == "/lot/ogcapi/collections"
    store.close()
