"""What the site knows of its own data, as plain values: the machine's half of a record."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from pcrs.standard.crs import BBox


@dataclass(frozen=True, slots=True)
class Coverage:
    """One published body of data: a mosaic (current, or of one edition), or the vector objects."""

    bbox: BBox
    """EPSG:2154, metres."""
    acquired: tuple[date, date]
    """First and last day of flight or survey."""
    published: date
    """Day of the first acceptance."""
    revised: date
    """Day of the last acceptance."""
    octets: int
    """Size of the files that can be downloaded."""


@dataclass(frozen=True, slots=True)
class Mosaic:
    """The dalles of one edition, or the current ones of all editions."""

    edition: str
    """`2025`; of the current mosaic: its latest edition."""
    coverage: Coverage
    dalles: int
    precision: str
    """Class of planimetric precision, the coarsest of its dalles: a CategoriePrecision code (`010`)."""


@dataclass(frozen=True, slots=True)
class Intake:
    """What was received for an edition from one chantier, and what the control found in it."""

    edition: str
    chantier: str
    """Empty when the deliveries name none."""
    decided: date
    """Day of the last decision."""
    taken: int
    """Files that conform and were taken in."""
    refused: int
    reserves: int
    """Warnings of the control on files that were taken in."""


@dataclass(frozen=True, slots=True)
class RasterFacts:
    """The raster PCRS of a département."""

    departement: str
    """As INSEE writes it: `46`, `2A`, `974`."""
    current: Mosaic
    editions: tuple[Mosaic, ...]
    """Oldest first."""
    resolution_m: float = 0.05
    intakes: tuple[Intake, ...] = ()
    """In the order of editions."""


@dataclass(frozen=True, slots=True)
class VectorFacts:
    """The vector PCRS of a département."""

    departement: str
    edition: str
    """The latest."""
    coverage: Coverage
    objects: Mapping[str, int]
    """CNIG class → number of objects; classes without objects may be absent or 0."""
    precision: str
    """The coarsest planimetric class found: a CategoriePrecision code."""
    has_altitude: bool = True
    """True when geometries carry NGF-IGN69 heights."""
    intakes: tuple[Intake, ...] = ()
    """In the order of editions."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes that have objects, in alphabetical order."""
        return tuple(sorted(name for name, number in self.objects.items() if number > 0))


@dataclass(frozen=True, slots=True)
class ArchiveFacts:
    """What is kept of one chantier, on line or not: its objects of the archive."""

    departement: str
    """As INSEE writes it: `46`, `2A`, `974`."""
    chantier: str
    editions: tuple[str, ...]
    """In order; those of which an object says that it is."""
    bbox: BBox | None
    """EPSG:2154, metres; a point's has no width. None: no object has a place."""
    acquired: tuple[date, date] | None
    """First and last day of flight or survey; None: no object tells one."""
    deposited: tuple[date, date]
    """First and last day on which objects were taken into the archive."""
    kinds: Mapping[str, int]
    """Code of `pcrs.standard.livrables.KINDS` → number of objects."""
    licences: Mapping[str, int]
    """Code of `pcrs.standard.livrables.LICENCES` → number of objects."""
    media_types: tuple[str, ...]
    """In order."""
    octets: int
    on_line: int
    """Objects of which the intermediate tier has a copy; the others are ordered."""

    @property
    def objects(self) -> int:
        """How many there are."""
        return sum(self.kinds.values())
