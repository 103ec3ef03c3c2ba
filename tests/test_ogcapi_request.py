"""Requests judged before pygeoapi sees them."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from pcrs.errors import InputError
from pcrs.serve.ogcapi_request import COMMON, ITEMS, check, read
from pcrs.standard.crs import uri

ALLOWED = {*ITEMS, "datetime", "typeMur"}


def asked(query: str = "", **headers: str):
    raw = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    return read(Request({"type": "http", "query_string": query.encode(), "headers": raw}))


@pytest.mark.parametrize(
    ("query", "accept", "expected"),
    [
        ("", "", "json"),
        ("", "*/*", "json"),
        ("", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "html"),
        ("", "application/geo+json, text/html;q=0.5", "json"),
        ("", "application/geo+json, application/json", "json"),
        ("", "text/html, application/json", "json"),
        ("", "text/*;q=0.9, application/json;q=0.1", "html"),
        ("", "image/png", "json"),
        ("", "text/html;q=abc, ;;, q=1", "json"),
        ("", "text/html;q=", "json"),
        ("f=html", "application/json", "html"),
        ("f=json", "text/html", "json"),
    ],
)
def test_the_representation(query, accept, expected):
    assert asked(query, accept=accept).format == expected


@pytest.mark.parametrize(
    ("query", "accept", "expected"),
    [
        ("", "", "fr"),
        ("", "en", "en"),
        ("", "en-GB,en;q=0.9,fr;q=0.8", "en"),
        ("", "fr-FR,fr;q=0.9,en;q=0.8", "fr"),
        ("", "de, en;q=0.3", "en"),
        ("", "*", "fr"),
        ("", "en;q=0", "fr"),
        ("", "en;q=9e9", "fr"),
        ("lang=en", "fr", "en"),
        ("lang=en-US", "", "en"),
        ("lang=de", "en", "fr"),
    ],
)
def test_the_language(query, accept, expected):
    assert asked(query, accept_language=accept).language == expected


@pytest.mark.parametrize("query", ["f=jsonld", "f=", "f=JSON", "lang=", "lang=%00", "lang=en;q=1", "a=1&a=2"])
def test_requests_that_cannot_be_read(query):
    with pytest.raises(InputError):
        asked(query)


@pytest.mark.parametrize(
    "params",
    [
        {"limit": "1"},
        {"limit": "999999999999999999"},
        {"offset": "0"},
        {"bbox": "1,44,2,45"},
        {"bbox": "1.5,44,-10,2,45,10"},
        {"bbox": "-1e2,44, 2,45"},
        {"bbox": "170,-10,-170,10"},
        {"bbox": "44,170,45,-170", "bbox-crs": uri(4326)},
        {"bbox": "5e5,6e6,6e5,7e6", "bbox-crs": uri(2154)},
        {"skipGeometry": "true", "resulttype": "hits", "sortby": "-rang,typeMur", "properties": "a,b"},
        {"typeMur": "n'importe quoi", "apikey": "secret"},
    ],
)
def test_parameters_that_are_fine(params):
    check(params, ALLOWED)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "-1"}, "limit"),
        ({"limit": "1.0"}, "limit"),
        ({"limit": "true"}, "limit"),
        ({"limit": "1" * 19}, "limit"),
        ({"offset": "-1"}, "offset"),
        ({"offset": "x"}, "offset"),
        ({"offset": ""}, "offset"),
        ({"bbox": ""}, "bbox"),
        ({"bbox": "1,2,3"}, "bbox"),
        ({"bbox": "1,2,3,4,5"}, "bbox"),
        ({"bbox": "1,2,nan,4"}, "bbox"),
        ({"bbox": "1,2,inf,4"}, "bbox"),
        ({"bbox": "1,2,1e999,4"}, "bbox"),
        ({"bbox": "a,b,c,d"}, "bbox"),
        ({"bbox": "1,45,2,44"}, "lower corner"),
        ({"bbox": "1,44,9,2,45,3"}, "lower corner"),
        ({"bbox": "45,1,44,2", "bbox-crs": uri(4326)}, "lower corner"),
        ({"bbox": "6e5,6e6,5e5,7e6", "bbox-crs": uri(2154)}, "lower corner"),
        ({"bbox": "1,2,3,4", "bbox-crs": "n'importe"}, "CRS"),
        ({"bbox-crs": uri(2154)}, "without a bbox"),
        ({"skipGeometry": "maybe"}, "skipGeometry"),
        ({"resulttype": "everything"}, "resulttype"),
        ({"sortby": "a,,b"}, "sortby"),
        ({"properties": ""}, "properties"),
        ({"filtre": "a=1"}, "'filtre' is not one of this resource"),
        ({"embed": "yes"}, "embed"),
        ({"Limit": "1"}, "did you mean 'limit'"),
        ({"typemur": "1"}, "did you mean 'typeMur'"),
    ],
)
def test_parameters_that_are_not(params, words):
    with pytest.raises(InputError, match=words):
        check(params, ALLOWED)


@given(st.dictionaries(st.sampled_from(sorted(ALLOWED)), st.text(max_size=20), max_size=4))
def test_whatever_is_given_is_taken_or_refused(params):
    with suppress(InputError):
        check(params, ALLOWED)


@given(st.text(alphabet=st.characters(max_codepoint=255), max_size=40))
def test_whatever_the_headers_say_is_a_choice(header):
    choice = asked(accept=header, accept_language=header)
    assert choice.format in ("json", "html")
    assert choice.language in ("fr", "en")


def test_every_resource_knows_the_common_parameters():
    check({"f": "json", "lang": "fr", "apikey": "x"}, COMMON)
    with pytest.raises(InputError):
        check({"limit": "1"}, COMMON)
