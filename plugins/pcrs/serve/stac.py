"""The STAC API of a site at `/stac`: dalles and archived objects as items, found by place, date and name.

It stands beside the OGC API, whose collections are of other kinds; each landing page links to the other.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pcrs.errors import InputError, NotFoundError, PcrsError, TooLargeError
from pcrs.publish.addresses import Addresses
from pcrs.publish.record_geojson import licence_code
from pcrs.publish.stac import GEOJSON, JSON, VERSION, Document, Provider
from pcrs.serve.answers import NOT_KEPT
from pcrs.serve.conditional import tagged
from pcrs.serve.context import Served
from pcrs.serve.guard import Routes
from pcrs.serve.ogcapi_host import Extension
from pcrs.serve.parameters import closed, each_once
from pcrs.serve.problems import nothing_here, refused
from pcrs.serve.stac_openapi import OPENAPI, openapi
from pcrs.serve.stac_query import PARAMETERS, Search, from_address, from_body
from pcrs.serve.stac_shelves import Shelf, page_of, shelves

_MAX_BODY = 1_000_000
"""Bytes of a search; a detailed commune has some ten thousand."""
_API = "https://api.stacspec.org/v1.0.0"
_FEATURES = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf"
CONFORMANCE = (
    *(f"{_API}/{name}" for name in ("core", "collections", "ogcapi-features", "item-search")),
    *(f"{_FEATURES}/{name}" for name in ("core", "oas30", "geojson")),
)
_HEADERS = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "ETag, Link"}
_PREFLIGHT = _HEADERS | {
    "Access-Control-Allow-Methods": "GET, HEAD, POST, OPTIONS",
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Max-Age": "86400",
}
type _Teller = Callable[[Request], tuple[Document, str]]


def extension(served: Served) -> Extension:
    """What the OGC API says of it: a link on the landing page."""
    root = Addresses(served.public_url, served.departement).stac
    return Extension(links=({"rel": "related", "type": JSON, "title": "STAC API", "href": root},))


class StacApi:
    """The application, to be given every request whose path begins with `/stac`."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self._at = Addresses(served.public_url, served.departement)
        tellers: Mapping[str, _Teller] = {
            "": self._landing,
            "/": self._landing,
            "/api": self._openapi,
            "/conformance": lambda _request: ({"conformsTo": list(CONFORMANCE)}, JSON),
            "/collections": self._collections,
            "/collections/{name}": self._collection,
            "/collections/{name}/items": self._items,
            "/collections/{name}/items/{id:path}": self._item,
        }
        methods = ["GET", "HEAD", "OPTIONS"]
        made = (
            Route(f"/stac{path}", self._endpoint(tell), methods=methods) for path, tell in tellers.items()
        )
        items = "/stac/collections/{name}/items"
        routes = closed(made, {items: PARAMETERS, "/stac/collections": ("limit",)})
        search = Route("/stac/search", self._search, methods=["GET", "HEAD", "POST", "OPTIONS"])
        self._app = Routes([search, *routes], {HTTPException: nothing_here})

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One request."""
        await self._app(scope, receive, send)

    def _endpoint(self, tell: _Teller) -> Any:
        async def handle(request: Request) -> Response:
            return await run_in_threadpool(self._respond, request, lambda: tell(request))

        return handle

    def _respond(self, request: Request, tell: Callable[[], tuple[Document, str]]) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=_PREFLIGHT)
        try:
            document, media_type = tell()
        except PcrsError as error:
            return refused(error)
        body = orjson.dumps(document)
        if request.method == "POST":
            return Response(
                body, headers=_HEADERS | {"Cache-Control": NOT_KEPT.decode()}, media_type=media_type
            )
        return tagged(request, body, media_type, _HEADERS)

    async def _search(self, request: Request) -> Response:
        """Items of every collection, by GET and by POST."""
        if request.method != "POST":

            def by_address() -> tuple[Document, str]:
                params = _given(request.query_params)
                return self._found(from_address(params), params, None)

            return await run_in_threadpool(self._respond, request, by_address)
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > _MAX_BODY:
                return refused(TooLargeError(f"a search has at most {_MAX_BODY} bytes"))
        return await run_in_threadpool(self._respond, request, lambda: self._posted(body))

    def _posted(self, body: bytes) -> tuple[Document, str]:
        try:
            said = json.loads(body or b"{}")
        except (ValueError, RecursionError) as error:
            raise InputError(f"the body is no JSON: {error}") from error
        if not isinstance(said, dict):
            raise InputError("the body is no JSON object")
        return self._found(from_body(said), {}, said)

    def _landing(self, _request: Request) -> tuple[Document, str]:
        root = self._at.stac
        links = [
            {"rel": "self", "type": JSON, "href": root},
            {"rel": "root", "type": JSON, "href": root},
            {"rel": "service-desc", "type": OPENAPI, "href": f"{root}/api"},
            {"rel": "service-doc", "type": "text/html", "href": f"{self._at.ogcapi}?f=html"},
            {"rel": "conformance", "type": JSON, "href": f"{root}/conformance"},
            {"rel": "data", "type": JSON, "href": f"{root}/collections"},
            {"rel": "search", "type": GEOJSON, "href": f"{root}/search", "method": "GET"},
            {"rel": "search", "type": GEOJSON, "href": f"{root}/search", "method": "POST"},
            {"rel": "related", "type": JSON, "title": "OGC API", "href": self._at.ogcapi},
        ]
        children = [
            {"rel": "child", "type": JSON, "title": one["title"], "href": one["links"][0]["href"]}
            for one in self._described()
        ]
        document = {
            "type": "Catalog",
            "stac_version": VERSION,
            "id": self._at.series,
            "title": self._served.title,
            "description": f"Dalles de l'orthophotographie et objets d'archive de {self._served.title}, "
            f"diffusés par {self._served.operator}.",
            "conformsTo": list(CONFORMANCE),
            "links": [*links, *children],
        }
        return document, JSON

    def _openapi(self, _request: Request) -> tuple[Document, str]:
        return openapi(self._served.title, self._at.stac), OPENAPI

    def _collections(self, _request: Request) -> tuple[Document, str]:
        root = self._at.stac
        links = [
            {"rel": "self", "type": JSON, "href": f"{root}/collections"},
            {"rel": "root", "type": JSON, "href": root},
            {"rel": "parent", "type": JSON, "href": root},
        ]
        return {"collections": self._described(), "links": links}, JSON

    def _collection(self, request: Request) -> tuple[Document, str]:
        name = self._shelf(request).id
        return next(one for one in self._described() if one["id"] == name), JSON

    def _described(self) -> list[Document]:
        """The collections that hold something."""
        served = self._served
        licence = licence_code(served.licence_title, served.licence_url)
        of = Provider(served.title, served.operator, served.licence_title, served.licence_url, licence)
        return [
            shelf.described(of, box, served.store.span(shelf.layer))
            for shelf, box in shelves(served, self._at)
        ]

    def _shelf(self, request: Request) -> Shelf:
        for shelf, _ in shelves(self._served, self._at):
            if shelf.id == request.path_params["name"]:
                return shelf
        raise NotFoundError(f"there is no collection {request.path_params['name']!r} here")

    def _items(self, request: Request) -> tuple[Document, str]:
        """A search within the collection: pystac-client names the collection once more."""
        name = self._shelf(request).id
        params = _given(request.query_params)
        asked = from_address(params)
        within = replace(asked, nowhere=asked.nowhere or name not in (asked.collections or {name}))
        return self._found(replace(within, collections=frozenset({name})), params, None, name)

    def _item(self, request: Request) -> tuple[Document, str]:
        shelf = self._shelf(request)
        return shelf.item(self._served.store.get(shelf.layer, request.path_params["id"])), GEOJSON

    def _found(
        self, search: Search, params: Mapping[str, str], said: Document | None, within: str = ""
    ) -> tuple[Document, str]:
        """A page of items, with the link to the next one in the manner of the request."""
        page = page_of(self._served, self._at, search)
        root = self._at.stac
        here = f"{root}/collections/{within}/items" if within else f"{root}/search"
        query = urlencode(params, safe=",:/")
        itself = f"{here}?{query}" if query else here
        links: list[Document] = [
            {"rel": "self", "type": GEOJSON, "href": itself if said is None else here},
            {"rel": "root", "type": JSON, "href": root},
        ]
        if page.token:
            following: Document = {"rel": "next", "type": GEOJSON, "href": here}
            if said is None:
                again = urlencode({**params, "token": page.token}, safe=",:/")
                following |= {"href": f"{here}?{again}", "method": "GET"}
            else:
                following |= {"method": "POST", "body": said | {"token": page.token}}
            links.append(following)
        document = {
            "type": "FeatureCollection",
            "features": page.found,
            "numberReturned": len(page.found),
            "links": links,
        }
        counted = {} if page.total is None else {"numberMatched": page.total}
        return document | counted, GEOJSON


def _given(params: QueryParams) -> dict[str, str]:
    """The parameters of an address, without the key of the access control.

    Raises:
        InputError: one is given twice.
    """
    found = each_once(params.multi_items())
    found.pop("apikey", None)
    return found
