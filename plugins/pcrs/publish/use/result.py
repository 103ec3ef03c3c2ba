"""The figures of the use of a site between two days."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from pcrs.store.use import DayRow


@dataclass(frozen=True, slots=True)
class Place:
    """A commune, and how often its ground was looked at."""

    code: str
    name: str
    requests: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """The use of a site between two days, both included."""

    title: str
    first: date
    last: date
    rows: tuple[DayRow, ...]
    places: tuple[Place, ...]
    """The most looked at first."""
    there: int
    minutes: int
    """Minutes in which the service was there, of those since it first was."""
    editions: Mapping[str, tuple[int, str | None]]
    """Dalles, and the newest day of acquisition, by edition."""

    @property
    def requests(self) -> int:
        """All that was asked."""
        return sum(row.requests for row in self.rows)

    @property
    def octets(self) -> int:
        """All that was sent."""
        return sum(row.octets for row in self.rows)

    @property
    def availability(self) -> float | None:
        """Share of the minutes; None: nothing is known yet."""
        return self.there / self.minutes if self.minutes else None
