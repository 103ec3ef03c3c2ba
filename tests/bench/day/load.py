"""The load upon a service, as much as the machine bears at the moment, stretch by stretch."""

import asyncio
from collections.abc import Callable, Iterator

import uvloop

from tests.bench.day.clients import Book, Part, ask
from tests.bench.day.pace import Pace
from tests.bench.day.shapes import Shape
from tests.bench.day.verdict import Look


class Load:
    """Clients of a service whose capacity is found when it is made.

    Args:
        served: what is asked.
        pace: how fast the machine is.
        clients: connections.
        seconds: in which the capacity is found.
    """

    def __init__(self, served: Shape, pace: Pace, clients: int, seconds: float) -> None:
        self._served, self._pace, self._clients = served, pace, clients
        self._number = 0
        self._run(seconds, None)  # what is opened at the first request is open
        part, self._first = self._run(seconds, None)
        self.errors = part.errors
        """What went wrong meanwhile."""
        self.capacity = part.count / seconds
        """Requests a second that were answered, at the speed of the machine which is 1 from now on."""

    def now(self, seconds: float) -> float:
        """The capacity as it is now, at the same speed of the machine."""
        part, speed = self._run(seconds, None)
        return part.count / seconds * self._first / speed

    def looks(self, parts: int, seconds: float, share: float) -> Iterator[Look]:
        """Stretches of the load at a share of the capacity, as the machine is at each moment."""

        def rate() -> float:
            return share * self.capacity * self._pace.now() / self._first

        for _ in range(parts):
            part, speed = self._run(seconds, rate)
            yield Look(part, self._served.memory(), speed / self._first)

    def _run(self, seconds: float, rate: Callable[[], float] | None) -> tuple[Part, float]:
        """What was seen, and how fast the machine was meanwhile."""
        self._number += 1
        book, before = Book(seconds, rate), self._pace.reading()
        asked = ask(
            book, self._served.port, self._served.ground, clients=self._clients, seed=str(self._number)
        )
        asyncio.run(asked, loop_factory=uvloop.new_event_loop)
        return book.part, self._pace.reading().mean(before)
