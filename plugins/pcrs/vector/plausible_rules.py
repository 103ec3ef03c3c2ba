"""What an object says of itself can be true: classes of precision, sizes, angles, texts; findings in French.

Everything here is a warning: the XSD takes such values, and the object is read. A value that is no number or
no code is left to `pcrs.vector.value_rules`.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from lxml.etree import _Element

from pcrs.findings import Finding
from pcrs.standard.codes import CODES
from pcrs.standard.model import CLASSES
from pcrs.vector.parse import RawObject
from pcrs.vector.value_rules import FORMS

_CLASSES = CODES["CategoriePrecisionPCRSType"]
_PLANIMETRY = "precisionPlanimetrique"
_TOO_COARSE = frozenset({"150", "999"})
"""The PCRS asks for 10 cm in the street; 40 cm is taken outside it, coarser is no plan of this kind."""
_POINT_CM = 40
_FINEST_CM = 1
RASTER = "RasterPCRS"
_RASTER_CLASSES = ("precisionPlanimetriqueCorpsDeRue", "precisionPlanimetriqueZoneNaturelle")


def _told(raw: RawObject, code: str, message: str, at: _Element, **more: str) -> Finding:
    return raw.finding(code, "warning", message, at, measured=(at.text or "").strip(), **more)


def precise(raw: RawObject) -> Iterator[Finding]:
    """The class of planimetric precision is one that a PCRS may have; so is the precision of a point."""
    for element in raw.properties.get(_PLANIMETRY, ()):
        if element.text in _TOO_COARSE:
            message = (
                f"Classe de précision trop lâche pour un PCRS ({_CLASSES.label(element.text)}) : "
                "vérifier la classe, ou ne pas livrer l'objet."
            )
            yield _told(
                raw, "gml.precision", message, element, attribute=_PLANIMETRY, expected="002, 005, 010 ou 040"
            )
    for name in ("precisionXY", "precisionZ"):
        for element in raw.properties.get(name, ()):
            value = _number(element, "integer")
            if value is not None and not _FINEST_CM <= value <= _POINT_CM:
                message = f"« {name} » est en centimètres : la valeur n'est pas celle d'un point de levé."
                expected = f"de {_FINEST_CM} à {_POINT_CM} cm"
                yield _told(raw, "gml.precision", message, element, attribute=name, expected=expected)


def resolved_by_pixel(raw: RawObject) -> Iterator[Finding]:
    """The class of an image is never finer than its pixel (arrêté of 16 September 2003, article 8)."""
    if raw.model.name != RASTER or "resolution" not in raw.properties:
        return
    pixel = _number(raw.properties["resolution"][0], "integer")
    for name in _RASTER_CLASSES:
        for element in raw.properties.get(name, ()):
            code = element.text or ""
            if pixel is not None and code in _CLASSES.values and int(code) < pixel:
                message = "La classe de précision d'une image ne peut être plus fine que son pixel."
                expected = f"au moins {pixel:g} cm"
                yield _told(raw, "gml.precision", message, element, attribute=name, expected=expected)


TEXTS = ("libelle",)
"""Texts that are drawn, and may not be empty."""


class _Bound(NamedTuple):
    """What the values of an attribute keep to."""

    keeps: Callable[[float], bool]
    expected: str
    what: str


def _positive(value: float) -> bool:
    return value > 0


_SIZE = _Bound(_positive, "plus de 0", "Une dimension nulle ou négative ne se dessine pas")
_BOUNDS: Mapping[str, _Bound] = {
    "longueur": _SIZE,
    "largeur": _SIZE,
    "longueur_mm": _SIZE,
    "largeur_mm": _SIZE,
    "taille": _SIZE,
    "angleRotation": _Bound(
        lambda angle: -360 <= angle <= 360,
        "de 0 à 360 degrés",
        "L'angle est en degrés, horaire depuis le nord",
    ),
    "transparence": _Bound(
        lambda share: 0 <= share <= 100, "de 0 à 100", "La transparence est un pourcentage"
    ),
    "resolution": _Bound(
        lambda pixel: 1 <= pixel <= 100, "de 1 à 100 cm", "La résolution est en centimètres"
    ),
}
_BOUNDED: Mapping[str, tuple[tuple[str, str, _Bound], ...]] = {
    model.name: tuple(
        (each.name, each.kind, _BOUNDS[each.name]) for each in model.attributes if each.name in _BOUNDS
    )
    for model in CLASSES.values()
}
"""The bounded attributes of each class, with their kind."""


def measured(raw: RawObject) -> Iterator[Finding]:
    """Sizes are positive, angles within a turn, shares within 100; a text to draw is not empty."""
    for name, kind, bound in _BOUNDED[raw.model.name]:
        for element in raw.properties.get(name, ()):
            value = _number(element, kind)
            if value is not None and not bound.keeps(value):
                message = f"{bound.what} : corriger « {name} »."
                yield _told(raw, "gml.value", message, element, attribute=name, expected=bound.expected)
    for text in TEXTS:
        for element in raw.properties.get(text, ()):
            if not (element.text or "").strip() and not len(element):
                message = f"Le texte d'habillage est vide : renseigner « {text} », ou retirer l'objet."
                yield _told(raw, "gml.habillage", message, element, attribute=text, expected="un texte")


def _number(element: _Element, kind: str) -> float | None:
    """The value as a number; None where it is none."""
    text = (element.text or "").strip()
    return float(text) if FORMS[kind][0](text) else None
