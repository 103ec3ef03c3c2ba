"""The area that `bbox` and `bbox-crs` draw, as the store asks it: exact, in EPSG:2154.

pygeoapi transforms two corners of the box, and would hand the provider four numbers whose edges are no longer
those that were asked. Here the edges are followed.
"""

from collections.abc import Sequence

from shapely.geometry.base import BaseGeometry

from pcrs.standard.regions import box_region


class Area(list[float]):
    """A box in EPSG:2154 as pygeoapi passes it on, with the region asked; None: out of the domain."""

    def __init__(self, region: BaseGeometry | None) -> None:
        super().__init__(region.bounds if region is not None else (0.0, 0.0, 0.0, 0.0))
        self.region = region


def area(bbox: Sequence[float], bbox_crs: str, _storage_crs: str = "") -> Area:
    """The area of four or six numbers in the axis order of `bbox_crs`: pygeoapi's `transform_bbox`, exact."""
    return Area(box_region(bbox, bbox_crs))
