"""`Blobs` in a folder: a key is the path of a file under it."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pcrs.blobs import ASIDE, CHUNK, Folder, Listed, Part, Seen, checked
from pcrs.errors import ConflictError, NotFoundError, StoreError
from pcrs.files import placing, sha256_of

_LOCK = ".lock"


@dataclass(frozen=True, slots=True)
class Directory:
    """Files under a folder. Names that begin with a dot are work in progress, and no files."""

    root: Path

    @property
    def url(self) -> str:
        """The folder's path."""
        return str(self.root)

    def path(self, key: str) -> Path:
        """Where the file of a key lies, whether it is there or not."""
        return self.root / checked(key)

    def head(self, key: str) -> Seen | None:
        """As `Blobs.head`."""
        try:
            return _seen(self.path(key).stat()) if self.path(key).is_file() else None
        except FileNotFoundError:
            return None

    def read(self, key: str, start: int = 0, stop: int | None = None, *, tag: str = "") -> Part | None:
        """As `Blobs.read`."""
        try:
            with self.path(key).open("rb", buffering=0) as stream:
                there = _seen(os.fstat(stream.fileno())).tag
                if tag and tag != there:
                    raise _changed(self, key)
                count = (os.fstat(stream.fileno()).st_size if stop is None else stop) - start
                return Part(os.pread(stream.fileno(), max(count, 0), start), there)
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            return None
        except OSError as error:
            raise StoreError(f"{self.path(key)} cannot be read: {error.strerror}") from error

    def chunks(self, key: str, start: int, stop: int, *, tag: str) -> Iterator[bytes]:
        """As `Blobs.chunks`."""
        for at in range(start, stop, CHUNK):
            part = self.read(key, at, min(at + CHUNK, stop), tag=tag)
            if part is None:
                raise NotFoundError(f"{self.path(key)} is not there")
            yield part.data

    def put(self, key: str, data: bytes, *, over: str | None = None) -> str:
        """As `Blobs.put`."""
        path = self.path(key)
        with self._alone(), placing(path) as part:
            there = self.head(key)
            if over is not None and over != (there.tag if there else ""):
                raise _changed(self, key)
            part.write_bytes(data)
            tag = _seen(part.stat()).tag
        return tag

    def put_file(self, key: str, file: Path, sha256: str, *, replace: bool = False) -> None:
        """As `Blobs.put_file`."""
        path = self.path(key)
        if path.is_file():
            if sha256_of(path) == sha256:
                return
            if not replace:
                raise ConflictError(f"{path} stands for other bytes already: an accepted file never changes")
        with placing(path) as part:
            shutil.copyfile(file, part)
            if sha256_of(part) != sha256:
                raise ConflictError(f"{path} was not written as {file} was: the file has changed meanwhile")

    @contextmanager
    def writing(self, key: str) -> Iterator[Path]:
        """As `Blobs.writing`."""
        yield self.path(key)

    def get_file(self, key: str, target: Path) -> str:
        """As `Blobs.get_file`."""
        try:
            with placing(target) as part:
                shutil.copyfile(self.path(key), part)
                return sha256_of(part)
        except FileNotFoundError as error:
            raise NotFoundError(f"{self.path(key)} is not there") from error

    def copy(self, key: str, to: str) -> None:
        """As `Blobs.copy`."""
        self.get_file(key, self.path(to))

    def delete(self, key: str) -> None:
        """As `Blobs.delete`."""
        self.path(key).unlink(missing_ok=True)

    def list(self, prefix: str = "") -> Iterator[Listed]:
        """As `Blobs.list`."""
        top = self.path(prefix) if prefix else self.root
        for folder, folders, names in os.walk(top):
            folders[:] = [name for name in folders if not name.startswith(".")]
            for name in names:
                path = Path(folder, name)
                if not name.startswith("."):
                    with suppress(FileNotFoundError):  # a file may go while its folder is read
                        yield Listed(path.relative_to(self.root).as_posix(), _seen(path.stat()))

    def folder(self, prefix: str = "") -> Folder | None:
        """As `Blobs.folder`."""
        top = self.path(prefix) if prefix else self.root
        if not top.is_dir():
            return None
        entries = sorted((p for p in top.iterdir() if not p.name.startswith(".")), key=lambda p: p.name)
        folders = tuple(path.name for path in entries if path.is_dir())
        files = tuple((path.name, _seen(path.stat())) for path in entries if path.is_file())
        return Folder(folders, files) if folders or files else None

    def sweep(self) -> None:
        """As `Blobs.sweep`."""
        shutil.rmtree(self.root / ASIDE, ignore_errors=True)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One conditional write at a time: looking and replacing are two steps in a folder."""
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / _LOCK).open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _seen(status: os.stat_result) -> Seen:
    tag = f"{status.st_ino:x}-{status.st_mtime_ns:x}-{status.st_size:x}"
    return Seen(status.st_size, tag, datetime.fromtimestamp(status.st_mtime, UTC))


def _changed(blobs: Directory, key: str) -> ConflictError:
    return ConflictError(
        f"{blobs.path(key)} is not what was expected there: it was written by another process"
    )
