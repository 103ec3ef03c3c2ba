"""Objects that name other objects (`xlink:href`): links to them, or they themselves embedded.

An affleurant has no geometry of its own: its `representation` groups outlines, lines and points, which are
objects of classes of their own.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from shapely.geometry.base import BaseGeometry

from pcrs.serve.ogcapi_host import Document, Host
from pcrs.serve.ogcapi_links import items_address, with_parameters
from pcrs.standard.model import CLASSES, CONCRETE, Attribute, is_a
from pcrs.store.base import Row
from pcrs.store.named import by_ids
from pcrs.vector.ids import target_of
from pcrs.work.selection import UPWARD

EMBEDDED = ("representation", "symbolisation", "enveloppe", "ligne", "point")
"""Attributes whose objects are embedded on demand: what an affleurant looks like."""
_LINKS_MAX = 200
"""Links that one object shows; an emprise d'échange may name a hundred thousand objects."""
_DEPTH = 3
type Told = Callable[[Sequence[Row]], list[Document]]


@cache
def link_attributes(layer: str) -> tuple[Attribute, ...]:
    """The attributes of a class that name other objects."""
    model = CLASSES.get(layer)
    return () if model is None else tuple(each for each in model.attributes if each.kind == "link")


def can_embed(layer: str) -> bool:
    """True when objects of the layer may carry others."""
    return any(each.name in EMBEDDED for each in link_attributes(layer))


@dataclass(frozen=True, slots=True)
class Seen:
    """Which objects are looked for: of a state, and within the area of who asks."""

    at: str | None = None
    """The date of the state; None: now."""
    area: BaseGeometry | None = None
    """EPSG:2154; None: everywhere. Within an area what has no place is seen where something shows it."""


def related(
    host: Host, layer: str, values: Mapping[str, Any], seen: Seen, params: Mapping[str, str]
) -> list[Document]:
    """The links of an object to those that it names, as far as they are seen here, or on the Web.

    `params` tell the state in the addresses.
    """
    found = []
    for attribute in link_attributes(layer):
        hrefs = _hrefs(values.get(attribute.name))[:_LINKS_MAX]
        ids = (id_ for href in hrefs if (id_ := target_of(href)) is not None)
        places = _places(host, attribute, ids, seen)
        for href in hrefs:
            id_ = target_of(href)
            link = {"rel": "related", "title": f"{attribute.label} ({attribute.name})"}
            if id_ in places:
                href = with_parameters(items_address(host, places[id_], id_), params)
                link |= {"type": "application/geo+json", "href": href}
            elif id_ is None and href.startswith(("http://", "https://")):
                link["href"] = href
            else:
                continue
            found.append(link)
    return found[:_LINKS_MAX]


@dataclass(frozen=True, slots=True)
class Carrying:
    """How objects get those that they name, as far as they are seen."""

    host: Host
    told: Told
    seen: Seen = Seen()

    def embed(
        self, layer: str, rows: Sequence[Row], documents: Sequence[Document], depth: int = _DEPTH
    ) -> None:
        """Each document gets `embedded`: by attribute, the objects that its row names, and theirs in turn."""
        for attribute in link_attributes(layer):
            if attribute.name not in EMBEDDED or depth == 0:
                continue
            named = [[target_of(href) for href in _hrefs(row.values.get(attribute.name))] for row in rows]
            wanted = {id_ for ids in named for id_ in ids if id_ is not None}
            here: dict[str, Document] = {}
            for target in _targets(self.host, attribute):
                found = _rows(self.host, target, wanted - here.keys(), self.seen)
                shown = self.told(found)
                self.embed(target, found, shown, depth - 1)
                here |= {row.id: document for row, document in zip(found, shown, strict=True)}
            for document, ids in zip(documents, named, strict=True):
                carried = document.setdefault("embedded", {})
                carried[attribute.name] = [here[id_] for id_ in ids if id_ in here]


def _hrefs(value: Any) -> list[str]:
    if value is None:
        return []
    return [value] if isinstance(value, str) else [each for each in value if isinstance(each, str)]


def _targets(host: Host, attribute: Attribute) -> list[str]:
    """The collections whose objects the attribute may name, as far as they are served."""
    target = attribute.target or ""
    return [each.name for each in CONCRETE if is_a(each.name, target) and each.name in host.layers]


def _places(host: Host, attribute: Attribute, ids: Iterable[str], seen: Seen) -> dict[str, str]:
    """The collection in which each id is found; those that are nowhere are left out."""
    wanted = set(ids)
    places: dict[str, str] = {}
    for target in _targets(host, attribute):
        missing = wanted - places.keys()
        if missing:
            places |= {row.id: target for row in _rows(host, target, missing, seen, geometry=False)}
    return places


def _rows(host: Host, layer: str, ids: Iterable[str], seen: Seen, *, geometry: bool = True) -> list[Row]:
    placed = geometry or seen.area is not None
    found = by_ids(host.served.store, host.layers[layer], sorted(ids), geometry=placed, at=seen.at)
    return [row for row in found if is_seen(host, layer, row, seen)]


def is_seen(host: Host, layer: str, row: Row, seen: Seen) -> bool:
    """True when an object lies within the area of who asks, or something that shows it does."""
    if seen.area is None:
        return True
    if row.geometry is not None:
        return bool(seen.area.intersects(row.geometry))
    if layer not in UPWARD:
        return False
    for attribute in link_attributes(layer):
        ids = {id_ for href in _hrefs(row.values.get(attribute.name)) if (id_ := target_of(href)) is not None}
        if ids and any(_rows(host, target, ids, seen) for target in _targets(host, attribute)):
            return True
    return False
