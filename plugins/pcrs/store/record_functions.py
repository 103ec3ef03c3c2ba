"""What catalogue filters call in SQLite; `sql/records.sql` has it for PostgreSQL, by the same names."""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from pcrs.standard.folding import folded

MICRO = 1_000_000
"""Units of a record's box in one degree."""
_WRITTEN = re.compile(r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,2})?\s*", re.ASCII)
_RELATIONS: Mapping[str, Callable[[BaseGeometry, BaseGeometry], bool]] = {
    name: getattr(shapely, name)
    for name in ("contains", "crosses", "disjoint", "equals", "intersects", "overlaps", "touches", "within")
}
RELATIONS = frozenset({*_RELATIONS, "dwithin", "beyond"})
"""What `pcrs_meets` can be asked, in EPSG:4326: a box of a record, then a shape; reach in degrees."""


def register(connection: Any) -> None:
    """The functions are known to a connection of `sqlite3`."""
    connection.create_function("pcrs_fold", 1, _fold, deterministic=True)
    connection.create_function("pcrs_number", 1, _number, deterministic=True)
    connection.create_function("pcrs_lists", 2, _lists, deterministic=True)
    connection.create_function("pcrs_meets", 7, _meets, deterministic=True)


def _fold(text: str | None) -> str | None:
    return None if text is None else folded(text)


def _number(text: str | None) -> float | None:
    return float(text) if text is not None and _WRITTEN.fullmatch(text) else None


def _lists(text: str | None, word: str) -> bool | None:
    return None if text is None else word in text.split(",")


def _meets(*given: Any) -> bool | None:
    west, south, east, north, shape, relation, reach = given
    if west is None:
        return None
    here = shapely.box(west / MICRO, south / MICRO, east / MICRO, north / MICRO)
    there = _shape(shape)
    if relation in _RELATIONS:
        return bool(_RELATIONS[relation](here, there))
    distance = float(shapely.distance(here, there))
    return bool(distance <= reach if relation == "dwithin" else distance > reach)


@lru_cache(maxsize=8)
def _shape(wkt: str) -> BaseGeometry:
    return shapely.from_wkt(wkt)
