"""A whole site with a dalle and two objects, one not open, whose processes are asked for."""

from contextlib import closing
from dataclasses import dataclass

import pytest

from pcrs.app import create_app
from pcrs.runner import run
from pcrs.settings import load
from pcrs.standard.names import format_name
from pcrs.store.tokens import Scope, Tokens
from pcrs.work.site import Site
from tests.cnig import arbre, document, mur
from tests.dalles import hm_name, make_dalle
from tests.services.asking import ask_app
from tests.sites import new_site, take

PUBLIC = "https://pcrs.test/lot"
NAME = hm_name()
EXTRACT = {
    "inputs": {"bbox": {"bbox": [576900, 6372900, 577100, 6373100], "crs": "EPSG:2154"}, "formats": ["gml"]}
}


@dataclass
class Running:
    app: object
    place: Site
    shown: dict[str, str]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    root = tmp_path_factory.mktemp("processes")
    make_dalle(root / "depot" / f"{format_name(NAME)}.tif", NAME, compress="deflate", tiled=True)
    (root / "depot" / "lot.gml").write_text(document(arbre("a1"), mur()), encoding="utf-8")
    made = new_site(root / "site")
    rules = '[access]\nlayers = { MurPCRS = "technique" }\n'
    text = made.settings_file.read_text(encoding="utf-8").replace("[access]\n", rules)
    made.settings_file.write_text(text, encoding="utf-8")
    take(made, root / "depot")
    with closing(Tokens(made.tokens_file)) as tokens:
        scopes = {role: Scope(role, role) for role in ("partenaire", "technique", "admin")}
        shown = {name: tokens.create(scope, now="2026-11-28")[1] for name, scope in scopes.items()}
    return Running(create_app(made, load(made.settings_file), PUBLIC), made, shown)


def ask(site, path, method="GET", *, token=None, headers=None, **options):
    bearer = {"Authorization": f"Bearer {site.shown[token]}"} if token else {}
    path = path.removeprefix(PUBLIC)
    return ask_app(site.app, [path], method, headers=(headers or {}) | bearer, **options)[0]


def execute(site, process, body, **options):
    return ask(site, f"/ogcapi/processes/{process}/execution", "POST", json=body, **options)


def done(site, answer, **options):
    """The results of a job, once the runner has done it."""
    assert answer.status_code == 201, answer.text
    run(site.place, idle_s=0.05)
    job = ask(site, answer.headers["location"], **options).json()
    assert job["status"] == "successful", job
    assert job["progress"] == 100
    return ask(site, f"{answer.headers['location']}/results", **options).json()
