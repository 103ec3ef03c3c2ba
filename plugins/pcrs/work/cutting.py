"""Lines and areas cut at the limit of an extract, for those who ask for it."""

import shapely
from shapely.geometry.base import BaseGeometry

from pcrs.vector.sheets import Record


def cut(region: BaseGeometry, record: Record) -> list[Record]:
    """The record, or one for each piece that lies in the region, their ids numbered (`id.1`, `id.2`).

    Heights at the limit are interpolated along the line. Points and what lies inside are as they were.
    """
    id_, geometry, values = record
    if geometry is None or region.covers(geometry):
        return [record]
    dimension = shapely.get_dimensions(geometry)
    if dimension == 0:
        return [record]
    pieces = [
        part
        for part in shapely.get_parts(shapely.intersection(region, geometry))
        if shapely.get_dimensions(part) == dimension
    ]
    if dimension == 1:
        pieces = (
            list(shapely.get_parts(shapely.line_merge(shapely.multilinestrings(pieces)))) if pieces else []
        )
    if len(pieces) == 1:
        return [(id_, pieces[0], values)]
    return [(f"{id_}.{number}", piece, values) for number, piece in enumerate(pieces, start=1)]
