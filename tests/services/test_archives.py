"""Objects of the archive as users find them: a layer of the OGC API, a STAC item each, a picture."""

from contextlib import closing
from types import SimpleNamespace

import pystac
import pytest

from pcrs.archiving import catalogue, thumbnails_of
from pcrs.assembly import features_of
from pcrs.serve import archives
from pcrs.settings import load
from pcrs.store.base import Query
from pcrs.work.custody.projection import project_objects
from tests.archives import X, Y, custody, make_sip, put_away, two_folders
from tests.services.asking import ask


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """Routes over a site with archived objects, and its store."""
    root = tmp_path_factory.mktemp("archives")
    site = two_folders(root)
    put_away(site, make_sip(root / "sip", cliches=2))
    settings = load(site.settings_file)
    with custody(site) as held:
        assert catalogue(held, site, settings) == 17
    with closing(features_of(site, settings)) as store:
        served = SimpleNamespace(public_url="https://pcrs.test/lot", departement="46", store=store)
        yield archives.routes(served, thumbnails_of(site)), store, site


def test_objects_are_rows_of_a_layer(shown):
    _, store, site = shown
    rows = {row.values["nom"]: row for row in store.query("archives", Query()).rows}
    cliche = rows["clichés/cliche_0001.tif"]
    assert cliche.geometry.bounds == (X + 9.5, Y - 0.5, X + 10.5, Y + 0.5)
    assert cliche.values["type"] == "cliche"
    assert cliche.values["lieux"] == ["bande", "nas"]
    assert cliche.values["disponibilite"] == "commande"
    assert rows["notes.bin"].geometry is None
    with custody(site) as held:
        assert project_objects(held, store) == 0  # nothing has changed
        one = held.inventory.object(cliche.id)
        held.inventory.mark([("nas", held.inventory.copies(one.id)[1].key)], "altérée", held.now())
        assert project_objects(held, store) == 1
    assert store.get("archives", cliche.id).values["lieux"] == ["bande"]


def test_an_object_is_a_stac_item_with_storage_order_and_checksum(shown):
    routes, store, _ = shown
    row = next(row for row in store.query("archives", Query()).rows if row.values["type"] == "nuage")
    answer = ask(routes, f"/archives/{row.id}")
    assert answer.status_code == 200
    item = pystac.Item.from_dict(answer.json())
    assert item.properties["order:status"] == "orderable"
    assert set(item.properties["storage:schemes"]) == {"bande", "nas"}
    data = item.assets["data"].extra_fields
    assert data["file:checksum"] == f"1220{row.values['sha256']}"
    assert data["file:size"] == row.values["octets"]
    assert data["storage:refs"] == ["bande", "nas"]
    assert 1.4 < item.bbox[0] < 1.5
    assert 44.4 < item.bbox[1] < 44.5
    again = ask(routes, f"/archives/{row.id}", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


def test_pictures(shown):
    routes, store, _ = shown
    rows = {row.values["nom"]: row for row in store.query("archives", Query()).rows}
    path = rows["clichés/cliche_0000.tif"].values["vignette"]
    answer = ask(routes, f"/{path}")
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.content.startswith(b"\xff\xd8")
    assert rows["notes.bin"].values["vignette"] is None


@pytest.mark.parametrize(
    "path", ["/archives/nothing", "/archives/../x/vignette.jpg", "/archives/" + "0" * 24 + "/vignette.jpg"]
)
def test_what_is_not_there_is_a_problem(shown, path):
    assert ask(shown[0], path).status_code == 404
