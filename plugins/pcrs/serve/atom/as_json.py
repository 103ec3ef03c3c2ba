"""A feed as the Géoplateforme writes it in JSON. Places are longitude before latitude there."""

import json
from typing import Any

from pcrs.serve.atom.as_xml import NAMESPACES
from pcrs.serve.atom.feed import Entry, Feed, Link, Term
from pcrs.standard.crs import BBox


def document(feed: Feed) -> bytes:
    """The feed, in UTF-8; the same feed always gives the same bytes."""
    head: dict[str, Any] = {
        "georssNs": NAMESPACES["georss"],
        "gpfDlNs": NAMESPACES["gpf_dl"],
        "xmlns": NAMESPACES["atom"],
        "inspireDlsNs": NAMESPACES["inspire_dls"],
        "lang": feed.lang,
        "page": feed.paging.page,
        "pagesize": feed.paging.size,
        "pagecount": feed.paging.pages,
        "totalentries": feed.paging.total,
        "title": feed.title,
        "subtitle": feed.subtitle,
        "id": feed.id,
        "rights": feed.rights,
        "updated": feed.updated.date().isoformat(),
        "author": {"name": feed.author, "email": feed.email},
        "link": [_link(link) for link in feed.links],
    }
    about = _nature(feed.about) if feed.about is not None else {}
    entries = {"entry": [_entry(entry) for entry in feed.entries]}
    return json.dumps({**head, **about, **entries}, ensure_ascii=False).encode("utf-8", "replace")


def _link(link: Link) -> dict[str, Any]:
    made: dict[str, Any] = {"href": link.href, "rel": link.rel, "type": link.type}
    if link.hreflang:
        made["hreflang"] = link.hreflang
    if link.title:
        made["title"] = link.title
    if link.length is not None:
        made["length"] = link.length
    box = link.bbox
    return made | {"bbox": None if box is None else " ".join(f"{side:g}" for side in box)}


def _entry(entry: Entry) -> dict[str, Any]:
    made: dict[str, Any] = {
        "title": entry.title,
        "link": [_link(link) for link in entry.links],
        "id": entry.id,
        "updated": entry.updated.date().isoformat(),
    }
    if entry.content:
        made["content"] = entry.content
    if entry.bbox is not None:
        made["polygon"] = _ring(entry.bbox)
    made |= _nature(entry)
    if entry.mime_type:
        made["mime_type"] = [entry.mime_type]
    return made


def _nature(entry: Entry) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if entry.dataset:
        made["spatialDatasetIdentifierCode"] = entry.dataset
    for name, terms in (
        ("category", entry.crs),
        ("zone", entry.zones),
        ("format", entry.formats),
        ("resolution", entry.resolutions),
    ):
        if terms:
            made[name] = [_term(term) for term in terms]
    if entry.edition_date is not None:
        made["editionDate"] = entry.edition_date.isoformat()
    if entry.edition_span is not None:
        first, last = entry.edition_span
        made |= {"editionDateStart": first.isoformat(), "editionDateEnd": last.isoformat()}
    return made


def _term(term: Term) -> dict[str, str]:
    return {"term": term.term, "label": term.label}


def _ring(box: BBox) -> str:
    west, south, east, north = box
    corners = ((west, south), (east, south), (east, north), (west, north), (west, south))
    return " ".join(f"{lon:.6f} {lat:.6f}" for lon, lat in corners)
