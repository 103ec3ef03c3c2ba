"""The OGC API of a site at `/ogcapi`: pygeoapi over our store, the mosaic beside it, checked in front.

Nothing is configured by the environment, and nothing happens at import: `build` makes an application of its
own, several of them if need be, and each follows its store.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from pcrs.errors import PcrsError
from pcrs.serve import coverage, ogcapi_documents, ogcapi_openapi
from pcrs.serve.answers import send_preflight
from pcrs.serve.conditional import knows
from pcrs.serve.context import Served
from pcrs.serve.coverage_collection import CONFORMANCE as COVERAGE_CONFORMANCE
from pcrs.serve.coverage_formats import FORMATS
from pcrs.serve.ogcapi_answer import TEMPLATES, Told, answer, headers_of, refusal
from pcrs.serve.ogcapi_config import PATH, load_base
from pcrs.serve.ogcapi_documents import layer_of
from pcrs.serve.ogcapi_host import Document, Extension, Host, host, mark
from pcrs.serve.ogcapi_request import COMMON, ITEM, ITEMS, Asked, HostRequest, check, read
from pcrs.serve.problems import problem
from pcrs.standard.crs import CRS84

_THREADS = 8
_RECHECK_S = 1.0
_GEOJSON = "application/geo+json"
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
            await problem(error.status_code, detail)(scope, receive, send)

    def reload(self) -> None:
        """The documents are made again, when what they are made of has changed.

        Raises:
            StoreError: the store cannot be read.
        """
        if mark(self._served) != self._host.mark:
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
            asked = read(request)
            check(asked.params, resource.allowed(current, request.path_params))
            headers = headers_of(current, request, asked)
            if knows(request, headers["ETag"]):
                return Response(status_code=304, headers=headers)
            told = resource.tell(_View(current, asked, request.path_params))
            response = answer(current, request, asked, told)
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
        document = ogcapi_documents.schema(view.host, name, view.asked.language, resource)
        return Told(document, "schema.html", _JSON_SCHEMA, context={"name": name})

    return tell


def _items(view: _View) -> Told:
    name = view.path["name"]
    document, crs = ogcapi_documents.items(view.host, view.request, name)
    return _objects(view, document, crs, "items.html")


def _item(view: _View) -> Told:
    name = view.path["name"]
    document, crs = ogcapi_documents.item(view.host, view.request, name, view.path["id"])
    return _objects(view, document, crs, "item.html")


def _objects(view: _View, document: Document, crs: str, template: str) -> Told:
    name = view.path["name"]
    layer = view.host.layers[name]
    context = {
        "name": name,
        "title": view.host.api.config["resources"][name]["title"][view.asked.language],
        "titles": {field.name: field.title or field.name for field in layer.fields},
        "id_field": layer.id_field,
        "drawable": crs == f"<{CRS84}>",
    }
    return Told(document, template, _GEOJSON, {"Content-Crs": crs}, context)


def _item_parameters(found: Host, path: Mapping[str, str]) -> Collection[str]:
    layer_of(found, path["name"])
    return ITEM


def _items_parameters(found: Host, path: Mapping[str, str]) -> Collection[str]:
    layer = layer_of(found, path["name"])
    dated = () if layer.time_field is None else ("datetime",)
    return {*ITEMS, *dated, *(field.name for field in layer.fields)}


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
