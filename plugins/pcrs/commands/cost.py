"""`pcrs cost`: what keeping and serving a site costs, now and in the years to come."""

from contextlib import closing
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from pcrs.console import HERE, JsonOption, SiteOption, open_site, say, say_json
from pcrs.errors import SettingsError
from pcrs.files import placing
from pcrs.publish.cost.page import write_page
from pcrs.publish.cost.prices import PriceList, load_prices
from pcrs.publish.cost.result import Acquisition, Activity, Contribution, CostReport, Held
from pcrs.publish.cost.table import as_csv, document
from pcrs.settings import Settings, shipped
from pcrs.standard.french import number
from pcrs.tables import CostTable
from pcrs.work.cost import CURRENT, INTERMEDIATE, Assumptions, archived, ground, volumes
from pcrs.work.cost import cost as cost_of
from pcrs.work.site import Site

_GIGA = 10**9


def cost(
    site: SiteOption = HERE,
    prices: Annotated[str | None, typer.Option(help="Another price list: a name or a TOML file.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write the report as an HTML page.")] = None,
    table: Annotated[Path | None, typer.Option("--csv", help="Write every figure as CSV.")] = None,
    json_: JsonOption = False,
) -> None:
    """What the site costs: by tier, edition, chantier and commune, and the years to come."""
    place, settings = open_site(site)
    found = cost_report(place, settings, prices)
    if report:
        write_page(found, report)
    if table:
        with placing(table) as part:
            part.write_text(as_csv(found), encoding="utf-8", newline="")
    if json_:
        say_json(document(found))
        return
    for tier, (octets, euros) in found.by("tier").items():
        say(f"{tier} : {number(octets / _GIGA, 1)} Go, {number(float(euros), 2)} €/mois")
    this, last = found.years[0], found.years[-1]
    told = f"{this.year} : {number(float(this.total), 2)} €, {last.year} : {number(float(last.total), 2)} €"
    say(f"total : {number(float(found.month), 2)} €/mois hors taxes ; {told} ({found.prices.title})")


def cost_report(place: Site, settings: Settings, prices: str | None = None) -> CostReport:
    """The figures of a site, as its settings price them.

    Raises:
        InputError: a price list cannot be read, or lacks a class.
    """
    from pcrs.assembly import features_of
    from pcrs.store.index import Index

    today = datetime.now().astimezone().date()
    chosen = price_list(prices or settings.cost.prices, place)
    with closing(Index(place.index_file)) as index, closing(features_of(place, settings)) as store:
        held = [*volumes(index), *_archived(place)]
        return cost_of(settings.site.title, today, held, chosen, assumed(settings.cost), ground(store))


def _archived(place: Site) -> list[Held]:
    from pcrs.store.inventory import Inventory

    file = place.inventory_file
    if not file.is_file():
        return []
    with closing(Inventory(file)) as inventory:
        return archived(inventory)


def price_list(name: str, place: Site) -> PriceList:
    """A price list by its name, or by its file; relative files are looked for here, then in the site."""
    for file in (Path(name), place.root / name):
        if file.suffix == ".toml" and file.is_file():
            return load_prices(file)
    try:
        return load_prices(shipped(f"catalog/prices/{name}.toml"))
    except SettingsError:
        raise SettingsError(
            f"[cost] prices = {name!r}: neither a list of catalog/prices nor a TOML file"
        ) from None


def assumed(table: CostTable) -> Assumptions:
    """The settings as the arithmetic takes them."""
    return Assumptions(
        classes={CURRENT: table.current, INTERMEDIATE: table.intermediate, **table.targets},
        growth=table.growth_percent / Decimal(100),
        activity=Activity(
            table.reads_per_month, table.egress_gb_per_month * _GIGA, table.restored_gb_per_month * _GIGA
        ),
        acquisitions=tuple(Acquisition(o.title, o.euros, o.day, o.years) for o in table.acquisitions),
        contributions=tuple(Contribution(o.partner, o.euros, o.year, o.yearly) for o in table.contributions),
        years=table.years,
    )
