"""What only the whole document tells of its objects, one function per rule; findings in French, all warnings.

An object is known here by its line: `pcrs.vector.named` gives its id.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from pcrs.findings import Finding
from pcrs.standard.french import number
from pcrs.standard.model import CLASSES
from pcrs.vector import relations
from pcrs.vector.extent import Extent
from pcrs.vector.ledger import Ledger
from pcrs.vector.levels import VectorLevels
from pcrs.vector.places import Place


@dataclass(frozen=True, slots=True, eq=False)
class Whole:
    """A document that has been read to its end."""

    file: str
    ledger: Ledger
    counts: Collection[str]
    """Classes of which there are valid objects."""
    refused: Collection[str]
    """Classes of which objects were refused."""

    def check(self, extent: Extent, levels: VectorLevels) -> Iterator[Finding]:
        """What every rule finds."""
        yield from self.unlike()
        yield from self.level_with_others(levels)
        yield from self.inside(extent, levels)
        yield from self.well_linked()
        yield from self.belonging()
        yield from self.complete()

    def _finding(self, place: Place, code: str, message: str, **more: Any) -> Finding:
        """A finding about the object at this place."""
        return Finding(
            code,
            "warning",
            message,
            self.file,
            place.line,
            class_name=place.class_name,
            position=place.position,
            **more,
        )

    def unlike(self) -> Iterator[Finding]:
        """No two objects of a class have the same geometry."""
        for first, again in self.ledger.alike():
            message = f"Même classe et même géométrie qu'à la ligne {first.line} : n'en garder qu'un."
            yield self._finding(
                again,
                "gml.duplicate",
                message,
                attribute="geometrie",
                measured=f"ligne {first.line}",
                expected="une géométrie par objet",
            )

    def level_with_others(self, levels: VectorLevels) -> Iterator[Finding]:
        """Heights are near those around."""
        for each in self.ledger.heights.misfits(levels.height_gap_m):
            message = "L'altitude n'est pas celle du voisinage : corriger celle de l'objet, ou d'un sommet."
            yield self._finding(
                each.place,
                "gml.height",
                message,
                attribute="geometrie",
                measured=f"{number(each.height_m, 2)} m",
                expected=f"autour de {number(each.around_m, 2)} m",
            )

    def inside(self, extent: Extent, levels: VectorLevels) -> Iterator[Finding]:
        """Objects lie in the emprise d'échange, where the document has one."""
        for each in extent.outside():
            message = "L'objet est hors de l'emprise d'échange : le livrer avec l'emprise où il se trouve."
            yield self._finding(
                each.place,
                "gml.extent",
                message,
                attribute="geometrie",
                measured=f"à {number(each.distance_m, 1)} m de l'emprise",
                expected=f"dans l'emprise, à {number(levels.outside_m, 1)} m près",
            )

    def well_linked(self) -> Iterator[Finding]:
        """Links lead to the class that they ask for."""
        for each in relations.misled(self.ledger):
            label = CLASSES[each.found].title
            message = f"Le lien « {each.attribute} » mène à un objet d'une autre classe ({label})."
            yield self._finding(
                each.owner,
                "gml.link",
                message,
                attribute=each.attribute,
                measured=each.found,
                expected=each.expected,
            )

    def belonging(self) -> Iterator[Finding]:
        """Drawings of affleurants belong to an affleurant."""
        for each in relations.orphans(self.ledger, self.refused):
            message = (
                f"Aucun {each.parent} ne mène à cette représentation d'affleurant : la relier, ou la retirer."
            )
            yield self._finding(
                each.place, "gml.affleurant", message, measured="aucun lien", expected=f"un {each.parent}"
            )

    def complete(self) -> Iterator[Finding]:
        """Beside images stand affleurants, names of streets and numbers."""
        lacking = relations.lacking(self.counts)
        if lacking:
            titles = ", ".join(CLASSES[name].title.lower() for name in lacking)
            message = f"Le fichier décrit des dalles sans le minimum que le standard veut auprès : {titles}."
            yield Finding(
                "gml.minimum",
                "warning",
                message,
                self.file,
                measured="absents",
                expected=", ".join(relations.MINIMUM),
            )
