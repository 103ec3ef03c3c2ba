"""Fingerprints of ids that are more than memory should hold, on disk, with their lines."""

import numpy as np
from numpy.typing import NDArray

from pcrs.vector.id_table import Keys, Lines
from pcrs.vector.sorted_runs import SortedRuns

_BITS = 26
"""The filter has two to this power bits, 8 MB: of ten million ids it tells nineteen new ones of twenty."""
_FACTORS = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0xD6E8FEB86659FD93], dtype=np.uint64)
_MOST_RUNS = 8
"""More are joined to one."""


class SpilledIds:
    """Grows by many at once. A Bloom filter knows most of what is new; the rest is sought in sorted runs."""

    def __init__(self) -> None:
        self._seen = np.zeros(1 << (_BITS - 3), dtype=np.uint8)
        self._runs = SortedRuns([("line", "u4")], most=1)

    def add(self, keys: Keys, lines: Lines) -> None:
        """Fingerprints that are not known, and differ, are."""
        for octets, bits in _places(keys):
            np.bitwise_or.at(self._seen, octets, bits)
        self._runs.add(keys, line=lines)
        if self._runs.runs > _MOST_RUNS:
            self._runs = self._runs.joined()

    def has(self, keys: Keys) -> NDArray[np.bool_]:
        """For each fingerprint, no two of which are equal, whether it is known."""
        found = np.ones(len(keys), dtype=bool)
        for octets, bits in _places(keys):
            found &= (self._seen[octets] & bits) != 0
        if found.any():
            found[found], _ = self._runs.find(keys[found])
        return found

    def line(self, key: int) -> int | None:
        """The line of a fingerprint (0: unknown); None: it is not known."""
        keys = np.array([key], dtype=np.uint64)
        if not self.has(keys)[0]:
            return None
        _, records = self._runs.find(keys)
        return int(records["line"][0])


def _places(keys: Keys) -> list[tuple[NDArray[np.intp], NDArray[np.uint8]]]:
    """The octets of the filter, and the bit in each, that stand for each fingerprint."""
    found = []
    for factor in _FACTORS:
        at = (keys * factor) >> np.uint64(64 - _BITS)
        bits = np.left_shift(np.uint8(1), (at & np.uint64(7)).astype(np.uint8))
        found.append(((at >> np.uint64(3)).astype(np.intp), bits))
    return found
