"""An object's element taken apart by the model, before anything is judged."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lxml.etree import _Element

from pcrs.findings import Finding, Level
from pcrs.standard.model import CLASSES, NAMESPACES, Attribute, FeatureClass
from pcrs.vector.coordinates import GML, line_of
from pcrs.vector.ids import Link
from pcrs.vector.stream import BOUNDED_BY, HREF

ID = f"{GML}id"
_NIL = "nilReason"
OF_EVERY_OBJECT = frozenset(
    GML + name
    for name in (
        "metaDataProperty",
        "description",
        "descriptionReference",
        "identifier",
        "name",
        "boundedBy",
        "location",
    )
)
"""What GML allows in every object; PCRS gives it no meaning."""


@dataclass(frozen=True, slots=True)
class RawObject:
    """One object as it is written: its properties by name, in order, and what the class does not know."""

    model: FeatureClass
    element: _Element
    file: str
    properties: Mapping[str, list[_Element]]
    attributes: tuple[tuple[Attribute, list[_Element]], ...]
    """Each attribute that the object writes, with its elements, in the order of the model."""
    unknown: tuple[_Element, ...]
    misplaced: _Element | None
    """The first property that stands after one that should follow it."""

    @property
    def gml_id(self) -> str | None:
        """The `gml:id`, None where there is none."""
        written = self.element.get(ID)
        return None if written is None else str(written)

    def finding(
        self, code: str, level: Level, message: str, at: _Element | None = None, **more: Any
    ) -> Finding:
        """A finding about this object, at the line of `at` (the object itself when left out)."""
        more.setdefault("line", line_of(self.element if at is None else at))
        return Finding(
            code, level, message, self.file, object_id=self.gml_id, class_name=self.model.name, **more
        )


_RANKS: Mapping[str, Mapping[str, int]] = {
    model.name: {
        f"{{{NAMESPACES[model.namespace_prefix]}}}{each.name}": rank
        for rank, each in enumerate(model.attributes)
    }
    for model in CLASSES.values()
}
"""The property elements of each class and their rank in the order of the XSD."""


def take_apart(element: _Element, model: FeatureClass, file: str) -> RawObject:
    """The object that `element` writes."""
    ranks = _RANKS[model.name]
    properties: dict[str, list[_Element]] = {}
    unknown = []
    misplaced = None
    furthest = -1
    for child in element:
        rank = ranks.get(child.tag)
        if rank is None:
            if child.tag not in OF_EVERY_OBJECT:
                unknown.append(child)
            continue
        if rank < furthest and misplaced is None:
            misplaced = child
        furthest = max(furthest, rank)
        properties.setdefault(model.attributes[rank].name, []).append(child)
    attributes = tuple((each, properties[each.name]) for each in model.attributes if each.name in properties)
    return RawObject(model, element, file, properties, attributes, tuple(unknown), misplaced)


def nested_in(raw: RawObject) -> Iterator[_Element]:
    """The objects written inside the object's links."""
    for attribute, written in raw.attributes:
        if attribute.kind == "link":
            for element in written:
                yield from element


def link_value(element: _Element) -> str | None:
    """Where a link leads: its `xlink:href` as written, or `#id` of the object inside it; None for neither."""
    href = element.get(HREF)
    if href:
        return str(href)
    inner = element[0].get(ID) if len(element) else None
    return f"#{inner}" if inner else None


def is_nil(element: _Element) -> bool:
    """True when the property says why it has no value."""
    return element.get(_NIL) is not None


def links_of(raw: RawObject) -> Iterator[Link]:
    """The object's links with their places."""
    for attribute, written in raw.attributes:
        if attribute.kind == "link":
            for element in written:
                href = link_value(element)
                if href is not None:
                    yield Link(href, line_of(element), raw.gml_id or "", raw.model.name, attribute.name)


def envelope_srs(bounded_by: _Element | None) -> str | None:
    """The `srsName` of a `gml:boundedBy`, None where it has none."""
    envelope = None if bounded_by is None else bounded_by.find(f"{GML}Envelope")
    return None if envelope is None else envelope.get("srsName")


def own_envelope(raw: RawObject) -> _Element | None:
    """The object's own `gml:boundedBy`."""
    return raw.element.find(BOUNDED_BY)


def values_of(raw: RawObject) -> dict[str, Any]:
    """The attributes as values, geometry left out; the rules have been kept before."""
    values: dict[str, Any] = {}
    for attribute, written in raw.attributes:
        if attribute.kind == "geometry":
            continue
        found = [value for each in written if (value := value_of(attribute, each)) is not None]
        if attribute.multiple and found:
            values[attribute.name] = tuple(found)
        elif found:
            values[attribute.name] = found[0]
    return values


def value_of(attribute: Attribute, element: _Element) -> str | float | int | None:
    """One value, of which the rules have been kept.

    White space is collapsed in what is no string; dates are without their time zone.
    """
    if attribute.kind == "link":
        return link_value(element)
    text = element.text or ""
    if attribute.kind == "double":
        return float(text)
    if attribute.kind == "integer":
        return int(text)
    return text.strip()[:10] if attribute.kind == "date" else text
