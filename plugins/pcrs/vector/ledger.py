"""What a control remembers of every object until the end of the file: 57 bytes, and 13 for each link.

Whatever only the whole file tells (objects that stand twice, heights unlike those around, links to another
class) is told from these arrays; names and words are fetched again from the file for the few that need them.
"""

from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from pcrs.standard.model import CLASSES, Feature, is_a
from pcrs.vector.batch import Batch, Floats
from pcrs.vector.ids import target_of

NAMES = tuple(CLASSES)
"""The classes in the order of their numbers."""
NUMBERS: Mapping[str, int] = {name: number for number, name in enumerate(NAMES)}
_LINKS: Mapping[str, tuple[tuple[int, str], ...]] = {
    name: tuple((at, each.name) for at, each in enumerate(model.attributes) if each.kind == "link")
    for name, model in CLASSES.items()
}
_DRAWN = frozenset(name for name in NAMES if is_a(name, "HabillagePCRS"))
_GROUND = frozenset(
    name
    for name in NAMES
    if is_a(name, "ObjetVecteurPCRS") or name.startswith(("Affleurant", "PointLeve")) or name in _DRAWN
)
"""Classes of which no two objects are alike; dalles, emprises, communes may share a place on purpose."""


def fingerprint(text: bytes) -> int:
    """64 bits of the text, never 0."""
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "little") or 1


@dataclass(frozen=True, slots=True, eq=False)
class Links:
    """Every internal link of the file."""

    owners: NDArray[np.uint32]
    """Place of the object in the arrays of objects."""
    attributes: NDArray[np.uint8]
    """Place of the attribute in its class."""
    targets: NDArray[np.uint64]
    """Fingerprint of the `gml:id` that it names."""


class Ledger:
    """Grows batch by batch; the arrays are read when the file has ended."""

    def __init__(self) -> None:
        self._columns = {
            name: array(code)
            for name, code in {
                "lines": "I",
                "classes": "B",
                "ids": "Q",
                "likeness": "Q",
                "x": "d",
                "y": "d",
                "low": "f",
                "high": "f",
            }.items()
        }
        self._links = array("I"), array("B"), array("Q")

    def add(self, batch: Batch) -> None:
        """Notes the objects of a batch and their links."""
        start = len(self._columns["lines"])
        middles = (batch.bounds[:, :2] + batch.bounds[:, 2:]) / 2
        low, high = _heights(batch)
        rows = {
            "lines": [feature.line for feature in batch.features],
            "classes": [NUMBERS[feature.class_name] for feature in batch.features],
            "ids": [fingerprint(feature.gml_id.encode()) for feature in batch.features],
            "likeness": list(_likeness(batch)),
            "x": middles[:, 0].tolist(),
            "y": middles[:, 1].tolist(),
            "low": low.tolist(),
            "high": high.tolist(),
        }
        for name, values in rows.items():
            self._columns[name].extend(values)
        owners, attributes, targets = self._links
        for at, feature in enumerate(batch.features, start):
            for number, href in _hrefs(feature):
                target = target_of(href)
                if target is not None:
                    owners.append(at)
                    attributes.append(number)
                    targets.append(fingerprint(target.encode()))

    def column(self, name: str) -> NDArray[Any]:
        """One value for each object, in file order."""
        held = self._columns[name]
        return np.frombuffer(held, dtype=held.typecode) if held else np.empty(0, dtype=held.typecode)

    @property
    def links(self) -> Links:
        """The links of the objects."""
        return Links(
            *(
                np.frombuffer(held, dtype=held.typecode) if held else np.empty(0, held.typecode)
                for held in self._links
            )
        )

    @cached_property
    def _by_id(self) -> tuple[NDArray[np.uint64], NDArray[np.intp]]:
        ids = self.column("ids")
        order = np.argsort(ids, kind="stable")
        return ids[order], order

    def places(self, ids: NDArray[np.uint64]) -> NDArray[np.intp]:
        """Where the objects of these fingerprints are, -1 for those that are not there."""
        known, order = self._by_id
        if not len(known):
            return np.full(len(ids), -1, dtype=np.intp)
        slots = np.minimum(np.searchsorted(known, ids), len(known) - 1)
        return np.where(known[slots] == ids, order[slots], -1)

    def _place(self, gml_id: str) -> int:
        return int(self.places(np.array([fingerprint(gml_id.encode())], dtype=np.uint64))[0])

    def class_of(self, gml_id: str) -> str | None:
        """The class of the object; None for one that is not there."""
        at = self._place(gml_id)
        return NAMES[int(self.column("classes")[at])] if at >= 0 else None

    def position(self, gml_id: str) -> tuple[float, float] | None:
        """Middle of the object, EPSG:2154; None for one without geometry, or that is not there."""
        at = self._place(gml_id)
        x, y = (float(self.column(name)[at]) for name in "xy") if at >= 0 else (np.nan, np.nan)
        return None if np.isnan(x) else (round(x, 3), round(y, 3))


def _heights(batch: Batch) -> tuple[Floats, Floats]:
    """Lowest and highest z of each object; NaN where it has none."""
    low, high = np.full(len(batch.features), np.inf), np.full(len(batch.features), -np.inf)
    points, owners = shapely.get_coordinates(batch.given, include_z=True, return_index=True)
    np.fmin.at(low, owners, points[:, 2])
    np.fmax.at(high, owners, points[:, 2])
    return np.where(np.isfinite(low), low, np.nan), np.where(np.isfinite(high), high, np.nan)


def _likeness(batch: Batch) -> Iterator[int]:
    """A number that like objects share: class and geometry, and what a drawing draws; 0: not compared."""
    for feature, shape in zip(batch.features, shapely.to_wkb(shapely.normalize(batch.given)), strict=True):
        if shape is None or feature.class_name not in _GROUND:
            yield 0
            continue
        own = feature.attributes
        drawn = f"{own.get('idHabillage')}{own.get('libelle')}" if feature.class_name in _DRAWN else ""
        yield fingerprint(f"{feature.class_name}{drawn}".encode() + shape)


def _hrefs(feature: Feature) -> Iterator[tuple[int, str]]:
    """The links of an object with the number of their attribute."""
    for number, name in _LINKS[feature.class_name]:
        value = feature.attributes.get(name)
        if isinstance(value, str):
            yield number, value
        elif value:
            yield from ((number, each) for each in value)
