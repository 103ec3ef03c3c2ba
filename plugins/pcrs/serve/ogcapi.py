"""The OGC API of a site at `/ogcapi`: pygeoapi over our store, the mosaic beside it, checked in front.

Nothing is configured by the environment, and nothing happens at import: `build` makes an application of its
own, several of them if need be, and each follows its store.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from pcrs.errors import PcrsError, StoreError
from pcrs.serve import coverage, ogcapi_openapi
from pcrs.serve.answers import KEPT_A_MINUTE, send_preflight
from pcrs.serve.conditional import headers_alone, unchanged
from pcrs.serve.context import Served
from pcrs.serve.coverage_collection import CONFORMANCE as COVERAGE_CONFORMANCE
from pcrs.serve.coverage_formats import FORMATS as COVERAGE_FORMATS
from pcrs.serve.feature_files import FileAsked
from pcrs.serve.gate import Gate
from pcrs.serve.nameless import streamed, written
from pcrs.serve.ogcapi_answer import TEMPLATES, answer, headers_of
from pcrs.serve.ogcapi_config import PATH, load_base
from pcrs.serve.ogcapi_host import Document, Extension, Host, host, mark
from pcrs.serve.ogcapi_request import check, read
from pcrs.serve.ogcapi_resources import RESOURCES, Resource, View
from pcrs.serve.problems import problem, refused
from pcrs.work.site import Site

_THREADS = 8
_FILES_WAITING = 8
_RECHECK_S = 1.0
_FIRST_S = 2.0


def build(served: Served, pygeoapi_yml: Path, *, extensions: Sequence[Extension] = ()) -> ASGIApp:
    """The API of a site, to be given every request whose path begins with `/ogcapi`.

    Args:
        served: the site; `pcrs.serve.context.use` must know it too.
        pygeoapi_yml: the part of pygeoapi's configuration that is not generated.
        extensions: what other adapters add, after the mosaic.

    A store that cannot be read is refused request by request, until it can.
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
        self._host: Host | None = None
        self._due = 0.0
        with suppress(StoreError):
            self.reload()
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="ogcapi")
        self._files = Gate("exports", workers=1, waiting=_FILES_WAITING)
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
            home = f"{self._served.public_url}{PATH}"
            detail = f"{scope['method']} {scope['path']}: nothing answers it here, see {home}"
            refused = problem(error.status_code, detail)
            refused.headers.update(error.headers or {})
            await refused(scope, receive, send)

    @property
    def host(self) -> Host:
        """The current state, for the routes of extensions: `request.app.host`."""
        return self._follow()

    def reload(self) -> Host:
        """The current state, made again when what it is made of has changed.

        Raises:
            StoreError: the store cannot be read.
        """
        known = self._host
        if known is None or mark(self._served, self._extensions) != known.mark:
            known = self._host = host(self._served, self._base, self._extensions)
        self._due = self._clock() + _RECHECK_S
        return known

    def _follow(self) -> Host:
        """The current state, looked after once a second by the first who asks.

        The others do not wait, but for the first state of all.
        """
        known = self._host
        if known is not None and self._clock() < self._due:
            return known
        if self._lock.acquire(timeout=_FIRST_S if known is None else 0):
            try:
                return self.reload()
            finally:
                self._lock.release()
        if known is None:
            raise StoreError("the store of features does not answer yet")
        return known

    def _routed(self) -> Router:
        added: list[BaseRoute] = [route for extension in self._extensions for route in extension.routes]
        ours = [Route(resource.path, self._endpoint(resource)) for resource in RESOURCES]
        assets = Mount("/assets", _Assets(directory=TEMPLATES / "assets"))
        inside = Router([*added, assets, *ours], redirect_slashes=False)
        landing = Route(PATH, self._endpoint(RESOURCES[0]))
        return Router([landing, Mount(PATH, app=inside)], redirect_slashes=False)

    def _endpoint(self, resource: Resource) -> Callable[[Request], object]:
        async def endpoint(request: Request) -> Response:
            loop = asyncio.get_running_loop()
            answered = await loop.run_in_executor(self._pool, self._respond, resource, request)
            return answered if isinstance(answered, Response) else await self._send(*answered)

        return endpoint

    async def _send(self, asked: FileAsked, headers: Mapping[str, str]) -> Response:
        """A file, made by the few hands that there are for files."""
        place = Site(self._served.site).jobs
        try:
            work = self._files.run(lambda: written(place, asked.name, asked.make), large=True)
            file = await work
        except PcrsError as error:
            return refused(error)
        if file is None:
            return Response(status_code=204, headers=headers)
        return streamed(file, headers, asked.media_type)

    def _respond(
        self, resource: Resource, request: Request
    ) -> Response | tuple[FileAsked, Mapping[str, str]]:
        try:
            current = self._follow()
            asked = read(request, resource.files)
            check(asked.params, resource.allowed(current, request.path_params))
            headers = headers_of(current, request, asked, exact=asked.format not in resource.files)
            if (known := unchanged(request, headers)) is not None:
                return known
            view = View(current, asked, request.path_params)
            if resource.file is not None and asked.format in resource.files:
                file = resource.file(view)
                headers = _file_headers(headers, file)
                if request.method != "HEAD":
                    return file, headers
                response: Response = StreamingResponse((), headers=headers, media_type=file.media_type)
            else:
                response = answer(current, request, asked, resource.tell(view), headers)
        except PcrsError as error:
            response = refused(error)
        return headers_alone(request, response)


class _Assets(StaticFiles):
    """The files of the pages, under the tags that starlette gives them."""

    def file_response(self, *args: Any, **options: Any) -> Response:
        """A file, or 304, that may be kept for a minute."""
        response = super().file_response(*args, **options)
        response.headers["Cache-Control"] = KEPT_A_MINUTE.decode()
        return response


def _mosaic(served: Served) -> Extension:
    """The mosaic as a collection, while there is one."""

    def collections() -> list[Document]:
        described = coverage.collection(served)
        return [described] if "extent" in described else []

    media_types = {format_.name: format_.media_type for format_ in COVERAGE_FORMATS}
    return Extension(
        routes=coverage.routes(served),
        collections=collections,
        conformance=COVERAGE_CONFORMANCE,
        paths=ogcapi_openapi.coverage_paths(media_types),
    )


def _file_headers(headers: Mapping[str, str], file: FileAsked) -> dict[str, str]:
    return {
        **headers,
        "Content-Disposition": f'attachment; filename="{file.name}"',
        "Content-Crs": f"<{file.crs}>",
    }
