"""The links of a document: they lead to the class that they ask for, and no drawing stands alone."""

from collections.abc import Collection, Iterator
from typing import NamedTuple

import numpy as np

from pcrs.standard.model import CLASSES, is_a
from pcrs.vector.ledger import NAMES, NUMBERS, Ledger

_PARENTS = {
    "AffleurantEnveloppePCRS": "AffleurantGeometriquePCRS",
    "AffleurantLignesPCRS": "AffleurantGeometriquePCRS",
    "AffleurantPointPCRS": "AffleurantGeometriquePCRS",
    "AffleurantGeometriquePCRS": "AffleurantPCRS",
}
"""Drawings of affleurants, and the class whose link gives them their meaning."""
MINIMUM = ("AffleurantPCRS", "NomVoiriePCRS", "NumeroVoiriePCRS")
"""What the standard wants beside an image: covers, names of streets, numbers."""

_IMAGES_ALONE = frozenset({"RasterPCRS", "MasqueOpacitePCRS", "EmpriseEchangePCRS", "Commune"})
"""A document of no other classes describes images; its vector objects are in another one."""


class Misled(NamedTuple):
    """A link to an object of another class."""

    owner: int
    """Place of the object with the link."""
    attribute: str
    target: int
    """Fingerprint of the `gml:id` that it names."""
    found: str
    expected: str


def misled(ledger: Ledger) -> Iterator[Misled]:
    """The links that lead to another class than the one that their attribute asks for."""
    links, classes = ledger.links, ledger.column("classes")
    targets = ledger.places(links.targets)
    there = np.flatnonzero(targets >= 0)
    kinds = np.stack([classes[links.owners[there]], links.attributes[there], classes[targets[there]]], axis=1)
    wrong = [tuple(kind) for kind in np.unique(kinds, axis=0) if not _fits(*map(int, kind))]
    for owner, number, found in wrong:
        attribute = CLASSES[NAMES[owner]].attributes[number]
        for at in there[(kinds == (owner, number, found)).all(axis=1)]:
            yield Misled(
                int(links.owners[at]),
                attribute.name,
                int(links.targets[at]),
                NAMES[found],
                attribute.target or "",
            )


def _fits(owner: int, attribute: int, found: int) -> bool:
    asked = CLASSES[NAMES[owner]].attributes[attribute].target
    return asked is None or is_a(NAMES[found], asked)


class Orphan(NamedTuple):
    """A drawing of an affleurant that nothing links to."""

    at: int
    parent: str
    """The class that should."""


def orphans(ledger: Ledger, refused: Collection[str]) -> Iterator[Orphan]:
    """Drawings that no object of their parent class links to, in file order.

    Args:
        ledger: the objects.
        refused: classes of objects that were refused: their links are not known, so that nothing is said of
            what hangs on them.
    """
    links, classes = ledger.links, ledger.column("classes")
    held = np.zeros(len(classes), dtype=bool)
    targets = ledger.places(links.targets)
    held[targets[targets >= 0]] = True
    for name, parent in _PARENTS.items():
        if parent not in refused:
            for at in np.flatnonzero((classes == NUMBERS[name]) & ~held):
                yield Orphan(int(at), parent)


def lacking(counts: Collection[str]) -> tuple[str, ...]:
    """What a document with images lacks of the least that the standard wants beside them."""
    if "RasterPCRS" not in counts or _IMAGES_ALONE.issuperset(counts):
        return ()
    return tuple(name for name in MINIMUM if name not in counts)
