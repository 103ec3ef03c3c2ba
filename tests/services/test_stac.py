"""The STAC API over a square of twenty-five dalles, as a client asks it."""

import json

import pytest
from pystac.validation import validate_dict
from starlette.routing import Mount

from pcrs.serve.stac import StacApi
from pcrs.store.geopackage import GeoPackage
from pcrs.store.index import Dalle
from pcrs.work.layers import DALLES
from pcrs.work.project import row_of
from tests.services.asking import PUBLIC, served_by
from tests.services.features_api import get, ids, link, told

COLLECTION = "PCRS_D046_RVB-0M05"
ITEMS = f"/stac/collections/{COLLECTION}/items"


def dalle(n: int) -> Dalle:
    x, y = 576_000 + 200 * (n % 5), 6_373_000 - 200 * (n // 5)
    return Dalle(
        stem=f"2025-{x // 100:05d}-{y // 100:05d}-LA93-0M05-RVB",
        edition="2025",
        delivery="l1",
        chantier="Cahors" if n % 2 else "",
        x_m=x,
        y_m=y,
        size_m=200,
        acquired=f"2025-06-{1 + n:02d}" if n else None,
        accepted="2025-11-03",
        precision="010",
        sha256="0" * 64,
        master_sha256="1" * 64,
        master_bytes=3,
        hot_sha256=f"{n:064x}",
        hot_bytes=1000 + n,
    )


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stac")
    store = GeoPackage(folder / "features.gpkg")
    with store.transaction():
        store.ensure(DALLES)
        store.put("dalles", [row_of(dalle(n), "46") for n in range(25)])
    yield [Mount("", app=StacApi(served_by(folder, lambda _edition: None, store=store)))]
    store.close()


def name(n: int) -> str:
    return dalle(n).stem


def posted(api, **said):
    answer = get(api, "/stac/search", "POST", json=said)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_catalogue_collection_and_items_are_valid(api):
    landing = told(api, "/stac")
    validate_dict(landing, extensions=[])
    collection = told(api, f"/stac/collections/{COLLECTION}")
    validate_dict(collection, extensions=[])
    assert told(api, "/stac/collections")["collections"] == [collection]
    for item in told(api, ITEMS, limit=25)["features"]:
        validate_dict(item, extensions=[])


def test_the_landing_page_leads_everywhere(api):
    landing = told(api, "/stac")
    for rel in ("conformance", "data", "child", "service-desc", "search"):
        assert get(api, link(landing, rel).removeprefix(PUBLIC)).status_code == 200
    assert landing["conformsTo"] == told(api, "/stac/conformance")["conformsTo"]
    assert {each["method"] for each in landing["links"] if each["rel"] == "search"} == {"GET", "POST"}


def test_an_item_says_where_its_pixels_are(api):
    item = told(api, f"{ITEMS}/{name(7)}")
    said, data = item["properties"], item["assets"]["data"]
    assert said["datetime"] == "2025-06-08T00:00:00Z"
    assert said["proj:code"] == "EPSG:2154"
    assert said["proj:shape"] == [4000, 4000]
    assert said["proj:transform"] == [0.05, 0.0, 576_400.0, 0.0, -0.05, 6_372_800.0]
    assert said["proj:bbox"] == [576_400.0, 6_372_600.0, 576_600.0, 6_372_800.0]
    assert said["gsd"] == 0.05
    assert data["href"] == f"{PUBLIC}/listing/dalles/2025/{name(7)}.tif"
    assert data["file:size"] == 1007
    assert data["file:checksum"] == f"1220{7:064x}"
    assert [band["eo:common_name"] for band in data["bands"]] == ["red", "green", "blue"]
    west, south, east, north = item["bbox"]
    assert 1.4417 < west < east < 1.4500
    assert 44.43 < south < north < 44.45
    assert link(item, "wmts") == f"{PUBLIC}/wmts"


def test_a_day_that_nobody_told_is_that_of_the_acceptance(api):
    said = told(api, f"{ITEMS}/{name(0)}")["properties"]
    assert said["datetime"] == "2025-11-03T00:00:00Z"
    assert "pcrs:chantier" not in said


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_all_items_are_found_once_over_pages(api, method):
    document = told(api, "/stac/search", limit=10) if method == "GET" else posted(api, limit=10)
    seen = []
    while True:
        seen += ids(document)
        assert document["numberMatched"] == 25
        (following,) = [each for each in document["links"] if each["rel"] == "next"] or [None]
        if following is None:
            break
        assert following["method"] == method
        path = following["href"].removeprefix(PUBLIC)
        document = get(api, path, method, **({"json": following["body"]} if method == "POST" else {})).json()
    assert sorted(seen) == sorted(name(n) for n in range(25))
    assert len(seen) == 25


BOX = [1.4425, 44.4440, 1.4435, 44.4450]


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"ids": [name(3), name(1), "nothing"]}, [3, 1]),
        ({"ids": [name(3), name(1)], "datetime": "2025-06-02"}, [1]),
        ({"collections": ["other"]}, []),
        ({"collections": ["other", COLLECTION], "ids": [name(2)]}, [2]),
        ({"datetime": "2025-06-24T00:00:00Z/.."}, [0, 23, 24]),
        ({"datetime": "2025-06-05T00:00:00Z/2025-06-06T23:59:59Z", "bbox": [1, 44, 2, 45]}, [0, 4, 5]),
        ({"bbox": [3, 45, 4, 46]}, []),
        ({"bbox": [100, 10, 101, 11]}, []),
    ],
)
def test_items_are_found(api, said, found):
    assert sorted(ids(posted(api, limit=100, **said))) == sorted(name(n) for n in found)
    params = {key: ",".join(map(str, v)) if isinstance(v, list) else v for key, v in said.items()}
    assert sorted(ids(told(api, "/stac/search", limit=100, **params))) == sorted(name(n) for n in found)


def test_a_box_and_the_same_polygon_find_the_same(api):
    west, south, east, north = BOX
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    polygon = {"type": "Polygon", "coordinates": [ring]}
    by_box = ids(posted(api, bbox=BOX))
    assert 1 <= len(by_box) <= 4
    assert ids(posted(api, intersects=polygon)) == by_box
    assert ids(told(api, "/stac/search", intersects=json.dumps(polygon))) == by_box
    assert ids(told(api, ITEMS, bbox=",".join(map(str, BOX)))) == by_box


@pytest.mark.parametrize(
    "said",
    [
        {"bbox": [1, 2]},
        {"bbox": [1, 3, 2, "a"]},
        {"bbox": [1, 45, 2, 44]},
        {"bbox": BOX, "intersects": {"type": "Point", "coordinates": [1, 44]}},
        {"intersects": {"type": "Feature", "geometry": None, "properties": {}}},
        {"intersects": "everywhere"},
        {"datetime": "tomorrow"},
        {"datetime": 3},
        {"limit": 0},
        {"limit": "ten"},
        {"ids": "one"},
        {"token": "x"},
        {"query": {}},
    ],
)
def test_what_makes_no_sense_is_refused(api, said):
    answer = get(api, "/stac/search", "POST", json=said)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


def test_bodies_that_are_no_search_are_refused(api):
    assert get(api, "/stac/search", "POST", content=b"{").status_code == 400
    assert get(api, "/stac/search", "POST", content=b"[]").status_code == 400
    assert get(api, "/stac/search", "POST", content=b" " * 1_000_001).status_code == 413
    assert get(api, f"{ITEMS}?word=a").status_code == 400
    assert get(api, "/stac/search?limit=1&limit=2").status_code == 400


def test_what_is_not_there_is_not_found(api):
    for path in ("/stac/nothing", "/stac/collections/nothing", f"{ITEMS}/nothing"):
        answer = get(api, path)
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"


def test_what_has_not_changed_is_not_sent_again(api):
    tag = get(api, ITEMS).headers["etag"]
    assert get(api, ITEMS, headers={"If-None-Match": tag}).status_code == 304
    assert get(api, ITEMS, "HEAD").content == b""
    preflight = get(api, "/stac/search", "OPTIONS")
    assert "POST" in preflight.headers["access-control-allow-methods"]


def test_a_site_without_dalles_has_a_catalogue_without_children(tmp_path):
    store = GeoPackage(tmp_path / "features.gpkg")
    api = [Mount("", app=StacApi(served_by(tmp_path, lambda _edition: None, store=store)))]
    assert link(told(api, "/stac"), "child") is None
    assert told(api, "/stac/search")["features"] == []
    store.close()
