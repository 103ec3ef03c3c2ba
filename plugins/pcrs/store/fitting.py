"""Geometries as the layers of a store hold them, one or many."""

from collections.abc import Mapping, Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import GeometryType
from shapely.geometry import LinearRing, LineString, MultiLineString, MultiPoint, MultiPolygon
from shapely.geometry.base import BaseGeometry

from pcrs.errors import InputError

_PARTS: Mapping[str, tuple[str, str]] = {
    # kind of the layer: type of its geometries, type that is a part of them or that they are a part of
    "Point": ("Point", "MultiPoint"),
    "Curve": ("LineString", "MultiLineString"),
    "Polygon": ("Polygon", "MultiPolygon"),
    "Surface": ("Polygon", "MultiPolygon"),
    "MultiPoint": ("MultiPoint", "Point"),
    "MultiCurve": ("MultiLineString", "LineString"),
    "MultiSurface": ("MultiPolygon", "Polygon"),
}
_GATHER = {"MultiPoint": MultiPoint, "MultiLineString": MultiLineString, "MultiPolygon": MultiPolygon}


def fit(kind: str, geometry: BaseGeometry | None) -> BaseGeometry | None:
    """The geometry as a layer of that kind holds it; an empty one is None.

    A lone part becomes a collection of one, a collection of one its part, lines that touch one line.

    Raises:
        InputError: the geometry is of another kind, or a coordinate is not finite.
    """
    if geometry is None or geometry.is_empty:
        return None
    coordinates = shapely.get_coordinates(geometry, include_z=bool(geometry.has_z))
    if not np.isfinite(coordinates).all():
        raise InputError("a coordinate is not a finite number")
    if isinstance(geometry, LinearRing):
        geometry = LineString(geometry)
    if kind == "Any" or geometry.geom_type == _PARTS[kind][0]:
        return geometry
    wanted, other = _PARTS[kind]
    if geometry.geom_type == other and wanted in _GATHER:
        return _GATHER[wanted]([geometry])
    if geometry.geom_type == other:
        merged = shapely.line_merge(geometry) if wanted == "LineString" else geometry
        parts = shapely.get_parts(merged)
        if len(parts) == 1:
            lone: BaseGeometry = parts[0]
            return lone
    raise InputError(f"a {geometry.geom_type} cannot stand where a {wanted} is expected")


_TYPES = {
    "Point": GeometryType.POINT,
    "LineString": GeometryType.LINESTRING,
    "Polygon": GeometryType.POLYGON,
    "MultiPoint": GeometryType.MULTIPOINT,
    "MultiLineString": GeometryType.MULTILINESTRING,
    "MultiPolygon": GeometryType.MULTIPOLYGON,
}


def are_fit(kind: str, geometries: Sequence[BaseGeometry | None]) -> NDArray[np.bool_]:
    """Those that `fit` would surely give back as they are: none where one coordinate is not finite."""
    array = np.empty(len(geometries), dtype=object)
    array[:] = geometries
    types = shapely.get_type_id(array)
    there = types != GeometryType.MISSING
    same = types != GeometryType.LINEARRING if kind == "Any" else types == _TYPES[_PARTS[kind][0]]
    finite = np.isfinite(shapely.get_coordinates(array)).all()
    finite &= np.isfinite(shapely.get_coordinates(array[shapely.has_z(array)], include_z=True)).all()
    found: NDArray[np.bool_] = ~there | (same & ~shapely.is_empty(array))
    return found if finite else ~there
