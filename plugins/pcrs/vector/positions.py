"""Where a finding is, so that a map can show it: a point in EPSG:2154."""

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import shapely
from lxml.etree import _Element
from shapely.geometry.base import BaseGeometry

from pcrs.errors import GmlError
from pcrs.findings import Finding
from pcrs.standard.crs import L93, transformer
from pcrs.vector import srs
from pcrs.vector.coordinates import GML
from pcrs.vector.parse import RawObject, envelope_srs, own_envelope

Position = tuple[float, float]
_NAME = "geometrie"
_AT = re.compile(r"\[(-?\d+(?:\.\d+)?) (-?\d+(?:\.\d+)?)\]")
"""How GEOS ends a reason of invalidity: `Self-intersection[577002 6373002]`."""
_NUMBERS = re.compile(r"-?\d+(?:\.\d+)?")
_FIRST = 12
_WRITTEN = (f"{GML}pos", f"{GML}posList", f"{GML}coordinates")


def middle(geometry: BaseGeometry | None) -> Position | None:
    """A point of the geometry, in its CRS: half way along a line, inside a polygon; None for no geometry."""
    if geometry is None or geometry.is_empty:
        return None
    if geometry.geom_type == "LineString":
        point = shapely.line_interpolate_point(geometry, 0.5, normalized=True)
    else:
        part = shapely.get_parts(geometry)[0]
        point = part if part.geom_type == "Point" or not part.is_valid else shapely.point_on_surface(part)
    x, y = shapely.get_coordinates(point)[0]
    return (round(float(x), 3), round(float(y), 3)) if math.isfinite(x) and math.isfinite(y) else None


def in_l93(position: Position | None, epsg: int) -> Position | None:
    """The position in EPSG:2154, to the millimetre; None where it cannot be."""
    if position is None or not srs.lies_in_area(epsg, (*position, *position)):
        return None
    x, y = transformer(epsg, L93).transform(*position) if epsg != L93 else position
    return (round(x, 3), round(y, 3)) if math.isfinite(x) and math.isfinite(y) else None


def placed(
    findings: Sequence[Finding], raw: RawObject, geometry: BaseGeometry | None, epsg: int
) -> list[Finding]:
    """The findings about an object with their position: at the fault, else a point of the object.

    Where no geometry could be built it is the first position that is written; where there is none, none.
    """
    if geometry is not None:
        usual = in_l93(middle(geometry), epsg)
    else:
        usual = _first_written(raw)
    return [replace(each, position=_fault(each, epsg) or usual) for each in findings]


def _fault(finding: Finding, epsg: int) -> Position | None:
    found = _AT.search(finding.measured or "") if finding.code == "gml.geometry" else None
    return in_l93((float(found[1]), float(found[2])), epsg) if found else None


def _first_written(raw: RawObject) -> Position | None:
    """The first two numbers in a row that lie in the area of the CRS that the geometry names."""
    for held in raw.properties.get(_NAME, ()):
        for element in held.iter(*_WRITTEN):
            numbers = [float(text) for text in _NUMBERS.findall(element.text or "")[:_FIRST]]
            name = _srs_name(element, raw)
            for first, second in pairwise(numbers) if name else ():
                found = _read(first, second, name or "")
                if found is not None:
                    return found
    return None


def _read(first: float, second: float, name: str) -> Position | None:
    try:
        crs = srs.parse(name)
    except GmlError:
        return None
    return in_l93((second, first) if crs.latlon else (first, second), crs.epsg)


def _srs_name(element: _Element, raw: RawObject) -> str | None:
    """The `srsName` nearest above an element, else that of the object's envelope."""
    above: _Element | None = element
    while above is not None and above is not raw.element:
        name = above.get("srsName")
        if name:
            return str(name)
        above = above.getparent()
    return envelope_srs(own_envelope(raw))
