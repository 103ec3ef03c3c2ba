"""WMTS and WMS: requests are judged, native tiles sent from the pyramid, all else drawn by MapProxy.

One `MapService` answers /wmts and /wms. It is bare ASGI: a native tile costs neither a router nor a thread.
"""

import asyncio
import logging
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import unquote

from pcrs.errors import TooLargeError
from pcrs.serve.answers import Answer, Receive, Scope, Send, send_answer, send_preflight
from pcrs.serve.context import Served
from pcrs.serve.map_layers import MapLayer, Published
from pcrs.serve.mapproxy_bridge import MapProxy
from pcrs.serve.mapproxy_config import load_base, tile_layer, wms_limits
from pcrs.serve.ows import XML, OwsError, exception_report, parameters, service_exception
from pcrs.serve.tiles import fast_answer
from pcrs.serve.wms_request import canonical_query, spoken_version
from pcrs.serve.wmts_capabilities import write_capabilities
from pcrs.serve.wmts_request import InfoRequest, TileRequest, read_kvp, read_rest

_LOG = logging.getLogger(__name__)
_DRAWING_THREADS = 4
_SE_XML = "application/vnd.ogc.se_xml"
_IN_IMAGE = re.compile(rb"\s*<Format>(?:INIMAGE|BLANK|application/vnd\.ogc\.se_(?:inimage|blank))</Format>")
"""Forms of exceptions that MapProxy's capabilities offer: a client gets XML, whatever it asked for."""
_ALLOW = ((b"allow", b"GET, HEAD, OPTIONS"),)


class MapService:
    """The ASGI application of /wmts and /wms. What clients send in headers has no part in any address.

    Args:
        served: the site; the one that `pcrs.serve.context.use` was given.
        mapproxy_yml: the part of MapProxy's configuration that is not generated.
        recheck_s: how old the list of editions may be, in seconds.
    """

    def __init__(self, served: Served, mapproxy_yml: Path, *, recheck_s: float = 1.0) -> None:
        base = load_base(mapproxy_yml)
        self._served = served
        self._limits = wms_limits(base)
        self._published = Published(served, recheck_s)
        self._mapproxy = MapProxy(served, base)
        self._drawing = ThreadPoolExecutor(_DRAWING_THREADS, thread_name_prefix="pcrs-maps")
        self._capabilities = (-1, b"")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["method"] == "OPTIONS":
            await send_preflight(send)
            return
        word, *rest = _parts(scope)
        answer = await (self._wms(scope) if word == "wms" and not any(rest) else self._wmts(scope, rest))
        await send_answer(scope, send, answer)

    def close(self) -> None:
        """The threads that draw end."""
        self._drawing.shutdown()

    async def _wmts(self, scope: Scope, parts: list[str]) -> Answer:
        try:
            _refuse_method(scope)
            layers = self._published.layers()
            if any(parts):
                request = read_rest(parts, layers)
            else:
                request = read_kvp(parameters(scope["query_string"]), layers)
            if request == "capabilities":
                return Answer(self._document(layers), XML)
            return await self._tile(request, layers)
        except OwsError as error:
            return _refused(exception_report(error), XML, error)

    async def _tile(self, request: TileRequest | InfoRequest, layers: Mapping[str, MapLayer]) -> Answer:
        """A tile, or what is known of one of its pixels."""
        if isinstance(request, TileRequest):
            try:
                return fast_answer(request) or await self._draw(layers, _address(request))
            except OSError as error:
                raise _failed(error) from error
        answer = await self._draw(
            layers, _address(request.tile, f"/{request.i}/{request.j}.{request.suffix}")
        )
        return Answer(answer.body, answer.media_type, kept=False)

    def _document(self, layers: Mapping[str, MapLayer]) -> bytes:
        """The WMTS capabilities, written once for each revision."""
        revision = self._published.revision
        if self._capabilities[0] != revision:
            self._capabilities = (revision, write_capabilities(self._served, layers.values()))
        return self._capabilities[1]

    async def _wms(self, scope: Scope) -> Answer:
        version = "1.3.0"
        try:
            _refuse_method(scope)
            params = parameters(scope["query_string"])
            version = spoken_version(params)
            layers = self._published.layers()
            if not layers:
                raise OwsError("LayerNotDefined", "layers", "nothing is published yet", 404)
            answer = await self._draw(layers, "/wms", canonical_query(params, layers, self._limits))
            operation = params["request"].lower()
            body = _IN_IMAGE.sub(b"", answer.body) if operation.endswith("capabilities") else answer.body
            return Answer(body, answer.media_type, kept=operation != "getfeatureinfo")
        except OwsError as error:
            media_type = XML if version == "1.3.0" else _SE_XML
            return _refused(service_exception(error, version), media_type, error)

    async def _draw(self, layers: Mapping[str, MapLayer], path: str, query: str = "") -> Answer:
        """MapProxy's answer, from one of the threads that draw.

        Raises:
            OwsError: the map is too large, or cannot be drawn just now.
        """
        loop = asyncio.get_running_loop()
        revision = self._published.revision
        try:
            return await loop.run_in_executor(
                self._drawing, self._mapproxy.ask, revision, layers, path, query
            )
        except TooLargeError as error:
            raise OwsError("InvalidParameterValue", "bbox", str(error)) from error
        except Exception as error:
            raise _failed(error) from error


def _parts(scope: Scope) -> list[str]:
    """The path in decoded parts, `wmts` or `wms` first; a slash that was percent-encoded parts nothing."""
    path: str = scope["path"]
    raw: bytes = scope.get("raw_path") or b""
    root: str = scope.get("app_root_path", scope.get("root_path", ""))
    if b"%" in raw:
        return [unquote(part) for part in raw.decode("latin-1").removeprefix(root).split("/")[1:]]
    return path.removeprefix(root).split("/")[1:]


def _refuse_method(scope: Scope) -> None:
    """Raises OwsError for what is neither GET nor HEAD."""
    if scope["method"] not in ("GET", "HEAD"):
        raise OwsError("OperationNotSupported", "", "this service is asked by GET", 405)


def _address(request: TileRequest, rest: str = "") -> str:
    """Where MapProxy has the tile, or (with `rest`) what is known of its pixels."""
    level, col, row = request.tile
    end = rest or f".{request.suffix}"
    return f"/wmts/{tile_layer(request.layer, request.suffix)}/{request.grid.id}/{level}/{col}/{row}{end}"


def _failed(error: Exception) -> OwsError:
    """The answer to a sound request that fails: the log has the cause, the client does not."""
    _LOG.error("a map could not be drawn", exc_info=error)
    return OwsError("NoApplicableCode", "", "this map cannot be drawn just now: try again later", 503)


def _refused(body: bytes, media_type: str, error: OwsError) -> Answer:
    return Answer(body, media_type, error.status, kept=False, headers=_ALLOW if error.status == 405 else ())
