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
