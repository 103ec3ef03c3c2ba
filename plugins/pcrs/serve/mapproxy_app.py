"""WMTS and WMS: requests are judged, native tiles sent from the pyramid, all else drawn by MapProxy.

One `MapService` answers /wmts and /wms. It is bare ASGI: a native tile costs neither a router nor a thread.
"""

import asyncio
import json
import logging
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, unquote

from pcrs import __version__
from pcrs.errors import PcrsError, StoreError, TooLargeError
from pcrs.serve.answers import Answer, Receive, Scope, Send, send_answer, send_preflight
from pcrs.serve.context import Served
from pcrs.serve.map_layers import MapLayer, Published
from pcrs.serve.mapproxy_bridge import MapProxy
from pcrs.serve.mapproxy_config import load_base, tile_layer, wms_limits
from pcrs.serve.ows import XML, OwsError, exception_report, parameters, service_exception
from pcrs.serve.problems import RETRY_S
from pcrs.serve.tile_cache import TileCache
from pcrs.serve.tiles import fast_answer
from pcrs.serve.wms_request import canonical_query, spoken_version
from pcrs.serve.wmts_capabilities import write_capabilities
from pcrs.serve.wmts_request import IMAGE_TYPES, InfoRequest, TileRequest, check_limits, read_kvp, read_rest

_LOG = logging.getLogger(__name__)
_DRAWING_THREADS = 4
_SE_XML = "application/vnd.ogc.se_xml"
_LEFT_OUT = re.compile(
    rb"\s*(?:<Format>(?:INIMAGE|BLANK|application/vnd\.ogc\.se_(?:inimage|blank))</Format>"
    rb"|<sld:GetLegendGraphic>.*?</sld:GetLegendGraphic>)",
    re.DOTALL,
)
"""Of MapProxy's capabilities: forms of exceptions (a client gets XML, whatever it asked for), and an
operation that the schema of WMS 1.3.0 does not know without that of SLD: each layer tells of its legend."""
_TOLD = {405: ((b"allow", b"GET, HEAD, OPTIONS"),), 503: ((b"retry-after", b"%d" % RETRY_S),)}
"""Headers of refusals, by status."""
_MEDIA_TYPES = {suffix: media_type for media_type, suffix in IMAGE_TYPES.items()}
_KVP_NAMES = ("service", "request")
"""What makes a request by key and value of one for the document of the REST binding: some clients take the
last address that the capabilities give, whatever its binding."""
_TILED_PX = 512 * 512
"""Maps of WMS up to this size are taken for tiles, and kept; larger ones are never asked twice."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """What an image that may be kept is."""

    layer: MapLayer
    media_type: str


class MapService:
    """The ASGI application of /wmts and /wms. What clients send in headers has no part in any address.

    Args:
        served: the site; the one that `pcrs.serve.context.use` was given.
        mapproxy_yml: the part of MapProxy's configuration that is not generated.
        cache_bytes: how much of what is drawn may be kept, in the site's folder `cache/tiles`.
        recheck_s: how old the list of editions may be, in seconds.
    """

    def __init__(
        self, served: Served, mapproxy_yml: Path, *, cache_bytes: int = 0, recheck_s: float = 1.0
    ) -> None:
        base = load_base(mapproxy_yml)
        made_by = json.dumps([__version__, base], sort_keys=True)
        self._served = served
        self._limits = wms_limits(base)
        self._published = Published(served, recheck_s)
        self._mapproxy = MapProxy(served, base)
        self._cache = (
            TileCache(served.site / "cache" / "tiles", cache_bytes, made_by) if cache_bytes else None
        )
        self._under_way: dict[str, asyncio.Task[Answer]] = {}
        self._drawing = ThreadPoolExecutor(_DRAWING_THREADS, thread_name_prefix="pcrs-maps")
        self._capabilities = (-1, b"")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["method"] == "OPTIONS":
            await send_preflight(send)
            return
        word, *rest = _parts(scope)
        answer = await (self._wms(scope, rest) if word == "wms" else self._wmts(scope, rest))
        await send_answer(scope, send, answer)

    def close(self) -> None:
        """The threads that draw end."""
        self._drawing.shutdown()

    def layers(self) -> Mapping[str, MapLayer]:
        """What may be asked for now, by name.

        Raises:
            OwsError: that is not known yet, and cannot be found out just now.
        """
        try:
            return self._published.layers()
        except (OSError, PcrsError) as error:
            raise _failed(error) from error

    async def tile(self, request: TileRequest) -> Answer:
        """One tile of any grid, as JPEG or PNG.

        Raises:
            OwsError: it cannot be drawn just now.
        """
        try:
            found = await self._fast(request)
        except (OSError, StoreError) as error:
            raise _failed(error) from error
        return found or await self._draw(
            _address(request), "", _Kept(request.layer, _MEDIA_TYPES[request.suffix])
        )

    async def _fast(self, request: TileRequest) -> Answer | None:
        """`fast_answer`, without waiting for the network where others wait."""
        if request.layer.pyramid.remote:
            return await asyncio.to_thread(fast_answer, request)
        return fast_answer(request)

    async def map(self, params: Mapping[str, str]) -> Answer:
        """The answer to a request of WMS; names of parameters in lower case.

        Raises:
            OwsError: something is wrong with it, or it cannot be answered just now.
        """
        layers = self.layers()
        if not layers:
            raise OwsError("LayerNotDefined", "layers", "nothing is published yet", 404)
        query = canonical_query(params, layers, self._limits)
        return await self._draw("/wms", query, _kept(query, layers))

    async def _wmts(self, scope: Scope, parts: list[str]) -> Answer:
        try:
            _refuse_method(scope)
            layers, query = self.layers(), parameters(scope["query_string"])
            request = read_rest(parts, layers) if any(parts) else read_kvp(query, layers)
            if any(parts) and request == "capabilities" and not query.keys().isdisjoint(_KVP_NAMES):
                request = read_kvp(query, layers)
            if request == "capabilities":
                return Answer(self._document(layers), XML)
            tile = request if isinstance(request, TileRequest) else request.tile
            check_limits(tile, 404 if any(parts) else 400)
            return await self.tile(request) if isinstance(request, TileRequest) else await self._info(request)
        except OwsError as error:
            return _refused(exception_report(error), XML, error)

    async def _info(self, request: InfoRequest) -> Answer:
        """What is known of a pixel of a tile."""
        answer = await self._draw(_address(request.tile, f"/{request.i}/{request.j}.{request.suffix}"))
        return Answer(answer.body, answer.media_type, kept=False)

    def _document(self, layers: Mapping[str, MapLayer]) -> bytes:
        """The WMTS capabilities, written once for each revision."""
        revision = self._published.revision
        if self._capabilities[0] != revision:
            self._capabilities = (revision, write_capabilities(self._served, layers.values()))
        return self._capabilities[1]

    async def _wms(self, scope: Scope, rest: list[str]) -> Answer:
        version = "1.3.0"
        try:
            _refuse_method(scope)
            if any(rest):
                raise OwsError("OperationNotSupported", "", "WMS is asked at /wms, by key and value", 404)
            params = parameters(scope["query_string"])
            version = spoken_version(params)
            answer = await self.map(params)
            operation = params["request"].lower()
            body = _LEFT_OUT.sub(b"", answer.body) if operation.endswith("capabilities") else answer.body
            return Answer(body, answer.media_type, kept=operation != "getfeatureinfo")
        except OwsError as error:
            media_type = XML if version == "1.3.0" else _SE_XML
            return _refused(service_exception(error, version), media_type, error)

    async def _draw(self, path: str, query: str = "", kept: _Kept | None = None) -> Answer:
        """MapProxy's answer to GET `path`?`query`; the one that is kept, where images like it are.

        Raises:
            OwsError: the map is too large, or cannot be drawn just now.
        """
        address = f"{path}?{query}"
        try:
            if kept is None or self._cache is None:
                return await self._in_thread(path, query, None)
            if kept.layer.pyramid.remote:
                image = await asyncio.to_thread(self._cache.get, address, kept.layer.pyramid)
            else:
                image = self._cache.get(address, kept.layer.pyramid)
            if image is not None:
                return Answer(image, kept.media_type)
            return await self._once(path, query, address)
        except TooLargeError as error:
            raise OwsError("InvalidParameterValue", "bbox", str(error)) from error
        except Exception as error:
            raise _failed(error) from error

    async def _once(self, path: str, query: str, address: str) -> Answer:
        """An image that many may be waiting for, drawn for all of them."""
        task = self._under_way.get(address)
        if task is None:
            task = self._under_way[address] = asyncio.create_task(self._in_thread(path, query, address))
            task.add_done_callback(lambda _: self._under_way.pop(address))
        return await asyncio.shield(task)

    async def _in_thread(self, path: str, query: str, address: str | None) -> Answer:
        """Drawn in one of the threads that draw, and kept under `address`."""
        layers, revision = self.layers(), self._published.revision
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._drawing, self._ask, revision, layers, path, query, address)

    def _ask(
        self, revision: int, layers: Mapping[str, MapLayer], path: str, query: str, address: str | None
    ) -> Answer:
        answer, origins = self._mapproxy.ask(revision, layers, path, query)
        if self._cache is not None and address is not None and len(origins) == 1:
            self._cache.put(address, origins[0], answer.body)
        return answer


def _kept(query: str, layers: Mapping[str, MapLayer]) -> _Kept | None:
    """What a canonical query asks for, when that is a map of one layer, small enough to be a tile."""
    asked = dict(parse_qsl(query))
    layer = layers.get(asked.get("layers", ""))
    if (
        asked["request"] != "GetMap"
        or layer is None
        or int(asked["width"]) * int(asked["height"]) > _TILED_PX
    ):
        return None
    return _Kept(layer, asked["format"])


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
    return Answer(body, media_type, error.status, kept=False, headers=_TOLD.get(error.status, ()))
