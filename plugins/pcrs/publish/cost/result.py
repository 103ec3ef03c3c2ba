"""The figures of a cost report, in euros without tax, exact to the last digit."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from pcrs.publish.cost.prices import Price, PriceList

NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Held:
    """What lies in one place."""

    tier: str
    """`courant`, `intermédiaire` or `définitif`."""
    place: str
    edition: str
    chantier: str
    octets: int
    files: int


@dataclass(frozen=True, slots=True)
class Activity:
    """What happens in a month."""

    reads: int = 0
    """Requests."""
    egress: int = 0
    """Bytes that go out of the current tier."""
    restored: int = 0
    """Bytes that come back from the definitive tier."""


@dataclass(frozen=True, slots=True)
class Acquisition:
    """What was bought: a flight, a survey, an update; spread over years from its month on."""

    title: str
    euros: Decimal
    day: date
    years: int

    def in_year(self, year: int) -> Decimal:
        """The part of a calendar year."""
        first = self.day.year * 12 + self.day.month - 1
        after = first + self.years * 12
        months = min(after, (year + 1) * 12) - max(first, year * 12)
        return self.euros * max(0, months) / (self.years * 12)


@dataclass(frozen=True, slots=True)
class Contribution:
    """What a partner gives (tour de table)."""

    partner: str
    euros: Decimal
    year: int
    yearly: bool = False
    """True: each year from that one on."""

    def in_year(self, year: int) -> Decimal:
        """What comes in a calendar year."""
        there = year >= self.year if self.yearly else year == self.year
        return self.euros if there else NOTHING


@dataclass(frozen=True, slots=True)
class Line:
    """What one place costs in a month."""

    held: Held
    price: Price
    euros: Decimal


@dataclass(frozen=True, slots=True)
class Share:
    """What falls to a commune in a year."""

    code: str
    name: str
    km2: float
    euros: Decimal


@dataclass(frozen=True, slots=True)
class Year:
    """One year of the forecast."""

    year: int
    octets: int
    storage: Decimal
    activity: Decimal
    acquisition: Decimal
    contributions: Decimal

    @property
    def total(self) -> Decimal:
        """Before contributions."""
        return self.storage + self.activity + self.acquisition

    @property
    def rest(self) -> Decimal:
        """What is left to pay when contributions have come; less than nothing: they exceed the cost."""
        return self.total - self.contributions


@dataclass(frozen=True, slots=True)
class CostReport:
    """The whole report."""

    title: str
    day: date
    prices: PriceList
    lines: tuple[Line, ...]
    activity: Activity
    reads: Decimal
    egress: Decimal
    restored: Decimal
    """Euros of a month for each part of the activity."""
    growth: Decimal
    """Of the volume, per year: 0.1 is 10 %."""
    years: tuple[Year, ...]
    """The current one first."""
    km2: float
    """Ground that the current mosaic shows."""
    communes: tuple[Share, ...]
    acquisitions: tuple[Acquisition, ...]
    contributions: tuple[Contribution, ...]

    @property
    def octets(self) -> int:
        """Everything that is kept, copies included."""
        return sum(line.held.octets for line in self.lines)

    @property
    def month(self) -> Decimal:
        """Storage and activity of a month."""
        return sum((line.euros for line in self.lines), NOTHING) + self.reads + self.egress + self.restored

    @property
    def per_km2(self) -> Decimal | None:
        """The current year's total for each km² shown; None: nothing is shown."""
        return self.years[0].total / Decimal(str(self.km2)) if self.km2 else None

    def by(self, part: str) -> dict[str, tuple[int, Decimal]]:
        """Bytes and euros a month by `tier`, `place`, `edition` or `chantier`."""
        found: dict[str, tuple[int, Decimal]] = {}
        for line in self.lines:
            key = str(getattr(line.held, part)) or "–"
            octets, euros = found.get(key, (0, NOTHING))
            found[key] = (octets + line.held.octets, euros + line.euros)
        return found
