"""Pages and counts of a store, remembered while nothing changes.

pygeoapi pages by offset. A page that follows one already given is asked by fid instead, so that the last page
of a million objects costs as much as the first.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from functools import lru_cache

from pcrs.store.base import FeatureStore, Page, Query

_REMEMBERED = 4096
_COUNTED_MAX = 10_000
"""Objects that are counted for a page; `resulttype=hits` counts all."""


@dataclass(frozen=True, slots=True)
class _Place:
    """The beginning of a page."""

    store: FeatureStore
    revision: str
    layer: str
    query: Query
    offset: int


class Pages:
    """Reads pages; remembers the fid at which the next one begins."""

    def __init__(self) -> None:
        self._after: OrderedDict[_Place, int] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, store: FeatureStore, layer: str, query: Query) -> Page:
        """The page that `query` asks, by offset or after a row."""
        if query.after is not None:
            return store.query(layer, query)
        place = _Place(store, store.revision(), layer, replace(query, offset=0, limit=0), query.offset)
        with self._lock:
            after = self._after.get(place)
        asked = query if after is None else replace(query, offset=0, after=after)
        page = store.query(layer, asked)
        if page.next_after is not None:
            following = replace(place, offset=query.offset + len(page.rows))
            with self._lock:
                self._after[following] = page.next_after
                while len(self._after) > _REMEMBERED:
                    self._after.popitem(last=False)
        return page


@lru_cache(maxsize=_REMEMBERED)
def _counted(store: FeatureStore, revision: str, layer: str, query: Query) -> int:
    return store.count(layer, query)


@lru_cache(maxsize=_REMEMBERED)
def _counted_up_to(store: FeatureStore, revision: str, layer: str, query: Query) -> int | None:
    return store.count_up_to(layer, query, _COUNTED_MAX)


def matched(store: FeatureStore, layer: str, query: Query) -> int:
    """How many objects the query has, whatever its paging."""
    return _counted(store, store.revision(), layer, _whole(query))


def matched_cheaply(store: FeatureStore, layer: str, query: Query) -> int | None:
    """The same when it costs little; None: there are more than ten thousand."""
    whole = _whole(query)
    if whole == Query(offset=0, limit=0):
        return matched(store, layer, query)
    return _counted_up_to(store, store.revision(), layer, whole)


def _whole(query: Query) -> Query:
    return replace(query, offset=0, limit=0, sort=(), beyond=(), after=None, geometry=True)
