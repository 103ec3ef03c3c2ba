"""How the values of a skeleton become an object: which is what, and what is made of it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from lxml.etree import _Element
from shapely import GeometryType

from pcrs.standard.model import BY_TAG, FeatureClass
from pcrs.vector import plain
from pcrs.vector.coordinates import GML
from pcrs.vector.ids import Link, is_ncname
from pcrs.vector.parse import ID
from pcrs.vector.plain import REFUSED, Plain, Slot
from pcrs.vector.plain_geometry import FEWEST, Written
from pcrs.vector.srs import Srs
from pcrs.vector.stream import HREF

_MOST = 2048
"""Values together, of one skeleton, that are remembered."""
_ABSENT: Any = object()
_POINTS = frozenset((f"{GML}pos", f"{GML}posList"))
type Lines = int | Callable[[int], int]
"""The line of everything, or what gives the line of a place in the text."""


@dataclass(frozen=True, slots=True)
class _Shape:
    """Where a geometry stands in the values of a member."""

    kind: GeometryType
    srs: Srs
    dimension: int
    fewest: int
    chains: tuple[int, ...]
    ids: tuple[tuple[int, int], ...]
    """Value and place in the text, of which the line is told, of each `gml:id`."""
    nameless: tuple[int, ...]

    def written(self, values: Sequence[str], line: Lines) -> Written | None:
        """The geometry; None when it is not plain."""
        chains = []
        dimension = self.dimension
        for at in self.chains:
            text = values[at]
            words = text.split()
            if self.kind is GeometryType.POINT:
                dimension = len(words)
            if "_" in text or dimension not in (2, 3) or len(words) % dimension:
                return None
            if len(words) < self.fewest * dimension:
                return None
            if self.kind is GeometryType.POLYGON and words[:dimension] != words[-dimension:]:
                return None
            chains.append(words)
        if isinstance(line, int):
            ids: list[tuple[str, int | None]] = [(values[at], line) for at, _ in self.ids]
            return Written(self.kind, self.srs, dimension, chains, ids, [line] * len(self.nameless))
        ids = [(values[at], line(place)) for at, place in self.ids]
        return Written(self.kind, self.srs, dimension, chains, ids, list(map(line, self.nameless)))


@dataclass(frozen=True, slots=True)
class _Field:
    """One attribute of an object. `at` None: its element is written empty."""

    name: str
    at: int | None
    take: Callable[[str], Any] | None
    """Makes its value of its text; None: the text is its value."""
    multiple: bool


class Reader:
    """How the values of one skeleton become an object."""

    def __init__(
        self,
        model: FeatureClass,
        own: tuple[int, int],
        fields: Sequence[_Field],
        links: Sequence[tuple[str, int, int]],
        shape: _Shape | None,
        blank: Iterable[int],
    ) -> None:
        """`own`, and after its attribute each of `links`: a value, and the place of which the line is told.

        `blank` are the values between elements.
        """
        self._model, self._own, self._shape, self._links = model, own, shape, tuple(links)
        self._blank = _chosen(blank)
        quoted = [at for _, at, _ in links]
        quoted += [at for at, _ in shape.ids] if shape else []
        self._quoted = _chosen(quoted) if quoted else None
        self._judged = [each for each in fields if each.take is not None]
        self._judged_texts = _chosen(0 if each.at is None else each.at for each in self._judged)
        self._free = tuple((each.name, each.at, each.multiple) for each in fields if each.take is None)
        self._order = [each.name for each in fields]
        self._known: dict[tuple[str, ...], dict[str, Any] | None] = {}

    def read(self, values: Sequence[str], line: Lines) -> Plain | None:
        """The object; None when it is not plain."""
        at, place = self._own
        gml_id = values[at]
        if "".join(self._blank(values)).strip() or not is_ncname(gml_id):
            return None
        if self._quoted is not None:
            quoted = "".join(self._quoted(values))
            if "\n" in quoted or "\t" in quoted:
                return None
        found = self._values(values)
        if found is None:
            return None
        shape = None
        if self._shape is not None:
            shape = self._shape.written(values, line)
            if shape is None:
                return None
        own = line if isinstance(line, int) else line(place)
        return Plain(self._model, gml_id, own, found, self._linked(values, line, gml_id), shape)

    def _linked(self, values: Sequence[str], line: Lines, gml_id: str) -> list[Link]:
        found = []
        for name, at, place in self._links:
            own = line if isinstance(line, int) else line(place)
            found.append(Link(values[at], own, gml_id, self._model.name, name))
        return found

    def _values(self, values: Sequence[str]) -> dict[str, Any] | None:
        """The attributes; None when a rule has something to say of them."""
        texts = self._judged_texts(values)
        judged: dict[str, Any] | None = self._known.get(texts, _ABSENT)
        if judged is _ABSENT:
            if len(self._known) >= _MOST:
                self._known.clear()
            judged = self._known[texts] = self._judge(texts)
        if judged is None or not all(values[at] for _, at, _ in self._links):
            return None
        found = judged.copy()
        for name, at, multiple in self._free:
            value = "" if at is None else values[at]
            found[name] = (*(found[name] or ()), value) if multiple else value
        return found

    def _judge(self, texts: Sequence[str]) -> dict[str, Any] | None:
        """Every attribute in order: those of which the rules were asked, and room for the others."""
        found: dict[str, Any] = dict.fromkeys(self._order)
        for each, text in zip(self._judged, texts, strict=True):
            value = each.take("" if each.at is None else text) if each.take else text
            if value is REFUSED:
                return None
            found[each.name] = (*(found[each.name] or ()), value) if each.multiple else value
        return found


def _chosen(places: Iterable[int]) -> Callable[[Sequence[str]], tuple[str, ...]]:
    """What takes the values at some places."""
    chosen = tuple(places)
    if len(chosen) > 1:
        return itemgetter(*chosen)
    return lambda values: tuple([values[at] for at in chosen])


class Roles:
    """What the values of a skeleton are, read from a member in which each value is its own number."""

    def __init__(self, marked: _Element) -> None:
        self._object = marked
        self._fields: list[_Field] = []
        self._links: list[tuple[str, int, int]] = []
        self._texts: set[int] = set()
        self.free: set[int] = set()
        """Values that may differ among the members of a reader."""

    def reader(self, taken: Plain) -> Reader | None:
        """How members are read like the one of which `taken` is the object; None when that is not known."""
        gml_id = self._value(self._object.get(ID))
        shape: _Shape | None = None
        for child, slot in zip(self._object, plain.slots(self._object), strict=True):
            if slot is None:
                self._texts |= self._within(child)
            elif slot.attribute.kind == "geometry":
                shape = self._shape(child[0], taken.geometry)
            elif not self._attribute(child, slot):
                return None
        root = self._object.getparent()
        root = None if root is None else root.getparent()
        wanted = (len(taken.links), taken.geometry is None)
        if gml_id is None or root is None or (len(self._links), shape is None) != wanted:
            return None
        quoted = [at for _, at, _ in self._links]
        if shape is not None:
            self._texts |= set(shape.chains)
            quoted += [at for at, _ in shape.ids]
        blank = self._within(root) - self._texts
        self.free = {gml_id, *quoted, *self._texts, *blank}
        own = gml_id, self._place(self._object)
        return Reader(BY_TAG[self._object.tag], own, self._fields, self._links, shape, blank)

    def _attribute(self, child: _Element, slot: Slot) -> bool:
        """Notes an attribute that is no geometry; False when its value is not one of the skeleton's."""
        attribute, at = slot.attribute, self._value(child.text)
        if at is None and child.text is not None:
            return False
        take = None if slot.any_text else slot.take
        if attribute.kind == "link":
            at, take = self._value(child.get(HREF)), None
            if at is None:
                return False
            self._links.append((attribute.name, at, self._place(child)))
        elif at is not None:
            self._texts.add(at)
        self._fields.append(_Field(attribute.name, at, take, attribute.multiple))
        return True

    def _shape(self, geometry: _Element, taken: Written | None) -> _Shape | None:
        every = list(geometry.iter())
        chains = [self._value(each.text) for each in every if each.tag in _POINTS]
        ids = [(self._value(each.get(ID)), self._place(each)) for each in every if each.get(ID) is not None]
        named = [geometry, *(each for each in every if _parent_tag(each) == f"{GML}curveMember")]
        nameless = [self._place(each) for each in named if each.get(ID) is None]
        if taken is None or None in chains or any(at is None for at, _ in ids):
            return None
        counted = (len(chains), len(ids), len(nameless))
        if counted != (len(taken.chains), len(taken.ids), len(taken.nameless)):
            return None
        return _Shape(
            taken.kind,
            taken.srs,
            taken.dimension,
            FEWEST.get(geometry.tag, 1),
            tuple(at for at in chains if at is not None),
            tuple((at, place) for at, place in ids if at is not None),
            tuple(nameless),
        )

    def _value(self, mark: str | None) -> int | None:
        """The number of a value by its mark."""
        number = (mark or "").removesuffix(".")
        return int(number) if number.isdecimal() and mark != number else None

    def _place(self, element: _Element) -> int:
        """How many parts of the text there are up to the end of the element's start tag."""
        if element.text is not None:
            at = self._value(element.text)
        else:
            at = self._value(element.tail)
        return 0 if at is None else 2 * at

    def _within(self, element: _Element) -> set[int]:
        """Every value that stands between tags within an element."""
        marks = [element.text]
        for each in element.iterdescendants():
            marks += [each.text, each.tail]
        return {at for mark in marks if (at := self._value(mark)) is not None}


def _parent_tag(element: _Element) -> str | None:
    parent = element.getparent()
    return None if parent is None else str(parent.tag)
