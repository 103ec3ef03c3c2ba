"""The whole application of a site on a free port, told the address that it has there."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from starlette.types import ASGIApp

from pcrs.app import create_app
from pcrs.settings import load
from pcrs.work.site import Site
from tests.services.asking import running


@contextmanager
def whole(site: Site) -> Iterator[tuple[ASGIApp, str]]:
    """The application and its address."""
    made: list[ASGIApp] = []

    async def late(scope: Any, receive: Any, send: Any) -> None:
        await made[0](scope, receive, send)

    with running(late) as url:
        made.append(create_app(site, load(site.settings_file), url))
        yield made[0], url
