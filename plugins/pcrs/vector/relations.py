"""The links of a document: they lead to the class that they ask for, and no drawing stands alone."""

from collections.abc import Collection, Iterator
from typing import NamedTuple

import numpy as np

from pcrs.standard.model import CLASSES, is_a
from pcrs.vector.ledger import Ledger
from pcrs.vector.places import NAMES, NUMBERS, Place, place_of

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

    owner: Place
    """The object with the link."""
    attribute: str
    found: str
    expected: str


def misled(ledger: Ledger) -> Iterator[Misled]:
    """The links that lead to another class than the one that their attribute asks for."""
    for ties in ledger.ties():
        kinds = np.stack([ties.links["kind"], ties.links["attribute"], ties.targets["kind"]], axis=1)
        wrong = [tuple(kind) for kind in np.unique(kinds, axis=0) if not _fits(*map(int, kind))]
        for owner, number, found in wrong:
            attribute = CLASSES[NAMES[owner]].attributes[number]
            for at in np.flatnonzero((kinds == (owner, number, found)).all(axis=1)):
                yield Misled(place_of(ties.links[at]), attribute.name, NAMES[found], attribute.target or "")


def _fits(owner: int, attribute: int, found: int) -> bool:
    asked = CLASSES[NAMES[owner]].attributes[attribute].target
    return asked is None or is_a(NAMES[found], asked)


class Orphan(NamedTuple):
    """A drawing of an affleurant that nothing links to."""

    place: Place
    parent: str
    """The class that should."""


def orphans(ledger: Ledger, refused: Collection[str]) -> Iterator[Orphan]:
    """Drawings that no object of their parent class links to.

    Args:
        ledger: the objects.
        refused: classes of objects that were refused: their links are not known, so that nothing is said of
            what hangs on them.
    """
    parents = {NUMBERS[name]: parent for name, parent in _PARENTS.items() if parent not in refused}
    for ties in ledger.ties():
        alone = ties.objects[~ties.is_linked]
        for record in alone[np.isin(alone["kind"], list(parents))]:
            yield Orphan(place_of(record), parents[int(record["kind"])])


def lacking(counts: Collection[str]) -> tuple[str, ...]:
    """What a document with images lacks of the least that the standard wants beside them."""
    if "RasterPCRS" not in counts or _IMAGES_ALONE.issuperset(counts):
        return ()
    return tuple(name for name in MINIMUM if name not in counts)
