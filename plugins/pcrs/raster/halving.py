"""Pixels averaged two by two, in whole numbers: the step from one overview to the next."""

import numpy as np

_ROWS = 4
"""Rows of the result worked at once: what they need stays in the processor's cache."""
_FOUR = ((0, 0), (0, 1), (1, 0), (1, 1))


def halve(rgb: np.ndarray, valid: np.ndarray | None) -> tuple[np.ndarray, np.ndarray | None]:
    """Half the rows and columns: (h, w, 3) uint8 and (h, w) bool; None in, None out: all valid.

    Each pixel is the mean of the valid ones among its four, halves rounded up, and valid when one of them
    is; white where none is. An odd last row or column counts twice.
    """
    rgb = _even(rgb)
    if valid is None:
        return _means(rgb), None
    valid = _even(valid)
    rows = np.add(valid[0::2], valid[1::2], dtype=np.uint8)
    count = rows[:, 0::2] + rows[:, 1::2]
    means = _means(rgb)
    # Few pixels lie on an edge of what is valid: only these are worked out one by one.
    partly = (count > 0) & (count < 4)
    if partly.any():
        means[partly] = _weighed(rgb, valid, count, *np.nonzero(partly))
    means[count == 0] = 255
    return means, count > 0


def _weighed(
    rgb: np.ndarray, valid: np.ndarray, count: np.ndarray, rows: np.ndarray, columns: np.ndarray
) -> np.ndarray:
    """(n, 3) uint8: the means of the valid ones among four, at these places."""
    sums = np.zeros((rows.size, rgb.shape[2]), np.uint16)
    for row, col in _FOUR:
        there = 2 * rows + row, 2 * columns + col
        sums += rgb[there] * valid[there][:, None]
    weight = count[rows, columns][:, None]
    means: np.ndarray = ((sums + weight // 2) // weight).astype(np.uint8)
    return means


def _even(pixels: np.ndarray) -> np.ndarray:
    """The same with an even number of rows and columns."""
    rows, columns = pixels.shape[0] % 2, pixels.shape[1] % 2
    if not rows and not columns:
        return pixels
    return np.pad(pixels, [(0, rows), (0, columns), (0, 0)][: pixels.ndim], mode="edge")


def _means(rgb: np.ndarray) -> np.ndarray:
    """Means of two by two where all is valid, in strips that stay in the cache: 2 GB/s."""
    height, width, depth = rgb.shape
    means = np.empty((height // 2, width // 2, depth), np.uint8)
    lines = np.ascontiguousarray(rgb).reshape(height, width * depth)
    rows, fours = np.empty((2, _ROWS, width * depth), np.uint16)
    for row in range(0, height // 2, _ROWS):
        strip = lines[2 * row : 2 * (row + _ROWS)]
        count = len(strip) // 2
        np.add(strip[0::2], strip[1::2], out=rows[:count], dtype=np.uint16)
        # Every pixel is added to the next, and half of the sums are used: numpy is slow over a last axis of
        # three, and two operands with gaps cost more than twice the sums without any.
        np.add(rows[:count, :-depth], rows[:count, depth:], out=fours[:count, :-depth])
        sums = fours[:count]
        sums += 2
        sums >>= 2
        pairs = sums.reshape(count, width // 2, 2 * depth)
        for channel in range(depth):
            means[row : row + count, :, channel] = pairs[:, :, channel]
    return means
