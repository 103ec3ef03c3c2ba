"""The records of the catalogue, read and held: what OGC API Records and DCAT are answered from.

A record is read once; when the catalogue changes, only those that changed are read again.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from xxhash import xxh3_64_intdigest

from pcrs.errors import InputError
from pcrs.publish.entry import Entry, read_entry
from pcrs.standard.folding import folded


class Records(Protocol):
    """What is asked of the store of records."""

    def revision(self) -> str:
        """A text that changes with the catalogue."""

    def all(self) -> Iterator[tuple[str, bytes]]:
        """(identifier, document) of every record, in the order of identifiers."""


@dataclass(frozen=True, slots=True)
class Held:
    """A record, and the folded texts that words are looked for in."""

    entry: Entry
    words: str


@dataclass(frozen=True, slots=True)
class Shelf:
    """The whole catalogue in one state."""

    revision: str
    held: tuple[Held, ...]
    """In the order of identifiers."""

    def get(self, identifier: str) -> Entry | None:
        """The record of that identifier."""
        return next((one.entry for one in self.held if one.entry.identifier == identifier), None)


class Entries:
    """The records of a store, from any thread."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._lock = threading.Lock()
        self._shelf = Shelf("", ())
        self._read: dict[tuple[str, int], Held] = {}

    def shelf(self) -> Shelf:
        """The catalogue as it is now.

        Raises:
            StoreError: the store cannot be read.
        """
        revision = self._records.revision()
        with self._lock:
            if revision != self._shelf.revision:
                self._shelf = self._filled(revision)
            return self._shelf

    def _filled(self, revision: str) -> Shelf:
        read: dict[tuple[str, int], Held] = {}
        for identifier, document in self._records.all():
            key = identifier, xxh3_64_intdigest(document)
            held = self._read.get(key) or _held(document)
            if held is not None:
                read[key] = held
        self._read = read
        return Shelf(revision, tuple(read.values()))


def _held(document: bytes) -> Held | None:
    """The record; None for one that is no ISO 19139, which the store does not take either."""
    try:
        entry = read_entry(document)
    except InputError:
        return None
    return Held(entry, folded(entry.searched))
