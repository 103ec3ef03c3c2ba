"""Filters, sorted and unsorted walks, embedded objects: as clients of the OGC API meet them."""

import json
import random
from urllib.parse import quote

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyproj import Transformer

from pcrs.errors import TooCostlyError
from pcrs.serve.feature_query import CRS_URIS
from pcrs.standard.crs import CRS84, L93, epsg_of, is_latlon, transformer, uri
from tests.services.asking import PUBLIC
from tests.services.features_api import (
    AFFLEURANTS,
    BASE,
    ITEMS,
    X,
    Y,
    get,
    ids,
    kerb,
    link,
    told,
)
from tests.services.features_api import api as api
from tests.services.features_api import store as store

ALL = [f"lv.{n}" for n in range(120)]


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("producteur = 'Lot'", lambda n: n % 3 == 0),
        ("producteur = 'L''Été'", lambda n: n % 3 == 2),
        ("ACCENTI(CASEI(producteur)) LIKE accenti(casei('%ÉTÉ'))", lambda n: n % 3 == 2),
        (
            "NOT producteur LIKE 'L%' OR idObjet IN ('objet 7', 'objet 8')",
            lambda n: n % 3 == 1 or n in (7, 8),
        ),
        ("idObjet BETWEEN 'objet 10' AND 'objet 109'", lambda n: "10" <= str(n) <= "109"),
        ("precisionPlanimetrique IS NULL AND epsg_origine >= 3945", lambda n: True),
        ("dateLeve > DATE('2024-03-27')", lambda n: n % 28 == 27),
        ("T_DURING(dateLeve, INTERVAL('..', '2024-03-02'))", lambda n: n % 28 == 0),
        ("A_CONTAINS(pointLeve, ('#p5'))", lambda n: n == 5),
        (f"S_INTERSECTS(geometry, BBOX({X - 1}, {Y - 1}, {X + 201}, {Y + 1}))", lambda n: n in (0, 1, 2)),
        (f"S_DISJOINT(geometry, BBOX({X - 1}, {Y - 1}, {X + 201}, {Y + 9999}))", lambda n: n % 20 > 2),
        (f"S_WITHIN(geometry, POLYGON(({X} {Y}, {X + 3} {Y}, {X + 3} {Y + 4}, {X} {Y})))", lambda n: False),
        ("FALSE", lambda n: False),
    ],
)
def test_filters(api, text, chosen):
    found = told(api, ITEMS, filter=text, **{"filter-crs": uri(L93), "limit": 1000})
    assert ids(found) == [f"lv.{n}" for n in range(120) if chosen(n)]
    assert found["numberMatched"] == len(found["features"])


def test_filters_in_json(api):
    polygon = {"type": "Polygon", "coordinates": [[[X, Y], [X + 150, Y], [X, Y + 150], [X, Y]]]}
    inside = {"op": "s_intersects", "args": [{"property": "geometry"}, polygon]}
    named = {"op": "in", "args": [{"property": "producteur"}, ["Lot", "x' OR 1=1"]]}
    both = json.dumps({"op": "and", "args": [inside, named]})
    crs = {"filter-lang": "cql2-json", "filter-crs": uri(L93)}
    assert ids(told(api, ITEMS, filter=both, **crs)) == ["lv.0"]
    assert ids(told(api, ITEMS, filter=json.dumps(inside), **crs)) == ["lv.0", "lv.1", "lv.20"]


@pytest.mark.parametrize("crs", CRS_URIS)
def test_filters_in_every_crs(api, crs):
    """A polygon around the kerbs of three columns and two rows, in the axis order of the CRS."""
    corners = [
        (X + 150, Y + 50),
        (X + 450, Y + 50),
        (X + 450, Y + 250),
        (X + 150, Y + 250),
        (X + 150, Y + 50),
    ]
    points = [transformer(L93, epsg_of(crs)).transform(*corner) for corner in corners]
    if crs != CRS84 and is_latlon(epsg_of(crs)):
        points = [point[::-1] for point in points]
    wkt = ", ".join(f"{x!r} {y!r}" for x, y in points)
    params = {} if crs == CRS84 else {"filter-crs": crs}
    found = told(api, ITEMS, filter=f"S_WITHIN(geometry, POLYGON(({wkt})))", **params)
    assert ids(found) == ["lv.22", "lv.23", "lv.24", "lv.42", "lv.43", "lv.44"]


def test_a_filter_goes_on_in_the_next_page(api):
    page = told(api, ITEMS, filter="producteur <> 'Lot'", limit=30, sortby="-dateLeve,idObjet")
    found = ids(page)
    while following := link(page, "next"):
        assert "filter=" in following
        page = get(api, following.removeprefix(PUBLIC)).json()
        found += ids(page)
    expected = [n for n in range(120) if n % 3]
    assert found == [f"lv.{n}" for n in sorted(expected, key=lambda n: (-(n % 28), str(n)))]


ATTACKS = (
    "' OR '1'='1",
    "x'; DROP TABLE LimiteVoiriePCRS; --",
    '" OR 1=1 --',
    "lv.1' UNION SELECT name FROM sqlite_master --",
    "%' ESCAPE '",
    "1); SELECT load_extension('/tmp/x'); --",
    "pg_sleep(5)",
    "randomblob(1000000000)",
    "lv.1\x00",
    "\\",
    "{{7*7}}",
    "../../etc/passwd",
)


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_is_executed(api, store, attack):
    """A text is compared as it is; anywhere else it is refused."""
    before = store.revision()
    written = "'" + attack.replace("'", "''") + "'"
    for params in (
        {"idObjet": attack},
        {"pointLeve": attack},
        {"filter": f"idObjet = {written}"},
        {"filter": f"idObjet LIKE {written}"},
        {"filter": f"CASEI(idObjet) IN ({written})"},
        {"filter": f"A_OVERLAPS(pointLeve, ({written}))"},
        {
            "filter": json.dumps({"op": "=", "args": [{"property": "idObjet"}, attack]}),
            "filter-lang": "cql2-json",
        },
    ):
        answer = get(api, ITEMS, params=params)
        if answer.status_code == 200:
            assert ids(answer.json()) == []
        else:
            assert (answer.status_code, "\x00" in attack) == (400, True)
    for name in (
        "sortby",
        "properties",
        "filter",
        "filter-crs",
        "datetime",
        "crs",
        "bbox",
        "cursor",
        "limit",
    ):
        assert get(api, ITEMS, params={name: attack}).status_code == 400
    for json_filter in ({"property": attack}, {"op": attack, "args": [1, 2]}):
        text = json.dumps({"op": "=", "args": [json_filter, 1]})
        assert get(api, ITEMS, params={"filter": text, "filter-lang": "cql2-json"}).status_code == 400
    assert get(api, f"{ITEMS}?filter={quote(chr(34) + attack + chr(34) + '=1')}").status_code == 400
    assert get(api, f"{ITEMS}/{quote(attack, safe='')}").status_code == 404
    assert get(api, f"/ogcapi/collections/{quote(attack, safe='')}/items").status_code == 404
    assert (store.revision(), told(api, ITEMS, resulttype="hits")["numberMatched"]) == (before, 120)


# ---- walks


@pytest.mark.parametrize("sortby", [None, "producteur,-idObjet"])
def test_a_walk_while_deliveries_go_in_has_each_object_once(api, store, sortby):
    """What is there all the time is seen once, in pages that follow each other by `next` alone."""
    params = {"limit": 7} | ({"sortby": sortby} if sortby else {})
    dice = random.Random(3)
    page, found, added = told(api, ITEMS, **params), [], 1000
    while True:
        found += ids(page)
        following = link(page, "next")
        if following is None:
            break
        assert "offset=" not in following
        with store.transaction():
            gone = [f"lv.{n}" for n in dice.sample(range(0, 120, 2), 3)]
            store.remove("LimiteVoiriePCRS", gone)
            store.put("LimiteVoiriePCRS", [kerb(n) for n in range(1, 120, 10)])
            store.put("LimiteVoiriePCRS", [kerb(added + n) for n in range(2)])
        added += 2
        page = get(api, following.removeprefix(PUBLIC)).json()
    assert len(set(found)) == len(found)
    assert {f"lv.{n}" for n in range(1, 120, 2)} <= set(found)


def test_pages_lead_back_and_say_where_they_are(api):
    first = told(api, ITEMS, limit=50)
    second = get(api, link(first, "next").removeprefix(PUBLIC)).json()
    third = get(api, link(second, "next").removeprefix(PUBLIC)).json()
    assert ids(first) + ids(second) + ids(third) == ALL
    assert [page["numberMatched"] for page in (first, second, third)] == [120] * 3
    assert (link(first, "prev"), link(third, "next")) == (None, None)
    assert ids(get(api, link(third, "prev").removeprefix(PUBLIC)).json()) == ids(second)
    assert ids(get(api, link(third, "self").removeprefix(PUBLIC)).json()) == ids(third)


# ---- boxes, exactly

_FULL = {n: shapely.force_2d(kerb(n)[1]) for n in range(120)}
unit = st.floats(0, 1, allow_subnormal=False)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(crs=st.sampled_from(CRS_URIS), corners=st.tuples(unit, unit, unit, unit), as_filter=st.booleans())
def test_boxes_hold_what_shapely_says(api, crs, corners, as_filter):
    """In the plane of the box's own CRS, whatever that is: no object missed, none too many."""
    forward = Transformer.from_crs(L93, epsg_of(crs), always_xy=True)
    xs, ys = forward.transform([X - 300, X + 2300] * 2, [Y - 300, Y - 300, Y + 900, Y + 900])
    west, east = sorted(np.interp(corners[:2], (0, 1), (min(xs), max(xs))))
    south, north = sorted(np.interp(corners[2:], (0, 1), (min(ys), max(ys))))
    turned = crs != CRS84 and is_latlon(epsg_of(crs))
    box = [float(side) for side in ((south, west, north, east) if turned else (west, south, east, north))]
    region = shapely.box(west, south, east, north)
    shown = {n: shapely.transform(line, forward.transform, interleaved=False) for n, line in _FULL.items()}
    expected = {f"lv.{n}" for n, line in shown.items() if line.intersects(region)}
    numbers = ",".join(map(repr, box))
    asked = (
        {"filter": f"S_INTERSECTS(geometry, BBOX({numbers}))", "filter-crs": crs}
        if as_filter
        else {"bbox": numbers, "bbox-crs": crs}
    )
    found = told(api, ITEMS, limit=1000, **asked)
    assert set(ids(found)) == expected
    assert found["numberMatched"] == len(expected)


# ---- objects that name others


def test_an_object_links_to_those_that_it_names(api):
    cover = told(api, f"{AFFLEURANTS}/a.1")
    related = {each["title"]: each["href"] for each in cover["links"] if each["rel"] == "related"}
    assert set(related.values()) == {
        f"{BASE}/collections/AffleurantGeometriquePCRS/items/g.1",
        f"{BASE}/collections/AffleurantSymbolePCRS/items/s.1",
    }
    assert any("représentation" in title for title in related)
    for href in related.values():
        assert get(api, href.removeprefix(PUBLIC)).status_code == 200
    assert cover["properties"]["representation"] == "#g.1"
    lonely = told(api, f"{AFFLEURANTS}/a.2")
    assert not [each for each in lonely["links"] if each["rel"] == "related"]


@pytest.mark.parametrize("crs", [CRS84, uri(L93)])
def test_objects_carry_those_that_they_name_on_demand(api, crs):
    (one, other) = told(api, AFFLEURANTS, embed="true", crs=crs)["features"]
    assert one == {
        k: v for k, v in told(api, f"{AFFLEURANTS}/a.1", embed="true", crs=crs).items() if k != "links"
    }
    (group,) = one["embedded"]["representation"]
    (outline,), (point,) = group["embedded"]["enveloppe"], group["embedded"]["point"]
    (symbol,) = one["embedded"]["symbolisation"]
    assert (group["id"], outline["id"], point["id"], symbol["id"]) == ("g.1", "e.1", "pt.1", "s.1")
    assert outline["geometry"]["type"] == "Polygon"
    here = [X, Y, 120] if crs != CRS84 else point["geometry"]["coordinates"]
    assert point["geometry"]["coordinates"] == here
    assert symbol["geometry"]["coordinates"] == here[:2]
    assert other["embedded"] == {"representation": [], "symbolisation": []}
    assert "embedded" not in told(api, f"{AFFLEURANTS}/a.1")


def test_only_objects_that_name_others_carry_them(api):
    assert get(api, f"{ITEMS}?embed=true").status_code == 400
    parameters = told(api, "/ogcapi/openapi")["paths"]["/collections/AffleurantPCRS/items"]["get"][
        "parameters"
    ]
    assert {"$ref": "#/components/parameters/embed"} in parameters


# ---- what the collection says of itself


def test_codes_have_their_labels_and_links_their_collection(api):
    fields = told(api, "/ogcapi/collections/AffleurantPCRS/queryables")["properties"]
    assert {"const": "AEP", "title": "Eau potable"} in fields["reseau"]["oneOf"] or any(
        each["const"] == "AEP" and each["title"] for each in fields["reseau"]["oneOf"]
    )
    assert fields["representation"]["x-ogc-role"] == "reference"
    assert fields["representation"]["x-ogc-collectionId"] == "AffleurantGeometriquePCRS"
    assert fields["pointLeve"]["items"]["x-ogc-role"] == "reference"
    kinds = told(api, "/ogcapi/collections/LimiteVoiriePCRS/schema")["properties"]
    assert all("const" in each for each in kinds["precisionPlanimetrique"]["oneOf"])
    assert {each["const"] for each in kinds["precisionPlanimetrique"]["oneOf"]} >= {"002", "005", "010"}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_what_cannot_be_written_says_what_can_be_done(api, method):
    for path in (ITEMS, f"{ITEMS}/lv.1"):
        answer = get(api, path, method, content=b"{}")
        assert answer.status_code == 405
        assert {"GET", "HEAD"} <= set(answer.headers["allow"].replace(" ", "").split(","))


# ---- what costs too much


def test_a_question_that_costs_too_much_is_refused_and_its_count_is_left_out(api, store, monkeypatch):
    def too_long(*_):
        raise TooCostlyError("la question prend plus de 10 s / the question takes more than 10 s")

    monkeypatch.setattr(store, "count_up_to", too_long)
    page = told(api, ITEMS, limit=2, filter="idObjet LIKE 'objet%'")
    assert (page["numberReturned"], "numberMatched" in page) == (2, False)
    assert get(api, f"{ITEMS}?limit=2&filter=idObjet LIKE 'objet%'&f=html").status_code == 200
    monkeypatch.setattr(store, "query", too_long)
    answer = get(api, f"{ITEMS}?filter=idObjet LIKE 'objet%'")
    assert answer.status_code == 413
    assert "10 s" in answer.json()["detail"]
