"""Fields by their names, and their values: checked and made SQL on the way in, and back."""

import json
import math
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

import orjson

from pcrs.errors import InputError
from pcrs.standard.fields import Field, Kind
from pcrs.store.base import Layer

_INT64 = 2**63
_JSON = json.JSONEncoder(ensure_ascii=False, allow_nan=False)


def _integer(value: Any) -> int:
    number = int(value)
    if isinstance(value, float) and value != number:
        raise ValueError("not whole")
    if not -_INT64 <= number < _INT64:
        raise ValueError("more than 64 bits")
    return number


def _number(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("not finite")
    return number


def _date(value: Any) -> str:
    if isinstance(value, datetime):
        return value.date().isoformat()
    return (value if isinstance(value, date) else date.fromisoformat(str(value)[:10])).isoformat()


def _datetime(value: Any) -> str:
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return moment.isoformat(timespec="milliseconds") + "Z"


def _boolean(value: Any) -> int:
    words = {"true": 1, "1": 1, "false": 0, "0": 0}
    text = str(value).strip().lower()
    if text not in words:
        raise ValueError("neither true nor false")
    return words[text]


def _list(value: Any) -> str:
    if isinstance(value, str | bytes) or not hasattr(value, "__iter__"):
        raise TypeError("not a list")
    return _JSON.encode(list(value))


_TO_SQL: Mapping[Kind, Callable[[Any], str | int | float]] = {
    "string": str,
    "integer": _integer,
    "number": _number,
    "date": _date,
    "datetime": _datetime,
    "boolean": _boolean,
    "list": _list,
}


def to_sql(layer: Layer, field: Field, value: Any) -> str | int | float | None:
    """The value as SQL stores it; dates become ISO 8601, moments UTC, lists JSON.

    Raises:
        InputError: the value is not of the field's kind.
    """
    if value is None:
        return None
    try:
        return _TO_SQL[field.kind](value)
    except (ValueError, TypeError, OverflowError) as error:
        raise InputError(
            f"layer {layer.name}, field {field.name}: {value!r} is no {field.kind} ({error})"
        ) from error


class Reader:
    """Makes records of SQL the values of a layer's fields again: lists are lists, booleans are booleans."""

    def __init__(self, layer: Layer) -> None:
        self._names = [field.name for field in layer.fields]
        self._made = [
            (field.name, _FROM_SQL[field.kind]) for field in layer.fields if field.kind in _FROM_SQL
        ]

    def values(self, record: Iterable[Any]) -> dict[str, Any]:
        """The values by name of one record, which has the fields in their order."""
        found = dict(zip(self._names, record, strict=True))
        for name, make in self._made:
            value = found[name]
            if value is not None:
                found[name] = make(value)
        return found


_FROM_SQL: Mapping[Kind, Callable[[Any], Any]] = {"list": orjson.loads, "boolean": bool}


def column_to_sql(layer: Layer, field: Field, values: list[Any]) -> list[Any]:
    """Many values of a field as `to_sql` makes them.

    Raises:
        InputError: as `to_sql`.
    """
    kinds = set(map(type, values))
    if kinds <= _NOTHING or (field.kind == "string" and kinds <= _TEXTS):
        return values
    if field.kind == "integer" and kinds <= _INTEGERS:
        numbers = set(values) - {None}
        if not numbers or (-_INT64 <= min(numbers) and max(numbers) < _INT64):
            return values
    if kinds <= _TEXTS:
        made = {value: to_sql(layer, field, value) for value in set(values)}
        return [made[value] for value in values]
    return [to_sql(layer, field, value) for value in values]


_NOTHING = {type(None)}
_TEXTS = {str, type(None)}
_INTEGERS = {int, type(None)}


def field_of(layer: Layer, name: str) -> Field:
    """The field of that name; InputError when there is none."""
    field = layer.field(name)
    if field is None:
        known = ", ".join(field.name for field in layer.fields)
        raise InputError(f"layer {layer.name} has no field {name!r}; it has {known}")
    return field


def moment_of(text: str) -> str:
    """A bound in UTC: a day, or a moment to the millisecond."""
    try:
        if len(text) == len("2025-06-01"):
            return date.fromisoformat(text).isoformat()
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"{text!r} is neither a date nor a moment of ISO 8601") from error
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return moment.isoformat(timespec="milliseconds")
