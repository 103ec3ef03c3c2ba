"""The hot dalle: a Cloud Optimized GeoTIFF in JPEG, with overviews and, where something is no-data, a mask.

Pixels come in bands and leave as blocks; each is looked at once. `HotEncoder` knows no file: what was decoded
once can feed it and others.
"""

import zlib
from pathlib import Path

import numpy as np
import simplejpeg

from pcrs.errors import RasterError
from pcrs.files import placing
from pcrs.raster.cogfile import BLOCK, Level, cog_bytes
from pcrs.raster.halving import halve
from pcrs.raster.open import bands, facts, gdal_env, open_raster, read_planes
from pcrs.standard.crs import L93

_VALID_BLOCK = zlib.compress(b"\xff" * (BLOCK * BLOCK // 8))


class HotEncoder:
    """One resolution of a hot dalle, and below it those that follow: push bands, then take `levels`.

    A level follows as long as the larger side passes one block.
    """

    def __init__(self, width: int, height: int, quality: int) -> None:
        self._level = Level(width, height)
        self._quality = quality
        self._masked = False
        self._rows = 0
        """Rows encoded so far."""
        self._waiting: list[tuple[np.ndarray, np.ndarray | None]] = []
        """Half a band that waits for the other half."""
        larger = max(width, height) > BLOCK
        self._half = HotEncoder(-(-width // 2), -(-height // 2), quality) if larger else None

    def push(self, rgb: np.ndarray, valid: np.ndarray | None) -> None:
        """Takes the next rows, from the north: (h, w, 3) uint8, and (h, w) bool or None for all valid.

        They are 512, and not kept; or 256, twice in a row: the first is kept until the second comes. The last
        may be fewer.
        """
        self._waiting.append((rgb, valid))
        rows = sum(part.shape[0] for part, _ in self._waiting)
        if rows < BLOCK and self._rows + rows < self._level.height:
            return
        rgb, valid = _joined(self._waiting)
        self._waiting.clear()
        self._rows += rows
        if valid is not None:
            rgb = np.where(valid[:, :, None], rgb, np.uint8(255))
        self._encode(rgb, valid)
        if self._half is not None:
            self._half.push(*halve(rgb, valid))

    def _encode(self, rgb: np.ndarray, valid: np.ndarray | None) -> None:
        """One row of blocks."""
        for col in range(0, self._level.width, BLOCK):
            tile = _block(rgb[:, col : col + BLOCK], edge=True)
            jpeg = simplejpeg.encode_jpeg(tile, self._quality, "RGB", "420", fastdct=False)
            self._level.blocks.append(jpeg)
            part = None if valid is None else valid[:, col : col + BLOCK]
            if part is None or part.all():
                self._level.masks.append(_VALID_BLOCK)
            else:
                self._masked = True
                bits = np.packbits(_block(part, edge=False), axis=1)
                self._level.masks.append(zlib.compress(bits.tobytes()))

    def levels(self) -> list[Level]:
        """Every resolution, the full one first; masks only when some pixel is no-data."""
        found, encoder = [], self
        while True:
            level = encoder._level
            found.append(level if self._masked else Level(level.width, level.height, level.blocks))
            if encoder._half is None:
                return found
            encoder = encoder._half


def _joined(parts: list[tuple[np.ndarray, np.ndarray | None]]) -> tuple[np.ndarray, np.ndarray | None]:
    """Bands one under the other."""
    if len(parts) == 1:
        return parts[0]
    rgb = np.concatenate([part for part, _ in parts])
    if all(valid is None for _, valid in parts):
        return rgb, None
    return rgb, np.concatenate(
        [np.ones(part.shape[:2], bool) if valid is None else valid for part, valid in parts]
    )


def _block(pixels: np.ndarray, *, edge: bool) -> np.ndarray:
    """A whole block, in one piece of memory; beyond the image its edge is repeated, or nothing is."""
    rows, columns = BLOCK - pixels.shape[0], BLOCK - pixels.shape[1]
    if not rows and not columns:
        return np.ascontiguousarray(pixels)
    around = [(0, rows), (0, columns), (0, 0)][: pixels.ndim]
    return np.pad(pixels, around, mode="edge" if edge else "constant")


def write_hot(source: Path, target: Path, *, quality: int = 90) -> None:
    """The hot dalle of a master: JPEG 4:2:0 in blocks of 512, overviews by means of four down to one block.

    `target` appears whole or not at all; one input gives one file, byte for byte. White lies under no-data.
    Memory holds one band of pixels and the encoded blocks: some 0.4 GB for 1 km.

    Args:
        source: a master: Lambert-93, 5 cm, on the grid.
        target: the COG.
        quality: of JPEG, 1 to 100.

    Raises:
        RasterError: the source is no master, or cannot be read to its last block.
        TooLargeError: the COG would pass 4 GiB.
    """
    seen = facts(source)
    if seen.epsg != L93 or seen.bbox is None or seen.georeferenced_by != "tags":
        raise RasterError(
            f"{source.name} n'est pas une dalle maîtresse : Lambert-93 est attendu dans ses balises"
        )
    with gdal_env(), open_raster(source) as dataset:
        encoder = HotEncoder(dataset.width, dataset.height, quality)
        rgb = np.empty((BLOCK, dataset.width, 3), np.uint8)
        for window in bands(dataset, BLOCK):
            band = rgb[: window.height]
            _, valid = read_planes(dataset, window, band.transpose(2, 0, 1))
            encoder.push(band, valid)
    place_hot(encoder, (seen.bbox.xmin, seen.bbox.ymax), target)


def place_hot(encoder: HotEncoder, corner: tuple[float, float], target: Path) -> None:
    """The COG of what an encoder was given; it appears whole or not at all.

    Args:
        encoder: has taken all rows.
        corner: north-west corner in EPSG:2154, metres; pixels of 5 cm.
        target: the COG.

    Raises:
        TooLargeError: the COG would pass 4 GiB.
    """
    with placing(target) as part, part.open("wb") as file:
        for piece in cog_bytes(encoder.levels(), corner):
            file.write(piece)
