"""Which objects an extract has: what meets the area, what shows it, and what these refer to.

Objects are exchanged whole. Affleurants have no geometry of their own: one belongs to the extract when one of
its representations does. What an object refers to goes with it, so that no link is left without its end;
emprises and initiatives are the exception: their lists name everything, and are cut to what is there.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import batched, groupby
from operator import itemgetter
from typing import Any

from shapely.geometry.base import BaseGeometry

from pcrs.errors import TooLargeError
from pcrs.standard.crs import BBox
from pcrs.standard.model import CLASSES, CONCRETE, Attribute, is_a
from pcrs.store.base import FeatureStore, Layer, Query, Row
from pcrs.store.named import by_ids

PAGE = 5000
_LINKS = 500
_SHARE = 0.2
"""Links, to the objects of a class that may have them, from which on these are read through."""
EVERY = Query(limit=2**62)
"""Every object, as it is now."""
_LISTS = frozenset({"EmpriseEchangePCRS", "EmpriseDisponibilitePCRS", "InitiativePCRS"})
"""Classes whose repeatable links are cut to the objects of the extract."""
UPWARD = ("AffleurantGeometriquePCRS", "AffleurantPCRS")
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
    """The chosen objects of some layers; without a region, those of `base`, and no id is held in memory.

    With a region the ids of what is chosen are (some 100 bytes each).
    """

    store: FeatureStore
    layers: Mapping[str, Layer]
    region: BaseGeometry | None
    base: Query = EVERY
    """What holds for every layer: a date, or for a layer alone any condition, order and paging."""
    most: int | None = None
    """Objects that may be chosen in all."""
    bound: BaseGeometry | None = None
    """EPSG:2154: what lies outside is left out, even if it is referred to."""
    facts: dict[str, Facts] = field(default_factory=dict)
    _met: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Ids by class that meet the region, or refer to what does."""
    _placed: dict[str, list[str]] = field(default_factory=dict)
    """Of `_met` those of classes without geometry, in the order of the store."""
    _added: dict[str, dict[str, None]] = field(default_factory=lambda: defaultdict(dict))
    """Ids by class that do not, and are referred to; in order."""

    def choose(self, told: Callable[[str], None]) -> None:
        """Finds the objects and fills `facts`; `told` hears of each layer when it is done.

        Raises:
            TooLargeError: there are more than `most`.
        """
        if self.region is not None:
            self._find()
        for name, layer in self.layers.items():
            facts = Facts()
            for rows in self.rows(name):
                facts.add(rows, layer.time_field)
                self._bound(facts.count + sum(one.count for one in self.facts.values()))
            if facts.count:
                self.facts[name] = facts
            told(name)

    def met(self, name: str) -> set[str]:
        """The ids of a class that meet the region, or show what does; nothing that these refer to.

        Raises:
            TooLargeError: there are more than `most`.
        """
        self._meet()
        return self._met[name]

    def rows(self, name: str) -> Iterator[list[Row]]:
        """The chosen rows of a layer, page by page, in the order of the store; what was added comes last."""
        layer = self.layers[name]
        if self.region is None:
            yield from pages(self.store, name, self.base)
            return
        if layer.geometry is not None:
            for page in pages(self.store, name, replace(self.base, within=self.region)):
                yield self._cut(name, page)
        else:
            yield from self._placeless(name)
        for ids in batched(self._added[name], PAGE):
            there = {row.id: row for row in by_ids(self.store, layer, ids, at=self.base.at)}
            yield self._cut(name, [there[id_] for id_ in ids])

    def _find(self) -> None:
        """The ids: by place, then what shows them, then what they refer to, until nothing is new."""
        wanted = self._meet()
        while wanted:
            wanted = self._follow(wanted)

    def _meet(self) -> list[tuple[Attribute, str]]:
        """The ids by place, and of what shows them; the links of all of these."""
        wanted: list[tuple[Attribute, str]] = []
        for name, layer in self.layers.items():
            if layer.geometry is not None:
                for page in pages(self.store, name, replace(self.base, within=self.region)):
                    self._met[name] |= {row.id for row in page}
                    self._bound(sum(map(len, self._met.values())))
                    wanted += _references(name, page)
        for name in UPWARD:
            if name in self.layers:
                found: dict[int, str] = {}
                for rows in self._showing(name):
                    found |= {row.fid: row.id for row in rows}
                    wanted += _references(name, rows)
                self._placed[name] = [found[fid] for fid in sorted(found)]
                self._met[name] |= set(found.values())
        return wanted

    def _showing(self, name: str) -> Iterator[list[Row]]:
        """The rows of a class without geometry that refer to what is chosen; some may come more than once."""
        asked = [
            (attribute.name, f"#{id_}")
            for attribute in CLASSES[name].attributes
            if attribute.kind == "link"
            for target in self._classes(attribute)
            for id_ in self._met[target]
        ]
        if self.base.at is not None or len(asked) > _SHARE * self.store.count(name, Query()):
            for page in pages(self.store, name, replace(self.base, geometry=False)):
                yield [row for row in page if self._shows(name, row)]
            return
        for field_name, links in groupby(asked, key=itemgetter(0)):
            for some in batched((link for _, link in links), _LINKS):
                yield list(self.store.naming(name, field_name, some))

    def _placeless(self, name: str) -> Iterator[list[Row]]:
        """The chosen rows of a class without geometry, in the order of the store."""
        for ids in batched(self._placed.get(name, ()), PAGE):
            there = {row.id: row for row in by_ids(self.store, self.layers[name], ids, at=self.base.at)}
            rows = [there[id_] for id_ in ids if id_ in there]
            if rows:
                yield self._cut(name, rows)

    def _shows(self, name: str, row: Row) -> bool:
        """True when one of the objects that the row refers to is chosen."""
        return any(self.holds(attribute, target) for attribute, target in _references(name, [row]))

    def _follow(self, wanted: Iterable[tuple[Attribute, str]]) -> list[tuple[Attribute, str]]:
        """Adds the objects that links name, those that are in the store; returns their own links."""
        missing: dict[str, dict[str, None]] = defaultdict(dict)
        for attribute, target in wanted:
            if not self.holds(attribute, target):
                for name in self._classes(attribute):
                    missing[name][target] = None
        found: list[tuple[Attribute, str]] = []
        for name, ids in missing.items():
            rows = by_ids(self.store, self.layers[name], ids, at=self.base.at)
            there = {row.id: row for row in rows if self._is_inside(row)}
            self._added[name] |= dict.fromkeys(id_ for id_ in ids if id_ in there)
            found += _references(name, there.values())
        return found

    def _is_inside(self, row: Row) -> bool:
        return self.bound is None or row.geometry is None or bool(self.bound.intersects(row.geometry))

    def holds(self, attribute: Attribute, target: str) -> bool:
        """True when the object that a link names is chosen."""
        return any(target in self._met[n] or target in self._added[n] for n in self._classes(attribute))

    def _classes(self, attribute: Attribute) -> Iterator[str]:
        for model in CONCRETE:
            if model.name in self.layers and is_a(model.name, attribute.target or ""):
                yield model.name

    def _bound(self, count: int) -> None:
        if self.most is not None and count > self.most:
            raise TooLargeError(f"plus de {self.most} objets : choisir une emprise plus petite")

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
    """At most `query.limit` rows, page by page, in the order of the query."""
    left = query.limit
    while left > 0:
        page = store.query(name, replace(query, limit=min(PAGE, left)))
        if page.rows:
            yield list(page.rows)
        if not page.more:
            return
        left -= len(page.rows)
        last = page.rows[-1]
        values = tuple(last.values[field] for field, _ in query.sort)
        query = replace(query, offset=0, after=last.fid, beyond=values)
