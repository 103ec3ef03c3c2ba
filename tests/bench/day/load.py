"""The load upon a service, as much as the machine bears at the moment, stretch by stretch."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator

import uvloop

from tests.bench.day.clients import Book, Part, ask
from tests.bench.day.pace import Pace
from tests.bench.day.shapes import Shape
from tests.bench.day.verdict import Look

_FOUND_AGAIN = 20
"""Stretches after which the capacity is looked for again: the machine is another one after minutes."""


class Load:
    """Clients of a service whose capacity is found when it is made, and again and again.

    Args:
        served: what is asked.
        pace: how fast the machine is.
        clients: connections.
        seconds: in which the capacity is found first, after as many that are not counted; half as many later.
    """

    def __init__(self, served: Shape, pace: Pace, clients: int, seconds: float) -> None:
        self._served, self._pace, self._clients = served, pace, clients
        self._number, self._again_s = 0, seconds / 2
        self.errors: Counter[str] = Counter()
        """What went wrong while the capacity was looked for, until a look tells of it."""
        self.found: list[float] = []
        """The capacity, requests a second that were answered, each time at the speed which is 1."""
        self._run(seconds, None)  # what is opened at the first request is open
        self._first = self.find(seconds)

    def find(self, seconds: float | None = None) -> float:
        """The capacity is looked for, of a service that answers; the speed of the machine meanwhile."""
        part, speed = self._run(seconds or self._again_s, None)
        self.errors += part.errors
        if part.count:
            self.found.append(part.count / part.seconds * (self._first / speed if self.found else 1.0))
        return speed

    def looks(self, parts: int, seconds: float, share: float) -> Iterator[Look]:
        """Stretches of the load at a share of the capacity, as the machine is at each moment."""

        def rate() -> float:
            return share * self.found[-1] * self._pace.now() / self._first

        for number in range(parts):
            if number and number % _FOUND_AGAIN == 0:
                self.find()
            part, speed = self._run(seconds, rate)
            part.errors += self.errors
            self.errors.clear()
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
