"""Files at rest under keys, in a folder or in a bucket: one interface, `Blobs`, and what it is made of.

A key is a relative path of plain names: `dalles/2025/46-2025-0576-6373-LA93-0M05-RVB.tif`. What a call does
is whole: nobody sees a file of which a part is there, and a call that was killed can be made again.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, NamedTuple, Protocol
from urllib.parse import urlsplit

from pcrs.errors import InputError

CHUNK = 4 * 2**20
"""Bytes that are held at once while a file is copied or hashed."""
ASIDE = ".aside"
"""The hidden folder where files may wait on their way."""
ABSENT: Literal[""] = ""
"""The tag of what is not there: `put(…, over=ABSENT)` only creates."""


class Seen(NamedTuple):
    """What is known of a file without reading it."""

    size: int
    tag: str
    """Changes with the bytes: the ETag of an object."""
    modified: datetime
    """UTC."""


class Part(NamedTuple):
    """Bytes of a file, and the tag of the file that they are of."""

    data: bytes
    tag: str


class Listed(NamedTuple):
    """A file with its key."""

    key: str
    seen: Seen


class Folder(NamedTuple):
    """What lies right under a prefix: names of folders, and files by name."""

    folders: tuple[str, ...]
    files: tuple[tuple[str, Seen], ...]


class Blobs(Protocol):
    """Files under keys. Any thread and any process may use one; it can be pickled.

    Every method raises InputError for what is no key, and StoreError when the place cannot be reached, read
    or written.
    """

    @property
    def url(self) -> str:
        """Where the files are, as `locate` takes it."""

    def head(self, key: str) -> Seen | None:
        """What is known of a file; None when there is none."""

    def read(self, key: str, start: int = 0, stop: int | None = None, *, tag: str = "") -> Part | None:
        """Bytes start..stop of a file, fewer where it ends before; None when there is no file.

        Args:
            key: of the file.
            start: first byte.
            stop: byte after the last; None: the end.
            tag: of the file that is meant.

        Raises:
            ConflictError: the file has another tag than `tag`.
        """

    def chunks(self, key: str, start: int, stop: int, *, tag: str) -> Iterator[bytes]:
        """The same in pieces of some megabytes, for what does not fit in memory.

        Raises:
            NotFoundError: there is no such file.
            ConflictError: it has another tag.
        """

    def put(self, key: str, data: bytes, *, over: str | None = None) -> str:
        """The bytes are under the key, in one step; their tag.

        Args:
            key: of the file.
            data: all of it; some megabytes at the most.
            over: tag of what they may replace; `ABSENT`: nothing; None: anything.

        Raises:
            ConflictError: something else is there; nothing was changed.
        """

    def put_file(self, key: str, file: Path, sha256: str, *, replace: bool = False) -> None:
        """The file's bytes are under the key, of any size; they were read back before they got that name.

        What is there already with the same bytes stays as it is; other bytes only with `replace` go.

        Raises:
            ConflictError: the key stands for other bytes, or the file has not this sha256.
        """

    def writing(self, key: str) -> AbstractContextManager[Path]:
        """A path on this machine to write a file to, which is under the key when the block ends well.

        In a folder it is the file's own place, and the block must make it appear whole (`files.placing`).
        For a bucket it is put as `put_file` does, and raises the same.
        """

    def get_file(self, key: str, target: Path) -> str:
        """The file is at `target`, whole or not at all; its sha256.

        Raises:
            NotFoundError: there is no such file.
        """

    def copy(self, key: str, to: str) -> None:
        """The file is under another key too, in one step, in place of what was there.

        Raises:
            NotFoundError: there is no such file.
        """

    def delete(self, key: str) -> None:
        """The file is gone; it is no error when it was."""

    def list(self, prefix: str = "") -> Iterator[Listed]:
        """Every file under a folder ("" for all), in no order."""

    def sweep(self) -> None:
        """What waits under `ASIDE` goes, as killed processes left it; nobody else may be writing."""

    def folder(self, prefix: str = "") -> Folder | None:
        """What lies right under a folder ("" for the top), in order of names; None when nothing does."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where an S3 service keeps files. Its credentials come from the environment, as for every S3 client."""

    bucket: str
    prefix: str
    """Before every key, with a slash at the end when it is not empty."""
    endpoint: str
    """Address of the service; empty: Amazon's."""
    region: str


def locate(url: str, *, endpoint: str = "", region: str = "") -> Path | Bucket:
    """The folder or the bucket that a URL means: a path, file:///…, or s3://bucket/prefix.

    Raises:
        InputError: it is none of these.
    """
    parts = urlsplit(url)
    if parts.scheme == "s3" and parts.netloc and not (parts.query or parts.fragment):
        prefix = parts.path.strip("/")
        if prefix:
            checked(prefix)
        return Bucket(parts.netloc, f"{prefix}/" if prefix else "", endpoint, region)
    if parts.scheme == "file" and not parts.netloc and parts.path.startswith("/"):
        return Path(parts.path)
    if not parts.scheme and url:
        return Path(url)
    raise InputError(f"{url!r} is no place for files: give a folder, or s3://bucket/prefix")


def checked(key: str) -> str:
    """The key itself, when it is one.

    Raises:
        InputError: it is not.
    """
    names = key.split("/")
    if any(name in ("", ".", "..") for name in names) or "\\" in key or "\0" in key:
        raise InputError(f"{key!r} is no key: names joined by single slashes, none of them . or ..")
    return key
