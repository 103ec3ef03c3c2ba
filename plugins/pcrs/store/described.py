"""The layers of a store, remembered: they change seldom, and every question asks for them."""

import time
from collections.abc import Callable, Mapping

from pcrs.store.base import Layer

_BELIEVED_S = 0.2
"""For how long what another process changed may go unseen."""


class Described:
    """The layers, read again when the revision changed; for one of them that is looked at every 0.2 s.

    Any thread may ask. `timer` counts seconds.
    """

    def __init__(
        self,
        revision: Callable[[], str],
        read: Callable[[], Mapping[str, Layer]],
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._revision = revision
        self._read = read
        self._timer = timer
        self._known: tuple[str, Mapping[str, Layer]] = ("", {})
        self._until = 0.0

    def layers(self) -> Mapping[str, Layer]:
        """By name, as they are now."""
        now = self._timer()
        mark, known = self._known
        fresh = self._revision()
        if fresh != mark:
            known = self._read()
            self._known = (fresh, known)
        self._until = now + _BELIEVED_S
        return known

    def layer(self, name: str) -> Layer | None:
        """The layer of that name, as it was a moment ago; one that is not known is looked for."""
        found = self._known[1].get(name) if self._timer() < self._until else None
        return self.layers().get(name) if found is None else found

    def forget(self) -> None:
        """The next question looks."""
        self._until = 0.0
