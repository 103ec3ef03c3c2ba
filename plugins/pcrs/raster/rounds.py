"""What is read again and again, and never older than a moment: pyramids, whatever holds their slabs."""

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable

_TRIES, _PAUSE_S = 40, 0.025
"""For how long what is drawn from several slabs waits for the end of a switch: a second. Then it counts as it
is, so that no update can stop the service."""


class Rounds(ABC):
    """Something that others write anew, looked at once in `recheck_s` at most.

    Args:
        recheck_s: how old an answer may be, in seconds.
        clock: monotonic seconds.
    """

    def __init__(self, recheck_s: float, clock: Callable[[], float]) -> None:
        self._recheck_s = recheck_s
        self._clock = clock
        self._lock = threading.Lock()
        self._due = 0.0

    @abstractmethod
    def _begin_round(self) -> None:
        """What was found before counts no longer. The lock is held."""

    @abstractmethod
    def _known(self) -> Hashable:
        """The state that what is kept now was read in."""

    @abstractmethod
    def _settled(self, known: Hashable) -> bool:
        """True when that is still the state, and nothing is changing just now."""

    def steady[T](self, read: Callable[[], T]) -> T:
        """What `read` makes of the slabs of one moment: done again when slabs change places meanwhile.

        A tile always comes from one whole slab; this is for what is made from several.
        """
        for _ in range(_TRIES):
            known = self._known()
            found = read()
            if self._settled(known):
                return found
            time.sleep(_PAUSE_S)
            self.refresh()
        return found

    def refresh(self) -> None:
        """What others may have written is looked at now, due or not."""
        with self._lock:
            self._start_round(self._clock())

    def _follow(self) -> None:
        """A round begins when it is due."""
        if self._clock() >= self._due:
            with self._lock:
                now = self._clock()
                if now >= self._due:  # no other thread has just done it
                    self._start_round(now)

    def _start_round(self, now: float) -> None:
        self._begin_round()
        self._due = now + self._recheck_s
