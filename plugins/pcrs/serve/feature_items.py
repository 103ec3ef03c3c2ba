"""Objects as documents: a page of them with its links, or one of them."""

from collections.abc import Mapping, Sequence
from typing import Any

from pcrs.errors import NotFoundError
from pcrs.serve.feature_document import Shown, features
from pcrs.serve.feature_links import embed, related
from pcrs.serve.feature_pages import Pages, matched, matched_cheaply
from pcrs.serve.feature_query import ItemsAsked, cursor
from pcrs.serve.ogcapi_host import Document, Host
from pcrs.serve.ogcapi_links import items_address, links_in, with_parameters
from pcrs.serve.ogcapi_request import Asked
from pcrs.store.base import Layer, Page, Query

GEOJSON = "application/geo+json"
type Offer = tuple[str, str, str]
_pages = Pages()
_ONE = Query(limit=1)


def items(host: Host, layer: Layer, asked: ItemsAsked, request: Asked, shown: Shown) -> Document:
    """The page of objects that was asked, as a FeatureCollection."""
    store = host.served.store
    page = Page((), None)
    if not (asked.hits or asked.nowhere):
        page = _pages.read(store, layer.name, asked.query)
    document: Document = {
        "type": "FeatureCollection",
        "features": _told(host, layer, page.rows, asked, shown),
        "numberReturned": len(page.rows),
        "links": _page_links(host, layer, asked, page, request),
    }
    total = 0 if asked.nowhere else _total(host, layer, asked, page)
    return document if total is None else document | {"numberMatched": total}


def item(host: Host, layer: Layer, id_: str, crs: str, request: Asked, shown: Shown) -> Document:
    """One object, with links to those that it names.

    Raises:
        NotFoundError: there is none of that id.
    """
    row = host.served.store.get(layer.name, id_)
    if request.area is not None and not (row.geometry and request.area.intersects(row.geometry)):
        raise NotFoundError(f"{layer.name} has no {id_!r} in the area of the token")
    carries = request.params.get("embed") == "true"
    asked = ItemsAsked(query=_ONE, crs=crs, fields=None, position=0, embed=carries)
    (document,) = _told(host, layer, [row], asked, shown)
    links = _representations(items_address(host, layer.name, id_), request)
    links += [*document.get("links", ()), *related(host, layer.name, row.values)]
    links.append(_collection(host, layer, request))
    return document | {"links": links_in(host, links, request.language)}


def _told(host: Host, layer: Layer, rows: Any, asked: ItemsAsked, shown: Shown) -> list[Document]:
    def told(name: str, found: Any, fields: frozenset[str] | None) -> list[Document]:
        download = _options(host, name).get("download")
        public = host.served.public_url
        return features(found, asked.crs, fields=fields, download=download, public_url=public, shown=shown)

    documents = told(layer.name, rows, asked.fields)
    if asked.embed:
        embed(host, layer.name, rows, documents, lambda found: told("", found, None))
    return documents


def _options(host: Host, name: str) -> Mapping[str, Any]:
    resource = host.api.config["resources"].get(name)
    return {} if resource is None else resource["providers"][0].get("options", {})


def _total(host: Host, layer: Layer, asked: ItemsAsked, page: Page) -> int | None:
    store, query = host.served.store, asked.query
    if asked.hits:
        return matched(store, layer.name, query)
    if not page.more and query.after is None and (page.rows or not query.offset):
        return asked.position + len(page.rows)
    return matched_cheaply(store, layer.name, query)


def _page_links(host: Host, layer: Layer, asked: ItemsAsked, page: Page, request: Asked) -> list[Document]:
    address = items_address(host, layer.name)
    files = [(each.name, each.media_type, each.name) for each in host.items_formats.values()]
    links = _representations(address, request, files)
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


def _representations(address: str, request: Asked, files: Sequence[Offer] = ()) -> list[Document]:
    """The document itself and its other representations."""
    offered = [
        ("json", GEOJSON, "This document as GeoJSON"),
        ("html", "text/html", "This document as HTML"),
        *files,
    ]
    links = []
    for name, media_type, title in offered:
        href = with_parameters(address, {"f": name} | {k: v for k, v in request.params.items() if k != "f"})
        rel = "self" if name == request.format else "alternate"
        links.append({"rel": rel, "type": media_type, "title": title, "href": href})
    return links


def _collection(host: Host, layer: Layer, request: Asked) -> Document:
    title = host.api.config["resources"][layer.name]["title"][request.language]
    href = f"{host.address}/collections/{layer.name}"
    return {"rel": "collection", "type": "application/json", "title": title, "href": href}
