"""The geometry of a spatial filter, in longitude and latitude.

Axis order: a URN or an OGC address means the authority's (`urn:ogc:def:crs:EPSG::4326` is latitude first);
`EPSG:4326` and no srsName at all mean longitude first, as GeoNetwork and GeoTools write them.
"""

import math

from lxml import etree
from shapely.geometry import LineString, Point, Polygon, box
from shapely.geometry.base import BaseGeometry

from pcrs.errors import InputError
from pcrs.standard.crs import epsg_of, is_latlon, transform_geometry

MAX_COORDINATES = 10_000
_WGS84 = 4326
_SHAPES = ("Envelope", "Box", "Point", "LineString", "Polygon")
_COORDINATES = ("lowerCorner", "upperCorner", "pos", "posList", "coordinates")
type Coordinates = list[tuple[float, float]]


def read_geometry(operator: etree._Element) -> BaseGeometry | None:
    """The geometry that a spatial operator holds, in EPSG:4326, x before y; None when it is void.

    Raises:
        InputError: no geometry of a known kind, numbers that are none, an unknown CRS.
    """
    shape = next((one for one in operator if _local(one) in _SHAPES), None)
    if shape is None:
        raise InputError(f"a spatial operator needs one of {', '.join(_SHAPES)}")
    srs = shape.get("srsName") or ""
    points = _points(shape)
    epsg = epsg_of(srs) if srs else _WGS84
    if _authority_order(srs) and is_latlon(epsg):
        points = [(x, y) for y, x in points]
    geometry = _built(_local(shape), points)
    if geometry.is_empty:
        return None
    moved = transform_geometry(geometry, epsg, _WGS84)
    if not all(math.isfinite(side) for side in moved.bounds):
        raise InputError(f"the geometry lies outside {srs}")
    return moved


def _authority_order(srs: str) -> bool:
    return srs.startswith(("urn:", "http://www.opengis.net/def/", "https://www.opengis.net/def/")) and not (
        srs.endswith(("CRS84", "CRS84h"))
    )


def _points(shape: etree._Element) -> Coordinates:
    numbers: list[float] = []
    for element in shape.iter():
        if _local(element) not in _COORDINATES:
            continue
        if any(_local(up) in ("interior", "innerBoundaryIs") for up in element.iterancestors()):
            continue
        words = (element.text or "").replace(",", " ").split()
        if len(numbers) + len(words) > MAX_COORDINATES:
            raise InputError(f"the geometry has more than {MAX_COORDINATES} coordinates")
        numbers += [_number(word) for word in words]
    if not numbers or len(numbers) % 2:
        raise InputError("a geometry needs pairs of coordinates")
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def _number(word: str) -> float:
    try:
        number = float(word)
    except ValueError:
        raise InputError(f"{word!r} is no coordinate") from None
    if not math.isfinite(number):
        raise InputError(f"{word!r} is no coordinate")
    return number


def _built(kind: str, points: Coordinates) -> BaseGeometry:
    if kind in ("Envelope", "Box"):
        if len(points) != 2:
            raise InputError("an envelope needs a lower and an upper corner")
        (west, south), (east, north) = points
        if west > east or south > north:
            raise InputError("the lower corner of the envelope is above its upper corner")
        return box(west, south, east, north)
    if kind == "Point":
        return Point(points[0])
    if len(points) < (2 if kind == "LineString" else 4):
        raise InputError(f"{kind} with too few coordinates")
    return LineString(points) if kind == "LineString" else Polygon(points)


def _local(element: etree._Element) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""
