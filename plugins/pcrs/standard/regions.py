"""Boxes and geometries of any CRS as regions of EPSG:2154: exact, their edges followed.

Transforming two corners of a box loses 6 to 14 % of it in Lambert-93: a parallel is no straight line there.
What lies beyond the projection's domain is cut off: nothing of a PCRS is there.
"""

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from pcrs.errors import InputError
from pcrs.standard.crs import CRS84, L93, BBox, epsg_of, is_latlon, transform_bbox, transformer

_DOMAIN = BBox(-500_000, 5_600_000, 1_800_000, 7_600_000)
"""Around the area of use of EPSG:2154: nothing lies beyond, and beyond the projection means nothing."""
_STEP_M = 150
"""Between two points of an edge: a parallel leaves its chord by half a millimetre over that distance."""
_POINTS_MAX = 4000
_SLACK_M = 0.001
"""Boxes in another CRS are a millimetre wider, so that the coordinates we serve find their own object."""


def box_region(bbox: Sequence[float], crs: str) -> BaseGeometry | None:
    """The region of four or six numbers in the axis order of `crs`; heights are left aside.

    A geographic box whose west lies east of its east crosses the antimeridian. None: it is out of the domain.

    Raises:
        InputError: `crs` is no name of a CRS.
    """
    half = len(bbox) // 2
    first, second, third, fourth = bbox[0], bbox[1], bbox[half], bbox[half + 1]
    epsg = epsg_of(crs)
    if _north_first(crs):
        first, second, third, fourth = second, first, fourth, third
    if first <= third:
        pieces = [BBox(first, second, third, fourth)]
    else:
        pieces = [BBox(first, second, 180.0, fourth), BBox(-180.0, second, third, fourth)]
    regions = [region for piece in pieces if (region := _region(piece, epsg)) is not None]
    return shapely.union_all(regions) if regions else None


def geometry_region(geometry: BaseGeometry, crs: str) -> BaseGeometry | None:
    """A geometry, given in the axis order of `crs`, in the plane of EPSG:2154, without heights.

    Its edges are straight in `crs`. None: it is empty, or out of the domain.

    Raises:
        InputError: `crs` is no name of a CRS, or the geometry is not valid.
    """
    flat: BaseGeometry = shapely.force_2d(geometry)
    epsg = epsg_of(crs)
    if _north_first(crs):
        flat = shapely.transform(flat, lambda points: points[:, ::-1])
    if not np.isfinite(shapely.get_coordinates(flat)).all():
        raise InputError("a coordinate of the geometry is not a finite number")
    if not flat.is_valid:
        raise InputError(f"the geometry is not valid: {shapely.is_valid_reason(flat)}")
    if epsg != L93 and not flat.is_empty:
        flat = _followed(flat, epsg)
    return None if flat.is_empty else flat


def _north_first(crs: str) -> bool:
    return crs != CRS84 and is_latlon(epsg_of(crs))


@lru_cache(maxsize=16)
def _domain(epsg: int) -> BBox:
    return transform_bbox(_DOMAIN, L93, epsg)


def _followed(geometry: BaseGeometry, epsg: int) -> BaseGeometry:
    domain = shapely.box(*_domain(epsg))
    if not domain.covers(geometry):
        geometry = shapely.intersection(geometry, domain)
        if geometry.is_empty:
            return geometry
    step = _STEP_M * _domain(epsg).width / _DOMAIN.width
    length = shapely.length(geometry)
    dense = shapely.segmentize(geometry, max(step, length / _POINTS_MAX))
    forward = transformer(epsg, L93)
    moved: BaseGeometry = shapely.transform(
        dense, lambda points: np.column_stack(forward.transform(points[:, 0], points[:, 1]))
    )
    return moved


def _region(box: BBox, epsg: int) -> BaseGeometry | None:
    if epsg == L93:
        return _flat(box)
    domain = _domain(epsg)
    slack = _SLACK_M * domain.height / _DOMAIN.height
    west, south = max(box.xmin - slack, domain.xmin), max(box.ymin - slack, domain.ymin)
    east, north = min(box.xmax + slack, domain.xmax), min(box.ymax + slack, domain.ymax)
    if west >= east or south >= north:
        return None
    return _outline(BBox(west, south, east, north), epsg, _DOMAIN.width / domain.width)


def _flat(box: BBox) -> BaseGeometry:
    """The box itself; a box without width or height is a line or a point."""
    west, south, east, north = box
    if west == east or south == north:
        corners = [(west, south), (east, north)]
        return shapely.Point(west, south) if (west, south) == (east, north) else shapely.LineString(corners)
    return shapely.box(*box)


def _outline(box: BBox, epsg: int, metres_per_unit: float) -> BaseGeometry:
    """The edges of the box, followed by many points into EPSG:2154."""
    west, south, east, north = box
    across = _steps((east - west) * metres_per_unit)
    up = _steps((north - south) * metres_per_unit)
    xs, ys = np.linspace(west, east, across + 1), np.linspace(south, north, up + 1)
    ring_x = np.concatenate([xs, np.full(up, east), xs[-2::-1], np.full(up, west)])
    ring_y = np.concatenate([np.full(across + 1, south), ys[1:], np.full(across, north), ys[-2::-1]])
    region: BaseGeometry = shapely.polygons(np.column_stack(transformer(epsg, L93).transform(ring_x, ring_y)))
    return region


def _steps(length_m: float) -> int:
    return min(_POINTS_MAX, max(1, math.ceil(length_m / _STEP_M)))
