"""Cuts: the tiles of the pyramid that come from one dalle alone, encoded while the dalle is decoded.

A tile of the finest level that lies wholly in a dalle and is wholly valid depends on no other dalle, unless
one lies on top. Such tiles wait in files like slabs: `pcrs.raster.build` takes what it may from them and
reads masters for the rest. Nothing is lost with a cut: the same tile comes out of the masters, byte for byte.
"""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from pcrs.errors import StoreError
from pcrs.files import placing
from pcrs.raster.lattice import on_lattice
from pcrs.raster.slab import TILES, decode_slab, encode_slab, encode_tile
from pcrs.standard.crs import BBox
from pcrs.standard.grid import LAMB93, SLAB_TILES, TILE_PX, Slab, Tile, slab_of


class Cutter:
    """Cuts a dalle into tiles: push its bands, from the north, then `end`.

    Args:
        bbox: of the dalle, EPSG:2154, on whole pixels of 5 cm.
        quality: of JPEG, 1 to 100.
        put: takes each cut, as the bytes of a slab of the finest level, as soon as it is complete.
    """

    def __init__(self, bbox: BBox, quality: int, put: Callable[[Slab, bytes], None]) -> None:
        left, top, right, _ = (int(edge) for edge in on_lattice(bbox, (1, 1)))
        self._quality, self._put = quality, put
        self._first = -(-left // TILE_PX)
        self._count = max(0, right // TILE_PX - self._first)
        self._row = -(-top // TILE_PX)
        self._skip = self._row * TILE_PX - top
        """Rows to come that belong to no whole tile."""
        self._aside = self._first * TILE_PX - left
        """Columns west of the first whole tile."""
        width = self._count * TILE_PX
        self._rgb = np.empty((TILE_PX, width, 3), np.uint8)
        self._valid = np.empty((TILE_PX, width), bool)
        self._filled = 0
        self._tiles: dict[Slab, list[bytes | None]] = {}

    def push(self, rgb: np.ndarray, valid: np.ndarray | None) -> None:
        """Takes the next rows: (h, w, 3) uint8, and (h, w) bool or None for all valid. Neither is kept."""
        columns = slice(self._aside, self._aside + self._rgb.shape[1])
        done = min(self._skip, len(rgb))
        self._skip -= done
        while done < len(rgb):
            count = min(TILE_PX - self._filled, len(rgb) - done)
            taken = slice(done, done + count)
            there, seen = rgb[taken, columns], None if valid is None else valid[taken, columns]
            done += count
            if count == TILE_PX:
                self._cut(there, seen)
                continue
            to = slice(self._filled, self._filled + count)
            self._rgb[to] = there
            self._valid[to] = True if seen is None else seen
            self._filled += count
            if self._filled == TILE_PX:
                self._filled = 0
                self._cut(self._rgb, self._valid)

    def _cut(self, rgb: np.ndarray, valid: np.ndarray | None) -> None:
        """One row of tiles; the slabs that end with it are complete."""
        for number in range(self._count):
            columns = slice(number * TILE_PX, (number + 1) * TILE_PX)
            if valid is None or valid[:, columns].all():
                slab, index = slab_of(Tile(LAMB93.last_level, self._first + number, self._row))
                tiles = self._tiles.setdefault(slab, [None] * TILES)
                tiles[index] = encode_tile(rgb[:, columns], self._quality)
        self._row += 1
        if self._row % SLAB_TILES == 0:
            self.end()

    def end(self) -> None:
        """Every cut is given away, whole or not."""
        for slab, tiles in self._tiles.items():
            self._put(slab, encode_slab(tiles))
        self._tiles.clear()


@contextmanager
def cutting(folder: Path, bbox: BBox, quality: int) -> Iterator[Cutter]:
    """A cutter whose cuts appear in `folder` together, when the block ends well; older ones there go."""
    part = folder.parent / f".{folder.name}.{os.getpid()}.part"
    part.mkdir(parents=True, exist_ok=True)

    def put(slab: Slab, cut: bytes) -> None:
        with placing(cut_file(part, slab)) as file:
            file.write_bytes(cut)

    try:
        cutter = Cutter(bbox, quality, put)
        yield cutter
        cutter.end()
        shutil.rmtree(folder, ignore_errors=True)
        part.replace(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def cut_file(folder: Path, slab: Slab) -> Path:
    """Where the cut of a slab lies, whether it is there or not."""
    return folder / f"{slab.col}-{slab.row}.tif"


def read_cut(folder: Path, slab: Slab) -> Sequence[bytes | None]:
    """The 256 tiles of a cut, row by row; None for each that has to come from the masters."""
    try:
        return decode_slab(cut_file(folder, slab).read_bytes())
    except (FileNotFoundError, StoreError):
        return [None] * TILES
