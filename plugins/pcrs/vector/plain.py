"""Objects written the plain way, as nearly all are: taken whole, without being asked rule by rule.

An object is plain when its elements stand in order, each with a value that the rules let pass, and its
geometry in one of the common forms. Whatever differs is left to `pcrs.vector.gml`, which alone knows faults:
nothing here makes a finding.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
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
_REFUSED: Final = object()
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
class _Slot:
    """One attribute of a class."""

    attribute: Attribute
    model: FeatureClass
    rank: int
    any_text: bool
    known: dict[str, Any] = field(default_factory=dict)
    """Values by how they are written, of which the rules were asked."""

    def take(self, text: str) -> Any:
        """The value; `_REFUSED` when a rule has something to say of it."""
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
        return _REFUSED if refused else value_of(self.attribute, element)


@dataclass(frozen=True, slots=True)
class _Form:
    """How the objects of a class are written."""

    model: FeatureClass
    slots: Mapping[str, _Slot]
    """By the name of their element."""
    required: frozenset[str]
    geometries: frozenset[str]


def _form(model: FeatureClass) -> _Form:
    namespace = NAMESPACES[model.namespace_prefix]
    slots = {
        f"{{{namespace}}}{each.name}": _Slot(
            each, model, rank, each.kind == "string" and each.name not in rules.TEXTS
        )
        for rank, each in enumerate(model.attributes)
    }
    required = frozenset(each.name for each in model.attributes if each.required and each.kind != "geometry")
    return _Form(model, slots, required, FORMS[model.geometry] if model.geometry else frozenset())


_FORMS: Mapping[str, _Form] = {
    model.tag: _form(model)
    for model in CLASSES.values()
    if not model.abstract and model.name not in _JUDGED_WHOLE
}


def take(element: _Element) -> Plain | None:
    """The object, when it is plain."""
    form = _FORMS.get(element.tag)
    gml_id = element.get(ID)
    if form is None or gml_id is None or len(element.keys()) > 1 or not is_ncname(str(gml_id)):
        return None
    found = Plain(form.model, str(gml_id), line_of(element) or 0, {}, [], None)
    furthest = -1
    for child in element:
        slot = form.slots.get(child.tag)
        if slot is None:
            if child.tag in OF_EVERY_OBJECT:
                continue
            return None
        if slot.rank < furthest or (slot.rank == furthest and not slot.attribute.multiple):
            return None
        furthest = slot.rank
        if not _is_taken(child, slot, form, found):
            return None
    there = form.required <= found.values.keys()
    return found if there and (found.geometry is None) == (form.model.geometry is None) else None


def _is_taken(child: _Element, slot: _Slot, form: _Form, found: Plain) -> bool:
    """Takes the value of one element; False when it is not plain."""
    attribute = slot.attribute
    if attribute.kind == "geometry":
        found.geometry = written(child, form.geometries)
        return found.geometry is not None
    if len(child):
        return False
    if attribute.kind == "link":
        value: Any = _link(child, attribute, found)
        if value is None:
            return False
    else:
        value = child.text or ""
        if child.keys():
            return False
        if not slot.any_text:
            value = slot.take(value)
            if value is _REFUSED:
                return False
    if attribute.multiple:
        value = (*found.values.get(attribute.name, ()), value)
    found.values[attribute.name] = value
    return True


def _link(child: _Element, attribute: Attribute, found: Plain) -> str | None:
    """Where the link leads, noted among the object's links."""
    href = child.get(HREF)
    if not href or len(child.keys()) > 1 or (child.text or "").strip():
        return None
    found.links.append(Link(str(href), line_of(child), found.gml_id, found.model.name, attribute.name))
    return str(href)
