"""What the area and the layers of a token bound: images, objects, what objects name, files."""

from contextlib import closing

from shapely import LineString, Point, box

from pcrs.serve.context import AREA
from pcrs.store.geopackage import GeoPackage
from pcrs.work.layers import cnig_layer
from tests.services.access_site import BOX, FILE, IN_2154, KVP, MAP, NAME, ORTHO, TILE, ask
from tests.services.access_site import site as site
from tests.services.asking import ask_app
from tests.services.features_api import api_over


def test_an_area_bounds_what_is_not_open(site):
    walls = "/ogcapi/collections/MurPCRS/items"
    outside = f"{ORTHO}/coverage?bbox={NAME.x_m + 150},{NAME.y_m - 100},{NAME.x_m + 195},{NAME.y_m - 80}"
    paths = [
        TILE,
        KVP,
        MAP,
        f"/listing/dalles/2025/{FILE}",
        walls,
        f"{walls}/m1",
        "/ogcapi/collections/dalles/items",
    ]
    paths += [f"{ORTHO}/coverage?bbox={BOX}&bbox-crs={IN_2154}&f=png", f"{outside}&bbox-crs={IN_2154}&f=png"]
    paths += [f"{ORTHO}/coverage?f=png"]
    near = ask(site, paths, site.shown["near"])
    far = ask(site, paths, site.shown["far"])
    assert [answer.status_code for answer in near] == [200, 200, 200, 200, 200, 404, 200, 200, 403, 403]
    assert [answer.status_code for answer in far] == [403, 403, 403, 403, 200, 404, 200, 403, 403, 403]
    assert near[6].json()["numberMatched"] == far[6].json()["numberMatched"] == 1
    assert near[4].json()["numberMatched"] == far[4].json()["numberMatched"] == 0  # the wall is elsewhere
    assert "etag" not in near[4].headers
    assert ask(site, [walls], site.shown["technique"])[0].json()["numberMatched"] == 1


def test_a_scope_of_layers(site):
    paths = ["/ogcapi/collections/MurPCRS/items", "/ogcapi/collections/ArbrePCRS/items", TILE]
    assert [a.status_code for a in ask(site, paths, site.shown["walls"])] == [200, 403, 403]
    assert [a.status_code for a in ask(site, paths, site.shown["vector"])] == [200, 200, 403]


def test_objects_that_come_with_others_need_the_right_to_all(site):
    paths = ["/ogcapi/collections/MurPCRS/items?embed=true"]
    assert ask(site, paths)[0].status_code == 401
    assert ask(site, paths, site.shown["technique"])[0].status_code == 403


def test_what_an_object_names_is_bounded_too(tmp_path):
    """A kerb names two points that were measured, one of them outside the area of who asks."""
    with closing(GeoPackage(tmp_path / "features.gpkg")) as store:
        with store.transaction():
            for name in ("LimiteVoiriePCRS", "PointLevePCRS"):
                store.ensure(cnig_layer(name))
            kerb = {"pointLeve": ["#near", "#far"]}
            store.put("LimiteVoiriePCRS", [("k", LineString([(0, 0), (9, 0)]), kerb)])
            store.put("PointLevePCRS", [("near", Point(0, 0, 1), {}), ("far", Point(9, 0, 1), {})])
        (mount,) = api_over(tmp_path, store)

        async def within(scope, receive, send):
            await mount.app({**scope, AREA: box(-1, -1, 5, 5)}, receive, send)

        path = "/ogcapi/collections/LimiteVoiriePCRS/items/k"
        for app, seen in ((mount.app, {"near", "far"}), (within, {"near"})):
            (answer,) = ask_app(app, [path])
            links = [link["href"] for link in answer.json()["links"] if link["rel"] == "related"]
            assert {href.rpartition("/")[2] for href in links} == seen


def test_what_has_no_place_is_seen_where_something_shows_it(tmp_path):
    """Of four covers one is drawn near, by two links; one far, one by what is not there, one by nothing."""
    drawn = "AffleurantEnveloppePCRS", "AffleurantGeometriquePCRS", "AffleurantPCRS"
    with closing(GeoPackage(tmp_path / "features.gpkg")) as store:
        with store.transaction():
            for name in drawn:
                store.ensure(cnig_layer(name))
            outlines = [("e-near", box(0, 0, 1, 1), {}), ("e-far", box(90, 0, 91, 1), {})]
            store.put(drawn[0], outlines)
            store.put(
                drawn[1],
                [(f"g-{one}", None, {"enveloppe": [f"#e-{one}"]}) for one in ("near", "far", "lost")],
            )
            covers = {"near": "#g-near", "far": "#g-far", "lost": "#g-lost", "nothing": None}
            store.put(drawn[2], [(one, None, {"representation": link}) for one, link in covers.items()])
        (mount,) = api_over(tmp_path, store)

        async def within(scope, receive, send):
            await mount.app({**scope, AREA: box(-1, -1, 5, 5)}, receive, send)

        async def nowhere(scope, receive, send):
            await mount.app({**scope, AREA: box(40, 40, 50, 50)}, receive, send)

        items = "/ogcapi/collections/AffleurantPCRS/items"
        geometries = "/ogcapi/collections/AffleurantGeometriquePCRS/items"
        for path in (
            items,
            f"{items}?filter=gml_id LIKE '%25'",
            f"{items}?sortby=-gml_id&limit=1",
            geometries,
        ):
            answer = ask_app(within, [path])[0]
            assert answer.status_code == 200, answer.text
            told = answer.json()
            assert [one["id"].removeprefix("g-") for one in told["features"]] == ["near"]
            assert told["numberMatched"] == 1
            assert not [link for link in told["links"] if link["rel"] == "next"]
        asked = [
            f"{items}?resulttype=hits",
            f"{items}?filter=gml_id='far'",
            f"{items}?f=csv",
            f"{items}?embed=true",
        ]
        hits, far, table, whole = ask_app(within, asked)
        assert (hits.json()["numberMatched"], far.json()["numberMatched"]) == (1, 0)
        assert "near" in table.text
        assert "far" not in table.text + whole.text
        assert "e-near" in whole.text
        one = [f"{items}/{name}" for name in covers]
        assert [answer.status_code for answer in ask_app(within, one)] == [200, 404, 404, 404]
        assert [answer.status_code for answer in ask_app(within, [f"{items}/far?f=csv"])] == [404]
        assert ask_app(nowhere, [items])[0].json()["features"] == []
        assert [answer.status_code for answer in ask_app(mount.app, one)] == [200] * 4


def test_files_are_bounded_as_objects_are(site):
    walls = "/ogcapi/collections/MurPCRS/items"
    box = f"bbox={NAME.x_m},{NAME.y_m - 1000},{NAME.x_m + 1000},{NAME.y_m}&bbox-crs={IN_2154}"
    extract = f"/ogcapi/extract?f=gml&{box}"
    paths = [f"{walls}?f=gml", f"{walls}/m1?f=gml", extract, "/ogcapi/extract"]
    statuses = {
        "technique": [200, 200, 403, 200],
        "APLC": [200, 200, 200, 200],
        "walls": [200, 200, 403, 200],
        "near": [204, 404, 204, 200],
        "far": [204, 404, 403, 200],
    }
    assert [answer.status_code for answer in ask(site, paths)] == [401, 401, 401, 200]
    for token, expected in statuses.items():
        answers = ask(site, paths, site.shown[token])
        assert [answer.status_code for answer in answers] == expected, token
        assert ("MurPCRS" in answers[2].text) == (token == "APLC"), token
    covers = "/ogcapi/collections/AffleurantPointPCRS/items"
    assert ask(site, [f"{covers}?f=dxf", f"{covers}?f=json"])[0].status_code == 401
