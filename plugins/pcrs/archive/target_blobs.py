"""A folder (NAS, LTFS mount) as a target, and the intermediate tier of a site seen as one."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from errno import EDQUOT, ENOSPC
from pathlib import Path
from typing import BinaryIO

from pcrs.archive.directory import Directory
from pcrs.archive.target import Sink, at_hand
from pcrs.blobs import ASIDE, CHUNK, Blobs, Listed, Seen
from pcrs.errors import NotFoundError, PcrsError, StoreError
from pcrs.files import placing

_ZEROS = bytes(2**20)
_FLUSHED = 8 * 2**20
"""Bytes that wait in memory before the disk begins with them."""


class _Sparse:
    """A file that is written: a megabyte of zeros becomes a hole, where the file system has such.

    The disk begins with what is there while more comes, so that the flush at the end is short and terabytes
    on their way leave the memory to others.
    """

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._hole = False
        self._begun = self._at = 0

    def write(self, data: bytes) -> None:
        self._hole = len(data) == len(_ZEROS) and data == _ZEROS
        if self._hole:
            self._out.seek(len(data), os.SEEK_CUR)
        else:
            self._out.write(data)
        self._at += len(data)
        if self._at - self._begun >= _FLUSHED:
            os.posix_fadvise(self._out.fileno(), self._begun, self._at - self._begun, os.POSIX_FADV_DONTNEED)
            self._begun = self._at

    def end(self) -> None:
        if self._hole:
            self._out.truncate(self._out.tell())


@dataclass(frozen=True, slots=True)
class FolderTarget:
    """Copies in a folder."""

    root: Path

    @property
    def url(self) -> str:
        """The folder's path."""
        return str(self.root)

    @contextmanager
    def writing(self, key: str) -> Iterator[Sink]:
        """As `Target.writing`."""
        path = Directory(self.root).path(key)
        with self._told(key), placing(path) as part, part.open("wb", buffering=0) as out:
            sparse = _Sparse(out)
            yield sparse
            sparse.end()

    def chunks(self, key: str) -> Iterator[bytes]:
        """As `Target.chunks`."""
        path = Directory(self.root).path(key)
        try:
            with self._told(key), path.open("rb", buffering=0) as stream:
                os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
                while chunk := stream.read(CHUNK):
                    yield chunk
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
            raise NotFoundError(f"{path} is not there") from error

    def head(self, key: str) -> Seen | None:
        """As `Target.head`."""
        with self._told(key):
            return Directory(self.root).head(key)

    def list(self, prefix: str = "") -> Iterator[Listed]:
        """As `Target.list`."""
        with self._told(prefix):
            yield from Directory(self.root).list(prefix)

    def delete(self, key: str) -> None:
        """As `Target.delete`."""
        with self._told(key):
            Directory(self.root).delete(key)

    def restore(self, key: str, days: int) -> bool:
        """As `Target.restore`: what is there can be read."""
        return at_hand(self, key)

    def seal(self, key: str) -> None:
        """Nobody writes to the file any more, by its rights."""
        with self._told(key), suppress(PermissionError):  # shares of Windows have no such rights
            Directory(self.root).path(key).chmod(0o444)

    def sweep(self, prefix: str = "") -> None:
        """As `Target.sweep`."""
        with self._told(prefix):
            for part in (self.root / prefix).rglob(".*.part"):
                part.unlink(missing_ok=True)

    def close(self) -> None:
        """Nothing is open."""

    @contextmanager
    def _told(self, key: str) -> Iterator[None]:
        if not self.root.is_dir():
            raise StoreError(f"{self.root} is not there: mount it (or make the folder), then try again")
        try:
            yield
        except (PcrsError, FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise
        except OSError as error:
            said = f"{self.root}/{key}: {error.strerror or error}"
            if error.errno in (ENOSPC, EDQUOT):
                said += ". What was done is kept: make room there, then give the same command again"
            raise StoreError(said) from error


@dataclass(frozen=True, slots=True)
class TierTarget:
    """The intermediate tier, as the copies of its objects that it is."""

    blobs: Blobs

    @property
    def url(self) -> str:
        """Where the tier is."""
        return self.blobs.url

    @contextmanager
    def writing(self, key: str) -> Iterator[Sink]:
        """As `Target.writing`."""
        if isinstance(self.blobs, Directory):
            self.blobs.root.mkdir(parents=True, exist_ok=True)
            with FolderTarget(self.blobs.root).writing(key) as sink:
                yield sink
            return
        aside = f"{ASIDE}/{uuid.uuid4().hex}"
        with self.blobs.writing(aside) as path, path.open("wb") as out:
            yield out
            out.flush()
        self.blobs.copy(aside, key)
        self.blobs.delete(aside)

    def chunks(self, key: str) -> Iterator[bytes]:
        """As `Target.chunks`."""
        if isinstance(self.blobs, Directory):
            yield from FolderTarget(self.blobs.root).chunks(key)
            return
        seen = self.blobs.head(key)
        if seen is None:
            raise NotFoundError(f"{self.url}/{key} is not there")
        if seen.size:
            yield from self.blobs.chunks(key, 0, seen.size, tag=seen.tag)

    def head(self, key: str) -> Seen | None:
        """As `Target.head`."""
        return self.blobs.head(key)

    def list(self, prefix: str = "") -> Iterator[Listed]:
        """As `Target.list`."""
        return self.blobs.list(prefix)

    def delete(self, key: str) -> None:
        """As `Target.delete`."""
        self.blobs.delete(key)

    def restore(self, key: str, days: int) -> bool:
        """As `Target.restore`: what is there can be read."""
        return at_hand(self, key)

    def seal(self, key: str) -> None:
        """The tier has no seal."""

    def sweep(self, prefix: str = "") -> None:
        """The tier is swept by those who fill it."""

    def close(self) -> None:
        """Nothing is open."""
