"""How long a TIFF or JPEG 2000 file says it is: what tells a file cut short from a damaged one."""

import struct
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

_TIFF = {b"II*\0": ("<", False), b"MM\0*": (">", False), b"II+\0": ("<", True), b"MM\0+": (">", True)}
JP2_SIGNATURE = b"\0\0\0\x0cjP  \r\n\x87\n"
CODESTREAM = b"\xff\x4f\xff\x51"
_OFFSETS, _COUNTS = (273, 324), (279, 325)
"""Tags of the places and lengths of strips and of tiles."""
_INTEGERS = {3: "u2", 4: "u4", 16: "u8"}
_MAX_DIRECTORIES = 64


class _Words(NamedTuple):
    """How a TIFF writes its numbers: byte order, then the layouts of a directory's parts."""

    order: str
    number: str
    entry: str
    offset: str

    def read(self, file: BinaryIO, layout: str, at: int) -> tuple[int, ...]:
        """Numbers at a place; raises struct.error past the end of the file."""
        file.seek(at)
        found: tuple[int, ...] = struct.unpack(
            self.order + layout, file.read(struct.calcsize(self.order + layout))
        )
        return found


def driver_of(head: bytes) -> str | None:
    """GDAL's name of the format whose file begins with `head` (12 bytes or more): only the two of dalles."""
    if head[:4] in _TIFF:
        return "GTiff"
    return "JP2OpenJPEG" if head[:12] == JP2_SIGNATURE or head[:4] == CODESTREAM else None


def announced_bytes(path: Path) -> int:
    """Bytes that the file's own structure asks for, at the least; more than it has when it was cut.

    0 for a file of another format, which announces nothing.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(12)
        try:
            if head[:4] in _TIFF:
                return _tiff_end(file, *_TIFF[head[:4]])
            if head == JP2_SIGNATURE:
                return _boxes_end(file, size)
            return _codestream_end(file, size) if head[:4] == CODESTREAM else 0
        except struct.error:
            return size + 1  # the structure itself goes on past the end


def _tiff_end(file: BinaryIO, order: str, big: bool) -> int:
    """End of the last strip or tile of any directory."""
    words = _Words(order, "Q", "HHQ8x", "Q") if big else _Words(order, "H", "HHI4x", "I")
    (at,) = words.read(file, words.offset, 8 if big else 4)
    end = 0
    for _ in range(_MAX_DIRECTORIES):
        if at == 0:
            break
        (entries,) = words.read(file, words.number, at)
        first, length = at + struct.calcsize("<" + words.number), struct.calcsize("<" + words.entry)
        tags: dict[int, np.ndarray] = {}
        for number in range(entries):
            tag, kind, count = words.read(file, words.entry, first + number * length)
            if tag in (*_OFFSETS, *_COUNTS) and kind in _INTEGERS:
                tags[tag] = _values(file, words, first + number * length, (kind, count))
        for places, lengths in zip(_OFFSETS, _COUNTS, strict=True):
            if places in tags and lengths in tags and tags[places].size == tags[lengths].size:
                end = max(end, int((tags[places] + tags[lengths]).max(initial=0)))
        (at,) = words.read(file, words.offset, first + entries * length)
    return end


def _values(file: BinaryIO, words: _Words, at: int, shape: tuple[int, int]) -> np.ndarray:
    """The integers of the entry at `at`, wherever they lie."""
    kind, count = shape
    dtype = np.dtype(words.order + _INTEGERS[kind])
    room = struct.calcsize("<" + words.offset)
    place = at + struct.calcsize("<" + words.entry) - room
    if count * dtype.itemsize > room:
        (place,) = words.read(file, words.offset, place)
    file.seek(place)
    raw = file.read(count * dtype.itemsize)
    if len(raw) < count * dtype.itemsize:
        raise struct.error("values past the end of the file")
    return np.frombuffer(raw, dtype).astype(np.uint64)


def _boxes_end(file: BinaryIO, size: int) -> int:
    """End of the last box of a JPEG 2000 file; one of them must be the codestream."""
    at, image = 0, False
    while at < size:
        file.seek(at)
        length, kind = struct.unpack(">I4s", file.read(8))
        if length == 1:
            (length,) = struct.unpack(">Q", file.read(8))
        if length == 0:
            return size
        image |= kind == b"jp2c"
        at += max(int(length), 8)
    return at if image else max(at, size + 1)


def _codestream_end(file: BinaryIO, size: int) -> int:
    """A bare codestream says how it ends, not where."""
    file.seek(max(0, size - 2))
    return size if file.read() == b"\xff\xd9" else size + 1
