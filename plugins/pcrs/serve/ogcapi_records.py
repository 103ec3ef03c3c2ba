"""OGC API Records: the rows of the catalogue as a collection under the same landing page."""

from collections.abc import Callable, Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pcrs.errors import NotFoundError, PcrsError
from pcrs.publish.addresses import RECORDS, Addresses
from pcrs.publish.record_geojson import Document, record_geojson
from pcrs.serve.conditional import headers_alone, unchanged
from pcrs.serve.context import Served
from pcrs.serve.entries import Entries, Shelf
from pcrs.serve.ogcapi_answer import Told, answer, headers_of
from pcrs.serve.ogcapi_host import Extension, Host
from pcrs.serve.ogcapi_links import items_address, with_parameters
from pcrs.serve.ogcapi_records_openapi import paths, queryables
from pcrs.serve.ogcapi_request import COMMON, Asked, check, read
from pcrs.serve.problems import refused
from pcrs.serve.record_query import PARAMETERS, matching
from pcrs.serve.record_query import read as read_query
from pcrs.standard.crs import CRS84

GEOJSON = "application/geo+json"
_SPEC = "http://www.opengis.net/spec/ogcapi-records-1/1.0/conf"
CONFORMANCE = tuple(
    f"{_SPEC}/{name}"
    for name in (
        "searchable-catalog",
        "searchable-catalog-sorting",
        "record-core",
        "record-collection",
        "record-core-query-parameters",
        "record-api",
        "sorting",
        "json",
        "html",
        "oas30",
    )
)
"""Filters in CQL2 and profiles are not among them."""
_PATH = f"/collections/{RECORDS}"
_ISO = {"iso": "application/xml"}
type _Teller = Callable[[Request, Host, Asked, Shelf], Told | Response]


def extension(served: Served, entries: Entries, document: Callable[[str], bytes]) -> Extension:
    """The records for the API of a site.

    `document` gives a record as it stands in the store, by its identifier; NotFoundError when there is none.
    """
    adapter = _Adapter(served, entries, document)
    routes = [
        _route("items", adapter.endpoint(adapter.items, (*COMMON, *PARAMETERS))),
        _route("items/{id:path}", adapter.endpoint(adapter.item, COMMON, _ISO)),
        _route("queryables", adapter.endpoint(adapter.queryables, COMMON)),
        _route("schema", adapter.endpoint(adapter.queryables, COMMON)),
    ]
    return Extension(
        routes=routes,
        collections=adapter.collections,
        conformance=CONFORMANCE,
        paths=paths(),
        revision=lambda: entries.shelf().revision,
    )


def _route(path: str, handler: Any) -> Route:
    return Route(f"{_PATH}/{path}", handler, methods=["GET", "HEAD"])


class _Adapter:
    def __init__(self, served: Served, entries: Entries, document: Callable[[str], bytes]) -> None:
        self._served = served
        self._entries = entries
        self._document = document

    def endpoint(
        self, tell: _Teller, allowed: Collection[str], files: Mapping[str, str] = MappingProxyType({})
    ) -> Any:
        """The handler of a route: parameters judged, refusals told, the answer as it was asked."""

        def respond(request: Request) -> Response:
            try:
                host: Host = request.app.host
                asked = read(request, files)
                check(asked.params, allowed)
                headers = headers_of(host, request, asked)
                if (known := unchanged(request, headers)) is not None:
                    return known
                told = tell(request, host, asked, self._entries.shelf())
                response = answer(host, request, asked, told) if isinstance(told, Told) else told
                response.headers.update(headers)
            except PcrsError as error:
                response = refused(error)
            return headers_alone(request, response)

        async def handle(request: Request) -> Response:
            return await run_in_threadpool(respond, request)

        return handle

    def collections(self) -> Iterable[Document]:
        """The catalogue, while it holds something."""
        shelf = self._entries.shelf()
        if not shelf.held:
            return []
        served = self._served
        here = f"{served.public_url}/ogcapi{_PATH}"
        return [
            {
                "id": RECORDS,
                "type": "Collection",
                "itemType": "record",
                "conformsTo": list(CONFORMANCE),
                "title": f"Catalogue : {served.title}",
                "description": f"Fiches de {served.title} : séries, jeux de données, services.",
                "keywords": ["PCRS", "métadonnées", "catalogue"],
                "language": {"code": "fr", "name": "Français"},
                "license": "other",
                "contacts": [{"organization": served.operator, "emails": [{"value": served.contact_email}]}],
                "crs": [CRS84],
                "extent": _extent(shelf),
                "links": self._collection_links(here),
            }
        ]

    def _collection_links(self, here: str) -> list[Document]:
        served = self._served
        at = Addresses(served.public_url, served.departement)
        rel = "http://www.opengis.net/def/rel/ogc/1.0/queryables"
        return [
            {"rel": "self", "type": "application/json", "title": "Ce catalogue", "href": f"{here}?f=json"},
            {"rel": "alternate", "type": "text/html", "title": "En HTML", "href": f"{here}?f=html"},
            {"rel": "items", "type": GEOJSON, "title": "Fiches", "href": f"{here}/items?f=json"},
            {"rel": "items", "type": "text/html", "title": "Fiches en HTML", "href": f"{here}/items?f=html"},
            {
                "rel": rel,
                "type": "application/schema+json",
                "title": "Champs interrogeables",
                "href": f"{here}/queryables",
            },
            {"rel": "license", "title": served.licence_title, "href": served.licence_url},
            {"rel": "alternate", "type": "application/xml", "title": "CSW", "href": at.csw_capabilities},
            {
                "rel": "alternate",
                "type": "application/ld+json",
                "title": "DCAT-AP",
                "href": at.dcat,
            },
        ]

    def items(self, _request: Request, host: Host, asked: Asked, shelf: Shelf) -> Told:
        """A page of records."""
        query = read_query(asked.params)
        found = matching(shelf.held, query)
        page = found[query.offset : query.offset + query.limit]
        given = {name: value for name, value in asked.params.items() if name not in ("f", "offset")}
        address = items_address(host, RECORDS)
        media_type = GEOJSON if asked.format == "json" else "text/html"

        def step(rel: str, title: str, offset: int) -> Document:
            href = with_parameters(address, given | {"f": asked.format, "offset": str(offset)})
            return {"rel": rel, "type": media_type, "title": title, "href": href}

        links = [
            {
                "rel": "self" if name == asked.format else "alternate",
                "type": kind,
                "title": title,
                "href": with_parameters(address, given | {"f": name, "offset": str(query.offset)}),
            }
            for name, kind, title in (("json", GEOJSON, "GeoJSON"), ("html", "text/html", "HTML"))
        ]
        if query.offset:
            links.append(step("prev", "Fiches précédentes", max(0, query.offset - query.limit)))
        if query.offset + query.limit < len(found):
            links.append(step("next", "Fiches suivantes", query.offset + query.limit))
        links.append(_collection(host))
        features = [
            record | {"links": [_self(host, record["id"]), *record["links"], _collection(host)]}
            for record in map(record_geojson, page)
        ]
        document: Document = {
            "type": "FeatureCollection",
            "features": features,
            "numberMatched": len(found),
            "numberReturned": len(page),
            "links": links,
        }
        return Told(document, "records.html", GEOJSON, context={"asked": asked.params})

    def item(self, request: Request, host: Host, asked: Asked, shelf: Shelf) -> Told | Response:
        """One record, as GeoJSON, as a page, or as it stands in the store."""
        identifier = request.path_params["id"]
        entry = shelf.get(identifier)
        if entry is None:
            raise NotFoundError(f"there is no record {identifier!r}: see {items_address(host, RECORDS)}")
        if asked.format == "iso":
            return Response(self._document(identifier), media_type=_ISO["iso"])
        address = items_address(host, RECORDS, identifier)
        offered = (
            ("json", GEOJSON, "GeoJSON"),
            ("html", "text/html", "HTML"),
            ("iso", _ISO["iso"], "ISO 19139"),
        )
        links = [
            {
                "rel": "self" if name == asked.format else "alternate",
                "type": kind,
                "title": title,
                "href": f"{address}?f={name}",
            }
            for name, kind, title in offered
        ]
        graph = f"{self._served.public_url}/dcat/{quote(identifier, safe='')}.jsonld"
        links.append({"rel": "alternate", "type": "application/ld+json", "title": "DCAT-AP", "href": graph})
        record = record_geojson(entry)
        if entry.parent:
            parent = items_address(host, RECORDS, entry.parent)
            links.append({"rel": "parent", "type": GEOJSON, "title": entry.parent, "href": parent})
        links += [
            {"rel": "related", "type": GEOJSON, "title": name, "href": items_address(host, RECORDS, name)}
            for name in entry.operates_on
        ]
        record["links"] = [*links, *record["links"], _collection(host)]
        return Told(record, "record.html", GEOJSON, context={"entry": entry})

    def queryables(self, request: Request, host: Host, _asked: Asked, _shelf: Shelf) -> Told:
        """What records can be asked by."""
        address = f"{host.address}{_PATH}/{request.url.path.rpartition('/')[2]}"
        document = queryables(address)
        return Told(document, "schema.html", "application/schema+json", context={"name": RECORDS})


def _self(host: Host, identifier: str) -> Document:
    href = f"{items_address(host, RECORDS)}/{quote(identifier, safe='')}"
    return {"rel": "self", "type": GEOJSON, "title": identifier, "href": href}


def _collection(host: Host) -> Document:
    href = f"{host.address}{_PATH}"
    return {"rel": "collection", "type": "application/json", "title": "Catalogue", "href": href}


def _extent(shelf: Shelf) -> Document:
    """What holds the boxes and periods of all records."""
    boxes = [one.entry.box for one in shelf.held if one.entry.box is not None]
    periods = [one.entry.period for one in shelf.held if one.entry.period is not None]
    extent: Document = {}
    if boxes:
        west, south, east, north = zip(*boxes, strict=True)
        bbox = [min(west), min(south), max(east), max(north)]
        extent["spatial"] = {"bbox": [bbox], "crs": CRS84}
    if periods:
        begins, ends = zip(*periods, strict=True)
        last = None if ".." in ends else f"{max(ends)}T23:59:59Z"
        extent["temporal"] = {"interval": [[f"{min(begins)}T00:00:00Z", last]]}
    return extent
