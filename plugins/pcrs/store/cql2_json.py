"""CQL2 JSON (OGC 21-065) as a tree."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from pcrs.errors import InputError
from pcrs.store.filters import (
    MAX_COORDINATES,
    MAX_DEPTH,
    OPERATORS,
    Box,
    Call,
    Expression,
    Instant,
    Interval,
    Property,
    day,
    instant,
    moment,
)

_SHAPES = (
    *("Point", "LineString", "Polygon", "GeometryCollection"),
    *("MultiPoint", "MultiLineString", "MultiPolygon"),
)
_KNOWN = "op, property, date, timestamp, interval, bbox or a GeoJSON geometry"


def read(text: str) -> Expression:
    """The tree of a filter; names and values are not held against any layer yet.

    Raises:
        InputError: it is no CQL2 JSON.
    """
    try:
        document = json.loads(text, parse_constant=_no_number)
    except RecursionError:
        raise InputError(f"filter: nested deeper than {MAX_DEPTH}") from None
    except ValueError as error:
        raise InputError(f"filter: this is no JSON: {error}") from error
    return _expression(document, 0)


def _no_number(word: str) -> float:
    raise InputError(f"filter: {word} is no number of JSON")


def _expression(value: Any, depth: int) -> Expression:
    if depth > MAX_DEPTH:
        raise InputError(f"filter: nested deeper than {MAX_DEPTH}")
    if isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, list):
        return tuple(_expression(each, depth + 1) for each in value)
    if not isinstance(value, dict):
        raise InputError(f"filter: {_shown(value)} stands where a value or a condition is expected")
    if "op" in value:
        return _call(value, depth)
    if value.get("type") in _SHAPES:
        return _geometry(value)
    for key, reader in _READERS.items():
        if key in value:
            return reader(value[key])
    raise InputError(f"filter: {_shown(value)} is none of {_KNOWN}")


def _call(value: Mapping[str, Any], depth: int) -> Call:
    op, args = value["op"], value.get("args")
    if not isinstance(op, str) or op.lower() not in OPERATORS:
        raise InputError(f"filter: there is no operator {_shown(op)}")
    if not isinstance(args, list):
        raise InputError(f"filter: {op} has no list of args")
    return Call(op.lower(), tuple(_expression(each, depth + 1) for each in args))


def _property(name: Any) -> Property:
    return Property(_text(name))


def _interval(bounds: Any) -> Interval:
    if not isinstance(bounds, list) or len(bounds) != 2:
        raise InputError(f"filter: interval {_shown(bounds)} needs two bounds")
    return Interval(_bound(bounds[0]), _bound(bounds[1]))


def _bound(bound: Any) -> Instant | Property | None:
    if bound == "..":
        return None
    if isinstance(bound, str):
        return instant(bound)
    found = _expression(bound, 0)
    if not isinstance(found, Instant | Property):
        raise InputError(f"filter: {_shown(bound)} is no bound of an interval")
    return found


def _box(numbers: Any) -> Box:
    whole = isinstance(numbers, list) and len(numbers) in (4, 6)
    if not whole or not all(isinstance(n, int | float) and not isinstance(n, bool) for n in numbers):
        raise InputError(f"filter: bbox {_shown(numbers)} needs four numbers, or six with heights")
    return Box(tuple(numbers))


def _geometry(value: Mapping[str, Any]) -> BaseGeometry:
    text = json.dumps(value)
    if text.count(",") > 3 * MAX_COORDINATES:
        raise InputError(f"filter: a geometry has more than {MAX_COORDINATES} coordinates")
    try:
        with np.errstate(over="ignore"):
            return shapely.from_geojson(text)
    except shapely.errors.GEOSException as error:
        raise InputError(f"filter: {text[:40]}… is no geometry: {error}") from error


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise InputError(f"filter: {_shown(value)} stands where a text is expected")
    return value


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)[:60]


_READERS: Mapping[str, Callable[[Any], Expression]] = {
    "property": _property,
    "date": lambda value: day(_text(value)),
    "timestamp": lambda value: moment(_text(value)),
    "interval": _interval,
    "bbox": _box,
}
