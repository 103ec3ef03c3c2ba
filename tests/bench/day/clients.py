"""Clients that ask all the time, as fast as they are answered or at a given rate, over open connections."""

import asyncio
import random
import time
from array import array
from collections import Counter
from dataclasses import dataclass, field

from tests.bench.day.mix import Ground, request

_PATIENCE_S = 30.0


@dataclass(slots=True)
class Part:
    """What one stretch of time saw."""

    seconds: float = 0.0
    taken: array[float] = field(default_factory=lambda: array("f"))
    """Seconds of each answer."""
    errors: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)

    def quantile_ms(self, share: float) -> float:
        """Milliseconds within which this share was answered."""
        ordered = sorted(self.taken)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000 if ordered else float("inf")


async def ask(
    port: int, ground: Ground, seconds: float, *, clients: int, seed: int, rate: float | None = None
) -> Part:
    """Requests for so long; `rate`: so many a second, and not as many as can be."""
    part, begun = Part(), time.perf_counter()
    slots = _Slots(begun, rate, begun + seconds)
    async with asyncio.TaskGroup() as group:
        for number in range(clients):
            group.create_task(_client(port, ground, random.Random(f"{seed}-{number}"), slots, part))
    part.seconds = time.perf_counter() - begun
    return part


class _Slots:
    """When the next request is due; the same for all clients."""

    def __init__(self, begun: float, rate: float | None, end: float) -> None:
        self._begun, self._rate, self._end = begun, rate, end
        self._given = 0

    async def next(self) -> bool:
        """Waits for the next slot; False when time is over."""
        if self._rate is None:
            return time.perf_counter() < self._end
        due = self._begun + self._given / self._rate
        self._given += 1
        if due >= self._end:
            return False
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        return True


async def _client(port: int, ground: Ground, dice: random.Random, slots: _Slots, part: Part) -> None:
    link: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
    while await slots.next():
        kind, raw = request(dice, ground)
        begun = time.perf_counter()
        try:
            async with asyncio.timeout(_PATIENCE_S):
                if link is None:
                    link = await asyncio.open_connection("127.0.0.1", port)
                link[1].write(raw)
                status = await _answer(link[0])
        except (OSError, TimeoutError, asyncio.IncompleteReadError, ValueError) as error:
            part.errors[f"{kind}: {type(error).__name__}"] += 1
            if link is not None:
                link[1].close()
            link = None
            continue
        part.taken.append(time.perf_counter() - begun)
        part.kinds[kind] += 1
        if status not in (200, 206, 204):
            part.errors[f"{kind}: {status}"] += 1
    if link is not None:
        link[1].close()


async def _answer(reader: asyncio.StreamReader) -> int:
    """The status, when the answer was read whole."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    status = int(head[9:12])
    for line in head.split(b"\r\n"):
        if line.startswith(b"content-length:"):
            await reader.readexactly(int(line.partition(b":")[2]))
            return status
    if b"transfer-encoding: chunked" in head:
        while size := int(await reader.readline(), 16):
            await reader.readexactly(size + 2)
        await reader.readline()
    return status
