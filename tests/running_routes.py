"""The routes of a running application, found in it: nobody has to write them down."""

from collections.abc import Iterator
from typing import Any

from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.types import ASGIApp

from pcrs.serve.guard import Front

_OURS = ("pcrs.serve", "starlette")
_SHOWN = frozenset({"HEAD", "OPTIONS"})
"""Methods that go with GET."""


def parts_of(app: ASGIApp) -> tuple[set[tuple[str, str]], set[str]]:
    """(method, path) of every route; and the services that tell their paths apart by themselves."""
    (front,) = set(_inside(app, Front))
    routes = set(_told(front._pages))
    opaque = set()
    for word, service in front._services.items():
        found = set(_told(service))
        routes |= found
        if not found:
            opaque.add(word)
    return routes, opaque


def _told(app: Any) -> Iterator[tuple[str, str]]:
    for router in _inside(app, Router):
        yield from _routes(router.routes, "")


def _routes(routes: list[BaseRoute], prefix: str) -> Iterator[tuple[str, str]]:
    for route in routes:
        if isinstance(route, Mount):
            inside = getattr(route.app, "routes", None)
            yield from (
                _routes(inside, prefix + route.path) if inside else [("GET", f"{prefix}{route.path}/*")]
            )
        elif isinstance(route, Route):
            for method in (route.methods or {"GET"}) - _SHOWN:
                yield method, prefix + route.path
        else:
            raise AssertionError(f"a route of a kind that is not known: {route!r}")


def _inside[T](app: Any, kind: type[T], seen: set[int] | None = None) -> Iterator[T]:
    """What an application holds of a kind, the outermost ones."""
    seen = set() if seen is None else seen
    if id(app) in seen:
        return
    seen.add(id(app))
    if isinstance(app, kind):
        yield app
        return
    if type(app).__module__.startswith(_OURS) and hasattr(app, "__dict__"):
        for value in vars(app).values():
            yield from _inside(value, kind, seen)
