"""Coordinate reference systems as GML writes them, and where their coordinates may lie."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qs, urlsplit

from pyproj import CRS
from pyproj.exceptions import CRSError

from pcrs.errors import GmlError, InputError
from pcrs.standard.crs import PCRS_CRS, BBox, epsg_of, is_latlon, transform_bbox

GEOGRAPHIC = (4326, 4171, 4258)
"""Read although the standard asks for a projection: `PCRS-info` files are written so."""
ACCEPTED = (*PCRS_CRS, *GEOGRAPHIC)
EXPECTED = "EPSG:2154 ou EPSG:3942 à EPSG:3950"
_RGF93 = 4171
_FRANCE = BBox(-5.7, 41.0, 10.2, 51.5)
"""Metropolitan France with Corsica, degrees."""
_ZONE_MARGIN_DEG = 1.5
"""A conic zone serves one degree on either side of its parallel; deliveries overlap the border."""
_IGNF = re.compile(
    r"(?:^|[:/#])IGNF[:/#]+(?:(LAMB93|RGF93LAMB93)|RGF93CC(4[2-9]|50))(?:\.\w+)?$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Srs:
    """What a `srsName` says: EPSG code (horizontal), order of the axes as written, number of coordinates."""

    epsg: int
    latlon: bool
    """Coordinates are written north first and have to be turned."""
    dimension: int

    @property
    def metre(self) -> float:
        """One metre in units of the CRS, near enough for a tolerance."""
        return 1 / 111_320 if self.epsg in GEOGRAPHIC else 1.0


@lru_cache(maxsize=256)
def parse(name: str) -> Srs:
    """The CRS that a `srsName` names.

    `EPSG:4326` and `…/epsg.xml#4326` say x before y, as files write them; a URN or an OGC URI follows the
    authority (latitude first). Of a compound name or code the horizontal part is kept.

    Raises:
        GmlError: no such CRS, or none of `ACCEPTED`.
    """
    text = name.strip()
    horizontal, *heights = _components(text)
    zone = _IGNF.search(horizontal)
    if zone is not None:
        return Srs(3900 + int(zone[2]) if zone[2] else 2154, False, 3 if heights or "." in horizontal else 2)
    try:
        written = epsg_of(re.sub(r"^.*/srs/epsg\.xml#", "EPSG:", horizontal, flags=re.IGNORECASE))
    except InputError:
        written = 0
    epsg, dimension = _horizontal(written)
    if epsg not in ACCEPTED:
        raise GmlError(f"système de coordonnées « {text} » hors standard")
    by_authority = horizontal.lower().startswith(("urn:", "http")) and "CRS84" not in horizontal
    latlon = by_authority and "epsg.xml" not in horizontal.lower() and is_latlon(epsg)
    return Srs(epsg, latlon, 3 if heights else dimension)


def _components(text: str) -> list[str]:
    """The parts of a compound name, horizontal first; one part for a simple name."""
    if text.lower().startswith("urn:ogc:def:crs,"):
        return ["urn:ogc:def:" + part for part in text.split(",")[1:]]
    if "crs-compound?" in text:
        parts = parse_qs(urlsplit(text).query)
        return [parts[key][0] for key in sorted(parts)] or [text]
    first, *rest = re.split(r"\+", text)
    return [first, *rest]


@lru_cache(maxsize=256)
def _horizontal(epsg: int) -> tuple[int, int]:
    """The horizontal part of an EPSG code and the number of its axes (5698 is Lambert-93 with heights)."""
    if epsg in ACCEPTED:
        return epsg, 2
    try:
        parts = CRS.from_epsg(epsg).sub_crs_list
    except CRSError:
        return epsg, 2
    code = parts[0].to_epsg() if parts else None
    return (code, 3) if code is not None else (epsg, 2)


@lru_cache(maxsize=64)
def area(epsg: int) -> BBox:
    """The box, in units of the CRS and x before y, outside which coordinates of the PCRS cannot lie."""
    if epsg in GEOGRAPHIC:
        return _FRANCE
    if epsg not in range(3942, 3951):
        return transform_bbox(_FRANCE, _RGF93, epsg)
    parallel = epsg - 3900
    strip = BBox(
        _FRANCE.xmin,
        max(_FRANCE.ymin, parallel - _ZONE_MARGIN_DEG),
        _FRANCE.xmax,
        parallel + _ZONE_MARGIN_DEG,
    )
    return transform_bbox(strip, _RGF93, epsg)


def lies_in_area(epsg: int, bounds: Sequence[float]) -> bool:
    """True when a box (xmin, ymin, xmax, ymax) lies where coordinates of this CRS may."""
    around = area(epsg)
    return (
        around.xmin <= bounds[0]
        and around.ymin <= bounds[1]
        and bounds[2] <= around.xmax
        and bounds[3] <= around.ymax
    )
