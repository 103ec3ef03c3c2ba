"""The levels from which a measure on a vector object is worth a look."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class VectorLevels:
    """What `[vector]` of the settings gives, and the day of the control."""

    tiny_line_m: float = 0.01
    """Lines shorter than this are leftovers."""
    height_gap_m: float = 30.0
    """An object this much above or below what stands around it has a wrong height."""
    outside_m: float = 1.0
    """How far from the emprise d'échange an object may lie wholly outside it."""
    today: str | None = None
    """ISO date that surveys come before; None: dates to come are not looked at."""

    def told(self) -> Iterator[tuple[str, str]]:
        """The levels by the names of their settings, as a French reader reads them."""
        for name in ("tiny_line_m", "height_gap_m", "outside_m"):
            yield name, f"{getattr(self, name):g} m".replace(".", ",")
