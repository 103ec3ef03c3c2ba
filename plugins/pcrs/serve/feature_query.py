"""What a request for objects asks of the store: every parameter of `items`, read and judged."""

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from shapely.geometry.base import BaseGeometry

from pcrs.errors import InputError
from pcrs.standard.crs import CRS84, PCRS_CRS, uri
from pcrs.standard.regions import box_region
from pcrs.store import cql2_json, cql2_text
from pcrs.store.base import Layer, Page, Query
from pcrs.store.filter_check import checked
from pcrs.store.filters import Expression, Filter
from pcrs.store.history import instant

CRS_URIS = (CRS84, *(uri(epsg) for epsg in (4326, 4258, 3857, *PCRS_CRS)))
"""CRS in which objects are asked and answered, the default first."""
FILTER_LANGUAGES: Mapping[str, Callable[[str], Expression]] = {
    "cql2-text": cql2_text.read,
    "cql2-json": cql2_json.read,
}
EMBED_MAX = 1000
"""Objects of a page that carries the objects to which they are linked."""
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2}))?", re.ASCII)
_FID_MAX = 2**62


@dataclass(frozen=True, slots=True)
class Limits:
    """Objects of a page: without a word, and at the most."""

    default: int
    most: int


@dataclass(frozen=True, slots=True)
class ItemsAsked:
    """A page of objects, as it was asked."""

    query: Query
    crs: str
    """One of `CRS_URIS`: of the coordinates answered."""
    fields: frozenset[str] | None
    """Fields to answer; None: all."""
    position: int
    """Objects before the page."""
    hits: bool = False
    """The number of objects alone."""
    nowhere: bool = False
    """The box lies where there is nothing."""
    embed: bool = False
    """Objects carry those to which they are linked."""
    area: BaseGeometry | None = None
    """EPSG:2154: what is told of other objects is of those within it; None: of all."""


def read(layer: Layer, params: Mapping[str, str], limits: Limits) -> ItemsAsked:
    """What the parameters ask; `ogcapi_request.check` has looked at their form.

    As the standard wants it, `bbox` and `datetime` choose among objects that have a geometry, or a date;
    those of a layer that has none match them all.

    Raises:
        InputError: one of them makes no sense for this layer.
    """
    sort = _sort(layer, params.get("sortby"))
    position, after, beyond = _beginning(params, len(sort))
    box = params.get("bbox")
    within = None
    if box is not None:
        within = box_region([float(number) for number in box.split(",")], crs(params, "bbox-crs"))
    everywhere = box is None or layer.geometry is None
    moment = interval(params["datetime"]) if "datetime" in params else None
    embed = params.get("embed") == "true"
    most = min(limits.most, EMBED_MAX) if embed else limits.most
    query = Query(
        within=None if everywhere else within,
        equals=tuple((field.name, params[field.name]) for field in layer.fields if field.name in params),
        interval=None if layer.time_field is None else moment,
        filter=_filter(layer, params),
        after=after,
        beyond=beyond,
        offset=position if after is None else 0,
        limit=min(int(params.get("limit", limits.default)), most),
        sort=sort,
        geometry=params.get("skipGeometry") != "true",
        at=valid_at(params),
    )
    return ItemsAsked(
        query=query,
        crs=crs(params, "crs"),
        fields=_fields(layer, params.get("properties")),
        position=position,
        hits=params.get("resulttype") == "hits",
        nowhere=not everywhere and within is None,
        embed=embed,
    )


def confined(asked: ItemsAsked, area: BaseGeometry | None) -> ItemsAsked:
    """The same, of the objects that touch an area (EPSG:2154) alone; None: of all."""
    if area is None:
        return asked
    within = area if asked.query.within is None else asked.query.within.intersection(area)
    nowhere = asked.nowhere or within.is_empty
    return replace(asked, query=replace(asked.query, within=within), nowhere=nowhere, area=area)


def crs(params: Mapping[str, str], name: str) -> str:
    """The CRS that a parameter names, CRS84 without a word.

    Raises:
        InputError: it is not one of those that are served.
    """
    wanted = params.get(name, CRS84)
    if wanted not in CRS_URIS:
        raise InputError(f"{name}={wanted!r} is not served; there are {', '.join(CRS_URIS)}")
    return wanted


def valid_at(params: Mapping[str, str]) -> str | None:
    """The date of the state that is asked; None: the state of now.

    Raises:
        InputError: it is neither a day nor a moment.
    """
    text = params.get("valid-at")
    if text is not None and not _MOMENT.fullmatch(text):
        raise InputError(
            f"valid-at={text!r}: expected a date (2025-06-01, the state in which that day ended) or a moment "
            "(2025-06-01T12:00:00Z)"
        )
    return None if text is None else instant(text)


def cursor(asked: ItemsAsked, page: Page) -> str:
    """Where the page after this one begins, as the parameter `cursor` takes it."""
    last = page.rows[-1]
    values = [last.values[name] for name, _ in asked.query.sort]
    said = json.dumps([asked.position + len(page.rows), last.fid, *values], separators=(",", ":"))
    return base64.urlsafe_b64encode(said.encode()).decode().rstrip("=")


def interval(text: str) -> tuple[str | None, str | None]:
    """The bounds that a `datetime` parameter writes: an instant, or two of them around `/`, `..` for open.

    GDAL writes a day as `2025-06-01T`: it is taken for the day.

    Raises:
        InputError: it is neither, or ends before it begins.
    """
    parts = [part.removesuffix("T") for part in text.split("/")]
    bounds = [None if part in ("", "..") and len(parts) == 2 else part for part in parts]
    if len(parts) > 2 or not all(bound is None or _MOMENT.fullmatch(bound) for bound in bounds):
        raise InputError(
            f"datetime={text!r}: expected a date (2025-06-01), a moment (2025-06-01T12:00:00Z), or an "
            "interval of two of them (2025-01-01/2025-12-31), with .. for an open end"
        )
    start, end = bounds[0], bounds[-1]
    if start is not None and end is not None and start[:10] > end[:10]:
        raise InputError(f"datetime={text!r} ends before it begins")
    return start, end


def _beginning(params: Mapping[str, str], sorted_fields: int) -> tuple[int, int | None, tuple[Any, ...]]:
    """Objects before the page, the fid after which it begins, the sorted values of that object."""
    text = params.get("cursor")
    if text is None:
        return int(params.get("offset", 0)), None, ()
    if "offset" in params:
        raise InputError("cursor and offset are given together: a page begins at one place")
    try:
        padded = text.encode() + b"=" * (-len(text) % 4)
        said = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        position, after, *values = said
        known = all(type(number) is int and 0 <= number <= _FID_MAX for number in (position, after))
    except (ValueError, TypeError, RecursionError, binascii.Error):
        known, values = False, []
    if not known or len(values) != sorted_fields:
        raise InputError("cursor is none that a link of this collection gave for this sortby")
    return position, after, tuple(tuple(value) if isinstance(value, list) else value for value in values)


def _sort(layer: Layer, text: str | None) -> tuple[tuple[str, bool], ...]:
    keys = [] if text is None else [(key.lstrip("+- "), not key.startswith("-")) for key in text.split(",")]
    for name, _ in keys:
        if layer.field(name) is None:
            known = ", ".join(field.name for field in layer.fields)
            raise InputError(f"sortby={text!r}: {layer.name} has no field {name!r}; it has {known}")
    if len({name for name, _ in keys}) < len(keys):
        raise InputError(f"sortby={text!r} names a field twice")
    return tuple(keys)


def _fields(layer: Layer, text: str | None) -> frozenset[str] | None:
    if text is None:
        return None
    names = text.split(",")
    for name in names:
        if layer.field(name) is None:
            known = ", ".join(field.name for field in layer.fields)
            raise InputError(f"properties={text!r}: {layer.name} has no field {name!r}; it has {known}")
    return frozenset(names)


def _filter(layer: Layer, params: Mapping[str, str]) -> Filter | None:
    text = params.get("filter")
    if text is None:
        for name in ("filter-lang", "filter-crs"):
            if name in params:
                raise InputError(f"{name} is given without a filter")
        return None
    language = params.get("filter-lang", "cql2-text")
    if language not in FILTER_LANGUAGES:
        raise InputError(f"filter-lang={language!r}: expected {' or '.join(FILTER_LANGUAGES)}")
    return checked(FILTER_LANGUAGES[language](text), layer, crs(params, "filter-crs"))
