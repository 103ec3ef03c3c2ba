"""How long a question to a store may take: others wait for the same processors."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from pcrs.errors import TooCostlyError


@dataclass(frozen=True, slots=True)
class TimeLimit:
    """Seconds that one question may take; None: as long as it wants. `timer` counts seconds."""

    seconds: float | None = None
    timer: Callable[[], float] = time.monotonic

    def begin(self) -> Callable[[], bool]:
        """For a question that begins now: what says whether its time is over."""
        if self.seconds is None:
            return lambda: False
        end = self.timer() + self.seconds
        return lambda: self.timer() > end

    def passed(self) -> TooCostlyError:
        """The refusal of a question whose time was over."""
        return TooCostlyError(
            f"la question prend plus de {self.seconds:g} s : la restreindre (bbox, filtre plus étroit, page "
            f"plus petite) / the question takes more than {self.seconds:g} s: narrow it (bbox, a narrower "
            "filter, a smaller page)"
        )


UNLIMITED = TimeLimit()
