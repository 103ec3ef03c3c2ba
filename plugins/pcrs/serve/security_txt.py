"""`/.well-known/security.txt` (RFC 9116): where faults of security are told."""

from datetime import UTC, datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pcrs.serve.conditional import tagged
from pcrs.serve.context import Served

_PATH = "/.well-known/security.txt"
_VALID = timedelta(days=180)


def route(served: Served) -> Route:
    """The address."""

    def told(request: Request) -> Response:
        until = (datetime.now(UTC) + _VALID).strftime("%Y-%m-%dT00:00:00Z")
        lines = (
            f"Contact: mailto:{served.contact_email}",
            f"Expires: {until}",
            "Preferred-Languages: fr, en",
            f"Canonical: {served.public_url}{_PATH}",
        )
        body = "\n".join(lines).encode() + b"\n"
        return tagged(request, body, "text/plain", {"Cache-Control": "public, max-age=86400"})

    return Route(_PATH, told, methods=["GET"])
