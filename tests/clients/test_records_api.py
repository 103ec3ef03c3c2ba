"""OGC API Records of the running demo: OWSLib's client, and the standard's own schema."""

import json

import httpx
import pytest
import yaml
from jsonschema import Draft7Validator
from owslib.ogcapi.records import Records
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7

from tests.clients.judges import judge
from tests.patience import PATIENCE_S


@pytest.fixture(scope="module")
def client(demo_url):
    return Records(f"{demo_url}/ogcapi")


def test_owslib_finds_the_catalogue_and_searches_it(client):
    assert client.records() == ["catalogue"]
    found = client.collection_items("catalogue", q="orthophotographie", type="dataset", limit=1)
    assert found["numberMatched"] == 2
    assert found["numberReturned"] == 1
    record = client.collection_item("catalogue", "PCRS_D046_RVB-0M05")
    assert record["properties"]["title"].startswith("Plan Corps de Rue Simplifié")


def test_identifiers_answer_with_the_record_of_what_they_name(demo_url, client):
    for record in client.collection_items("catalogue", limit=100)["features"]:
        (identifier,) = record["properties"]["externalIds"]
        answer = httpx.get(identifier["value"], follow_redirects=True, timeout=PATIENCE_S)
        assert [each.status_code for each in answer.history] == [303]
        assert f"<gco:CharacterString>{record['id']}</gco:CharacterString>" in answer.text


def in_json_schema(said):
    """OpenAPI's `nullable` in the words of JSON Schema."""
    if isinstance(said, list):
        return [in_json_schema(each) for each in said]
    if not isinstance(said, dict):
        return said
    told = {name: in_json_schema(value) for name, value in said.items()}
    return {"anyOf": [{"type": "null"}, told]} if told.get("nullable") is True else told


def test_records_keep_to_the_schema_of_the_standard(demo_url):
    """What is on the network (geometries of GeoJSON) is taken as it comes.

    The schemas write what may be null as "any object, or this", one of which both are.
    """
    folder = judge("ogcapi-records") / "core" / "openapi" / "schemas"

    def retrieve(uri: str) -> Resource:
        file = folder / uri.rpartition("/")[2]
        text = file.read_text().replace("oneOf:", "anyOf:") if file.is_file() else "{}"
        content = in_json_schema(yaml.safe_load(text))
        return Resource.from_contents(content, default_specification=DRAFT7)

    schema = {"$ref": "https://records.example/recordGeoJSON.yaml"}
    validator = Draft7Validator(schema, registry=Registry(retrieve=retrieve))
    records = httpx.get(
        f"{demo_url}/ogcapi/collections/catalogue/items?limit=100", timeout=PATIENCE_S
    ).json()["features"]
    assert len(records) == 8
    for record in records:
        wrong = [json.dumps(list(error.path)) + error.message for error in validator.iter_errors(record)]
        assert wrong == [], record["id"]
