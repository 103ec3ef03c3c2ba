"""TIFF directories, as bytes: what the hot COG and the ROK4 slab are made of.

Classic little-endian TIFF only (files under 4 GiB): hot dalles and slabs are far below.
"""

import struct
from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

from pcrs.errors import TooLargeError

HEADER = 8
MAX_BYTES = 2**32 - 1


class Kind(IntEnum):
    """Types of TIFF values."""

    BYTE = 1
    ASCII = 2
    SHORT = 3
    LONG = 4
    RATIONAL = 5
    DOUBLE = 12


_FORMATS = {Kind.SHORT: "H", Kind.LONG: "I", Kind.RATIONAL: "I", Kind.DOUBLE: "d"}


class Entry(NamedTuple):
    """One tag. ASCII and BYTE take bytes (ASCII with its final NUL); RATIONAL a flat run of pairs."""

    tag: int
    kind: Kind
    values: bytes | Sequence[float]


def header(first_ifd: int) -> bytes:
    """The eight bytes that open a file whose first directory lies at `first_ifd`."""
    return struct.pack("<2sHI", b"II", 42, first_ifd)


def _payload(entry: Entry) -> tuple[int, bytes]:
    """Count and bytes of an entry's values."""
    if isinstance(entry.values, bytes):
        return len(entry.values), entry.values
    values = entry.values
    packed = struct.pack(f"<{len(values)}{_FORMATS[entry.kind]}", *values)
    return (len(values) // 2 if entry.kind is Kind.RATIONAL else len(values)), packed


def directory_size(entries: Sequence[Entry]) -> int:
    """Bytes that `directory` will give for these entries."""
    outside = sum(len(data) + len(data) % 2 for _, data in map(_payload, entries) if len(data) > 4)
    return 2 + 12 * len(entries) + 4 + outside


def directory(entries: Sequence[Entry], *, at: int, next_at: int = 0) -> bytes:
    """An image file directory that lies at offset `at`, its long values right behind it.

    `next_at` is where the next directory lies, 0 for none. Entries are put in order of their tags.

    Raises:
        TooLargeError: an offset passes 4 GiB.
    """
    ordered = sorted(entries, key=lambda entry: entry.tag)
    outside_at = at + 2 + 12 * len(ordered) + 4
    head, tail = [struct.pack("<H", len(ordered))], b""
    for entry in ordered:
        count, data = _payload(entry)
        if len(data) > 4:
            place = struct.pack("<I", outside_at + len(tail))
            tail += data + b"\0" * (len(data) % 2)
        else:
            place = data.ljust(4, b"\0")
        head.append(struct.pack("<HHI", entry.tag, entry.kind, count) + place)
    if outside_at + len(tail) > MAX_BYTES:
        raise TooLargeError("a TIFF of more than 4 GiB: pcrs writes dalles of 1 km at the most")
    head.append(struct.pack("<I", next_at))
    return b"".join(head) + tail
