"""A site as it is served: editions, pyramids and mosaics, followed while deliveries go in."""

import logging
import math
import threading
import time
from collections.abc import Callable, Hashable
from contextlib import closing
from pathlib import Path

from pcrs.archive.directory import Directory
from pcrs.blobs import Blobs
from pcrs.errors import PcrsError
from pcrs.raster.mosaic import Mosaic, Source
from pcrs.raster.pyramids import Tiles
from pcrs.standard.crs import BBox
from pcrs.standard.grid import DALLE_RES_M
from pcrs.store.base import Row
from pcrs.store.connections import Connections
from pcrs.store.extracts import Extracts
from pcrs.store.index import Index
from pcrs.work.downloads import Shelf, shelf
from pcrs.work.project import mosaic, row_of
from pcrs.work.site import Site
from pcrs.work.tiers import Tiers, tiers_of

_log = logging.getLogger(__name__)
_AFTER_TROUBLE_S = 5.0
_Stamp = tuple[Hashable, tuple[tuple[int, int], ...]]


class Live:
    """The published editions of a site. Any thread may ask; the disk is looked at once a second at the most.

    An edition is published from the moment its pyramid has a descriptor. What cannot be looked at is an error
    (PcrsError, OSError) as long as nothing is known of it; later, what was known is told.
    """

    def __init__(
        self,
        site: Site,
        layer: str,
        departement: str,
        *,
        tiers: Tiers | None = None,
        recheck_s: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._site = site
        self._tiers = tiers or tiers_of(site)
        self._departement = departement
        self._layer = layer
        self._recheck_s = recheck_s
        self._clock = clock
        self._lock = threading.Lock()
        self._reading = threading.Lock()
        self._stamp: _Stamp | None = None
        self._mark: tuple[int, ...] = ()
        """Of the dalles that show."""
        self._due = 0.0
        self._editions: tuple[str, ...] = ()
        self._pyramids: dict[str, Tiles] = {}
        self._mosaics: dict[str, Mosaic] = {}
        self._shelf: Shelf | None = None
        self._reader: Connections | None = None

    def editions(self) -> tuple[str, ...]:
        """Published editions, oldest first."""
        self._follow()
        return self._editions

    def pyramid(self, edition: str | None) -> Tiles | None:
        """The pyramid of an edition, None meaning the latest; None when there is no such pyramid."""
        wanted = self._wanted(edition)
        if wanted is None:
            return None
        with self._lock:
            found = self._pyramids.get(wanted)
            if found is None:
                found = self._pyramids[wanted] = self._tiers.pyramids.open(f"{self._layer}_{wanted}")
        return found

    def mosaic(self, edition: str | None) -> Mosaic:
        """The hot dalles of an edition, None meaning the latest; an empty mosaic when there is none."""
        wanted = self._wanted(edition)
        if wanted is None:
            return Mosaic(())
        with self._reading:  # not the lock that everybody takes: a département is read in half a second
            with self._lock:
                found, mark = self._mosaics.get(wanted), self._mark
            if found is None:
                with closing(Index(self._site.index_file)) as index:
                    found = mosaic(self._tiers, index, wanted)
                with self._lock:
                    if mark == self._mark:
                        self._mosaics[wanted] = found
        return found

    def dalle_at(self, edition: str | None, x_m: float, y_m: float) -> Row | None:
        """The dalle that shows at a point (EPSG:2154, metres) in the mosaic of an edition; None without one.

        It is a row of the layer `dalles`, which holds the current dalles alone. Costs a millisecond, and two
        more for each dalle that lies there under another one.

        Raises:
            RasterError: a dalle cannot be read.
        """
        pixel = _pixel(x_m, y_m)
        source = _showing(self.mosaic(edition).over(pixel), pixel)
        if source is None:
            return None
        with closing(Index(self._site.index_file)) as index:
            dalle = index.dalle(source.path.parent.name, source.path.stem)
        return None if dalle is None else Row(0, *row_of(dalle, self._departement))

    def shelf(self) -> Shelf:
        """What can be downloaded: of published deliveries, and of those whose dalles show already."""
        self._follow()
        with self._reading:
            with self._lock:
                found, mark = self._shelf, self._mark
            if found is None:
                file = self._site.index_file
                with closing(Index(file)) as index, closing(Extracts(file)) as extracts:
                    found = shelf(index, self._departement, extracts.all())
                with self._lock:
                    if mark == self._mark:
                        self._shelf = found
        return found

    @property
    def bucket(self) -> Blobs | None:
        """The hot tier when it is a bucket; None when it is the site's folder."""
        return None if isinstance(self._tiers.hot, Directory) else self._tiers.hot

    def _wanted(self, edition: str | None) -> str | None:
        editions = self.editions()
        if edition is None:
            return editions[-1] if editions else None
        return edition if edition in editions else None

    def _follow(self) -> None:
        """What is known is dropped when the dalles that show or the set of pyramids have changed.

        While a delivery is taken in the index changes all the time, and they do not.
        """
        now = self._clock()
        if now < self._due:
            return
        with self._lock:
            if now < self._due:
                return
            self._due = now + self._recheck_s
            try:
                self._take_in(self._look())
            except (PcrsError, OSError) as error:
                if self._stamp is None:
                    # Who asks next looks too, and is not told that there is nothing.
                    self._due = now
                    raise
                self._due = self._clock() + _AFTER_TROUBLE_S
                _log.warning("the site cannot be looked at: what was known is served: %s", error)

    def _take_in(self, stamp: _Stamp) -> None:
        if stamp == self._stamp:
            return
        prefix = f"{self._layer}_"
        names = [name for name in self._tiers.pyramids.published() if name.startswith(prefix)]
        editions = tuple(name.removeprefix(prefix) for name in names)
        mark = self._dalles()
        self._editions = editions
        if mark != self._mark:
            self._mosaics, self._shelf, self._mark = {}, None, mark
        self._pyramids = {e: p for e, p in self._pyramids.items() if e in editions}
        self._stamp = stamp

    def _dalles(self) -> tuple[int, ...]:
        """What changes when other dalles show."""
        if not self._site.index_file.exists():
            return ()
        file = self._site.index_file
        if self._reader is None:
            self._reader = _staying(file)
        with closing(Index(file)) as index, closing(Extracts(file)) as extracts:
            return (*index.shown_mark(), *extracts.mark())

    def _look(self) -> _Stamp:
        """Times and sizes of what changes with every publication."""
        file = self._site.index_file
        places = (file, file.with_name(f"{file.name}-wal"))
        status = (place.stat() for place in places if place.exists())
        return self._tiers.pyramids.stamp(), tuple((s.st_mtime_ns, s.st_size) for s in status)


def _staying(file: Path) -> Connections:
    """A reader that stays: while there is one, others that open the index need no room on the disk."""
    reader = Connections(file, read_only=True, prepare=lambda _: None)
    with reader.reading() as connection:
        connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
    return reader


def _pixel(x_m: float, y_m: float) -> BBox:
    """The pixel of the dalles around a point."""
    west, south = (math.floor(round(value / DALLE_RES_M, 6)) * DALLE_RES_M for value in (x_m, y_m))
    return BBox(west, south, west + DALLE_RES_M, south + DALLE_RES_M)


def _showing(over: list[Source], pixel: BBox) -> Source | None:
    """The topmost dalle that is valid at a pixel; the topmost of all where none is."""
    if len(over) > 1:
        for source in over:
            _, valid = Mosaic((source,)).read(pixel)
            if valid.any():
                return source
    return over[0] if over else None
