"""The feature provider of pygeoapi over our store.

pygeoapi builds a provider anew for each request, and knows it by its dotted name only: the store comes from
`pcrs.serve.context`, and the constructor reads nothing but the layer's description.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from http import HTTPStatus
from typing import Any, cast

from pygeoapi.crs import get_crs
from pygeoapi.provider.base import (
    BaseProvider,
    ProviderConnectionError,
    ProviderInvalidQueryError,
    ProviderItemNotFoundError,
)

from pcrs.errors import InputError, NotFoundError, StoreError
from pcrs.serve.context import served
from pcrs.serve.feature_area import Area
from pcrs.serve.feature_document import Document, as_mapping, features
from pcrs.serve.feature_pages import Pages, State, matched
from pcrs.serve.feature_query import interval
from pcrs.serve.feature_schema import json_type
from pcrs.standard.crs import L93, uri
from pcrs.store.base import Layer, Query, Row

_STORED = get_crs(uri(L93))
_pages = Pages()


class UnavailableError(ProviderConnectionError):  # type: ignore[misc]
    """The store cannot be read at the moment."""

    http_status_code = HTTPStatus.SERVICE_UNAVAILABLE


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
        state = State.now(served().store, self._layer.name)
        if asked.get("resulttype") == "hits":
            return empty | {"numberMatched": matched(state, query)}
        page = _pages.read(state, query)
        reached = query.offset + len(page.rows)
        known_total = not page.more and (page.rows or not query.offset)
        features = self._features(page.rows, asked)
        return empty | {
            "features": features,
            "numberMatched": reached if known_total else matched(state, query),
            "numberReturned": len(features),
        }

    @_in_pygeoapi_terms
    def get(self, identifier: str, **asked: Any) -> Document:
        """The object of that id."""
        return self._features([served().store.get(self._layer.name, identifier)], asked)[0]

    def _features(self, rows: Sequence[Row], asked: Mapping[str, Any]) -> list[Document]:
        spec = asked.get("crs_transform_spec")
        return features(
            rows,
            uri(L93) if spec is None else spec.target_crs_uri,
            fields=asked.get("select_properties") or None,
            download=(self.options or {}).get("download"),
            public_url=served().public_url,
            shown=as_mapping,
        )


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
