"""`/commandes/<order>/<secret>/`: what was ordered, for who was told the address, until its time is over."""

import hmac
import html
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from pcrs.errors import NotFoundError
from pcrs.serve.listing import PublicFile, sent
from pcrs.serve.problems import problem
from pcrs.standard.french import octets
from pcrs.store.orders import Ordered, Orders

_PRIVATE = {"Cache-Control": "private, no-store", "X-Robots-Tag": "noindex"}


def routes(orders: Orders, folder: Path) -> list[Route]:
    """The pages and the files. A wrong secret, an unknown order and one that is over look the same."""

    def found(request: Request) -> Response:
        order = _order(orders, request.path_params["order"], request.path_params["secret"])
        if order is None:
            return problem(404, "rien à cette adresse, ou plus rien / nothing at this address, or no longer")
        place = (folder / order.id).resolve()
        path = (place / request.path_params["path"]).resolve()
        if path == place:
            return _page(order, place)
        if not path.is_relative_to(place) or not path.is_file():
            return problem(404, "cette commande n'a pas ce fichier / this order has no such file")
        response = sent(request, PublicFile(path, path.stat()))
        response.headers.update(_PRIVATE)
        return response

    async def delivered(request: Request) -> Response:
        return await run_in_threadpool(found, request)

    return [Route("/commandes/{order}/{secret}/{path:path}", delivered, methods=["GET", "HEAD"])]


def _order(orders: Orders, identifier: str, secret: str) -> Ordered | None:
    try:
        order = orders.get(identifier)
    except NotFoundError:
        order = None
    right = hmac.compare_digest((order.secret if order else "-").encode(), secret.encode())
    if order is None or not right or order.state != "succeeded":
        return None
    over = order.expires is not None and datetime.fromisoformat(order.expires) <= datetime.now(UTC)
    return None if over else order


def _page(order: Ordered, place: Path) -> Response:
    files = sorted(path for path in place.rglob("*") if path.is_file() and not path.name.startswith("."))
    lines = "".join(_line(path.relative_to(place).as_posix(), path.stat().st_size) for path in files)
    until = (order.expires or "")[:10]
    title = f"Commande {order.id}"
    return HTMLResponse(
        f'<!DOCTYPE html>\n<html lang="fr">\n<head><meta charset="utf-8"><title>{title}</title></head>\n'
        f"<body>\n<h1>{title}</h1>\n<p>{len(files)} fichiers, à prendre jusqu'au {until}. "
        f'<span lang="en">Files to be fetched until then.</span></p>\n<ul>\n{lines}</ul>\n</body>\n</html>\n',
        headers=_PRIVATE,
    )


def _line(name: str, size: int) -> str:
    return f'<li><a href="{quote(name)}">{html.escape(name)}</a> ({octets(size)})</li>\n'
