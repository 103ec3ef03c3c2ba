"""What a control remembers of every object until the end of the file, sorted, on disk where it is much.

Whatever only the whole file tells (objects that stand twice, heights unlike those around, links to another
class) is told from these records; names and words are fetched again from the file for the few that need them.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
import shapely
from numpy.typing import NDArray

from pcrs.standard.model import CLASSES, Feature, is_a
from pcrs.vector.batch import Batch, Floats
from pcrs.vector.heights import Heights
from pcrs.vector.ids import target_of
from pcrs.vector.places import FIELDS, NAMES, Columns, Place, chosen, place_of, places
from pcrs.vector.sorted_runs import Records, SortedRuns

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
_LINK = 1
"""The last bit of a key: objects have 0, links 1, so that they follow the object that they name."""


def fingerprint(text: bytes) -> int:
    """64 bits of the text, never 0."""
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "little") or 1


def key_of(gml_id: str) -> int:
    """By what the object of that id is sought: an even number of 64 bits."""
    return fingerprint(gml_id.encode()) & ~_LINK


@dataclass(frozen=True, slots=True, eq=False)
class Ties:
    """Some objects of a file, and links to objects of it."""

    objects: Records
    """Each object of the file comes once."""
    is_linked: NDArray[np.bool_]
    """For each of these whether any link names it."""
    links: Records
    """With the place of the object that has the link, and `attribute`: its number in the class."""
    targets: Records
    """For each link the object that it names."""


class Ledger:
    """Grows batch by batch; it is asked when the file has ended."""

    def __init__(self) -> None:
        self._likeness = SortedRuns(FIELDS)
        self._ties = SortedRuns([*FIELDS, ("attribute", "u1")])
        self.heights = Heights()

    def add(self, batch: Batch) -> None:
        """Notes the objects of a batch and their links."""
        own = places(batch)
        likeness = np.fromiter(_likeness(batch), dtype=np.uint64, count=len(batch.features))
        compared = likeness != 0
        self._likeness.add(likeness[compared], **chosen(own, compared))
        self._ties.add([key_of(feature.gml_id) for feature in batch.features], **own, attribute=0)
        self._add_links(batch, own)
        self.heights.add(own, *_heights(batch))

    def _add_links(self, batch: Batch, own: Columns) -> None:
        owners, attributes, targets = [], [], []
        for at, feature in enumerate(batch.features):
            for number, href in _hrefs(feature):
                target = target_of(href)
                if target is not None:
                    owners.append(at)
                    attributes.append(number)
                    targets.append(key_of(target) | _LINK)
        if owners:
            self._ties.add(targets, **chosen(own, np.array(owners)), attribute=attributes)

    def alike(self) -> Iterator[tuple[Place, Place]]:
        """The objects that are like one before them, after the first of these."""
        first = np.empty(0, dtype=self._likeness.kind)
        for piece in self._likeness.pieces():
            records = np.concatenate([first, piece])
            keys = records["key"]
            again = np.flatnonzero(keys[1:] == keys[:-1]) + 1
            firsts = np.searchsorted(keys, keys[again])
            for one, other in zip(records[firsts], records[again], strict=True):
                yield place_of(one), place_of(other)
            at = int(np.searchsorted(keys, keys[-1]))
            first = records[at : at + 1]

    def ties(self) -> Iterator[Ties]:
        """The objects and the links between them, some ten thousand at a time."""
        last = np.empty(0, dtype=self._ties.kind)
        last_linked = np.zeros(0, dtype=bool)
        for piece in self._ties.pieces():
            is_link = (piece["key"] & np.uint64(_LINK)) != 0
            objects, links = np.concatenate([last, piece[~is_link]]), piece[is_link]
            targets, there = _found(objects["key"], links["key"] ^ np.uint64(_LINK))
            linked = np.zeros(len(objects), dtype=bool)
            linked[: len(last)] = last_linked
            linked[targets[there]] = True
            yield Ties(objects[:-1], linked[:-1], links[there], objects[targets[there]])
            last, last_linked = objects[-1:], linked[-1:]
        yield Ties(last, last_linked, last[:0], last[:0])

    def found(self, keys: Collection[int]) -> Mapping[int, Place]:
        """The objects of these keys; those that are not there are left out."""
        wanted = np.array(sorted(keys), dtype=np.uint64)
        found: dict[int, Place] = {}
        for piece in self._ties.pieces() if len(wanted) else ():
            _, there = _found(wanted, piece["key"])
            found |= {int(record["key"]): place_of(record) for record in piece[there]}
        return found


def _found(
    keys: NDArray[np.uint64], sought: NDArray[np.uint64]
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Where each number would be in keys that are sorted, and whether it is there."""
    if not len(keys):
        return np.zeros(len(sought), dtype=np.intp), np.zeros(len(sought), dtype=bool)
    at = np.minimum(np.searchsorted(keys, sought), len(keys) - 1)
    return at, keys[at] == sought


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
