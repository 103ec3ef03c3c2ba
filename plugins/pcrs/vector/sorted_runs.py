"""Records in the order of a number, however many: some ten thousand in memory, the others in a file beside.

What is more than memory should hold is sorted and written as a run; runs are read together, piece by piece,
for what a whole document tells, or asked for single numbers.
"""

import weakref
from collections.abc import Iterable, Iterator, Sequence
from tempfile import TemporaryFile
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

MOST = 65_536
"""Records in memory, and about as many in a piece."""
_FENCE = 256
"""Records between two of which a run keeps the number in memory."""
_DENSE = 16
"""From one number sought in so many blocks on, a run is read from its beginning to its end."""
type Records = NDArray[np.void]
type Keys = NDArray[np.uint64]


class _Run:
    """Records of a file in the order of `key`."""

    def __init__(self, file: IO[bytes], kind: np.dtype[np.void], pieces: Iterable[Records]) -> None:
        """Written at the end of the file; the pieces follow each other in order."""
        self._file, self._kind, self._count = file, kind, 0
        self._start = file.seek(0, 2)
        fences = []
        left = np.empty(0, dtype=kind)
        for piece in pieces:
            left = np.concatenate([left, piece]) if len(left) else piece
            whole = left[: len(left) // _FENCE * _FENCE]
            fences.append(self._write(whole))
            left = left[len(whole) :]
        self.fences: Keys = np.concatenate([*fences, self._write(left)])

    def _write(self, records: Records) -> Keys:
        self._file.write(records.tobytes())
        self._count += len(records)
        keys: Keys = records["key"][::_FENCE].copy()
        return keys

    def __len__(self) -> int:
        return self._count

    def read(self, start: int, end: int) -> Records:
        """Records from one place to another."""
        self._file.seek(self._start + start * self._kind.itemsize)
        size = (min(end, self._count) - start) * self._kind.itemsize
        return np.frombuffer(self._file.read(size), dtype=self._kind)

    def place(self, key: np.uint64, side: Any) -> int:
        """Where `key` belongs: before those equal to it (`left`) or after (`right`)."""
        block = int(np.searchsorted(self.fences, key, side))
        if block == 0:
            return 0
        start = (block - 1) * _FENCE
        return start + int(np.searchsorted(self.read(start, start + _FENCE)["key"], key, side))

    def find(self, keys: Keys) -> Iterator[tuple[NDArray[np.intp], Records]]:
        """Those of some keys, in order, that the run has: their places among them, and a record of each."""
        blocks = np.searchsorted(self.fences, keys, "right") - 1
        step = MOST // _FENCE if len(keys) * _DENSE > len(self.fences) else 1
        wanted = blocks // step
        for part in np.split(np.arange(len(keys)), np.flatnonzero(np.diff(wanted)) + 1):
            if not len(part) or wanted[part[0]] < 0:
                continue
            start = int(wanted[part[0]]) * step * _FENCE
            records = self.read(start, start + step * _FENCE)
            at = np.minimum(np.searchsorted(records["key"], keys[part]), len(records) - 1)
            there = records["key"][at] == keys[part]
            yield part[there], records[at[there]]


class SortedRuns:
    """Records with a `key` (64 bits, no sign) and the fields that are given; equal keys as they came.

    The file is temporary, without a name, and gone with this object.

    Raises:
        OSError: the disk is full.
    """

    def __init__(self, fields: Sequence[tuple[str, str]], most: int | None = None) -> None:
        """`most`: records that are held in memory."""
        self._fields = fields
        self.kind = np.dtype([("key", "u8"), *fields])
        self._most = MOST if most is None else most
        self._waiting: list[Records] = []
        self._count = 0
        self._file: IO[bytes] | None = None
        self._runs: list[_Run] = []

    def add(self, keys: Any, **columns: Any) -> None:
        """More records: a key and a value of each field for each."""
        records = np.empty(len(keys), dtype=self.kind)
        records["key"] = keys
        for name, values in columns.items():
            records[name] = values
        self._waiting.append(records)
        self._count += len(records)
        if self._count >= self._most:
            self._write([self._taken()])

    def pieces(self) -> Iterator[Records]:
        """All records in order. Those of one key may go on in the next piece, and there may be no piece."""
        waiting = self._taken()
        if not self._runs:
            self._waiting, self._count = [waiting], len(waiting)
            if len(waiting):
                yield waiting
            return
        if len(waiting):
            self._write([waiting])
        yield from self._merged()

    def find(self, keys: Keys) -> tuple[NDArray[np.bool_], Records]:
        """For each of some keys whether it is in a run, and then its record; no two are equal."""
        there, found = np.zeros(len(keys), dtype=bool), np.zeros(len(keys), dtype=self.kind)
        left = np.argsort(keys)
        for run in self._runs:
            for at, records in run.find(keys[left]):
                there[left[at]] = True
                found[left[at]] = records
            left = left[~there[left]]
        return there, found

    @property
    def runs(self) -> int:
        """How many runs there are."""
        return len(self._runs)

    def joined(self) -> "SortedRuns":
        """The same records in one run."""
        made = SortedRuns(self._fields, self._most)
        made._write(self.pieces())
        return made

    def _taken(self) -> Records:
        """What waits, in order."""
        records = np.concatenate(self._waiting) if self._waiting else np.empty(0, dtype=self.kind)
        self._waiting, self._count = [], 0
        return records[np.argsort(records["key"], kind="stable")]

    def _write(self, pieces: Iterable[Records]) -> None:
        if self._file is None:
            self._file = TemporaryFile()
            weakref.finalize(self, self._file.close)
        self._runs.append(_Run(self._file, self.kind, pieces))

    def _merged(self) -> Iterator[Records]:
        """Cut where runs are cut, so that no piece is much larger than what memory should hold."""
        fences = np.sort(np.concatenate([run.fences for run in self._runs]))
        begun = [0] * len(self._runs)
        for cut in np.unique(fences[:: MOST // _FENCE]):
            before = [run.place(cut, "left") for run in self._runs]
            yield from self._between(begun, before)
            begun = [run.place(cut, "right") for run in self._runs]
            yield from self._equal(before, begun)
        yield from self._between(begun, [len(run) for run in self._runs])

    def _between(self, starts: Sequence[int], ends: Sequence[int]) -> Iterator[Records]:
        parts = [
            run.read(*own) for run, *own in zip(self._runs, starts, ends, strict=True) if own[0] < own[1]
        ]
        if parts:
            records = np.concatenate(parts)
            yield records[np.argsort(records["key"], kind="stable")]

    def _equal(self, starts: Sequence[int], ends: Sequence[int]) -> Iterator[Records]:
        """Records of one key, which may be very many."""
        for run, first, last in zip(self._runs, starts, ends, strict=True):
            for start in range(first, last, MOST):
                yield run.read(start, min(start + MOST, last))
