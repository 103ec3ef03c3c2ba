"""How long work says where it is, and the hands that do it."""

import os
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from contextlib import ExitStack, contextmanager
from errno import EDQUOT, ENOSPC
from itertools import chain, islice
from multiprocessing import get_context, parent_process
from multiprocessing.process import BaseProcess
from threading import Thread
from typing import Any, NamedTuple

from pcrs.errors import MillError, PcrsError, SiteError


class Step(NamedTuple):
    """`done` of `total` parts of a stage are finished."""

    stage: str
    done: int
    total: int


Progress = Callable[[Step], None]


def silent(step: Step) -> None:
    """Nobody looks."""


class Mill:
    """Hands that take pieces of work; at most two pieces for each are under way, however many there are.

    Args:
        workers: how many hands.
        pool: where they are, or what calls them when there is work for several; None: all work is done in
            this process, and faults show where they are.
        lost: what the pool raises when a hand is gone.
    """

    def __init__(
        self,
        workers: int,
        pool: Executor | Callable[[], Executor] | None,
        lost: tuple[type[Exception], ...] = (BrokenExecutor,),
    ) -> None:
        self._workers = workers
        self._pool = pool if isinstance(pool, Executor) else None
        self._call = None if isinstance(pool, Executor) else pool
        self._lost: tuple[type[Exception], ...] = (*lost, CancelledError)

    def told[T, R](
        self, work: Callable[[T], R], pieces: Sequence[T], stage: str, progress: Progress
    ) -> Iterator[tuple[T, R]]:
        """As `run`, and `progress` is told of each piece."""
        progress(Step(stage, 0, len(pieces)))
        for done, result in enumerate(self.run(work, pieces), start=1):
            progress(Step(stage, done, len(pieces)))
            yield result

    def run[T, R](
        self, work: Callable[[T], R], pieces: Iterable[T], *, few: int = 1
    ) -> Iterator[tuple[T, R]]:
        """Every piece with its result, in the order in which they end.

        Args:
            work: what is done with each.
            pieces: in this order.
            few: pieces that are not worth calling the hands for: a process takes a second to begin.

        Raises:
            MillError: a worker died, or its scheduler.
            SiteError: the disk is full.
        """
        queue = iter(pieces)
        if self._pool is None and self._call is not None:
            first = list(islice(queue, few + 1))
            queue = chain(first, queue)
            if len(first) > few:
                self._pool = self._call()
        if self._pool is None:
            for piece in queue:
                with self._plain():
                    result = work(piece)
                yield piece, result
            return
        yield from self._shared(self._pool, work, queue)

    def _shared[T, R](
        self, pool: Executor, work: Callable[[T], R], queue: Iterator[T]
    ) -> Iterator[tuple[T, R]]:
        """The same, by all hands."""
        waiting: dict[Future[R], T] = {}
        more = True
        while more or waiting:
            while more and len(waiting) < 2 * self._workers:
                piece = next(queue, _END)
                if piece is _END:
                    more = False
                else:
                    with self._plain():
                        waiting[pool.submit(work, piece)] = piece
            for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                with self._plain():
                    result = future.result()
                yield waiting.pop(future), result

    @contextmanager
    def _plain(self) -> Iterator[None]:
        """What stops all work is said so that somebody can act on it."""
        try:
            yield
        except self._lost as error:
            raise MillError(
                "a worker ended before its work: killed, or out of memory. What was done is kept: give the "
                f"same command again, with fewer workers if it recurs ({str(error) or type(error).__name__})"
            ) from error
        except OSError as error:
            if isinstance(error, PcrsError) or error.errno not in (ENOSPC, EDQUOT):
                raise
            raise SiteError(
                f"the disk is full ({error}). What was done is kept: make room, give the same command again"
            ) from error


_END: Any = object()


@contextmanager
def mill(workers: int) -> Iterator[Mill]:
    """A mill of that many processes, ended with the block. One worker is this process itself.

    Processes are spawned, not forked: GDAL, SQLite and threads do not survive a fork. They begin when there
    is work for several.
    """
    if workers <= 1:
        yield Mill(1, None)
        return
    with ExitStack() as ends:

        def call() -> Executor:
            pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_begin)
            ends.callback(pool.shutdown, wait=True, cancel_futures=True)
            return pool

        yield Mill(workers, call)


def _begin() -> None:
    """A worker ends with the process that started it, be that killed, and leaves Ctrl-C to it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()


def end_with_parent() -> None:
    """From now on this process ends at once when the one that spawned it is gone; nothing where none did."""
    parent = parent_process()
    if parent is not None:
        Thread(target=_follow, args=(parent,), name="parent", daemon=True).start()


def _follow(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)
