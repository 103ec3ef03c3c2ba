"""A file on its way to a service as multipart/form-data, in pieces, so that gigabytes need no memory."""

import hashlib
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pcrs.archive.directory import Directory
from pcrs.blobs import CHUNK, Blobs
from pcrs.errors import NotFoundError
from pcrs.files import md5_of


@dataclass(frozen=True, slots=True)
class Source:
    """A file that can be read from its beginning, as often as wanted."""

    name: str
    size: int
    read: Callable[[], Iterator[bytes]]
    md5: str = ""
    """In hexadecimal; empty when it is not known before it was read."""
    sha256: str = ""
    """Or whatever tells the file from another of its name."""
    path: Path | None = None
    """Where it is, when it is on this machine."""

    def digest(self) -> str:
        """Its MD5, read when it is not known."""
        if self.md5:
            return self.md5
        found = hashlib.md5(usedforsecurity=False)
        for piece in self.read():
            found.update(piece)
        return found.hexdigest()


def file_source(path: Path) -> Source:
    """A file of this machine."""

    def read() -> Iterator[bytes]:
        with path.open("rb") as stream:
            while piece := stream.read(CHUNK):
                yield piece

    return Source(path.name, path.stat().st_size, read, md5_of(path), path=path)


def bytes_source(name: str, data: bytes) -> Source:
    """Bytes in memory."""
    return Source(
        name, len(data), lambda: iter((data,)), hashlib.md5(data, usedforsecurity=False).hexdigest()
    )


def kept_source(blobs: Blobs, key: str, *, size: int, md5: str, sha256: str) -> Source:
    """A file of a tier.

    Raises:
        NotFoundError: when it is read and is not there.
    """

    def read() -> Iterator[bytes]:
        seen = blobs.head(key)
        if seen is None:
            raise NotFoundError(f"{blobs.url}/{key} is not there: `pcrs status` says what is missing")
        return blobs.chunks(key, 0, seen.size, tag=seen.tag)

    here = blobs.path(key) if isinstance(blobs, Directory) else None
    return Source(key.rpartition("/")[2], size, read, md5, sha256, here)


class Multipart:
    """The body of a request with one file. It can be read again when the request has to be made again."""

    def __init__(
        self,
        source: Source,
        fields: Mapping[str, str] | None = None,
        told: Callable[[int], None] = lambda octets: None,
    ) -> None:
        self._source, self._told = source, told
        self._boundary = uuid.uuid4().hex
        self.md5 = ""
        """Of the file, once it was read to its end."""
        lines = [
            f'--{self._boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in (fields or {}).items()
        ]
        lines.append(
            f'--{self._boundary}\r\nContent-Disposition: form-data; name="file"; filename="{source.name}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        )
        self._head = "".join(lines).encode()
        self._tail = f"\r\n--{self._boundary}--\r\n".encode()

    @property
    def content_type(self) -> str:
        """Value of Content-Type."""
        return f"multipart/form-data; boundary={self._boundary}"

    def __len__(self) -> int:
        return len(self._head) + self._source.size + len(self._tail)

    def __iter__(self) -> Iterator[bytes]:
        digest = hashlib.md5(usedforsecurity=False)
        yield self._head
        for piece in self._source.read():
            digest.update(piece)
            yield piece
            self._told(len(piece))
        self.md5 = digest.hexdigest()
        yield self._tail
