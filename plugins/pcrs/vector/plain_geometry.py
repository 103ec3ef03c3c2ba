"""Geometries in their common forms, many at once: points, lines, multiple lines and polygons in a projection.

The numbers of a batch become one array, and its geometries a few calls of GEOS. What keeps another form, or
what `pcrs.vector.geometry_rules` would speak of, is not built here: it is left to `pcrs.vector.geometry`.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate, chain
from typing import Any

import numpy as np
import shapely
from lxml.etree import _Element
from numpy.typing import NDArray
from shapely import GeometryType
from shapely.geometry.base import BaseGeometry

from pcrs.errors import GmlError
from pcrs.vector.coordinates import GML, HUGE, line_of
from pcrs.vector.geometry import ACCEPTED
from pcrs.vector.srs import GEOGRAPHIC, Srs, area, parse

_POINT, _LINE, _CURVE = f"{GML}Point", f"{GML}LineString", f"{GML}Curve"
_POLYGON, _MULTICURVE = f"{GML}Polygon", f"{GML}MultiCurve"
_KINDS = {
    _POINT: GeometryType.POINT,
    _LINE: GeometryType.LINESTRING,
    _CURVE: GeometryType.LINESTRING,
    _POLYGON: GeometryType.POLYGON,
    _MULTICURVE: GeometryType.MULTILINESTRING,
}
FEWEST = {_LINE: 2, _CURVE: 2, _MULTICURVE: 2, _POLYGON: 4}
"""Vertices of a line and of a ring."""
FORMS = {
    shape: frozenset(tag for tag in _KINDS if tag.removeprefix(GML) in names)
    for shape, names in ACCEPTED.items()
}
"""The elements that are read here for each shape of the model."""
_DIMENSIONS = {"2": 2, "3": 3}
_ID = f"{GML}id"
_SRS = ("srsName", "srsDimension")


@dataclass(slots=True)
class Written:
    """A geometry as it is written: numbers as words, a list for each line, ring or point."""

    kind: GeometryType
    srs: Srs
    dimension: int
    chains: list[list[str]] = field(default_factory=list)
    ids: list[tuple[str, int | None]] = field(default_factory=list)
    """The `gml:id` in it, with their lines."""
    nameless: list[int | None] = field(default_factory=list)
    """The lines of its elements that should have one."""


def written(held: _Element, forms: frozenset[str]) -> Written | None:
    """The geometry that a property holds; None when it is not one of `forms` in the common way."""
    if len(held) != 1 or held.keys():
        return None
    element = held[0]
    name, tag = element.get("srsName"), element.tag
    if tag not in forms or name is None:
        return None
    try:
        srs = parse(str(name))
    except GmlError:
        return None
    if srs.latlon or srs.epsg in GEOGRAPHIC:
        return None
    found = Written(_KINDS[tag], srs, _DIMENSIONS.get(str(element.get("srsDimension")), 0))
    _name(element, found)
    return found if _is_read(element, found) else None


def _is_read(element: _Element, found: Written) -> bool:
    """Reads what is inside; False when it is another form."""
    tag = element.tag
    if tag == _POINT:
        return _point(element, found)
    if tag == _POLYGON:
        return _rings(element, found)
    if tag == _MULTICURVE:
        members = [member for member in element if member.tag == f"{GML}curveMember" and len(member) == 1]
        return len(members) == len(element) > 0 and all(_member(each[0], found) for each in members)
    return _line(element, found)


def _name(element: _Element, found: Written) -> None:
    gml_id, line = element.get(_ID), line_of(element)
    if gml_id is None:
        found.nameless.append(line)
    else:
        found.ids.append((str(gml_id), line))


def _point(element: _Element, found: Written) -> bool:
    if len(element) != 1 or element[0].tag != f"{GML}pos" or element[0].keys():
        return False
    found.dimension = _words(element[0], found)
    return found.dimension in (2, 3)


def _member(element: _Element, found: Written) -> bool:
    if element.tag not in (_LINE, _CURVE) or any(element.get(each) is not None for each in _SRS):
        return False
    _name(element, found)
    return _line(element, found)


def _line(element: _Element, found: Written) -> bool:
    """A LineString, or a Curve of one segment."""
    if element.tag == _CURVE:
        if len(element) != 1 or element[0].tag != f"{GML}segments" or len(element[0]) != 1:
            return False
        element = element[0][0]
        if element.tag != f"{GML}LineStringSegment" or not _is_bare(element, found):
            return False
    return _chain(element, found, 2)


def _rings(element: _Element, found: Written) -> bool:
    for number, bound in enumerate(element):
        if bound.tag != (f"{GML}interior" if number else f"{GML}exterior") or len(bound) != 1:
            return False
        ring = bound[0]
        if ring.tag != f"{GML}LinearRing" or not _is_bare(ring, found) or not _chain(ring, found, 4):
            return False
        words = found.chains[-1]
        if words[: found.dimension] != words[-found.dimension :]:
            return False
    return bool(found.chains)


def _is_bare(element: _Element, found: Written) -> bool:
    """True for an element without a CRS of its own; its id, which it need not have, is noted."""
    if element.keys():
        if any(element.get(each) is not None for each in _SRS):
            return False
        if element.get(_ID) is not None:
            _name(element, found)
    return True


def _chain(holder: _Element, found: Written, fewest: int) -> bool:
    """The words of the one `posList` of a line or ring."""
    if len(holder) != 1:
        return False
    held = holder[0]
    if held.tag != f"{GML}posList":
        return False
    keys = held.keys()
    if keys:
        own = _DIMENSIONS.get(str(held.get("srsDimension")), 0)
        if keys != ["srsDimension"] or (found.chains and own != found.dimension):
            return False
        found.dimension = own
    if not found.dimension:
        return False
    count = _words(held, found)
    return count % found.dimension == 0 and count >= fewest * found.dimension


def _words(element: _Element, found: Written) -> int:
    """Notes the words of an element. How many; 0 when not all of them can be numbers."""
    text = element.text or ""
    words = text.split()
    found.chains.append(words)
    # float() also takes 1_000, which xs:double does not.
    return 0 if "_" in text else len(words)


def shapes(geometries: Sequence[Written]) -> list[BaseGeometry | None]:
    """The geometries, x before y; None for those of which something has to be said."""
    groups: dict[tuple[GeometryType, Srs, int], list[int]] = defaultdict(list)
    for at, each in enumerate(geometries):
        groups[each.kind, each.srs, each.dimension].append(at)
    found: list[BaseGeometry | None] = [None] * len(geometries)
    for (kind, srs, dimension), places in groups.items():
        built = _built(kind, srs, dimension, [geometries[at].chains for at in places])
        for at, geometry in zip(places, built, strict=True):
            found[at] = geometry
    return found


def _built(
    kind: GeometryType, srs: Srs, dimension: int, chains: Sequence[list[list[str]]]
) -> Sequence[BaseGeometry | None]:
    """The geometries of one kind, CRS and dimension."""
    lines = list(chain.from_iterable(chains))
    try:
        numbers = np.fromiter(map(float, chain.from_iterable(lines)), dtype=np.float64)
    except ValueError:
        return [None] * len(chains)
    points = numbers.reshape(-1, dimension)
    if not (np.abs(points) <= HUGE).all():
        return [None] * len(chains)
    starts = _offsets(len(line) // dimension for line in lines)
    owners = _offsets(map(len, chains))
    geometries, good = _shaped(kind, points, starts, owners)
    good &= _in_area(srs.epsg, shapely.bounds(geometries))
    geometries[~good] = None
    return list(geometries)


def _offsets(lengths: Any) -> NDArray[np.int64]:
    return np.fromiter(accumulate(lengths, initial=0), dtype=np.int64)


def _shaped(
    kind: GeometryType, points: NDArray[np.float64], starts: NDArray[np.int64], owners: NDArray[np.int64]
) -> tuple[NDArray[np.object_], NDArray[np.bool_]]:
    """Geometries, and of which of them there is nothing to say.

    `starts` are the first points of lines and rings, `owners` the first of these in each geometry; each has
    its end too.
    """
    good = np.ones(len(owners) - 1, dtype=bool)
    if kind == GeometryType.POINT:
        return shapely.points(points), good
    if kind == GeometryType.POLYGON:
        polygons = shapely.from_ragged_array(kind, points, (starts, owners))
        return polygons, shapely.is_valid(polygons)
    lines = shapely.from_ragged_array(GeometryType.LINESTRING, points, (starts,))
    repeated = (points[1:] == points[:-1]).all(axis=1)
    repeated[starts[1:-1] - 1] = False
    bad = shapely.length(lines) == 0
    bad[np.searchsorted(starts, np.flatnonzero(repeated), side="right") - 1] = True
    good[np.searchsorted(owners, np.flatnonzero(bad), side="right") - 1] = False
    if kind == GeometryType.MULTILINESTRING:
        return shapely.from_ragged_array(kind, points, (starts, owners)), good
    return lines, good


def _in_area(epsg: int, bounds: NDArray[np.float64]) -> NDArray[np.bool_]:
    around = area(epsg)
    low, high = (around.xmin, around.ymin), (around.xmax, around.ymax)
    inside: NDArray[np.bool_] = (bounds[:, :2] >= low).all(axis=1) & (bounds[:, 2:] <= high).all(axis=1)
    return inside
