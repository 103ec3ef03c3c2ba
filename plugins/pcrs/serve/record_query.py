"""What a request for records asks, and which records it is answered with."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from pcrs.errors import InputError
from pcrs.publish.entry import Entry
from pcrs.publish.record_geojson import moment_of
from pcrs.serve.entries import Held
from pcrs.serve.feature_query import interval
from pcrs.standard.crs import CRS84
from pcrs.standard.folding import folded
from pcrs.standard.regions import box_region

PARAMETERS = ("bbox", "datetime", "q", "type", "ids", "externalIds", "sortby", "limit", "offset")
DEFAULT, MOST = 10, 1000
"""Records of a page."""
SORTED: Mapping[str, Callable[[Entry], str]] = {
    "id": lambda entry: entry.identifier,
    "title": lambda entry: folded(entry.title),
    "type": lambda entry: entry.level,
    "created": lambda entry: moment_of(entry.published),
    "updated": lambda entry: moment_of(entry.stamped),
}
"""Properties that records can be sorted by."""


@dataclass(frozen=True, slots=True)
class RecordsAsked:
    """A page of records, as it was asked."""

    terms: tuple[str, ...] = ()
    """Folded; a record has one of them."""
    types: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()
    external: frozenset[str] = frozenset()
    box: tuple[float, float, float, float] | None = None
    """West, south, east, north."""
    interval: tuple[str | None, str | None] | None = None
    sort: tuple[tuple[str, bool], ...] = ()
    """(property, ascending)."""
    limit: int = DEFAULT
    offset: int = 0


def read(params: Mapping[str, str]) -> RecordsAsked:
    """What the parameters ask; `ogcapi_request.check` has looked at their form.

    Raises:
        InputError: one of them makes no sense.
    """
    return RecordsAsked(
        terms=tuple(term for part in _list(params, "q") if (term := folded(part).strip())),
        types=frozenset(_list(params, "type")),
        ids=frozenset(_list(params, "ids")),
        external=frozenset(_list(params, "externalIds")),
        box=_box(params.get("bbox")),
        interval=interval(params["datetime"]) if "datetime" in params else None,
        sort=_sort(params.get("sortby")),
        limit=min(int(params.get("limit", DEFAULT)), MOST),
        offset=int(params.get("offset", 0)),
    )


def matching(held: Iterable[Held], asked: RecordsAsked) -> list[Entry]:
    """The records that the request names, all of them, in the order that it wants."""
    found = [one.entry for one in held if _matches(one, asked)]
    for name, ascending in reversed(asked.sort):
        found.sort(key=SORTED[name], reverse=not ascending)
    return found


def _matches(one: Held, asked: RecordsAsked) -> bool:
    entry = one.entry
    return (
        (not asked.types or entry.level in asked.types)
        and (not asked.ids or entry.identifier in asked.ids)
        and (not asked.external or entry.uri in asked.external)
        and (asked.box is None or _meets(entry.box, asked.box))
        and (asked.interval is None or _within(entry.period, asked.interval))
        and (not asked.terms or any(term in one.words for term in asked.terms))
    )


def _meets(box: tuple[float, float, float, float] | None, wanted: tuple[float, float, float, float]) -> bool:
    """A record without a place is nowhere, and so in no box."""
    if box is None:
        return False
    west, south, east, north = wanted
    upright = box[1] <= north and south <= box[3]
    if west <= east:
        return upright and box[0] <= east and west <= box[2]
    return upright and (box[2] >= west or box[0] <= east)


def _within(period: tuple[str, str] | None, wanted: tuple[str | None, str | None]) -> bool:
    """As OGC API Features has it: what has no time is of every time."""
    if period is None:
        return True
    begin, end = period
    first, last = (bound[:10] if bound else None for bound in wanted)
    return (last is None or begin <= last) and (first is None or end == ".." or end >= first)


def _list(params: Mapping[str, str], name: str) -> list[str]:
    return [part.strip() for part in params[name].split(",") if part.strip()] if name in params else []


def _box(text: str | None) -> tuple[float, float, float, float] | None:
    if text is None:
        return None
    numbers = [float(number) for number in text.split(",")]
    box_region(numbers, CRS84)  # refuses what is no place on earth
    half = len(numbers) // 2
    return numbers[0], numbers[1], numbers[half], numbers[half + 1]


def _sort(text: str | None) -> tuple[tuple[str, bool], ...]:
    keys = [] if text is None else [(key.lstrip("+- "), not key.startswith("-")) for key in text.split(",")]
    for name, _ in keys:
        if name not in SORTED:
            raise InputError(f"sortby={text!r}: records are sorted by {', '.join(SORTED)}")
    return tuple(keys)
