"""Geometries as GeoPackage blobs: a header with the envelope, then ISO WKB.

The SQL functions that the R-tree's triggers call are here too: they read the envelope from the header.
"""

import math
import sqlite3
import struct
from collections.abc import Mapping, Sequence

import numpy as np
import shapely
from shapely.geometry import LinearRing, LineString, MultiLineString, MultiPoint, MultiPolygon
from shapely.geometry.base import BaseGeometry

from pcrs.errors import InputError
from pcrs.standard.crs import L93

_HEADER = struct.Struct("<2sBBi")
_ENVELOPE_BYTES = (0, 32, 48, 48, 64)
_WITH_ENVELOPE = 0b00000011  # little endian, envelope of x and y
_EMPTY = 0b00010001  # little endian, empty, no envelope


def encode(geometries: Sequence[BaseGeometry | None]) -> list[bytes | None]:
    """The blobs of geometries in EPSG:2154; z is kept, m is not."""
    array = np.array(geometries, dtype=object)
    bodies = shapely.to_wkb(array, output_dimension=3, byte_order=1, flavor="iso")
    blobs: list[bytes | None] = []
    for body, (xmin, ymin, xmax, ymax) in zip(bodies, shapely.bounds(array), strict=True):
        if body is None:
            blobs.append(None)
        elif math.isnan(xmin):
            blobs.append(_HEADER.pack(b"GP", 0, _EMPTY, L93) + body)
        else:
            envelope = struct.pack("<4d", xmin, xmax, ymin, ymax)
            blobs.append(_HEADER.pack(b"GP", 0, _WITH_ENVELOPE, L93) + envelope + body)
    return blobs


def _body(blob: bytes) -> bytes:
    return blob[_HEADER.size + _ENVELOPE_BYTES[blob[3] >> 1 & 0b111] :]


def decode(blobs: Sequence[bytes | None]) -> np.ndarray:
    """The geometries of blobs, whoever wrote them; None stays None. An array of objects."""
    bodies = np.empty(len(blobs), dtype=object)
    bodies[:] = [None if blob is None else _body(blob) for blob in blobs]
    geometries: np.ndarray = shapely.from_wkb(bodies)
    return geometries


def envelope(blob: bytes) -> tuple[float, float, float, float] | None:
    """xmin, xmax, ymin, ymax; None for an empty geometry. Other writers may leave it out of the header."""
    flags = blob[3]
    if flags & 0b00010000:
        return None
    if flags >> 1 & 0b111:
        order = "<" if flags & 1 else ">"
        box: tuple[float, float, float, float] = struct.unpack_from(f"{order}4d", blob, _HEADER.size)
        return None if math.isnan(box[0]) else box
    xmin, ymin, xmax, ymax = shapely.from_wkb(_body(blob)).bounds
    return None if math.isnan(xmin) else (xmin, xmax, ymin, ymax)


def _bound(index: int, blob: bytes | None) -> float | None:
    box = None if blob is None else envelope(blob)
    return None if box is None else box[index]


def add_functions(connection: sqlite3.Connection) -> None:
    """The connection knows ST_IsEmpty and ST_MinX… ST_MaxY: without them no geometry can be written."""
    for index, name in enumerate(("ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY")):
        connection.create_function(name, 1, lambda blob, i=index: _bound(i, blob), deterministic=True)
    connection.create_function(
        "ST_IsEmpty",
        1,
        lambda blob: None if blob is None else int(envelope(blob) is None),
        deterministic=True,
    )


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
