"""`pcrs stats`: what the services were asked, by month, service, kind of client and commune."""

from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from pcrs.console import HERE, JsonOption, SiteOption, open_site, say, say_json
from pcrs.errors import InputError
from pcrs.files import placing
from pcrs.publish.use.page import write_page
from pcrs.publish.use.result import Statistics
from pcrs.publish.use.table import PARTS, as_csv, document
from pcrs.settings import Settings
from pcrs.standard import french
from pcrs.store.use import Use, summed
from pcrs.work.site import Site
from pcrs.work.statistics import statistics


def stats(
    site: SiteOption = HERE,
    first: Annotated[str | None, typer.Option("--from", help="First day; otherwise 1 January.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last day; otherwise today.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write the report as an HTML page.")] = None,
    table: Annotated[Path | None, typer.Option("--csv", help="Write every figure as CSV.")] = None,
    json_: JsonOption = False,
) -> None:
    """The use of the site: requests, bytes, services, kinds of clients, communes; availability."""
    place, settings = open_site(site)
    now = datetime.now(UTC)
    until = _day(last, "--to") if last else now.date()
    told = of_site(
        place, settings, (_day(first, "--from") if first else until.replace(month=1, day=1), until), now
    )
    if report:
        write_page(told, report)
    if table:
        with placing(table) as part:
            part.write_text(as_csv(told), encoding="utf-8", newline="")
    if json_:
        say_json(document(told))
        return
    say(f"{told.first} – {told.last} : {french.number(told.requests)} requêtes, {french.octets(told.octets)}")
    for kind, (words, _) in PARTS.items():
        found = (f"{name} {french.number(n)}" for name, (n, _) in summed(told.rows, kind).items())
        say(f"{words.lower()} : {', '.join(found) or 'rien encore'}")


def of_site(place: Site, settings: Settings, days: tuple[date, date], now: datetime) -> Statistics:
    """The figures of a site between two days."""
    from pcrs.assembly import features_of
    from pcrs.store.index import Index

    with (
        closing(Use(place.use_file)) as use,
        closing(Index(place.index_file)) as index,
        closing(features_of(place, settings)) as store,
    ):
        return statistics(settings.site.title, days, use, index, store, now=now)


def _day(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(f"{option} {text!r}: expected a day, like 2026-01-31") from None
