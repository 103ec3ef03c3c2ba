"""The OGC API as browsers and caches meet it: pages, tags, other sites, false addresses."""

import json
import re

import pytest
import shapely

from pcrs.standard.crs import L93, uri
from tests.services.asking import PUBLIC, small_mosaic
from tests.services.features_api import BASE, ITEMS, X, Y, get
from tests.services.features_site import api as api
from tests.services.features_site import filled as filled
from tests.services.features_site import inside
from tests.services.features_site import make as make
from tests.services.features_site import store as store

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
