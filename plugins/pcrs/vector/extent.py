"""The emprise d'échange of a document, and the objects that lie outside it."""

from collections.abc import Iterator
from tempfile import SpooledTemporaryFile
from typing import IO, NamedTuple

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from pcrs.standard.model import is_a
from pcrs.vector.batch import Batch
from pcrs.vector.places import Place, place_of, places, records_of

_MASK = ("06", "masque")
"""An emprise of this nature hides, it does not hold."""
_IN_MEMORY = 8 << 20
_SPOKEN_OF = ("Commune", "TronconVoirie", "EmpriseEchangePCRS", "RasterPCRS")
"""Classes that only border on the area."""


class Outside(NamedTuple):
    """An object outside the emprise, and how far."""

    place: Place
    distance_m: float


class Extent:
    """Gathers emprises and what is not yet known to lie in them, in a file beside: memory stays flat.

    An emprise may stand at the end of its document. An object is outside when each of its vertices is.
    """

    def __init__(self, tolerance_m: float) -> None:
        self._tolerance = tolerance_m
        self._known: BaseGeometry | None = None
        self._waiting: IO[bytes] = SpooledTemporaryFile(max_size=_IN_MEMORY)
        self._batches = 0

    @property
    def area(self) -> BaseGeometry | None:
        """All emprises together, EPSG:2154; None where the document has none."""
        return self._known

    def add(self, batch: Batch) -> None:
        """Takes the emprises of a batch, and notes what lies in none of those known so far."""
        for at, feature in batch.where("EmpriseEchangePCRS"):
            if not str(feature.attributes.get("type", "")).lower().startswith(_MASK):
                known = [] if self._known is None else [self._known]
                self._known = shapely.union_all([*known, batch.plan[at]])
                shapely.prepare(self._known)
        judged = np.array([_is_judged(feature.class_name) for feature in batch.features], dtype=bool)
        judged &= ~shapely.is_missing(batch.plan)
        if self._known is not None:
            judged &= ~shapely.intersects(self._known, batch.plan)
        chosen = np.flatnonzero(judged)
        points, owners = shapely.get_coordinates(batch.plan[chosen], return_index=True)
        if len(points):
            for held in (records_of(places(batch))[chosen], points, owners):
                np.save(self._waiting, held)
            self._batches += 1

    def outside(self) -> Iterator[Outside]:
        """The objects outside, in file order; none where the document has no emprise."""
        if self._known is None:
            return
        self._waiting.seek(0)
        for _ in range(self._batches):
            records, points, owners = (np.load(self._waiting) for _ in range(3))
            near = shapely.dwithin(self._known, shapely.points(points), self._tolerance)
            inside = np.zeros(len(records), dtype=bool)
            np.logical_or.at(inside, owners, near)
            for at in np.flatnonzero(~inside):
                own = shapely.points(points[owners == at])
                yield Outside(place_of(records[at]), float(shapely.distance(self._known, own).min()))

    def close(self) -> None:
        """Gives the file beside back."""
        self._waiting.close()


def _is_judged(class_name: str) -> bool:
    return class_name not in _SPOKEN_OF and not is_a(class_name, "MasqueOpacitePCRS")
