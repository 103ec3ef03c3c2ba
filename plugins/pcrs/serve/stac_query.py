"""What a search of the STAC API asks: the same parameters in an address and in a body."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from pcrs.errors import InputError
from pcrs.serve.feature_query import interval
from pcrs.standard.crs import CRS84
from pcrs.standard.regions import box_region, geometry_region

DEFAULT, MOST = 10, 1000
"""Items of a page."""
PARAMETERS = ("collections", "ids", "bbox", "intersects", "datetime", "limit", "token")
_LISTS = ("collections", "ids", "bbox")
_POINTS_MAX = 10_000
_TOKEN = re.compile(r"([0-9]{1,2})-([0-9]{1,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Search:
    """A page of items, as it was asked."""

    collections: frozenset[str] | None = None
    """None: all."""
    ids: tuple[str, ...] | None = None
    region: BaseGeometry | None = None
    """EPSG:2154."""
    nowhere: bool = False
    """The place that is asked holds nothing of ours."""
    interval: tuple[str | None, str | None] | None = None
    limit: int = DEFAULT
    after: tuple[int, int] = (0, 0)
    """Which of the collections the page begins in, and after which fid there."""


def from_address(params: Mapping[str, str]) -> Search:
    """The search of a query string.

    Raises:
        InputError: it makes no sense.
    """
    said: dict[str, Any] = dict(params)
    for name in _LISTS:
        if name in said:
            said[name] = [part for part in said[name].split(",") if part]
    if "bbox" in said:
        said["bbox"] = _numbers(said["bbox"])
    if "limit" in said:
        said["limit"] = _whole(said["limit"])
    if "intersects" in said:
        said["intersects"] = _json(said["intersects"])
    return from_body(said)


def from_body(said: Mapping[str, Any]) -> Search:
    """The search of a body, a JSON object.

    Raises:
        InputError: it makes no sense.
    """
    for name in said:
        if name not in PARAMETERS:
            raise InputError(f"{name!r} is not one of a search (known: {', '.join(PARAMETERS)})")
    if "bbox" in said and "intersects" in said:
        raise InputError("bbox and intersects are given together: a search has one place")
    region, placed = _region(said)
    return Search(
        collections=frozenset(_texts(said, "collections") or ()) or None,
        ids=_texts(said, "ids"),
        region=region,
        nowhere=placed and region is None,
        interval=interval(_text(said, "datetime")) if said.get("datetime") else None,
        limit=_limit(said.get("limit", DEFAULT)),
        after=_token(said.get("token")),
    )


def _region(said: Mapping[str, Any]) -> tuple[BaseGeometry | None, bool]:
    """The place in EPSG:2154, and whether there is one."""
    if said.get("bbox") is not None:
        box = said["bbox"]
        numbers = isinstance(box, list) and all(type(n) in (int, float) and math.isfinite(n) for n in box)
        if not numbers or len(box) not in (4, 6) or box[1] > box[len(box) // 2 + 1]:
            raise InputError(f"bbox={box!r}: expected west, south, east, north, or six numbers with heights")
        return box_region(box, CRS84), True
    if said.get("intersects") is not None:
        return geometry_region(_geometry(said["intersects"]), CRS84), True
    return None, False


def _geometry(said: Any) -> BaseGeometry:
    try:
        geometry = shapely.from_geojson(json.dumps(said))
    except (shapely.errors.GEOSException, TypeError, ValueError, RecursionError) as error:
        raise InputError(f"intersects is no GeoJSON geometry: {error}") from error
    if not isinstance(said, dict) or said.get("type") in ("Feature", "FeatureCollection"):
        raise InputError("intersects is no GeoJSON geometry: give the geometry, not the feature")
    if shapely.get_num_coordinates(geometry) > _POINTS_MAX:
        raise InputError(f"intersects has more than {_POINTS_MAX} points")
    return geometry


def _numbers(texts: list[str]) -> list[float]:
    try:
        return [float(text) for text in texts]
    except ValueError:
        raise InputError(f"bbox={','.join(texts)!r}: expected numbers") from None


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise InputError(f"limit={text!r}: expected a whole number of at least 1")
    return int(text)


def _limit(value: Any) -> int:
    if type(value) is not int or value < 1:
        raise InputError(f"limit={value!r}: expected a whole number of at least 1")
    return min(value, MOST)


def _token(value: Any) -> tuple[int, int]:
    if value is None:
        return 0, 0
    found = _TOKEN.fullmatch(str(value))
    if found is None:
        raise InputError("token is none that a next link gave")
    return int(found[1]), int(found[2])


def _texts(said: Mapping[str, Any], name: str) -> tuple[str, ...] | None:
    value = said.get(name)
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise InputError(f"{name}={value!r}: expected a list of texts")
    return tuple(dict.fromkeys(value))


def _text(said: Mapping[str, Any], name: str) -> str:
    value = said[name]
    if not isinstance(value, str):
        raise InputError(f"{name}={value!r}: expected a text")
    return value


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"intersects is no JSON: {error}") from error
