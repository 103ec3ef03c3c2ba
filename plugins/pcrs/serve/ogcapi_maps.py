"""OGC API Tiles and Maps of the mosaic: its tiles and its maps under the collection `ortho`.

They are the tiles and maps of WMTS and WMS under other addresses: the same bytes, from the same fast path,
the same kept tiles, the same MapProxy.
"""

from collections.abc import Mapping
from dataclasses import replace

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from pcrs.errors import InputError, NotFoundError
from pcrs.serve import ogcapi_tilesets as tilesets
from pcrs.serve.answers import Answer, send_answer
from pcrs.serve.conditional import tagged
from pcrs.serve.context import Served
from pcrs.serve.coverage_collection import year_of
from pcrs.serve.map_layers import MapLayer
from pcrs.serve.mapproxy_app import MapService
from pcrs.serve.ogcapi_host import Extension
from pcrs.serve.ogcapi_map_request import MAP, image_type, map_request, read
from pcrs.serve.ogcapi_maps_openapi import paths
from pcrs.serve.ogcapi_tilesets import MAP_PATH, REL, SETS_PATH, TILES_PATH
from pcrs.serve.problems import Handler, guarded
from pcrs.serve.wmts_request import IMAGE_TYPES, tile_at

_TILES_SPEC = "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf"
_MAPS_SPEC = "http://www.opengis.net/spec/ogcapi-maps-1/1.0/conf"
CONFORMANCE = tuple(
    f"{spec}/{name}"
    for spec, names in (
        (_TILES_SPEC, ("core", "tileset", "tilesets-list", "geodata-tilesets", "jpeg", "png")),
        (_MAPS_SPEC, ("core", "collection-map", "crs", "tilesets", "jpeg", "png")),
    )
    for name in names
)
"""Scaling and subsetting of maps are not among them: they are done by bbox, width and height alone, without
the scale denominators, centres and subsets that those classes want too."""
_JSON = ("json",)
_IMAGES = tuple(IMAGE_TYPES.values())
_EDITION = ("edition",)
_EXPOSED = "Content-Bbox, Content-Crs, Content-Datetime, ETag"


def extension(served: Served, maps: MapService) -> Extension:
    """Tiles and maps for the API of a site; `maps` draws them."""
    adapter = _Adapter(served, maps)
    handlers: Mapping[str, Handler] = {
        SETS_PATH: adapter.sets,
        f"{SETS_PATH}/{{set}}": adapter.set,
        TILES_PATH: adapter.tilesets,
        f"{TILES_PATH}/{{set}}": adapter.tileset,
        f"{TILES_PATH}/{{set}}/{{matrix}}/{{row}}/{{col}}": adapter.tile,
        MAP_PATH: adapter.map,
    }
    schemes = {
        "rel": f"{REL}/tiling-schemes",
        "type": "application/json",
        "title": "Grilles de tuiles",
        "href": f"{served.public_url}/ogcapi{SETS_PATH}",
    }
    routes = [Route(path, guarded(handler), methods=["GET", "HEAD"]) for path, handler in handlers.items()]
    return Extension(routes=routes, conformance=CONFORMANCE, links=(schemes,), paths=paths())


class _Adapter:
    """The answers. Each may raise what `guarded` tells."""

    def __init__(self, served: Served, maps: MapService) -> None:
        self._served = served
        self._maps = maps

    async def sets(self, request: Request) -> Response:
        """The tile matrix sets."""
        read(request, (), _JSON)
        return _document(request, tilesets.sets_document(self._served))

    async def set(self, request: Request) -> Response:
        """One tile matrix set."""
        read(request, (), _JSON)
        return _document(
            request, tilesets.set_document(self._served, tilesets.tile_set(request.path_params["set"]))
        )

    async def tilesets(self, request: Request) -> Response:
        """The tilesets of the mosaic."""
        layer = self._layer(read(request, _EDITION, _JSON))
        return _document(request, tilesets.tilesets_document(self._served, layer))

    async def tileset(self, request: Request) -> Response:
        """One tileset."""
        layer = self._layer(read(request, _EDITION, _JSON))
        one = tilesets.tile_set(request.path_params["set"])
        return _document(request, tilesets.tileset_document(self._served, layer, one))

    async def tile(self, request: Request) -> Response:
        """One tile, of those that can show data."""
        params = read(request, _EDITION, _IMAGES)
        layer = self._layer(params)
        media_type = image_type(params, request.headers.get("accept", ""))
        path = request.path_params
        grid = tilesets.tile_set(path["set"]).grid
        place = (layer.name, grid.id, path["matrix"], path["col"], path["row"])
        wanted = tile_at({layer.name: layer}, place, IMAGE_TYPES[media_type])
        if not tilesets.holds(layer, grid, wanted.tile):
            raise NotFoundError(f"{wanted.tile} is outside the limits that the tileset tells")
        return _Sent(await self._maps.tile(wanted), {})

    async def map(self, request: Request) -> Response:
        """A map of any part, in any of the collection's CRS."""
        params = read(request, MAP, _IMAGES)
        layer = self._layer(params)
        asked = map_request(params, request.headers.get("accept", ""), layer.bbox)
        answer = await self._maps.map(asked.as_wms(layer.name))
        told = {
            "Content-Crs": f"<{asked.frame.uri}>",
            "Content-Bbox": ",".join(f"{value:.12g}" for value in asked.frame.ordered(asked.bbox)),
            "Content-Datetime": self._years(layer),
        }
        return _Sent(answer, {name: value for name, value in told.items() if value})

    def _layer(self, params: Mapping[str, str]) -> MapLayer:
        """The layer of the edition that is asked for.

        Raises:
            NotFoundError: nothing is published yet.
            InputError: there is no such edition.
        """
        layers = self._maps.layers()
        if not layers:
            raise NotFoundError("nothing is published yet")
        wanted = params.get("edition")
        for layer in layers.values():
            if layer.edition == wanted:
                return layer
        known = ", ".join(layer.edition for layer in layers.values() if layer.edition)
        raise InputError(f"edition={wanted!r} is not published: {known} are")

    def _years(self, layer: MapLayer) -> str:
        """First and last year of what a layer shows: its own edition over those before it."""
        editions = self._served.editions()
        shown = [edition for edition in editions if layer.edition is None or edition <= layer.edition]
        years = [year for edition in shown if (year := year_of(edition)) is not None]
        return f"{min(years):04d}/{max(years):04d}" if years else ""


def _document(request: Request, document: tilesets.Document) -> Response:
    return tagged(request, orjson.dumps(document), "application/json", {"Access-Control-Allow-Origin": "*"})


class _Sent(Response):
    """An answer of the map service on its way."""

    def __init__(self, answer: Answer, headers: Mapping[str, str]) -> None:
        super().__init__()
        told = {"Vary": "Accept", "Access-Control-Expose-Headers": _EXPOSED, **headers}
        added = tuple((name.lower().encode(), value.encode()) for name, value in told.items())
        self._answer = replace(answer, headers=(*answer.headers, *added))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Whole, as 304 to who has it, without body to HEAD."""
        await send_answer(scope, send, self._answer)
