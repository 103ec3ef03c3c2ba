"""`/.well-known/security.txt` (RFC 9116): where faults of security are told."""

from datetime import UTC, datetime, timedelta

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from pcrs.serve.context import Served

_PATH = "/.well-known/security.txt"
_VALID = timedelta(days=180)


def route(served: Served) -> Route:
    """The address."""

    def told(_request: Request) -> PlainTextResponse:
        until = (datetime.now(UTC) + _VALID).strftime("%Y-%m-%dT00:00:00Z")
        lines = (
            f"Contact: mailto:{served.contact_email}",
            f"Expires: {until}",
            "Preferred-Languages: fr, en",
            f"Canonical: {served.public_url}{_PATH}",
        )
        headers = {"Cache-Control": "public, max-age=86400"}
        return PlainTextResponse("\n".join(lines) + "\n", headers=headers)

    return Route(_PATH, told, methods=["GET"])
