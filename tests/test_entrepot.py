"""A push to the Géoplateforme: against an Entrepôt that refuses what the real one refuses."""

import json
import os
import shutil
import signal
import time
from contextlib import closing
from hashlib import md5
from itertools import cycle
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from pcrs.assembly import write_records
from pcrs.cli import app as cli
from pcrs.errors import ConflictError, InputError, PcrsError, RemoteError, SettingsError, TooLargeError
from pcrs.publish.geoplateforme.products import KINDS
from pcrs.pushing import credentials, publish, rehearse, unpublish
from pcrs.settings import load
from pcrs.standard.names import format_name
from pcrs.store.inventory import Inventory
from pcrs.work.entrepot.client import Entrepot
from pcrs.work.progress import silent
from tests.entrepot import Fake
from tests.entrepot_api import serving_entrepot
from tests.entrepot_site import MOSAIC, accept, site_with_objects
from tests.entrepot_state import DATASTORE
from tests.patience import PATIENCE_S
from tests.serving import end, start
from tests.test_archive_figures import thing

ACCOUNT = {"PCRS_GPF_CLIENT_ID": "te46", "PCRS_GPF_CLIENT_SECRET": "secret"}
EVERYTHING = list(KINDS)
SMALL = 5e-6
"""Gigabytes of a lot that takes one master."""


@pytest.fixture(scope="module")
def stock(tmp_path_factory):
    """A site with three dalles and one GML; copied for each test that pushes it."""
    site = site_with_objects(tmp_path_factory.mktemp("stock"))
    accept(site, "2025", MOSAIC, 90)
    return site


@pytest.fixture
def site(stock, tmp_path):
    shutil.copytree(stock.root, tmp_path / "site")
    return type(stock)(tmp_path / "site")


@pytest.fixture
def fake(site, monkeypatch):
    """The platform; the site's settings lead to it."""
    platform = Fake()
    with serving_entrepot(platform) as url:
        table = f'\n[geoplateforme]\ndatastore = "{DATASTORE}"\napi = "{url}/api"\nsso = "{url}/token"\n'
        text = site.settings_file.read_text(encoding="utf-8").partition("\n[geoplateforme]")[0]
        site.settings_file.write_text(text + table + "poll_s = 0.01\n", encoding="utf-8")
        for name, value in ACCOUNT.items():
            monkeypatch.setenv(name, value)
        quick = SimpleNamespace(sleep=lambda seconds: time.sleep(min(seconds, 0.002)))
        monkeypatch.setattr("pcrs.pushing.time", quick)
        yield platform


def settings_of(site, **changed):
    settings = load(site.settings_file)
    return settings.model_copy(update={"geoplateforme": settings.geoplateforme.model_copy(update=changed)})


def push(site, kinds=EVERYTHING, **changed):
    return publish(site, settings_of(site, **changed), kinds, silent)


def test_a_push_publishes_everything_and_the_next_has_nothing_to_do(site, fake):
    told = push(site)
    pyramid = next(s["name"] for s in fake.of("stored_data") if s["type"] == "ROK4-PYRAMID-RASTER")
    objects = next(s["name"] for s in fake.of("stored_data") if s["type"] == "VECTOR-DB")
    assert fake.layers() == {
        "WMTS-TMS PCRS_D046_RVB": [pyramid],
        "WMS-RASTER PCRS_D046_RVB": [pyramid],
        "DOWNLOAD PCRS_D046_RVB-0M05": ["PCRS_2-0_RVB-0M05_TIF_LAMB93_D046_2025"],
        "DOWNLOAD PCRS_D046_VECTEUR": ["PCRS_2-0_VECTEUR_GML_LAMB93_D046_2025"],
        "WFS PCRS_D046_VECTEUR": [objects],
    }
    assert fake.of("upload") == []
    content = {s["name"]: s["#content"] for s in fake.of("stored_data")}
    masters = {f"{format_name(n)}.tif": site.master("2025", format_name(n)) for n in MOSAIC}
    assert content[pyramid] == {name: md5(file.read_bytes()).hexdigest() for name, file in masters.items()}
    hot = {f"{format_name(n)}.tif": site.hot("2025", format_name(n)) for n in MOSAIC}
    told_hot = {name: md5(file.read_bytes()).hexdigest() for name, file in hot.items()}
    assert content["PCRS_2-0_RVB-0M05_TIF_LAMB93_D046_2025"] == told_hot
    tags = {c["tags"]["pcrs"] for c in (*fake.of("configuration"), *fake.of("stored_data"))}
    assert tags == {"PCRS_D046"}
    records = {m["file_identifier"]: (m["type"], m["level"]) for m in fake.of("metadata")}
    assert records == {
        "PCRS_D046": ("INSPIRE", "SERIES"),
        "PCRS_D046_RVB-0M05": ("INSPIRE", "DATASET"),
        "PCRS_D046_RVB-0M05_2025": ("INSPIRE", "DATASET"),
        "PCRS_D046_VECTEUR": ("ISOAP", "DATASET"),
    }
    assert all(m["endpoints"] for m in fake.of("metadata"))
    assert {action.kind for action in told.actions} == {"fiche", "données", "couche"}
    before = len(fake.changes())
    assert push(site).actions == ()
    assert len(fake.changes()) == before


def test_a_new_edition_sends_what_is_new_and_readers_see_no_break(site, fake):
    kinds = ["metadata", "raster", "archive"]
    push(site, kinds)
    first = dict(fake.layers())
    accept(site, "2026", MOSAIC[1:2], 120)
    sent = len(fake.asked)
    push(site, kinds)
    layers = fake.layers()
    assert layers.keys() == first.keys()
    assert layers["WMTS-TMS PCRS_D046_RVB"] == layers["WMS-RASTER PCRS_D046_RVB"]
    assert layers["WMTS-TMS PCRS_D046_RVB"] != first["WMTS-TMS PCRS_D046_RVB"]
    assert [name[-4:] for name in layers["DOWNLOAD PCRS_D046_RVB-0M05"]] == ["2026", "2025"]
    assert fake.faults == []
    kinds = [s["type"] for s in fake.of("stored_data")]
    assert kinds.count("ROK4-PYRAMID-RASTER") == 1
    stems = [path for method, path in fake.asked[sent:] if path.endswith("/data")]
    assert len(stems) == 2
    assert "PCRS_D046_RVB-0M05_2026" in {m["file_identifier"] for m in fake.of("metadata")}
    assert push(site, ["raster"]).actions == ()


class Killed(BaseException):
    """As kill -9: nothing is caught, nothing is cleared up."""


def test_killed_again_and_again_a_push_goes_on_to_the_same_end(site, fake, monkeypatch):
    """The process ends after some request, its answer unread, and so does the next, all the way."""
    fake.polls = 1
    kinds = ["metadata", "raster", "archive"]
    push(site, kinds, lot_gb=SMALL)
    wanted, steps = fake.picture(), len(fake.changes())
    assert steps > 60
    fake.things.clear()
    (site.root / "stores" / "geoplateforme.json").unlink()
    whole, left = Entrepot._once, [0]

    def dying(self, method, path, **how):
        answer = whole(self, method, path, **how)
        left[0] -= method != "GET"
        if not left[0]:
            raise Killed
        return answer

    monkeypatch.setattr(Entrepot, "_once", dying)
    for runs, lives in enumerate(cycle((13, 22, 31)), start=1):
        left[0] = lives
        try:
            push(site, kinds, lot_gb=SMALL)
        except Killed:
            assert runs < steps
            continue
        break
    assert runs > 3
    assert fake.picture() == wanted
    assert fake.faults == []


def test_kill_9_of_the_command_and_the_same_again(site, fake):
    text = site.settings_file.read_text(encoding="utf-8")
    site.settings_file.write_text(text + "lot_gb = 0.000005\n", encoding="utf-8")
    running = []

    def kill(method, path):
        if path.endswith("launch") and running:
            os.kill(running.pop().pid, signal.SIGKILL)

    fake.watch = kill
    running.append(process := start("publish", "geoplateforme", "--site", site.root))
    assert process.wait(timeout=PATIENCE_S) == -signal.SIGKILL
    end(process)
    assert [upload["name"][-4:] for upload in fake.of("upload")] == ["lot1"]
    done = CliRunner().invoke(cli, ["publish", "geoplateforme", "--site", str(site.root), "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["actions"]
    assert len(fake.layers()) == 5
    assert fake.of("upload") == []


def test_hiccups_and_a_token_that_ends_are_lived_with(site, fake):
    counts = {"n": 0}

    def hiccup(method, path):
        counts["n"] += 1
        return {0: "before", 3: "after"}.get(counts["n"] % 7, "")

    fake.hiccup, fake.token_life = hiccup, 11
    kinds = ["metadata", "raster"]
    push(site, kinds)
    assert (len(fake.layers()), len(fake.of("configuration")), len(fake.of("metadata"))) == (2, 2, 4)
    fake.hiccup = lambda method, path: ""
    assert push(site, kinds).actions == ()


def test_a_platform_that_stays_down_is_said_and_a_wrong_account_too(site, fake, monkeypatch):
    fake.hiccup = lambda method, path: "before"
    with pytest.raises(RemoteError, match="502"):
        push(site)
    fake.hiccup = lambda method, path: ""
    monkeypatch.setenv("PCRS_GPF_CLIENT_SECRET", "autre")
    with pytest.raises(RemoteError, match="PCRS_GPF"):
        push(site)
    monkeypatch.setenv("PCRS_GPF_TOKEN", "périmé".encode().hex())
    with pytest.raises(RemoteError, match="401"):
        push(site)


def test_what_arrives_spoilt_is_refused_and_sent_again_by_the_next_run(site, fake):
    fake.spoil = lambda path, data: data[:-1] + b"!" if path.endswith(".tif") else data
    with pytest.raises(RemoteError, match="signature MD5 incorrecte"):
        push(site, ["raster"])
    assert fake.layers() == {}
    fake.spoil = lambda path, data: data
    push(site, ["raster"])
    assert len(fake.layers()) == 2
    assert fake.of("upload") == []


def test_a_part_of_a_file_that_was_left_there_is_sent_anew(site, fake):
    fake.spoil = lambda path, data: data[:100] if path.endswith(".tif") else data
    fake.hiccup = lambda method, path: "before" if path.endswith("/md5") else ""
    with pytest.raises(RemoteError):
        push(site, ["raster"])
    fake.spoil, fake.hiccup = (lambda path, data: data), (lambda method, path: "")
    push(site, ["raster"])
    assert len(fake.layers()) == 2


@pytest.mark.parametrize(
    ("product", "kind"), [("raster", "ROK4-PYRAMID-RASTER"), ("archive", "ARCHIVE"), ("vector", "VECTOR-DB")]
)
def test_a_processing_that_failed_is_told_by_its_log_and_made_again(site, fake, product, kind):
    fake.fail.add(kind)
    with pytest.raises(RemoteError, match="dalle illisible"):
        push(site, [product])
    push(site, [product])
    assert fake.layers()
    assert {s["status"] for s in fake.of("stored_data")} == {"GENERATED"}


@pytest.mark.parametrize("label", ["uploads", "PYRAMIDE", "ARCHIVE", "VECTEUR", "gpf-download"])
def test_without_room_nothing_is_sent(site, fake, label):
    fake.quota[label] = 1
    with pytest.raises(TooLargeError, match="no room"):
        push(site)
    assert fake.changes() == []
    seen = rehearse(site, settings_of(site), EVERYTHING, silent)
    assert [need.fits for need in seen.survey.needs].count(False) == 1


def test_names_that_others_have_or_that_the_datastore_wants(site, fake):
    fake.taken.add(("WMTS-TMS", "PCRS_D046_RVB"))
    with pytest.raises(ConflictError, match="prefix"):
        push(site, ["raster"])
    push(site, ["raster"], prefix="TE46_")
    assert "WMTS-TMS TE46_PCRS_D046_RVB" in fake.layers()
    fake.taken.add(("METADATA", "PCRS_D046"))
    with pytest.raises(ConflictError, match="déjà pris"):
        push(site, ["metadata"])
    fake.prefix = "TE46_"
    with pytest.raises(InputError, match='prefix = "TE46_"'):
        push(site, ["metadata"])
    push(site, ["metadata"], prefix="TE46_")
    xml = next(m["#xml"] for m in fake.of("metadata") if m["file_identifier"] == "TE46_PCRS_D046_RVB-0M05")
    assert b">TE46_PCRS_D046</gco:CharacterString></gmd:parentIdentifier>" in xml.replace(b"\n", b"").replace(
        b" ", b""
    )


def test_records_follow_their_changes(site, fake):
    push(site, ["metadata"])
    push(site, ["metadata"], open_data=True)
    assert {m["open_data"] for m in fake.of("metadata")} == {True}
    text = site.metadata_file.read_text(encoding="utf-8")
    site.metadata_file.write_text(text.replace("à 5 cm", "à cinq centimètres"), encoding="utf-8")
    write_records(site, load(site.settings_file), validate=False)
    told = push(site, ["metadata"], open_data=True)
    assert {action.name for action in told.actions} >= {"PCRS_D046_RVB-0M05"}
    assert any("cinq centimètres".encode() in m["#xml"] for m in fake.of("metadata"))


def test_records_of_archives_stay_here(site, fake):
    """What they tell of is neither on the platform nor open data as a whole."""
    with closing(Inventory(site.inventory_file)) as inventory:
        inventory.add_objects([thing(1)])
    changed, _ = write_records(site, load(site.settings_file), validate=False)
    assert changed == ["PCRS_D046_ARCHIVES_Figeac"]
    push(site, ["metadata"])
    names = {m["file_identifier"] for m in fake.of("metadata")}
    assert "PCRS_D046_RVB-0M05" in names
    assert not names & set(changed)


def test_unpublishing_leaves_nothing_of_ours_and_all_of_others(site, fake):
    push(site, ["metadata", "archive", "vector"])
    other = fake.create_upload({"name": "autre", "description": "d", "type": "ARCHIVE", "srs": "EPSG:2154"})
    gone = unpublish(site, settings_of(site), ["vector"], silent)
    assert {action.kind for action in gone.actions} == {"couche", "données"}
    assert {name.split()[0] for name in fake.layers()} == {"DOWNLOAD"}
    unpublish(site, settings_of(site), EVERYTHING, silent)
    assert [thing["_id"] for kind in ("upload", "stored_data", "configuration", "offering", "metadata")
            for thing in fake.of(kind)] == [other["_id"]]  # fmt: skip
    assert unpublish(site, settings_of(site), EVERYTHING, silent).actions == ()
    push(site, ["vector"])
    assert len(fake.layers()) == 1


def test_a_rehearsal_sends_nothing_and_writes_what_the_sdk_reads(site, fake, monkeypatch):
    seen = rehearse(site, settings_of(site), EVERYTHING, silent)
    assert fake.changes() == []
    names = {action.name for action in seen.actions}
    assert {"PCRS_D046", "PCRS_D046_RVB", "PCRS_2-0_RVB-0M05_TIF_LAMB93_D046_2025"} <= names
    flow = json.loads((seen.files / "raster" / "workflow.json").read_text(encoding="utf-8"))
    assert "publication" in flow["workflow"]["steps"]
    for name in ACCOUNT:
        monkeypatch.delenv(name)
    alone = rehearse(site, settings_of(site), EVERYTHING, silent)
    assert {need.quota for need in alone.survey.needs} == {None}
    with pytest.raises(SettingsError, match="PCRS_GPF"):
        push(site)


def test_what_is_not_open_to_all_is_not_pushed(site, fake):
    text = site.settings_file.read_text(encoding="utf-8")
    closed = '\n[access]\nlayers = { ortho = "partenaire", AffleurantPCRS = "technique" }\n'
    site.settings_file.write_text(text.replace("\n[access]\n", closed), encoding="utf-8")
    told = push(site, ["raster", "archive", "vector"])
    assert told.closed == ("ortho", "AffleurantPCRS")
    assert [name.split()[0] for name in fake.layers()] == ["WFS"]


def test_records_that_lead_nowhere_are_not_pushed(site, fake):
    settings = settings_of(site)
    alone = settings.model_copy(update={"serve": settings.serve.model_copy(update={"public_url": ""})})
    with pytest.raises(SettingsError, match="public_url"):
        publish(site, alone, ["metadata"], silent)
    assert fake.changes() == []


def test_accounts_come_from_the_environment_alone(site):
    settings = load(site.settings_file)
    assert credentials(settings, {}) is None
    person = credentials(settings, {"PCRS_GPF_LOGIN": "a", "PCRS_GPF_PASSWORD": "secret"})
    assert person.form["grant_type"] == "password"
    assert "secret" not in repr(person)
    assert credentials(settings, {"PCRS_GPF_TOKEN": "t"}).token == "t"
    assert credentials(settings, ACCOUNT).form["grant_type"] == "client_credentials"


def test_a_damaged_ledger_is_said_and_a_lost_one_costs_a_full_push(site, fake):
    push(site, ["raster"])
    ledger = site.root / "stores" / "geoplateforme.json"
    ledger.write_text("{", encoding="utf-8")
    with pytest.raises(PcrsError, match="damaged"):
        push(site, ["raster"])
    ledger.unlink()
    assert push(site, ["raster"]).actions == ()
    accept(site, "2026", MOSAIC[:1], 120)
    push(site, ["raster"])
    assert len(fake.of("stored_data")) == 1
