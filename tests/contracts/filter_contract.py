"""What a CQL2 filter must select, whatever the engine. A backend proves itself with a fixture `store`."""

from collections.abc import Iterator

import pytest
import shapely
from hypothesis import example, given, settings

from pcrs.standard.crs import CRS84, L93, transform_geometry, uri
from pcrs.standard.fields import Field
from pcrs.store import cql2_text
from pcrs.store.base import FeatureStore, Layer, Query
from pcrs.store.filter_check import checked
from pcrs.store.filters import Call, Instant, Property
from tests.contracts import OF_A_CONTRACT
from tests.filters import DAYS, MOMENTS, TEXTS, X0, Y0, holds, trees

THINGS = Layer(
    "ObjetGeneriquePCRS",
    "Objet générique",
    "Any",
    (
        Field("gml_id", "string"),
        Field("texte", "string"),
        Field("autre", "string"),
        Field("rang", "integer"),
        Field("hauteur", "number"),
        Field("jour", "date"),
        Field("vu", "datetime"),
        Field("visible", "boolean"),
        Field("liste", "list"),
    ),
    "gml_id",
    "jour",
)


def _turn(values, n):
    """A value for that row, one row in four having none."""
    return None if n % 4 == 3 else values[n % len(values)]


def thing(n):
    """The object of that number: points, lines and polygons within a few metres, values from short lists."""
    x, y = X0 + n % 11, Y0 + (3 * n) % 7
    shapes = (
        shapely.Point(x, y),
        shapely.LineString([(x, y, 1), (x + 3, y + 4, 2)]),
        shapely.box(x, y, x + 2, y + 2),
        None,
        shapely.Polygon([(x, y), (x + 2, y + 2), (x + 2, y), (x, y + 2)]),  # crosses itself
    )
    values = {
        "texte": _turn(TEXTS, n),
        "autre": _turn(TEXTS[::-1], n + 1),
        "rang": _turn(range(-3, 4), n),
        "hauteur": _turn((0.5, -1.25, 3.0, 1e300), n + 2),
        "jour": _turn(DAYS, n),
        "vu": _turn(MOMENTS, n + 1),
        "visible": _turn((True, False, True), n),
        "liste": _turn((["a"], ["a", "b"], [], ["c"]), n + 2),
    }
    return f"t{n}", shapes[n % 5 if n % 10 != 4 else 0], values


class FilterContract:
    @pytest.fixture
    def store(self) -> Iterator[FeatureStore]:
        raise NotImplementedError

    @pytest.fixture
    def things(self, store: FeatureStore) -> FeatureStore:
        store.ensure(THINGS)
        store.put(THINGS.name, [thing(n) for n in range(60) if n % 10 != 9])
        return store

    def selected(self, store: FeatureStore, text: str, crs: str = uri(L93), **more: object) -> list[str]:
        query = Query(filter=checked(cql2_text.read(text), THINGS, crs), **more)
        return [row.id for row in store.query(THINGS.name, query).rows]

    @settings(max_examples=100, deadline=None, suppress_health_check=OF_A_CONTRACT)
    @given(tree=trees)
    @example(tree=Call("t_during", (Property("vu"), Instant("2024-01-01"))))
    @example(tree=Call("not", (Call("in", (Property("texte"), ("a", Property("autre")))),)))
    def test_what_is_selected_is_what_plain_python_says(self, things, tree):
        rows = things.query(THINGS.name, Query()).rows
        query = Query(filter=checked(tree, THINGS, uri(L93)))
        expected = [row.id for row in rows if holds(tree, row)]
        found = things.query(THINGS.name, query)
        assert [row.id for row in found.rows] == expected
        assert things.count(THINGS.name, query) == len(expected)

    def test_a_filter_goes_with_all_else(self, things):
        region = shapely.box(X0, Y0, X0 + 5, Y0 + 5)
        text = "rang >= 0 AND NOT texte LIKE 'a%'"
        rows = things.query(THINGS.name, Query(within=region)).rows
        expected = [row.id for row in rows if holds(cql2_text.read(text), row)]
        assert len(expected) > 2
        assert self.selected(things, text, within=region) == expected
        assert self.selected(things, text, within=region, limit=2, offset=1) == expected[1:3]
        assert sorted(self.selected(things, text, within=region, sort=(("rang", False),))) == sorted(expected)
        first = things.query(THINGS.name, Query(limit=2)).next_after
        assert self.selected(things, "TRUE", limit=3, after=first) == self.selected(
            things, "TRUE", limit=3, offset=2
        )

    def test_coordinates_are_those_of_the_crs(self, things):
        point = "S_INTERSECTS(geometry, POINT({} {}))"
        here = shapely.Point(X0, Y0)
        place = transform_geometry(here, L93, 4326)
        near = "S_INTERSECTS(geometry, BBOX({}, {}, {}, {}))"
        box = (place.x - 1e-7, place.y - 1e-7, place.x + 1e-7, place.y + 1e-7)
        turned = (box[1], box[0], box[3], box[2])
        expected = self.selected(things, point.format(X0, Y0))
        assert expected
        assert self.selected(things, near.format(*box), CRS84) == expected
        assert self.selected(things, near.format(*turned), uri(4326)) == expected
        far = self.selected(things, "S_DISJOINT(geometry, POINT(100 10))", CRS84, limit=100)
        assert len(far) == things.count(THINGS.name, Query(filter=checked(Call("not", (
            Call("isnull", (Property("geometry"),)),)), THINGS, CRS84)))  # fmt: skip
        assert self.selected(things, "S_INTERSECTS(geometry, POINT(100 10))", CRS84) == []

    @pytest.mark.parametrize("text", TEXTS)
    def test_quotes_and_signs_are_letters(self, things, text):
        written = text.replace("'", "''")
        expected = [f"t{n}" for n in range(60) if n % 10 != 9 and thing(n)[2]["texte"] == text]
        assert self.selected(things, f"texte = '{written}'") == expected
