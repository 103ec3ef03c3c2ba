"""Many objects at once: what NumPy and GEOS judge a hundred times faster than one object after the other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from pcrs.standard.crs import L93, transformer
from pcrs.standard.model import Feature

SIZE = 1000
"""Objects of a batch: enough for the arrays to pay, few enough for memory to stay flat."""
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Objects in file order with their geometries as arrays, None (and NaN) for those without."""

    features: Sequence[Feature]
    given: NDArray[np.object_]
    """Geometries as they were read, z with them."""
    plan: NDArray[np.object_]
    """The same in EPSG:2154, x and y alone."""
    bounds: Floats
    """(n, 4): west, south, east, north of `plan`."""

    def where(self, *class_names: str) -> Iterator[tuple[int, Feature]]:
        """The objects of these classes, with their places in the arrays."""
        return ((at, each) for at, each in enumerate(self.features) if each.class_name in class_names)


def gather(features: Sequence[Feature]) -> Batch:
    """The batch of these objects: one transformation for each CRS among them."""
    given = np.empty(len(features), dtype=object)
    given[:] = [feature.geometry for feature in features]
    codes = np.array([feature.epsg for feature in features])
    plan = given.copy()
    for epsg in np.unique(codes):
        chosen = codes == epsg
        plan[chosen] = _in_plan(given[chosen], int(epsg))
    return Batch(features, given, plan, shapely.bounds(plan))


def _in_plan(geometries: NDArray[np.object_], epsg: int) -> NDArray[np.object_]:
    forward = transformer(epsg, L93)

    def move(points: Floats) -> Floats:
        return np.column_stack(forward.transform(points[:, 0], points[:, 1]))

    moved: NDArray[np.object_] = (
        shapely.force_2d(geometries) if epsg == L93 else shapely.transform(geometries, move)
    )
    return moved
