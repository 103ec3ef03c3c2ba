"""What a steering committee asks: how much a site is used, by which kinds, where; how available it is."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

import shapely

from pcrs.publish.use.result import Place, Statistics
from pcrs.store.base import FeatureStore, Query
from pcrs.store.index import Index
from pcrs.store.use import Cell, Use
from pcrs.work.layers import COMMUNES
from pcrs.work.selection import pages

_ELSEWHERE = ("", "hors des communes connues / elsewhere")


def statistics(
    title: str, days: tuple[date, date], use: Use, index: Index, store: FeatureStore, *, now: datetime
) -> Statistics:
    """The figures of a site between two days, both included."""
    first, last = days
    begin = datetime.combine(first, datetime.min.time(), UTC)
    end = min(datetime.combine(last + timedelta(days=1), datetime.min.time(), UTC), now)
    there, minutes = use.minutes(_minute(begin), _minute(end))
    editions: dict[str, tuple[int, str | None]] = {}
    for dalle in index.dalles():
        number, newest = editions.get(dalle.edition, (0, None))
        newest = max(filter(None, (newest, dalle.acquired)), default=None)
        editions[dalle.edition] = (number + 1, newest)
    bounds = first.isoformat(), last.isoformat()
    return Statistics(
        title=title,
        first=first,
        last=last,
        rows=tuple(use.days(*bounds)),
        places=tuple(_places(use.cells(*bounds), store)),
        there=there,
        minutes=minutes,
        editions=editions,
    )


def _minute(moment: datetime) -> int:
    return int(moment.timestamp() // 60)


def _places(cells: Mapping[Cell, int], store: FeatureStore) -> list[Place]:
    """Requests by commune: a square kilometre belongs to the commune that holds its middle."""
    if not cells:
        return []
    found: dict[tuple[str, str], int] = {}
    names, tree = _communes(store)
    middles = shapely.points([(cell.x_km * 1000 + 500, cell.y_km * 1000 + 500) for cell in cells])
    held = dict(zip(*tree.query(middles, predicate="intersects"), strict=True)) if tree is not None else {}
    for place, requests in enumerate(cells.values()):
        key = names[held[place]] if place in held else _ELSEWHERE
        found[key] = found.get(key, 0) + requests
    places = [Place(code, name, requests) for (code, name), requests in found.items()]
    return sorted(places, key=lambda place: (-place.requests, place.code))


def _communes(store: FeatureStore) -> tuple[list[tuple[str, str]], shapely.STRtree | None]:
    if COMMUNES.name not in {layer.name for layer in store.layers()}:
        return [], None
    rows = [row for page in pages(store, COMMUNES.name, Query()) for row in page if row.geometry is not None]
    return [(row.id, str(row.values["nom"])) for row in rows], shapely.STRtree([row.geometry for row in rows])
