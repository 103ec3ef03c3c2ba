"""The ids of a document and the links between them, in memory that does not grow with it."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pcrs.aside import Aside
from pcrs.vector.id_table import IdTable, Keys, Lines
from pcrs.vector.spilled_ids import SpilledIds

MOST_IDS = 200_000
"""Ids in memory: 5 MB."""
MOST_LINKS = 20_000
"""Links in memory that wait for their target: 10 MB."""

_START = "A-Za-z_À-ÖØ-öø-ÿ"
_NCNAME = re.compile(rf"[{_START}][{_START}0-9.·-]*")
_FOREIGN = re.compile(rf"^[^{_START}]|[^{_START}0-9.·-]")
_BITS = (1 << 64) - 1
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


def _fingerprints(texts: Sequence[str]) -> Keys:
    """Those of many texts."""
    keys = np.fromiter(map(hash, texts), dtype=np.int64, count=len(texts)).view(np.uint64)
    keys[keys == 0] = 1
    return keys


class Ids:
    """Every `gml:id` seen so far with its line: the last ones in memory, all others on disk."""

    def __init__(self) -> None:
        self._near = IdTable()
        self._far: SpilledIds | None = None

    def add(self, gml_id: str, line: int | None) -> int | None:
        """None for a new id, which is then known; else the line (0: unknown) that had it first."""
        key = _fingerprint(gml_id)
        known = self._line(key)
        if known is None:
            self._near.put(key, line or 0)
            self._spill_if_many()
        return known

    def add_all(self, ids: Sequence[tuple[str, int | None]]) -> bool:
        """True when none was known and no two are one: now all are, with their lines. Else none is."""
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
        keys, places = np.unique(_fingerprints(ids), return_inverse=True)
        return [ids[at] for at in np.flatnonzero(~self._has(keys)[places]).tolist()]

    def __contains__(self, gml_id: str) -> bool:
        return self._line(_fingerprint(gml_id)) is not None

    def at_hand(self, gml_id: str) -> bool:
        """True when the id is known, and still in memory."""
        return self._near.line(_fingerprint(gml_id)) is not None

    def _line(self, key: int) -> int | None:
        known = self._near.line(key)
        return self._far.line(key) if known is None and self._far is not None else known

    def _has(self, keys: Keys) -> NDArray[np.bool_]:
        """For each fingerprint, no two of which are equal, whether it is known."""
        found = self._near.has(keys)
        if self._far is not None and not found.all():
            found[~found] = self._far.has(keys[~found])
        return found

    def _put(self, keys: Keys, lines: Lines) -> None:
        """Fingerprints that are not known, and differ, are."""
        self._near.put_all(keys, lines)
        self._spill_if_many()

    def _spill_if_many(self) -> None:
        if len(self._near) >= MOST_IDS:
            self._far = self._far or SpilledIds()
            self._far.add(*self._near.taken())


class Links:
    """The internal links whose target has not come yet: some in memory, those that wait long on disk."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self._waiting: dict[str, list[Link]] = {}
        self._count = 0
        self._aside: Aside | None = None

    def add(self, links: Iterable[Link]) -> None:
        """Notes links; those that lead out of the document, or to an id of late, are settled."""
        for link in links:
            target = target_of(link.href)
            if target is not None and not self._ids.at_hand(target):
                self._waiting.setdefault(target, []).append(link)
                self._count += 1
        if self._count >= MOST_LINKS:
            self._aside = self._aside or Aside()
            self._aside.add(self._taken())

    def arrived(self, gml_ids: Iterable[str]) -> None:
        """Settles the links that waited for these ids."""
        if self._waiting:
            for gml_id in gml_ids:
                self._count -= len(self._waiting.pop(gml_id, ()))

    def unresolved(self) -> Iterator[Link]:
        """What has no target once the document has ended, in the order of the file."""
        if self._aside is not None:
            for links in self._aside:
                yield from self._lost([Link(*each) for each in links])
        yield from self._lost(self._taken())

    def _taken(self) -> list[Link]:
        """What waits in memory, in the order of the file: it does no more."""
        links = sorted(chain.from_iterable(self._waiting.values()), key=lambda each: each.line or 0)
        self._waiting, self._count = {}, 0
        return links

    def _lost(self, links: Sequence[Link]) -> Iterator[Link]:
        lost = set(self._ids.missing([target for link in links if (target := target_of(link.href))]))
        return (link for link in links if target_of(link.href) in lost)
