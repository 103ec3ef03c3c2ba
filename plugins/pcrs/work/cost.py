"""What a site costs: its volumes and its activity at the prices of a list, and the years to come."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import shapely
from shapely.geometry.base import BaseGeometry

from pcrs.publish.cost.prices import PriceList
from pcrs.publish.cost.result import (
    NOTHING,
    Acquisition,
    Activity,
    Contribution,
    CostReport,
    Held,
    Line,
    Share,
    Year,
)
from pcrs.store.base import FeatureStore, Query
from pcrs.store.index import Index
from pcrs.store.inventory import Inventory
from pcrs.work.custody.keeping import TIER
from pcrs.work.layers import COMMUNES, DALLES
from pcrs.work.selection import pages

CURRENT, INTERMEDIATE, DEFINITIVE = "courant", "intermédiaire", "définitif"
_MONTHS = 12
_USUAL = "standard"
"""Class of a target of which the settings say nothing."""


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What the settings say of a site's money."""

    classes: Mapping[str, str]
    """Class of the price list by place: `courant`, `intermédiaire`, names of archive targets."""
    growth: Decimal
    activity: Activity
    acquisitions: tuple[Acquisition, ...] = ()
    contributions: tuple[Contribution, ...] = ()
    years: int = 5
    """Of the forecast, after the current one."""


def volumes(index: Index) -> list[Held]:
    """What the site's own tiers hold, by edition and chantier; dalles of every version that is kept."""
    sums: dict[tuple[str, str, str], list[int]] = {}
    for dalle in index.dalles():
        parts = ((CURRENT, dalle.hot_bytes), (INTERMEDIATE, dalle.master_bytes))
        for tier, octets in parts:
            held = sums.setdefault((tier, dalle.edition, dalle.chantier), [0, 0])
            held[0] += octets
            held[1] += 1
    return [
        Held(tier, tier, edition, chantier, octets, files)
        for (tier, edition, chantier), (octets, files) in sorted(sums.items())
    ]


def archived(inventory: Inventory) -> list[Held]:
    """What lies on the targets of the archive; the intermediate tier is told by `volumes`."""
    return [
        Held(DEFINITIVE, target, edition, chantier, octets, files)
        for target, chantier, edition, files, octets in inventory.holdings()
        if target != TIER
    ]


def cost(
    title: str,
    day: date,
    held: Sequence[Held],
    prices: PriceList,
    assumed: Assumptions,
    ground: "Ground",
) -> CostReport:
    """The report.

    Raises:
        InputError: the price list lacks a class that the settings name.
    """
    lines = tuple(_line(each, prices, assumed) for each in held)
    activity = assumed.activity
    current = prices.of(assumed.classes[CURRENT])
    reads, egress = activity.reads * current.read, activity.egress * current.egress
    restored = activity.restored * _restoring(lines)
    storage = sum((line.euros for line in lines), NOTHING) * _MONTHS
    years = tuple(
        _year(
            day.year + ahead, ahead, sum(h.octets for h in held), storage, reads + egress + restored, assumed
        )
        for ahead in range(assumed.years + 1)
    )
    return CostReport(
        title=title,
        day=day,
        prices=prices,
        lines=lines,
        activity=activity,
        reads=reads,
        egress=egress,
        restored=restored,
        growth=assumed.growth,
        years=years,
        km2=ground.km2,
        communes=tuple(_shares(ground, years[0].total)),
        acquisitions=assumed.acquisitions,
        contributions=assumed.contributions,
    )


def _restoring(lines: Iterable[Line]) -> Decimal:
    """Euros for a byte that comes back: from the place of the definitive tier that holds most."""
    cold = [line for line in lines if line.held.tier == DEFINITIVE]
    if not cold:
        return NOTHING
    price = max(cold, key=lambda line: line.held.octets).price
    return price.restore + price.egress


def _line(held: Held, prices: PriceList, assumed: Assumptions) -> Line:
    price = prices.of(assumed.classes.get(held.place, _USUAL))
    return Line(held, price, held.octets * price.storage)


def _year(
    year: int, ahead: int, octets: int, storage: Decimal, activity: Decimal, assumed: Assumptions
) -> Year:
    grown = (1 + assumed.growth) ** ahead
    return Year(
        year=year,
        octets=int(octets * grown),
        storage=storage * grown,
        activity=activity * _MONTHS * grown,
        acquisition=sum((one.in_year(year) for one in assumed.acquisitions), NOTHING),
        contributions=sum((one.in_year(year) for one in assumed.contributions), NOTHING),
    )


@dataclass(frozen=True, slots=True)
class Ground:
    """What the current mosaic shows."""

    km2: float
    communes: tuple[tuple[str, str, float], ...]
    """INSEE code, name, km² of it that are shown."""


def ground(store: FeatureStore) -> Ground:
    """The ground of the current dalles, and of it in each commune."""
    held = {layer.name for layer in store.layers()}
    if DALLES.name not in held:
        return Ground(0.0, ())
    squares = [row.geometry for page in pages(store, DALLES.name, Query()) for row in page]
    shown: BaseGeometry = shapely.union_all(squares)
    communes = _communes(store, shown) if COMMUNES.name in held else ()
    return Ground(shown.area / 1e6, tuple(communes))


def _communes(store: FeatureStore, shown: BaseGeometry) -> Iterable[tuple[str, str, float]]:
    shapely.prepare(shown)
    for page in pages(store, COMMUNES.name, Query()):
        for row in page:
            if row.geometry is not None and shown.intersects(row.geometry):
                area = shown.intersection(row.geometry).area / 1e6
                if area > 0:
                    yield row.id, str(row.values["nom"]), area


def _shares(ground_: Ground, total: Decimal) -> Iterable[Share]:
    """The total by the ground that is shown; what lies in no commune falls to none."""
    for code, name, km2 in ground_.communes:
        yield Share(code, name, km2, total * Decimal(str(km2)) / Decimal(str(ground_.km2)))
