"""Geometries as GeoPackage blobs: a header with the envelope, then ISO WKB.

The SQL functions that the R-tree's triggers call are here too: they read the envelope from the header.
"""

import math
import sqlite3
import struct
from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from pcrs.standard.crs import L93

_HEADER = struct.Struct("<2sBBi")
_HEAD = np.dtype(
    [("magic", "S2"), ("version", "u1"), ("flags", "u1"), ("srs", "<i4"), ("envelope", "<f8", (4,))]
)
"""The header with an envelope: minx, maxx, miny, maxy."""
_ENVELOPE_BYTES = (0, 32, 48, 48, 64)
_WITH_ENVELOPE = 0b00000011  # little endian, envelope of x and y
_EMPTY = 0b00010001  # little endian, empty, no envelope


def encode(geometries: Sequence[BaseGeometry | None]) -> list[bytes | None]:
    """The blobs of geometries in EPSG:2154; z is kept, m is not."""
    return encoded(geometries)[0]


def encoded(
    geometries: Sequence[BaseGeometry | None],
) -> tuple[list[bytes | None], NDArray[np.float64]]:
    """The blobs as `encode` gives them, and (n, 4) xmin, ymin, xmax, ymax, NaN for nothing."""
    array = np.empty(len(geometries), dtype=object)
    array[:] = geometries
    bounds = shapely.bounds(array)
    heads = np.zeros(len(array), dtype=_HEAD)
    heads["magic"], heads["flags"], heads["srs"] = b"GP", _WITH_ENVELOPE, L93
    heads["envelope"] = bounds[:, [0, 2, 1, 3]]
    data, size = heads.tobytes(), _HEAD.itemsize
    empty = _HEADER.pack(b"GP", 0, _EMPTY, L93)
    blobs: list[bytes | None] = []
    bodies = shapely.to_wkb(array, output_dimension=3, byte_order=1, flavor="iso")
    for start, body, nothing in zip(
        range(0, len(data), size), bodies, np.isnan(bounds[:, 0]).tolist(), strict=True
    ):
        if nothing:
            blobs.append(None if body is None else empty + body)
        else:
            blobs.append(data[start : start + size] + body)
    return blobs, bounds


def body_of(blob: bytes) -> bytes:
    """The WKB in a blob, whoever wrote it."""
    return blob[_HEADER.size + _ENVELOPE_BYTES[blob[3] >> 1 & 0b111] :]


def decode(blobs: Sequence[bytes | None]) -> np.ndarray:
    """The geometries of blobs, whoever wrote them; None stays None. An array of objects."""
    bodies = np.empty(len(blobs), dtype=object)
    bodies[:] = [None if blob is None else body_of(blob) for blob in blobs]
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
    xmin, ymin, xmax, ymax = shapely.from_wkb(body_of(blob)).bounds
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
