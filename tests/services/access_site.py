"""A whole site of which a part is not open: the mosaic, walls and trees; and tokens of every kind."""

import asyncio
import json
from contextlib import closing
from dataclasses import dataclass, replace

import httpx
import pytest

from pcrs.app import create_app
from pcrs.assembly import load_communes
from pcrs.settings import load
from pcrs.standard.names import format_name
from pcrs.store.tokens import Scope, Tokens
from tests.cnig import arbre, document, mur
from tests.dalles import hm_name, make_dalle
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
