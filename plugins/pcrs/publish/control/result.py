"""What a control found, as values: all that its report says, and no more."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from shapely.geometry.base import BaseGeometry

from pcrs.findings import Finding
from pcrs.raster.inspect import Inspection
from pcrs.raster.seam import Seam
from pcrs.standard.crs import BBox
from pcrs.standard.precision import GapTest
from pcrs.vector.check import Summary

Verdict = Literal["conforme", "à examiner", "non conforme"]
VERDICTS: tuple[Verdict, ...] = ("conforme", "à examiner", "non conforme")


def verdict_of(findings: Iterable[Finding]) -> Verdict:
    """Non-conforming when a finding is an error, to be examined when one is a warning."""
    levels = {finding.level for finding in findings}
    return "non conforme" if "error" in levels else "à examiner" if "warning" in levels else "conforme"


class Cell(NamedTuple):
    """The place of a dalle: its north-west corner and its size, whole metres, EPSG:2154."""

    x_m: int
    y_m: int
    size_m: int

    @property
    def bbox(self) -> BBox:
        """Box on the ground."""
        return BBox(self.x_m, self.y_m - self.size_m, self.x_m + self.size_m, self.y_m)


Measure = Literal["grid", "extent", "rectangle", "inside"]


@dataclass(frozen=True, slots=True)
class Completeness:
    """Expected dalles against delivered ones."""

    measure: Measure
    """What says which dalles are expected: a grid, an extent, the bounding rectangle of the delivery, or only
    the places that it surrounds."""
    expected: int
    missing: tuple[Cell, ...] = ()
    outside: tuple[str, ...] = ()
    """Dalles where the grid or the extent expects none."""
    extent: BaseGeometry | None = None
    """EPSG:2154; None where the delivery itself, or a grid, is the measure."""
    overlaps: tuple[tuple[str, str, float], ...] = ()
    """Two dalles that cover common ground, and its area in square metres."""


class CheckPoint(NamedTuple):
    """One point: measured on the ground, read on the image; EPSG:2154, metres."""

    id: str
    x: float
    y: float
    xi: float
    yi: float
    z: float | None = None
    zi: float | None = None

    @property
    def dx(self) -> float:
        """Image less ground, towards the east."""
        return self.xi - self.x

    @property
    def dy(self) -> float:
        """Image less ground, towards the north."""
        return self.yi - self.y

    @property
    def dz(self) -> float | None:
        """Image less ground, upwards."""
        return None if self.z is None or self.zi is None else self.zi - self.z

    @property
    def gap(self) -> float:
        """Distance in the plane."""
        return math.hypot(self.dx, self.dy)


@dataclass(frozen=True, slots=True)
class Planimetry:
    """The planimetric test of a delivery."""

    source: str
    """Name of the file of points."""
    points: tuple[CheckPoint, ...]
    """Those that were used."""
    test: GapTest | None
    """None: no point could be used."""
    height_test: GapTest | None
    """The test of heights (1D), where every point has them."""
    findings: tuple[Finding, ...]

    @property
    def bias_m(self) -> tuple[float, float]:
        """Mean of the gaps, east and north: a shift of the whole. Only where there are points."""
        count = len(self.points)
        return math.fsum(p.dx for p in self.points) / count, math.fsum(p.dy for p in self.points) / count


@dataclass(frozen=True, slots=True, eq=False)
class Card:
    """One delivered file: what was found and measured."""

    name: str
    """The dalle's standard name, else the name of the file."""
    file: str
    """The path in the delivery."""
    kind: str
    """raster, vecteur or autre."""
    findings: tuple[Finding, ...]
    box: BBox | None = None
    """EPSG:2154; None: no dalle, or its name says no place."""
    inspection: Inspection | None = None
    """None: no dalle, or its pixels could not be read."""
    document: Summary | None = None
    """What was seen of a GML; None for other files, and for one that is no PCRS document."""

    @property
    def verdict(self) -> Verdict:
        """What the findings say."""
        return verdict_of(self.findings)


@dataclass(frozen=True, slots=True)
class SeamRow:
    """Two neighbours, and what was measured between them."""

    first: str
    second: str
    """The one to the east or to the south."""
    side: Literal["east", "south"]
    seam: Seam
    east_m: float | None
    """Offset of the second's content towards the east; None: not measured."""
    north_m: float | None
    findings: tuple[Finding, ...] = ()
    explained_by: str = ""
    """The dalle that is found at fault by itself, when the seam shows it."""

    @property
    def broken(self) -> bool:
        """True when ground is left out at the edge: the offset across it is an estimate."""
        return (self.seam.across_px or 0) < 0

    @property
    def offset_m(self) -> float | None:
        """Length of the offset in the directions in which it is measured, not estimated."""
        along, across = (self.north_m, self.east_m) if self.side == "east" else (self.east_m, self.north_m)
        known = [value for value in (along, None if self.broken else across) if value is not None]
        return math.hypot(*known) if known else None

    @property
    def jump(self) -> float:
        """The greatest change of a band, in levels."""
        return max(abs(band) for band in self.seam.jump)


@dataclass(frozen=True, slots=True)
class Signature:
    """Who answers for the report."""

    operator: str
    date: str
    """ISO date of the control."""
    version: str
    """Version of pcrs."""


@dataclass(frozen=True, slots=True, eq=False)
class ControlResult:
    """The control of one delivery."""

    delivery: str
    """Its name: the folder or the file."""
    cards: tuple[Card, ...]
    seams: tuple[SeamRow, ...]
    completeness: Completeness
    planimetry: Planimetry | None
    findings: tuple[Finding, ...]
    """Those that speak of the delivery as a whole."""
    levels: Mapping[str, float]
    """The levels that were applied, by the names of their settings."""
    signature: Signature
    vector_levels: tuple[tuple[str, str], ...] = ()
    """The levels of the control of GML, as a reader reads them."""
    counts: Mapping[Verdict, int] = field(init=False)
    """How many dalles have each verdict."""

    def __post_init__(self) -> None:
        verdicts = [card.verdict for card in self.dalles]
        object.__setattr__(self, "counts", {verdict: verdicts.count(verdict) for verdict in VERDICTS})

    @property
    def dalles(self) -> tuple[Card, ...]:
        """The cards of dalles."""
        return tuple(card for card in self.cards if card.kind == "raster")

    @property
    def documents(self) -> tuple[Card, ...]:
        """The cards of GML files."""
        return tuple(card for card in self.cards if card.kind == "vecteur")

    @property
    def every_finding(self) -> tuple[Finding, ...]:
        """The findings of the delivery, of its files and of its seams."""
        own = (*self.findings, *(self.planimetry.findings if self.planimetry else ()))
        files = (finding for card in self.cards for finding in card.findings)
        return (*own, *files, *(finding for row in self.seams for finding in row.findings))

    @property
    def verdict(self) -> Verdict:
        """The verdict on the delivery."""
        return verdict_of(self.every_finding)
