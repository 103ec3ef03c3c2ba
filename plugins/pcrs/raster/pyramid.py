"""A ROK4 pyramid on the grid 2154_5cm, open for reading. `rok4` writes them."""

import os
import sys
import time
import zlib
from collections.abc import Callable, Hashable, Iterable, Sequence
from pathlib import Path

import numpy as np

from pcrs.errors import StoreError
from pcrs.raster.rok4 import LevelFiles, read_descriptor
from pcrs.raster.rounds import Rounds
from pcrs.raster.slab import INDEX_AT, INDEX_BYTES, TILES, decode_mask, slab_path, tile_index
from pcrs.raster.switch import is_switching
from pcrs.standard.grid import SLAB_TILES, Cells, Slab, Tile

_NO_TILES = (0,) * TILES


def _words(index: bytes) -> tuple[Sequence[int], Sequence[int]]:
    """As `tile_index`, without an object for each number: a tenth of its time and of its memory."""
    if sys.byteorder != "little":
        return tile_index(index)
    words = memoryview(index).cast("I")
    return words[:TILES], words[TILES:]


class _OpenSlab:
    """A slab's file with its index, both of one inode: an index never meets the bytes of another file.

    The descriptor is closed with the last reference, so a thread that reads holds it open even when the
    slab has just left the cache.
    """

    __slots__ = ("counts", "fd", "identity", "offsets", "path", "round", "tag")

    def __init__(self, path: str) -> None:
        self.fd = -1
        self.path = path
        self.identity: tuple[int, int] | None = None
        self.tag = ""
        self.round = 0
        self.offsets: Sequence[int] = _NO_TILES
        self.counts: Sequence[int] = _NO_TILES
        try:
            self.fd = os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            return  # remembered too: most slabs of a département's box are not there
        status = os.fstat(self.fd)
        self.identity = (status.st_ino, status.st_mtime_ns)
        self.tag = f"{status.st_ino:x}-{status.st_mtime_ns:x}"
        index = os.pread(self.fd, INDEX_BYTES, INDEX_AT)
        if len(index) != INDEX_BYTES:
            raise self.cut_short("its index")
        self.offsets, self.counts = _words(index)

    def __del__(self, close: Callable[[int], None] = os.close) -> None:  # `os` is gone when Python ends
        if self.fd >= 0:
            close(self.fd)

    def current(self) -> bool:
        """True when the path still leads to this file (or still to none)."""
        try:
            status = os.stat(self.path)  # noqa: PTH116 - a Path costs more than the call
        except FileNotFoundError:
            return self.identity is None
        return self.identity == (status.st_ino, status.st_mtime_ns)

    def read(self, index: int) -> bytes | None:
        """The bytes of one tile; None where absent."""
        count = self.counts[index]
        if not count:
            return None
        data = os.pread(self.fd, count, self.offsets[index])
        if len(data) != count:
            raise self.cut_short(f"tile {index}")
        return data

    def cut_short(self, what: str) -> StoreError:
        """The error to raise when `what` passes the end of the file."""
        return StoreError(f"{self.path} is cut short: {what} passes its end; build this slab again")


_Key = tuple[int, int, int]
"""Level, column and row of a slab."""
_Slabs = dict[_Key, _OpenSlab]


class Pyramid(Rounds):
    """One pyramid, open for reading by any number of threads.

    Slabs stay open with their index: a tile is one `pread`. At most every `recheck_s` each slab in use is
    compared with what its path leads to, so a slab that was replaced is seen within that time and an update
    needs to tell nobody; the descriptor is treated the same. A tile always comes from one whole file.

    Args:
        descriptor: the pyramid's .json file.
        open_slabs: how many slabs of each kind stay open; those not used lately are closed first.
        recheck_s: how old an answer may be, in seconds. A check costs 2 µs per slab in use.
        clock: monotonic seconds.

    Raises:
        StoreError: the descriptor is missing or foreign.
    """

    remote = False

    def __init__(
        self,
        descriptor: Path,
        *,
        open_slabs: int = 256,
        recheck_s: float = 0.2,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(recheck_s, clock)
        self.descriptor = descriptor
        self.name = descriptor.stem
        self.levels: dict[int, Cells] = {}
        """Tiles that each level may have."""
        self._open_slabs = open_slabs
        self._data: _Slabs = {}
        self._masks: _Slabs = {}
        self._files: dict[int, LevelFiles] = {}
        self._limits_tag = ""
        self._written: tuple[int, int] | None = None
        self._round = 0
        self.refresh()

    def tile(self, tile: Tile) -> bytes | None:
        """The tile's JPEG file; None where the pyramid has none.

        Raises:
            StoreError: the slab is cut short.
        """
        return self._checked(self._data, tile).read(_index(tile))

    def tile_with_tag(self, tile: Tile) -> tuple[bytes, str] | None:
        """The tile's JPEG file and a word that changes whenever its slab is written anew; None where absent.

        The word is made of the slab's inode and time and of the tile's place: it needs no hash of the bytes.
        """
        slab = self._checked(self._data, tile)
        index = _index(tile)
        data = slab.read(index)
        return None if data is None else (data, f"{slab.tag}-{index:x}")

    def mask(self, tile: Tile) -> np.ndarray | None:
        """(256, 256) bool, True where valid; None when the whole tile is valid, or absent.

        Raises:
            StoreError: the mask slab is cut short or broken.
        """
        data = self._checked(self._masks, tile).read(_index(tile))
        if data is None:
            return None
        valid = decode_mask(data)
        return None if valid.all() else valid

    def tags(self, slabs: Iterable[Slab]) -> str:
        """A word that changes when one of these slabs is written anew, appears or goes, or the limits change.

        It is no older than `recheck_s`, and what is read after it is never older than it.
        """
        self._follow()
        words = [self._limits_tag]
        for level, col, row in slabs:
            first = Tile(level, col * SLAB_TILES, row * SLAB_TILES)
            words += (self._checked(self._data, first).tag, self._checked(self._masks, first).tag)
        return ",".join(words)

    def _known(self) -> Hashable:
        return self._written

    def _settled(self, known: Hashable) -> bool:
        return not is_switching(self.descriptor.parent) and _identity(self.descriptor) == known

    def _checked(self, slabs: _Slabs, tile: Tile) -> _OpenSlab:
        """The open slab of a tile, known to be no older than `recheck_s`."""
        self._follow()
        level, col, row = tile
        key = (level, col // SLAB_TILES, row // SLAB_TILES)
        slab = slabs.get(key)
        if slab is not None and slab.round == self._round:
            return slab
        return self._looked_at(slabs, key, slab)

    def _looked_at(self, slabs: _Slabs, key: _Key, slab: _OpenSlab | None) -> _OpenSlab:
        """The slab, found to be still the one that is open, or opened."""
        current = self._round
        if slab is None or not slab.current():
            path = self._path(slabs is self._masks, key)
            if path is None:
                return _NOWHERE
            slab = _OpenSlab(path)
        slab.round = current
        with self._lock:
            known = slabs.pop(key, None)
            if known is not None and known.round == current:
                slab = known  # of another thread, who may have looked later: no reader goes back in time
            while len(slabs) >= self._open_slabs:
                slabs.pop(next(iter(slabs)))
            slabs[key] = slab  # last: the first is then the one looked at longest ago
        return slab

    def _path(self, mask: bool, key: _Key) -> str | None:
        """Where the slab lies; None when the level's limits leave it out."""
        level, col, row = key
        files = self._files.get(level)
        if files is None:
            return None
        folder = files.mask if mask else files.data
        first_col, first_row, last_col, last_row = (limit // SLAB_TILES for limit in files.limits)
        if folder is None or not (first_col <= col <= last_col and first_row <= row <= last_row):
            return None
        return f"{folder}/{slab_path(level, col, row, files.depth)}"

    def _begin_round(self) -> None:
        """From now on every slab is looked at again before it is used; the descriptor is, at once."""
        written = _identity(self.descriptor)
        if written is None:
            raise StoreError(f"{self.descriptor} is missing: this pyramid was never built, or removed")
        if written != self._written:
            self._files = read_descriptor(self.descriptor)
            self.levels = {level: files.limits for level, files in self._files.items()}
            self._limits_tag = f"{zlib.crc32(repr(self.levels).encode()):x}"
            self._data.clear()
            self._masks.clear()
        self._round += 1
        self._written = written  # last: who reads it meets no slab of an earlier round


def _identity(path: Path) -> tuple[int, int] | None:
    """What changes when a file is written anew; None when there is none."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_mtime_ns


def _index(tile: Tile) -> int:
    """A tile's place in its slab, row by row."""
    _, col, row = tile
    return row % SLAB_TILES * SLAB_TILES + col % SLAB_TILES


_NOWHERE = _OpenSlab("")
