"""The area that `bbox` and `bbox-crs` draw, as the store asks it: exact, in EPSG:2154.

pygeoapi transforms two corners of the box, which loses 6 to 14 % of it in Lambert-93, and would hand the
provider four numbers whose edges are no longer those that were asked. Here the edges are followed.
"""

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from pcrs.standard.crs import CRS84, L93, BBox, epsg_of, is_latlon, transform_bbox, transformer

_DOMAIN = BBox(-500_000, 5_600_000, 1_800_000, 7_600_000)
"""Around the area of use of EPSG:2154: nothing lies beyond, and beyond the projection means nothing."""
_STEP_M = 150
"""Between two points of an edge: a parallel leaves its chord by half a millimetre over that distance."""
_POINTS_MAX = 4000
_SLACK_M = 0.001
"""Boxes in another CRS are a millimetre wider, so that the coordinates we serve find their own object."""


class Area(list[float]):
    """A box in EPSG:2154 as pygeoapi passes it on, with the region asked; None: out of the domain."""

    def __init__(self, region: BaseGeometry | None) -> None:
        super().__init__(region.bounds if region is not None else (0.0, 0.0, 0.0, 0.0))
        self.region = region


def area(bbox: Sequence[float], bbox_crs: str, _storage_crs: str = "") -> Area:
    """The area of four or six numbers in the axis order of `bbox_crs`; heights are left aside.

    Takes the place of `transform_bbox` in pygeoapi. A geographic box whose west lies east of its east crosses
    the antimeridian.
    """
    half = len(bbox) // 2
    first, second, third, fourth = bbox[0], bbox[1], bbox[half], bbox[half + 1]
    epsg = epsg_of(bbox_crs)
    if bbox_crs != CRS84 and is_latlon(epsg):
        first, second, third, fourth = second, first, fourth, third
    if first <= third:
        pieces = [BBox(first, second, third, fourth)]
    else:
        pieces = [BBox(first, second, 180.0, fourth), BBox(-180.0, second, third, fourth)]
    regions = [region for piece in pieces if (region := _region(piece, epsg)) is not None]
    return Area(shapely.union_all(regions) if regions else None)


@lru_cache(maxsize=16)
def _domain(epsg: int) -> BBox:
    return transform_bbox(_DOMAIN, L93, epsg)


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
