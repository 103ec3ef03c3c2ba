"""A page of the download service as plain values, before it is Atom, JSON or HTML."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from pcrs.standard.crs import BBox

ATOM = "application/atom+xml"
CRS_BASE = "https://www.opengis.net/def/crs/EPSG/0/"
"""As the Géoplateforme writes it."""


class Term(NamedTuple):
    """A word of a vocabulary, and how users say it."""

    term: str
    label: str


@dataclass(frozen=True, slots=True)
class Link:
    """A link; boxes are of longitude and latitude."""

    href: str
    rel: str
    type: str = ATOM
    title: str = ""
    hreflang: str = ""
    length: int | None = None
    """Octets."""
    bbox: BBox | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A resource, a part of one, or a file."""

    id: str
    title: str
    updated: datetime
    """In UTC."""
    links: tuple[Link, ...]
    content: str = ""
    """What it is, in words; of a file: its MD5."""
    dataset: str = ""
    """Identifier of the dataset, as its record gives it."""
    bbox: BBox | None = None
    """Degrees of longitude and latitude."""
    crs: tuple[Term, ...] = ()
    zones: tuple[Term, ...] = ()
    formats: tuple[Term, ...] = ()
    resolutions: tuple[Term, ...] = ()
    edition_date: date | None = None
    edition_span: tuple[date, date] | None = None
    """First and last edition of a resource."""
    mime_type: str = ""


class Paging(NamedTuple):
    """Which page of how many entries."""

    page: int
    size: int
    total: int

    @property
    def pages(self) -> int:
        """Number of pages; one when there is nothing."""
        return max(1, -(-self.total // self.size))


@dataclass(frozen=True, slots=True)
class Feed:
    """A page of entries, and what holds for all of them."""

    id: str
    title: str
    subtitle: str
    rights: str
    updated: datetime
    """In UTC."""
    author: str
    email: str
    lang: str
    """`fr` or `en`."""
    links: tuple[Link, ...]
    entries: tuple[Entry, ...]
    paging: Paging
    about: Entry | None = field(default=None)
    """What the feed is the inside of: its dataset, CRS, zone, format, edition."""
