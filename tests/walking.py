"""A walk through all objects of a collection by its `next` links, while deliveries of GML are taken in."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import shapely

from pcrs.standard.model import Feature
from pcrs.store.base import FeatureStore
from pcrs.store.index import DeliveredFile, Delivery
from pcrs.vector.write import write
from pcrs.work.layers import cnig_layer
from pcrs.work.objects import import_objects

NAME = "MurPCRS"
X0, Y0 = 560_000.0, 6_360_000.0
VALUES = {
    "thematique": "05",
    "qualiteCategorisation": "01",
    "precisionPlanimetrique": "005",
    "producteur": "Lot",
}
_DELIVERED = 40


def wall(number: int) -> shapely.LineString:
    """The wall of that number, on a grid of 20 m, a thousand to a row."""
    x, y = X0 + 20 * (number % 1000), Y0 + 20 * (number // 1000)
    return shapely.LineString([(x, y, 150), (x + 5, y + 3, 151)])


def fill(store: FeatureStore, count: int) -> None:
    """The store has so many walls, in one transaction."""
    store.ensure(cnig_layer(NAME))
    rows = ((f"w{n}", wall(n), {**VALUES, "idObjet": f"w{n}"}) for n in range(count))
    store.put(NAME, rows)


class Deliveries:
    """Deliveries that are taken in one after the other in the background: old walls change, new ones come."""

    def __init__(self, store: FeatureStore, folder: Path, count: int) -> None:
        """The store has `count` walls at the beginning."""
        self.store, self.folder, self.count = store, folder, count
        self.taken = 0
        self._stop = threading.Event()
        self._hand = ThreadPoolExecutor(1)

    def __enter__(self) -> "Deliveries":
        self._work = self._hand.submit(self._run)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._hand.shutdown()
        self._work.result()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._deliver(self.taken + 1)
            self.taken += 1

    def _deliver(self, number: int) -> None:
        step = max(1, self.count // _DELIVERED)
        old = range(number % step, self.count, step)
        new = range(self.count + _DELIVERED * number, self.count + _DELIVERED * (number + 1))
        walls = (
            Feature(NAME, f"w{n}", {**VALUES, "idObjet": f"delivery {number}"}, wall(n), 2154)
            for n in (*old, *new)
        )
        write(self.folder / "murs.gml", walls, epsg=2154)
        moment = f"2025-01-01T00:00:00.{number:03d}+00:00"
        delivery = Delivery(f"d{number}", str(self.folder), "2025", "", "acceptée", "", moment)
        import_objects(
            self.store, delivery, [DeliveredFile(delivery.id, "murs.gml", "vecteur", 0, "", "conforme")]
        )


def walk(get: Callable[[str], Any], first: str) -> Iterator[list[str]]:
    """The ids of each page, from the first to the one without `next`."""
    address: str | None = first
    while address is not None:
        page = get(address)
        yield [feature["id"] for feature in page["features"]]
        address = next((link["href"] for link in page["links"] if link["rel"] == "next"), None)


@dataclass(frozen=True)
class Walked:
    """What a walk met."""

    pages: int
    seen: int
    twice: int
    missed: int
    """Of the walls that were there from the beginning."""
    deliveries: int
    """Taken in during the walk."""


def walk_while_delivered(
    store: FeatureStore, folder: Path, count: int, get: Callable[[str], Any], first: str
) -> Walked:
    """A whole walk of a store that `fill` filled, and what it met."""
    seen: set[str] = set()
    pages = met = 0
    with Deliveries(store, folder, count) as deliveries:
        for ids in walk(get, first):
            pages += 1
            met += len(ids)
            seen.update(ids)
    missed = sum(f"w{n}" not in seen for n in range(count))
    return Walked(pages, met, met - len(seen), missed, deliveries.taken)
