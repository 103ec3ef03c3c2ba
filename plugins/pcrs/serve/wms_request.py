"""What a WMS request asks for, judged, and written anew in the one form that MapProxy gets to see.

Whatever version a client speaks, MapProxy is asked in 1.1.1: x before y, CRS:84 as EPSG:4326, no other
parameter than those that were checked.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from pcrs.serve.ows import OwsError, invalid, missing, required
from pcrs.serve.wmts_request import IMAGE_TYPES, INFO_TYPES
from pcrs.standard.crs import epsg_of, is_latlon

_NEWEST, _OLDER = "1.3.0", "1.1.1"
_OPERATIONS = ("GetCapabilities", "GetMap", "GetFeatureInfo", "GetLegendGraphic")
_STYLES = frozenset({"", "normal", "default"})
_MAX_SIDE_PX = 8192
_MAX_STRETCH = 8
"""How many times longer than wide a pixel may be: what is read for a map grows with it."""
_COLOUR = re.compile(r"0[xX][0-9A-Fa-f]{6}")


@dataclass(frozen=True, slots=True)
class WmsLimits:
    """What `config/mapproxy.yml` allows."""

    crs: tuple[str, ...]
    """As clients write them: EPSG:2154, CRS:84…"""
    max_pixels: int
    """Width times height of one map."""


def spoken_version(params: Mapping[str, str]) -> str:
    """The version in which a client is to be answered: 1.3.0, or 1.1.1 to those that ask for less."""
    asked = params.get("version") or params.get("wmtver") or (_OLDER if "srs" in params else _NEWEST)
    parts = asked.split(".")[:2]
    if all(part.isascii() and part.isdigit() for part in parts):
        return _OLDER if [int(part) for part in parts[:2]] < [1, 3] else _NEWEST
    return _NEWEST


def canonical_query(params: Mapping[str, str], layers: Mapping[str, object], limits: WmsLimits) -> str:
    """The query string for MapProxy that asks what `params` (names in lower case) ask.

    Raises:
        OwsError: a parameter is missing or wrong; codes are those of WMS where it has one.
    """
    service = params.get("service", "WMS")
    if service.upper() != "WMS":
        raise invalid("service", service, "this address serves WMS")
    operation = required(params, "request")
    match operation.lower():
        case "getcapabilities" | "capabilities":
            return urlencode(
                {"service": "WMS", "request": "GetCapabilities", "version": spoken_version(params)}
            )
        case "getmap" | "map":
            return urlencode({"request": "GetMap", **_map(params, layers, limits)})
        case "getfeatureinfo":
            return urlencode(
                {
                    "request": "GetFeatureInfo",
                    **_map({"format": "image/png", "styles": "", **params}, layers, limits),
                    **_point(params, layers),
                }
            )
        case "getlegendgraphic":
            return urlencode({"request": "GetLegendGraphic", **_legend(params, layers)})
    raise OwsError("OperationNotSupported", "request", f"it is one of {', '.join(_OPERATIONS)}")


def map_box(params: Mapping[str, str], version: str) -> tuple[int, tuple[float, float, float, float]]:
    """The place of a map: EPSG code and box, x before y.

    Raises:
        OwsError, InputError: the request names none that can be read.
    """
    name = "crs" if version == _NEWEST else "srs"
    return _box(params, version, (required(params, name).upper(),))


def _legend(params: Mapping[str, str], layers: Mapping[str, object]) -> dict[str, str]:
    """What GetLegendGraphic asks."""
    return {
        "service": "WMS",
        "version": _OLDER,
        "sld_version": "1.1.0",
        "layer": _known(required(params, "layer"), "layer", layers),
        "format": _image_type({"format": "image/png", **params}),
    }


def _map(params: Mapping[str, str], layers: Mapping[str, object], limits: WmsLimits) -> dict[str, str]:
    """The parameters that GetMap and GetFeatureInfo have in common."""
    version = required(params, "version")
    if version not in (_NEWEST, _OLDER):
        raise invalid("version", version, f"{_NEWEST} and {_OLDER} are served")
    names = _layers(params, "layers", layers)
    _check_styles(params, names)
    width, height = _size(params, limits.max_pixels)
    epsg, bbox = _box(params, version, limits.crs)
    _check_stretch((bbox[2] - bbox[0]) / width, (bbox[3] - bbox[1]) / height)
    return {
        "service": "WMS",
        "version": _OLDER,
        "layers": ",".join(names),
        "styles": "",
        "srs": f"EPSG:{epsg}",
        "bbox": ",".join(repr(value) for value in bbox),
        "width": str(width),
        "height": str(height),
        "format": _image_type(params),
        **_background(params),
    }


def _image_type(params: Mapping[str, str]) -> str:
    media_type = required(params, "format")
    if media_type not in IMAGE_TYPES:
        raise OwsError("InvalidFormat", "format", f"it is one of {', '.join(IMAGE_TYPES)}")
    return media_type


def _layers(params: Mapping[str, str], name: str, layers: Mapping[str, object]) -> list[str]:
    names = required(params, name).split(",")
    if len(names) > len(layers):
        raise OwsError("LayerNotDefined", name, f"there are {len(layers)} layers: name each once at the most")
    return [_known(asked, name, layers) for asked in names]


def _known(asked: str, name: str, layers: Mapping[str, object]) -> str:
    """The name of a layer that there is."""
    if asked not in layers:
        error = invalid(name, asked, "no such layer: see GetCapabilities")
        raise OwsError("LayerNotDefined", name, error.text)
    return asked


def _check_styles(params: Mapping[str, str], names: list[str]) -> None:
    """Raises OwsError when the styles are not those of the layers."""
    if "styles" not in params:
        raise missing("styles")
    styles = params["styles"].split(",")
    if not _STYLES.issuperset(styles) or len(styles) not in (1, len(names)):
        raise OwsError("StyleNotDefined", "styles", "leave it empty: layers have one style, normal")


def _size(params: Mapping[str, str], max_pixels: int) -> tuple[int, int]:
    width, height = (_whole(required(params, name), name) for name in ("width", "height"))
    if not (1 <= width <= _MAX_SIDE_PX and 1 <= height <= _MAX_SIDE_PX) or width * height > max_pixels:
        text = (
            f"{width} x {height} px: a map has 1 to {_MAX_SIDE_PX} px a side and {max_pixels} px at the most"
        )
        raise OwsError("InvalidParameterValue", "width", text)
    return width, height


def _check_stretch(x_res: float, y_res: float) -> None:
    """Raises OwsError when pixels are stripes rather than squares, or too small to be told apart."""
    if not (x_res > 0 and y_res > 0 and max(x_res, y_res) <= _MAX_STRETCH * min(x_res, y_res)):
        text = f"a pixel would be {x_res:g} x {y_res:g}: give box and size the same proportions"
        raise OwsError("InvalidParameterValue", "bbox", text)


def _whole(text: str, name: str) -> int:
    """A number of pixels; some clients write 256.0."""
    value = _number(text, name)
    if abs(value) > 1e9:
        raise invalid(name, text, "it is a number of pixels")
    return int(value)


def _number(text: str, name: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise invalid(name, text, "it is a number")
    return value


def _box(
    params: Mapping[str, str], version: str, served: tuple[str, ...]
) -> tuple[int, tuple[float, float, float, float]]:
    """EPSG code and box, x before y."""
    name = "crs" if version == _NEWEST else "srs"
    asked = required(params, name)
    if asked.upper() not in served:
        text = invalid(name, asked, f"it is one of {', '.join(served)}").text
        raise OwsError(f"Invalid{name.upper()}", name, text)
    epsg = epsg_of(asked.upper().replace("CRS:84", "CRS84"))
    parts = required(params, "bbox").split(",")
    if len(parts) != 4:
        raise invalid("bbox", params["bbox"], "it has four numbers")
    first, second, third, fourth = (_number(part, "bbox") for part in parts)
    if version == _NEWEST and not asked.upper().startswith("CRS:") and is_latlon(epsg):
        first, second, third, fourth = second, first, fourth, third
    if not (first < third and second < fourth):
        raise invalid(
            "bbox", params["bbox"], f"lower corner first, in the axis order of {asked}, and not empty"
        )
    return epsg, (first, second, third, fourth)


def _background(params: Mapping[str, str]) -> dict[str, str]:
    """How the map looks where nothing is."""
    transparent = params.get("transparent", "").lower() or "false"
    if transparent not in ("true", "false"):
        raise invalid("transparent", transparent, "it is TRUE or FALSE")
    colour = params.get("bgcolor", "") or "0xFFFFFF"
    if not _COLOUR.fullmatch(colour):
        raise invalid("bgcolor", colour, "it is written 0xRRGGBB")
    return {"transparent": transparent, "bgcolor": colour}


def _point(params: Mapping[str, str], layers: Mapping[str, object]) -> dict[str, str]:
    """What GetFeatureInfo asks on top of a map."""
    names = _layers(params, "query_layers", layers)
    info_type = params.get("info_format", "") or "text/plain"
    if info_type not in INFO_TYPES:
        raise OwsError("InvalidFormat", "info_format", f"it is one of {', '.join(INFO_TYPES)}")
    keys = ("i", "j") if params.get("version") == _NEWEST else ("x", "y")
    col, row = (_whole(required(params, key), key) for key in keys)
    if not (0 <= col < int(float(params["width"])) and 0 <= row < int(float(params["height"]))):
        raise OwsError("InvalidPoint", keys[0], f"({col}, {row}) is not in the map")
    return {"query_layers": ",".join(names), "info_format": info_type, "x": str(col), "y": str(row)}
