"""The packets of SFTP, version 3: their numbers, their parts as bytes, and what a server says instead."""

from dataclasses import dataclass

from pcrs.errors import StoreError

OPEN, CLOSE, READ, WRITE, SETSTAT, FSETSTAT, OPENDIR, READDIR = 3, 4, 5, 6, 9, 10, 11, 12
REMOVE, MKDIR, STAT, RENAME, EXTENDED = 13, 14, 17, 18, 200
STATUS, HANDLE, DATA, NAME, ATTRS, EXTENDED_REPLY = 101, 102, 103, 104, 105, 201
SIZE, OWNERS, RIGHTS, TIMES, MORE = 1, 2, 4, 8, 0x80000000
"""What of a file's attributes is told."""
TO_READ, TO_WRITE = 0x01, 0x02 | 0x08 | 0x10
"""To write: made when it is missing, emptied when it is there."""
END, GONE, WRONG = 1, 2, 5
"""Codes of a status: no more, no such file, an answer that makes no sense."""


class SftpError(StoreError):
    """What the server answers instead: the session goes on."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


class SessionLostError(StoreError):
    """The connection is gone, or never was."""


@dataclass(frozen=True, slots=True)
class Attributes:
    """What is known of a file or folder."""

    size: int = 0
    mode: int = 0
    mtime: int = 0
    """Seconds, UTC."""


def packed(value: bytes) -> bytes:
    """Bytes after their length."""
    return len(value).to_bytes(4) + value


def text(value: str) -> bytes:
    """A name or a path, as `packed`."""
    return packed(value.encode("utf-8", "surrogateescape"))


def text_at(body: bytes, at: int) -> tuple[bytes, int]:
    """The bytes of a name that begins there, and where what follows begins."""
    end = at + 4 + int.from_bytes(body[at : at + 4])
    return body[at + 4 : end], end


def pairs(body: bytes) -> dict[bytes, bytes]:
    """Names and values, one after the other."""
    found, at = {}, 0
    while at < len(body):
        name, at = text_at(body, at)
        found[name], at = text_at(body, at)
    return found


def attributes(body: bytes, at: int) -> tuple[Attributes, int]:
    """The attributes that begin there, and where what follows begins."""
    flags, at = int.from_bytes(body[at : at + 4]), at + 4
    size = mode = mtime = 0
    if flags & SIZE:
        size, at = int.from_bytes(body[at : at + 8]), at + 8
    if flags & OWNERS:
        at += 8
    if flags & RIGHTS:
        mode, at = int.from_bytes(body[at : at + 4]), at + 4
    if flags & TIMES:
        mtime, at = int.from_bytes(body[at + 4 : at + 8]), at + 8
    if flags & MORE:
        count, at = int.from_bytes(body[at : at + 4]), at + 4
        for _ in range(2 * count):
            _, at = text_at(body, at)
    return Attributes(size, mode, mtime), at


def code_of(body: bytes) -> int:
    """The code of a status."""
    return int.from_bytes(body[:4])


def done(kind: int, body: bytes) -> None:
    """Nothing, when the answer is that it was done.

    Raises:
        SftpError: it is another.
    """
    expect(kind, body, STATUS)
    if code_of(body):
        raise SftpError(code_of(body), text_at(body, 4)[0].decode("utf-8", "replace") or "no reason given")


def expect(kind: int, body: bytes, wanted: int) -> None:
    """Nothing, when the answer is of the kind that is wanted.

    Raises:
        SftpError: it is another.
    """
    if kind == STATUS != wanted:
        done(kind, body)
    if kind != wanted:
        raise SftpError(WRONG, f"an answer of kind {kind} where {wanted} was expected")
