"""Every row of `golden/stock_gaps.tsv` has its test, and here are those that belong to no service alone.

A row: the server; what stock software of that kind was found to do; what became of it here (`kept`: was good,
and is; `mended`, in our plugins or in front of the same software; `avoided`: that part of it is not used;
`explained`: it stays, for the reason given); and the test that shows it.
"""

import ast
import subprocess
import sys
from contextlib import closing
from functools import cache
from io import BytesIO
from typing import NamedTuple

import pytest
from owslib.wmts import WebMapTileService
from PIL import Image

from pcrs.standard.names import format_name
from pcrs.store.tokens import Scope, Tokens
from tests.conftest import REPOSITORY
from tests.dalles import hm_name, make_dalle
from tests.patience import PATIENCE_S
from tests.services.asking import ask_app
from tests.services.whole import whole
from tests.sites import new_site, take

NAME = hm_name()
COL, ROW = int((NAME.x_m + 100) / 12.8), int((12_000_000 - NAME.y_m + 100) / 12.8)
TESTS = REPOSITORY / "tests"
NOTE = REPOSITORY.parent / "shared" / "reference" / "stock-gaps.md"


class Row(NamedTuple):
    """One finding."""

    server: str
    finding: str
    became: str
    test: str
    reason: str = ""


ROWS = [
    Row(*line.split("\t"))
    for line in (TESTS / "golden" / "stock_gaps.tsv").read_text(encoding="utf-8").splitlines()[1:]
]


@pytest.fixture(scope="module")
def closed(tmp_path_factory):
    """The application of a site whose mosaic is for partners, its address on this machine, and a token."""
    root = tmp_path_factory.mktemp("closed")
    make_dalle(root / "depot" / f"{format_name(NAME)}.tif", NAME, compress="deflate", tiled=True)
    site = new_site(root / "site")
    text = site.settings_file.read_text(encoding="utf-8")
    rules = '[access]\nlayers = { ortho = "partenaire" }\n'
    site.settings_file.write_text(text.replace("[access]\n", rules), encoding="utf-8")
    take(site, root / "depot")
    with closing(Tokens(site.tokens_file)) as tokens:
        _, shown = tokens.create(Scope("partner", "partenaire"), now="2026-11-29")
    with whole(site) as (app, url):
        yield app, url, shown


@cache
def names_in(file: str) -> frozenset[str]:
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.server}: {row.finding}")
def test_each_row_has_its_test(row):
    file, _, name = row.test.partition("::")
    assert name in names_in(file)
    assert row.became in ("kept", "mended", "avoided", "explained")
    assert (row.became == "explained") == bool(row.reason)


def test_no_row_is_left_out():
    """As many as the note has, section by section, where it lies beside the checkout."""
    if not NOTE.exists():
        pytest.skip(f"no {NOTE}")
    sections = NOTE.read_text(encoding="utf-8").split("\n## ")[1:]
    heads = ("| check", "| suite", "| group", "|---")
    counted = [
        sum(line.startswith("|") and not line.startswith(heads) for line in section.splitlines())
        for section in sections
    ]
    ours = [sum(row.server in servers for row in ROWS) for servers in SECTIONS]
    short = [(own, theirs) for own, theirs in zip(ours, counted, strict=True) if own < theirs]
    assert short == [], (ours, counted)


SECTIONS = (
    ("features",),
    ("coverages", "records", "tiles", "stac", "processes"),
    ("wmts",),
    ("csw",),
    ("tokens",),
    ("cite",),
    ("5xx",),
)
CLOSED = [
    *("/ogcapi", "/ogcapi/openapi", "/ogcapi/conformance", "/ogcapi/collections", "/ogcapi/extract"),
    *(f"/ogcapi/collections/dalles{path}" for path in ("", "/items", "/schema", "/queryables")),
    *(f"/ogcapi/collections/ortho{path}" for path in ("", "/coverage", "/schema", "/map", "/map/tiles")),
    *("/ogcapi/tileMatrixSets", "/ogcapi/tileMatrixSets/2154_5cm"),
    *("/ogcapi/collections/catalogue", "/ogcapi/collections/catalogue/items"),
    *("/ogcapi/processes", "/ogcapi/processes/echo", "/ogcapi/jobs", "/ogcapi/jobs/none"),
    *("/stac", "/stac/api", "/stac/conformance", "/stac/collections", "/stac/search"),
    *("/dcat", "/dcat/catalog.ttl", "/dcat/PCRS_D046", "/id/dataset/PCRS_D046"),
    *("/catalogue/CNIG_PCRS_v2.0.xml", "/id/catalogue/CNIG_PCRS_v2.0", "/archives/none"),
    *("/data/stockages/dalles.geojson", "/stockages/livrables.geojson"),
    *("/signalements", "/signalements/none", "/telechargement/capabilities", "/telechargement/resource/PCRS"),
]


def test_no_address_takes_a_parameter_that_it_does_not_know(closed):
    app, _, token = closed
    headers = {"Authorization": f"Bearer {token}"}
    answers = ask_app(app, [f"{path}?surely_not=1" for path in CLOSED], headers=headers)
    assert {
        path: a.status_code for path, a in zip(CLOSED, answers, strict=True) if a.status_code != 400
    } == {}
    assert {a.headers["content-type"] for a in answers} == {"application/problem+json"}
    assert all("surely_not" in answer.json()["detail"] for answer in answers)


def test_beside_all_routes_there_is_a_problem_in_json(closed):
    app, _, _ = closed
    paths = ["/nowhere", "/nowhere/at/all", "/ogcapi/nowhere", "/stac/nowhere", "/telechargement/nowhere"]
    for answer in ask_app(app, paths):
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
    (refused,) = ask_app(app, ["/dcat"], "PUT")
    assert (refused.status_code, refused.headers["content-type"]) == (405, "application/problem+json")
    assert "GET" in refused.headers["allow"]


def test_stac_leads_to_no_file(closed):
    app, _, _ = closed
    ways = ["../ortho.tif", "..%2fortho.tif", "%2e%2e/pcrs.toml", "..%5c..%5cpcrs.toml", "%00"]
    for answer in ask_app(app, [f"/stac/dalles/{way}" for way in ways]):
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_box_across_the_antimeridian(closed):
    app, _, _ = closed
    items = "/ogcapi/collections/dalles/items"
    crs = "bbox-crs=http://www.opengis.net/def/crs/EPSG/0/4326"
    boxes = ["170,40,-170,50", "1,40,-170,50", "170,40,1.9,50"]
    turned = [f"{south},{west},{north},{east}" for west, south, east, north in (b.split(",") for b in boxes)]
    found = [answer.json()["numberMatched"] for answer in ask_app(app, [f"{items}?bbox={b}" for b in boxes])]
    assert found == [0, 1, 1]
    again = ask_app(app, [f"{items}?bbox={box}&{crs}" for box in turned])
    assert [answer.json()["numberMatched"] for answer in again] == found


def test_clients_that_drop_the_query_keep_their_token(closed):
    _, url, token = closed
    service = WebMapTileService(f"{url}/wmts?apikey={token}")
    place = {"tilematrixset": "2154_5cm", "tilematrix": "22", "row": ROW, "column": COL}
    tile = service.gettile(layer="PCRS_D046_RVB", format="image/jpeg", **place)
    with Image.open(BytesIO(tile.read())) as image:
        assert image.size == (256, 256)
    program = (  # in another process: GDAL waits without letting the server's thread run
        "import sys, rasterio\n"
        "with rasterio.open(sys.argv[1]) as tiles:\n"
        "    row, col = tiles.index(float(sys.argv[2]), float(sys.argv[3]))\n"
        "    print(tiles.read(1, window=((row, row + 64), (col, col + 64))).std())\n"
    )
    source = f"WMTS:{url}/wmts/1.0.0/WMTSCapabilities.xml?apikey={token},layer=PCRS_D046_RVB"
    command = [sys.executable, "-c", program, source, str(NAME.x_m + 100), str(NAME.y_m - 100)]
    told = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    assert told.returncode == 0, told.stderr
    assert float(told.stdout) > 0


def test_every_server_has_its_section():
    assert {row.server for row in ROWS} == {server for servers in SECTIONS for server in servers}
