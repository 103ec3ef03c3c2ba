"""Requests that ask only for what has changed."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from pcrs.serve.answers import KEPT_A_MINUTE, etag


def knows(request: Request, etag: str) -> bool:
    """True when the client says, by If-None-Match, that it has the answer of this strong ETag."""
    given = request.headers.get("if-none-match", "")
    return given.strip() == "*" or etag in (tag.strip().removeprefix("W/") for tag in given.split(","))


def tagged(request: Request, body: bytes, media_type: str, headers: Mapping[str, str]) -> Response:
    """A whole document under the ETag of its bytes, or 304; `headers` may say more than "a minute"."""
    tag = etag(body).decode()
    headers = {"Cache-Control": KEPT_A_MINUTE.decode(), **headers, "ETag": tag}
    if knows(request, tag):
        return Response(status_code=304, headers=headers)
    response = Response(body, headers=headers, media_type=media_type)
    if request.method == "HEAD":
        response.body = b""
    return response
