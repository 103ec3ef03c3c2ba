"""Objects of the archive as users find them: a layer of the OGC API, a STAC item each, a picture."""

from contextlib import closing
from types import SimpleNamespace

import pystac
import pytest
from pystac.validation import validate_dict
from starlette.routing import Mount

from pcrs.archiving import catalogue, thumbnails_of
from pcrs.assembly import features_of
from pcrs.serve import archives
from pcrs.serve.access.asking import asks
from pcrs.serve.stac import StacApi
from pcrs.settings import load
from pcrs.store.base import Query
from pcrs.work.custody.projection import project_objects
from pcrs.work.layers import DALLES
from pcrs.work.project import row_of
from tests.archives import X, Y, custody, make_sip, put_away, two_folders
from tests.services.asking import PUBLIC, ask, served_by
from tests.services.features_api import get, told
from tests.services.test_stac import COLLECTION, dalle


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


@pytest.fixture(scope="module")
def api(shown, tmp_path_factory):
    """The STAC API of the same store, which holds 25 dalles too."""
    _, store, _ = shown
    with store.transaction():
        store.ensure(DALLES)
        store.put("dalles", [row_of(dalle(n), "46") for n in range(25)])
    served = served_by(tmp_path_factory.mktemp("served"), lambda _edition: None, store=store)
    return [Mount("", app=StacApi(served))]


def test_objects_are_a_collection_of_the_stac_api(api):
    collections = {one["id"]: one for one in told(api, "/stac/collections")["collections"]}
    assert list(collections) == [COLLECTION, "archives"]
    validate_dict(collections["archives"], extensions=[])
    assert told(api, "/stac/collections/archives") == collections["archives"]
    items = told(api, "/stac/collections/archives/items", limit=100)
    assert (items["numberMatched"], len(items["features"])) == (17, 17)
    for item in items["features"]:
        validate_dict(item, extensions=[])
        assert item["collection"] == "archives"
    one = items["features"][3]
    assert told(api, f"/stac/collections/archives/items/{one['id']}") == one
    assert get(api, f"/stac/collections/{COLLECTION}/items/{one['id']}").status_code == 404


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("limit", [5, 25, 40, 100])
def test_a_search_goes_on_from_collection_to_collection(api, method, limit):
    seen, path, body = [], "/stac/search", {"limit": limit}
    if method == "GET":
        path += f"?limit={limit}"
    while path:
        page = get(api, path, method, **({"json": body} if method == "POST" else {})).json()
        assert page["numberMatched"] == 42
        assert page["features"]
        seen += [(one["collection"], one["id"]) for one in page["features"]]
        following = next((each for each in page["links"] if each["rel"] == "next"), None)
        path, body = (
            (following["href"].removeprefix(PUBLIC), following.get("body")) if following else ("", {})
        )
    assert len(seen) == len(set(seen)) == 42
    assert [name for name, _ in seen] == [COLLECTION] * 25 + ["archives"] * 17


def test_objects_are_found_by_collection_name_and_place(api, shown):
    _, store, _ = shown
    rows = {row.values["nom"]: row for row in store.query("archives", Query()).rows}
    cloud = rows["lidar/0576_6373.laz"]

    def found(**said):
        return {one["id"] for one in told(api, "/stac/search", limit=100, **said)["features"]}

    assert found(collections="archives") == {row.id for row in rows.values()}
    assert found(ids=f"{cloud.id},{dalle(3).stem}") == {cloud.id, dalle(3).stem}
    assert found(ids=cloud.id, bbox="1,44,2,45") == {cloud.id}
    assert found(ids=cloud.id, bbox="3,44,4,45") == set()
    assert cloud.id in found(collections="archives", bbox="1.4,44.4,1.5,44.5")
    assert found(collections="archives", bbox="3,44,4,45") == set()


@pytest.mark.parametrize(
    "path", ["/archives/nothing", "/archives/../x/vignette.jpg", "/archives/" + "0" * 24 + "/vignette.jpg"]
)
def test_what_is_not_there_is_a_problem(shown, path):
    assert ask(shown[0], path).status_code == 404


@pytest.mark.parametrize(
    ("path", "query", "layers"),
    [
        ("/stac/collections/archives/items", "", {"archives"}),
        (f"/stac/collections/{COLLECTION}/items", "", {"dalles"}),
        ("/stac/search", "", {"dalles", "archives"}),
        ("/stac/search", "collections=archives", {"archives"}),
        ("/stac/search", f"collections={COLLECTION}", {"dalles"}),
        ("/stac/search", f"collections={COLLECTION},archives", {"dalles", "archives"}),
        ("/archives/x", "", {"archives"}),
    ],
)
def test_what_may_be_closed_is_asked_for(path, query, layers):
    scope = {"type": "http", "method": "GET", "path": path, "query_string": query.encode(), "headers": []}
    assert asks(scope).layers == layers
