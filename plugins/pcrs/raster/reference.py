"""Where a file says it lies: the CRS that it means, and the world file beside it."""

import math
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from pyproj import CRS
from pyproj.exceptions import CRSError

from pcrs.errors import RasterError
from pcrs.standard.crs import L93

Affine6 = tuple[float, float, float, float, float, float]
"""(a, b, c, d, e, f): x = a·column + b·row + c, y = d·column + e·row + f, of a pixel's upper left corner."""
_SUFFIXES = {".tif": (".tfw", ".tifw"), ".tiff": (".tfw", ".tiffw"), ".jp2": (".j2w", ".jp2w")}
_PARALLELS = (8823, 8824)


@lru_cache(maxsize=64)
def identify(wkt: str) -> tuple[int | None, str]:
    """EPSG code (None when it has none) and name of a CRS.

    Lambert-93 is known by its parameters: software writes it under a dozen names, often without a code. A
    vertical CRS beside it is left out.
    """
    try:
        crs = _horizontal(CRS.from_wkt(wkt))
    except CRSError:
        return None, "illisible"
    if _signature(crs) == _signature(CRS.from_epsg(L93)):
        return L93, crs.name
    return crs.to_epsg(), crs.name


def _horizontal(crs: CRS) -> CRS:
    """The part that gives x and y."""
    if crs.is_bound and crs.source_crs is not None:
        return _horizontal(crs.source_crs)
    if crs.is_compound:
        return _horizontal(crs.sub_crs_list[0])
    return crs


def _signature(crs: CRS) -> tuple[object, ...] | None:
    """What makes a projection, in radians and metres; None when `crs` is none."""
    operation, ellipsoid = crs.coordinate_operation, crs.ellipsoid
    if not crs.is_projected or operation is None or ellipsoid is None:
        return None
    values = {int(one.code or 0): float(one.value) * one.unit_conversion_factor for one in operation.params}
    parallels = sorted(values.pop(code) for code in _PARALLELS if code in values)
    rounded = [(code, round(value, 9)) for code, value in sorted(values.items())]
    units = [axis.unit_conversion_factor for axis in crs.axis_info]
    shape = (round(ellipsoid.semi_major_metre, 3), round(ellipsoid.inverse_flattening, 5))
    return operation.method_code, rounded, [round(value, 9) for value in parallels], units, shape


def worldfile_of(path: Path) -> Path | None:
    """The world file beside a raster, with a suffix in small or in capital letters."""
    suffixes = (*_SUFFIXES.get(path.suffix.lower(), ()), ".wld")
    names = [path.with_suffix(case(suffix)) for suffix in suffixes for case in (str.lower, str.upper)]
    return next((name for name in names if name.is_file()), None)


def read_worldfile(path: Path) -> Affine6:
    """The transform that a world file gives, turned from the centre of the first pixel to its corner.

    Raises:
        RasterError: it is not six numbers.
    """
    try:
        words = path.read_text(encoding="ascii").replace(",", ".").split()
        a, d, b, e, x, y = (float(word) for word in words)
    except (OSError, ValueError) as error:
        raise RasterError(
            f"{path.name} n'est pas un fichier de calage (six nombres, un par ligne) : {error}"
        ) from error
    if not all(map(math.isfinite, (a, b, d, e, x, y))) or 0 in (a, e):
        raise RasterError(f"{path.name} : taille de pixel nulle ou nombre infini")
    return a, b, x - (a + b) / 2, d, e, y - (d + e) / 2


def corner_gap_m(one: Sequence[float], other: Sequence[float], size: tuple[int, int]) -> float:
    """Largest distance between the corners of an image (width, height) under two transforms."""
    width, height = size
    gaps = []
    for col, row in ((0, 0), (width, 0), (0, height), (width, height)):
        x, y = (
            (one[at] - other[at]) * col + (one[at + 1] - other[at + 1]) * row + one[at + 2] - other[at + 2]
            for at in (0, 3)
        )
        gaps.append(math.hypot(x, y))
    return max(gaps)
