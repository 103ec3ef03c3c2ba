"""`POST /portail/emprise?nom=zone.gpkg`: a file of somebody's, and the polygons that it describes."""

import orjson
from starlette.requests import Request
from starlette.responses import Response

from pcrs.errors import InputError
from pcrs.serve.bodies import whole_body
from pcrs.serve.gate import Gate
from pcrs.work.handed_in import BYTES_MAX, read_apart

_NO_STORE = {"Cache-Control": "no-store"}


class HandedIn:
    """Files are read two at a time, each in a process of its own; nothing of them is kept."""

    def __init__(self) -> None:
        self._gate = Gate("files", waiting=6)

    async def answer(self, request: Request) -> Response:
        """The area of the file in the body.

        Raises:
            InputError: the file cannot be used.
            TooLargeError: it is too large.
            BusyError: too many are being read.
        """
        name = request.query_params.get("nom", "").strip()
        if not name:
            raise InputError("nom : le nom du fichier manque / the name of the file is missing")
        body = await whole_body(request, BYTES_MAX)
        told = await self._gate.run(lambda: read_apart(body, name), large=False)
        return Response(orjson.dumps(told), headers=_NO_STORE, media_type="application/json")
