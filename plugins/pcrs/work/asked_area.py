"""The area that a process is given: the inputs that name one, and what they mean."""

from collections.abc import Mapping
from typing import Any

from pcrs.errors import InputError
from pcrs.standard.crs import CRS84, PCRS_CRS
from pcrs.standard.names import parse
from pcrs.store.base import FeatureStore
from pcrs.work.areas import Area, box_area, commune_area, dalle_area, shape_area
from pcrs.work.processing import Input, Words

_CRS_NAME = {"type": "string", "maxLength": 100}
AREA_INPUTS: Mapping[str, Input] = {
    "commune": Input(
        Words("code INSEE d'une commune", "INSEE code of a commune"),
        {"type": "string", "pattern": "^[0-9][0-9AB][0-9]{3}$"},
    ),
    "dalle": Input(Words("nom d'une dalle", "name of a dalle"), {"type": "string", "maxLength": 100}),
    "bbox": Input(
        Words("rectangle, dans l'ordre des axes de son CRS", "box, in the axis order of its CRS"),
        {
            "type": "object",
            "required": ["bbox"],
            "properties": {
                "bbox": {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4},
                "crs": _CRS_NAME,
            },
            "additionalProperties": False,
        },
    ),
    "polygone": Input(
        Words("polygone GeoJSON, en longitude et latitude", "GeoJSON polygon, in longitude and latitude"),
        {
            "type": "object",
            "required": ["type", "coordinates"],
            "properties": {"type": {"enum": ["Polygon", "MultiPolygon"]}, "coordinates": {"type": "array"}},
        },
    ),
}
"""One of them names the area of a task."""
POLYGON_CRS: Mapping[str, Input] = {
    "polygone_epsg": Input(
        Words("CRS du polygone, x avant y (CRS84 sinon)", "CRS of the polygon, x before y (CRS84 otherwise)"),
        {"type": "integer", "enum": [*PCRS_CRS]},
    )
}
"""Beside them."""


def area_of(inputs: Mapping[str, Any], store: FeatureStore) -> Area:
    """The area that the inputs name.

    Raises:
        InputError: none or several are named, or it cannot be understood.
    """
    named = [name for name in AREA_INPUTS if name in inputs]
    if len(named) != 1:
        raise InputError(f"give one area: {', '.join(AREA_INPUTS)} (given: {', '.join(named) or 'none'})")
    name = named[0]
    value = inputs[name]
    match name:
        case "commune":
            return commune_area(store, value)
        case "dalle":
            return dalle_area(parse(value), value)
        case "bbox":
            return box_area(",".join(map(str, value["bbox"])), value.get("crs", CRS84))
        case _:
            crs = f"EPSG:{inputs['polygone_epsg']}" if "polygone_epsg" in inputs else CRS84
            return shape_area(value, crs, "polygone")
