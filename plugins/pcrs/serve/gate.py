"""The threads that make what is large: few, and a short queue before them. A burst delays nothing else."""

import asyncio
import ctypes
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

from starlette.requests import Request

from pcrs.errors import PcrsError
from pcrs.serve.problems import RETRY_S

WORKERS = 2
"""Small answers made at the same time, in one process. Large ones are made one by one, beside them."""
WAITING = 16
"""Requests that may wait for their turn; those beyond are told to come back."""

_ASKED_S = 5
"""How long a loop may take to say whether a client is there."""
_NICE = 10
"""Niceness of what is large: what is small, and all that has no gate, goes first."""


class BusyError(PcrsError):
    """Too many answers are being made."""

    status, code = 503, "ServerBusy"


class Gate:
    """A few threads of its own, and a short queue before them.

    What is large has one thread: it does not delay what is small, and memory is bounded. What is decided
    before has its own too: after an update it waits for the list of dalles. `what` names what is made.
    """

    def __init__(self, what: str, workers: int = WORKERS, waiting: int = WAITING) -> None:
        self._what = what
        self._small = ThreadPoolExecutor(workers, thread_name_prefix=what)
        self._large = ThreadPoolExecutor(1, thread_name_prefix=f"{what}-large", initializer=_give_way)
        self._deciding = ThreadPoolExecutor(workers, thread_name_prefix=f"{what}-plan")
        self._room = workers + waiting
        self._lock = Lock()

    async def decide[T](self, decision: Callable[[], T]) -> T:
        """What `decision` returns, which reads no pixels."""
        return await asyncio.wrap_future(self._deciding.submit(decision))

    async def run[T](self, work: Callable[[], T], *, large: bool) -> T:
        """What `work` returns, run in one of the threads.

        Raises:
            BusyError: the queue is full.
        """
        with self._lock:
            if not self._room:
                raise BusyError(f"many {self._what} are being made: ask again in {RETRY_S} s")
            self._room -= 1
        future = self._large.submit(_given_back, work) if large else self._small.submit(work)
        future.add_done_callback(lambda _: self._left())
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """The threads are ended; what waits is dropped."""
        for pool in (self._small, self._large, self._deciding):
            pool.shutdown(cancel_futures=True)

    def _left(self) -> None:
        with self._lock:
            self._room += 1


def abandoned(request: Request, loop: asyncio.AbstractEventLoop) -> bool:
    """True when nobody waits for the answer any more: the client has left, or the service is ending.

    For threads: `loop` is the one in which the request came.
    """
    if not loop.is_running():
        return True
    try:
        return asyncio.run_coroutine_threadsafe(request.is_disconnected(), loop).result(_ASKED_S)
    except (RuntimeError, TimeoutError):
        return True


def _give_way() -> None:
    """The thread that calls gets a processor when no other wants it: on Linux each has a niceness."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)


_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)


def _given_back[T](work: Callable[[], T]) -> T:
    """What `work` returns; the memory that it freed goes back to the system.

    glibc would keep it, some 100 MB in each process, in pieces of which the next answer uses few.
    """
    try:
        return work()
    finally:
        if _trim is not None:
            _trim(0)
