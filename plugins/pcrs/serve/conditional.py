"""Requests that ask only for what has changed, or for the headers alone."""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from starlette.requests import Request
from starlette.responses import Response

from pcrs.serve.answers import KEPT_A_MINUTE, etag, is_known


def unchanged(request: Request, headers: Mapping[str, str]) -> Response | None:
    """The 304 under these headers, when the client has what they tell of; None when it is to be sent.

    The client says so by the ETag, weak or strong, which may be known before the body is made; without a tag,
    by the date, where the headers tell a Last-Modified.
    """
    if "if-none-match" in request.headers:
        known = is_known(request.scope, headers["ETag"].removeprefix("W/").encode())
    else:
        known = "Last-Modified" in headers and _is_as_new(request, headers["Last-Modified"])
    return Response(status_code=304, headers=headers) if known else None


def tagged(request: Request, body: bytes, media_type: str, headers: Mapping[str, str]) -> Response:
    """A whole document under the ETag of its bytes, or 304; `headers` may say more than "a minute"."""
    headers = {"Cache-Control": KEPT_A_MINUTE.decode(), **headers, "ETag": etag(body).decode()}
    if (known := unchanged(request, headers)) is not None:
        return known
    return headers_alone(request, Response(body, headers=headers, media_type=media_type))


def headers_alone[R: Response](request: Request, response: R) -> R:
    """To HEAD the answer without its body: its headers tell of the whole. What is streamed has none yet."""
    if request.method == "HEAD" and hasattr(response, "body"):
        response.body = b""
    return response


def _is_as_new(request: Request, modified: str) -> bool:
    """True when the client's copy is as late as what was modified at this date."""
    try:
        since = parsedate_to_datetime(request.headers["if-modified-since"])
    except (KeyError, ValueError):
        return False
    return parsedate_to_datetime(modified).timestamp() <= since.timestamp()
