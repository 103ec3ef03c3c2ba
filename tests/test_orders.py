"""Cold objects through all states of an order; who may what; the log; what is delivered."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import boto3
import pytest
from botocore.config import Config
from botocore.stub import Stubber
from starlette.applications import Starlette
from typer.testing import CliRunner

from pcrs.app import create_app
from pcrs.archive.target_blobs import FolderTarget
from pcrs.archive.target_s3 import S3Target
from pcrs.blobs import Bucket
from pcrs.cli import app
from pcrs.errors import ConflictError, ForbiddenError, InputError
from pcrs.ordering import desk
from pcrs.serve.orders import routes
from pcrs.settings import load
from pcrs.store.orders import Orders
from pcrs.store.tokens import Scope, Tokens
from pcrs.store.trail import chain
from pcrs.work.access import Principal, Role
from pcrs.work.orders.letters import letter
from pcrs.work.orders.shipping import Shipping
from tests.services.asking import ask_app
from tests.sites import new_site

PARTNER, TECHNICIAN, AUTHORITY = (Principal(r, r.label) for r in (Role.PARTENAIRE, Role.TECHNIQUE, Role.APLC))
TARGETS = """
[[archive.targets]]
name = "bande"
url = "{bande}"
medium = "bande"
offsite = true
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A site whose archive holds open, reserved and APLC objects, on a folder that plays the tape."""
    root = tmp_path_factory.mktemp("orders")
    tape = root / "bande"
    tape.mkdir()
    site = new_site(root / "site")
    text = site.settings_file.read_text(encoding="utf-8")
    text = text.replace("[cost]\n", '[cost]\ntargets = { bande = "cold" }\n') + TARGETS.format(bande=tape)
    site.settings_file.write_text(text, encoding="utf-8")
    depot = root / "depot"
    for name, size in (
        ("ortho/a.tif", 3000),
        ("mosaique/lignes.gpkg", 2000),
        ("cliches/c1.tif", 5000),
        ("plan_de_vol/p.kml", 10),
    ):
        file = depot / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes((name * size).encode()[:size])
    for part, licence in (
        ("ortho", "ouverte"),
        ("mosaique", "ouverte"),
        ("cliches", "convention-enedis"),
        ("plan_de_vol", "aplc"),
    ):
        arguments = [
            "archive",
            str(depot / part),
            "--chantier",
            f"vol-{part}",
            "--licence",
            licence,
            "--site",
            str(site.root),
        ]
        done = CliRunner().invoke(app, arguments, catch_exceptions=False)
        assert done.exit_code == 0, done.output
    return site


@pytest.fixture
def open_desk(made, tmp_path):
    with desk(made, load(made.settings_file)) as whole, closing(Orders(tmp_path / "orders.db")) as orders:
        yield replace(whole, orders=orders)


def ids(open_, chantier):
    return [one.id for one in open_.keeping.inventory.objects(chantier=chantier)]


def shipping(open_, folder, told=lambda order, address: None):
    return Shipping(open_, folder, lambda order: f"https://x/{order.id}/{order.secret}/", told)


def test_an_estimate_by_hand(open_desk):
    """5000 bytes at 15 € a To (restore and egress), 48 hours."""
    found = list(open_desk.keeping.inventory.objects(chantier="vol-cliches"))
    told = open_desk.estimate(found)
    assert (told.octets, told.objects, told.hours) == (5000, 1, 48)
    assert Decimal(told.euros) == round(Decimal(5000) * Decimal("0.015") / 10**9, 4)
    assert told.prices == "ovh-2023, 2023-12-31"


def test_what_is_open_and_cheap_goes_through_all_states(open_desk, tmp_path):
    letters = []
    work = shipping(open_desk, tmp_path / "out", lambda order, address: letters.append((order, address)))
    order = open_desk.place(PARTNER, "mairie", ids(open_desk, "vol-ortho"), purpose="étude", email="a@b.fr")
    assert (order.state, order.approval) == ("pending", False)
    (done,) = work.work()
    assert done.state == "succeeded"
    assert letters == [(done, f"https://x/{order.id}/{order.secret}/")]
    (file,) = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert file.read_bytes() == ("ortho/a.tif" * 3000).encode()[:3000]
    assert work.work() == []
    later = replace(open_desk, clock=lambda: datetime.now(UTC) + timedelta(days=15))
    (gone,) = shipping(later, tmp_path / "out").expire()
    assert (gone.state, gone.email) == ("expired", "")
    assert not file.exists()
    assert open_desk.keeping.inventory.good_copies(order.objects[0])
    told = [line.action for line in open_desk.orders.trail()]
    assert told == ["commandé", "restitution commencée", "livré", "expiré"]


def test_what_is_reserved_waits_for_the_authority(open_desk, tmp_path):
    order = open_desk.place(PARTNER, "mairie", ids(open_desk, "vol-cliches"), purpose="étude")
    assert order.state == "ordered"
    assert shipping(open_desk, tmp_path).work() == []
    for who in (PARTNER, TECHNICIAN):
        with pytest.raises(ForbiddenError, match="APLC"):
            open_desk.approve(who, who.role.label, order.id)
        with pytest.raises(ForbiddenError):
            open_desk.refuse(who, who.role.label, order.id, "non")
    assert open_desk.orders.get(order.id).state == "ordered"
    approved = open_desk.approve(AUTHORITY, "CD46", order.id)
    assert (approved.state, approved.decided_by) == ("pending", "CD46")
    with pytest.raises(ConflictError, match="is pending"):
        open_desk.approve(AUTHORITY, "CD46", order.id)
    assert [line.action for line in open_desk.orders.trail()].count("décision refusée") == 4


def test_an_order_is_refused_or_canceled(open_desk):
    order = open_desk.place(PARTNER, "mairie", ids(open_desk, "vol-cliches"), purpose="étude", email="a@b.fr")
    refused = open_desk.refuse(AUTHORITY, "CD46", order.id, "hors convention")
    assert (refused.state, refused.message, refused.email) == ("canceled", "hors convention", "")
    other = open_desk.place(PARTNER, "mairie", ids(open_desk, "vol-cliches"), purpose="étude")
    with pytest.raises(ForbiddenError, match="another's"):
        open_desk.cancel(PARTNER, "voisin", other.id)
    assert open_desk.cancel(PARTNER, "mairie", other.id).state == "canceled"


@pytest.mark.parametrize("threshold", ["euros", "bytes"])
def test_beyond_a_threshold_even_open_objects_wait(open_desk, threshold):
    terms = (
        replace(open_desk.terms, free_euros=Decimal(0))
        if threshold == "euros"
        else replace(open_desk.terms, free_bytes=2999)
    )
    dear = replace(
        open_desk.terms.prices,
        classes={k: replace(v, restore=Decimal(1)) for k, v in open_desk.terms.prices.classes.items()},
    )
    strict = replace(open_desk, terms=replace(terms, prices=dear if threshold == "euros" else terms.prices))
    assert strict.place(PARTNER, "x", ids(open_desk, "vol-ortho"), purpose="étude").state == "ordered"


def test_who_may_not_order(open_desk):
    with pytest.raises(ForbiddenError, match="partenaire"):
        open_desk.place(Principal(), "", ids(open_desk, "vol-ortho"), purpose="étude")
    with pytest.raises(ForbiddenError, match="réservé à l'APLC"):
        open_desk.place(TECHNICIAN, "x", ids(open_desk, "vol-plan_de_vol"), purpose="étude")
    assert open_desk.place(AUTHORITY, "x", ids(open_desk, "vol-plan_de_vol"), purpose="étude").approval
    with pytest.raises(InputError, match="1 to"):
        open_desk.place(PARTNER, "x", [], purpose="étude")
    with pytest.raises(InputError, match="what it is for"):
        open_desk.place(PARTNER, "x", ids(open_desk, "vol-ortho"), purpose=" ")


def test_what_is_broken_off_goes_on(open_desk, tmp_path, monkeypatch):
    """The first try dies after one of two files; the second copies the other alone."""
    both = ids(open_desk, "vol-ortho") + ids(open_desk, "vol-mosaique")
    order = open_desk.place(PARTNER, "x", both, purpose="étude")
    real, calls = FolderTarget.chunks, []

    def dying(self, key):
        calls.append(key)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(self, key)

    monkeypatch.setattr(FolderTarget, "chunks", dying)
    with pytest.raises(KeyboardInterrupt):
        shipping(open_desk, tmp_path / "out").work()
    assert open_desk.orders.get(order.id).state == "shipping"
    (done,) = shipping(open_desk, tmp_path / "out").work()
    assert done.state == "succeeded"
    assert len(calls) == 3
    assert not list((tmp_path / "out").rglob(".*"))


def test_a_copy_that_is_not_what_it_was_is_not_delivered(made, open_desk, tmp_path):
    order = open_desk.place(PARTNER, "x", ids(open_desk, "vol-mosaique"), purpose="étude")
    source = open_desk.sources(open_desk.keeping.inventory.object(order.objects[0]))[0]
    file = made.root.parent / "bande" / source.key
    whole = file.read_bytes()
    try:
        file.write_bytes(b"?" + whole[1:])
        (waiting,) = shipping(open_desk, tmp_path / "out").work()
        assert waiting.state == "shipping"
        assert "no copy is what was archived" in waiting.message
        assert not [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
        assert open_desk.keeping.inventory.copy(source.target, source.key).state == "altérée"
    finally:
        file.write_bytes(whole)
        open_desk.keeping.inventory.mark([(source.target, source.key)], "vérifiée", open_desk.now())


def test_an_order_waits_for_a_restoring_and_then_goes_on(open_desk, tmp_path, monkeypatch):
    order = open_desk.place(PARTNER, "x", ids(open_desk, "vol-ortho"), purpose="étude")
    asked = []
    monkeypatch.setattr(FolderTarget, "restore", lambda self, key, days: bool(asked.append(days)))
    work = shipping(open_desk, tmp_path / "out")
    (waiting,) = work.work()
    assert (waiting.state, waiting.message) == ("shipping", "1 sur 1 objets attendus, dont a.tif")
    assert work.work() == []  # nothing new
    monkeypatch.undo()
    (done,) = work.work()
    assert (done.id, done.state, asked) == (order.id, "succeeded", [14, 14])


def test_an_order_that_cannot_be_brought_back_is_ended_by_the_authority(open_desk, tmp_path, monkeypatch):
    both = ids(open_desk, "vol-ortho") + ids(open_desk, "vol-mosaique")
    order = open_desk.place(PARTNER, "x", both, purpose="étude", email="a@b.fr")
    real = FolderTarget.restore
    monkeypatch.setattr(
        FolderTarget, "restore", lambda s, key, days: key.endswith("a.tif") and real(s, key, days)
    )
    work = shipping(open_desk, tmp_path / "out")
    assert work.work()[0].state == "shipping"
    assert [path.name for path in (tmp_path / "out").rglob("*.*")] == ["a.tif"]
    with pytest.raises(ForbiddenError, match="APLC"):
        open_desk.cancel(PARTNER, "x", order.id)
    ended = open_desk.cancel(AUTHORITY, "CD46", order.id, "bande illisible")
    assert (ended.state, ended.message, ended.email) == ("failed", "bande illisible", "")
    assert work.work() == []
    assert list((tmp_path / "out").rglob("*.*")) == []
    with pytest.raises(ConflictError, match="is failed"):
        open_desk.cancel(AUTHORITY, "CD46", order.id)
    last = list(open_desk.orders.trail())[-1]
    assert (last.actor, last.action, last.detail) == ("CD46", "abandonné", "bande illisible")


def test_a_cold_class_is_asked_once_and_waited_for():
    client = boto3.client(
        "s3",
        region_name="x",
        aws_access_key_id="x",
        aws_secret_access_key="x",
        config=Config(s3={"addressing_style": "path"}),
    )
    target = S3Target(Bucket("b", "p/", "http://127.0.0.1:9", "x"), "GLACIER")
    target.__dict__["_client"] = client
    where = {"Bucket": "b", "Key": "p/k"}
    with Stubber(client) as stub:
        stub.add_response("head_object", {"StorageClass": "GLACIER"}, where)
        request = {"Days": 7, "GlacierJobParameters": {"Tier": "Bulk"}}
        stub.add_response("restore_object", {}, {**where, "RestoreRequest": request})
        assert target.restore("k", 7) is False
        stub.add_response(
            "head_object", {"StorageClass": "GLACIER", "Restore": 'ongoing-request="true"'}, where
        )
        assert target.restore("k", 7) is False
        told = 'ongoing-request="false", expiry-date="Fri, 21 Dec 2027 00:00:00 GMT"'
        stub.add_response("head_object", {"StorageClass": "GLACIER", "Restore": told}, where)
        assert target.restore("k", 7) is True
        stub.add_response("head_object", {}, where)
        assert target.restore("k", 7) is True
        stub.assert_no_pending_responses()


def test_the_log_tells_that_a_line_was_changed(open_desk):
    order = open_desk.place(PARTNER, "mairie", ids(open_desk, "vol-cliches"), purpose="étude")
    open_desk.refuse(AUTHORITY, "CD46", order.id, "non")
    last, broken = chain(open_desk.orders.trail())
    assert broken is None
    file = open_desk.orders._connections.path
    for change in ("UPDATE trail SET detail = 'oui' WHERE seq = 2", "DELETE FROM trail WHERE seq = 1"):
        with closing(sqlite3.connect(file)) as db:
            db.execute("CREATE TEMP TABLE kept AS SELECT * FROM trail")
            db.execute(change)
            db.commit()
            assert chain(open_desk.orders.trail())[1] is not None
            db.execute("DELETE FROM trail")
            db.execute("INSERT INTO trail SELECT * FROM kept")
            db.commit()
            db.execute("DROP TABLE kept")
    assert chain(open_desk.orders.trail()) == (last, None)


def test_what_is_delivered_is_for_who_knows_the_address(open_desk, tmp_path):
    work = shipping(open_desk, tmp_path / "out")
    order = open_desk.place(PARTNER, "x", ids(open_desk, "vol-ortho"), purpose="étude")
    work.work()
    served = Starlette(routes=list(routes(open_desk.orders, tmp_path / "out")))

    here = f"/commandes/{order.id}/{order.secret}/"
    (part,) = ask_app(served, [f"{here}vol-ortho/a.tif"], headers={"Range": "bytes=0-4"})
    page, wrong, other, up = ask_app(
        served,
        [
            here,
            f"/commandes/{order.id}/x/",
            f"/commandes/nothing/{order.secret}/",
            f"{here}..%2f..%2forders.db",
        ],
    )
    assert "vol-ortho/a.tif" in page.text
    assert (part.status_code, part.content) == (206, b"ortho")
    assert part.headers["cache-control"] == "private, no-store"
    assert {answer.status_code for answer in (wrong, other, up)} == {404}
    assert wrong.json()["detail"] == other.json()["detail"]


def test_a_letter_says_where_and_until_when(open_desk, tmp_path):
    order = open_desk.place(PARTNER, "x", ids(open_desk, "vol-ortho"), purpose="étude", email="a@b.fr")
    (done,) = shipping(open_desk, tmp_path).work()
    told = letter(done, "https://x/1/2/", "pcrs@lot.fr", "TE46")
    assert told["To"] == "a@b.fr"
    text = told.get_content()
    assert "https://x/1/2/" in text
    assert done.expires[:10] in text
    assert order.secret not in text


def test_the_commands_and_the_processes(made):
    run = CliRunner()
    where = ["--site", str(made.root)]
    told = json.loads(
        run.invoke(app, ["order", "estimate", "--chantier", "vol-cliches", "--json", *where]).stdout
    )
    assert told["bytes"] == 5000
    costs = json.loads(run.invoke(app, ["cost", "--json", *where]).stdout)["lines"]
    tape = {
        one["chantier"]: (one["place"], one["class"], one["bytes"])
        for one in costs
        if one["tier"] == "définitif"
    }
    assert tape["vol-cliches"] == ("bande", "cold", 5000)
    placed = run.invoke(
        app, ["order", "create", "--chantier", "vol-cliches", "--purpose", "étude", "--json", *where]
    )
    identifier = json.loads(placed.stdout)["order:id"]
    assert (
        json.loads(run.invoke(app, ["order", "approve", identifier, "--json", *where]).stdout)["order:status"]
        == "pending"
    )
    (moved,) = json.loads(run.invoke(app, ["order", "run", "--json", *where]).stdout)
    assert moved["order:status"] == "succeeded"
    assert f"/commandes/{identifier}/" in moved["href"]
    assert run.invoke(app, ["order", "log", *where]).exit_code == 0
    edited = "UPDATE trail SET actor = ? WHERE seq = 2"
    for actor, code, said in (
        ("personne", 1, "la chaîne est rompue à la ligne 2"),
        ("opérateur", 0, "somme"),
    ):
        with closing(sqlite3.connect(made.orders_file)) as db, db:
            db.execute(edited, (actor,))
        log = run.invoke(app, ["order", "log", *where])
        assert (log.exit_code, said in log.output) == (code, True)
    with closing(Tokens(made.tokens_file)) as tokens:
        shown = {r: tokens.create(Scope("x", r), now="2026-11-28")[1] for r in ("partenaire",)}
    served = create_app(made, load(made.settings_file), "http://pcrs.test")
    with desk(made, load(made.settings_file)) as open_:
        objects = ids(open_, "vol-ortho")

    def execute(process, token, **inputs):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        path = f"/ogcapi/processes/{process}/execution"
        (answer,) = ask_app(
            served, [path], "POST", json={"inputs": {"objets": objects, **inputs}}, headers=headers
        )
        return answer

    assert execute("devis", None).status_code == 401
    assert execute("devis", shown["partenaire"]).json()["octets"] == 3000
    ordered = execute("commande", shown["partenaire"], motif="étude").json()
    assert ordered["order:status"] == "pending"
    served.recorder.close()
