"""What a request asks of a feed: the Géoplateforme's parameters, read and checked, and what they select."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import shapely
from shapely.geometry.base import BaseGeometry

from pcrs.errors import InputError
from pcrs.publish.addresses import Addresses, Kind
from pcrs.serve.atom.feed import Paging
from pcrs.serve.atom.words import Lang, language
from pcrs.serve.ows import invalid, shown
from pcrs.standard.crs import L93, BBox, epsg_of, transform_geometry
from pcrs.work.downloads import Part

MAX_LIMIT = 50
_LIMIT = 10
_WGS84 = 4326
_STEP_DEG = 0.1
"""Its edges are followed: straight in degrees, they bend in Lambert-93 (0.1° by less than a metre)."""
COMMON = ("page", "limit", "pageSize", "lang", "outputFormat", "apikey")
"""What every feed takes. `pageSize` and `outputFormat` are in no documentation, but clients send them."""
FILTERS = (
    *COMMON, "polygon", "updatedFrom", "updatedTo", "editionDateFrom", "editionDateTo", "crs", "thematic",
    "zone", "format", "sortEntriesBy", "sortEntriesOrder",
)  # fmt: skip
_THEMES: dict[Kind, frozenset[str]] = {
    "raster": frozenset({"oi", "ortho-imagerie", "orthoimagery", "http://inspire.ec.europa.eu/theme/oi"}),
    "vector": frozenset(),
}


@dataclass(frozen=True, slots=True)
class Selection:
    """A request, understood."""

    page: int
    limit: int
    lang: Lang
    area: BaseGeometry | None = None
    """EPSG:2154."""
    updated: tuple[date | None, date | None] = (None, None)
    edition: tuple[date | None, date | None] = (None, None)
    crs: int | None = None
    theme: str = ""
    zone: str = ""
    format: str = ""
    sort_by: str = ""
    """`title`, `editionDate` or nothing."""
    descending: bool = False
    given: tuple[tuple[str, str], ...] = ()
    """What the client gave, but for its page and its token: for the links to other pages."""

    def takes(self, part: Part, kind: Kind, at: Addresses) -> bool:
        """True when a part of a resource of that kind is asked for."""
        return (
            _within(part.updated.date(), self.updated)
            and _within(part.dated, self.edition)
            and self.crs in (None, *part.crs)
            and self.theme.casefold() in ("", *_THEMES[kind])
            and self.zone.casefold() in ("", at.zone.casefold())
            and self.format.casefold() in ("", part.format.casefold())
            and self.meets(part.bbox)
        )

    def meets(self, bbox: BBox | None) -> bool:
        """True when a box (EPSG:2154) meets the polygon of the request, or there is none."""
        if self.area is None:
            return True
        return bbox is not None and bool(shapely.intersects(self.area, shapely.box(*bbox)))

    def paging(self, total: int) -> Paging:
        """The page that is asked for, of so many entries.

        Raises:
            PageError: there is no such page.
        """
        paging = Paging(self.page, self.limit, total)
        if self.page > paging.pages:
            raise PageError(f"page={self.page}: the last page is {paging.pages} ({total} entries)")
        return paging

    @property
    def slice(self) -> slice:
        """The entries of the page."""
        first = (self.page - 1) * self.limit
        return slice(first, first + self.limit)


class PageError(InputError):
    """A page beyond the last one."""


def selection(values: Mapping[str, str], known: Sequence[str]) -> Selection:
    """What the parameters ask (names in lower case); `known` are those that the feed takes, as users write.

    Raises:
        InputError: a parameter is unknown, or a value is not what it must be.
    """
    spelled = {name.lower(): name for name in known}
    for name in values:
        if name not in spelled:
            raise InputError(f"unknown parameter {shown(name)}: known are {', '.join(known)}")
    size = "limit" if "limit" in values else "pagesize"
    order = _choice(values, "sortEntriesOrder", ("asc", "desc"))
    return Selection(
        page=_whole(values, "page", 1, 10**6),
        limit=_whole(values, size, _LIMIT, MAX_LIMIT),
        lang=language(values.get("lang", "")),
        area=_area(values.get("polygon", "")),
        updated=(_day(values, "updatedFrom"), _day(values, "updatedTo")),
        edition=(_day(values, "editionDateFrom"), _day(values, "editionDateTo")),
        crs=_crs(values.get("crs", "")),
        theme=values.get("thematic", ""),
        zone=values.get("zone", ""),
        format=values.get("format", ""),
        sort_by=_choice(values, "sortEntriesBy", ("title", "editionDate")),
        descending=order == "desc",
        given=tuple((spelled[k], v) for k, v in values.items() if k not in ("page", "apikey")),
    )


def _within(day: date, span: tuple[date | None, date | None]) -> bool:
    first, last = span
    return (first is None or first <= day) and (last is None or day <= last)


def _whole(values: Mapping[str, str], name: str, default: int, most: int) -> int:
    text = values.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and 1 <= len(text) <= 9 and 1 <= int(text) <= most):
        raise invalid(name, text, f"a whole number from 1 to {most}")
    return int(text)


def _day(values: Mapping[str, str], name: str) -> date | None:
    text = values.get(name.lower(), "")
    if not text:
        return None
    try:
        if len(text) != 10:
            raise ValueError(text)
        return date.fromisoformat(text)
    except ValueError:
        raise invalid(name, text, "a day written YYYY-MM-DD") from None


def _choice(values: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    text = values.get(name.lower(), "")
    found = next((choice for choice in choices if choice.lower() == text.lower()), None)
    if text and found is None:
        raise invalid(name, text, f"one of {', '.join(choices)}")
    return found or ""


def _crs(text: str) -> int | None:
    return epsg_of(text) if text else None


def _area(text: str) -> BaseGeometry | None:
    """`x1,y1;x2,y2;…` in degrees of longitude and latitude, as a polygon of EPSG:2154."""
    if not text:
        return None
    try:
        points = [tuple(float(part) for part in pair.split(",")) for pair in text.strip(";").split(";")]
    except ValueError:
        points = []
    sound = all(
        len(p) == 2 and all(map(math.isfinite, p)) and abs(p[0]) <= 180 and abs(p[1]) <= 90 for p in points
    )
    if len(points) < 3 or not sound:
        raise invalid("polygon", text, "x1,y1;x2,y2;x3,y3… in EPSG:4326, longitude before latitude")
    polygon = shapely.Polygon(points)
    if not polygon.is_valid or polygon.is_empty or not polygon.area:
        raise invalid("polygon", text, "a ring that does not cross itself")
    moved = transform_geometry(shapely.segmentize(polygon, _STEP_DEG), _WGS84, L93)
    if not all(map(math.isfinite, moved.bounds)):
        raise invalid("polygon", text, "places that have an image in Lambert-93")
    return shapely.make_valid(moved)
