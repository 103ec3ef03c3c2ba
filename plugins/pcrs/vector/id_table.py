"""Fingerprints of ids with their lines, in memory: 12 bytes a slot, a third to a half of them free."""

from mmap import MADV_DONTNEED, MAP_ANONYMOUS, MAP_PRIVATE, mmap

import numpy as np
from numpy.typing import NDArray

_MOVED = 1 << 16
"""Slots that are moved at a time."""
type Keys = NDArray[np.uint64]
type Lines = NDArray[np.uint32]


class IdTable:
    """Which fingerprints (64 bits, never 0) are known, with a line (0: unknown) for each.

    Slots are in the order of fingerprints, so that a table that grows is moved piece by piece, each given
    back at once: at no time are there two.
    """

    def __init__(self) -> None:
        self._count = 0
        self._make(1024)

    def _make(self, size: int) -> None:
        """That many free slots: one at a time they are asked through views, which NumPy is slow at."""
        keys, lines = self._maps = [
            mmap(-1, each * size, flags=MAP_PRIVATE | MAP_ANONYMOUS) for each in (8, 4)
        ]
        self._keys, self._lines, self._size = memoryview(keys).cast("Q"), memoryview(lines).cast("I"), size

    def __len__(self) -> int:
        return self._count

    def line(self, key: int) -> int | None:
        """The line of a fingerprint; None: it is not known."""
        slot = self._slot(key)
        return self._lines[slot] if self._keys[slot] else None

    def put(self, key: int, line: int) -> None:
        """A fingerprint that is not known is."""
        slot = self._slot(key)
        self._keys[slot], self._lines[slot] = key, line
        self._count += 1
        self._grow_if_full()

    def has(self, keys: Keys) -> NDArray[np.bool_]:
        """For each fingerprint whether it is known."""
        held = np.frombuffer(self._keys, dtype=np.uint64)
        found = np.zeros(len(keys), dtype=bool)
        places, slots = np.arange(len(keys)), self._first(keys)
        while len(places):
            there = held[slots]
            found[places] = there == keys[places]
            busy = (there != 0) & ~found[places]
            places, slots = places[busy], self._next(slots[busy])
        return found

    def put_all(self, keys: Keys, lines: Lines) -> None:
        """Fingerprints that are not known, and differ, are."""
        self._count += len(keys)
        self._grow_if_full()
        self._place(keys, lines)

    def taken(self) -> tuple[Keys, Lines]:
        """All that was known, with its lines: nothing is any more."""
        held, noted = np.frombuffer(self._keys, dtype=np.uint64), np.frombuffer(self._lines, dtype=np.uint32)
        there = held != 0
        found = held[there], noted[there]
        self._count = 0
        self._make(self._size)
        return found

    def _first(self, keys: Keys) -> Keys:
        """Where keys belong: as far as they are between no key and the greatest."""
        slots: Keys = (keys >> np.uint64(32)) * np.uint64(self._size) >> np.uint64(32)
        return slots

    def _next(self, slots: Keys) -> Keys:
        return (slots + np.uint64(1)) % np.uint64(self._size)

    def _place(self, keys: Keys, lines: Lines) -> None:
        """Keys that are not there, and differ, are in the first free slots from where they belong."""
        held, noted = np.frombuffer(self._keys, dtype=np.uint64), np.frombuffer(self._lines, dtype=np.uint32)
        slots = self._first(keys)
        while len(keys):
            free = held[slots] == 0
            held[slots[free]] = keys[free]
            here = held[slots] == keys
            noted[slots[here]] = lines[here]
            keys, lines, slots = keys[~here], lines[~here], self._next(slots[~here])

    def _slot(self, key: int) -> int:
        """Where `key` is, or the free slot where it belongs."""
        keys, size = self._keys, self._size
        slot = (key >> 32) * size >> 32
        while (held := keys[slot]) and held != key:
            slot = (slot + 1) % size
        return slot

    def _grow_if_full(self) -> None:
        """A third of the slots stay free: the keys move to more, each to the first free one."""
        if 3 * self._count <= 2 * self._size:
            return
        old, maps = self._size, self._maps
        keys, lines = np.frombuffer(self._keys, np.uint64), np.frombuffer(self._lines, np.uint32)
        size = old
        while 3 * self._count > 2 * size:
            size = size * 4 // 3
        self._make(size)
        for start in range(0, old, _MOVED):
            piece = slice(start, start + _MOVED)
            there = keys[piece] != 0
            self._place(keys[piece][there], lines[piece][there])
            for each, octets in zip(maps, (8, 4), strict=True):
                each.madvise(MADV_DONTNEED, start * octets, min(_MOVED, old - start) * octets)
