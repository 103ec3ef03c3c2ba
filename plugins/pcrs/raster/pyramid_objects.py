"""One pyramid in a bucket, open for reading. `pyramids_objects` writes them.

A slab's index is read once and kept; a tile is then one ranged GET, on the condition that the slab is still
the one that the index is of. Once in `recheck_s` one more request asks whether something was switched.
"""

import struct
import time
import zlib
from collections.abc import Callable, Hashable, Iterable
from typing import NamedTuple

import numpy as np

from pcrs.blobs import Blobs
from pcrs.errors import ConflictError, StoreError
from pcrs.raster.rok4 import KINDS, Kind, parse_descriptor
from pcrs.raster.rounds import Rounds
from pcrs.raster.slab import INDEX_AT, INDEX_BYTES, TILES, decode_mask
from pcrs.standard.grid import SLAB_TILES, Cells, Slab, Tile

SWITCH = ".switch"
"""The object that says whether slabs change places just now, and changes whenever they did."""
SWITCHING = b"switching"
LINK = b"SYMLINK#"
_LINKS = 40
_TRIES = 40
"""How often a slab that is replaced while a tile of it is read is looked for again."""
_HEAD = INDEX_AT + INDEX_BYTES


class _Indexed(NamedTuple):
    """A slab's object, links followed, with the index of its tiles; no key: there is none."""

    key: str
    tag: str
    places: bytes
    """Offsets, then counts."""

    def place(self, number: int) -> tuple[int, int] | None:
        """First byte and byte after the last of a tile; None where it is absent."""
        if not self.key:
            return None
        at = struct.unpack_from("<I", self.places, 4 * number)[0]
        count = struct.unpack_from("<I", self.places, 4 * (TILES + number))[0]
        return (at, at + count) if count else None


_NOWHERE = _Indexed("", "", b"")
_Key = tuple[Kind, int, int, int]


def slab_key(name: str, kind: Kind, slab: Slab) -> str:
    """The key of a slab's object, whether it is there or not."""
    return f"{name}/{kind}_{slab.level}_{slab.col}_{slab.row}"


def link_to(objects: Blobs, key: str) -> bytes:
    """The content of a symbolic object that leads to a key."""
    return LINK + f"{objects.url.removeprefix('s3://')}/{key}".encode()


def leads_to(objects: Blobs, data: bytes) -> str | None:
    """The key that an object leads to; None when it is no symbolic one.

    Raises:
        StoreError: it leads to another bucket, or out of the prefix.
    """
    if not data.startswith(LINK):
        return None
    target = data.removeprefix(LINK).decode()
    home = f"{objects.url.removeprefix('s3://')}/"
    if not target.startswith(home):
        raise StoreError(f"a symbolic object leads to {target}, outside {home}: build this slab again")
    return target.removeprefix(home)


class ObjectPyramid(Rounds):
    """One pyramid in a bucket. A tile always comes from one whole slab, and is no older than `recheck_s`.

    Args:
        objects: where the pyramids are.
        name: of the pyramid.
        indexes: how many indexes of slabs are kept, 2 kB each; those read first go first.
        recheck_s: how old an answer may be, in seconds.
        clock: monotonic seconds.

    Raises:
        StoreError: the descriptor is missing or foreign.
    """

    remote = True

    def __init__(
        self,
        objects: Blobs,
        name: str,
        *,
        indexes: int = 4096,
        recheck_s: float = 0.2,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(recheck_s, clock)
        self.name = name
        self.levels: dict[int, Cells] = {}
        self._objects = objects
        self._indexes = indexes
        self._slabs: dict[_Key, _Indexed] = {}
        self._limits_tag = ""
        self._turn: str | None = None
        """Tag of the switch that everything kept was read after; None: nothing was read yet."""
        self._round = 0
        self.refresh()

    def tile(self, tile: Tile) -> bytes | None:
        """The tile's JPEG file; None where the pyramid has none.

        Raises:
            StoreError: the slab is cut short, or the service does not answer.
        """
        found = self._read("DATA", tile)
        return found and found[0]

    def tile_with_tag(self, tile: Tile) -> tuple[bytes, str] | None:
        """The tile's JPEG file and a word that changes whenever its slab is written anew; None: absent."""
        return self._read("DATA", tile)

    def mask(self, tile: Tile) -> np.ndarray | None:
        """(256, 256) bool, True where valid; None when the whole tile is valid, or absent.

        Raises:
            StoreError: the mask slab is cut short or broken.
        """
        found = self._read("MASK", tile)
        if found is None:
            return None
        valid = decode_mask(found[0])
        return None if valid.all() else valid

    def tags(self, slabs: Iterable[Slab]) -> str:
        """A word that changes when one of these slabs is written anew, appears or goes, or limits change."""
        self._follow()
        words = [self._slab((kind, *slab)).tag for slab in slabs for kind in KINDS]
        return "-".join(word.strip('"') for word in (self._limits_tag, *words))

    def _known(self) -> Hashable:
        return self._turn

    def _settled(self, known: Hashable) -> bool:
        now = self._objects.read(SWITCH)
        return (now.tag if now else "") == known and not _switching(now and now.data)

    def _begin_round(self) -> None:
        """What was read before the last switch is forgotten, and so is all that is read during one."""
        seen = self._objects.read(SWITCH)
        turn = seen.tag if seen else ""
        if turn != self._turn or _switching(seen and seen.data):
            described = self._objects.read(f"{self.name}.json")
            if described is None:
                raise StoreError(f"{self._where()}.json is missing: this pyramid was never built, or removed")
            levels = parse_descriptor(described.data, f"{self._where()}.json", storage="S3")
            self.levels = {level: limits for level, (limits, _) in levels.items()}
            self._limits_tag = f"{zlib.crc32(repr(self.levels).encode()):x}"
            self._slabs.clear()
            self._round += 1
            self._turn = turn

    def _read(self, kind: Kind, tile: Tile) -> tuple[bytes, str] | None:
        """A tile's bytes and tag. The index is read anew when the slab was replaced since."""
        level, col, row = tile
        key = (kind, level, col // SLAB_TILES, row // SLAB_TILES)
        number = row % SLAB_TILES * SLAB_TILES + col % SLAB_TILES
        for _ in range(_TRIES):
            self._follow()
            slab = self._slab(key)
            place = slab.place(number)
            if place is None:
                return None
            try:
                part = self._objects.read(slab.key, *place, tag=slab.tag)
            except ConflictError:
                part = None
            if part is not None:
                if len(part.data) != place[1] - place[0]:
                    raise self._cut_short(slab.key, f"tile {number}")
                return part.data, f"{slab.tag.strip(chr(34))}-{number:x}"
            with self._lock:
                self._slabs.pop(key, None)
        raise StoreError(f"{self._where()}: slab {key} is replaced again and again; try later")

    def _slab(self, key: _Key) -> _Indexed:
        """The slab with its index, from what is kept or from the bucket."""
        found = self._slabs.get(key)
        if found is None:
            begun = self._round
            found = self._load(key)
            with self._lock:
                if begun == self._round:  # else it may be of before the switch
                    while len(self._slabs) >= self._indexes:
                        self._slabs.pop(next(iter(self._slabs)))
                    self._slabs[key] = found
        return found

    def _load(self, key: _Key) -> _Indexed:
        kind, level, col, row = key
        limits = self.levels.get(level)
        if limits is None:
            return _NOWHERE
        first_col, first_row, last_col, last_row = (limit // SLAB_TILES for limit in limits)
        if not (first_col <= col <= last_col and first_row <= row <= last_row):
            return _NOWHERE
        at: str | None = slab_key(self.name, kind, Slab(level, col, row))
        for _ in range(_LINKS):
            part = self._objects.read(at, 0, _HEAD) if at else None
            if at is None or part is None:
                return _NOWHERE
            link = leads_to(self._objects, part.data)
            if link is None:
                if len(part.data) != _HEAD:
                    raise self._cut_short(at, "its index")
                return _Indexed(at, part.tag, part.data[INDEX_AT:])
            at = link
        raise StoreError(f"{self._where()}: slab {key} is a link that leads nowhere; build it again")

    def _where(self) -> str:
        return f"{self._objects.url}/{self.name}"

    def _cut_short(self, key: str, what: str) -> StoreError:
        return StoreError(
            f"{self._objects.url}/{key} is cut short: {what} passes its end; build this slab again"
        )


def _switching(data: bytes | None) -> bool:
    return data is not None and data.startswith(SWITCHING)
