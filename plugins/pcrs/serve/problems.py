"""A refusal on the wire, as problem details (RFC 9457) with OGC's `code` and `description`."""

import json

from starlette.responses import Response

from pcrs.serve.answers import NOT_KEPT

PROBLEM = "application/problem+json"
RETRY_S = 5
"""Seconds after which a busy service may be asked again."""
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
    if status == 503:
        headers["Retry-After"] = str(RETRY_S)
    return Response(problem_body(status, detail, code), status, headers, PROBLEM)


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
