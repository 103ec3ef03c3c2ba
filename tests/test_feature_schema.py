"""The JSON types of fields: each its own, whatever is written into another's."""

from pcrs.serve.feature_schema import json_type
from pcrs.standard.fields import Field


def test_a_role_given_to_one_list_is_not_given_to_all():
    links, words = json_type(Field("pointLeve", "list")), json_type(Field("motsCles", "list"))
    links["items"]["x-ogc-role"] = "reference"
    assert words == json_type(Field("autres", "list")) == {"type": "array", "items": {"type": "string"}}
