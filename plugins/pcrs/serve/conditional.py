"""Requests that ask only for what has changed."""

from starlette.requests import Request


def knows(request: Request, etag: str) -> bool:
    """True when the client says, by If-None-Match, that it has the answer of this strong ETag."""
    given = request.headers.get("if-none-match", "")
    return given.strip() == "*" or etag in (tag.strip().removeprefix("W/") for tag in given.split(","))
