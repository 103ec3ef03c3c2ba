"""The coordinate reference systems of the PCRS, and exact ways between them.

Coordinates inside pcrs are easting, northing (x, y) or longitude, latitude, whatever the authority's axis
order: only what leaves or enters by a protocol is turned (`is_latlon`).
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import shapely
from pyproj import CRS, Proj, Transformer
from shapely.geometry.base import BaseGeometry

from pcrs.errors import InputError

L93 = 2154
"""EPSG code of RGF93 v1 / Lambert-93, the CRS in which everything is stored."""
PCRS_CRS = (L93, *range(3942, 3951))
"""What the standard allows: Lambert-93 and the nine conic zones CC42 to CC50."""
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_EPSG = re.compile(r"(?:^|[:/#])EPSG(?:[:/][0-9.]*)?[:/#]+(\d+)$|^(\d{4,5})$", re.IGNORECASE)


class BBox(NamedTuple):
    """A box in the units of its CRS, lower left corner first."""

    xmin: float
    ymin: float
    xmax: float
    ymax: float

    @property
    def width(self) -> float:
        """Extent along x."""
        return self.xmax - self.xmin

    @property
    def height(self) -> float:
        """Extent along y."""
        return self.ymax - self.ymin

    def intersects(self, other: "BBox") -> bool:
        """True when the two boxes share an area (an edge alone is not enough)."""
        return (
            self.xmin < other.xmax
            and other.xmin < self.xmax
            and self.ymin < other.ymax
            and other.ymin < self.ymax
        )

    def union(self, other: "BBox") -> "BBox":
        """The smallest box that holds both."""
        return BBox(
            min(self.xmin, other.xmin),
            min(self.ymin, other.ymin),
            max(self.xmax, other.xmax),
            max(self.ymax, other.ymax),
        )


def epsg_of(name: str) -> int:
    """The EPSG code that `name` writes: `EPSG:2154`, an OGC URN or URI, a bare number; CRS84 is 4326.

    Raises:
        InputError: the name is none of these.
    """
    text = name.strip()
    if text.endswith(("CRS84", "CRS84h")):
        return 4326
    found = _EPSG.search(text)
    if found is None:
        raise InputError(f"unknown CRS {name!r}: give EPSG:2154, an OGC URN or an OGC URI")
    return int(found.group(1) or found.group(2))


def uri(epsg: int) -> str:
    """The OGC URI of an EPSG code."""
    return f"http://www.opengis.net/def/crs/EPSG/0/{epsg}"


@lru_cache(maxsize=64)
def is_latlon(epsg: int) -> bool:
    """True when the authority orders this CRS north first (EPSG:4326, 4171, 4258…)."""
    axes = CRS.from_epsg(epsg).axis_info
    return bool(axes) and axes[0].direction.lower() in ("north", "south")


@lru_cache(maxsize=256)
def transformer(source: int, target: int) -> Transformer:
    """The way from one EPSG code to another, x before y on both sides; made once (4 ms each)."""
    return Transformer.from_crs(source, target, always_xy=True)


class Distortion(NamedTuple):
    """How a projected CRS shows a place."""

    stretch: float
    """Centimetres per kilometre by which it lengthens distances there."""
    convergence: float
    """Degrees by which the true north lies clockwise from the north of its grid."""


def distortion(epsg: int, x: float, y: float) -> Distortion:
    """The distortion of a conformal CRS at a point of EPSG:2154."""
    longitude, latitude = transformer(L93, 4171).transform(x, y)
    factors = Proj(f"EPSG:{epsg}").get_factors(longitude, latitude)
    return Distortion(float((factors.meridional_scale - 1) * 1e5), float(-factors.meridian_convergence))


def transform_geometry(geometry: BaseGeometry, source: int, target: int) -> BaseGeometry:
    """The geometry in the target CRS, every vertex transformed in one call; z is kept as it is."""
    if source == target:
        return geometry
    forward = transformer(source, target)

    def _move(points: np.ndarray) -> np.ndarray:
        moved = points.copy()
        moved[:, 0], moved[:, 1] = forward.transform(points[:, 0], points[:, 1])
        return moved

    move: Callable[[np.ndarray], np.ndarray] = _move
    return shapely.transform(geometry, move, include_z=bool(geometry.has_z))


def transform_geometries(shapes: np.ndarray, source: int, target: int, *, rounded: bool = True) -> np.ndarray:
    """An array of geometries in the target CRS; z is kept, None stays None.

    One call of PROJ for all two-dimensional ones and one for the others. `rounded`: to a tenth of a
    millimetre, but where source and target are the same.
    """
    if source == target or not len(shapes):
        return shapes
    forward = transformer(source, target)
    decimals = 9 if is_latlon(target) else 4

    def move(points: np.ndarray) -> np.ndarray:
        moved = points.copy()
        x, y = forward.transform(points[:, 0], points[:, 1])
        moved[:, 0], moved[:, 1] = (np.round(x, decimals), np.round(y, decimals)) if rounded else (x, y)
        return moved

    result = shapes.copy()
    for with_z in (False, True):
        chosen = shapely.has_z(shapes) == with_z
        if chosen.any():
            result[chosen] = shapely.transform(shapes[chosen], move, include_z=with_z)
    return result


def transform_bbox(bbox: BBox, source: int, target: int, *, points: int = 22) -> BBox:
    """The box that holds the whole image of `bbox`: its edges are followed, not only its corners.

    With corners alone 6 to 14 % of a longitude-latitude box is lost in Lambert-93.
    """
    if source == target:
        return bbox
    bounds = transformer(source, target).transform_bounds(*bbox, densify_pts=points)
    if not np.isfinite(bounds).all():
        raise InputError(f"box {tuple(bbox)} of EPSG:{source} has no image in EPSG:{target}")
    return BBox(*bounds)
