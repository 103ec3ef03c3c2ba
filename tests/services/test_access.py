"""Every role at every route of a whole site, of which a part is not open."""

import asyncio
import os
import re
import signal
import socket
from contextlib import closing
from datetime import UTC, datetime
from itertools import count

import httpx
import pytest
from lxml import etree

from pcrs.standard.names import format_name
from pcrs.store.tokens import Scope, Tokens
from tests.every_route import AUTHORITY, BODIES, EVERY, OPEN, PARTNER, SERVICES, TECHNICAL
from tests.patience import PATIENCE_S
from tests.running_routes import parts_of
from tests.services.access_site import (
    BOX,
    COL,
    FILE,
    IN_2154,
    INFO,
    KVP,
    MAP,
    NAME,
    ORTHO,
    PART,
    PUBLIC,
    ROLES,
    ROW,
    TILE,
    ask,
)
from tests.services.access_site import site as site
from tests.serving import free_port, start, wait_for
from tests.sites import new_site

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
