"""Signalements: handed in, looked at, followed up, taken back, forgotten."""

import asyncio
import base64
import io
import json
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from shapely import box
from typer.testing import CliRunner

from pcrs.app import create_app
from pcrs.cli import app
from pcrs.errors import ConflictError, InputError, TooLargeError
from pcrs.settings import load
from pcrs.signalling import counter
from pcrs.standard.crs import BBox
from pcrs.store import open_store
from pcrs.store.tokens import Scope, Tokens
from pcrs.work.layers import COMMUNES
from pcrs.work.signalements import CATEGORIES, cell_of, cleaned, updates
from tests.sites import new_site

PLACE = (576_950.0, 6_372_950.0)
TEXT = "Le trottoir a été refait."


@pytest.fixture
def site(tmp_path):
    made = new_site(tmp_path / "site")
    with closing(open_store(made.features_url)) as store, store.transaction():
        store.ensure(COMMUNES)
        store.put("communes", [("46042", box(570_000, 6_370_000, 580_000, 6_380_000), {"nom": "Cahors"})])
    return made


@pytest.fixture
def desk(site):
    settings = load(site.settings_file)
    with closing(open_store(site.features_url)) as store:
        opened = counter(site, settings, store)
        with closing(opened.store):
            yield opened


def photo(kind="JPEG", size=(3000, 2000)):
    pixels = np.full((size[1], size[0], 3), (90, 140, 60), np.uint8)
    pixels[:, : size[0] // 2] = 200
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010F] = "SECRETPHONE"
    exif[0x0112] = 6
    Image.fromarray(pixels).save(out, kind, exif=exif)
    return out.getvalue()


@given(st.integers(0, 1_300_000), st.integers(6_000_001, 7_200_000))
def test_a_cell_holds_its_place(x, y):
    west, north = (int(part) * 100 for part in cell_of(x, y).split("-"))
    assert west <= x < west + 200
    assert north - 200 < y <= north or y == north - 200
    assert west % 200 == north % 200 == 0


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_keeps_its_picture_alone(kind):
    made = cleaned(photo(kind))
    assert b"SECRETPHONE" not in made
    with Image.open(io.BytesIO(made)) as opened:
        assert opened.format == "JPEG"
        assert not opened.getexif()
        assert opened.size == (1365, 2048)  # upright, and no larger


@pytest.mark.parametrize(
    "wrong", [b"GIF89a" + b"0" * 100, b"<svg/>", b"\xff\xd8\xff" + b"x" * 50, b"%PDF-1.4"]
)
def test_what_is_no_photo_is_refused(wrong):
    with pytest.raises(InputError, match="JPEG, PNG or WebP"):
        cleaned(wrong)


def test_a_signalement_goes_its_way_and_its_author_is_forgotten(desk):
    taken, key = desk.hand_in(
        "voirie", TEXT, PLACE, sender="1.2.3.4", contact="a@b.fr", photo=photo(size=(40, 30))
    )
    assert taken.said.cell == "05768-63730"
    assert desk.photo(taken.id).is_file()
    assert desk.store.opens(taken.id, key)
    assert not desk.store.opens(taken.id, "x")
    assert not desk.store.opens("nothing", "")
    for state in ("vérifié", "planifié", "intégré"):
        moved = desk.move(taken.id, state, f"{state} !")
    assert [step.state for step in moved.steps] == ["reçu", "vérifié", "planifié", "intégré"]
    assert moved.said.contact == ""
    with pytest.raises(ConflictError, match="nothing may come next"):
        desk.move(taken.id, "vérifié", "")
    later = replace(desk, clock=lambda: datetime.now(UTC) + timedelta(days=731))
    assert desk.forget() == 0
    assert later.forget() == 1
    assert not desk.photo(taken.id).exists()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"category": "x"}, "expected one of voirie"),
        ({"text": "ah"}, "5 to 2000"),
        ({"text": "x" * 2001}, "5 to 2000"),
        ({"text": "http://a http://b www.c"}, "links"),
        ({"place": (0.0, 0.0)}, "hors du territoire"),
        ({"contact": "a@b>"}, "courriel"),
    ],
)
def test_what_cannot_be_taken_says_why(desk, changes, told):
    given = {"category": "voirie", "text": TEXT, "place": PLACE, "sender": "x"} | changes
    with pytest.raises(InputError, match=told):
        desk.hand_in(**given)


def test_one_sender_and_the_whole_desk_are_not_flooded(desk):
    for _ in range(10):
        desk.hand_in("voirie", TEXT, PLACE, sender="1.2.3.4")
    with pytest.raises(TooLargeError, match="par heure"):
        desk.hand_in("voirie", TEXT, PLACE, sender="1.2.3.4")
    desk.hand_in("voirie", TEXT, PLACE, sender="5.6.7.8")
    full = replace(desk, terms=replace(desk.terms, waiting=11))
    with pytest.raises(TooLargeError, match="attendent"):
        full.hand_in("voirie", TEXT, PLACE, sender="9.9.9.9")
    assert b"1.2.3.4" not in desk.store._connections.path.read_bytes()


def test_the_update_list_gathers_cells(desk):
    for x in (0, 10, 300):
        desk.hand_in("voirie", TEXT, (PLACE[0] + x, PLACE[1]), sender=str(x))
    desk.hand_in("image", TEXT, PLACE, sender="z")
    (first, second) = updates(desk.store.all())
    assert first == (
        "05768-63730",
        BBox(576_800, 6_372_800, 577_000, 6_373_000),
        3,
        {"image": 1, "voirie": 2},
    )
    assert second[0] == "05772-63730"


def ask(served, method, path, *, token=None, **options):
    async def _ask():
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app=served), base_url="http://x"
        ) as client:
            return await client.request(method, path, headers=headers, **options)

    return asyncio.run(_ask())


def test_over_http(site):
    with closing(Tokens(site.tokens_file)) as tokens:
        shown = {r: tokens.create(Scope("x", r), now="2026-11-28")[1] for r in ("partenaire", "technique")}
    served = create_app(site, load(site.settings_file), "http://pcrs.test")
    body = {
        "categorie": "affleurant",
        "texte": TEXT,
        "position": list(PLACE),
        "crs": "EPSG:2154",
        "courriel": "a@b.fr",
        "photo": "data:image/jpeg;base64," + base64.b64encode(photo(size=(40, 30))).decode(),
    }
    made = ask(served, "POST", "/signalements", json=body)
    assert made.status_code == 201, made.text
    here = made.headers["location"].removeprefix("http://pcrs.test")
    public = ask(served, "GET", here).json()["properties"]
    assert (public["etat"], public["texte"], public["photo"]) == ("reçu", None, None)
    assert "courriel" not in public
    assert ask(served, "GET", f"{here}/photo").status_code == 404
    assert ask(served, "GET", "/signalements").json()["features"] == []
    step = {"etat": "vérifié", "note": "vu sur place"}
    assert ask(served, "POST", f"{here}/suite", json=step).status_code == 401
    assert ask(served, "POST", f"{here}/suite", json=step, token=shown["partenaire"]).status_code == 403
    moved = ask(served, "POST", f"{here}/suite", json=step, token=shown["technique"])
    assert moved.json()["properties"]["courriel"] == "a@b.fr"
    (feature,) = ask(served, "GET", "/signalements").json()["features"]
    assert feature["properties"]["texte"] == TEXT
    assert feature["properties"]["suite"][-1]["note"] == "vu sur place"
    assert "a@b.fr" not in json.dumps(feature)
    assert ask(served, "GET", f"{here}/photo").headers["content-type"] == "image/jpeg"
    assert ask(served, "DELETE", here, params={"cle": "x"}).status_code == 403
    assert ask(served, "DELETE", here, params={"cle": made.json()["cle"]}).status_code == 204
    assert ask(served, "GET", here).status_code == 404
    for wrong in (b"", b"[]", b'{"position": [1]}', b'{"x": 1}', b"[" * 50_000):
        assert ask(served, "POST", "/signalements", content=wrong).status_code == 400
    trap = ask(served, "POST", "/signalements", json=body | {"site_web": "http://spam"})
    assert trap.status_code == 201
    assert ask(served, "GET", "/signalements", token=shown["technique"]).json()["features"] == []
    served.recorder.close()


def test_the_commands(site, desk):
    taken, _ = desk.hand_in("voirie", TEXT, PLACE, sender="x", contact="a@b.fr")
    where = ["--site", str(site.root)]
    run = CliRunner()
    assert (
        run.invoke(app, ["signalement", "follow", taken.id, "vérifié", "--note", "vu", *where]).exit_code == 0
    )
    table = site.root / "maj.csv"
    told = json.loads(
        run.invoke(app, ["signalement", "updates", "--json", "--csv", str(table), *where]).stdout
    )
    assert told[0]["maille"] == "05768-63730"
    assert len(table.read_text(encoding="utf-8-sig").splitlines()[0].split(";")) == 6 + len(CATEGORIES)
    assert (
        json.loads(run.invoke(app, ["signalement", "export", "a@b.fr", *where]).stdout)[0]["id"] == taken.id
    )
    assert "1 signalements" in run.invoke(app, ["signalement", "forget", "--email", "a@b.fr", *where]).stdout
    assert json.loads(run.invoke(app, ["signalement", "list", "--json", *where]).stdout) == []
