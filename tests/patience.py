"""How long tests wait for what must happen: enough for a machine ten times as slow; it proves nothing."""

import time
from collections.abc import Callable

PATIENCE_S = 240.0


def until[Seen](condition: Callable[[], Seen], patience_s: float = PATIENCE_S) -> Seen:
    """What `condition` gives as soon as it is something."""
    deadline = time.monotonic() + patience_s
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"it did not happen within {patience_s:g} s")
        time.sleep(0.02)
