"""Pages and counts of a store, remembered while nothing changes.

pygeoapi pages by offset. A page that follows one already given is asked by fid instead, so that the last page
of a million objects costs as much as the first.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple, Self

from pcrs.store.base import FeatureStore, Page, Query

_REMEMBERED = 4096
_COUNTED_MAX = 10_000
"""Objects that are counted for a page; `resulttype=hits` counts all."""


class State(NamedTuple):
    """A layer, as its store was at the request, or a moment before."""

    store: FeatureStore
    layer: str
    mark: str
    """What changes with the store: its revision, or a text that was made of it."""

    @classmethod
    def now(cls, store: FeatureStore, layer: str) -> Self:
        """As it is at this moment."""
        return cls(store, layer, store.revision())


@dataclass(frozen=True, slots=True)
class _Place:
    """The beginning of a page."""

    state: State
    query: Query
    offset: int


class Pages:
    """Reads pages; remembers the fid at which the next one begins."""

    def __init__(self) -> None:
        self._after: OrderedDict[_Place, int] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, state: State, query: Query) -> Page:
        """The page that `query` asks, by offset or after a row."""
        if query.after is not None:
            return state.store.query(state.layer, query)
        place = _Place(state, replace(query, offset=0, limit=0), query.offset)
        with self._lock:
            after = self._after.get(place)
        asked = query if after is None else replace(query, offset=0, after=after)
        page = state.store.query(state.layer, asked)
        if page.next_after is not None:
            following = replace(place, offset=query.offset + len(page.rows))
            with self._lock:
                self._after[following] = page.next_after
                while len(self._after) > _REMEMBERED:
                    self._after.popitem(last=False)
        return page


@lru_cache(maxsize=_REMEMBERED)
def _counted(state: State, query: Query) -> int:
    return state.store.count(state.layer, query)


@lru_cache(maxsize=_REMEMBERED)
def _counted_up_to(state: State, query: Query) -> int | None:
    return state.store.count_up_to(state.layer, query, _COUNTED_MAX)


def matched(state: State, query: Query) -> int:
    """How many objects the query has, whatever its paging."""
    return _counted(state, _whole(query))


def matched_cheaply(state: State, query: Query) -> int | None:
    """The same when it costs little; None: there are more than ten thousand."""
    whole = _whole(query)
    return _counted(state, whole) if whole == _ALL else _counted_up_to(state, whole)


def _whole(query: Query) -> Query:
    return replace(query, offset=0, limit=0, sort=(), beyond=(), after=None, geometry=True)


_ALL = Query(offset=0, limit=0)
