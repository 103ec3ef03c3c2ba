"""What a request for map tiles or a map asks: its parameters, read and judged."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from starlette.requests import Request

from pcrs.errors import InputError
from pcrs.serve import coverage_syntax as syntax
from pcrs.serve.accept import NotAcceptableError, preferred
from pcrs.serve.coverage_syntax import NATIVE, WGS84, Frame
from pcrs.serve.ogcapi_request import COMMON, check
from pcrs.serve.parameters import each_once
from pcrs.serve.wmts_request import IMAGE_TYPES
from pcrs.standard.crs import L93, BBox, transform_bbox

MAP = ("bbox", "bbox-crs", "crs", "width", "height", "transparent", "bgcolor", "edition")
"""Parameters of a map, beside those of every resource."""
_DEFAULT_SIDE_PX = 1024
_ALL_WELCOME = frozenset({"image/jpeg", "image/*", "*/*"})


@dataclass(frozen=True, slots=True)
class MapRequest:
    """A map of a part of the ground."""

    frame: Frame
    """CRS of the map."""
    bbox: BBox
    """In `frame`, x before y."""
    size: tuple[int, int]
    """Width and height in pixels."""
    media_type: str
    transparent: str
    bgcolor: str

    def as_wms(self, layer: str) -> dict[str, str]:
        """The parameters of the request of WMS 1.1.1 that asks the same of a layer."""
        width, height = self.size
        return {
            "request": "GetMap",
            "version": "1.1.1",
            "layers": layer,
            "styles": "",
            "srs": f"EPSG:{self.frame.epsg}",
            "bbox": ",".join(map(repr, self.bbox)),
            "width": str(width),
            "height": str(height),
            "format": self.media_type,
            "transparent": self.transparent,
            "bgcolor": self.bgcolor,
        }


def read(request: Request, allowed: Collection[str], formats: Collection[str]) -> dict[str, str]:
    """The parameters of a request.

    Raises:
        InputError: one is unknown, given twice or malformed, or `f` is none of `formats`.
    """
    params = each_once(request.query_params.multi_items())
    check(params, {*COMMON, *allowed})
    if params.get("f", next(iter(formats))) not in formats:
        raise InputError(f"f={params['f']!r}: this resource is served as {' or '.join(formats)}")
    return params


def image_type(params: Mapping[str, str], accept: str) -> str:
    """The media type that `f` names or, without it, that Accept prefers; JPEG when all are welcome.

    Raises:
        NotAcceptableError: Accept asks for nothing that is served.
    """
    for media_type, suffix in IMAGE_TYPES.items():
        if params.get("f") == suffix:
            return media_type
    for wanted in preferred(accept):
        if wanted in IMAGE_TYPES:
            return wanted
        if wanted in _ALL_WELCOME:
            return "image/jpeg"
    raise NotAcceptableError(accept, IMAGE_TYPES)


def map_request(params: Mapping[str, str], accept: str, data: BBox) -> MapRequest:
    """The map that checked parameters ask for; `data` (EPSG:2154) is what it shows without a bbox.

    Raises:
        InputError: a parameter is wrong.
        NotAcceptableError: Accept asks for nothing that is served.
    """
    frame = syntax.frame(params["crs"], "crs") if "crs" in params else NATIVE
    bbox = _bbox(params, frame, data)
    return MapRequest(
        frame,
        bbox,
        _size(params, transform_bbox(bbox, frame.epsg, L93)),
        image_type(params, accept),
        params.get("transparent", "false" if "bgcolor" in params else "true"),
        params.get("bgcolor", ""),
    )


def _bbox(params: Mapping[str, str], frame: Frame, data: BBox) -> BBox:
    if "bbox" not in params:
        return transform_bbox(data, L93, frame.epsg)
    given = syntax.frame(params["bbox-crs"], "bbox-crs") if "bbox-crs" in params else WGS84
    numbers = [syntax.number(part, "bbox") for part in params["bbox"].split(",")]
    half = len(numbers) // 2
    low, high = numbers[:2], numbers[half : half + 2]
    if given.north_first:
        low.reverse()
        high.reverse()
    if not (low[0] < high[0] and low[1] < high[1]):
        raise InputError(f"bbox={params['bbox']!r} is empty: give the lower corner first")
    return transform_bbox(BBox(*low, *high), given.epsg, frame.epsg)


def _size(params: Mapping[str, str], ground: BBox) -> tuple[int, int]:
    """Width and height; what is not given follows from the ground (EPSG:2154), so that pixels are square."""
    width, height = (
        syntax.pixels(params[name], name) if name in params else None for name in ("width", "height")
    )
    ratio = ground.width / ground.height
    if width is None and height is None:
        width = _DEFAULT_SIDE_PX if ratio >= 1 else None
        height = _DEFAULT_SIDE_PX if width is None else None
    return (
        width or max(1, round((height or 1) * ratio)),
        height or max(1, round((width or 1) / ratio)),
    )
