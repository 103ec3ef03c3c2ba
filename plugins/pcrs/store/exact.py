"""What shapely decides of the candidates that a spatial index finds."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from pcrs.errors import InputError
from pcrs.standard.crs import BBox
from pcrs.store.base import Layer, Query

CHUNK_MAX = 4096
_HALVINGS = 10
_APART_M = 2.0
type Record = tuple[Any, ...]
type Hit = tuple[Record, BaseGeometry | None]


def regions(
    layer: Layer, query: Query, extent: Callable[[], BBox | None]
) -> tuple[list[BBox], BaseGeometry | None]:
    """Boxes for the spatial index, and the region that shapely must decide; None: it holds the layer.

    Raises:
        InputError: the region is empty or not valid.
    """
    boxes = [] if query.bbox is None else [query.bbox]
    region = query.within
    if region is None or layer.geometry is None:
        return boxes, None
    if region.is_empty or not region.is_valid:
        raise InputError(f"the region is empty or not valid: {shapely.is_valid_reason(region)}")
    # A copy: a prepared geometry must not be shared by threads.
    region = shapely.from_wkb(shapely.to_wkb(region))
    shapely.prepare(region)
    known = extent()
    if known is None or region.covers(shapely.box(*known)):
        return boxes, None
    return [*boxes, BBox(*region.bounds)], region


def inner_box(region: BaseGeometry) -> BBox | None:
    """A box that the region covers, around its middle and nearly as large as can be; None: there is none.

    What an index has within it surely meets the region: 32-bit floats put envelopes less than a metre aside.
    """
    west, south, east, north = region.bounds
    x, y, width, height = (west + east) / 2, (south + north) / 2, (east - west) / 2, (north - south) / 2

    def scaled(share: float) -> BBox:
        return BBox(x - share * width, y - share * height, x + share * width, y + share * height)

    low, high = 0.0, 1.0
    if region.covers(shapely.box(*scaled(high))):
        low = high
    for _ in range(_HALVINGS if low < high else 0):
        share = (low + high) / 2
        low, high = (share, high) if region.covers(shapely.box(*scaled(share))) else (low, share)
    found = scaled(low)
    inside = BBox(found.xmin + _APART_M, found.ymin + _APART_M, found.xmax - _APART_M, found.ymax - _APART_M)
    return inside if inside.width > 0 and inside.height > 0 else None


def hits(
    fetch: Callable[[int], list[Record]],
    decode: Callable[[Sequence[bytes | None]], np.ndarray],
    region: BaseGeometry,
    chunk: int,
) -> Iterator[Hit]:
    """Records whose geometry (second column) intersects the region, fetched by growing chunks."""
    while records := fetch(chunk):
        shapes = decode([record[1] for record in records])
        for index in shapely.intersects(region, shapes).nonzero()[0]:
            yield records[index], shapes[index]
        chunk = min(chunk * 2, CHUNK_MAX)
