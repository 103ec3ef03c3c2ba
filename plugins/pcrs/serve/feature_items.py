"""Objects as documents: a page of them with its links, or one of them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pcrs.errors import NotFoundError, TooCostlyError
from pcrs.serve.feature_document import Shown, features
from pcrs.serve.feature_links import Carrying, Seen, is_seen, related
from pcrs.serve.feature_pages import Pages, State, matched, matched_cheaply
from pcrs.serve.feature_query import ItemsAsked, cursor, valid_at
from pcrs.serve.ogcapi_host import Document, Host
from pcrs.serve.ogcapi_links import items_address, links_in, with_parameters
from pcrs.serve.ogcapi_request import EMBED, Asked
from pcrs.standard.crs import L93, uri
from pcrs.store.base import Layer, Page, Query, Row
from pcrs.store.named import by_ids
from pcrs.vector.drawing import AFFLEURANTS
from pcrs.vector.formats import FORMATS, ONE_CLASS_FORMATS
from pcrs.work.layers import COMMUNES

GEOJSON = "application/geo+json"
_pages = Pages()
_ONE = Query(limit=1)


def items(host: Host, layer: Layer, asked: ItemsAsked, request: Asked, shown: Shown) -> Document:
    """The page of objects that was asked, as a FeatureCollection."""
    state = State(host.served.store, layer.name, host.mark)
    page = Page((), None)
    if not (asked.hits or asked.nowhere):
        page = _pages.read(state, asked.query)
    document: Document = {
        "type": "FeatureCollection",
        "features": _told(host, layer, page.rows, asked, shown),
        "numberReturned": len(page.rows),
        "links": _page_links(host, layer, asked, page, request),
    }
    total = 0 if asked.nowhere else _total(state, asked, page)
    return document if total is None else document | {"numberMatched": total}


def item(host: Host, layer: Layer, id_: str, crs: str, request: Asked, shown: Shown) -> Document:
    """One object, with links to those that it names.

    Raises:
        NotFoundError: there is none of that id.
    """
    row = row_of(host, layer, id_, request)
    at = valid_at(request.params)
    carries = request.params.get("embed") == "true"
    asked = ItemsAsked(
        query=replace(_ONE, at=at), crs=crs, fields=None, position=0, embed=carries, area=request.area
    )
    (document,) = _told(host, layer, [row], asked, shown)
    links = _representations(items_address(host, layer.name, id_), request)
    kept = {name: request.params[name] for name in ("valid-at",) if name in request.params}
    links += [
        *document.get("links", ()),
        *related(host, layer.name, row.values, Seen(at, request.area), kept),
    ]
    links.append(_collection(host, layer, request))
    return document | {"links": links_in(host, links, request.language)}


def row_of(host: Host, layer: Layer, id_: str, request: Asked) -> Row:
    """The object of that id, as it is or was at the date that is asked.

    Raises:
        NotFoundError: there is none, or it lies outside the area of who asks.
    """
    at = valid_at(request.params)
    if at is None:
        row = host.served.store.get(layer.name, id_)
    else:
        found = list(by_ids(host.served.store, layer, [id_], at=at))
        if not found:
            raise NotFoundError(f"layer {layer.name} had no object {id_!r} at {at}")
        row = found[0]
    if not is_seen(host, layer.name, row, Seen(at, request.area)):
        raise NotFoundError(f"{layer.name} has no {id_!r} in the area of the token")
    return row


def _told(host: Host, layer: Layer, rows: Any, asked: ItemsAsked, shown: Shown) -> list[Document]:
    def told(name: str, found: Any, fields: frozenset[str] | None) -> list[Document]:
        download = _options(host, name).get("download")
        public = host.served.public_url
        return features(found, asked.crs, fields=fields, download=download, public_url=public, shown=shown)

    documents = told(layer.name, rows, asked.fields)
    if asked.embed:
        carrying = Carrying(host, lambda found: told("", found, None), Seen(asked.query.at, asked.area))
        carrying.embed(layer.name, rows, documents)
    if layer.name in AFFLEURANTS and asked.fields is None and asked.query.at is None:
        host.covers.tell(rows, documents)
    if layer.name == COMMUNES.name:
        for row, document in zip(rows, documents, strict=True):
            document.setdefault("links", []).extend(extracts(host, row))
    return documents


def extracts(host: Host, commune: Row) -> list[Document]:
    """Links to the objects of a commune as files."""
    return [
        {
            "rel": "enclosure",
            "type": form.media_type,
            "title": f"{commune.values['nom']} : {form.title}",
            "href": with_parameters(f"{host.address}/extract", {"commune": commune.id, "f": form.name}),
        }
        for form in FORMATS.values()
    ]


def _options(host: Host, name: str) -> Mapping[str, Any]:
    resource = host.api.config["resources"].get(name)
    return {} if resource is None else resource["providers"][0].get("options", {})


def _total(state: State, asked: ItemsAsked, page: Page) -> int | None:
    query = asked.query
    if asked.hits:
        return matched(state, query)
    if not page.more and query.after is None and (page.rows or not query.offset):
        return asked.position + len(page.rows)
    try:
        return matched_cheaply(state, query)
    except TooCostlyError:
        return None  # the page is there: the number is a service beside it


def _page_links(host: Host, layer: Layer, asked: ItemsAsked, page: Page, request: Asked) -> list[Document]:
    address = items_address(host, layer.name)
    links = _representations(address, request)
    given = {name: value for name, value in request.params.items() if name not in ("offset", "cursor")}
    media_type = GEOJSON if request.format == "json" else "text/html"
    if asked.position and not asked.hits:
        before = str(max(0, asked.position - asked.query.limit))
        href = with_parameters(address, given | {"offset": before})
        links.append({"rel": "prev", "type": media_type, "title": "Items (prev)", "href": href})
    if page.more:
        href = with_parameters(address, given | {"cursor": cursor(asked, page)})
        links.append({"rel": "next", "type": media_type, "title": "Items (next)", "href": href})
    links.append(_collection(host, layer, request))
    return links_in(host, links, request.language)


def _representations(address: str, request: Asked) -> list[Document]:
    """The document itself and its other representations; files in Lambert-93 unless a CRS is asked."""
    params = {name: value for name, value in request.params.items() if name != "f"}
    of_files = {"crs": uri(L93)} | {k: v for k, v in params.items() if k not in (EMBED, "resulttype")}
    said, of_file = (with_parameters("", each).replace("?", "&", 1) for each in (params, of_files))
    files = [(form.name, form.media_type, form.title, of_file) for form in ONE_CLASS_FORMATS.values()]
    offered = [
        ("json", GEOJSON, "This document as GeoJSON", said),
        ("html", "text/html", "This document as HTML", said),
        *files,
    ]
    links = []
    for name, media_type, title, carried in offered:
        href = f"{address}?f={name}{carried}"
        rel = "self" if name == request.format else "alternate"
        links.append({"rel": rel, "type": media_type, "title": title, "href": href})
    return links


def _collection(host: Host, layer: Layer, request: Asked) -> Document:
    title = host.api.config["resources"][layer.name]["title"][request.language]
    href = f"{host.address}/collections/{layer.name}"
    return {"rel": "collection", "type": "application/json", "title": title, "href": href}
