"""The load upon services, as much as the machine bears at the moment, stretch by stretch."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator

import uvloop

from tests.bench.day.clients import Book, Part, ask, joined
from tests.bench.day.pace import Pace
from tests.bench.day.shapes import Shape
from tests.bench.day.verdict import SHARE, Look

_FOUND_AGAIN = 60
"""Stretches after which the capacity is looked for again, to be judged; what is asked stays the same."""
_TURN_S = 3.0


class Load:
    """Clients of a service whose capacity is found when it is made.

    Args:
        served: what is asked.
        pace: how fast the machine is.
        clients: connections.
        seconds: in which the capacity is found first, after as many not counted; a third of it later.
    """

    def __init__(self, served: Shape, pace: Pace, clients: int, seconds: float) -> None:
        self._served, self._pace, self._clients = served, pace, clients
        self._number, self._again_s = 0, seconds / 3
        self.errors: Counter[str] = Counter()
        """What went wrong in a warm-up or while the capacity was looked for, until a look tells of it."""
        self.found: list[float] = []
        """The capacity, requests a second that were answered, each time at the speed which is 1."""
        self._run(served, seconds, None)  # what is opened at the first request is open
        self._first = self.find(seconds)

    def find(self, seconds: float | None = None) -> float:
        """The capacity is looked for, of a service that answers; the speed of the machine meanwhile."""
        before = self._pace.reading()
        part = self._run(self._served, seconds or self._again_s, None)
        speed = self._pace.reading().mean(before)
        self.errors += part.errors
        if part.count:
            self.found.append(part.count / part.seconds * (self._first / speed if self.found else 1.0))
        return speed

    def warm(self, served: Shape, seconds: float) -> None:
        """The load upon this service or another, of which nothing but errors is kept."""
        self.errors += self._run(served, seconds, self._rate).errors

    def looks(self, parts: int, seconds: float, fresh: Shape | None = None) -> Iterator[Look]:
        """Stretches of the load; with another service, in turns of seconds with as many upon that one."""
        turns = max(1, round(seconds / _TURN_S)) if fresh else 1
        for number in range(parts):
            if number and number % _FOUND_AGAIN == 0:
                self.find()
            before = self._pace.reading()
            seen: list[Part] = []
            beside: list[Part] = []
            for _ in range(turns):
                seen.append(self._run(self._served, seconds / turns, self._rate))
                if fresh:
                    beside.append(self._run(fresh, seconds / turns, self._rate))
            speed = self._pace.reading().mean(before) / self._first
            part = joined(seen)
            part.errors += self.errors
            self.errors.clear()
            yield Look(part, self._served.memory(), speed, joined(beside) if fresh else None)

    def _rate(self) -> float:
        """The share of the capacity found first, as fast as the machine is now."""
        return SHARE * self.found[0] * self._pace.now() / self._first

    def _run(self, served: Shape, seconds: float, rate: Callable[[], float] | None) -> Part:
        self._number += 1
        book = Book(seconds, rate)
        asked = ask(book, served.port, served.ground, clients=self._clients, seed=str(self._number))
        asyncio.run(asked, loop_factory=uvloop.new_event_loop)
        return book.part
