"""The download service of a whole site, beside its records."""

import asyncio

import httpx
import pytest
from lxml import etree

from pcrs.app import create_app
from pcrs.live import Live
from pcrs.publish.elements import NAMESPACES
from pcrs.settings import load
from pcrs.standard.names import format_name
from pcrs.store.records import RecordStore
from tests.cnig import arbre, document
from tests.dalles import hm_name, make_dalle
from tests.sites import new_site, take

PUBLIC = "https://pcrs.test/lot"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """One dalle and one GML, taken in by the ordinary way."""
    root = tmp_path_factory.mktemp("whole")
    name = hm_name()
    make_dalle(root / "depot" / f"{format_name(name)}.tif", name, compress="deflate", tiled=True)
    (root / "depot" / "lot.gml").write_text(document(arbre("a1")), encoding="utf-8")
    made = new_site(root / "site")
    file = made.settings_file
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace('public_url = ""', f'public_url = "{PUBLIC}"'), encoding="utf-8")
    take(made, root / "depot")
    return made


def ask_site(site, paths):
    """Answers of the whole application, asked for under another host name."""

    async def _ask():
        transport = httpx.ASGITransport(app=create_app(site, load(site.settings_file), PUBLIC))
        async with httpx.AsyncClient(transport=transport, base_url="http://evil.example") as client:
            return [await client.get(path) for path in paths]

    return asyncio.run(_ask())


def links(site):
    """Addresses of the download service that the records give, by record."""
    found = {}
    for identifier, xml in RecordStore(site.records_url).all():
        urls = etree.fromstring(xml).xpath("//gmd:URL/text()", namespaces=NAMESPACES)
        found[identifier] = {str(url) for url in urls if "/telechargement/" in url}
    return found


def test_every_download_link_of_a_record_answers_with_a_feed(site):
    found = links(site)
    raster = f"{PUBLIC}/telechargement/resource/PCRS"
    assert found["PCRS_D046_RVB-0M05"] == {raster}
    assert found["PCRS_D046_RVB-0M05_2025"] == {f"{raster}/PCRS_2-0_RVB-0M05_TIF_LAMB93_D046_2025"}
    assert found["PCRS_D046_VECTEUR"] == {f"{raster}-VECTEUR"}
    assert found["PCRS_D046_ATOM"] == found["PCRS_D046"] == {f"{PUBLIC}/telechargement/capabilities"}
    paths = sorted({url.removeprefix(PUBLIC) for urls in found.values() for url in urls})
    for answer in ask_site(site, paths):
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/atom+xml"
        assert "evil" not in answer.text


def test_files_and_geojson_are_served_by_the_application(site):
    name = f"{format_name(hm_name())}.tif"
    part = "PCRS_2-0_RVB-0M05_TIF_LAMB93_D046_2025"
    file, dalles, wrong = ask_site(
        site,
        [
            f"/telechargement/download/PCRS/{part}/{name}",
            "/data/stockages/dalles.geojson",
            "/telechargement/resource/x",
        ],
    )
    assert file.content == (site.root / "hot/dalles/2025" / name).read_bytes()
    assert [f["properties"]["nomImage"] for f in dalles.json()["features"]] == [name]
    assert wrong.status_code == 404
    assert wrong.headers["content-type"] == "application/problem+json"


def test_what_was_accepted_meanwhile_is_seen(site, tmp_path):
    live = Live(site, "PCRS_D046_RVB", "46", recheck_s=0)
    before = live.shelf()
    assert live.shelf() is before
    (tmp_path / "plus.gml").write_text(document(arbre("a2")), encoding="utf-8")
    take(site, tmp_path / "plus.gml", edition="2026")
    vector = live.shelf().resource("PCRS-VECTEUR")
    assert [part.edition for part in vector.parts] == ["2026", "2025"]
