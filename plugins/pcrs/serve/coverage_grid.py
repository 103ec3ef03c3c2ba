"""The grid of a coverage answer: which box, which pixels, decided before anything is read.

The native grid has pixels of 5 cm whose edges are whole multiples of 5 cm in Lambert-93: an answer that keeps
the native size has the pixels of the dalles, untouched. Every other answer is resampled.
"""

import math
from dataclasses import dataclass

from pyproj.exceptions import ProjError
from rasterio.transform import Affine

from pcrs.errors import InputError, TooLargeError
from pcrs.serve.coverage_request import Area, CoverageRequest, Scaling
from pcrs.serve.coverage_syntax import NATIVE, Frame
from pcrs.standard.crs import L93, BBox, transform_bbox, transformer
from pcrs.standard.grid import DALLE_RES_M, LAMB93, TOP_LEVEL

_PER_METRE = round(1 / DALLE_RES_M)
_EDGE_PX = 1e-6
"""A bound this near to a pixel's edge lies on it: decimal fractions are not exact in floats."""
_LEAST_M = 1e-6
_COARSEST_M = LAMB93.res(TOP_LEVEL)
_LONGEST = 16
_READ_PER_PX = 4
"""Pixels that may be read for one that is answered, at the limit of the answer's size."""
DEFAULT_SIDE_PX = 1024
"""Longer side of an answer to a request that gives neither a part nor a size."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Where the pixels of an answer lie."""

    frame: Frame
    bbox: BBox
    """In `frame`, x before y."""
    width: int
    height: int
    native: bool
    """True: the pixels are those of the dalles."""
    source: BBox
    """What must be read: a box of EPSG:2154 that holds `bbox`."""
    sides: tuple[float, float] = (DALLE_RES_M, DALLE_RES_M)
    """Metres on the ground along x and y of one pixel."""

    @property
    def step(self) -> float:
        """Metres between the pixels to read."""
        return max(DALLE_RES_M, min(self.sides))

    @property
    def pixels(self) -> float:
        """Pixels that are read or answered, whichever are more."""
        return max(self.width * self.height, self.source.width / self.step * (self.source.height / self.step))

    @property
    def transform(self) -> Affine:
        """From columns and rows to x and y."""
        if self.native:
            return Affine(DALLE_RES_M, 0, self.bbox.xmin, 0, -DALLE_RES_M, self.bbox.ymax)
        step_x, step_y = self.bbox.width / self.width, self.bbox.height / self.height
        return Affine(step_x, 0, self.bbox.xmin, 0, -step_y, self.bbox.ymax)


def plan(request: CoverageRequest, extent: BBox, max_px: int) -> Grid | None:
    """The grid of the answer; None when nothing of the coverage lies in the part that is asked for.

    `extent` is the box of the coverage, EPSG:2154. Without scaling, the formats that carry their georeference
    are cut to it; a scaled answer covers what was asked.

    Raises:
        InputError: the part has no image in the CRS of the answer.
        TooLargeError: the answer would have more pixels than the service or the format allows.
    """
    bbox = _asked(request, extent)
    if bbox is None:
        return None
    frame, scaling = request.frame, request.scaling
    if request.area is None and scaling is None:
        scaling = _modest(bbox, frame, min(max_px, request.format.max_px or max_px))
    if scaling is None or scaling.factors == (1, 1):
        grid = _unscaled(bbox, frame)
    else:
        grid = _scaled(bbox, frame, scaling)
    _within_limits(grid, request, max_px)
    return grid


def _asked(request: CoverageRequest, extent: BBox) -> BBox | None:
    """The box asked for in the answer's CRS; None when it does not meet the extent."""
    area, target = request.area, request.frame.epsg
    if area is None:
        return transform_bbox(extent, L93, target)
    limits = transform_bbox(extent, L93, area.frame.epsg)
    box = _filled(area, limits)
    if box is None or not box.intersects(limits):
        return None
    if request.scaling is None and request.format.georeferenced:
        box = _cut(box, limits)
    try:
        moved = transform_bbox(box, area.frame.epsg, target)
    except (InputError, ProjError) as error:
        raise InputError(
            f"bbox or subset: {tuple(box)} of {area.frame.uri} has no image in {request.frame.uri};"
            " give a smaller part, around the data"
        ) from error
    limits = transform_bbox(extent, L93, target)
    if not moved.intersects(limits):
        return None
    return _cut(moved, limits) if request.scaling is None and request.format.georeferenced else moved


def _filled(area: Area, limits: BBox) -> BBox | None:
    """The area with the limits on the sides it leaves open; None when nothing is left between them."""
    xmin = limits.xmin if area.xmin is None else area.xmin
    ymin = limits.ymin if area.ymin is None else area.ymin
    xmax = limits.xmax if area.xmax is None else area.xmax
    ymax = limits.ymax if area.ymax is None else area.ymax
    return BBox(xmin, ymin, xmax, ymax) if xmin < xmax and ymin < ymax else None


def _cut(box: BBox, limits: BBox) -> BBox:
    return BBox(
        max(box.xmin, limits.xmin),
        max(box.ymin, limits.ymin),
        min(box.xmax, limits.xmax),
        min(box.ymax, limits.ymax),
    )


def snapped(box: BBox) -> BBox:
    """The smallest box of whole native pixels that holds `box` (EPSG:2154)."""
    west, south = (math.floor(value * _PER_METRE + _EDGE_PX) for value in (box.xmin, box.ymin))
    east, north = (math.ceil(value * _PER_METRE - _EDGE_PX) for value in (box.xmax, box.ymax))
    return BBox(*(value / _PER_METRE for value in (west, south, max(east, west + 1), max(north, south + 1))))


def _native(whole: BBox) -> Grid:
    return Grid(NATIVE, whole, *_pixels_of(whole), native=True, source=whole)


def _pixels_of(box: BBox) -> tuple[int, int]:
    return round(box.width * _PER_METRE), round(box.height * _PER_METRE)


def _ground_pixels(box: BBox, frame: Frame) -> tuple[float, float]:
    """Columns and rows of 5 cm on the ground along the middle lines of a box."""
    middle_x, middle_y = (box.xmin + box.xmax) / 2, (box.ymin + box.ymax) / 2
    xs = [box.xmin, box.xmax, middle_x, middle_x]
    ys = [middle_y, middle_y, box.ymin, box.ymax]
    (x0, x1, x2, x3), (y0, y1, y2, y3) = transformer(frame.epsg, L93).transform(xs, ys)
    across, down = math.hypot(x1 - x0, y1 - y0), math.hypot(x3 - x2, y3 - y2)
    return max(across, _LEAST_M) * _PER_METRE, max(down, _LEAST_M) * _PER_METRE


def _modest(box: BBox, frame: Frame, max_px: int) -> Scaling:
    """The scaling of an answer to no question: all of it, small."""
    across, down = _ground_pixels(box, frame)
    factor = max(1.0, max(across, down) / DEFAULT_SIDE_PX, math.sqrt(across * down / max_px) * 1.01)
    return Scaling(factors=(factor, factor))


def _unscaled(box: BBox, frame: Frame) -> Grid:
    """Native pixels in Lambert-93; elsewhere, as many as there are on the ground."""
    if frame == NATIVE:
        whole = snapped(box)
        return _native(whole)
    width, height = (max(1, round(side)) for side in _ground_pixels(box, frame))
    return _resampled(box, frame, width, height)


def _scaled(box: BBox, frame: Frame, scaling: Scaling) -> Grid:
    """The whole box on the grid asked for; native after all when that grid is the native one."""
    across, down = _ground_pixels(box, frame)
    if scaling.factors is not None:
        width, height = (
            _rounded(side / by) for side, by in zip((across, down), scaling.factors, strict=True)
        )
    elif scaling.resolution is not None:
        step_x, step_y = scaling.resolution
        columns = _rounded(box.width / step_x) if step_x else None
        rows = _rounded(box.height / step_y) if step_y else None
        width, height = _proportional(columns, rows, across, down)
    else:
        width, height = _proportional(*(scaling.size or (None, None)), across, down)
    if frame == NATIVE:
        whole = snapped(box)
        if (width, height) == _pixels_of(whole) and max(
            abs(a - b) for a, b in zip(whole, box, strict=True)
        ) < 1e-6:
            return _native(whole)
    return _resampled(box, frame, width, height)


def _proportional(columns: int | None, rows: int | None, across: float, down: float) -> tuple[int, int]:
    """Both sides; the one that is not given follows from the other, so that pixels keep their shape."""
    return (
        columns or _rounded((rows or down) * across / down),
        rows or _rounded((columns or across) * down / across),
    )


def _rounded(side: float) -> int:
    """A whole number of pixels; absurd scales stay finite, for the limit to refuse them."""
    return max(1, round(min(side, 1e12)))


def _resampled(box: BBox, frame: Frame, width: int, height: int) -> Grid:
    source = transform_bbox(box, frame.epsg, L93)
    across, down = _ground_pixels(box, frame)
    sides = (across / width * DALLE_RES_M, down / height * DALLE_RES_M)
    return Grid(frame, box, width, height, native=False, source=source, sides=sides)


def _within_limits(grid: Grid, request: CoverageRequest, max_px: int) -> None:
    asked = grid.width * grid.height
    limit = min(max_px, request.format.max_px or max_px)
    if asked > limit:
        raise TooLargeError(
            f"{grid.width} x {grid.height} = {asked} pixels were asked, {limit} are the limit for"
            f" f={request.format.name}: ask for a smaller bbox, or scale down with scale-factor or width"
        )
    across, down = grid.sides
    if max(across, down) > min(_COARSEST_M, _LONGEST * min(across, down)):
        raise InputError(
            f"{grid.width} x {grid.height} pixels would be {across:.6g} x {down:.6g} m on the ground: ask for"
            f" pixels of {_COARSEST_M} m at the most, at the most {_LONGEST} times longer one way"
        )
    to_read = grid.source.width / grid.step * (grid.source.height / grid.step)
    if to_read > _READ_PER_PX * max_px:
        raise TooLargeError(
            f"{grid.width} x {grid.height} pixels in {grid.frame.uri} would be drawn from {to_read:.0f}, with"
            f" {_READ_PER_PX * max_px} as the limit: ask for a smaller bbox, about as wide as high"
        )
    if max(grid.width, grid.height) > request.format.max_side_px:
        raise TooLargeError(
            f"{grid.width} x {grid.height} pixels were asked, {request.format.max_side_px} are the limit"
            f" along one side for f={request.format.name}: use f=GTiff"
        )
