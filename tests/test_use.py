"""What is counted while it is answered, and what is told of it."""

import asyncio
import csv
import io
import json
import re
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import httpx
import pytest
from lxml import html
from shapely import box
from typer.testing import CliRunner

from pcrs.app import create_app
from pcrs.cli import app
from pcrs.publish.use.page import render
from pcrs.publish.use.result import Place
from pcrs.publish.use.table import as_csv
from pcrs.serve.use import Note, Recorder
from pcrs.serve.use.kinds import cell_of, family_of, service_of
from pcrs.serve.use.metrics import Gauge, text
from pcrs.settings import load
from pcrs.standard.grid import Tile
from pcrs.store import open_store
from pcrs.store.index import Index
from pcrs.store.tokens import Scope, Tokens
from pcrs.store.use import Cell, Counts, Kind, Use, summed
from pcrs.work.layers import COMMUNES
from pcrs.work.statistics import statistics
from tests.sites import new_site

QGIS = b"Mozilla/5.0 QGIS/34400/Linux"


def dashboard_fits(given):
    """The dashboard of `docker/` asks for metrics and labels that there are."""
    file = Path(__file__).resolve().parents[1] / "docker" / "grafana.json"
    board = json.loads(file.read_text(encoding="utf-8"))
    asked = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    assert len(asked) > 8
    kinds = dict(re.findall(r"^# TYPE (\w+) (\w+)$", given, re.MULTILINE))
    names = {*kinds, *(f"{name}_bucket" for name, kind in kinds.items() if kind == "histogram")}
    labels = {*re.findall(r'[{,](\w+)="', given), "edition", "le"}
    for expression in asked:
        assert set(re.findall(r"pcrs_\w+", expression)) <= names, expression
        for group in re.findall(r"by \(([^)]*)\)", expression):
            assert set(re.split(r",\s*", group)) <= labels, expression


@pytest.fixture
def use(tmp_path):
    with closing(Use(tmp_path / "use.db")) as opened:
        yield opened


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/", "portail"),
        ("/wmts/PCRS_D046_RVB/2154_5cm/22/1/2.jpeg", "wmts"),
        ("/wms", "wms"),
        ("/ogcapi", "ogcapi"),
        ("/ogcapi/collections", "ogcapi"),
        ("/ogcapi/collections/MurPCRS", "ogcapi"),
        ("/ogcapi/collections/MurPCRS/items", "features"),
        ("/ogcapi/collections/MurPCRS/items/m1", "features"),
        ("/ogcapi/collections/ortho/coverage", "coverage"),
        ("/ogcapi/collections/ortho/map", "maps"),
        ("/ogcapi/collections/ortho/map/tiles/PM/1/2/3", "tiles"),
        ("/ogcapi/processes/echo/execution", "processes"),
        ("/ogcapi/jobs/x", "processes"),
        ("/csw", "csw"),
        ("/stac/search", "stac"),
        ("/telechargement/capabilities", "telechargement"),
        ("/data/stockages/dalles.geojson", "listing"),
        ("/wp-login.php", "autres"),
    ],
)
def test_the_service_of_a_path(path, service):
    assert service_of(path) == service


@pytest.mark.parametrize(
    ("agent", "family"),
    [
        (QGIS, "QGIS"),
        (b"Mozilla/5.0 (Windows NT 10.0)", "navigateur"),
        (b"ArcGIS Pro 3.2", "ArcGIS"),
        (b"GeoNetwork 4.2 crawler", "moissonneur"),
        (b"python-requests/2", "programme"),
        (b"", "autre"),
    ],
)
def test_the_family_of_a_client(agent, family):
    assert family_of(agent) == family


def test_the_place_of_a_download():
    assert cell_of("/listing/dalles/2025/46-2025-0576-6373-LA93-0M05-RVB.tif") == Cell(576, 6372)
    assert cell_of("/telechargement/download/P/x/2025-05769-63730-LA93-0M05-RVB.tif") == Cell(576, 6372)
    assert cell_of("/listing/dalles/") is None


def test_counts_of_several_processes_add_up(use):
    one, other = Recorder(None), Recorder(None)
    one._use = other._use = use
    for recorder in (one, other):
        recorder.tile(QGIS, 1000, Tile(22, 45_007, 439_617))
        recorder.tile(QGIS, 1000, Tile(6, 0, 0))
        recorder.answered("/wms", QGIS, Note("partenaire"), 404, 50, 0.3)
        recorder.answered("/healthz", b"", Note(), 200, 50, 0.001)
        recorder.flush()
        recorder.flush()
    assert use.totals() == {
        Kind("wmts", "public", "QGIS", "ok"): (4, 4000),
        Kind("wms", "partenaire", "QGIS", "refused"): (2, 100),
    }
    assert use.cells("0000", "9999") == {Cell(576, 6372): 2}
    (classes, seconds) = use.durations()["wms"]
    assert sum(classes) == classes[6] == 2
    assert seconds == pytest.approx(0.6)


def test_what_cannot_be_written_waits(use, monkeypatch):
    recorder = Recorder(None)
    recorder._use = use
    real = use.add

    def full(*_):
        raise OSError("disk full")

    monkeypatch.setattr(use, "add", full)
    recorder.tile(b"", 1, Tile(22, 0, 0))
    with pytest.raises(OSError, match="full"):
        recorder.flush()
    monkeypatch.setattr(use, "add", real)
    recorder.flush()
    assert sum(requests for requests, _ in use.totals().values()) == 1


def test_the_metrics_are_prometheus_text(use):
    kinds = {Kind("wms", "public", "QGIS", "ok"): (3, 10)}
    use.add("2026-11-28", 1, Counts(kinds, {}, {"wms": ([1, 0, 2] + [0] * 9, 0.5)}))
    told = text(use, [Gauge("pcrs_dalles", "x", {(("edition", 'a"b'),): 7})]).splitlines()
    assert 'pcrs_requests_total{service="wms",role="public",client="QGIS",outcome="ok"} 3' in told
    assert 'pcrs_dalles{edition="a\\"b"} 7' in told
    assert 'pcrs_request_seconds_bucket{service="wms",le="0.005"} 1' in told
    assert 'pcrs_request_seconds_bucket{service="wms",le="+Inf"} 3' in told
    assert 'pcrs_request_seconds_count{service="wms"} 3' in told
    assert any(line.startswith("pcrs_resident_bytes ") and float(line.split()[1]) > 1e6 for line in told)


def test_figures_by_commune_availability_and_month(tmp_path, use):
    site = new_site(tmp_path / "site")
    with closing(open_store(site.features_url)) as store, closing(Index(site.index_file)) as index:
        with store.transaction():
            store.ensure(COMMUNES)
            store.put("communes", [("46042", box(576_000, 6_372_000, 577_000, 6_373_000), {"nom": "Cahors"})])
        kind = Kind("wmts", "public", "QGIS", "ok")
        minute = int(datetime(2026, 11, 20, tzinfo=UTC).timestamp() // 60)
        cells = {Cell(576, 6372): 5, Cell(0, 0): 2}
        use.add("2026-10-31", minute, Counts({kind: (1, 10)}, {}, {}))
        use.add("2026-11-01", minute + 1, Counts({kind: (6, 60)}, cells, {}))
        days, now = (date(2026, 1, 1), date(2026, 11, 28)), datetime(2026, 11, 20, 0, 3, tzinfo=UTC)
        told = statistics("PCRS", days, use, index, store, now=now)
    assert told.places == (Place("46042", "Cahors", 5), Place("", "hors des communes connues / elsewhere", 2))
    assert told.availability == 0.5
    assert summed(told.rows, "month") == {"2026-10": (1, 10), "2026-11": (6, 60)}
    page = html.fromstring(render(told))
    assert "Cahors" in page.text_content()
    rows = list(csv.reader(io.StringIO(as_csv(told).removeprefix("\ufeff")), delimiter=";"))
    assert ["46042", "Cahors", "5"] in rows


def test_a_whole_site_counts_and_tells_those_who_may_know(tmp_path):
    site = new_site(tmp_path / "site")
    with closing(Tokens(site.tokens_file)) as tokens:
        shown = {
            role: tokens.create(Scope("x", role), now="2026-11-28")[1] for role in ("partenaire", "technique")
        }
    served = create_app(site, load(site.settings_file), "http://pcrs.test")

    async def ask(*paths, token=None):
        headers = {"User-Agent": QGIS.decode()} | ({"Authorization": f"Bearer {token}"} if token else {})
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app=served), base_url="http://x"
        ) as client:
            return [await client.get(path, headers=headers) for path in paths]

    asyncio.run(ask("/ogcapi", "/ogcapi/collections", "/nothing"))
    asyncio.run(ask("/ogcapi", token=shown["partenaire"]))
    served.recorder.flush()
    assert [a.status_code for a in asyncio.run(ask("/metrics"))] == [401]
    assert [a.status_code for a in asyncio.run(ask("/metrics", token=shown["partenaire"]))] == [403]
    (metrics,) = asyncio.run(ask("/metrics", token=shown["technique"]))
    assert metrics.status_code == 200
    dashboard_fits(metrics.text)
    assert 'pcrs_requests_total{service="ogcapi",role="public",client="QGIS",outcome="ok"} 2' in metrics.text
    served.recorder.close()
    told = json.loads(CliRunner().invoke(app, ["stats", "--site", str(site.root), "--json"]).stdout)
    assert told["by_role"]["partenaire"]["requests"] >= 1
    assert told["by_client"] == {"QGIS": {"requests": told["requests"], "bytes": told["bytes"]}}
    raw = site.use_file.read_bytes()
    assert b"34400" not in raw
    assert shown["partenaire"].encode() not in raw
