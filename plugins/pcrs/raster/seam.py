"""Two dalles that touch, compared along their common edge: whether they are one image.

Dalles do not overlap, so no place is seen twice. What can be compared is what crosses the edge.

- *Along* the edge: the luminance of the last pixels of one dalle, from end to end, is nearly that of the
  first pixels of the other, which lie 5 cm farther. Where their correlation is best at another lag than 0,
  the content of the second dalle has slid along the edge by that lag.
- *Across* the edge: within a dalle the correlation of two parallel lines falls with their distance, and that
  is measured beside the edge on both sides. Lines on either side that correlate better than lines 5 cm apart
  can show the same ground twice; outermost ones that correlate far less than lines 5 cm apart do show that
  ground is left out between them, about as much as the distance at which lines correlate so little.

A real ortho-image of 5 cm gives the lag to a third of a pixel with 13 m of common edge, a JPEG of quality 75
too; without structures nothing is told.
"""

from dataclasses import dataclass

import numpy as np

from pcrs.raster.strips import Strip

REACH_PX = 30
"""Lags that are tried, on both sides: 1.5 m."""
_SEGMENT_PX = 512
_LEAST_PX = 120
"""Less of the edge says nothing."""
_SMOOTH_PX = 65
"""Changes of light that are longer than this are taken out: shadows of clouds, balance of colours."""
_MARGIN_PX = REACH_PX + _SMOOTH_PX // 2
_GRAIN = 4.0
"""Variance, in squared levels, below which a line has nothing to compare: noise and rounding."""
_STRENGTH, _LEAD = 0.3, 0.15
"""A lag counts when its correlation is at least this, and so much better than any lag far from it."""
_PEAK_PX = 8
_SURE = 0.6
_WHOLE, _BROKEN = 0.8, 0.5
"""Continuity from which nothing is left out, JPEG and chance doing the rest; below which ground is."""
_LIKE = 0.1
"""Correlations 5 cm apart differ by more than this between two sides of which one is blurred."""


@dataclass(frozen=True, slots=True)
class Seam:
    """What was measured along a common edge, of the second dalle (east or south) against the first.

    Offsets are where the content of the second lies, in pixels, against where it should: towards the east
    and the south.
    """

    length_px: int
    """Of the common edge that was compared."""
    along_px: float | None
    """Offset along the edge; None: the structures do not tell."""
    across_px: float | None
    """Offset across the edge. Positive, ground is shown twice: measured. Negative, the edge is broken, ground
    is left out: estimated. None: the structures do not tell, or one side is sharper, which looks alike."""
    strength: float
    """Correlation at the best lag, -1 to 1."""
    continuity: float | None
    """Correlation across the edge against that of lines 5 cm apart in the dalles; None: too plain to tell."""
    jump: tuple[float, float, float]
    """Levels by which the second is lighter along the edge: red, green, blue."""


def measure(first: Strip, second: Strip) -> Seam | None:
    """The seam of two strips that lie face to face; None when too little of it is valid on both sides."""
    whole = first.whole & second.whole
    starts, length = _segments(whole)
    if not starts:
        return None
    near, far = _flat(first.lum), _flat(second.lum)
    curve = _lags(near[:, 0], far[:, 0], starts, length)
    lag, strength = _best(curve)
    across, continuity = _offset_across(near, far, (starts, length), 0 if lag is None else round(lag))
    return Seam(
        length_px=length * len(starts),
        along_px=lag,
        across_px=across,
        strength=round(strength, 3),
        continuity=continuity,
        jump=_jump(first.rim[whole], second.rim[whole]),
    )


def _segments(whole: np.ndarray) -> tuple[list[int], int]:
    """Starts and common length of the parts of the edge that are valid with a margin on both sides."""
    usable = whole.size - 2 * _MARGIN_PX
    if usable < _LEAST_PX:
        return [], 0
    number = max(1, usable // _SEGMENT_PX)
    length = usable // number
    starts = [_MARGIN_PX + at * length for at in range(number)]
    margins = _MARGIN_PX + length
    return [start for start in starts if whole[start - _MARGIN_PX : start + margins].all()], length


def _flat(lum: np.ndarray) -> np.ndarray:
    """(n, depth) luminance less its running mean along the edge, float32."""
    half = _SMOOTH_PX // 2
    padded = np.pad(lum.astype(np.float64), ((half + 1, half), (0, 0)), mode="edge")
    sums = np.cumsum(padded, axis=0)
    flat: np.ndarray = (lum - (sums[_SMOOTH_PX:] - sums[:-_SMOOTH_PX]) / _SMOOTH_PX).astype(np.float32)
    return flat


def _cut(lines: np.ndarray, starts: list[int], length: int) -> np.ndarray:
    """(n, …) to (segments, length, …), each less its mean."""
    segments = np.stack([lines[start : start + length] for start in starts])
    centred: np.ndarray = segments - segments.mean(axis=1, keepdims=True)
    return centred


def _lags(near: np.ndarray, far: np.ndarray, starts: list[int], length: int) -> np.ndarray:
    """Mean correlation of the segments at every lag from -REACH_PX to REACH_PX."""
    here = _cut(near, starts, length)
    spread = here.std(axis=1)
    curve = []
    for lag in range(-REACH_PX, REACH_PX + 1):
        there = _cut(far, [start + lag for start in starts], length)
        curve.append(((here * there).mean(axis=1) / (spread * there.std(axis=1) + _GRAIN)).mean())
    return np.array(curve)


def _best(curve: np.ndarray) -> tuple[float | None, float]:
    """The best lag, when it stands out, and its correlation."""
    at = int(np.argmax(curve))
    far = np.abs(np.arange(curve.size) - at) > _PEAK_PX
    strength = float(curve[at])
    if strength < _STRENGTH or strength - curve[far].max() < _LEAD or at in (0, curve.size - 1):
        return None, strength
    return round(_summit(curve, at) - REACH_PX, 2), strength


def _summit(curve: np.ndarray, at: int) -> float:
    """Where a parabola through the three points around `at` has its top."""
    if not 0 < at < curve.size - 1:
        return float(at)
    left, top, right = (float(value) for value in curve[at - 1 : at + 2])
    bend = left - 2 * top + right
    return at + (0.5 * (left - right) / bend if bend < 0 else 0.0)


def _correlations(here: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Mean correlation of every line of one side with every line of the other: (depth, depth)."""
    products = np.einsum("sna,snb->sab", here, there) / here.shape[1]
    spreads = here.std(axis=1)[:, :, None] * there.std(axis=1)[:, None, :]
    mean: np.ndarray = (products / (spreads + _GRAIN)).mean(axis=0)
    return mean


def _offset_across(
    near: np.ndarray, far: np.ndarray, segments: tuple[list[int], int], lag: int
) -> tuple[float | None, float | None]:
    """Offset across the edge, and continuity. Beside a broken edge the lag is a guess, to a pixel at best."""
    across, continuity = _across(near, far, segments, lag)
    if across is not None and across >= 0:
        return across, continuity
    aside = (_across(near, far, segments, lag + step)[0] for step in (-1, 1))
    return next((other for other in aside if other is not None and other > 0), across), continuity


def _across(
    near: np.ndarray, far: np.ndarray, segments: tuple[list[int], int], shift: int
) -> tuple[float | None, float | None]:
    """Offset across the edge, and continuity, with the second side moved along it by `shift`."""
    starts, length = segments
    here, there = _cut(near, starts, length), _cut(far, [start + shift for start in starts], length)
    inside = np.stack([_by_distance(_correlations(side, side)) for side in (here, there)])
    if inside[:, 1].mean() < _STRENGTH:
        return None, None
    # Pairs of lines at distances 1, 2, 3… px from each other, were the image continuous.
    met = _by_distance(_correlations(here, there)[:, ::-1])[::-1]
    continuity = round(float(met[0] / inside[:, 1].mean()), 2)
    top = int(np.argmax(met))
    # Midway between a line with itself and with the next one: only the same ground correlates so well.
    if top and met[top] >= max(_SURE, inside[:, :2].mean()):
        return round(_summit(met, top) + 1, 2), continuity
    if abs(inside[0, 1] - inside[1, 1]) > _LIKE:
        return None, continuity
    if continuity < _BROKEN:
        return -_distance(inside.mean(axis=0), float(met[0])), continuity
    return (0.0 if continuity >= _WHOLE else None), continuity


def _by_distance(correlations: np.ndarray) -> np.ndarray:
    """Means along the diagonals of a square, from the main one to the upper corner."""
    return np.array([np.diagonal(correlations, at).mean() for at in range(correlations.shape[0])])


def _distance(inside: np.ndarray, found: float) -> float:
    """How many pixels beyond the next one lines of a dalle must lie to correlate as little as `found`."""
    falling = np.minimum.accumulate(inside[1 : 1 + inside.size // 2])
    return round(float(np.interp(-found, -falling, np.arange(falling.size))), 1)


def _jump(first: np.ndarray, second: np.ndarray) -> tuple[float, float, float]:
    """Medians: an edge of a roof that falls on the common edge is no change of light."""
    steps = np.median(second.astype(np.float32) - first, axis=0)
    red, green, blue = (round(float(step), 1) for step in steps)
    return red, green, blue
