"""Clients that ask all the time, as fast as they are answered or at a given rate, over open connections."""

import asyncio
import random
import time
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from tests.bench.day.mix import Ground, request

_PATIENCE_S = 30.0
_LATE_S = 0.1
_ROUNDED_S = 1e-6
"""Steps of time are rounded: what falls so shortly before the end falls upon it."""
_FAILED = (OSError, TimeoutError, EOFError, ValueError, asyncio.LimitOverrunError)


@dataclass(slots=True)
class Part:
    """What one stretch of time saw."""

    seconds: float = 0.0
    taken: dict[str, array[float]] = field(default_factory=lambda: defaultdict(lambda: array("f")))
    """By kind, the seconds from when it was due to the last byte of each answer that was read whole."""
    errors: Counter[str] = field(default_factory=Counter)
    late: int = 0
    """Requests that were sent more than a tenth of a second after they were due: all clients waited."""

    @property
    def count(self) -> int:
        """Answers that were read whole."""
        return sum(map(len, self.taken.values()))

    def quantile_ms(self, share: float, kind: str | None = None) -> float:
        """Milliseconds within which this share was answered, of one kind or of all; NaN of nothing."""
        chosen = [times for name, times in self.taken.items() if kind in (None, name) and len(times)]
        if not chosen:
            return float("nan")
        return float(np.quantile(np.concatenate(chosen), share, method="higher")) * 1000


def joined(parts: Iterable[Part]) -> Part:
    """All that these saw, as one."""
    whole = Part()
    for part in parts:
        whole.seconds += part.seconds
        whole.errors += part.errors
        whole.late += part.late
        for kind, times in part.taken.items():
            whole.taken[kind].extend(times)
    return whole


class Book:
    """When the next request of a stretch of time is due, the same for all clients, and what they saw.

    What waits for a free client is due all the same, and its time runs.

    Args:
        seconds: of the stretch.
        rate: so many requests a second, asked before each; None: as many as are answered.
    """

    def __init__(self, seconds: float, rate: Callable[[], float] | None = None) -> None:
        self.part = Part(seconds)
        self._rate = rate
        self.begin()

    def begin(self) -> None:
        """The time begins now."""
        self._due = time.perf_counter()
        self._end = self._due + self.part.seconds

    async def next(self) -> float | None:
        """Waits until a request is due: since when, by `perf_counter`; None when time is over."""
        now = time.perf_counter()
        due = self._due if self._rate else now
        if due >= self._end - _ROUNDED_S:
            return None
        if self._rate:
            self._due += 1 / self._rate()
            self.part.late += now - due > _LATE_S
            await asyncio.sleep(max(0.0, due - now))
        return due


async def ask(book: Book, port: int, ground: Ground, *, clients: int, seed: str) -> None:
    """Requests for the time of the book."""
    book.begin()
    async with asyncio.TaskGroup() as group:
        for number in range(clients):
            group.create_task(_client(port, ground, random.Random(f"{seed}-{number}"), book))


async def _client(port: int, ground: Ground, dice: random.Random, book: Book) -> None:
    link: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
    while (due := await book.next()) is not None:
        kind, raw = request(dice, ground)
        try:
            async with asyncio.timeout(_PATIENCE_S):
                if link is None:
                    link = await asyncio.open_connection("127.0.0.1", port)
                link[1].write(raw)
                status, stays = await _answer(link[0])
        except _FAILED as error:
            book.part.errors[f"{kind}: {type(error).__name__}"] += 1
            stays = False
        else:
            book.part.taken[kind].append(time.perf_counter() - due)
            if status not in (200, 204, 206):
                book.part.errors[f"{kind}: {status}"] += 1
        if link is not None and not stays:
            link[1].close()
            link = None
    if link is not None:
        link[1].close()


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bool]:
    """The status, when the answer was read whole, and whether the connection stays open."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    status, stays = int(head[9:12]), b"\r\nconnection: close\r\n" not in head
    for line in head.split(b"\r\n"):
        if line.startswith(b"content-length:"):
            await reader.readexactly(int(line.partition(b":")[2]))
            return status, stays
    if b"transfer-encoding: chunked" in head:
        while size := int(await reader.readline(), 16):
            await reader.readexactly(size + 2)
        await reader.readline()
    return status, stays
