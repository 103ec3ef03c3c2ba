"""The feature provider of pygeoapi over our store.

pygeoapi builds a provider anew for each request, and knows it by its dotted name only: the store comes from
`pcrs.serve.context`, and the constructor reads nothing but the layer's description.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from http import HTTPStatus
from typing import Any, cast

import numpy as np
import shapely
from pygeoapi.crs import get_crs
from pygeoapi.provider.base import (
    BaseProvider,
    ProviderConnectionError,
    ProviderInvalidQueryError,
    ProviderItemNotFoundError,
)
from shapely.geometry import mapping

from pcrs.errors import InputError, NotFoundError, StoreError
from pcrs.serve.context import served
from pcrs.serve.feature_area import Area
from pcrs.serve.feature_pages import Pages, matched
from pcrs.standard.crs import CRS84, L93, epsg_of, is_latlon, transformer, uri
from pcrs.store.base import Field, Kind, Layer, Query, Row

Document = dict[str, Any]
CRS_URIS = (CRS84, *(uri(epsg) for epsg in (4326, 4258, L93, 3857, 3944, 3945)))
"""CRS in which objects are asked and answered, the default first."""
_STORED = get_crs(uri(L93))
_DEGREE_DECIMALS = 9
_METRE_DECIMALS = 4
_TYPES: Mapping[Kind, Document] = {
    "string": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"},
    "boolean": {"type": "boolean"},
    "list": {"type": "array", "items": {"type": "string"}},
}
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2}))?")
_pages = Pages()


class UnavailableError(ProviderConnectionError):  # type: ignore[misc]
    """The store cannot be read at the moment."""

    http_status_code = HTTPStatus.SERVICE_UNAVAILABLE


def json_type(field: Field) -> Document:
    """The JSON Schema of a field's values."""
    return dict(_TYPES[field.kind])


def interval(text: str) -> tuple[str | None, str | None]:
    """The bounds that a `datetime` parameter writes: an instant, or two of them around `/`, `..` for open.

    Raises:
        InputError: it is neither, or ends before it begins.
    """
    parts = text.split("/")
    bounds = [None if part in ("", "..") and len(parts) == 2 else part for part in parts]
    if len(parts) > 2 or not all(bound is None or _MOMENT.fullmatch(bound) for bound in bounds):
        raise InputError(
            f"datetime={text!r}: expected a date (2025-06-01), a moment (2025-06-01T12:00:00Z), or an "
            "interval of two of them (2025-01-01/2025-12-31), with .. for an open end"
        )
    start, end = bounds[0], bounds[-1]
    if start is not None and end is not None and start[:10] > end[:10]:
        raise InputError(f"datetime={text!r} ends before it begins")
    return start, end


def _in_pygeoapi_terms[**P, R](call: Callable[P, R]) -> Callable[P, R]:
    """Our errors as pygeoapi's, with their messages where the client is at fault."""

    @wraps(call)
    def called(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return call(*args, **kwargs)
        except InputError as error:
            raise ProviderInvalidQueryError(user_msg=str(error)) from error
        except NotFoundError as error:
            raise ProviderItemNotFoundError(user_msg=str(error)) from error
        except StoreError as error:
            raise UnavailableError(str(error)) from error

    return called


class FeatureProvider(BaseProvider):  # type: ignore[misc]
    """The objects of one layer of the served store, as GeoJSON. `data` names the layer."""

    @_in_pygeoapi_terms
    def __init__(self, provider_def: Mapping[str, Any]) -> None:
        super().__init__({**provider_def, "storage_crs": _STORED})
        self._layer: Layer = served().store.layer(self.data)
        self.id_field = self._layer.id_field
        self.time_field = self._layer.time_field
        self._fields = {field.name: json_type(field) for field in self._layer.fields}

    def get_fields(self) -> Document:
        """JSON types by field."""
        return cast(Document, self._fields)

    @_in_pygeoapi_terms
    def query(self, **asked: Any) -> Document:
        """A page of objects as a FeatureCollection, or their number alone (`resulttype=hits`).

        `asked` is what pygeoapi passes: offset, limit, resulttype, bbox (an `Area`), datetime_, properties,
        sortby, select_properties, skip_geometry, crs_transform_spec.
        """
        empty: Document = {
            "type": "FeatureCollection",
            "features": [],
            "numberMatched": 0,
            "numberReturned": 0,
        }
        box = asked.get("bbox")
        if isinstance(box, Area) and box.region is None:
            return empty
        query = _query(asked)
        store = served().store
        if asked.get("resulttype") == "hits":
            return empty | {"numberMatched": matched(store, self._layer.name, query)}
        page = _pages.read(store, self._layer.name, query)
        reached = query.offset + len(page.rows)
        known_total = not page.more and (page.rows or not query.offset)
        features = self._features(page.rows, asked)
        return empty | {
            "features": features,
            "numberMatched": reached if known_total else matched(store, self._layer.name, query),
            "numberReturned": len(features),
        }

    @_in_pygeoapi_terms
    def get(self, identifier: str, **asked: Any) -> Document:
        """The object of that id."""
        return self._features([served().store.get(self._layer.name, identifier)], asked)[0]

    def _features(self, rows: Sequence[Row], asked: Mapping[str, Any]) -> list[Document]:
        geometries = _transformed([row.geometry for row in rows], asked.get("crs_transform_spec"))
        wanted = asked.get("select_properties") or None
        features = []
        for row, geometry in zip(rows, geometries, strict=True):
            values = dict(row.values)
            links = self._download(values)
            if wanted is not None:
                values = {name: value for name, value in values.items() if name in wanted}
            feature: Document = {
                "type": "Feature",
                "id": row.id,
                "geometry": None if geometry is None else mapping(geometry),
                "properties": values,
            }
            features.append(feature | links)
        return features

    def _download(self, values: Document) -> Document:
        """The link to the object's file, whose path in `values` becomes an address; empty without a file."""
        download = (self.options or {}).get("download")
        if not download or not values.get(download["field"]):
            return {}
        address = f"{served().public_url}/listing/{values[download['field']]}"
        values[download["field"]] = address
        link = {
            "rel": "enclosure",
            "type": download["type"],
            "title": values.get(download["title"]),
            "href": address,
            "length": values.get(download["length"]),
        }
        return {"links": [{key: value for key, value in link.items() if value is not None}]}


def _query(asked: Mapping[str, Any]) -> Query:
    box = asked.get("bbox")
    moment = asked.get("datetime_")
    return Query(
        within=box.region if isinstance(box, Area) else None,
        equals=tuple(asked.get("properties") or ()),
        interval=None if moment is None else interval(moment),
        offset=asked.get("offset", 0),
        limit=asked.get("limit", 10),
        sort=tuple((key["property"], key["order"] == "+") for key in asked.get("sortby") or ()),
        geometry=not asked.get("skip_geometry"),
    )


def _transformed(geometries: Iterable[Any], spec: Any) -> np.ndarray:
    """The geometries in the CRS asked, in its axis order, rounded to a tenth of a millimetre."""
    array = np.array(list(geometries), dtype=object)
    target = L93 if spec is None else epsg_of(spec.target_crs_uri)
    if target == L93 or not len(array):
        return array
    north_first = is_latlon(target)
    decimals = _DEGREE_DECIMALS if north_first else _METRE_DECIMALS
    turned = north_first and spec.target_crs_uri != CRS84
    forward = transformer(L93, target)

    def move(points: np.ndarray) -> np.ndarray:
        moved = points.copy()
        x, y = forward.transform(points[:, 0], points[:, 1])
        moved[:, 0], moved[:, 1] = np.round((y, x) if turned else (x, y), decimals)
        return moved

    result = array.copy()
    for with_z in (False, True):
        chosen = shapely.has_z(array) == with_z
        if chosen.any():
            result[chosen] = shapely.transform(array[chosen], move, include_z=with_z)
    return result
