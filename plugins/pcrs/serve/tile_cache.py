"""Drawn tiles kept on disk, for every process that serves the site: small, bounded, never out of date.

A kept tile carries the slabs that it was drawn from and their tags. It is given out while the pyramid still
has these tags, so an update has nobody to tell: a tile over a patch is drawn again at its next request, all
others stay. The tile used longest ago goes first when there are too many bytes.
"""

import fcntl
import hashlib
import logging
import os
import threading
import time
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pcrs.raster.pyramids import Tiles
from pcrs.standard.grid import Slab

_SWEEP_SHARE = 16
"""A process looks at the size of the folder when it has written this part of what may be kept."""
_KEPT_SHARE = 0.9
_USED_EVERY_S = 3600
"""The time of use is noted no more often: a tile in use costs no writes."""
_BLOCK = 4096
"""Bytes that a file takes on disk, at the least."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Origin:
    """What an image was drawn from."""

    pyramid: Tiles
    slabs: tuple[Slab, ...]
    tags: str
    """Of the slabs, taken before the image was drawn."""


class TileCache:
    """A folder of drawn images. Any number of threads and processes share it.

    Args:
        folder: only this class writes in it; it is made when it is needed.
        max_bytes: how much may be kept, give or take a tenth.
        made_by: what the images depend on beside their address and the slabs: version and settings.
    """

    def __init__(self, folder: Path, max_bytes: int, made_by: str) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._made_by = made_by
        self._lock = threading.Lock()
        self._unswept = max_bytes  # another process may have filled the folder
        self._broken = False

    def get(self, address: str, pyramid: Tiles) -> bytes | None:
        """The image of `address`, when it is kept and `pyramid` is as it was when it was drawn.

        Raises:
            StoreError: a slab is cut short.
        """
        try:
            with self._file(address).open("rb") as file:
                head, _, body = file.read().partition(b"\n")
                if time.time() - os.fstat(file.fileno()).st_mtime > _USED_EVERY_S:
                    os.utime(file.fileno())
        except OSError:
            return None
        try:
            crc, slabs, tags = head.decode("ascii").split("|")
            if int(crc) != zlib.crc32(body) or pyramid.tags(_read_slabs(slabs)) != tags:
                return None
        except ValueError:  # the machine went down while it was written
            return None
        return body

    def put(self, address: str, origin: Origin, body: bytes) -> None:
        """The image is kept, in the place of an older one of the same address."""
        slabs = ";".join(",".join(map(str, slab)) for slab in origin.slabs)
        head = f"{zlib.crc32(body)}|{slabs}|{origin.tags}\n".encode("ascii")
        try:
            self._write(self._file(address), head + body)
            self._sweep_when_due(len(body) + _BLOCK)
        except OSError as error:
            if not self._broken:
                _log.warning("drawn tiles cannot be kept in %s: %s", self._folder, error)
            self._broken = True

    def _file(self, address: str) -> Path:
        name = hashlib.blake2b(f"{self._made_by}\n{address}".encode(), digest_size=16).hexdigest()
        return self._folder / name[:2] / name[2:]

    def _write(self, file: Path, data: bytes) -> None:
        """The file, visible only when whole. Nobody waits for the disk: what a crash tears, `get` refuses."""
        part = file.with_name(f".{file.name}.{os.getpid()}.{threading.get_ident()}.part")
        try:
            try:
                part.write_bytes(data)
            except FileNotFoundError:
                file.parent.mkdir(parents=True, exist_ok=True)
                part.write_bytes(data)
            part.replace(file)
        finally:
            part.unlink(missing_ok=True)

    def _sweep_when_due(self, written: int) -> None:
        with self._lock:
            self._unswept += written
            if self._unswept * _SWEEP_SHARE < self._max_bytes:
                return
            self._unswept = 0
        with (self._folder / ".sweep").open("ab") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return  # another process is at it
            self._sweep()

    def _sweep(self) -> None:
        """Files go, those used longest ago first, until the folder is within its bound."""
        found = sorted(_files(self._folder))
        total = sum(size for _, size, _ in found)
        if total <= self._max_bytes:
            return
        for _, size, path in found:
            Path(path).unlink(missing_ok=True)
            total -= size
            if total <= self._max_bytes * _KEPT_SHARE:
                return


def _files(folder: Path) -> Iterator[tuple[float, int, str]]:
    """Time of use, bytes on disk and path of every file."""
    with os.scandir(folder) as entries:
        groups = [entry.path for entry in entries if entry.is_dir()]
    for group in groups:
        with os.scandir(group) as entries:
            for entry in entries:
                try:
                    status = entry.stat()
                except FileNotFoundError:
                    continue
                yield status.st_mtime, -(-status.st_size // _BLOCK) * _BLOCK, entry.path


def _read_slabs(text: str) -> Iterable[Slab]:
    return (Slab(*map(int, slab.split(","))) for slab in text.split(";") if slab)
