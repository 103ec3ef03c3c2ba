"""The predicates of CQL2's own abstract tests (OGC 21-065r2, annex A), each with how many objects it finds.

Natural Earth's places, countries and rivers (public domain) are the standard's test data. They lie all over
the world, our stores in Lambert-93: degrees are drawn as kilometres around a point of it, in data and
predicates alike, which no relation minds. The box that crosses the antimeridian is left out.
"""

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from shapely.geometry import shape

from pcrs.errors import InputError
from pcrs.serve.ogcapi_documents import CONFORMANCE
from pcrs.store import cql2_text
from pcrs.store.base import Field, Layer, Query
from pcrs.store.filter_check import checked
from pcrs.store.filters import Box, Call, Property
from pcrs.store.geopackage import GeoPackage
from pcrs.store.postgis import PostGis

GOLDEN = Path(__file__).with_name("golden") / "cql2"
PREDICATES = [
    line.split("\t") for line in (GOLDEN / "predicates.tsv").read_text(encoding="utf-8").splitlines()
]
_KINDS = dict.fromkeys(("POP_EST", "pop_max", "pop_min", "pop_other"), "integer")
_KINDS |= {"date": "date", "boolean": "boolean", "start": "datetime", "end": "datetime"}
_PLACE = ("name", "nameascii", "pop_max", "pop_min", "pop_other", "date", "start", "end", "boolean")
LAYERS = {
    "ne_110m_admin_0_countries": ("MultiSurface", ("NAME", "POP_EST")),
    "ne_110m_populated_places_simple": ("Point", _PLACE),
    "ne_110m_rivers_lake_centerlines": ("Curve", ("name",)),
}
CROSSES_ANTIMERIDIAN = "BBOX(150,-90,-150,90)"
NOT_DONE = {"arithmetic"}
ERRATA = {
    "ACCENTI(name) LIKE accenti('Ch%')": 3,
    "ACCENTI(CASEI(name)) LIKE accenti(casei('Chiș%'))": 1,
    "ACCENTI(CASEI(name)) LIKE accenti(casei('cHis%'))": 1,
}
"""What the standard's data have where its table says 2: Chengdu, Chicago, Chișinău."""


def drawn(points: np.ndarray) -> np.ndarray:
    """Degrees as kilometres around a point in the middle of France."""
    return points * 1000 + (700_000, 6_600_000)


def layer_of(name: str) -> Layer:
    geometry, names = LAYERS[name]
    fields = tuple(Field(each, _KINDS.get(each, "string")) for each in names)
    return Layer(name, name, geometry, (Field("id", "string"), *fields), "id", None)


def rows_of(name: str, rows: list[Any]):
    for n, (geometry, values) in enumerate(rows):
        yield f"{name}.{n}", shapely.transform(shape(geometry), drawn), values


@pytest.fixture(scope="module", params=["gpkg", "postgis"])
def store(request, tmp_path_factory):
    if request.param == "gpkg":
        store: Any = GeoPackage(tmp_path_factory.mktemp("cql2") / "world.gpkg")
    else:
        store = PostGis(request.getfixturevalue("postgres").url("cql2"))
    with store.transaction():
        for name, rows in json.loads(
            gzip.decompress((GOLDEN / "natural_earth.json.gz").read_bytes())
        ).items():
            store.ensure(layer_of(name))
            store.put(name, rows_of(name, rows))
    yield store
    store.close()


def moved(node: Any) -> Any:
    """The predicate with its geometries drawn as the data are, and our name for the geometry."""
    match node:
        case Call(op, args):
            return Call(op, tuple(map(moved, args)))
        case Property("geom"):
            return Property("geometry")
        case Box(numbers):
            return Box(tuple(drawn(np.array(numbers).reshape(2, 2)).ravel().tolist()))
        case tuple():
            return tuple(map(moved, node))
        case shapely.Geometry():
            return shapely.transform(node, drawn)
    return node


@pytest.mark.parametrize("class_", sorted({class_ for class_, *_ in PREDICATES} - NOT_DONE))
def test_predicates_find_what_the_standard_says(store, class_):
    wrong = {}
    for of_class, name, predicate, number in PREDICATES:
        if of_class != class_ or CROSSES_ANTIMERIDIAN in predicate:
            continue
        found = checked(moved(cql2_text.read(predicate)), layer_of(name), "EPSG:2154")
        counted = store.count(name, Query(filter=found))
        if counted != ERRATA.get(predicate, int(number)):
            wrong[predicate] = (counted, number)
    assert wrong == {}


def test_what_is_not_done_is_refused():
    for class_, name, predicate, _ in PREDICATES:
        if class_ in NOT_DONE:
            with pytest.raises(InputError):
                checked(moved(cql2_text.read(predicate)), layer_of(name), "EPSG:2154")


def test_what_passes_is_what_is_declared():
    declared = {each.rpartition("/")[2] for each in CONFORMANCE if "/cql2/" in each}
    told = declared - {"cql2-text", "cql2-json", "array-functions"}  # the last has no predicate there
    assert told == {class_ for class_, *_ in PREDICATES} - NOT_DONE


VALUES = ("'foo'", "true", "3.14", "1", "TIMESTAMP('2022-04-14T14:48:46Z')", "DATE('2022-04-14')")
SIDES = [(value, value) for value in VALUES] + [(name, name) for name in _PLACE]
_BY_KIND = {"string": "'foo'", "integer": "1", "boolean": "true", "date": VALUES[5], "datetime": VALUES[4]}


def count(store, text):
    places = "ne_110m_populated_places_simple"
    return store.count(places, Query(filter=checked(cql2_text.read(text), layer_of(places), "EPSG:2154")))


def test_the_same_on_both_sides_is_equal_and_neither_less_nor_more(store):
    for left, right in SIDES:
        left, right = (f'"{side}"' if side in _PLACE else side for side in (left, right))
        assert [count(store, f"{left} {sign} {right}") for sign in ("<>", "<", ">")] == [0, 0, 0], left
        assert len({count(store, f"{left} {sign} {right}") for sign in ("=", "<=", ">=")}) == 1, left


def test_a_value_before_a_property_says_the_same_turned_round(store):
    for name in _PLACE:
        value = _BY_KIND[_KINDS.get(name, "string")]
        for sign, turned in (("=", "="), ("<>", "<>"), ("<", ">"), (">=", "<=")):
            assert count(store, f'{value} {sign} "{name}"') == count(store, f'"{name}" {turned} {value}')
        for one, other in (("=", "<>"), (">", "<="), ("<", ">=")):
            assert count(store, f'{value} {one} "{name}" AND {value} {other} "{name}"') == 0, name
