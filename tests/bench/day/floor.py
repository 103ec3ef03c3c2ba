"""How fast the machine is at the moment: on one that is shared, half of it comes and goes within minutes."""

import json
import multiprocessing
import os
import time
import zlib
from concurrent.futures import ProcessPoolExecutor
from types import TracebackType
from typing import Self

_SECONDS = 0.5
_DOCUMENT = {str(n): [n, n / 7, "PCRS", None] for n in range(50)}
_OCTETS = bytes(n * n % 251 for n in range(16_384))


class Floor:
    """The same work on every processor, to be asked while nothing else runs."""

    def __init__(self) -> None:
        self._hands = os.cpu_count() or 1
        self._pool = ProcessPoolExecutor(self._hands, multiprocessing.get_context("spawn"))
        self.rounds()  # the processes are there

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """The processes end."""
        self._pool.shutdown()

    def rounds(self) -> float:
        """Of the work in a second, on all processors together."""
        return sum(self._pool.map(_rounds_a_second, [_SECONDS] * self._hands))


def _rounds_a_second(seconds: float) -> float:
    rounds, begun = 0, time.perf_counter()
    while (passed := time.perf_counter() - begun) < seconds:
        json.loads(json.dumps(_DOCUMENT))
        zlib.compress(_OCTETS, 1)
        rounds += 1
    return rounds / passed
