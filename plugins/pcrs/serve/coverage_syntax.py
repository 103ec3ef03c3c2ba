"""The words of a coverage request: CRS, numbers, axes, dates. Each is read or refused."""

import re
from dataclasses import dataclass
from datetime import date

from pcrs.errors import InputError
from pcrs.standard.crs import CRS84, L93, PCRS_CRS, BBox, epsg_of, is_latlon, uri

_GEOGRAPHIC = (4326, 4258, 4171)
_SERVED = (*PCRS_CRS, 3857, *_GEOGRAPHIC)
_AXIS = re.compile(r"\s*([A-Za-z]+)\(([^()]*)\)\s*(,|$)")
_X_AXES = frozenset({"e", "x", "easting", "lon", "long", "longitude"})
_Y_AXES = frozenset({"n", "y", "northing", "lat", "latitude"})
_DEGREE_AXES = frozenset({"lon", "long", "longitude", "lat", "latitude"})
_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T[0-9:.]+(?:Z|[+-]\d{2}:\d{2})?)?)?)?")
_MAX_SIDE_PX = 1_000_000
_EXAMPLE = "E(576000:576100),N(6372900:6373000)"


@dataclass(frozen=True, slots=True)
class Frame:
    """A CRS as clients name it: CRS84 and EPSG:4326 are one set of coordinates in two orders."""

    epsg: int
    crs84: bool = False

    @property
    def uri(self) -> str:
        """The OGC URI."""
        return CRS84 if self.crs84 else uri(self.epsg)

    @property
    def geographic(self) -> bool:
        """True when the unit is the degree."""
        return self.epsg in _GEOGRAPHIC

    @property
    def north_first(self) -> bool:
        """True when clients write latitude before longitude."""
        return not self.crs84 and is_latlon(self.epsg)

    def ordered(self, bbox: BBox) -> tuple[float, float, float, float]:
        """The box in this CRS's own axis order."""
        if self.north_first:
            return (bbox.ymin, bbox.xmin, bbox.ymax, bbox.xmax)
        return (bbox.xmin, bbox.ymin, bbox.xmax, bbox.ymax)


NATIVE = Frame(L93)
WGS84 = Frame(4326, crs84=True)
FRAMES = (NATIVE, WGS84, *(Frame(epsg) for epsg in _SERVED if epsg != L93))
"""Every CRS in which the coverage may be asked and answered, the native one first."""


@dataclass(frozen=True, slots=True)
class Axes:
    """`Name(inside),Name(inside)`: what stands inside, by side; None: that side is not named."""

    x: str | None
    y: str | None
    in_degrees: bool
    """True for Lon and Lat, False for E and N."""


def frame(text: str, what: str) -> Frame:
    """The CRS that a URI, a URN, a CURIE (safe or not) or a bare EPSG code names.

    Raises:
        InputError: it names none, or one that is not served.
    """
    name = text.strip().removeprefix("[").removesuffix("]")
    if name.upper().endswith("CRS84"):
        return WGS84
    try:
        epsg = epsg_of(name)
    except InputError as error:
        raise InputError(f"{what}: {error}") from error
    if epsg not in _SERVED:
        served = ", ".join(str(code) for code in _SERVED)
        raise InputError(f"{what}: EPSG:{epsg} is not served; CRS84 and EPSG codes {served} are")
    return Frame(epsg)


def number(text: str, what: str) -> float:
    """A finite number of a size that coordinates have."""
    try:
        value = float(text)
    except ValueError:
        raise InputError(f"{what}: {text!r} is not a number") from None
    if not abs(value) < 1e12:
        raise InputError(f"{what}: {text!r} is not a coordinate or a size")
    return value


def positive(text: str, what: str) -> float:
    """A number above zero."""
    value = number(text, what)
    if value <= 0:
        raise InputError(f"{what}: {text!r} is not above zero")
    return value


def pixels(text: str, what: str) -> int:
    """A number of pixels along one side."""
    value = positive(text, what)
    if value != int(value) or value > _MAX_SIDE_PX:
        raise InputError(f"{what}: {text!r} is not a whole number of pixels from 1 to {_MAX_SIDE_PX}")
    return int(value)


def axes(text: str, what: str) -> Axes:
    """What `E(…),N(…)`, `Lon(…),Lat(…)` or `x(…),y(…)` holds; one side may be left out.

    Raises:
        InputError: another shape, an unknown axis, one given twice, or metres mixed with degrees.
    """
    inside: dict[str, str] = {}
    degrees: set[bool] = set()
    position = 0
    while found := _AXIS.match(text, position):
        name = found[1].lower()
        side = "x" if name in _X_AXES else "y" if name in _Y_AXES else ""
        if not side:
            raise InputError(f"{what}: there is no axis {found[1]!r}; the axes are E and N, or Lon and Lat")
        if side in inside:
            raise InputError(f"{what}: the {side} axis is given twice")
        inside[side] = found[2].strip()
        degrees.add(name in _DEGREE_AXES)
        position = found.end()
        if not found[3]:
            break
    if position < len(text) or not inside or text.endswith(","):
        raise InputError(f"{what}: {text!r} is not like {_EXAMPLE}")
    if len(degrees) > 1:
        raise InputError(f"{what}: metres and degrees are mixed; give E and N, or Lon and Lat")
    return Axes(inside.get("x"), inside.get("y"), degrees.pop())


def years(text: str) -> tuple[int, int]:
    """First and last year of an RFC 3339 instant or interval; 0 and 9999 where it is open."""
    parts = text.split("/")
    if len(parts) > 2 or all(part in ("", "..") for part in parts):
        raise InputError(f"datetime={text!r}: give a date, or an interval like 2024-01-01/2025-12-31")
    bounds = [_year(part, text) for part in parts]
    first, last = bounds[0], bounds[-1]
    low, high = (0 if first is None else first), (9999 if last is None else last)
    if low > high:
        raise InputError(f"datetime={text!r}: the end is before the beginning")
    return low, high


def _year(part: str, whole: str) -> int | None:
    """The year of one bound; None when it is open."""
    if part in ("", ".."):
        return None
    found = _DATE.fullmatch(part)
    try:
        if found is None:
            raise ValueError(part)
        date(int(found[1]), int(found[2] or 1), int(found[3] or 1))
    except ValueError:
        raise InputError(f"datetime={whole!r}: {part!r} is not a date like 2025-06-30") from None
    return int(found[1])
