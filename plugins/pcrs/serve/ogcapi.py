"""The OGC API of a site at `/ogcapi`: pygeoapi over our store, the mosaic beside it, checked in front.

Nothing is configured by the environment, and nothing happens at import: `build` makes an application of its
own, several of them if need be, and each follows its store.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from pcrs.errors import PcrsError
from pcrs.serve import coverage, feature_items, feature_query, ogcapi_documents, ogcapi_openapi
from pcrs.serve.answers import send_preflight
from pcrs.serve.conditional import knows
from pcrs.serve.context import Served
from pcrs.serve.coverage_collection import CONFORMANCE as COVERAGE_CONFORMANCE
from pcrs.serve.coverage_formats import FORMATS
from pcrs.serve.feature_document import Shown, as_mapping, as_text
from pcrs.serve.feature_items import GEOJSON
from pcrs.serve.feature_links import can_embed
from pcrs.serve.feature_query import ItemsAsked, Limits
from pcrs.serve.feature_schema import schema
from pcrs.serve.ogcapi_answer import TEMPLATES, Told, answer, headers_of, refusal
from pcrs.serve.ogcapi_config import PATH, load_base
from pcrs.serve.ogcapi_documents import layer_of
from pcrs.serve.ogcapi_host import Document, Extension, Host, ItemsFormat, host, mark
from pcrs.serve.ogcapi_request import COMMON, EMBED, ITEM, ITEMS, Asked, HostRequest, check, read
from pcrs.serve.problems import problem
from pcrs.standard.crs import CRS84, epsg_of
from pcrs.store.base import Layer

_THREADS = 8
_RECHECK_S = 1.0
_JSON_SCHEMA = "application/schema+json"
_OPENAPI = "application/vnd.oai.openapi+json;version=3.0"


@dataclass(frozen=True, slots=True)
class _View:
    """What a resource is made from."""

    host: Host
    asked: Asked
    path: Mapping[str, str]
    """Parameters in the path."""

    @property
    def request(self) -> HostRequest:
        """The request as pygeoapi takes it."""
        return HostRequest(self.asked, PATH)


@dataclass(frozen=True, slots=True)
class _Resource:
    """One kind of address."""

    path: str
    tell: Callable[[_View], Told]
    allowed: Callable[[Host, Mapping[str, str]], Collection[str]] = lambda _host, _path: COMMON


def build(served: Served, pygeoapi_yml: Path, *, extensions: Sequence[Extension] = ()) -> ASGIApp:
    """The API of a site, to be given every request whose path begins with `/ogcapi`.

    Args:
        served: the site; `pcrs.serve.context.use` must know it too.
        pygeoapi_yml: the part of pygeoapi's configuration that is not generated.
        extensions: what other adapters add, after the mosaic.

    Raises:
        StoreError: the store cannot be read.
    """
    return OgcApi(served, pygeoapi_yml, (_mosaic(served), *extensions))


class OgcApi:
    """The application. A new delivery is seen within a second, in every process, without a restart."""

    def __init__(
        self,
        served: Served,
        pygeoapi_yml: Path,
        extensions: Sequence[Extension],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._served = served
        self._base = load_base(pygeoapi_yml)
        self._extensions = tuple(extensions)
        self._clock = clock
        self._lock = threading.Lock()
        self._host = host(served, self._base, self._extensions)
        self._due = clock() + _RECHECK_S
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="ogcapi")
        self._router = self._routed()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["method"] == "OPTIONS":
            await send_preflight(send)
            return
        try:
            # With an `app`, starlette raises what it would else answer in plain text.
            await self._router({**scope, "app": self}, receive, send)
        except HTTPException as error:
            detail = f"{scope['method']} {scope['path']}: nothing answers it here, see {self._host.address}"
            refused = problem(error.status_code, detail)
            refused.headers.update(error.headers or {})
            await refused(scope, receive, send)

    @property
    def host(self) -> Host:
        """The current state, for the routes of extensions: `request.app.host`."""
        return self._follow()

    def reload(self) -> None:
        """The documents are made again, when what they are made of has changed.

        Raises:
            StoreError: the store cannot be read.
        """
        if mark(self._served, self._extensions) != self._host.mark:
            self._host = host(self._served, self._base, self._extensions)

    def _follow(self) -> Host:
        """The current state, looked after once a second by the first who asks; the others do not wait."""
        if self._clock() >= self._due and self._lock.acquire(blocking=False):
            try:
                self.reload()
                self._due = self._clock() + _RECHECK_S
            finally:
                self._lock.release()
        return self._host

    def _routed(self) -> Router:
        added: list[BaseRoute] = [route for extension in self._extensions for route in extension.routes]
        ours = [Route(resource.path, self._endpoint(resource)) for resource in _RESOURCES]
        assets = Mount("/assets", StaticFiles(directory=TEMPLATES / "assets"))
        inside = Router([*added, assets, *ours], redirect_slashes=False)
        landing = Route(PATH, self._endpoint(_RESOURCES[0]))
        return Router([landing, Mount(PATH, app=inside)], redirect_slashes=False)

    def _endpoint(self, resource: _Resource) -> Callable[[Request], object]:
        async def endpoint(request: Request) -> Response:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._pool, self._respond, resource, request)

        return endpoint

    def _respond(self, resource: _Resource, request: Request) -> Response:
        try:
            current = self._follow()
            formats = current.items_formats if resource.path.endswith("/items") else {}
            asked = read(request, {name: each.media_type for name, each in formats.items()})
            check(asked.params, resource.allowed(current, request.path_params))
            headers = headers_of(current, request, asked)
            if knows(request, headers["ETag"]):
                return Response(status_code=304, headers=headers)
            view = _View(current, asked, request.path_params)
            if asked.format in formats:
                response = _file(view, formats[asked.format], headers)
            else:
                response = answer(current, request, asked, resource.tell(view))
        except PcrsError as error:
            response = refusal(error)
        if request.method == "HEAD":
            response.body = b""
        return response


def _mosaic(served: Served) -> Extension:
    """The mosaic as a collection, while there is one."""

    def collections() -> list[Document]:
        described = coverage.collection(served)
        return [described] if "extent" in described else []

    media_types = {format_.name: format_.media_type for format_ in FORMATS}
    return Extension(
        routes=coverage.routes(served),
        collections=collections,
        conformance=COVERAGE_CONFORMANCE,
        paths=ogcapi_openapi.coverage_paths(media_types),
    )


def _landing(view: _View) -> Told:
    return Told(ogcapi_documents.landing(view.host, view.request), "landing.html")


def _openapi(view: _View) -> Told:
    document = ogcapi_openapi.document(view.host, view.asked.language)
    return Told(document, "openapi.html", _OPENAPI)


def _conformance(view: _View) -> Told:
    return Told(ogcapi_documents.conformance(view.host), "conformance.html")


def _collections(view: _View) -> Told:
    return Told(ogcapi_documents.collections(view.host, view.request), "collections.html")


def _collection(view: _View) -> Told:
    document = ogcapi_documents.collection(view.host, view.request, view.path["name"])
    layer = view.host.layers.get(view.path["name"])
    return Told(document, "collection.html", context={"fields": layer.fields if layer else ()})


def _schema(resource: str) -> Callable[[_View], Told]:
    def tell(view: _View) -> Told:
        name = view.path["name"]
        document = schema(view.host, layer_of(view.host, name), view.asked.language, resource)
        return Told(document, "schema.html", _JSON_SCHEMA, context={"name": name})

    return tell


def _items_asked(view: _View) -> tuple[Layer, ItemsAsked]:
    layer, params = view.host.layers[view.path["name"]], view.asked.params
    limits = view.host.base["server"]["limits"]
    asked = feature_query.read(layer, params, Limits(limits["default_items"], limits["max_items"]))
    return layer, feature_query.confined(asked, view.asked.area)


def _file(view: _View, wanted: ItemsFormat, headers: Mapping[str, str]) -> Response:
    """The objects that were asked, as a file."""
    layer, asked = _items_asked(view)
    query = replace(asked.query, limit=0) if asked.hits or asked.nowhere else asked.query
    body = wanted.write(layer, query, epsg_of(asked.crs))
    name = f'attachment; filename="{layer.name}{wanted.suffix}"'
    sent = {**headers, "Content-Disposition": name, "Content-Crs": f"<{asked.crs}>"}
    return Response(body, headers=sent, media_type=wanted.media_type)


def _items(view: _View) -> Told:
    layer, asked = _items_asked(view)
    document = feature_items.items(view.host, layer, asked, view.asked, _shown(view))
    return _objects(view, document, asked.crs, "items.html")


def _item(view: _View) -> Told:
    layer = view.host.layers[view.path["name"]]
    crs = feature_query.crs(view.asked.params, "crs")
    document = feature_items.item(view.host, layer, view.path["id"], crs, view.asked, _shown(view))
    return _objects(view, document, crs, "item.html")


def _shown(view: _View) -> Shown:
    """Geometries as the representation takes them."""
    return as_text if view.asked.format == "json" else as_mapping


def _objects(view: _View, document: Document, crs: str, template: str) -> Told:
    name = view.path["name"]
    layer = view.host.layers[name]
    context = {
        "name": name,
        "title": view.host.api.config["resources"][name]["title"][view.asked.language],
        "titles": {field.name: field.title or field.name for field in layer.fields},
        "id_field": layer.id_field,
        "drawable": crs == CRS84,
    }
    return Told(document, template, GEOJSON, {"Content-Crs": f"<{crs}>"}, context)


def _item_parameters(found: Host, path: Mapping[str, str]) -> Collection[str]:
    name = layer_of(found, path["name"]).name
    return (*ITEM, EMBED) if can_embed(name) else ITEM


def _items_parameters(found: Host, path: Mapping[str, str]) -> Collection[str]:
    layer = layer_of(found, path["name"])
    dated = () if layer.time_field is None else ("datetime",)
    carrying = (EMBED,) if can_embed(layer.name) else ()
    return {*ITEMS, *dated, *carrying, *(field.name for field in layer.fields)}


_RESOURCES = (
    _Resource("/", _landing),
    _Resource("/openapi", _openapi),
    _Resource("/conformance", _conformance),
    _Resource("/collections", _collections),
    _Resource("/collections/{name}/items", _items, _items_parameters),
    _Resource("/collections/{name}/items/{id:path}", _item, _item_parameters),
    _Resource("/collections/{name}/queryables", _schema("queryables")),
    _Resource("/collections/{name}/schema", _schema("schema")),
    _Resource("/collections/{name}", _collection),
)
