"""A feed as Atom (RFC 4287) with the Géoplateforme's, INSPIRE's and GeoRSS's elements."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from lxml import etree

from pcrs.serve.atom.feed import Entry, Feed, Link, Term
from pcrs.standard.crs import BBox

NAMESPACES = {
    "atom": "http://www.w3.org/2005/Atom",
    "georss": "http://www.georss.org/georss",
    "gpf_dl": "https://data.geopf.fr/annexes/ressources/xsd/gpf_dl.xsd",
    "inspire_dls": "http://inspire.ec.europa.eu/schemas/inspire_dls/1.0",
}
_DECLARED: Any = {None if prefix == "atom" else prefix: uri for prefix, uri in NAMESPACES.items()}
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
type _Element = etree._Element


def document(feed: Feed) -> bytes:
    """The feed, in UTF-8; the same feed always gives the same bytes."""
    root = etree.Element(_name("atom:feed"), nsmap=_DECLARED)
    root.set("{http://www.w3.org/XML/1998/namespace}lang", feed.lang)
    paging = feed.paging
    for name, number in (
        ("page", paging.page),
        ("pagesize", paging.size),
        ("pagecount", paging.pages),
        ("totalentries", paging.total),
    ):
        root.set(_name(f"gpf_dl:{name}"), str(number))
    _text(root, "atom:title", feed.title)
    _text(root, "atom:subtitle", feed.subtitle)
    for link in feed.links:
        _link(root, link)
    _text(root, "atom:id", feed.id)
    _text(root, "atom:rights", feed.rights)
    _text(root, "atom:updated", moment(feed.updated))
    author = etree.SubElement(root, _name("atom:author"))
    _text(author, "atom:name", feed.author)
    _text(author, "atom:email", feed.email)
    if feed.about is not None:
        _nature(root, feed.about)
    for entry in feed.entries:
        _entry(etree.SubElement(root, _name("atom:entry")), entry)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def moment(when: datetime) -> str:
    """A moment in UTC as Atom writes it."""
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def clean(text: str) -> str:
    """The text without what XML cannot hold."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def _name(prefixed: str) -> str:
    prefix, _, local = prefixed.partition(":")
    return f"{{{NAMESPACES[prefix]}}}{local}"


def _text(parent: _Element, name: str, text: str) -> None:
    etree.SubElement(parent, _name(name)).text = clean(text)


def _link(parent: _Element, link: Link) -> None:
    made = etree.SubElement(parent, _name("atom:link"))
    for name, value in _attributes(link):
        made.set(name, clean(value))


def _attributes(link: Link) -> Iterator[tuple[str, str]]:
    yield "href", link.href
    yield "rel", link.rel
    yield "type", link.type
    if link.hreflang:
        yield "hreflang", link.hreflang
    if link.title:
        yield "title", link.title
    if link.length is not None:
        yield "length", str(link.length)
        yield _name("gpf_dl:length"), str(link.length)
    if link.bbox is not None:
        box = link.bbox
        yield "bbox", f"{box.ymin:g} {box.xmin:g} {box.ymax:g} {box.xmax:g}"


def _entry(parent: _Element, entry: Entry) -> None:
    _text(parent, "atom:title", entry.title)
    for link in entry.links:
        _link(parent, link)
    _text(parent, "atom:id", entry.id)
    _text(parent, "atom:updated", moment(entry.updated))
    if entry.content:
        _text(parent, "atom:content", entry.content)
    if entry.bbox is not None:
        _text(parent, "georss:polygon", ring(entry.bbox))
    _nature(parent, entry)
    if entry.mime_type:
        _text(parent, "gpf_dl:mime_type", entry.mime_type)


def _nature(parent: _Element, entry: Entry) -> None:
    """What a dataset or a file is: its identifier, CRS, zone, format, resolution, edition."""
    if entry.dataset:
        _text(parent, "inspire_dls:spatial_dataset_identifier_code", entry.dataset)
    for term in entry.crs:
        _term(parent, "atom:category", term)
    for name, terms in (("zone", entry.zones), ("format", entry.formats), ("resolution", entry.resolutions)):
        for term in terms:
            _term(parent, f"gpf_dl:{name}", term)
    if entry.edition_date is not None:
        _text(parent, "gpf_dl:editionDate", entry.edition_date.isoformat())
    if entry.edition_span is not None:
        first, last = entry.edition_span
        _text(parent, "gpf_dl:editionDateStart", first.isoformat())
        _text(parent, "gpf_dl:editionDateEnd", last.isoformat())


def _term(parent: _Element, name: str, term: Term) -> None:
    made = etree.SubElement(parent, _name(name))
    made.set("term", clean(term.term))
    made.set("label", clean(term.label))


def ring(box: BBox) -> str:
    """A box (longitude, latitude) as GeoRSS writes a polygon: latitude before longitude, closed."""
    corners = (
        (box.ymin, box.xmin),
        (box.ymin, box.xmax),
        (box.ymax, box.xmax),
        (box.ymax, box.xmin),
        (box.ymin, box.xmin),
    )
    return " ".join(f"{lat:.6f} {lon:.6f}" for lat, lon in corners)
