"""The ids of a document and the links between them, in few bytes: what only the whole file can tell."""

import re
from collections.abc import Iterable, Iterator, Sequence
from mmap import MADV_DONTNEED, mmap
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_START = "A-Za-z_À-ÖØ-öø-ÿ"
_NCNAME = re.compile(rf"[{_START}][{_START}0-9.·-]*")
_FOREIGN = re.compile(rf"^[^{_START}]|[^{_START}0-9.·-]")
_BITS = (1 << 64) - 1
_MOVED = 1 << 16
"""Slots that are moved at a time."""
_INTERNAL = re.compile(r"#(?P<anchor>.+)|(?P<bare>[^#/:?]+)")


def is_ncname(text: str) -> bool:
    """True when `text` may be a `gml:id` (`xs:ID`, Latin letters: no digit first, no space or colon)."""
    return _NCNAME.fullmatch(text) is not None


def as_ncname(text: str) -> str:
    """`text` as a `gml:id`: what an id may not have becomes `_xHHHH_`; a good id stays as it is."""
    return _FOREIGN.sub(lambda found: f"_x{ord(found[0]):04X}_", text)


def target_of(href: str) -> str | None:
    """The `gml:id` in the same document that a link names, or None for a link that leads out of it.

    `#id` is the standard's way; a bare `id`, which real files write, is read likewise.
    """
    found = _INTERNAL.fullmatch(href.strip())
    return (found["anchor"] or found["bare"]) if found else None


class Link(NamedTuple):
    """A link as an object writes it, with its place."""

    href: str
    line: int | None
    object_id: str
    class_name: str
    attribute: str


def _fingerprint(text: str) -> int:
    """64 bits of the text, never 0: two of a million ids meet once in forty million files.

    They are those of this process alone (SipHash, with its own key).
    """
    return hash(text) & _BITS or 1


def _fingerprints(texts: Sequence[str]) -> NDArray[np.uint64]:
    """Those of many texts."""
    keys = np.fromiter(map(hash, texts), dtype=np.int64, count=len(texts)).view(np.uint64)
    keys[keys == 0] = 1
    return keys


class Ids:
    """Every `gml:id` seen so far with its line: 12 bytes a slot, a third to a half of them free.

    Slots are in the order of fingerprints, so that a table that grows is moved piece by piece, each given
    back at once: at no time are there two.
    """

    def __init__(self) -> None:
        self._count = 0
        self._make(1024)

    def _make(self, size: int) -> None:
        """That many free slots: one at a time they are asked through views, which NumPy is slow at."""
        self._maps = mmap(-1, 8 * size), mmap(-1, 4 * size)
        keys, lines = self._maps
        self._keys, self._lines, self._size = memoryview(keys).cast("Q"), memoryview(lines).cast("I"), size

    def add(self, gml_id: str, line: int | None) -> int | None:
        """None for a new id, which is then known; else the line (0: unknown) that had it first."""
        key = _fingerprint(gml_id)
        slot = self._slot(key)
        if self._keys[slot]:
            return self._lines[slot]
        self._keys[slot], self._lines[slot] = key, line or 0
        self._count += 1
        self._grow_if_full()
        return None

    def add_new(self, ids: Iterable[tuple[str, int | None]]) -> bool:
        """True when none was known and no two are one: now all are, with their lines. Else none is."""
        taken: list[int] = []
        for gml_id, line in ids:
            key = _fingerprint(gml_id)
            slot = self._slot(key)
            if self._keys[slot]:
                for each in taken:
                    self._keys[each] = 0
                self._count -= len(taken)
                return False
            self._keys[slot], self._lines[slot] = key, line or 0
            taken.append(slot)
            self._count += 1
        self._grow_if_full()
        return True

    def add_all(self, ids: Sequence[tuple[str, int | None]]) -> bool:
        """As `add_new`, for some hundreds at once."""
        keys = _fingerprints([gml_id for gml_id, _ in ids])
        if len(np.unique(keys)) < len(keys) or self._has(keys).any():
            return False
        self._put(keys, np.array([line or 0 for _, line in ids], dtype=np.uint32))
        return True

    def update(self, ids: Sequence[str]) -> None:
        """Knows these ids, without a line, as well as those that were known."""
        keys = np.unique(_fingerprints(ids))
        keys = keys[~self._has(keys)]
        self._put(keys, np.zeros(len(keys), dtype=np.uint32))

    def missing(self, ids: Sequence[str]) -> list[str]:
        """Those that are not known."""
        return [ids[at] for at in np.flatnonzero(~self._has(_fingerprints(ids))).tolist()]

    def __len__(self) -> int:
        return self._count

    def _has(self, keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """For each key whether it is known."""
        held = np.frombuffer(self._keys, dtype=np.uint64)
        found = np.zeros(len(keys), dtype=bool)
        places, slots = np.arange(len(keys)), self._first(keys)
        while len(places):
            there = held[slots]
            found[places] = there == keys[places]
            busy = (there != 0) & ~found[places]
            places, slots = places[busy], self._next(slots[busy])
        return found

    def _first(self, keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
        """Where keys belong: as far as they are between no key and the greatest."""
        slots: NDArray[np.uint64] = (keys >> np.uint64(32)) * np.uint64(self._size) >> np.uint64(32)
        return slots

    def _next(self, slots: NDArray[np.uint64]) -> NDArray[np.uint64]:
        return (slots + np.uint64(1)) % np.uint64(self._size)

    def _put(self, keys: NDArray[np.uint64], lines: NDArray[np.uint32]) -> None:
        """Keys that are not there, and differ, are known."""
        self._count += len(keys)
        self._grow_if_full()
        self._place(keys, lines)

    def _place(self, keys: NDArray[np.uint64], lines: NDArray[np.uint32]) -> None:
        """Keys that are not there, and differ, are in the first free slots from where they belong."""
        held, noted = np.frombuffer(self._keys, dtype=np.uint64), np.frombuffer(self._lines, dtype=np.uint32)
        slots = self._first(keys)
        while len(keys):
            free = held[slots] == 0
            held[slots[free]] = keys[free]
            here = held[slots] == keys
            noted[slots[here]] = lines[here]
            keys, lines, slots = keys[~here], lines[~here], self._next(slots[~here])

    def __contains__(self, gml_id: str) -> bool:
        return self._keys[self._slot(_fingerprint(gml_id))] != 0

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


class Links:
    """The internal links whose target has not come yet: only these are held."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self._waiting: dict[str, list[Link]] = {}

    def all_arrived(self, gml_ids: Iterable[str]) -> None:
        """Settles the links that waited for these ids."""
        if self._waiting:
            for gml_id in gml_ids:
                self._waiting.pop(gml_id, None)

    def add(self, links: Iterable[Link]) -> None:
        """Notes links; those that lead out of the document, or to an id already seen, are settled."""
        for link in links:
            target = target_of(link.href)
            if target is not None and target not in self._ids:
                self._waiting.setdefault(target, []).append(link)

    def arrived(self, gml_id: str) -> None:
        """Settles the links that waited for this id."""
        self._waiting.pop(gml_id, None)

    def unresolved(self) -> Iterator[Link]:
        """What still waits, in the order of the file."""
        for links in self._waiting.values():
            yield from links
