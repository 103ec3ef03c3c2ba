"""How sharp an image is: the width of its sharpest edges, whatever it shows.

An edge that the lens and the processing left sharp goes from dark to light within one to three pixels; a
blurred one needs more. At every strong step of luminance the steepest slope is set against the height of the
step: their ratio does not depend on the contrast, nor on how many edges there are. Rows and columns are
measured apart, for a blur by movement widens the edges in one direction alone.
"""

from dataclasses import dataclass

import numpy as np

BLOCK_PX = 256
_REACH_PX = 6
"""A step is taken over twice this: no edge wider than 12 px is told from that."""
_STEP = 20
"""Height of the steps that are looked at: most noise is below, and fields have steps like this too."""
_BINS = 200
_SHARPEST = 0.75
"""The edge that is told: the sharpest quarter is at least as sharp. Soft edges (shadows) are in any image."""


@dataclass(frozen=True, slots=True)
class Sharpness:
    """Widths of the sharp edges, in pixels: 1 is perfect, 1.5 to 3 a good aerial image, above 5 blurred."""

    columns_px: float
    """Along the rows: of edges that run north-south."""
    rows_px: float
    edges: int
    """Edges that were measured, in the direction that has fewer."""

    @property
    def width_px(self) -> float:
        """The wider of the two: what counts."""
        return max(self.columns_px, self.rows_px)


class EdgeCounter:
    """Gathers the edges of blocks of an image."""

    def __init__(self) -> None:
        self._counts = np.zeros((2, _BINS), np.int64)

    def add(self, block: np.ndarray) -> None:
        """Takes in a block of luminance, (h, w) uint8, valid throughout."""
        lum = block.astype(np.int16)
        for direction, one in enumerate((lum, np.ascontiguousarray(lum.T))):
            bins = (_slopes(one) * _BINS).astype(np.int64).clip(0, _BINS - 1)
            self._counts[direction] += np.bincount(bins, minlength=_BINS)

    def result(self, least: int) -> Sharpness | None:
        """The sharpness; None when a direction has fewer than `least` edges."""
        totals = self._counts.sum(axis=1)
        if totals.min() < max(1, least):
            return None
        at = [np.searchsorted(np.cumsum(c), _SHARPEST * n) for c, n in zip(self._counts, totals, strict=True)]
        along, down = (round(max(1.0, _BINS / (float(one) + 0.5)), 2) for one in at)
        return Sharpness(along, down, int(totals.min()))


def _slopes(lum: np.ndarray) -> np.ndarray:
    """Steepest slope over height of the strong steps along the rows: (number of them,), 0 to 1."""
    reach = _REACH_PX
    if lum.shape[1] < 4 * reach + 1:
        return np.empty(0)
    step = np.abs(lum[:, 2 * reach :] - lum[:, : -2 * reach])
    slope = np.abs(np.diff(lum, axis=1))
    centre = step[:, reach:-reach]
    top = centre >= _STEP
    for at in range(2 * reach + 1):
        top &= centre >= step[:, at : at + centre.shape[1]]
    rows, columns = np.nonzero(top)
    window = columns[:, None] + np.arange(reach, 3 * reach)
    steepest = slope[rows[:, None], window].max(axis=1, initial=0)
    ratio: np.ndarray = np.minimum(steepest / np.maximum(centre[rows, columns], 1), 1.0)
    return ratio
