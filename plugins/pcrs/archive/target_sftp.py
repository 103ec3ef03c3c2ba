"""A server of SFTP (NAS) as a target, through asyncssh, on one loop in one thread for each connection."""

import asyncio
import posixpath
import stat
import threading
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from pcrs.archive.target import Sink
from pcrs.blobs import CHUNK, Listed, Seen, checked
from pcrs.errors import InputError, NotFoundError, StoreError

_PATIENCE_S = 30.0
_CIPHERS = "aes128-gcm@openssh.com,aes256-gcm@openssh.com,aes256-ctr,chacha20-poly1305@openssh.com"
_ZEROS = bytes(2**20)
_PORT = 22


@dataclass(frozen=True, slots=True)
class SftpPlace:
    """Where a server keeps files, and how it is known."""

    host: str
    port: int
    user: str
    root: str
    key_file: Path | None = None
    """Of our private key; None: the agent, or the user's own keys."""
    known_hosts: Path | None = None
    """None: the user's own file. A host that is not in it is refused."""


def sftp_place(url: str, key_file: Path | None = None, known_hosts: Path | None = None) -> SftpPlace:
    """The place that sftp://user@host:port/folder means.

    Raises:
        InputError: it is none, or has a password in it.
    """
    parts = urlsplit(url)
    if parts.scheme != "sftp" or not parts.hostname or parts.password:
        raise InputError(f"{url!r} is no address like sftp://user@host:22/folder, without a password")
    root = posixpath.normpath(unquote(parts.path) or "/")
    return SftpPlace(
        parts.hostname, parts.port or _PORT, unquote(parts.username or ""), root, key_file, known_hosts
    )


class SftpTarget:
    """Copies in a folder of a server."""

    def __init__(self, place: SftpPlace) -> None:
        self.place = place
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._opened: Any = None
        self._connection: Any = None

    @property
    def url(self) -> str:
        """sftp://user@host:port/folder."""
        user = f"{self.place.user}@" if self.place.user else ""
        return f"sftp://{user}{self.place.host}:{self.place.port}{self.place.root}"

    @contextmanager
    def writing(self, key: str) -> Iterator[Sink]:
        """As `Target.writing`."""
        path = self._path(key)
        part = posixpath.join(posixpath.dirname(path), f".{posixpath.basename(path)}.part")
        with self._told(key):
            sftp = self._sftp()
            self._run(sftp.makedirs(posixpath.dirname(path), exist_ok=True))
            sink = _Writing(self, self._run(sftp.open(part, "wb")))
            try:
                yield sink
                sink.end()
                self._run(_rename(sftp, part, path))
            except BaseException:
                with suppress(Exception):  # the first fault is the one to tell
                    sink.close()
                    self._run(sftp.remove(part))
                raise

    def chunks(self, key: str) -> Iterator[bytes]:
        """As `Target.chunks`; what the server's own cache answers is the server's affair."""
        with self._told(key):
            file = self._run(self._sftp().open(self._path(key), "rb"))
            try:
                at = 0
                while chunk := self._run(file.read(CHUNK, at)):
                    at += len(chunk)
                    yield chunk
            finally:
                self._run(file.close())

    def head(self, key: str) -> Seen | None:
        """As `Target.head`."""
        try:
            with self._told(key):
                found = self._run(self._sftp().stat(self._path(key)))
        except NotFoundError:
            return None
        return None if stat.S_ISDIR(found.permissions or 0) else _seen(found)

    def list(self, prefix: str = "") -> Iterator[Listed]:
        """As `Target.list`."""
        for one in self._walk(prefix):
            if not posixpath.basename(one.key).startswith("."):
                yield one

    def sweep(self, prefix: str = "") -> None:
        """As `Target.sweep`."""
        for one in self._walk(prefix):
            name = posixpath.basename(one.key)
            if name.startswith(".") and name.endswith(".part"):
                self.delete(one.key)

    def _walk(self, prefix: str) -> Iterator[Listed]:
        """Every file under a folder, hidden ones too; hidden folders are left out."""
        folders = [checked(prefix)] if prefix else [""]
        while folders:
            folder = folders.pop()
            try:
                with self._told(folder):
                    entries = self._run(_all(self._sftp().scandir(posixpath.join(self.place.root, folder))))
            except NotFoundError:
                continue
            for entry in entries:
                key = posixpath.join(folder, str(entry.filename))
                if str(entry.filename) in (".", ".."):
                    continue
                if stat.S_ISDIR(entry.attrs.permissions or 0):
                    folders += [] if str(entry.filename).startswith(".") else [key]
                else:
                    yield Listed(key, _seen(entry.attrs))

    def delete(self, key: str) -> None:
        """As `Target.delete`."""
        with suppress(NotFoundError), self._told(key):
            self._run(self._sftp().remove(self._path(key)))

    def restore(self, key: str, days: int) -> bool:
        """As `Target.restore`: what is there can be read."""
        if self.head(key) is None:
            raise NotFoundError(f"{self.url}/{key} is not there")
        return True

    def seal(self, key: str) -> None:
        """Nobody writes to the file any more, by its rights."""
        with self._told(key):
            self._run(self._sftp().chmod(self._path(key), 0o444))

    def close(self) -> None:
        """As `Target.close`."""
        with self._lock:
            loop, thread, connection = self._loop, self._thread, self._connection
            self._loop = self._thread = self._opened = self._connection = None
        if loop is None or thread is None:
            return
        if connection is not None:
            connection.close()
            with suppress(Exception):  # it may be gone already
                asyncio.run_coroutine_threadsafe(connection.wait_closed(), loop).result(_PATIENCE_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()

    def _path(self, key: str) -> str:
        return posixpath.join(self.place.root, checked(key))

    def _run[T](self, work: Awaitable[T]) -> T:
        if self._loop is None:
            raise StoreError(f"{self.url} was closed")
        return asyncio.run_coroutine_threadsafe(_awaited(work), self._loop).result()

    def _sftp(self) -> Any:
        """The one session, opened when it is first needed, and again when the connection was lost."""
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
                self._thread.start()
            if self._connection is None or self._connection.is_closed():
                self._connection, self._opened = self._run(self._connect())
            return self._opened

    async def _connect(self) -> tuple[Any, Any]:
        import asyncssh

        place = self.place
        known: dict[str, Any] = {"known_hosts": str(place.known_hosts)} if place.known_hosts else {}
        keys: dict[str, Any] = {"client_keys": [str(place.key_file)]} if place.key_file else {}
        connection = await asyncssh.connect(
            place.host,
            place.port,
            **({"username": place.user} if place.user else {}),
            **known,
            **keys,
            connect_timeout=_PATIENCE_S,
            keepalive_interval=15,
            encryption_algs=_CIPHERS.split(","),
            compression_algs=["none"],
        )
        sftp = await connection.start_sftp_client()
        if not await sftp.isdir(place.root):
            connection.close()
            raise StoreError(f"{self.url}: there is no such folder on the server: make it, or mount it")
        return connection, sftp

    @contextmanager
    def _told(self, key: str) -> Iterator[None]:
        from asyncssh import Error, SFTPError, SFTPNoSuchFile

        try:
            yield
        except SFTPNoSuchFile as error:
            raise NotFoundError(f"{self.url}/{key} is not there") from error
        except (SFTPError, Error) as error:
            raise StoreError(f"{self.url}/{key}: the server says: {error.reason or error}") from error
        except (StoreError, NotFoundError):
            raise
        except (OSError, TimeoutError) as error:
            raise StoreError(f"{self.url}/{key}: the server cannot be reached: {error}") from error


class _Writing:
    """A remote file that is written; megabytes of zeros are left out, and the server has a hole there."""

    def __init__(self, target: SftpTarget, file: Any) -> None:
        self._target, self._file = target, file
        self._at = self._end = 0

    def write(self, data: bytes) -> None:
        if len(data) != len(_ZEROS) or data != _ZEROS:
            self._target._run(self._file.write(data, self._at))
            self._end = self._at + len(data)
        self._at += len(data)

    def end(self) -> None:
        if self._at > self._end:
            self._target._run(self._file.truncate(self._at))
        with suppress(Exception):  # not every server knows fsync@openssh.com; the reading back proves
            self._target._run(self._file.fsync())
        self.close()

    def close(self) -> None:
        self._target._run(self._file.close())


async def _rename(sftp: Any, part: str, path: str) -> None:
    """The part has its name, in place of what was there: in one step where the server can."""
    from asyncssh import SFTPOpUnsupported

    try:
        await sftp.posix_rename(part, path)
    except SFTPOpUnsupported:
        if await sftp.exists(path):
            await sftp.remove(path)
        await sftp.rename(part, path)


async def _awaited[T](work: Awaitable[T]) -> T:
    return await work


async def _all(entries: AsyncIterator[Any]) -> list[Any]:
    return [entry async for entry in entries]


def _seen(attrs: Any) -> Seen:
    size, when = attrs.size or 0, attrs.mtime or 0
    return Seen(size, f"{when:x}-{size:x}", datetime.fromtimestamp(when, UTC))
