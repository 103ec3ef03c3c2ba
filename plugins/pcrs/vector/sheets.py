"""What a writer of exports is given: layers of objects in one CRS, read as often as it takes."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shapely.geometry.base import BaseGeometry

from pcrs.standard.crs import BBox
from pcrs.standard.fields import Field

Record = tuple[str, BaseGeometry | None, Mapping[str, Any]]
"""Id, geometry in the CRS of the extract (x before y), values by column name."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The objects of one class. `batches` begins anew each time that it is called."""

    name: str
    title: str
    shape: str | None
    """A shape of the model; None: the objects have no geometry."""
    columns: tuple[Field, ...]
    id_column: str
    count: int
    has_z: bool
    """True when one object at least has heights."""
    batches: Callable[[], Iterable[Sequence[Record]]]


@dataclass(frozen=True, slots=True)
class Extract:
    """What is written: sheets with at least one object each, in the order of the standard."""

    title: str
    epsg: int
    sheets: tuple[Sheet, ...]
    box: BBox | None
    """In `epsg`; None when nothing has a geometry."""
    notice: str
    """The lisez-moi: what this is, CRS and its warning, dates, in French and English."""

    @property
    def count(self) -> int:
        """Objects in all."""
        return sum(sheet.count for sheet in self.sheets)
