"""What a coverage request asks for: the query string and Accept, read into values and judged.

Nothing here knows the data: a request that is well formed may still fall outside it, or be too large.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pcrs.errors import InputError
from pcrs.serve import coverage_syntax as syntax
from pcrs.serve.accept import NotAcceptableError, preferred
from pcrs.serve.coverage_formats import BANDS, FORMATS, Format
from pcrs.serve.coverage_syntax import NATIVE, WGS84, Frame

_PARAMETERS = frozenset(
    {
        *("bbox", "bbox-crs", "subset", "subset-crs", "crs", "properties", "datetime", "edition", "f"),
        *("scale-factor", "scale-axes", "scale-size", "scaleSize", "resolution", "width", "height"),
    }
)
_OTHERS = frozenset({"apikey", "lang"})
"""Read elsewhere: by the access control, and by the HTML pages."""
_SCALINGS = ("scale-factor", "scale-axes", "scale-size", "resolution")


@dataclass(frozen=True, slots=True)
class Area:
    """Part of the ground, x before y; None: the coverage's own limit on that side."""

    frame: Frame
    xmin: float | None = None
    ymin: float | None = None
    xmax: float | None = None
    ymax: float | None = None


@dataclass(frozen=True, slots=True)
class Scaling:
    """How many pixels: one of the three is given; of two sides, one may be left out."""

    factors: tuple[float, float] | None = None
    """Along x and y. Two: half as many pixels."""
    size: tuple[int | None, int | None] | None = None
    """Columns, rows."""
    resolution: tuple[float | None, float | None] | None = None
    """Pixel along x and y, in units of the answer's CRS."""


@dataclass(frozen=True, slots=True)
class CoverageRequest:
    """One request, judged."""

    area: Area | None
    """None: all of it."""
    scaling: Scaling | None
    frame: Frame
    """CRS of the answer."""
    bands: tuple[int, ...]
    """Indexes in `BANDS`, in the order asked for."""
    format: Format
    edition: str | None
    years: tuple[int, int] | None
    """First and last year of `datetime`."""


def parse(params: Sequence[tuple[str, str]], accept: str = "") -> CoverageRequest:
    """The request that a query string and an Accept header write.

    Raises:
        InputError: a parameter is unknown, given twice, malformed, or contradicts another one.
        NotAcceptableError: no format suits the Accept header.
    """
    values = _once(params)
    scaling, in_degrees = _scaling(values)
    format_ = _format(values.get("f"), accept)
    bands = _bands(values.get("properties"))
    if len(bands) not in format_.band_counts:
        counts = " or ".join(str(count) for count in format_.band_counts)
        raise InputError(
            f"properties: {format_.name} holds {counts} bands, not {len(bands)}; f=GTiff holds them"
        )
    return CoverageRequest(
        area=_area(values),
        scaling=scaling,
        frame=_answer_frame(values.get("crs"), in_degrees),
        bands=bands,
        format=format_,
        edition=values.get("edition"),
        years=syntax.years(values["datetime"]) if "datetime" in values else None,
    )


def _once(params: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Values by name; `subset` may come several times, and its parts are joined."""
    values: dict[str, str] = {}
    for given, value in params:
        if given in _OTHERS:
            continue
        if given not in _PARAMETERS:
            raise InputError(
                f"unknown parameter {given!r}: the coverage takes {', '.join(sorted(_PARAMETERS))}"
            )
        name = "scale-size" if given == "scaleSize" else given
        if name in values and name != "subset":
            raise InputError(f"parameter {name} is given twice: give it once")
        values[name] = f"{values[name]},{value}" if name in values else value
    return values


def _answer_frame(crs: str | None, in_degrees: bool | None) -> Frame:
    """The CRS of the answer: the one that is named, else the one whose axes are scaled, else the native one.

    GDAL's OGCAPI driver names no CRS and sends `scaleSize=Lat(h),Long(w)`: it means a grid in degrees.
    """
    if crs is None:
        return WGS84 if in_degrees else NATIVE
    frame = syntax.frame(crs, "crs")
    if in_degrees is not None and in_degrees != frame.geographic:
        raise InputError(f"scale-size or resolution: its axes are not those of crs={frame.uri}")
    return frame


def _area(values: dict[str, str]) -> Area | None:
    """The part that `bbox` or `subset` asks for."""
    if "bbox" in values and "subset" in values:
        raise InputError("bbox and subset exclude each other: give one of them")
    if "bbox" in values:
        return _bbox(values["bbox"], syntax.frame(values.get("bbox-crs", "CRS84"), "bbox-crs"))
    if "subset" in values:
        return _subset(values["subset"], values.get("subset-crs"))
    return None


def _bbox(text: str, frame: Frame) -> Area:
    """Four numbers, or six (heights are left out: the coverage is flat)."""
    numbers = [syntax.number(part, "bbox") for part in text.split(",")]
    if len(numbers) not in (4, 6):
        raise InputError(f"bbox has {len(numbers)} numbers: give 4, or 6 with heights")
    half = len(numbers) // 2
    low, high = numbers[:2], numbers[half : half + 2]
    if frame.north_first:
        low.reverse()
        high.reverse()
    return _checked(Area(frame, *low, *high), "bbox")


def _subset(text: str, crs: str | None) -> Area:
    """`E(a:b),N(c:d)`; without `subset-crs`, E and N are Lambert-93, Lon and Lat are WGS 84."""
    axes = syntax.axes(text, "subset")
    frame = syntax.frame(crs, "subset-crs") if crs else WGS84 if axes.in_degrees else NATIVE
    if frame.geographic != axes.in_degrees:
        raise InputError(f"subset: its axes are not those of subset-crs={frame.uri}")
    (xmin, xmax), (ymin, ymax) = _interval(axes.x), _interval(axes.y)
    return _checked(Area(frame, xmin, ymin, xmax, ymax), "subset")


def _interval(inside: str | None) -> tuple[float | None, float | None]:
    """`low:high`, each a number or an asterisk; None for an axis that is not named."""
    if inside is None:
        return None, None
    low, colon, high = (part.strip() for part in inside.partition(":"))
    if not colon:
        raise InputError(f"subset: {inside!r} is one position; give an interval, low:high")
    first, last = (None if part == "*" else syntax.number(part, "subset") for part in (low, high))
    return first, last


def _checked(area: Area, what: str) -> Area:
    """The area, when its sides are in order."""
    for low, high, axis in ((area.xmin, area.xmax, "x"), (area.ymin, area.ymax, "y")):
        if low is not None and high is not None and not low < high:
            raise InputError(
                f"{what}: along {axis} it goes from {low} to {high}; give the lower bound first,"
                f" in the axis order of {area.frame.uri}"
            )
    return area


def _scaling(values: dict[str, str]) -> tuple[Scaling | None, bool | None]:
    """How to scale, and whether the axes named are degrees (None: none was named)."""
    kinds = [key for key in _SCALINGS if key in values]
    if "width" in values or "height" in values:
        kinds.append("width/height")
    if len(kinds) > 1:
        raise InputError(f"{', '.join(kinds)} exclude each other: give one of them")
    if not kinds:
        return None, None
    kind = kinds[0]
    if kind == "width/height":
        width, height = (
            syntax.pixels(values[key], key) if key in values else None for key in ("width", "height")
        )
        return Scaling(size=(width, height)), None
    if kind == "scale-factor":
        factor = syntax.positive(values[kind], kind)
        return Scaling(factors=(factor, factor)), None
    if kind == "resolution" and not values[kind]:
        return Scaling(factors=(1.0, 1.0)), None
    axes = syntax.axes(values[kind], kind)
    if kind == "scale-axes":
        across, down = (1.0 if part is None else syntax.positive(part, kind) for part in (axes.x, axes.y))
        return Scaling(factors=(across, down)), axes.in_degrees
    if kind == "scale-size":
        columns, rows = (None if part is None else syntax.pixels(part, kind) for part in (axes.x, axes.y))
        return Scaling(size=(columns, rows)), axes.in_degrees
    along_x, along_y = (syntax.positive(part, kind) if part else None for part in (axes.x, axes.y))
    return Scaling(resolution=(along_x, along_y)), axes.in_degrees


def _bands(text: str | None) -> tuple[int, ...]:
    """Band indexes in the order asked for."""
    if text is None:
        return tuple(range(len(BANDS)))
    names = [name.strip().upper() for name in text.split(",")]
    if any(name not in BANDS for name in names) or len(set(names)) != len(names):
        raise InputError(f"properties={text!r}: give one or more of {', '.join(BANDS)}, each once")
    return tuple(BANDS.index(name) for name in names)


def _format(name: str | None, accept: str) -> Format:
    """The format that `f` names or, without it, that Accept prefers; GeoTIFF when all are welcome."""
    if name is not None:
        for format_ in FORMATS:
            if name.strip().lower() in format_.aliases:
                return format_
        raise InputError(f"f={name!r} is not served: {', '.join(format_.name for format_ in FORMATS)} are")
    for media_type in preferred(accept):
        for format_ in FORMATS:
            if media_type in format_.accepted:
                return format_
    raise NotAcceptableError(accept, (format_.media_type for format_ in FORMATS))
