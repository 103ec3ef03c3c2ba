"""The load upon a service, as much as the machine bears at the moment, stretch by stretch."""

import asyncio
from collections.abc import Iterator

import uvloop

from tests.bench.day.clients import Book, Part, ask
from tests.bench.day.floor import Floor
from tests.bench.day.shapes import Shape
from tests.bench.day.verdict import Look

_STRETCHES = 5


class Load:
    """Clients of a service whose capacity is found when it is made.

    Args:
        served: what is asked.
        floor: how fast the machine is.
        clients: connections.
        seconds: in which the capacity is found.
    """

    def __init__(self, served: Shape, floor: Floor, clients: int, seconds: float) -> None:
        self._served, self._floor, self._clients = served, floor, clients
        self._number = 0
        self._rounds = floor.rounds()
        self._first = 1.0
        self._run(seconds, None)  # what is opened at the first request is open
        self._rounds = floor.rounds()
        found = [self._stretch(seconds / _STRETCHES, None) for _ in range(_STRETCHES)]
        self.errors = sum((look.part.errors for look in found), start=Part().errors)
        """What went wrong meanwhile."""
        self._first = sum(look.speed for look in found) / _STRETCHES
        self.capacity = sum(look.part.count / look.speed for look in found) / seconds * self._first
        """Requests a second that were answered, at the speed of the machine which is 1 from now on."""

    def looks(self, parts: int, seconds: float, share: float) -> Iterator[Look]:
        """Stretches of the load at a share of the capacity, as the machine is before each."""
        for _ in range(parts):
            yield self._stretch(seconds, share * self.capacity * self._rounds / self._first)

    def _stretch(self, seconds: float, rate: float | None) -> Look:
        part, before = self._run(seconds, rate), self._rounds
        self._rounds = self._floor.rounds()
        return Look(part, self._served.memory(), (before + self._rounds) / 2 / self._first)

    def _run(self, seconds: float, rate: float | None) -> Part:
        self._number += 1
        book = Book(seconds, rate)
        asked = ask(
            book, self._served.port, self._served.ground, clients=self._clients, seed=str(self._number)
        )
        asyncio.run(asked, loop_factory=uvloop.new_event_loop)
        return book.part
