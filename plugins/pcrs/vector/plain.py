"""Objects written the plain way, as nearly all are: taken whole, without being asked rule by rule.

An object is plain when its elements stand in order, each with a value that the rules let pass, and its
geometry in one of the common forms. Whatever differs is left to `pcrs.vector.gml`, which alone knows faults:
nothing here makes a finding.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

from lxml import etree
from lxml.etree import _Element

from pcrs.standard.model import CLASSES, NAMESPACES, Attribute, FeatureClass
from pcrs.vector import rules
from pcrs.vector.coordinates import line_of
from pcrs.vector.geometry_rules import CLOSED
from pcrs.vector.ids import Link, is_ncname
from pcrs.vector.parse import ID, OF_EVERY_OBJECT, RawObject, value_of
from pcrs.vector.plain_geometry import FORMS, Written, written
from pcrs.vector.stream import HREF

_REMEMBERED = 4096
"""Values of one attribute."""
_ABSENT: Final = object()
REFUSED: Final = object()
"""In place of a value of which a rule has something to say."""
_JUDGED_WHOLE = (*rules.ACROSS, CLOSED)
"""Classes whose rules look at more than one value: their objects are never plain."""


@dataclass(slots=True)
class Plain:
    """A plain object as it is written; its ids may still be another's."""

    model: FeatureClass
    gml_id: str
    line: int
    values: dict[str, Any]
    links: list[Link]
    geometry: Written | None


@dataclass(slots=True)
class Slot:
    """One attribute of a class."""

    attribute: Attribute
    model: FeatureClass
    rank: int
    any_text: bool
    known: dict[str, Any] = field(default_factory=dict)
    """Values by how they are written, of which the rules were asked."""

    def take(self, text: str) -> Any:
        """The value; `REFUSED` when a rule has something to say of it."""
        value = self.known.get(text, _ABSENT)
        if value is _ABSENT:
            if len(self.known) >= _REMEMBERED:
                self.known.clear()
            value = self.known[text] = self._asked(text)
        return value

    def _asked(self, text: str) -> Any:
        element = etree.Element(self.attribute.name)
        element.text = text
        own = {self.attribute.name: [element]}
        raw = RawObject(self.model, element, "", own, ((self.attribute, [element]),), (), None)
        refused = any(True for rule in rules.OF_VALUES for _ in rule(raw))
        return REFUSED if refused else value_of(self.attribute, element)


@dataclass(frozen=True, slots=True)
class _Form:
    """How the objects of a class are written."""

    model: FeatureClass
    slots: Mapping[str, Slot]
    """By the name of their element."""
    geometries: frozenset[str]
    orders: dict[tuple[str, ...], tuple[Slot | None, ...] | None] = field(default_factory=dict)
    """What stands in objects of which the elements have these names; None where they are not plain."""

    def order(self, tags: tuple[str, ...]) -> tuple[Slot | None, ...] | None:
        """A slot for each element, None for what GML allows everywhere; None for what is not plain."""
        found = self.orders.get(tags, ())
        if found == ():
            if len(self.orders) >= _REMEMBERED:
                self.orders.clear()
            found = self.orders[tags] = self._judged(tags)
        return found

    def _judged(self, tags: tuple[str, ...]) -> tuple[Slot | None, ...] | None:
        found = tuple(self.slots.get(tag) for tag in tags)
        if any(slot is None and tag not in OF_EVERY_OBJECT for slot, tag in zip(found, tags, strict=True)):
            return None
        there = [slot for slot in found if slot is not None]
        for before, after in pairwise(there):
            if after.rank < before.rank or (after is before and not after.attribute.multiple):
                return None
        missing = {slot.attribute.name for slot in self.slots.values() if slot.attribute.required}
        return None if missing - {slot.attribute.name for slot in there} else found


def _form(model: FeatureClass) -> _Form:
    namespace = NAMESPACES[model.namespace_prefix]
    slots = {
        f"{{{namespace}}}{each.name}": Slot(
            each, model, rank, each.kind == "string" and each.name not in rules.TEXTS
        )
        for rank, each in enumerate(model.attributes)
    }
    return _Form(model, slots, FORMS[model.geometry] if model.geometry else frozenset())


_FORMS: Mapping[str, _Form] = {
    model.tag: _form(model)
    for model in CLASSES.values()
    if not model.abstract and model.name not in _JUDGED_WHOLE
}


def slots(element: _Element) -> tuple[Slot | None, ...]:
    """The slot of each child of a plain object."""
    form = _FORMS[element.tag]
    return form.order(tuple([child.tag for child in element])) or ()


def take(element: _Element) -> Plain | None:
    """The object, when it is plain."""
    form = _FORMS.get(element.tag)
    gml_id = element.get(ID)
    if form is None or gml_id is None or len(element.keys()) > 1 or not is_ncname(str(gml_id)):
        return None
    children = list(element)
    order = form.order(tuple([child.tag for child in children]))
    if order is None:
        return None
    found = Plain(form.model, str(gml_id), line_of(element) or 0, {}, [], None)
    for child, slot in zip(children, order, strict=True):
        if slot is None:
            continue
        attribute = slot.attribute
        if attribute.kind == "geometry":
            found.geometry = written(child, form.geometries)
            if found.geometry is None:
                return None
            continue
        value = REFUSED if len(child) else _value(child, slot, found)
        if value is REFUSED:
            return None
        if attribute.multiple:
            value = (*found.values.get(attribute.name, ()), value)
        found.values[attribute.name] = value
    return found if (found.geometry is None) == (form.model.geometry is None) else None


def _value(child: _Element, slot: Slot, found: Plain) -> Any:
    """The value of an element that holds no other; `REFUSED` when it is not plain. Links are noted."""
    if slot.attribute.kind != "link":
        text = child.text or ""
        return REFUSED if child.keys() else text if slot.any_text else slot.take(text)
    href = child.get(HREF)
    if not href or len(child.keys()) > 1 or (child.text or "").strip():
        return REFUSED
    name = slot.attribute.name
    found.links.append(Link(str(href), line_of(child), found.gml_id, found.model.name, name))
    return str(href)
