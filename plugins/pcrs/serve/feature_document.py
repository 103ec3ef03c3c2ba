"""Rows of the store as GeoJSON features, in the CRS asked.

Made for many small objects at once: coordinates are transformed in one call, geometries become JSON text in
one call, and that text is put into the answer as it is.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import numpy as np
import orjson
import shapely
from shapely.geometry import mapping

from pcrs.standard.crs import CRS84, L93, epsg_of, is_latlon, transformer
from pcrs.store.base import Row

Document = dict[str, Any]
_DEGREE_DECIMALS = 9
_METRE_DECIMALS = 4
type Shown = Callable[[np.ndarray], list[Any]]


def as_text(geometries: np.ndarray) -> list[Any]:
    """Geometries as JSON text, for `orjson` alone."""
    texts = shapely.to_geojson(geometries)
    return [None if text is None else orjson.Fragment(text) for text in texts]


def as_mapping(geometries: np.ndarray) -> list[Any]:
    """Geometries as documents."""
    return [None if geometry is None else mapping(geometry) for geometry in geometries]


def features(
    rows: Sequence[Row],
    crs: str,
    *,
    fields: Collection[str] | None = None,
    download: Mapping[str, str] | None = None,
    public_url: str = "",
    shown: Shown = as_text,
) -> list[Document]:
    """The rows as features.

    Args:
        rows: of one layer.
        crs: URI of the CRS of the coordinates; its axis order holds.
        fields: names of the properties to show; None: all.
        download: which fields tell an object's file (path, name, size), and its media type.
        public_url: under which `/listing/` serves that file.
        shown: how geometries stand in the document.
    """
    geometries = shown(transformed([row.geometry for row in rows], crs))
    found = []
    for row, geometry in zip(rows, geometries, strict=True):
        values = dict(row.values)
        feature: Document = {"type": "Feature", "id": row.id, "geometry": geometry, "properties": values}
        if download is not None and values.get(download["field"]):
            feature["links"] = [_enclosure(values, download, public_url)]
        if fields is not None:
            feature["properties"] = {name: value for name, value in values.items() if name in fields}
        found.append(feature)
    return found


def transformed(geometries: Sequence[Any], crs: str) -> np.ndarray:
    """The geometries of EPSG:2154 in another CRS, in its axis order, rounded to a tenth of a millimetre."""
    array = np.array(geometries, dtype=object)
    if epsg_of(crs) == L93 or not len(array):
        return array
    move = _mover(crs)
    with_z = shapely.has_z(array)
    if not with_z.any() or with_z[array != None].all():  # noqa: E711 - element by element
        result: np.ndarray = shapely.transform(array, move, include_z=bool(with_z.any()))
        return result
    result = array.copy()
    for z in (False, True):
        result[with_z == z] = shapely.transform(array[with_z == z], move, include_z=z)
    return result


@lru_cache(maxsize=32)
def _mover(crs: str) -> Callable[[np.ndarray], np.ndarray]:
    target = epsg_of(crs)
    north_first = is_latlon(target)
    decimals = _DEGREE_DECIMALS if north_first else _METRE_DECIMALS
    turned = north_first and crs != CRS84
    forward = transformer(L93, target)

    def move(points: np.ndarray) -> np.ndarray:
        moved = points.copy()
        x, y = forward.transform(points[:, 0], points[:, 1])
        moved[:, 0], moved[:, 1] = np.round((y, x) if turned else (x, y), decimals)
        return moved

    return move


def _enclosure(values: Document, download: Mapping[str, str], public_url: str) -> Document:
    """The link to an object's file, whose path in `values` becomes an address."""
    field = download["field"]
    address = f"{public_url}/listing/{quote(values[field])}"
    values[field] = address
    link = {
        "rel": "enclosure",
        "type": download["type"],
        "title": values.get(download["title"]),
        "href": address,
        "length": values.get(download["length"]),
    }
    return {key: value for key, value in link.items() if value is not None}
