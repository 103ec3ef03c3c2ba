"""What a CQL2 filter says, as a tree: frozen values that can be compared and remembered.

`cql2_text` and `cql2_json` read it, `filter_check` holds it against a layer, `filter_sql` makes SQL of it.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime

from shapely.geometry.base import BaseGeometry

from pcrs.errors import InputError

MAX_DEPTH = 40
"""Conditions and functions within each other."""
MAX_COORDINATES = 10_000
GEOMETRY = "geometry"
"""The name under which filters speak of an object's geometry."""

COMPARISONS = ("=", "<>", "<", ">", "<=", ">=")
FOLDS = ("casei", "accenti")
SPATIAL = (
    *("s_intersects", "s_equals", "s_disjoint", "s_touches"),
    *("s_within", "s_overlaps", "s_crosses", "s_contains"),
)
TEMPORAL = (
    *(
        "t_after",
        "t_before",
        "t_contains",
        "t_disjoint",
        "t_during",
        "t_equals",
        "t_finishedby",
        "t_finishes",
    ),
    *("t_intersects", "t_meets", "t_metby", "t_overlappedby", "t_overlaps", "t_startedby", "t_starts"),
)
ARRAYS = ("a_equals", "a_contains", "a_containedby", "a_overlaps")
LOGIC = ("and", "or", "not")
OPERATORS = (*LOGIC, *COMPARISONS, "like", "between", "in", "isnull", *FOLDS, *SPATIAL, *TEMPORAL, *ARRAYS)


@dataclass(frozen=True, slots=True)
class Property:
    """A field by its name, or `geometry`."""

    name: str


@dataclass(frozen=True, slots=True)
class Instant:
    """A day (`2025-06-01`) or a moment of UTC to the millisecond (`2025-06-01T12:00:00.000Z`)."""

    text: str

    @property
    def is_day(self) -> bool:
        """True for a day."""
        return len(self.text) == len("2025-06-01")


@dataclass(frozen=True, slots=True)
class Interval:
    """From an instant to another, both included; None is open."""

    start: "Instant | Property | None"
    end: "Instant | Property | None"


@dataclass(frozen=True, slots=True)
class Box:
    """Four or six numbers, in the axis order of the filter's CRS."""

    numbers: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """An operator or a function with its arguments, its name in lower case as CQL2 JSON has it."""

    op: str
    args: "tuple[Expression, ...]"


type Expression = (
    Call | Property | Instant | Interval | Box | BaseGeometry | str | float | bool | tuple["Expression", ...]
)
"""A tuple is a list of values: the right side of `in`, or an array."""


@dataclass(frozen=True, slots=True)
class Filter:
    """A tree that `filter_check.checked` has held against a layer; its geometries are in EPSG:2154.

    A spatial operator has the property first, then a geometry, or None where nothing can be met.
    """

    root: Expression


_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)


def instant(text: str) -> Instant:
    """The instant that `text` writes: a day, or a moment with its offset from UTC (RFC 3339).

    Raises:
        InputError: it is neither.
    """
    try:
        if _DAY.fullmatch(text):
            return Instant(date.fromisoformat(text).isoformat())
        if _MOMENT.fullmatch(text):
            moment = datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)
            return Instant(moment.isoformat(timespec="milliseconds") + "Z")
    except (ValueError, OverflowError):
        pass
    raise InputError(f"filter: {text!r} is neither a date (2025-06-01) nor a moment (2025-06-01T12:00:00Z)")


def day(text: str) -> Instant:
    """The same, of a day alone."""
    found = instant(text)
    if not found.is_day:
        raise InputError(f"filter: DATE({text!r}): expected a date, like 2025-06-01")
    return found


def moment(text: str) -> Instant:
    """The same, of a moment alone."""
    found = instant(text)
    if found.is_day:
        raise InputError(f"filter: TIMESTAMP({text!r}): expected a moment, like 2025-06-01T12:00:00Z")
    return found
