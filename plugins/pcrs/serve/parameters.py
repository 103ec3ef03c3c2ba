"""Parameters of a query string that an address knows; all others are refused, on every route that takes some.

Left out are the services that standards let be asked for anything (WMTS, WMS and CSW by key and value), pages
for people, and files: addresses that are passed on carry marks of mail and search.
"""

import difflib
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pcrs.errors import InputError
from pcrs.serve.problems import refused

_ALWAYS = ("apikey",)
"""Read by the access control."""


def each_once(given: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Values by name, of parameters that come once.

    Raises:
        InputError: one is given twice.
    """
    found: dict[str, str] = {}
    for name, value in given:
        if name in found:
            raise InputError(f"parameter {name!r} is given twice: give it once")
        found[name] = value
    return found


def refuse_unknown(given: Iterable[str], known: Collection[str]) -> None:
    """Nothing, when every name is known.

    Raises:
        InputError: one is not; the message names those that are.
    """
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise InputError(
                f"parameter {name!r} is not one of this resource{hint} (known: {', '.join(sorted(known))})"
            )


def closed(routes: Iterable[Route], known: Mapping[str, Collection[str]] | None = None) -> list[Route]:
    """The same routes, where a parameter that is not `known`, by path, is answered with 400."""
    table = known or {}
    return [
        Route(
            route.path,
            _closed(route.endpoint, (*table.get(route.path, ()), *_ALWAYS)),
            methods=list(route.methods or ()),
        )
        for route in routes
    ]


def _closed(
    endpoint: Callable[[Request], Awaitable[Any]], known: Collection[str]
) -> Callable[[Request], Awaitable[Response]]:
    async def answered(request: Request) -> Response:
        try:
            refuse_unknown(request.query_params, known)
        except InputError as error:
            return refused(error)
        response: Response = await endpoint(request)
        return response

    return answered
