"""A drawing of a document for its report: few points, whatever the size of the file."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import shapely

from pcrs.standard.model import CLASSES
from pcrs.vector.batch import Batch, Floats

MOST_POINTS = 60_000
"""Beyond, objects are no longer drawn one by one: the cells that hold some are."""
CELL_M = 100
_AREA = "EmpriseEchangePCRS"
_TOLERANCE_M = 0.1


@dataclass(slots=True)
class Sketch:
    """What is drawn, EPSG:2154, metres."""

    strokes: dict[str, list[Floats]] = field(default_factory=dict)
    """By theme: (n, 2) vertices of lines and outlines; one row for a point."""
    areas: list[Floats] = field(default_factory=list)
    """Outlines of emprises."""
    cells: Counter[tuple[int, int]] = field(default_factory=Counter)
    """Objects in each cell of `CELL_M`, by its south-west corner in cells."""
    points: int = 0

    @property
    def whole(self) -> bool:
        """True when every object is drawn."""
        return self.points <= MOST_POINTS

    def add(self, batch: Batch) -> None:
        """Draws the objects of a batch."""
        there = ~np.isnan(batch.bounds[:, 0])
        cells = np.floor(batch.bounds[there, :2] / CELL_M).astype(int)
        self.cells.update(map(tuple, cells.tolist()))
        for at, _ in batch.where(_AREA):
            self.areas += [shapely.get_coordinates(ring) for ring in _outlines(batch.plan[at])]
        if self.whole:
            self._strokes(batch)

    def _strokes(self, batch: Batch) -> None:
        simple = shapely.simplify(batch.plan, _TOLERANCE_M)
        for feature, geometry in zip(batch.features, simple, strict=True):
            theme = CLASSES[feature.class_name].theme
            if geometry is None or theme in ("Publication", "Raster", "Information"):
                if feature.class_name != _AREA and geometry is not None:
                    self.areas += [shapely.get_coordinates(ring) for ring in _outlines(geometry)]
                continue
            for line in _outlines(geometry):
                points = shapely.get_coordinates(line)
                self.points += len(points)
                self.strokes.setdefault(theme, []).append(points)
        if not self.whole:
            self.strokes.clear()


def _outlines(geometry: shapely.geometry.base.BaseGeometry) -> list[shapely.geometry.base.BaseGeometry]:
    """Points and lines of a geometry, rings of its polygons."""
    parts = shapely.get_parts(geometry)
    rings = shapely.get_rings(parts[shapely.get_type_id(parts) == 3])
    return [*parts[shapely.get_type_id(parts) != 3], *rings]
