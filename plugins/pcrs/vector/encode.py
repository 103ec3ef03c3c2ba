"""Shapely geometries as GML 3.2.1 elements, in the forms that the XSD of the PCRS takes."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import shapely
from lxml.etree import Element, SubElement, _Element
from shapely.geometry.base import BaseGeometry

from pcrs.errors import InputError
from pcrs.standard.model import Shape
from pcrs.vector.coordinates import GML
from pcrs.vector.parse import ID

TAKES: Mapping[Shape, frozenset[str]] = {
    "Point": frozenset({"Point"}),
    "Curve": frozenset({"LineString"}),
    "Polygon": frozenset({"Polygon"}),
    "Surface": frozenset({"Polygon", "MultiPolygon"}),
    "MultiPoint": frozenset({"MultiPoint"}),
    "MultiCurve": frozenset({"MultiLineString"}),
    "MultiSurface": frozenset({"MultiPolygon"}),
    "Any": frozenset(
        {
            "Point",
            "LineString",
            "Polygon",
            "MultiPoint",
            "MultiLineString",
            "MultiPolygon",
            "GeometryCollection",
        }
    ),
}
"""The shapely types that each shape of the model is written from."""
_NEW_ID = Callable[[], str]


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes one geometry: where ids come from, and the dimension that the outermost element says."""

    new_id: _NEW_ID
    dimension: int

    def element(self, geometry: BaseGeometry) -> _Element:
        if geometry.is_empty:
            raise InputError("une géométrie vide ne s'écrit pas en GML")
        element = Element(GML + _NAMES[geometry.geom_type], {ID: self.new_id()})
        if _dimension(geometry) != self.dimension:
            element.set("srsDimension", str(_dimension(geometry)))
        _FILL[geometry.geom_type](self, element, geometry)
        return element

    def position(self, element: _Element, geometry: BaseGeometry) -> None:
        SubElement(element, GML + "pos").text = _coordinates(geometry)

    def positions(self, element: _Element, geometry: BaseGeometry) -> None:
        SubElement(element, GML + "posList").text = _coordinates(geometry)

    def rings(self, element: _Element, polygon: BaseGeometry) -> None:
        for name, ring in _rings_of(polygon):
            held = SubElement(SubElement(element, GML + name), GML + "LinearRing")
            self.positions(held, ring)

    def members(self, element: _Element, geometry: BaseGeometry) -> None:
        for part in geometry.geoms:
            SubElement(element, GML + _MEMBERS[geometry.geom_type]).append(self.element(part))


def encode(geometry: BaseGeometry, shape: Shape, srs_name: str, new_id: _NEW_ID) -> _Element:
    """The GML element of a geometry. Coordinates are written so that reading gives the same doubles.

    Raises:
        InputError: the geometry is empty, not finite, or of a type that `shape` does not take.
    """
    if geometry.geom_type not in TAKES[shape]:
        expected = ", ".join(sorted(TAKES[shape]))
        raise InputError(f"géométrie {geometry.geom_type} là où il faut {shape} ; attendu : {expected}")
    writer = _Writer(new_id, _dimension(geometry))
    if shape == "Surface" and geometry.geom_type == "MultiPolygon":
        element = _patched(writer, geometry)
    else:
        element = writer.element(geometry)
    element.set("srsName", srs_name)
    element.set("srsDimension", str(_dimension(geometry)))
    return element


def _patched(writer: _Writer, geometry: BaseGeometry) -> _Element:
    """A Surface of several patches."""
    element = Element(f"{GML}Surface", {ID: writer.new_id()})
    patches = SubElement(element, f"{GML}patches")
    for polygon in geometry.geoms:
        writer.rings(SubElement(patches, f"{GML}PolygonPatch"), polygon)
    return element


def _dimension(geometry: BaseGeometry) -> int:
    return 3 if geometry.has_z else 2


def _rings_of(polygon: BaseGeometry) -> Iterator[tuple[str, BaseGeometry]]:
    yield "exterior", polygon.exterior
    for ring in polygon.interiors:
        yield "interior", ring


def _coordinates(geometry: BaseGeometry) -> str:
    """The numbers in their shortest form that reads back the same."""
    values = shapely.get_coordinates(geometry, include_z=bool(geometry.has_z))
    if not np.isfinite(values).all():
        raise InputError("une coordonnée non finie ne s'écrit pas en GML")
    return " ".join(map(repr, values.ravel().tolist()))


_NAMES: Mapping[str, str] = {
    "Point": "Point",
    "LineString": "LineString",
    "Polygon": "Polygon",
    "MultiPoint": "MultiPoint",
    "MultiLineString": "MultiCurve",
    "MultiPolygon": "MultiSurface",
    "GeometryCollection": "MultiGeometry",
}
_MEMBERS: Mapping[str, str] = {
    "MultiPoint": "pointMember",
    "MultiLineString": "curveMember",
    "MultiPolygon": "surfaceMember",
    "GeometryCollection": "geometryMember",
}
_FILL: Mapping[str, Callable[[_Writer, _Element, BaseGeometry], None]] = {
    "Point": _Writer.position,
    "LineString": _Writer.positions,
    "Polygon": _Writer.rings,
    **dict.fromkeys(_MEMBERS, _Writer.members),
}
