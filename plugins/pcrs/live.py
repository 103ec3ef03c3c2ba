"""A site as it is served: editions, pyramids and mosaics, followed while deliveries go in."""

import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from pcrs.raster.mosaic import Mosaic
from pcrs.raster.pyramid import Pyramid
from pcrs.store.index import Index
from pcrs.work.project import mosaic
from pcrs.work.site import Site

_Stamp = tuple[tuple[int, int], ...]


class Live:
    """The published editions of a site. Any thread may ask; the disk is looked at once a second at the most.

    An edition is published from the moment its pyramid has a descriptor.
    """

    def __init__(
        self, site: Site, layer: str, *, recheck_s: float = 1.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._site = site
        self._layer = layer
        self._recheck_s = recheck_s
        self._clock = clock
        self._lock = threading.Lock()
        self._stamp: _Stamp | None = None
        self._due = 0.0
        self._editions: tuple[str, ...] = ()
        self._pyramids: dict[str, Pyramid] = {}
        self._mosaics: dict[str, Mosaic] = {}

    def editions(self) -> tuple[str, ...]:
        """Published editions, oldest first."""
        self._follow()
        return self._editions

    def pyramid(self, edition: str | None) -> Pyramid | None:
        """The pyramid of an edition, None meaning the latest; None when there is no such pyramid."""
        wanted = self._wanted(edition)
        if wanted is None:
            return None
        with self._lock:
            found = self._pyramids.get(wanted)
            if found is None:
                found = self._pyramids[wanted] = Pyramid(self._descriptor(wanted))
        return found

    def mosaic(self, edition: str | None) -> Mosaic:
        """The hot dalles of an edition, None meaning the latest; an empty mosaic when there is none."""
        wanted = self._wanted(edition)
        if wanted is None:
            return Mosaic(())
        with self._lock:
            found = self._mosaics.get(wanted)
            if found is None:
                with closing(Index(self._site.index_file)) as index:
                    found = self._mosaics[wanted] = mosaic(self._site, index, wanted)
        return found

    def _wanted(self, edition: str | None) -> str | None:
        editions = self.editions()
        if edition is None:
            return editions[-1] if editions else None
        return edition if edition in editions else None

    def _descriptor(self, edition: str) -> Path:
        return self._site.pyramids / f"{self._layer}_{edition}.json"

    def _follow(self) -> None:
        """What is known is dropped when the index or the set of pyramids has changed."""
        now = self._clock()
        if now < self._due:
            return
        with self._lock:
            if now < self._due:
                return
            self._due = now + self._recheck_s
            stamp = self._look()
            if stamp == self._stamp:
                return
            prefix = f"{self._layer}_"
            found = sorted(self._site.pyramids.glob(f"{prefix}*.json"))
            self._editions = tuple(file.stem.removeprefix(prefix) for file in found)
            self._mosaics = {}
            self._pyramids = {e: p for e, p in self._pyramids.items() if e in self._editions}
            self._stamp = stamp

    def _look(self) -> _Stamp:
        """Times and sizes of what changes with every publication."""
        file = self._site.index_file
        places = (self._site.pyramids, file, file.with_name(f"{file.name}-wal"))
        status = (place.stat() for place in places if place.exists())
        return tuple((s.st_mtime_ns, s.st_size) for s in status)
