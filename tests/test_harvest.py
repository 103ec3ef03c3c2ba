"""Records and layers of others in our catalogue: of a neighbour's real pcrs, of a CSW with any manners."""

import asyncio
import json
from datetime import UTC, datetime

import httpx
import pytest
from lxml import etree
from starlette.responses import RedirectResponse, Response
from typer.testing import CliRunner

from pcrs.app import create_app
from pcrs.assembly import init_site, records_of, write_records
from pcrs.cli import app as cli
from pcrs.errors import SettingsError
from pcrs.harvesting import gather as gather_all
from pcrs.publish.linked import LinkedLayer, layer_document
from pcrs.settings import load
from pcrs.store.record_rows import OWN
from pcrs.store.records import RecordStore
from pcrs.work.harvest.fetching import Fetcher
from pcrs.work.harvest.gathering import Source, harvest
from pcrs.work.progress import silent
from tests.dalles import hm_name, make_dalle
from tests.entrepot_site import accept
from tests.neighbours import Catalogue, record, serving_catalogue
from tests.services.asking import running
from tests.sites import new_site, take

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)


@pytest.fixture
def store(tmp_path):
    return RecordStore(tmp_path / "records.db")


@pytest.fixture(scope="module")
def catalogue():
    one = Catalogue()
    with serving_catalogue(one) as url:
        one.url = url
        yield one


@pytest.fixture(autouse=True)
def _plain(catalogue):
    catalogue.records = {f"fr-{number:03}": record(f"fr-{number:03}") for number in range(45)}
    catalogue.sorts, catalogue.counts, catalogue.answer = True, (lambda number: number), None
    catalogue.asked.clear()


def gather(store, *sources, largest=2**20, now=NOW):
    fetcher = Fetcher(lambda: 0.0, largest)
    try:
        return harvest(store, sources, fetcher, now, silent)
    finally:
        fetcher.close()


def source_of(catalogue, **more):
    return Source("voisin", "csw", catalogue.url, **more)


@pytest.mark.parametrize("sorts", [True, False])
def test_every_record_once_then_only_what_changed(store, catalogue, sorts):
    catalogue.sorts = sorts
    (first,) = gather(store, source_of(catalogue))
    assert (len(first.added), first.changed, first.removed, first.findings) == (45, (), (), ())
    revision = store.revision()
    (second,) = gather(store, source_of(catalogue))
    assert (second.added, second.unchanged, store.revision()) == ((), 45, revision)
    del catalogue.records["fr-001"]
    catalogue.records["fr-002"] = record("fr-002", more="remanié")
    catalogue.records["fr-100"] = record("fr-100")
    (third,) = gather(store, source_of(catalogue))
    assert (third.added, third.changed, third.removed) == (("fr-100",), ("fr-002",), ("fr-001",))
    assert b"remani" in store.get("fr-002")


def test_words_and_identifiers_narrow_a_search(store, catalogue):
    catalogue.records["pcrs-12"] = record("pcrs-12", more="pcrs de rue")
    (told,) = gather(store, source_of(catalogue, search="pcrs de rue"))
    assert told.added == ("pcrs-12",)
    (told,) = gather(store, source_of(catalogue, identifiers=("fr-003", "fr-004")))
    assert (told.added, told.removed) == (("fr-003", "fr-004"), ("pcrs-12",))
    gather(store, source_of(catalogue, box=(1.0, 44.0, 2.0, 45.0), search="pcrs"))
    assert b"44.0 1.0" in catalogue.asked[-1]


def test_our_own_records_and_those_of_another_source_stay_what_they_are(store, catalogue):
    own = record("PCRS_D046", "La nôtre")
    store.put(own, inserted=NOW)
    catalogue.records["PCRS_D046"] = record("PCRS_D046", "Une autre")
    twin = Source("autre", "csw", catalogue.url, identifiers=("fr-001", "fr-002"))
    first, second = gather(store, twin, source_of(catalogue))
    assert store.get("PCRS_D046") == own
    assert len(first.added) == 2
    assert len(second.added) == 43
    assert {found.code for found in second.findings} == {"harvest.identifier"}
    assert {found.object_id for found in second.findings} == {"PCRS_D046", "fr-001", "fr-002"}
    gone, *_ = [one for one in gather(store, source_of(catalogue)) if one.source == "autre"]
    assert gone.removed == ("fr-001", "fr-002")
    assert store.identifiers(OWN) == ("PCRS_D046",)
    gather(store)
    assert store.identifiers() == ("PCRS_D046",)


BOMB = '<!DOCTYPE a [<!ENTITY x0 "ha">%s]><a>&x8;</a>' % "".join(  # noqa: UP031 - full of braces otherwise
    f'<!ENTITY x{n} "{f"&x{n - 1};" * 10}">' for n in range(1, 9)
)
XXE = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'
ANSWERS = {
    "bomb": (lambda: Response(BOMB, media_type="application/xml"), "amplification"),
    "xxe": (lambda: Response(XXE, media_type="application/xml"), "DOCTYPE"),
    "xxe in UTF-16": (lambda: Response(XXE.encode("utf-16"), media_type="application/xml"), "DOCTYPE"),
    "too large": (lambda: Response(b"<a>" + b" " * 2**21 + b"</a>"), "more than 1 MiB"),
    "html": (lambda: Response("<html><p>bonjour", media_type="text/html"), "no XML"),
    "other xml": (lambda: Response("<a/>", media_type="application/xml"), "CSW"),
    "down": (lambda: Response("", 503), "503"),
    "elsewhere": (lambda: RedirectResponse("http://169.254.169.254/csw", 307), "redirects to"),
    "round": (lambda: RedirectResponse("/csw", 307), "without end"),
}


@pytest.mark.parametrize("manner", ANSWERS)
def test_a_source_that_fails_leaves_what_was_taken_from_it(store, catalogue, manner):
    gather(store, source_of(catalogue))
    catalogue.answer, word = ANSWERS[manner]
    (told,) = gather(store, source_of(catalogue))
    assert [(found.code, found.level) for found in told.findings] == [("harvest.source", "error")]
    assert word in told.findings[0].message
    assert len(store.identifiers()) == 45


def test_a_count_that_is_not_kept_and_a_search_too_wide_take_nothing(store, catalogue):
    catalogue.counts = lambda number: number + 1
    (told,) = gather(store, source_of(catalogue))
    assert "counts 46 records and gave 45" in told.findings[0].message
    catalogue.counts = lambda number: number
    (told,) = gather(store, source_of(catalogue, most=44))
    assert "finds 45 records, more than 44" in told.findings[0].message
    assert store.identifiers() == ()
    catalogue.records = {"a": record("a"), "b": record("")}
    (told,) = gather(store, source_of(catalogue))
    assert (told.added, [found.code for found in told.findings]) == (("a",), ["harvest.record"])


def test_nobody_listens(store):
    (told,) = gather(store, Source("absent", "csw", "http://127.0.0.1:9/csw"))
    assert "does not answer" in told.findings[0].message


def test_the_record_of_a_layer_is_whole_whatever_the_service_says():
    layer = LinkedLayer(
        source="ign", name="A/B, \x01c", title="", abstract="", provider="", keywords=["a, b", ""],
        constraints=[], box=None, protocol="OGC:WMS", capabilities="https://e.org/wms?REQUEST=GetCapabilities",
    )  # fmt: skip
    root = etree.fromstring(layer_document(layer, NOW))
    names = root.xpath("//*[local-name()='CI_OnlineResource']/*[local-name()='name']/*/text()")
    assert (layer.identifier, names) == ("ign_A-B-c", ["A/B ;  c"])


def test_sources_are_told_in_the_settings(tmp_path):
    site = new_site(tmp_path / "site")
    text = site.settings_file.read_text(encoding="utf-8")

    def with_source(**table):
        lines = "".join(f"{key} = {json.dumps(value)}\n" for key, value in table.items())
        site.settings_file.write_text(f"{text}\n[[harvest]]\n{lines}", encoding="utf-8")
        return load(site.settings_file)

    good = with_source(name="ign", kind="wmts", url="https://data.geopf.fr/wmts", layers=["PCRS.LAMB93"])
    assert good.harvest[0].layers == ("PCRS.LAMB93",)
    with pytest.raises(SettingsError, match="name the layers"):
        with_source(name="ign", kind="wms", url="https://data.geopf.fr/wms-r/wms")
    with pytest.raises(SettingsError, match="Did you mean"):
        with_source(name="ign", kind="csw", url="https://data.geopf.fr/csw", serch="pcrs")


@pytest.fixture(scope="module")
def neighbour(tmp_path_factory):
    """A served pcrs of another département, with one dalle taken in by the ordinary way."""
    root = tmp_path_factory.mktemp("voisin")
    site = init_site(root / "site", "12")
    name = hm_name()
    make_dalle(root / "depot" / "2025-05760-63730-LA93-0M05-RVB.tif", name, compress="deflate", tiled=True)
    take(site, root / "depot")
    with running(create_app(site, load(site.settings_file), "http://voisin.test")) as url:
        yield url


def ask(site, paths):
    async def _ask():
        transport = httpx.ASGITransport(app=create_app(site, load(site.settings_file), "https://pcrs.test"))
        async with httpx.AsyncClient(transport=transport, base_url="https://pcrs.test") as client:
            return [await client.get(path) for path in paths]

    return asyncio.run(_ask())


def test_a_neighbour_s_records_and_layers_are_shown_beside_ours(neighbour, catalogue, tmp_path):
    site = new_site(tmp_path / "site")
    accept(site, "2025", [hm_name()], 90)
    ours = set(records_of(site, load(site.settings_file)).identifiers())
    catalogue.records = {
        "fr-001": record("fr-001"),
        "fr-002": record("fr-002", "Réseaux & voirie".replace("&", "et")),
    }
    blocks = f"""
[[harvest]]
name = "aveyron"
kind = "csw"
url = "{neighbour}/csw"
search = "orthophotographie"
[[harvest]]
name = "autre"
kind = "csw"
url = "{catalogue.url}"
[[harvest]]
name = "tuiles"
kind = "wmts"
url = "{neighbour}/wmts"
layers = ["PCRS_D012_RVB"]
[[harvest]]
name = "cartes"
kind = "wms"
url = "{neighbour}/wms"
layers = ["PCRS_D012_RVB"]
"""
    site.settings_file.write_text(site.settings_file.read_text(encoding="utf-8") + blocks, encoding="utf-8")
    done = CliRunner().invoke(cli, ["records", "--site", str(site.root), "--harvest", "--json"])
    assert done.exit_code == 0, done.output
    told = {one["source"]: one for one in json.loads(done.stdout)["harvest"]}
    assert set(told["aveyron"]["added"]) >= {"PCRS_D012_RVB-0M05", "PCRS_D012_RVB-0M05_2025"}
    assert (told["tuiles"]["added"], told["cartes"]["added"]) == (
        ["tuiles_PCRS_D012_RVB"],
        ["cartes_PCRS_D012_RVB"],
    )
    again = [str(one) for one in gather_all(site, load(site.settings_file), silent)]
    assert "moisson autre : 0 ajoutées, 0 modifiées, 0 retirées, 2 inchangées" in again
    write_records(site, load(site.settings_file), validate=False)
    everything = records_of(site, load(site.settings_file))
    foreign = set(everything.identifiers()) - ours
    assert ours == set(everything.identifiers(OWN))
    assert {"fr-001", "PCRS_D012_RVB-0M05", "tuiles_PCRS_D012_RVB"} <= foreign

    by_id = (
        "/csw?service=CSW&version=2.0.2&request=GetRecordById&elementSetName=full&outputSchema="
        "http://www.isotc211.org/2005/gmd&id="
    )
    search = (
        "/csw?service=CSW&version=2.0.2&request=GetRecords&typeNames=csw:Record&elementSetName=brief"
        "&resultType=results&maxRecords=100"
    )
    pages = [by_id + name for name in sorted(foreign)] + [
        search,
        "/ogcapi/collections/catalogue/items?limit=100",
    ]
    *documents, listed, items = ask(site, pages)
    for name, answer in zip(sorted(foreign), documents, strict=True):
        assert answer.status_code == 200
        assert f">{name}</gco:CharacterString>" in answer.text
    ids = etree.fromstring(listed.content).xpath("//*[local-name()='identifier']/text()")
    assert set(ids) == ours | foreign
    assert {item["id"] for item in items.json()["features"]} == ours | foreign
    wmts = dict(zip(sorted(foreign), documents, strict=True))["tuiles_PCRS_D012_RVB"].text
    assert "OGC:WMTS" in wmts
    assert f"{neighbour}/wmts?SERVICE=WMTS" in wmts
