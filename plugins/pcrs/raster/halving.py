"""Pixels averaged two by two, in whole numbers: the step from one overview to the next."""

import numpy as np

_ROWS = 16
"""Rows of the result worked at once: what they need stays in the processor's cache."""


def halve(rgb: np.ndarray, valid: np.ndarray | None) -> tuple[np.ndarray, np.ndarray | None]:
    """Half the rows and columns: (h, w, 3) uint8 and (h, w) bool; None in, None out: all valid.

    Each pixel is the mean of the valid ones among its four, halves rounded up, and valid when one of them
    is; white where none is. An odd last row or column counts twice.
    """
    rgb = _even(rgb)
    if valid is None:
        return _means(rgb), None
    valid = _even(valid)
    count = _quads(valid.astype(np.uint8)[:, :, None])[:, :, 0]
    sums = _quads(np.where(valid[:, :, None], rgb, 0))
    weight = np.maximum(count, 1)[:, :, None]
    means = ((sums + weight // 2) // weight).astype(np.uint8)
    means[count == 0] = 255
    return means, count > 0


def _even(pixels: np.ndarray) -> np.ndarray:
    """The same with an even number of rows and columns."""
    rows, columns = pixels.shape[0] % 2, pixels.shape[1] % 2
    if not rows and not columns:
        return pixels
    return np.pad(pixels, [(0, rows), (0, columns), (0, 0)][: pixels.ndim], mode="edge")


def _quads(pixels: np.ndarray) -> np.ndarray:
    """Sums of two by two: (h, w, n) uint8 to (h/2, w/2, n) uint16."""
    height, width, depth = pixels.shape
    rows = np.add(pixels[0::2], pixels[1::2], dtype=np.uint16).reshape(height // 2, width // 2, 2 * depth)
    sums = np.empty((height // 2, width // 2, depth), np.uint16)
    # One channel at a time: numpy is slow over a last axis of three.
    for channel in range(depth):
        np.add(rows[:, :, channel], rows[:, :, depth + channel], out=sums[:, :, channel])
    return sums


def _means(rgb: np.ndarray) -> np.ndarray:
    """Means of two by two where all is valid, in strips that stay in the cache: 1 GB/s."""
    height, width, depth = rgb.shape
    means = np.empty((height // 2, width // 2, depth), np.uint8)
    for row in range(0, height // 2, _ROWS):
        strip = rgb[2 * row : 2 * (row + _ROWS)]
        rows = np.add(strip[0::2], strip[1::2], dtype=np.uint16).reshape(-1, width // 2, 2 * depth)
        for channel in range(depth):
            sums = rows[:, :, channel] + rows[:, :, depth + channel]
            sums += 2
            sums >>= 2
            means[row : row + _ROWS, :, channel] = sums
    return means
