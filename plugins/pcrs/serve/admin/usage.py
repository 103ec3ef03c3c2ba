"""How the site is used, for the steering committee: a page with charts, and every figure as CSV."""

from collections.abc import Callable
from datetime import UTC, date, datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from pcrs.errors import InputError
from pcrs.publish.use.result import Statistics

Figures = Callable[[date, date], Statistics]
"""The figures from one day to another."""
_PRIVATE = {"Cache-Control": "no-store"}


class Usage:
    """The answers."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    async def page(self, request: Request) -> Response:
        """The report: from `du` to `au`, else of this year."""
        from pcrs.publish.use.page import render  # jinja: only who looks needs it

        days = _days(request)
        return HTMLResponse(await run_in_threadpool(lambda: render(self._figures(*days))), headers=_PRIVATE)

    async def table(self, request: Request) -> Response:
        """The same as CSV."""
        from pcrs.publish.use.table import as_csv

        days = _days(request)
        text = await run_in_threadpool(lambda: as_csv(self._figures(*days)))
        headers = {**_PRIVATE, "Content-Disposition": 'attachment; filename="usage-pcrs.csv"'}
        return Response(text.encode(), headers=headers, media_type="text/csv; charset=utf-8")


def _days(request: Request) -> tuple[date, date]:
    last = _day(request, "au") or datetime.now(UTC).date()
    first = _day(request, "du") or last.replace(month=1, day=1)
    if first > last:
        raise InputError(f"du={first}: expected a day before au={last}")
    return first, last


def _day(request: Request, name: str) -> date | None:
    text = request.query_params.get(name, "")
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise InputError(f"{name}={text[:20]!r}: expected a day, like 2026-01-31") from None
