"""ROK4 slabs as bytes: 16 x 16 tiles in one TIFF.

The header takes 2048 bytes, tile offsets follow, then byte counts, then the tiles, row by row. A JPEG tile
is a whole JPEG file: a server hands it out as it lies.
"""

import struct
import zlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import simplejpeg

from pcrs.errors import InputError, StoreError
from pcrs.raster.tiff import Entry, Kind, directory, directory_size, header
from pcrs.standard.grid import LAMB93, SLAB_PX, SLAB_TILES, TILE_PX

TILES = SLAB_TILES * SLAB_TILES
INDEX_AT = 2048
"""Where the tile offsets lie, for every reader of ROK4."""
INDEX_BYTES = 2 * 4 * TILES
_DATA_AT = INDEX_AT + INDEX_BYTES
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_JPEG, _DEFLATE = 7, 8
_YCBCR, _MIN_IS_BLACK = 6, 1
_WHOLE = zlib.compress(b"\xff" * TILE_PX**2)
"""The mask of a tile that is wholly valid: most tiles of a mask slab have it, known by its bytes."""


class SlabBytes(NamedTuple):
    """A slab's two files. No data: nothing is there. No mask: every pixel of the slab is valid."""

    data: bytes | None
    mask: bytes | None


NOTHING = SlabBytes(None, None)


EncodedPart = tuple[bytes | None, np.ndarray | None]
"""A tile's JPEG (None: no tile), and where it is valid (None: everywhere)."""


class TileIndex(NamedTuple):
    """Where each tile of a slab lies, and how long it is: 0 for an absent tile."""

    offsets: Sequence[int]
    counts: Sequence[int]


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits


def slab_path(level: int, col: int, row: int, depth: int = 2) -> str:
    """Path of a slab under its level's folder: (25, 195) lies at `00/05/PF.tif`.

    Column and row are written in base 36 and interlaced; the last `depth` pairs become file and folders.

    Raises:
        InputError: the level's matrix has no such slab.
    """
    if not 0 <= level <= LAMB93.last_level:
        raise InputError(f"level {level} is not in {LAMB93.id}: give 0 to {LAMB93.last_level}")
    columns, rows = LAMB93.sizes[level]
    if not (0 <= col * SLAB_TILES < columns and 0 <= row * SLAB_TILES < rows):
        raise InputError(f"slab column {col}, row {row} is outside level {level} of {LAMB93.id}")
    x, y = _base36(col), _base36(row)
    digits = max(depth + 1, len(x), len(y))
    pairs = [a + b for a, b in zip(x.rjust(digits, "0"), y.rjust(digits, "0"), strict=True)]
    first = len(pairs) - depth
    return "/".join(["".join(pairs[:first]), *pairs[first:]]) + ".tif"


def _head(offsets: Sequence[int], counts: Sequence[int], kind: Sequence[Entry]) -> bytes:
    """Header and index: the directory is put so that its two long arrays fall on `INDEX_AT`."""
    entries = [
        Entry(256, Kind.LONG, (SLAB_PX,)),
        Entry(257, Kind.LONG, (SLAB_PX,)),
        Entry(284, Kind.SHORT, (1,)),
        Entry(322, Kind.LONG, (TILE_PX,)),
        Entry(323, Kind.LONG, (TILE_PX,)),
        Entry(324, Kind.LONG, offsets),
        Entry(325, Kind.LONG, counts),
        *kind,
    ]
    at = _DATA_AT - directory_size(entries)
    return header(at).ljust(at, b"\0") + directory(entries, at=at)


def _slab(tiles: Sequence[bytes | None], kind: Sequence[Entry]) -> bytes:
    if len(tiles) != TILES:
        raise InputError(f"a slab holds {TILES} tiles, row by row: {len(tiles)} were given")
    counts = [len(tile) if tile else 0 for tile in tiles]
    offsets, at = [], _DATA_AT
    for count in counts:
        offsets.append(at if count else 0)
        at += count
    return b"".join([_head(offsets, counts, kind), *(tile for tile in tiles if tile)])


def encode_slab(tiles: Sequence[bytes | None]) -> bytes:
    """The data slab of 256 whole JPEG files (RGB, 4:2:0), row by row; None where there is no tile.

    Raises:
        InputError: there are not 256 of them.
    """
    return _slab(
        tiles,
        (
            Entry(258, Kind.SHORT, (8, 8, 8)),
            Entry(259, Kind.SHORT, (_JPEG,)),
            Entry(262, Kind.SHORT, (_YCBCR,)),
            Entry(277, Kind.SHORT, (3,)),
            Entry(530, Kind.SHORT, (2, 2)),
        ),
    )


def encode_mask_slab(masks: Sequence[np.ndarray | bytes | None]) -> bytes:
    """The mask slab of 256 tiles, (256, 256) bool each, True where valid; None where there is no tile.

    A mask that is given as bytes is a tile of another mask slab, as it lies there.

    Raises:
        InputError: there are not 256 of them.
    """
    return _slab(
        [_encode_mask(mask) if isinstance(mask, np.ndarray) else mask for mask in masks],
        (
            Entry(258, Kind.SHORT, (8,)),
            Entry(259, Kind.SHORT, (_DEFLATE,)),
            Entry(262, Kind.SHORT, (_MIN_IS_BLACK,)),
            Entry(277, Kind.SHORT, (1,)),
        ),
    )


def _encode_mask(mask: np.ndarray) -> bytes:
    return _WHOLE if mask.all() else zlib.compress(mask.astype(np.uint8) * np.uint8(255))


def tile_index(index: bytes) -> TileIndex:
    """The index of a slab, from the `INDEX_BYTES` bytes at `INDEX_AT`.

    Raises:
        StoreError: there are fewer: the slab is cut short.
    """
    if len(index) != INDEX_BYTES:
        raise StoreError(
            f"a ROK4 slab has its index at bytes {INDEX_AT} to {_DATA_AT - 1}; this file ends before"
        )
    return TileIndex(
        struct.unpack_from(f"<{TILES}I", index), struct.unpack_from(f"<{TILES}I", index, 4 * TILES)
    )


def decode_slab(slab: bytes) -> list[bytes | None]:
    """The 256 tiles of a slab's file as they lie there; None where absent.

    Raises:
        StoreError: the slab is cut short.
    """
    index = tile_index(slab[INDEX_AT:_DATA_AT])
    tiles = [slab[at : at + count] if count else None for at, count in zip(*index, strict=True)]
    if any(tile is not None and len(tile) != count for tile, count in zip(tiles, index.counts, strict=True)):
        raise StoreError("a ROK4 slab is cut short: a tile passes the end of the file; build it again")
    return tiles


def encode_tile(rgb: np.ndarray, quality: int) -> bytes:
    """The JPEG of a data slab's tile, from (256, 256, 3) uint8."""
    jpeg: bytes = simplejpeg.encode_jpeg(np.ascontiguousarray(rgb), quality, "RGB", "420", fastdct=False)
    return jpeg


def encode_part(rgb: np.ndarray, valid: np.ndarray | None, quality: int) -> EncodedPart:
    """A tile, from (256, 256, 3) pixels that are white where they are not valid; none when none is valid."""
    if valid is not None and not valid.any():
        return None, None
    return encode_tile(rgb, quality), None if valid is None or valid.all() else valid


def decode_tile(tile: bytes, *, half: bool = False) -> np.ndarray:
    """(256, 256, 3) uint8 of a data slab's tile; (128, 128, 3) at `half` size, which costs a third less.

    Raises:
        StoreError: the tile is no JPEG of 256 x 256 pixels.
    """
    side = TILE_PX // 2 if half else TILE_PX
    scale = {"min_height": side, "min_width": side, "min_factor": 2} if half else {}
    try:
        rgb: np.ndarray = simplejpeg.decode_jpeg(tile, "RGB", **scale)
    except ValueError as error:
        raise StoreError(f"a tile of a slab is no readable JPEG ({error}); build the slab again") from error
    if rgb.shape != (side, side, 3):
        raise StoreError(
            f"a tile of a slab has {rgb.shape} pixels, not {side} x {side}; build the slab again"
        )
    return rgb


def decode_mask(tile: bytes) -> np.ndarray:
    """(256, 256) bool, True where valid, of a mask slab's tile.

    Raises:
        StoreError: the tile is no deflated mask.
    """
    if tile == _WHOLE:
        return np.ones((TILE_PX, TILE_PX), bool)
    try:
        values = np.frombuffer(zlib.decompress(tile), np.uint8).reshape(TILE_PX, TILE_PX)
    except (zlib.error, ValueError) as error:
        raise StoreError(f"a tile of a mask slab cannot be read ({error}); build the slab again") from error
    valid: np.ndarray = values != 0
    return valid


def join_tiles(tiles: Sequence[bytes | None], masks: Sequence[np.ndarray | bytes | None]) -> SlabBytes:
    """The two files of a slab, from its JPEG tiles and their validity (None: wholly valid).

    Validity is (256, 256) bool, or the tile of a mask slab as `parts_of` gives it.
    A mask slab is there only when some pixel of the slab is not valid. Then it tells of every tile: ROK4
    reads a tile that a mask slab lacks as void, and a slab without a mask slab as full.
    """
    if not any(tiles):
        return NOTHING
    if all(tiles) and all(mask is None for mask in masks):
        return SlabBytes(encode_slab(tiles), None)
    told = [
        (_WHOLE if mask is None else mask) if tile else None for tile, mask in zip(tiles, masks, strict=True)
    ]
    return SlabBytes(encode_slab(tiles), encode_mask_slab(told))


def parts_of(slab: SlabBytes) -> tuple[list[bytes | None], list[bytes | None]]:
    """The JPEG tiles of a slab, and the tiles of its mask as they lie there; None where all is valid.

    Raises:
        StoreError: a file is cut short.
    """
    if slab.data is None:
        return [None] * TILES, [None] * TILES
    tiles = decode_slab(slab.data)
    if slab.mask is None:
        return tiles, [None] * TILES
    masks = [None if mask == _WHOLE else mask for mask in decode_slab(slab.mask)]
    return tiles, [mask if tile else None for tile, mask in zip(tiles, masks, strict=True)]


def split_tiles(slab: SlabBytes) -> tuple[list[bytes | None], list[np.ndarray | None]]:
    """The JPEG tiles of a slab and their validity: the way back from `join_tiles`.

    Raises:
        StoreError: a file is cut short or broken.
    """
    tiles, told = parts_of(slab)
    masks = [None if mask is None else decode_mask(mask) for mask in told]
    return tiles, [None if mask is None or mask.all() else mask for mask in masks]
