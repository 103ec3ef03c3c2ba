"""Objects through the OGC API: pages, filters, coordinates, values, and what is refused."""

from urllib.parse import quote, urlencode

import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyproj import Transformer

from pcrs.serve import ogcapi
from pcrs.serve.feature_query import CRS_URIS
from pcrs.standard.crs import CRS84, L93, epsg_of, is_latlon, uri
from tests.services.asking import PUBLIC, ask_app, refused
from tests.services.features_api import ITEMS, X, Y, get, link, told
from tests.services.features_site import COUNT, edge, every_page, inside
from tests.services.features_site import api as api
from tests.services.features_site import filled as filled
from tests.services.features_site import make as make
from tests.services.features_site import store as store


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
