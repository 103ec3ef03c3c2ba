"""A Cloud Optimized GeoTIFF as bytes: blocks already encoded, put under their directories.

Order of the file: header, GDAL's structural metadata, every directory (each image followed by its mask), then
the blocks, coarsest overview first. Each block has its length before it and its last four bytes once more
after it, and the block of the mask follows the block of the image: GDAL then reads both in one request.
"""

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from pcrs.errors import TooLargeError
from pcrs.raster.tiff import HEADER, MAX_BYTES, Entry, Kind, directory, directory_size, header
from pcrs.standard.crs import L93
from pcrs.standard.grid import DALLE_RES_M

BLOCK = 512
_JPEG, _DEFLATE, _YCBCR, _MASK = 7, 8, 6, 4
_REDUCED, _MASK_IMAGE = 1, 4
_AROUND = 8
"""Bytes around a block: its length before, its end repeated after."""


@dataclass(frozen=True, slots=True)
class Level:
    """One resolution: its blocks, row by row. `masks` is empty, or as long as `blocks`."""

    width: int
    height: int
    blocks: list[bytes] = field(default_factory=list)
    """JPEG files of 512 x 512 px, YCbCr 4:2:0."""
    masks: list[bytes] = field(default_factory=list)
    """One bit a pixel, 1 valid, rows packed, deflated."""


def cog_bytes(levels: Sequence[Level], corner: tuple[float, float]) -> Iterator[bytes]:
    """The file, in pieces to be written one after the other.

    Args:
        levels: full resolution first; each half as large as the one before. All have masks, or none.
        corner: north-west corner in EPSG:2154, metres; pixels of 5 cm.

    Raises:
        TooLargeError: the file would pass 4 GiB.
    """
    ghost = _ghost(bool(levels[0].masks))
    first = HEADER + len(ghost)
    spans = [sum(len(block) + _AROUND for block in _in_order(level)) for level in levels]
    if first + sum(spans) > MAX_BYTES:
        raise TooLargeError(
            f"a COG of {sum(spans)} bytes: a classic TIFF ends at 4 GiB; lower the JPEG quality"
        )
    sizes = [directory_size(entries) for entries in _directories(levels, corner, [0] * len(levels))]
    starts = [first + sum(sizes) + sum(spans[number + 1 :]) for number in range(len(levels))]
    yield header(first) + ghost
    at = first
    for number, entries in enumerate(_directories(levels, corner, starts)):
        following = at + sizes[number] if number + 1 < len(sizes) else 0
        yield directory(entries, at=at, next_at=following)
        at += sizes[number]
    for level in reversed(levels):
        for block in _in_order(level):
            yield struct.pack("<I", len(block)) + block + block[-4:]


def _in_order(level: Level) -> Iterable[bytes]:
    """Blocks as they lie: each image's, then its mask's."""
    if not level.masks:
        return level.blocks
    return (one for both in zip(level.blocks, level.masks, strict=True) for one in both)


def _ghost(masked: bool) -> bytes:
    """What tells GDAL how the blocks lie; an even number of bytes."""
    text = (
        "LAYOUT=IFDS_BEFORE_DATA\nBLOCK_ORDER=ROW_MAJOR\nBLOCK_LEADER=SIZE_AS_UINT4\n"
        "BLOCK_TRAILER=LAST_4_BYTES_REPEATED\nKNOWN_INCOMPATIBLE_EDITION=NO\n "
    ) + ("MASK_INTERLEAVED_WITH_IMAGERY=YES\n" if masked else "")
    whole = f"GDAL_STRUCTURAL_METADATA_SIZE={len(text):06d} bytes\n{text}".encode("ascii")
    return whole + b"\0" * (len(whole) % 2)


def _directories(
    levels: Sequence[Level], corner: tuple[float, float], starts: Sequence[int]
) -> Iterator[list[Entry]]:
    """Every directory, in the order in which they lie, for blocks that begin at `starts`."""
    for number, (level, start) in enumerate(zip(levels, starts, strict=True)):
        reduced = _REDUCED if number else 0
        offsets, at = [], start
        for block in _in_order(level):
            offsets.append(at + 4)
            at += len(block) + _AROUND
        step = 2 if level.masks else 1
        entries = [*_frame(level, reduced, _JPEG, _YCBCR, 3), *_place(offsets[::step], level.blocks)]
        entries += [
            Entry(530, Kind.SHORT, (2, 2)),
            Entry(532, Kind.RATIONAL, (0, 1, 255, 1, 128, 1, 255, 1, 128, 1, 255, 1)),
        ]
        yield entries if number else entries + _georeference(corner)
        if level.masks:
            frame = _frame(level, reduced | _MASK_IMAGE, _DEFLATE, _MASK, 1)
            yield [*frame, *_place(offsets[1::step], level.masks)]


def _frame(level: Level, subfile: int, compression: int, photometric: int, samples: int) -> list[Entry]:
    """What every directory says."""
    return [
        Entry(254, Kind.LONG, (subfile,)),
        Entry(256, Kind.LONG, (level.width,)),
        Entry(257, Kind.LONG, (level.height,)),
        Entry(258, Kind.SHORT, (1,) if samples == 1 else (8,) * samples),
        Entry(259, Kind.SHORT, (compression,)),
        Entry(262, Kind.SHORT, (photometric,)),
        Entry(277, Kind.SHORT, (samples,)),
        Entry(284, Kind.SHORT, (1,)),
        Entry(322, Kind.SHORT, (BLOCK,)),
        Entry(323, Kind.SHORT, (BLOCK,)),
        Entry(339, Kind.SHORT, (1,) * samples),
    ]


def _place(offsets: Sequence[int], blocks: Sequence[bytes]) -> list[Entry]:
    """Where the blocks lie and how long they are."""
    return [
        Entry(324, Kind.LONG, offsets),
        Entry(325, Kind.LONG, [len(block) for block in blocks]),
    ]


def _georeference(corner: tuple[float, float]) -> list[Entry]:
    """GeoTIFF tags: pixel is area, RGF93 v1 / Lambert-93, metres."""
    names = ("RGF93 v1 / Lambert-93|", "RGF93 v1|")
    keys = [
        (1024, 0, 1, 1),  # projected
        (1025, 0, 1, 1),  # pixel is area
        (1026, 34737, len(names[0]), 0),
        (2049, 34737, len(names[1]), len(names[0])),
        (2054, 0, 1, 9102),  # degrees
        (3072, 0, 1, L93),
        (3076, 0, 1, 9001),  # metres
    ]
    return [
        Entry(33550, Kind.DOUBLE, (DALLE_RES_M, DALLE_RES_M, 0.0)),
        Entry(33922, Kind.DOUBLE, (0.0, 0.0, 0.0, *corner, 0.0)),
        Entry(34735, Kind.SHORT, [number for key in ((1, 1, 0, len(keys)), *keys) for number in key]),
        Entry(34737, Kind.ASCII, "".join(names).encode("ascii") + b"\0"),
    ]
