"""A refusal on the wire, as problem details (RFC 9457) with OGC's `code` and `description`.

The one place that knows which kind of error is which HTTP status.
"""

import json
import logging
from collections.abc import Awaitable, Callable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from pcrs.errors import (
    ConflictError,
    ForbiddenError,
    InputError,
    NotFoundError,
    PcrsError,
    RasterError,
    SettingsError,
    TooLargeError,
    TooManyError,
)
from pcrs.serve.answers import NOT_KEPT
from pcrs.serve.context import PRINCIPAL
from pcrs.work.access import Principal

PROBLEM = "application/problem+json"
RETRY_S = 5
"""Seconds after which a busy service may be asked again."""
_STATUSES: tuple[tuple[type[PcrsError], int], ...] = (
    (RasterError, 500),
    (SettingsError, 500),
    (NotFoundError, 404),
    (ForbiddenError, 403),
    (ConflictError, 409),
    (TooManyError, 429),
    (TooLargeError, 413),
    (InputError, 400),
)
"""Of errors, the first kind that one is of. Rasters and settings that cannot be used are the site's own;
all other kinds are faults of the service."""
_TROUBLE = "impossible pour l'instant, réessayez / not possible at the moment: come back in a few seconds"
_log = logging.getLogger(__name__)
Handler = Callable[[Request], Awaitable[Response]]
_PROBLEMS = {
    400: ("InvalidParameterValue", "Bad Request"),
    401: ("Unauthorized", "Unauthorized"),
    403: ("Forbidden", "Forbidden"),
    404: ("NotFound", "Not Found"),
    405: ("MethodNotAllowed", "Method Not Allowed"),
    406: ("NotAcceptable", "Not Acceptable"),
    409: ("Conflict", "Conflict"),
    413: ("ContentTooLarge", "Content Too Large"),
    422: ("ProcessFailed", "Unprocessable Content"),
    429: ("TooManyRequests", "Too Many Requests"),
    503: ("Unavailable", "Service Unavailable"),
}


def problem(status: int, detail: str, code: str = "") -> Response:
    """A refusal of that status; `code` instead of the usual one."""
    headers = {"Cache-Control": NOT_KEPT.decode(), "Access-Control-Allow-Origin": "*"}
    if status in (429, 503):
        headers["Retry-After"] = str(RETRY_S)
    return Response(problem_body(status, detail, code), status, headers, PROBLEM)


def refused(error: PcrsError, *, known: bool = True) -> Response:
    """What a client is told of an error: its own faults in words, ours without.

    An error may bring `status` and `code` of its own. `known`: the client told who it is; what it may not do
    is 403 then, and 401 otherwise.
    """
    status: int = getattr(error, "status", 0) or next(
        (status for kind, status in _STATUSES if isinstance(error, kind)), 500
    )
    if status == 403 and not known:
        status = 401
    if status == 500:
        _log.error("%s: %s", type(error).__name__, error)
        return problem(503, _TROUBLE)
    answer = problem(status, str(error), getattr(error, "code", ""))
    if isinstance(error, TooManyError):
        answer.headers["Retry-After"] = str(error.wait_s)
    return answer


def guarded(handler: Handler) -> Handler:
    """The handler, its refusals told as problem details."""

    async def answered(request: Request) -> Response:
        try:
            return await handler(request)
        except PcrsError as error:
            who: Principal = request.scope.get(PRINCIPAL, Principal())
            return refused(error, known=who.token is not None)

    return answered


async def nothing_here(request: Request, error: Exception) -> Response:
    """For `exception_handlers` of Starlette: an address, or a method, that no route has."""
    status = error.status_code if isinstance(error, HTTPException) else 404
    answer = problem(status, f"{request.method} {request.url.path}: nothing answers it here")
    answer.headers.update(getattr(error, "headers", None) or {})
    return answer


def problem_body(status: int, detail: str, code: str = "", *, type_: str = "about:blank") -> bytes:
    """The document of a refusal; `type_` identifies its kind, where a standard names one."""
    usual, title = _PROBLEMS.get(status, ("NoApplicableCode", "Error"))
    body = {
        "type": type_,
        "title": title,
        "status": status,
        "detail": detail,
        "code": code or usual,
        "description": detail,
    }
    return json.dumps(body, ensure_ascii=False).encode()
