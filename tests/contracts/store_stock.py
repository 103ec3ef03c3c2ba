"""Layers and rows that the contracts of a FeatureStore are run on, and ways to ask for them."""

import threading
from collections.abc import Iterator

import pytest
import shapely

from pcrs.standard.fields import Field
from pcrs.store.base import FeatureStore, Layer, Query

WALLS = Layer(
    "MurPCRS",
    "Mur",
    "Curve",
    (
        Field("gml_id", "string", "Identifiant"),
        Field("typeMur", "string", "Type de mur", {"01": "Mur", "02": "Muret"}),
        Field("dateLeve", "date", "Date du levé"),
        Field("pointLeve", "list", "Points levés"),
        Field("hauteur", "number"),
        Field("rang", "integer"),
        Field("visible", "boolean"),
    ),
    "gml_id",
    "dateLeve",
)
POINTS = Layer(
    "PointLevePCRS",
    "Point levé",
    "Point",
    (Field("gml_id", "string"), Field("horodatage", "datetime")),
    "gml_id",
    "horodatage",
)
COVERS = Layer(
    "AffleurantPCRS", "Affleurant", None, (Field("gml_id", "string"), Field("nature", "string")), "gml_id"
)
X0, Y0 = 560_000.0, 6_370_000.0


def wall(number: int, **values: object) -> tuple[str, shapely.LineString, dict[str, object]]:
    """The wall of that number: 10 m long, from (X0 + 100 number, Y0) north-eastwards, at 150 m."""
    x = X0 + 100 * number
    return f"w{number}", shapely.LineString([(x, Y0, 150), (x + 6, Y0 + 8, 151.5)]), values


class StockedStore:
    """A fixture `store`, and the same with ten walls in it."""

    @pytest.fixture
    def store(self) -> Iterator[FeatureStore]:
        raise NotImplementedError

    @pytest.fixture
    def walls(self, store: FeatureStore) -> FeatureStore:
        store.ensure(WALLS)
        store.put("MurPCRS", [wall(n, rang=n, typeMur=f"0{n % 3}") for n in range(10)])
        return store

    def ids(self, store: FeatureStore, query: Query, name: str = "MurPCRS") -> list[str]:
        return [row.id for row in store.query(name, query).rows]

    def every_id(self, store: FeatureStore, query: Query, name: str = "MurPCRS") -> list[str]:
        found: list[str] = []
        after: int | None = None
        while True:
            page = store.query(name, Query(**{**fields_of(query), "after": after}))
            found += [row.id for row in page.rows]
            if page.next_after is None:
                return found
            assert page.more
            after = page.next_after


def fields_of(query: Query) -> dict[str, object]:
    return {name: getattr(query, name) for name in Query.__slots__}


def in_background(call):
    thread = threading.Thread(target=call)
    thread.start()
    return thread


def in_another_thread(call):
    found = []
    in_background(lambda: found.append(call())).join()
    return found[0]
