"""Which objects an extract has: what meets the area, what shows it, and what these refer to.

Objects are exchanged whole. Affleurants have no geometry of their own: one belongs to the extract when one of
its representations does. What an object refers to goes with it, so that no link is left without its end;
emprises and initiatives are the exception: their lists name everything, and are cut to what is there.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import batched
from typing import Any

from shapely.geometry.base import BaseGeometry

from pcrs.errors import NotFoundError
from pcrs.standard.crs import BBox
from pcrs.standard.model import CLASSES, CONCRETE, Attribute, is_a
from pcrs.store.base import FeatureStore, Layer, Query, Row

PAGE = 5000
_LISTS = frozenset({"EmpriseEchangePCRS", "EmpriseDisponibilitePCRS", "InitiativePCRS"})
"""Classes whose repeatable links are cut to the objects of the extract."""
_UPWARD = ("AffleurantGeometriquePCRS", "AffleurantPCRS")
"""Classes without geometry, each referring to the geometries or to the one before it."""


@dataclass(slots=True)
class Facts:
    """What is known of the chosen objects of one layer. `box`: EPSG:2154; `first`, `last`: dates."""

    count: int = 0
    has_z: bool = False
    box: BBox | None = None
    first: str | None = None
    last: str | None = None

    def add(self, rows: Iterable[Row], time_field: str | None) -> None:
        """Takes these rows into account."""
        for row in rows:
            self.count += 1
            moment = row.values.get(time_field or "")
            if moment:
                self.first = min(self.first or moment, moment)
                self.last = max(self.last or moment, moment)
            if row.geometry is not None:
                box = BBox(*row.geometry.bounds)
                self.box = box if self.box is None else self.box.union(box)
                self.has_z = self.has_z or bool(row.geometry.has_z)


@dataclass(slots=True)
class Selection:
    """The chosen objects of some layers; without a region, all of them, and no id is held in memory.

    With a region the ids of what is chosen are (some 100 bytes each).
    """

    store: FeatureStore
    layers: Mapping[str, Layer]
    region: BaseGeometry | None
    facts: dict[str, Facts] = field(default_factory=dict)
    _met: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Ids by class that meet the region, or refer to what does."""
    _added: dict[str, dict[str, None]] = field(default_factory=lambda: defaultdict(dict))
    """Ids by class that do not, and are referred to; in order."""

    def choose(self, told: Callable[[str], None]) -> None:
        """Finds the objects and fills `facts`; `told` hears of each layer when it is done."""
        if self.region is not None:
            self._find()
        for name, layer in self.layers.items():
            facts = Facts()
            for rows in self.rows(name):
                facts.add(rows, layer.time_field)
            if facts.count:
                self.facts[name] = facts
            told(name)

    def rows(self, name: str) -> Iterator[list[Row]]:
        """The chosen rows of a layer, page by page, in the order of the store; what was added comes last."""
        layer = self.layers[name]
        if self.region is None:
            yield from pages(self.store, name, Query())
            return
        if layer.geometry is not None:
            for page in pages(self.store, name, Query(within=self.region)):
                yield self._cut(name, page)
        elif self._met[name]:
            for page in pages(self.store, name, Query()):
                chosen = [row for row in page if row.id in self._met[name]]
                if chosen:
                    yield self._cut(name, chosen)
        for ids in batched(self._added[name], PAGE):
            yield self._cut(name, [self.store.get(name, id_) for id_ in ids])

    def _find(self) -> None:
        """The ids: by place, then what shows them, then what they refer to, until nothing is new."""
        wanted: list[tuple[Attribute, str]] = []
        for name, layer in self.layers.items():
            if layer.geometry is not None:
                for page in pages(self.store, name, Query(within=self.region)):
                    self._met[name] |= {row.id for row in page}
                    wanted += _references(name, page)
        for name in _UPWARD:
            if name in self.layers:
                for page in pages(self.store, name, Query(geometry=False)):
                    rows = [row for row in page if self._shows(name, row)]
                    self._met[name] |= {row.id for row in rows}
                    wanted += _references(name, rows)
        while wanted:
            found: list[tuple[Attribute, str]] = []
            for attribute, target in wanted:
                found += self._follow(attribute, target)
            wanted = found

    def _shows(self, name: str, row: Row) -> bool:
        """True when one of the objects that the row refers to is chosen."""
        return any(self.holds(attribute, target) for attribute, target in _references(name, [row]))

    def _follow(self, attribute: Attribute, target: str) -> list[tuple[Attribute, str]]:
        """Adds the object that a link names, if it is in the store; returns its own links."""
        if self.holds(attribute, target):
            return []
        for name in self._classes(attribute):
            try:
                row = self.store.get(name, target)
            except NotFoundError:
                continue
            self._added[name][target] = None
            return _references(name, [row])
        return []

    def holds(self, attribute: Attribute, target: str) -> bool:
        """True when the object that a link names is chosen."""
        return any(target in self._met[n] or target in self._added[n] for n in self._classes(attribute))

    def _classes(self, attribute: Attribute) -> Iterator[str]:
        for model in CONCRETE:
            if model.name in self.layers and is_a(model.name, attribute.target or ""):
                yield model.name

    def _cut(self, name: str, rows: list[Row]) -> list[Row]:
        """The rows; the lists of emprises and initiatives without what is not there."""
        if name not in _LISTS:
            return rows
        return [replace(row, values=self._shortened(name, row.values)) for row in rows]

    def _shortened(self, name: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
        kept = dict(values)
        for attribute in CLASSES[name].attributes:
            links = kept.get(attribute.name)
            if attribute.kind == "link" and attribute.multiple and links:
                kept[attribute.name] = [link for link in links if self._stays(attribute, link)] or None
        return kept

    def _stays(self, attribute: Attribute, link: str) -> bool:
        return not link.startswith("#") or self.holds(attribute, link[1:])


def _references(name: str, rows: Iterable[Row]) -> list[tuple[Attribute, str]]:
    """The links of rows of a class within the document, but for the lists of emprises and initiatives."""
    model = CLASSES.get(name)
    links = [a for a in model.attributes if a.kind == "link"] if model else []
    found = []
    for attribute in links:
        if name in _LISTS and attribute.multiple:
            continue
        for row in rows:
            value = row.values.get(attribute.name)
            for link in value if isinstance(value, list | tuple) else [value] if value else []:
                if link.startswith("#"):
                    found.append((attribute, link[1:]))
    return found


def pages(store: FeatureStore, name: str, query: Query) -> Iterator[list[Row]]:
    """Every row of a query, page by page, in the order of the store."""
    query = replace(query, limit=PAGE)
    while True:
        page = store.query(name, query)
        if page.rows:
            yield list(page.rows)
        if page.next_after is None:
            return
        query = replace(query, after=page.next_after)
