"""The decision itself, the token of a request, and the addresses of an answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import box

from pcrs.errors import InputError
from pcrs.serve.access.hrefs import Hrefs
from pcrs.serve.access.shown import token_of
from pcrs.standard.crs import BBox
from pcrs.work.access import LOWEST, Ask, Principal, Role, Rules, decide, role

RULES = Rules({"ortho": Role.PARTENAIRE, "vecteur": Role.TECHNIQUE, "ArbrePCRS": Role.APLC})


@pytest.mark.parametrize("who", Role)
@pytest.mark.parametrize("action", LOWEST)
def test_an_action_has_a_lowest_role(who, action):
    assert decide(Principal(who, "t"), Ask(action), Rules()).allowed is (who >= LOWEST[action])


@pytest.mark.parametrize(
    ("layer", "lowest"),
    [
        ("dalles", Role.PUBLIC),
        ("communes", Role.PUBLIC),
        ("archives", Role.TECHNIQUE),
        ("ortho", Role.PARTENAIRE),
        ("MurPCRS", Role.TECHNIQUE),
        ("vecteur", Role.APLC),
        ("ArbrePCRS", Role.APLC),
    ],
)
@pytest.mark.parametrize("who", Role)
def test_a_layer_has_a_lowest_role(who, layer, lowest):
    assert decide(Principal(who, "t"), Ask(layers=frozenset({layer})), RULES).allowed is (who >= lowest)


@pytest.mark.parametrize("layer", ["ortho", "dalles", "communes", "archives"])
def test_a_layer_that_is_no_class_closes_itself_alone(layer):
    rules = Rules({layer: Role.APLC})
    assert not decide(Principal(), Ask(layers=frozenset({layer})), rules).allowed
    for other in {"vecteur", "ArbrePCRS", "ortho", "dalles", "communes", "archives"} - {layer}:
        assert decide(Principal(), Ask(layers=frozenset({other})), rules).allowed


def test_what_is_open_is_open_to_a_token_of_another_scope():
    narrow = Principal(Role.PARTENAIRE, "t", frozenset({"ortho"}), box(0, 0, 1, 1))
    assert decide(narrow, Ask(layers=frozenset({"dalles"}), box=BBox(5, 5, 6, 6)), RULES).allowed


@pytest.mark.parametrize(
    ("spread", "where", "allowed"),
    [
        ("touches", BBox(9, 9, 11, 11), True),
        ("touches", BBox(11, 11, 12, 12), False),
        ("within", BBox(1, 1, 9, 9), True),
        ("within", BBox(9, 9, 11, 11), False),
        ("within", None, False),
        ("touches", None, True),
    ],
)
def test_an_area(spread, where, allowed):
    who = Principal(Role.PARTENAIRE, "t", None, box(0, 0, 10, 10))
    decision = decide(who, Ask(layers=frozenset({"ortho"}), box=where, spread=spread), RULES)
    assert decision.allowed is allowed
    if allowed:
        assert decision.area == who.area


def test_roles_have_the_names_that_people_write():
    assert [role(text) for text in ("public", "Partenaire", "technique", "aplc", " admin ")] == list(Role)
    with pytest.raises(InputError, match="expected one of public, partenaire, technique, APLC, admin"):
        role("root")


def scope(query=b"", *headers):
    return {"query_string": query, "headers": list(headers)}


@given(st.lists(st.sampled_from([b"a=1", b"apikey=x", b"APIKEY=y", b"b", b"", b"x=apikey", b"apikey"])))
def test_the_token_leaves_the_address(parts):
    _, token, left = token_of(scope(b"&".join(parts)))
    assert b"apikey=" not in left["query_string"].lower().replace(b"x=apikey", b"")
    keys = [part for part in parts if part.lower().startswith(b"apikey=")]
    assert token == (keys[0][7:].decode() if keys else None)
    assert [p for p in left["query_string"].split(b"&") if p] == [p for p in parts if p and p not in keys]


def test_the_token_of_a_header():
    assert token_of(scope(b"", (b"authorization", b"bEaReR  abc ")))[0] == "abc"
    assert token_of(scope(b"", (b"authorization", b"Basic abc")))[0] is None


@pytest.mark.parametrize(
    ("media_type", "before", "after"),
    [
        ("application/json", '"https://a.fr/p/x?f=json"', '"https://a.fr/p/x?f=json&apikey=T"'),
        ("application/json", '"https://a.fr/p"', '"https://a.fr/p?apikey=T"'),
        ("text/xml", '"https://a.fr/p/wmts?"', '"https://a.fr/p/wmts?apikey=T&amp;"'),
        ("text/xml", "<a>https://a.fr/p/x?b=1&amp;</a>", "<a>https://a.fr/p/x?b=1&amp;apikey=T&amp;</a>"),
        ("text/xml", "'https://a.fr/p/{TileRow}.jpeg'", "'https://a.fr/p/{TileRow}.jpeg?apikey=T'"),
        ("text/html", '"https://a.fr/p/x#here"', '"https://a.fr/p/x?apikey=T#here"'),
        ("text/xml", '"https://a.fr/p/id/dataset/x"', '"https://a.fr/p/id/dataset/x"'),
        ("text/xml", '"https://a.fr/pcrs/x" "https://b.fr/p/x"', '"https://a.fr/pcrs/x" "https://b.fr/p/x"'),
    ],
)
def test_addresses_with_a_token(media_type, before, after):
    made = Hrefs("https://a.fr/p").with_token(before.encode(), media_type, "T")
    assert made.decode() == after
