"""How long work says where it is: one event per step done, whoever shows it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any, NamedTuple


class Step(NamedTuple):
    """`done` of `total` parts of a stage are finished."""

    stage: str
    done: int
    total: int


Progress = Callable[[Step], None]


def silent(step: Step) -> None:
    """Nobody looks."""


class Mill:
    """Processes that take pieces of work; at most a few are under way for each worker.

    With one worker the work is done in this process: nothing is started, faults show where they are.
    """

    def __init__(self, workers: int, pool: ProcessPoolExecutor | None) -> None:
        self._workers = workers
        self._pool = pool

    def told[T, R](
        self, work: Callable[[T], R], pieces: Sequence[T], stage: str, progress: Progress
    ) -> Iterator[tuple[T, R]]:
        """As `run`, and `progress` is told of each piece."""
        progress(Step(stage, 0, len(pieces)))
        for done, result in enumerate(self.run(work, pieces), start=1):
            progress(Step(stage, done, len(pieces)))
            yield result

    def run[T, R](self, work: Callable[[T], R], pieces: Iterable[T]) -> Iterator[tuple[T, R]]:
        """Every piece with its result, in the order in which they end."""
        if self._pool is None:
            for piece in pieces:
                yield piece, work(piece)
            return
        waiting: dict[Future[R], T] = {}
        queue = iter(pieces)
        more = True
        while more or waiting:
            while more and len(waiting) < 2 * self._workers:
                piece = next(queue, _END)
                if piece is _END:
                    more = False
                else:
                    waiting[self._pool.submit(work, piece)] = piece
            if waiting:
                future = next(as_completed(waiting))
                yield waiting.pop(future), future.result()


_END: Any = object()


@contextmanager
def mill(workers: int) -> Iterator[Mill]:
    """A mill of that many processes, ended with the block.

    Processes are spawned, not forked: GDAL, SQLite and threads do not survive a fork.
    """
    if workers <= 1:
        yield Mill(1, None)
        return
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"))
    try:
        yield Mill(workers, pool)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
