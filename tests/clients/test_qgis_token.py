"""A site that is not open, in QGIS: a token in the address is all that a user gives, and all it takes."""

from contextlib import closing

import pytest

from pcrs.standard.names import format_name
from pcrs.store.tokens import Scope, Tokens
from tests.clients.qgis_asked import qgis_told
from tests.cnig import arbre, document
from tests.dalles import hm_name, make_dalle
from tests.serving import serving
from tests.sites import new_site, take

NAME = hm_name()


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What a user of QGIS who has a token sees of a site of which mosaic and trees are for partners."""
    folder = tmp_path_factory.mktemp("qgis-token")
    (folder / "depot").mkdir()
    make_dalle(folder / "depot" / f"{format_name(NAME)}.tif", NAME, compress="deflate", tiled=True)
    (folder / "depot" / "lot.gml").write_text(document(arbre("a1"), arbre("a2")), encoding="utf-8")
    site = new_site(folder / "site")
    text = site.settings_file.read_text(encoding="utf-8")
    rules = '[access]\nlayers = { ortho = "partenaire", ArbrePCRS = "partenaire" }\n'
    site.settings_file.write_text(text.replace("[access]\n", rules), encoding="utf-8")
    take(site, folder / "depot")
    with closing(Tokens(site.tokens_file)) as tokens:
        _, token = tokens.create(Scope("QGIS", "partenaire"), now="2026-11-29")
    box = (NAME.x_m + 20, NAME.y_m - 80, NAME.x_m + 80, NAME.y_m - 20)
    with serving(site.root) as url:
        seen = qgis_told("qgis_token.py", folder, url, token, *box, needs="qgis.gui, owslib")
    return seen | {"token": token}


def test_metasearch_searches_the_catalogue(told):
    assert not [one for one in told["said"] if "rror" in one], told["said"]
    assert len(told["records"]) >= 4


def test_every_service_that_metasearch_finds_has_the_token(told):
    links = {services[key] for services in told["records"].values() for key in services if key != "title"}
    assert links
    assert [link for link in links if told["token"] not in link] == []


def test_the_wmts_draws_with_the_token_and_not_without(told):
    assert told["given"]["valid"], told["given"]
    assert told["given"]["errors"] == []
    assert told["given"]["colours"] > 100
    assert told["without"].get("colours", 0) <= 1


def test_what_metasearch_adds_is_drawn(told):
    assert told["found"]
    assert {title: one for title, one in told["found"].items() if one.get("colours", 0) <= 100} == {}


def test_objects_are_walked_page_by_page(told):
    assert told["trees"] == 2
