"""SFTP (version 3) through OpenSSH's own `ssh`: a process is a session, for one thread at a time.

`ssh` knows hosts, keys, agents and gateways as the user's configuration has them, and encrypts in a process
of its own. Here requests are written into its pipe and answers read, many of them on the way at once.
"""

import struct
import subprocess
import tempfile
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from os import write

from pcrs.archive import sftp_packets as p

_PLAIN = 32 * 2**10
"""Bytes of data that every server takes in a packet; OpenSSH says how many more it takes."""
_ON_THE_WAY = 4 * 2**20
_PATIENCE_S = 30.0
_BUFFER = 2**18


class Session:
    """A session over `command`, which is ssh with the subsystem sftp.

    Raises (all methods):
        SftpError: the server refuses.
        SessionLostError: nobody answers any more.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._said = tempfile.TemporaryFile()
        try:
            self._process = subprocess.Popen(  # noqa: S603  a fixed command; the host stands after --
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._said,
                bufsize=_BUFFER,
                start_new_session=True,
            )
        except OSError as error:
            self._said.close()
            raise p.SessionLostError(
                f"{command[0]} cannot be run ({error}): install openssh-client"
            ) from error
        self._number = 0
        self._waited: set[int] = set()
        self._early: dict[int, tuple[int, bytes]] = {}
        try:
            self._put(struct.pack(">IBI", 5, 1, 3))
            self._extensions = p.pairs(self._packet()[1][4:])
            self._most = self._limits() if b"limits@openssh.com" in self._extensions else _PLAIN
        except BaseException:
            self.close()
            raise

    @property
    def usable(self) -> bool:
        """True while ssh runs and no answer is waited for."""
        return self._process.poll() is None and not self._waited

    def close(self) -> None:
        """The connection is closed."""
        assert self._process.stdin is not None  # noqa: S101
        assert self._process.stdout is not None  # noqa: S101
        with suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(0.5 if self._waited else _PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._said.close()

    # files --------------------------------------------------------------------------------------------

    def open(self, path: str, *, write: bool) -> bytes:
        """A handle of the file, made or emptied when it is to be written."""
        flags = p.TO_WRITE if write else p.TO_READ
        return p.text_at(self._ask(p.OPEN, p.text(path), struct.pack(">II", flags, 0), gives=p.HANDLE), 0)[0]

    def shut(self, handle: bytes) -> None:
        """The handle is of no more use."""
        self._ask(p.CLOSE, p.packed(handle))

    def write(self, handle: bytes, at: int, data: bytes, sent: deque[int]) -> None:
        """The bytes are on their way; `sent` holds what `settle` waits for."""
        whole = memoryview(data)
        for start in range(0, len(data), self._most):
            piece = whole[start : start + self._most]
            head = (p.packed(handle), struct.pack(">QI", at + start, len(piece)))
            sent.append(self._send(p.WRITE, *head, piece))
            self.settle(sent, _ON_THE_WAY // self._most)

    def settle(self, sent: deque[int], most: int = 0) -> None:
        """The server has all that was sent, but for so many packets."""
        while len(sent) > most:
            p.done(*self._answer(sent.popleft()))

    def read(self, handle: bytes) -> Iterator[bytes]:
        """The bytes of an open file."""
        asked: deque[tuple[int, int, int]] = deque()
        at = 0
        while True:
            while len(asked) < max(2, _ON_THE_WAY // self._most):
                asked.append((self._ask_for(handle, at, self._most), at, self._most))
                at += self._most
            number, start, size = asked.popleft()
            data = self._data(number)
            if data is None:
                break
            yield data
            while len(data) < size:  # a server may give less than it was asked for
                start, size = start + len(data), size - len(data)
                more = self._data(self._ask_for(handle, start, size))
                if more is None:
                    break
                yield (data := more)
        for number, _, _ in asked:
            self._answer(number)

    def _ask_for(self, handle: bytes, at: int, size: int) -> int:
        return self._send(p.READ, p.packed(handle), struct.pack(">QI", at, size))

    def _data(self, number: int) -> bytes | None:
        kind, body = self._answer(number)
        if kind == p.STATUS and p.code_of(body) == p.END:
            return None
        p.expect(kind, body, p.DATA)
        return body[4:]

    def resize(self, handle: bytes, size: int) -> None:
        """An open file has that many bytes."""
        self._ask(p.FSETSTAT, p.packed(handle), struct.pack(">IQ", p.SIZE, size))

    def flush(self, handle: bytes) -> None:
        """What was written to an open file is on the disk, where the server can say so."""
        if b"fsync@openssh.com" in self._extensions:
            self._ask(p.EXTENDED, p.text("fsync@openssh.com"), p.packed(handle))

    # names --------------------------------------------------------------------------------------------

    def stat(self, path: str) -> p.Attributes:
        """What is known of a file or folder."""
        return p.attributes(self._ask(p.STAT, p.text(path), gives=p.ATTRS), 0)[0]

    def folder(self, path: str) -> Iterator[tuple[str, p.Attributes]]:
        """What lies in a folder, `.` and `..` too."""
        handle = p.text_at(self._ask(p.OPENDIR, p.text(path), gives=p.HANDLE), 0)[0]
        try:
            while True:
                try:
                    body = self._ask(p.READDIR, p.packed(handle), gives=p.NAME)
                except p.SftpError as error:
                    if error.code == p.END:
                        return
                    raise
                at = 4
                for _ in range(int.from_bytes(body[:4])):
                    name, at = p.text_at(body, at)
                    _, at = p.text_at(body, at)
                    known, at = p.attributes(body, at)
                    yield name.decode("utf-8", "surrogateescape"), known
        finally:
            self.shut(handle)

    def make_folder(self, path: str) -> None:
        """A new folder."""
        self._ask(p.MKDIR, p.text(path), struct.pack(">I", 0))

    def remove(self, path: str) -> None:
        """A file is gone."""
        self._ask(p.REMOVE, p.text(path))

    def rename(self, path: str, to: str) -> None:
        """A file has another name, in place of what was there: in one step where the server can."""
        if b"posix-rename@openssh.com" in self._extensions:
            self._ask(p.EXTENDED, p.text("posix-rename@openssh.com"), p.text(path), p.text(to))
            return
        with suppress(p.SftpError):
            self.remove(to)
        self._ask(p.RENAME, p.text(path), p.text(to))

    def set_rights(self, path: str, mode: int) -> None:
        """Who may do what with a file."""
        self._ask(p.SETSTAT, p.text(path), struct.pack(">II", p.RIGHTS, mode))

    # packets ------------------------------------------------------------------------------------------

    def _limits(self) -> int:
        body = self._ask(p.EXTENDED, p.text("limits@openssh.com"), gives=p.EXTENDED_REPLY)
        _, read, written, _ = struct.unpack_from(">QQQQ", body)
        return max(_PLAIN, min(read or _PLAIN, written or _PLAIN, _ON_THE_WAY // 4))

    def _ask(self, kind: int, *parts: bytes, gives: int = p.STATUS) -> bytes:
        answered, body = self._answer(self._send(kind, *parts))
        if gives == p.STATUS:
            p.done(answered, body)
        else:
            p.expect(answered, body, gives)
        return body

    def _send(self, kind: int, *parts: bytes | memoryview) -> int:
        self._number += 1
        *head, last = parts
        size = 5 + sum(map(len, parts))
        self._put(struct.pack(">IBI", size, kind, self._number) + b"".join(head))
        self._put(last)
        self._waited.add(self._number)
        return self._number

    def _put(self, data: bytes | memoryview) -> None:
        assert self._process.stdin is not None  # noqa: S101
        left = memoryview(data)
        try:
            while left:
                left = left[write(self._process.stdin.fileno(), left) :]
        except OSError as error:
            raise self._lost() from error

    def _answer(self, number: int) -> tuple[int, bytes]:
        while number not in self._early:
            kind, body = self._packet()
            self._early[int.from_bytes(body[:4])] = kind, body[4:]
        self._waited.discard(number)
        return self._early.pop(number)

    def _packet(self) -> tuple[int, bytes]:
        assert self._process.stdout is not None  # noqa: S101
        head = self._process.stdout.read(5)
        size = int.from_bytes(head[:4]) - 1
        body = self._process.stdout.read(size) if len(head) == 5 else b""
        if len(head) < 5 or len(body) < size:
            raise self._lost()
        return head[4], body

    def _lost(self) -> p.SessionLostError:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(1)
        self._said.seek(0)
        told = self._said.read(2000).decode("utf-8", "replace")
        return p.SessionLostError(" ".join(told.split()) or "the connection was closed")
