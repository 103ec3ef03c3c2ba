"""A server of SFTP (NAS) as a target, over OpenSSH's own client; threads have sessions of their own."""

import posixpath
import stat
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pcrs.archive.sftp import Session
from pcrs.archive.sftp_packets import GONE, Attributes, SessionLostError, SftpError
from pcrs.archive.target import Sink, at_hand
from pcrs.blobs import Listed, Seen, checked
from pcrs.errors import InputError, NotFoundError, StoreError

_PATIENCE_S = 30
_OPTIONS = (
    "BatchMode=yes",
    "LogLevel=ERROR",
    "StrictHostKeyChecking=yes",
    f"ConnectTimeout={_PATIENCE_S}",
    "ServerAliveInterval=15",
    "Compression=no",
    "ClearAllForwardings=yes",
    "Ciphers=^aes128-gcm@openssh.com,aes256-gcm@openssh.com",
)
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
        self._idle: list[Session] = []
        self._closed = False

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
        try:
            with self._session(key) as session:
                _make_folders(session, posixpath.dirname(path))
                sink = _Writing(session, session.open(part, write=True))
                yield sink
                sink.end()
                session.rename(part, path)
        except BaseException:
            with suppress(Exception), self._session(key) as session:  # the first fault is the one to tell
                session.remove(part)
            raise

    def chunks(self, key: str) -> Iterator[bytes]:
        """As `Target.chunks`; what the server's own cache answers is the server's affair."""
        with self._session(key) as session:
            handle = session.open(self._path(key), write=False)
            yield from session.read(handle)
            session.shut(handle)

    def head(self, key: str) -> Seen | None:
        """As `Target.head`."""
        try:
            with self._session(key) as session:
                found = session.stat(self._path(key))
        except NotFoundError:
            return None
        return None if stat.S_ISDIR(found.mode) else _seen(found)

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
                with self._session(folder) as session:
                    entries = list(session.folder(posixpath.join(self.place.root, folder)))
            except NotFoundError:
                continue
            for name, known in entries:
                key = posixpath.join(folder, name)
                if name in (".", ".."):
                    continue
                if stat.S_ISDIR(known.mode):
                    folders += [] if name.startswith(".") else [key]
                else:
                    yield Listed(key, _seen(known))

    def delete(self, key: str) -> None:
        """As `Target.delete`."""
        with suppress(NotFoundError), self._session(key) as session:
            session.remove(self._path(key))

    def restore(self, key: str, days: int) -> bool:
        """As `Target.restore`: what is there can be read."""
        return at_hand(self, key)

    def seal(self, key: str) -> None:
        """Nobody writes to the file any more, by its rights."""
        with self._session(key) as session:
            session.set_rights(self._path(key), 0o444)

    def close(self) -> None:
        """As `Target.close`."""
        with self._lock:
            idle, self._idle, self._closed = self._idle, [], True
        for session in idle:
            session.close()

    def _path(self, key: str) -> str:
        return posixpath.join(self.place.root, checked(key))

    @contextmanager
    def _session(self, key: str) -> Iterator[Session]:
        """A session for this thread; what goes wrong in it is said of the key."""
        session = self._taken()
        try:
            yield session
        except SftpError as error:
            if error.code == GONE:
                raise NotFoundError(f"{self.url}/{key} is not there") from error
            raise StoreError(f"{self.url}/{key}: the server says: {error}") from error
        except SessionLostError as error:
            raise self._unreached(error) from error
        finally:
            with self._lock:
                kept = session.usable and not self._closed
                if kept:
                    self._idle.append(session)
            if not kept:
                session.close()

    def _taken(self) -> Session:
        """An open session that nobody has, or a new one."""
        while True:
            with self._lock:
                if self._closed:
                    raise StoreError(f"{self.url} was closed")
                session = self._idle.pop() if self._idle else None
            if session is None:
                return self._opened()
            if session.usable:
                return session
            session.close()

    def _opened(self) -> Session:
        try:
            session = Session(self._command())
        except SessionLostError as error:
            raise self._unreached(error) from error
        try:
            if stat.S_ISDIR(session.stat(self.place.root).mode):
                return session
        except StoreError:
            pass
        session.close()
        raise StoreError(f"{self.url}: there is no such folder on the server: make it, or mount it")

    def _unreached(self, error: SessionLostError) -> StoreError:
        return StoreError(f"{self.url}: the server cannot be reached: {error}")

    def _command(self) -> tuple[str, ...]:
        place = self.place
        options: tuple[str, ...] = _OPTIONS
        if place.known_hosts:
            options += (f'UserKnownHostsFile="{place.known_hosts}"', "GlobalKnownHostsFile=none")
        if place.key_file:
            options += (f'IdentityFile="{place.key_file}"', "IdentitiesOnly=yes")
        user = ("-l", place.user) if place.user else ()
        told = (f"-o{option}" for option in options)
        return ("ssh", "-axT", "-s", "-p", str(place.port), *told, *user, "--", place.host, "sftp")


class _Writing:
    """A remote file that is written; megabytes of zeros are left out, and the server has a hole there."""

    def __init__(self, session: Session, handle: bytes) -> None:
        self._session, self._handle = session, handle
        self._sent: deque[int] = deque()
        self._at = self._end = 0

    def write(self, data: bytes) -> None:
        if len(data) != len(_ZEROS) or data != _ZEROS:
            self._session.write(self._handle, self._at, data, self._sent)
            self._end = self._at + len(data)
        self._at += len(data)

    def end(self) -> None:
        self._session.settle(self._sent)
        if self._at > self._end:
            self._session.resize(self._handle, self._at)
        with suppress(SftpError):  # not every server can; the reading back proves
            self._session.flush(self._handle)
        self._session.shut(self._handle)


def _make_folders(session: Session, path: str) -> None:
    try:
        session.stat(path)
    except SftpError as error:
        if error.code != GONE:
            raise
        _make_folders(session, posixpath.dirname(path))
        try:
            session.make_folder(path)
        except SftpError:
            session.stat(path)  # another thread was quicker


def _seen(known: Attributes) -> Seen:
    when = datetime.fromtimestamp(known.mtime, UTC)
    return Seen(known.size, f"{known.mtime:x}-{known.size:x}", when)
