"""CQL2 text and JSON: read, held against a layer, refused with the reason."""

import json

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from pcrs.errors import InputError
from pcrs.standard.crs import CRS84, L93, uri
from pcrs.store import cql2_json, cql2_text
from pcrs.store.filter_check import checked
from pcrs.store.filters import Box, Call, Instant, Interval, Property
from pcrs.store.gpkg_filter import glob
from tests.contracts.filter_contract import THINGS
from tests.contracts.store_stock import COVERS
from tests.filters import to_json, to_text, trees


@settings(max_examples=150, deadline=None)
@given(trees)
def test_what_is_written_is_read_back(tree):
    assert cql2_text.read(to_text(tree)) == tree
    assert cql2_json.read(json.dumps(to_json(tree))) == tree


A, ONE = Property("a"), Call("=", (Property("a"), 1))


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a=1", ONE),
        ("  ( a = 1 )\n", ONE),
        ("a=1 or a=1 and not a=1", Call("or", (ONE, Call("and", (ONE, Call("not", (ONE,))))))),
        ("NOT a=1 AND a=1", Call("and", (Call("not", (ONE,)), ONE))),
        ("a NOT LIKE 'x%'", Call("not", (Call("like", (A, "x%")),))),
        ("a Not In (1)", Call("not", (Call("in", (A, (1,))),))),
        ("a between 1 and 2 and a=1", Call("and", (Call("between", (A, 1, 2)), ONE))),
        ("a IS NOT NULL", Call("not", (Call("isnull", (A,)),))),
        ("'it''s' = a", Call("=", ("it's", A))),
        (r"a = 'it\'s'", Call("=", (A, "it's"))),
        ("a = -1.5e3", Call("=", (A, -1500.0))),
        ('"or" = true', Call("=", (Property("or"), True))),
        ('"a""b" <> 1', Call("<>", (Property('a"b'), 1))),
        ("bâti.niveau:1 = FALSE", Call("=", (Property("bâti.niveau:1"), False))),
        ("true", True),
        ("TRUE AND false", Call("and", (True, False))),
        ("casei(a) = CASEI('É')", Call("=", (Call("casei", (A,)), Call("casei", ("É",))))),
        ("a > DATE('2024-02-29')", Call(">", (A, Instant("2024-02-29")))),
        (
            "a = TIMESTAMP('2024-01-01T02:00:00+02:00')",
            Call("=", (A, Instant("2024-01-01T00:00:00.000Z"))),
        ),
        ("T_AFTER(a,b)", Call("t_after", (A, Property("b")))),
        (
            "T_DURING(a, INTERVAL('..','2024-01-01'))",
            Call("t_during", (A, Interval(None, Instant("2024-01-01")))),
        ),
        ("S_INTERSECTS(g, BBOX(1,2,-3,4))", Call("s_intersects", (Property("g"), Box((1, 2, -3, 4))))),
        ("S_WITHIN(g, POINT Z (1 2 3))", Call("s_within", (Property("g"), shapely.Point(1, 2, 3)))),
        ("S_WITHIN(POINT, POINT EMPTY)", Call("s_within", (Property("POINT"), shapely.Point()))),
        ("A_CONTAINS(l, ('a', 'b'))", Call("a_contains", (Property("l"), ("a", "b")))),
    ],
)
def test_text(text, tree):
    assert cql2_text.read(text) == tree


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the end"),
        ("a", "the end"),
        ("a =", "the end"),
        ("a == 1", "'='"),
        ("a = 1)", "')'"),
        ("(a = 1", "the end"),
        ("a = 'x", "not understood"),
        ("a = 1; DROP TABLE x", "not understood"),
        ("a = 1 -- x", "not understood"),
        ("a = 1 /* x */", "not understood"),
        ("a + 1 = 2", "not understood"),
        ("a = b = c", "'='"),
        ("a = 1x", "not understood"),
        ("sleep(5)", "sleep"),
        ("pg_sleep(5) = 1", "pg_sleep"),
        ("a IN 1", "'1'"),
        ("a LIKE", "the end"),
        ("AND", "'AND'"),
        ("a = DATE('2024-13-01')", "2024-13-01"),
        ("a = DATE('2024-01-01T00:00:00Z')", "DATE"),
        ("a = TIMESTAMP('2024-01-01')", "TIMESTAMP"),
        ("a = TIMESTAMP('0001-01-01T00:00:00+14:00')", "0001"),
        ("S_INTERSECTS(g, POINT(1 2)", "the end"),
        ("S_INTERSECTS(g, POLYGON((1 2, 3 4)", "not closed"),
        ("S_INTERSECTS(g, POINT(1))", "no geometry"),
        ("S_INTERSECTS(g, BBOX(1,2,3))", "four"),
        ("S_INTERSECTS(g)", "where , is"),
        ("(" * 60 + "a=1" + ")" * 60, "nested"),
        ("NOT " * 5000 + "a=1", "nested"),
        ("a = " + "casei(" * 60 + "'x'" + ")" * 60, "nested"),
        ("(" * 20000, "nested"),
    ],
)
def test_what_is_no_text_is_refused_with_its_place(text, words):
    with pytest.raises(InputError, match="filter") as refused:
        cql2_text.read(text)
    assert words in str(refused.value)
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "null", "[null]", '{"op":"="}', '{"op":"=","args":1}', '{"op":"pg_sleep","args":[1]}'),
        *('{"op":1,"args":[]}', '{"property":1}', '{"a":1}', '{"date":"hier"}', '{"timestamp":3}'),
        *('{"interval":["..",3]}', '{"interval":[]}', '{"bbox":[1,2]}', '{"bbox":[1,2,"3",4]}', "NaN"),
        *('{"type":"Point","coordinates":[1]}', '{"type":"Polygon","coordinates":[[[1,2],[3,4]]]}'),
        "[" * 100_000,
        '{"op":"not","args":[' * 300 + "true" + "]}" * 300,
        "1" * 5000,
    ],
)
def test_what_is_no_json_filter_is_refused(text):
    with pytest.raises(InputError, match="filter"):
        checked(cql2_json.read(text), THINGS, CRS84)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            "a texte = <> ( ) , ' \" AND OR NOT IN LIKE IS NULL BETWEEN S_WITHIN( geometry POINT( 1 -2.5e9 "
            "x'' 'é' BBOX( T_AFTER( jour DATE( '2024-01-01' INTERVAL( '..' A_EQUALS( liste CASEI( ;".split()
        ),
        max_size=14,
    ).map(" ".join)
)
def test_whatever_is_written_is_a_filter_or_refused(text):
    for read in (cql2_text.read, cql2_json.read):
        try:
            checked(read(text), THINGS, CRS84)
        except InputError:
            continue


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("couleur = 'rouge'", "couleur"),
        ("fid = 1", "fid"),
        ("geom IS NULL", "geom"),
        ('"texte"" = 1 --" = 1', "no property"),
        ("texte = 1", "a text"),
        ("rang = '1'", "a number"),
        ("rang = TRUE", "a number"),
        ("visible = 1", "true or false"),
        ("texte = rang", "a text"),
        ("jour > 'hier'", "hier"),
        ("rang BETWEEN 'a' AND 'b'", "a number"),
        ("texte IN ('a', 1)", "a text"),
        ("texte IN ()", "list"),
        ("liste = 'a'", "list"),
        ("geometry = 'a'", "geometry"),
        ("rang LIKE 'a'", "a text"),
        ("texte LIKE autre", "pattern"),
        ("CASEI(rang) = 'a'", "a text"),
        ("rang = 1e999", "finite"),
        ("texte = 'a\x00'", "NUL"),
        ("S_WITHIN(texte, POINT(1 2))", "geometry"),
        ("S_WITHIN(geometry, geometry)", "a geometry"),
        ("S_WITHIN(geometry, POLYGON((0 0, 1 1, 1 0, 0 1, 0 0)))", "not valid"),
        ("S_WITHIN(geometry, POINT(1e999 0))", "finite"),
        ("S_WITHIN(geometry, BBOX(0, 5, 1, 4))", "lower corner"),
        ("T_AFTER(rang, DATE('2024-01-01'))", "a date"),
        ("T_DURING(jour, INTERVAL('2024-02-01', '2024-01-01'))", "before it begins"),
        ("T_DURING(jour, INTERVAL(rang, '2024-01-01'))", "a date"),
        ("A_CONTAINS(texte, ('a'))", "list"),
        ("A_CONTAINS(liste, (1))", "a text"),
    ],
)
def test_what_a_layer_does_not_have_is_refused(text, words):
    with pytest.raises(InputError) as refused:
        checked(cql2_text.read(text), THINGS, CRS84)
    assert words in str(refused.value)


def test_a_layer_without_geometry_has_none_to_ask():
    with pytest.raises(InputError, match="geometry"):
        checked(cql2_text.read("S_INTERSECTS(geometry, POINT(1 2))"), COVERS, CRS84)


def test_a_text_may_write_a_date_and_the_geometry_may_stand_first():
    (_, written) = checked(cql2_text.read("jour > '2024-01-01'"), THINGS, CRS84).root.args
    assert written == Instant("2024-01-01")
    found = checked(cql2_text.read("S_WITHIN(POINT(5 6), geometry)"), THINGS, uri(L93)).root
    assert (found.op, found.args) == ("s_contains", (Property("geometry"), shapely.Point(5, 6)))


@pytest.mark.parametrize(
    ("pattern", "written"),
    [("a%_", "a*?"), (r"\%\_\\", "%_\\"), ("[*?]", "[[][*][?]]"), ("\\", "\\"), ("", "")],
)
def test_patterns(pattern, written):
    assert glob(pattern) == written
