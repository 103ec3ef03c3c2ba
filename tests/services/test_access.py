"""Every role at every route of a whole site, of which a part is not open."""

import asyncio
import json
import os
import re
import signal
import socket
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count

import httpx
import pytest
from lxml import etree
from shapely import LineString, Point, box

from pcrs.app import create_app
from pcrs.assembly import load_communes
from pcrs.serve.context import AREA
from pcrs.settings import load
from pcrs.standard.names import format_name
from pcrs.store.geopackage import GeoPackage
from pcrs.store.tokens import Scope, Tokens
from pcrs.work.layers import cnig_layer
from tests.cnig import arbre, document, mur
from tests.dalles import hm_name, make_dalle
from tests.every_route import AUTHORITY, BODIES, EVERY, OPEN, PARTNER, SERVICES, TECHNICAL
from tests.patience import PATIENCE_S
from tests.running_routes import parts_of
from tests.services.asking import ask_app
from tests.services.features_api import api_over
from tests.serving import free_port, start, wait_for
from tests.sites import new_site, take

PUBLIC = "https://pcrs.test/lot"
NAME = hm_name()
FILE = f"{format_name(NAME)}.tif"
PART = "PCRS_2-0_RVB-0M05_TIF_LAMB93_D046_2025"
COL, ROW = int((NAME.x_m + 100) / 12.8), int((12_000_000 - NAME.y_m + 100) / 12.8)
TILE = f"/wmts/PCRS_D046_RVB/2154_5cm/22/{COL}/{ROW}.jpeg"
KVP = (
    "/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=PCRS_D046_RVB&STYLE=normal&FORMAT=image/jpeg"
    f"&TILEMATRIXSET=2154_5cm&TILEMATRIX=22&TILECOL={COL}&TILEROW={ROW}"
)
BOX = f"{NAME.x_m + 50},{NAME.y_m - 100},{NAME.x_m + 70},{NAME.y_m - 80}"
IN_2154 = "http://www.opengis.net/def/crs/EPSG/0/2154"
MAP = (
    "/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS=PCRS_D046_RVB&STYLES=&CRS=EPSG:2154"
    f"&BBOX={BOX}&WIDTH=64&HEIGHT=64&FORMAT=image/png"
)
INFO = MAP.replace("GetMap", "GetFeatureInfo") + "&QUERY_LAYERS=PCRS_D046_RVB&INFO_FORMAT=text/plain&I=3&J=3"
ORTHO = "/ogcapi/collections/ortho"

ROUTES = {
    "/": OPEN,
    "/healthz": OPEN,
    "/listing/": OPEN,
    "/listing/dalles/2025/": OPEN,
    f"/listing/dalles/2025/{FILE}": PARTNER,
    "/listing/vecteur/2025/lot.gml": AUTHORITY,
    "/wmts/1.0.0/WMTSCapabilities.xml": OPEN,
    "/wmts?SERVICE=WMTS&REQUEST=GetCapabilities": OPEN,
    TILE: PARTNER,
    TILE.replace("PCRS_D046_RVB", "PCRS_D046_RVB_2025"): PARTNER,
    KVP: PARTNER,
    "/wms?SERVICE=WMS&REQUEST=GetCapabilities": OPEN,
    MAP: PARTNER,
    INFO: PARTNER,
    "/csw?service=CSW&version=2.0.2&request=GetCapabilities": OPEN,
    "/csw?service=CSW&version=2.0.2&request=GetRecords&typenames=csw:Record&elementsetname=brief": OPEN,
    "/ogcapi": OPEN,
    "/ogcapi/collections": OPEN,
    "/ogcapi/conformance": OPEN,
    "/ogcapi/openapi": OPEN,
    "/ogcapi/collections/MurPCRS": OPEN,
    "/ogcapi/collections/ArbrePCRS/queryables": OPEN,
    "/ogcapi/collections/dalles/items": OPEN,
    f"/ogcapi/collections/dalles/items/{format_name(NAME)}": OPEN,
    "/ogcapi/collections/MurPCRS/items": TECHNICAL,
    "/ogcapi/collections/MurPCRS/items/m1": TECHNICAL,
    "/ogcapi/collections/MurPCRS/items?resulttype=hits": TECHNICAL,
    "/ogcapi/collections/MurPCRS/items?f=html": TECHNICAL,
    "/ogcapi/collections/ArbrePCRS/items": AUTHORITY,
    "/ogcapi/collections/ArbrePCRS/items/a1": AUTHORITY,
    ORTHO: OPEN,
    f"{ORTHO}/coverage?bbox={BOX}&bbox-crs={IN_2154}&f=png": PARTNER,
    f"{ORTHO}/map?bbox={BOX}&bbox-crs={IN_2154}&width=64&f=png": PARTNER,
    f"{ORTHO}/map/tiles/2154_5cm/22/{ROW}/{COL}": PARTNER,
    "/telechargement/capabilities": OPEN,
    "/telechargement/resource/PCRS": OPEN,
    f"/telechargement/resource/PCRS/{PART}": OPEN,
    f"/telechargement/download/PCRS/{PART}/{FILE}": PARTNER,
    "/data/stockages/dalles.geojson": OPEN,
    "/data/stockages/livrables.geojson": OPEN,
}
"""The lowest role that gets an answer: the mosaic is for partners, walls are for technicians, trees for the
authority."""
NEVER_KEPT = ("/healthz", "/session", "/admin", "/signalements", "/commandes", "/ogcapi/jobs")
"""What is of this moment, or of one person."""
ROLES = ("public", "partenaire", "technique", "APLC", "admin")
COMMUNES = {
    "46001": [(0, 0), (190, 0), (190, -190), (0, -190)],
    "46002": [(5000, 0), (6000, 0), (6000, -1000), (5000, -1000)],
}


@dataclass
class Site:
    app: object
    tokens: Tokens
    shown: dict[str, str]
    delivery: str


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    root = tmp_path_factory.mktemp("access")
    make_dalle(root / "depot" / FILE, NAME, compress="deflate", tiled=True)
    (root / "depot" / "lot.gml").write_text(document(arbre("a1"), mur()), encoding="utf-8")
    made = new_site(root / "site")
    rules = '[access]\nlayers = { ortho = "partenaire", MurPCRS = "technique", ArbrePCRS = "APLC" }\n'
    text = made.settings_file.read_text(encoding="utf-8").replace("[access]\n", rules)
    text = text.replace('public_url = ""', f'public_url = "{PUBLIC}"')
    made.settings_file.write_text(text, encoding="utf-8")
    delivery, _ = take(made, root / "depot")
    put_communes(made, root / "communes.geojson")
    with closing(Tokens(made.tokens_file)) as tokens:
        scopes = {role: Scope(role, role) for role in ROLES[1:]}
        wide = Scope("", "admin")
        scopes |= {
            "near": replace(wide, communes=("46001",)),
            "far": replace(wide, communes=("46002",)),
            "walls": replace(wide, layers=("MurPCRS",)),
            "vector": replace(wide, layers=("vecteur",)),
            "expired": replace(wide, expires="2020-01-01"),
            "revoked": wide,
            "three": replace(wide, requests_per_day=3),
            "light": replace(wide, bytes_per_day=1),
            "slow": replace(wide, requests_per_minute=2),
        }
        made_tokens = {name: tokens.create(scope, now="2026-11-28") for name, scope in scopes.items()}
        tokens.revoke(made_tokens["revoked"][0].id, now="2026-11-28")
        app = create_app(made, load(made.settings_file), PUBLIC)
        yield Site(app, tokens, {name: shown for name, (_, shown) in made_tokens.items()}, delivery.id)


def put_communes(site, file):
    def place(ring):
        return [[NAME.x_m + x, NAME.y_m + y] for x, y in (*ring, ring[0])]

    features = [
        {
            "type": "Feature",
            "properties": {"insee": code, "nom": code},
            "geometry": {"type": "Polygon", "coordinates": [place(ring)]},
        }
        for code, ring in COMMUNES.items()
    ]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::2154"}}
    file.write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": features}))
    load_communes(site, load(site.settings_file), file)


def ask(site, paths, token=None, *, by="header", **options):
    """The answers, in order; the token as a header or in the query."""

    async def _ask():
        transport = httpx.ASGITransport(app=site.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://inside") as client:
            return [await _one(client, path) for path in paths]

    async def _one(client, path):
        if token is None:
            method, headers = options.get("method", "GET"), options.get("headers")
            return await client.request(method, path, headers=headers)
        if by == "header":
            return await client.get(path, headers={"Authorization": f"Bearer {token}"})
        return await client.get(f"{path}{'&' if '?' in path else '?'}apikey={token}")

    return asyncio.run(_ask())


@pytest.mark.parametrize("by", ["header", "query"])
@pytest.mark.parametrize("role", ROLES)
def test_every_role_at_every_route(site, role, by):
    answers = ask(site, ROUTES, site.shown.get(role), by=by)
    got = {path: answer.status_code for path, answer in zip(ROUTES, answers, strict=True)}
    refused = 401 if role == "public" else 403
    told = {path: 200 if ROLES.index(role) >= lowest else refused for path, lowest in ROUTES.items()}
    assert got == told


# ---- every route that there is


def test_every_route_of_the_application_has_a_decision(site):
    routes, by_themselves = parts_of(site.app)
    assert routes == set(EVERY)
    assert by_themselves == SERVICES
    assert {path.split("/")[1].split("?")[0] for path in ROUTES} >= SERVICES


def reported(site):
    """A signalement that somebody sent."""
    place = {"position": [576_100, 6_372_900], "crs": "EPSG:2154"}
    told = {"categorie": "autre", "texte": "Le mur est tombé."} | place
    return sent(site, "POST", "/signalements", json=told).json()["id"]


_senders = count()
"""Each from an address of its own: one sender may report so many an hour, and no more."""


def sent(site, method, path, token=None, **options):
    headers = {"Sec-Fetch-Site": "same-origin"} | ({"Authorization": f"Bearer {token}"} if token else {})

    async def one():
        transport = httpx.ASGITransport(app=site.app, client=(f"sender {next(_senders)}", 5))
        async with httpx.AsyncClient(transport=transport, base_url="http://inside") as client:
            return await client.request(method, path, headers=headers, **options)

    return asyncio.run(one())


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("method", "path"), EVERY)
def test_a_role_at_a_route(site, method, path, role):
    lowest, example = EVERY[method, path]
    example = (example or path).replace("{delivery}", site.delivery)
    if "{signalement}" in example:
        example = example.replace("{signalement}", reported(site))
    options = {} if method == "GET" else {"json": BODIES.get(example, {})}
    status = sent(site, method, example, site.shown.get(role), **options).status_code
    if ROLES.index(role) < lowest:
        assert status == 403 or (role == "public" and status == 401)
    else:
        assert status not in (401, 403)
        assert status < 500


@pytest.mark.parametrize(
    ("method", "path"), [one for one, (lowest, _) in EVERY.items() if one[0] == "GET" and lowest == OPEN]
)
def test_what_is_open_may_be_kept_and_asked_for_again(site, method, path):
    example = (EVERY[method, path][1] or path).replace("{delivery}", site.delivery)
    if path.startswith(NEVER_KEPT):
        return
    first = sent(site, method, example)
    if first.status_code != 200:
        assert first.status_code in (303, 307, 308, 404)
        return
    assert "max-age" in first.headers["cache-control"] or first.headers["cache-control"] == "no-cache"
    tag = first.headers["etag"]
    (again,) = ask(site, [example], headers={"If-None-Match": tag})
    assert (again.status_code, again.headers["etag"], again.content) == (304, tag, b"")


@pytest.mark.parametrize("token", ["revoked", "expired", "nonsense"])
def test_a_bad_token_is_refused_even_where_all_is_open(site, token):
    shown = site.shown.get(token, "pcrs_abcdefghij_" + "A" * 43)
    for answer in ask(site, ROUTES, shown):
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == 'Bearer realm="pcrs", error="invalid_token"'
        assert answer.headers["cache-control"] == "no-store"
        assert shown not in answer.text


def test_refusals_speak_the_language_of_their_service(site):
    wmts, wms, item, dalle = ask(
        site, [TILE, MAP, "/ogcapi/collections/MurPCRS/items", f"/listing/dalles/2025/{FILE}"]
    )
    assert etree.fromstring(wmts.content).tag == "{http://www.opengis.net/ows/1.1}ExceptionReport"
    assert etree.fromstring(wms.content).tag == "{http://www.opengis.net/ogc}ServiceExceptionReport"
    for answer in (item, dalle):
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == 401
    assert "technique" in item.json()["detail"]


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


def test_a_token_is_in_no_log_and_no_store(tmp_path):
    """Whatever is asked with it, and however wrongly."""
    place = new_site(tmp_path / "site")
    with closing(Tokens(place.tokens_file)) as tokens:
        _, token = tokens.create(Scope("", "admin"), now="2026-11-29")
    secret, port = token.split("_", 2)[2], free_port()
    process = start("serve", "--site", place.root, "--port", str(port))
    wait_for(f"http://127.0.0.1:{port}/healthz", process)
    for path in ("/ogcapi/collections/no/items", "/wmts?REQUEST=x", "/csw", "/admin/jetons", "/%00", "/id/x"):
        for shown in ({"Authorization": f"Bearer {token}"}, {}):
            mark = "&" if "?" in path else "?"
            httpx.get(f"http://127.0.0.1:{port}{path}{mark}apikey={token}", headers=shown, timeout=PATIENCE_S)
    with socket.create_connection(
        ("127.0.0.1", port)
    ) as raw:  # no HTTP at all, and an address that is too long
        raw.sendall(f"GET /?apikey={token} NONSENSE\r\n\r\n".encode())
        raw.recv(1000)
    httpx.get(f"http://127.0.0.1:{port}/?apikey={token}&x={'a' * 20_000}", timeout=PATIENCE_S)
    os.killpg(process.pid, signal.SIGTERM)
    _, said = process.communicate(timeout=PATIENCE_S)
    assert secret.encode() not in said
    kept = [file for file in place.root.rglob("*") if file.is_file()]
    assert any(file.name == "use.db" for file in kept)
    assert [file for file in kept if secret.encode() in file.read_bytes()] == []


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


def test_quotas(site):
    counted = ask(site, ["/ogcapi"] * 5, site.shown["three"])
    assert [answer.status_code for answer in counted] == [200, 200, 200, 429, 429]
    assert 0 < int(counted[-1].headers["retry-after"]) <= 86_400
    assert [answer.status_code for answer in ask(site, ["/ogcapi"] * 2, site.shown["light"])] == [200, 429]
    paced = ask(site, ["/ogcapi"] * 3, site.shown["slow"])
    assert [answer.status_code for answer in paced] == [200, 200, 429]
    assert int(paced[-1].headers["retry-after"]) == 30


def test_a_sender_reports_so_many_an_hour(site):
    place = {"position": [576_100, 6_372_900], "crs": "EPSG:2154"}
    told = {"categorie": "autre", "texte": "Le mur est tombé."} | place

    async def flood():
        transport = httpx.ASGITransport(app=site.app, client=("10.9.9.9", 5))
        async with httpx.AsyncClient(transport=transport, base_url="http://inside") as client:
            return [await client.post("/signalements", json=told) for _ in range(11)]

    answers = asyncio.run(flood())
    assert [answer.status_code for answer in answers] == [201] * 10 + [429]
    assert answers[-1].headers["retry-after"] == "3600"


def test_addresses_carry_the_token_that_came_in_the_query(site):
    token = site.shown["admin"]
    for path in (
        "/wmts/1.0.0/WMTSCapabilities.xml",
        "/wms?SERVICE=WMS&REQUEST=GetCapabilities",
        "/telechargement/capabilities",
    ):
        (answer,) = ask(site, [path], token, by="query")
        tree = etree.fromstring(answer.content)
        hrefs = [str(h) for h in tree.xpath("//@*[local-name()='href' or local-name()='template']")]
        ours = [href for href in hrefs if href.startswith(PUBLIC) and "/id/" not in href]
        assert ours, path
        assert all(f"apikey={token}" in href for href in ours), path
        assert len(answer.content) == int(answer.headers["content-length"])
    (items,) = ask(site, ["/ogcapi/collections/dalles/items?limit=1"], token, by="query")
    assert all(
        f"apikey={token}" in link["href"] for link in items.json()["links"] if link["href"].startswith(PUBLIC)
    )
    assert items.headers["cache-control"] == "private, no-cache"
    (plain,) = ask(site, ["/ogcapi/collections/dalles/items?limit=1"], token)
    assert token not in plain.text


def test_identifiers_are_left_alone(site):
    (answer,) = ask(
        site,
        ["/csw?service=CSW&version=2.0.2&request=GetRecords&typenames=gmd:MD_Metadata&elementsetname=full"
         "&resulttype=results&outputschema=http://www.isotc211.org/2005/gmd"],
        site.shown["admin"],
        by="query",
    )  # fmt: skip
    assert f"{PUBLIC}/id/" in answer.text
    assert not [word for word in re.split('["<>]', answer.text) if "/id/" in word and "apikey" in word]


def test_what_was_spent_is_written_down(site):
    ask(site, ["/ogcapi", "/ogcapi/conformance"], site.shown["walls"])
    gate = site.app._app._app  # inside the limits
    gate._holders.flush()
    identifier = site.shown["walls"].split("_")[1]
    requests, octets = site.tokens.spent(identifier, datetime.now(UTC).date().isoformat())
    assert requests >= 2
    assert octets > 1000


def test_tokens_at_rest_hold_no_secret(site):
    raw = site.tokens._connections.path.read_bytes()
    for shown in site.shown.values():
        assert shown.split("_", 2)[2].encode() not in raw
    assert site.tokens._connections.path.stat().st_mode & 0o077 == 0
