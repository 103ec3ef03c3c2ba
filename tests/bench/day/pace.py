"""How fast the machine is, all the time: on one that is shared, half of it comes and goes within seconds."""

import json
import multiprocessing
import os
import time
import zlib
from dataclasses import dataclass
from multiprocessing.context import SpawnProcess
from multiprocessing.sharedctypes import RawArray
from types import TracebackType
from typing import Self

import numpy as np

from tests.patience import until

_EVERY_S = 0.1
_ROUNDS, _PLACES, _READ = 3, 2**22, 50_000
_DOCUMENT = {str(n): [n, n / 7, "PCRS", None] for n in range(50)}
_OCTETS = bytes(n * n % 251 for n in range(16_384))


@dataclass(frozen=True, slots=True)
class Reading:
    """All that was seen of the speed until some moment."""

    total: float
    count: float

    def mean(self, before: Self) -> float:
        """Of the speed since an earlier reading, in rounds a second on all processors together."""
        return (self.total - before.total) / (self.count - before.count)


class Pace:
    """A little of the same work on each processor, ten times a second, also while the machine is loaded.

    For a third of its time it counts, for the rest it reads here and there in 32 MB: neighbours take caches
    more than anything else, and what a service bears follows both. (Stretches of 2 s whose rates moved by
    21 % of their mean: by 7 % beside this, where 12 to 18 % are left beside counting alone.) It is told by
    processor time: where neighbours work the same takes longer, and who waits for a processor has none.
    """

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        processors = sorted(os.sched_getaffinity(0))
        self._seen = [RawArray("d", 3) for _ in processors]
        self._hands: list[SpawnProcess] = [
            context.Process(target=_work, args=(seen, processor), daemon=True)
            for seen, processor in zip(self._seen, processors, strict=True)
        ]

    def __enter__(self) -> Self:
        """Itself, once each processor was looked at."""
        for hand in self._hands:
            hand.start()
        until(lambda: all(seen[2] for seen in self._seen))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """The work ends."""
        for hand in self._hands:
            hand.terminate()
            hand.join()

    def now(self) -> float:
        """Rounds a second on all processors together."""
        return sum(seen[0] for seen in self._seen)

    def reading(self) -> Reading:
        """What was seen so far."""
        count = sum(seen[2] for seen in self._seen) / len(self._seen)
        return Reading(sum(seen[1] for seen in self._seen), count)


def _work(seen: "RawArray[float]", processor: int) -> None:
    os.sched_setaffinity(0, {processor})
    parent = os.getppid()
    places, chosen = np.ones(_PLACES), np.random.default_rng(1).integers(0, _PLACES, _READ)
    while os.getppid() == parent:
        begun = time.thread_time()
        for _ in range(_ROUNDS):
            json.loads(json.dumps(_DOCUMENT))
            zlib.compress(_OCTETS, 1)
        places[chosen].sum()
        speed = 1 / (time.thread_time() - begun)
        seen[0] = (seen[0] + speed) / 2 if seen[2] else speed
        seen[1] += speed
        seen[2] += 1
        time.sleep(_EVERY_S)
