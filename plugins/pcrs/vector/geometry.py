"""GML geometries as shapely geometries, z kept, arcs as chords.

What is built has x before y whatever the `srsName` says. A Surface of one patch is a Polygon, of several a
MultiPolygon. Curves of the standard are line strings and arcs: splines and offsets are refused.
"""

from collections.abc import Callable, Mapping
from itertools import pairwise

import numpy as np
import shapely
from lxml.etree import _Element
from shapely.geometry import (
    GeometryCollection,
    LineString,
    MultiLineString,
    MultiPoint,
    MultiPolygon,
    Point,
    Polygon,
)
from shapely.geometry.base import BaseGeometry

from pcrs.vector.arcs import Points, arc, circle
from pcrs.vector.coordinates import GML, Frame, GeometryFault, local_name, points_of

_MAX_DEPTH = 24
"""Elements inside elements; real geometries stay under ten."""
_POINTS = frozenset({"Point"})
_CURVES = frozenset({"LineString", "Curve", "OrientableCurve", "CompositeCurve"})
_SURFACES = frozenset(
    {
        "Polygon",
        "Surface",
        "OrientableSurface",
        "CompositeSurface",
        "PolyhedralSurface",
        "TriangulatedSurface",
        "Tin",
    }
)
_MULTICURVES = frozenset({"MultiCurve", "MultiLineString"})
_MULTISURFACES = frozenset({"MultiSurface", "MultiPolygon"})
ACCEPTED: Mapping[str, frozenset[str]] = {
    "Point": _POINTS,
    "Curve": _CURVES,
    "Polygon": frozenset({"Polygon"}),
    "Surface": _SURFACES,
    "MultiPoint": frozenset({"MultiPoint"}),
    "MultiCurve": _MULTICURVES,
    "MultiSurface": _MULTISURFACES,
    "Any": _POINTS | _CURVES | _SURFACES | _MULTICURVES | _MULTISURFACES | {"MultiPoint", "MultiGeometry"},
}
"""The elements, by their local name in the GML namespace, that each shape of the model takes."""


def build(element: _Element, frame: Frame) -> BaseGeometry:
    """The geometry of a GML geometry element, in the CRS of `frame`, x before y.

    Raises:
        GeometryFault: the element is unknown, empty, or does not hold together.
    """
    name = gml_name(element)
    builder = _BUILDERS.get(name)
    if builder is None:
        raise _unknown(element, ACCEPTED["Any"])
    return builder(element, frame.within(element))


def gml_name(element: _Element) -> str:
    """Local name of an element of the GML namespace; nothing for an element of another."""
    tag = str(element.tag)
    return tag.removeprefix(GML) if tag.startswith(GML) else ""


def _unknown(element: _Element, expected: frozenset[str]) -> GeometryFault:
    return GeometryFault(
        "élément de géométrie non pris en charge",
        element,
        measured=local_name(element),
        expected=", ".join(sorted(expected)),
    )


def _children(element: _Element, frame: Frame, *names: str) -> list[_Element]:
    """What the properties `names` of `element` hold (curveMember → its curve), in document order."""
    if frame.depth > _MAX_DEPTH:
        raise GeometryFault("géométrie trop imbriquée", element, expected=f"{_MAX_DEPTH} niveaux")
    found: list[_Element] = []
    for child in element:
        if gml_name(child) not in names:
            continue
        if not len(child):
            raise GeometryFault(
                "partie de géométrie vide ou donnée par référence (xlink:href)",
                child,
                expected="les coordonnées écrites dans l'objet",
            )
        found.extend(child)
    return found


def _parts(element: _Element, frame: Frame, *names: str) -> list[_Element]:
    """As `_children`, of which there must be one at least."""
    found = _children(element, frame, *names)
    if not found:
        raise GeometryFault("géométrie vide", element, expected=f"gml:{names[0]}")
    return found


def _point(element: _Element, frame: Frame) -> Point:
    points = points_of(element, frame)
    if len(points) != 1:
        raise GeometryFault("un point a une seule position", element, measured=f"{len(points)} positions")
    return shapely.points(points[0])


def _line(element: _Element, frame: Frame) -> LineString:
    points = _curve_points(element, frame)
    if len(points) < 2:
        raise GeometryFault("ligne de moins de deux points", element, measured=f"{len(points)} point")
    return shapely.linestrings(points)


def _curve_points(element: _Element, frame: Frame) -> Points:
    """The vertices of a curve, arcs as chords; `frame` is already that of `element`."""
    name = gml_name(element)
    if name == "LineString":
        return points_of(element, frame)
    if name == "Curve":
        segments = _parts(element, frame, "segments")
        return _joined([_segment(each, frame.within(each)) for each in segments], element, frame)
    if name in ("CompositeCurve", "Ring"):
        members = _parts(element, frame, "curveMember")
        return _joined([_curve_points(each, frame.within(each)) for each in members], element, frame)
    if name == "OrientableCurve":
        base = _parts(element, frame, "baseCurve")[0]
        points = _curve_points(base, frame.within(base))
        return points[::-1] if element.get("orientation") == "-" else points
    raise _unknown(element, _CURVES)


def _segment(element: _Element, frame: Frame) -> Points:
    """The vertices of one segment of a Curve."""
    name = gml_name(element)
    if name not in ("LineStringSegment", "Arc", "ArcString", "Circle"):
        raise _unknown(element, frozenset({"LineStringSegment", "Arc", "ArcString", "Circle"}))
    points = points_of(element, frame)
    if name == "LineStringSegment":
        return points
    count = len(points)
    if count < 3 or count % 2 == 0 or (count > 3 and name != "ArcString"):
        raise GeometryFault(
            f"nombre de points qui ne convient pas à gml:{name}",
            element,
            measured=str(count),
            expected="2 n + 1" if name == "ArcString" else "3",
        )
    if name == "Circle":
        try:
            return circle(points, frame.tolerance)
        except ValueError:
            raise GeometryFault("cercle par trois points alignés", element) from None
    arcs = [arc(points[first : first + 3], frame.tolerance) for first in range(0, count - 2, 2)]
    return _joined(arcs, element, frame)


def _joined(pieces: list[Points], element: _Element, frame: Frame) -> Points:
    """The pieces one after the other, each beginning where the one before ends (to the chord error)."""
    if len({piece.shape[1] for piece in pieces}) > 1:
        raise GeometryFault("segments 2D et 3D dans une même courbe", element)
    kept = pieces[:1]
    for before, after in pairwise(pieces):
        gap = float(np.hypot(*(after[0, :2] - before[-1, :2]))) if len(before) and len(after) else 0.0
        if gap > frame.tolerance:
            raise GeometryFault(
                "courbe discontinue",
                element,
                measured=f"{gap / frame.srs.metre:.3f} m entre deux parties",
                expected="0 m",
            )
        kept.append(after[1:] if gap == 0 else after)
    return np.vstack(kept)


def _ring(element: _Element, frame: Frame) -> Points:
    """The vertices of a LinearRing or a Ring, last one equal to the first."""
    if gml_name(element) == "LinearRing":
        points = points_of(element, frame)
    elif gml_name(element) == "Ring":
        points = _curve_points(element, frame)
    else:
        raise _unknown(element, frozenset({"LinearRing", "Ring"}))
    if len(points) < 4:
        raise GeometryFault("anneau de moins de quatre points", element, measured=f"{len(points)} points")
    gap = float(np.hypot(*(points[0, :2] - points[-1, :2])))
    if gap > frame.tolerance:
        raise GeometryFault(
            "anneau ouvert", element, measured=f"{gap / frame.srs.metre:.3f} m", expected="0 m"
        )
    if gap > 0:
        points[-1] = points[0]
    return points


def _polygon(element: _Element, frame: Frame) -> Polygon:
    exterior = _parts(element, frame, "exterior")[0]
    holes = [_ring(each, frame.within(each)) for each in _children(element, frame, "interior")]
    shell = _ring(exterior, frame.within(exterior))
    if len({ring.shape[1] for ring in (shell, *holes)}) > 1:
        raise GeometryFault("anneaux 2D et 3D dans un même polygone", element)
    return Polygon(shell, holes)


def _patches(element: _Element, frame: Frame) -> list[Polygon]:
    """The polygons of a surface."""
    name = gml_name(element)
    if name in ("Polygon", "PolygonPatch", "Triangle", "Rectangle"):
        return [_polygon(element, frame)]
    if name in ("Surface", "PolyhedralSurface", "TriangulatedSurface", "Tin"):
        held = _parts(element, frame, "patches")
    elif name == "CompositeSurface":
        held = _parts(element, frame, "surfaceMember")
    elif name == "OrientableSurface":
        held = _parts(element, frame, "baseSurface")
    else:
        raise _unknown(element, _SURFACES)
    return [polygon for each in held for polygon in _patches(each, frame.within(each))]


def _surface(element: _Element, frame: Frame) -> Polygon | MultiPolygon:
    patches = _patches(element, frame)
    return patches[0] if len(patches) == 1 else MultiPolygon(patches)


def _multipoint(element: _Element, frame: Frame) -> MultiPoint:
    members = _parts(element, frame, "pointMember", "pointMembers")
    return MultiPoint([_point(each, frame.within(each)) for each in members])


def _multicurve(element: _Element, frame: Frame) -> MultiLineString:
    members = _parts(element, frame, "curveMember", "curveMembers", "lineStringMember")
    return MultiLineString([_line(each, frame.within(each)) for each in members])


def _multisurface(element: _Element, frame: Frame) -> MultiPolygon:
    members = _parts(element, frame, "surfaceMember", "surfaceMembers", "polygonMember")
    return MultiPolygon([polygon for each in members for polygon in _patches(each, frame.within(each))])


def _multigeometry(element: _Element, frame: Frame) -> GeometryCollection:
    members = _parts(element, frame, "geometryMember", "geometryMembers")
    return GeometryCollection([build(each, frame) for each in members])


_BUILDERS: Mapping[str, Callable[[_Element, Frame], BaseGeometry]] = {
    "Point": _point,
    **dict.fromkeys(_CURVES, _line),
    **dict.fromkeys(_SURFACES, _surface),
    "MultiPoint": _multipoint,
    **dict.fromkeys(_MULTICURVES, _multicurve),
    **dict.fromkeys(_MULTISURFACES, _multisurface),
    "MultiGeometry": _multigeometry,
}
