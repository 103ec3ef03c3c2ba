"""What an affleurant says, beside each geometry and symbol that shows it: its network above all.

The standard links them through two other objects, so that no client can colour one without walking all: the
links are walked here, once for each state of the store (some 20 µs and 300 bytes an affleurant).
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pcrs.store.base import FeatureStore, Row
from pcrs.work.covers import COVER_CLASSES, COVER_COLUMNS, covers
from pcrs.work.selection import EVERY, Selection

type Said = Mapping[str, Mapping[str, str | None]]


class Covers:
    """The affleurants of one state of a store. Any thread may ask; the first one waits."""

    def __init__(self, store: FeatureStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._said: Said | None = None

    def tell(self, rows: Sequence[Row], documents: Sequence[dict[str, Any]]) -> None:
        """The properties of each document get `COVER_COLUMNS`; null where no affleurant is shown by it."""
        said = self._links() if rows else {}
        for row, document in zip(rows, documents, strict=True):
            found = said.get(row.id, {})
            document["properties"] |= {column.name: found.get(column.name) for column in COVER_COLUMNS}

    def _links(self) -> Said:
        with self._lock:
            if self._said is None:
                layers = {each.name: each for each in self._store.layers() if each.name in COVER_CLASSES}
                self._said = covers(Selection(self._store, layers, None, replace(EVERY, geometry=False)))
            return self._said
