"""The STAC API of the running demo, by pystac-client, and by the schemas of the extensions that it names."""

import json

import pytest
from jsonschema import Draft7Validator
from pystac.validation import validate_dict
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7

from tests.clients.judges import judge

pystac_client = pytest.importorskip("pystac_client", reason="pystac-client is not installed")

COLLECTION = "PCRS_D046_RVB-0M05"


@pytest.fixture(scope="module")
def client(demo_url):
    return pystac_client.Client.open(f"{demo_url}/stac")


def test_what_is_declared_is_what_the_client_knows(client):
    for name in ("CORE", "COLLECTIONS", "FEATURES", "ITEM_SEARCH"):
        assert client.conforms_to(name)
    assert [each.id for each in client.get_collections()] == [COLLECTION]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_every_dalle_is_found_once_over_pages(client, method):
    search = client.search(method=method, collections=[COLLECTION], limit=7)
    items = list(search.items())
    assert len(items) == search.matched() == len({item.id for item in items}) > 14
    for item in items[:5]:
        validate_dict(item.to_dict(), extensions=[])


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_dalles_are_found_by_place_date_and_name(client, method):
    (one,) = client.search(method=method, max_items=1).items()
    here = {"type": "Point", "coordinates": [sum(one.bbox[::2]) / 2, sum(one.bbox[1::2]) / 2]}
    assert [item.id for item in client.search(method=method, intersects=here).items()] == [one.id]
    assert [item.id for item in client.search(method=method, ids=[one.id]).items()] == [one.id]
    day = one.properties["datetime"][:10]
    found = client.search(method=method, bbox=one.bbox, datetime=day).items()
    assert one.id in [item.id for item in found]
    assert list(client.search(method=method, datetime="1999-01-01/1999-12-31").items()) == []
    assert list(client.search(method=method, bbox=[3, 45, 4, 46]).items()) == []


def test_items_of_a_collection_can_be_walked(client):
    collection = client.get_collection(COLLECTION)
    validate_dict(collection.to_dict(), extensions=[])
    first = next(iter(collection.get_items()))
    assert collection.get_item(first.id).assets["data"].href == first.assets["data"].href


def test_items_keep_to_the_extensions_that_they_name(client):
    folder = judge("stac-extensions")

    def retrieve(uri: str) -> Resource:
        """What the extensions refer to outside themselves is the core, held against elsewhere."""
        return Resource.from_contents({}, default_specification=DRAFT7)

    (item,) = client.search(max_items=1).items()
    collection = client.get_collection(COLLECTION)
    for document in (item.to_dict(), collection.to_dict()):
        assert document["stac_extensions"]
        for uri in document["stac_extensions"]:
            file = folder / uri.split("/")[3] / "schema.json"
            schema = json.loads(file.read_text())
            assert schema["$id"].rstrip("#") == uri
            Draft7Validator(schema, registry=Registry(retrieve=retrieve)).validate(document)
