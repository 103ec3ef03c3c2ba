"""`/archives/<object>`: what is known of an object of the archive, as a STAC item, and its picture."""

import re
from pathlib import Path

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pcrs.errors import NotFoundError
from pcrs.publish.addresses import Addresses
from pcrs.publish.stac import GEOJSON
from pcrs.publish.stac_archive import archive_item
from pcrs.serve.conditional import tagged
from pcrs.serve.context import Served
from pcrs.serve.listing import PublicFile, sent
from pcrs.serve.parameters import closed
from pcrs.serve.problems import problem
from pcrs.work.layers import ARCHIVES

_ID = re.compile(r"[0-9a-f]{24}")
_CORS = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "ETag"}


def routes(served: Served, thumbnails: Path) -> list[Route]:
    """The items and the pictures; the layer `archives` of the OGC API is where they are searched."""
    at = Addresses(served.public_url, served.departement)

    def told(request: Request) -> Response:
        identifier = request.path_params["object"]
        try:
            if not any(layer.name == ARCHIVES.name for layer in served.store.layers()):
                raise NotFoundError("there is no archive here")
            row = served.store.get(ARCHIVES.name, identifier)
        except NotFoundError as error:
            return problem(404, str(error))
        body = orjson.dumps(archive_item(at, row.id, row.geometry, row.values))
        return tagged(request, body, GEOJSON, _CORS)

    def pictured(request: Request) -> Response:
        identifier = request.path_params["object"]
        path = thumbnails / identifier[:2] / f"{identifier}.jpg"
        if not _ID.fullmatch(identifier) or not path.is_file():
            return problem(404, f"there is no picture of {identifier!r}")
        return sent(request, PublicFile(path, path.stat()))

    async def item(request: Request) -> Response:
        return await run_in_threadpool(told, request)

    async def picture(request: Request) -> Response:
        return await run_in_threadpool(pictured, request)

    methods = ["GET", "HEAD"]
    items = [
        Route("/archives/{object}", item, methods=methods),
        Route("/archives/{object}/vignette.jpg", picture, methods=methods),
    ]
    return closed(items)
