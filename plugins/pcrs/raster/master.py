"""The master of a dalle: its pixels without loss, in one form, whatever form it was delivered in."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import rasterio
from rasterio.errors import RasterioError
from rasterio.transform import Affine
from rasterio.windows import Window

from pcrs.errors import RasterError, StoreError
from pcrs.files import placing
from pcrs.raster.open import BAND_ROWS, bands, gdal_env, open_raster, read_planes
from pcrs.raster.remote import Remote
from pcrs.standard.crs import L93
from pcrs.standard.grid import DALLE_RES_M
from pcrs.standard.names import DalleName

_FORM = {
    "driver": "GTiff",
    "count": 3,
    "dtype": "uint8",
    "photometric": "rgb",
    "compress": "deflate",
    "predictor": 2,
    "zlevel": 1,
    "tiled": True,
    "blockxsize": 512,
    "blockysize": 512,
    "interleave": "pixel",
}
Look = Callable[[np.ndarray, np.ndarray | None], None]
"""Takes rows: (h, w, 3) uint8, and (h, w) bool where they are valid, None for everywhere. Keeps neither."""


def write_master(source: Path, target: Path, name: DalleName, look: Look | None = None) -> None:
    """The same pixels as `source`, deflated in blocks of 512, placed by `name` in EPSG:2154.

    `target` appears whole, after it was read back and found equal, or not at all; one input gives one file,
    byte for byte. No-data becomes an internal mask; the pixels under it are kept as they are.

    Args:
        source: the dalle as it was delivered.
        target: the master.
        name: gives the place and the size.
        look: sees the master as it is read back, in bands of 512 rows from the north: all else that is made
            of the dalle costs no further decoding. What it saw counts only once this function has returned.

    Raises:
        RasterError: the source cannot be read to its last block, or has not the size that its name says.
        StoreError: what was read back is not what was written.
    """
    with gdal_env(), open_raster(source) as dataset, placing(target) as part:
        if (dataset.width, dataset.height, dataset.count) != (name.size_px, name.size_px, 3):
            raise RasterError(
                f"{source.name} : {dataset.width} × {dataset.height} px, {dataset.count} bande(s) ; "
                f"{name.size_px} × {name.size_px} px et 3 bandes sont attendus"
            )
        written = _write(dataset, part, name)
        if _read_back(part, look) != written:
            raise StoreError(
                f"{target} : la relecture ne rend pas les pixels écrits ; vérifier le disque et la mémoire"
            )


def read_master(master: Path | Remote, look: Look) -> None:
    """Shows a master to `look`, as `write_master` does.

    Raises:
        RasterError: it cannot be read to its last block.
    """
    with gdal_env():
        _read_back(master, look)


def _write(dataset: rasterio.DatasetReader, part: Path, name: DalleName) -> str:
    """Writes the file band by band; the digest of its pixels and mask."""
    digest = hashlib.sha256()
    masks: list[np.ndarray | None] = []
    size = {"width": dataset.width, "height": dataset.height}
    transform = Affine(DALLE_RES_M, 0.0, name.x_m, 0.0, -DALLE_RES_M, name.y_m)
    try:
        with rasterio.open(part, "w", crs=f"EPSG:{L93}", transform=transform, **size, **_FORM) as out:
            for window, planes, valid in _bands(dataset):
                out.write(planes, window=window)
                masks.append(None if valid is None else np.packbits(valid))
                _add(digest, planes, masks[-1])
            if any(mask is not None for mask in masks):
                for window, mask in zip(bands(dataset), masks, strict=True):
                    shape = (window.height, window.width)
                    bits = None if mask is None else np.unpackbits(mask, count=shape[0] * shape[1])
                    out.write_mask(
                        np.ones(shape, bool) if bits is None else bits.reshape(shape), window=window
                    )
    except RasterioError as error:
        raise StoreError(
            f"{part} : écriture impossible ({error}) ; vérifier la place sur le disque"
        ) from error
    return digest.hexdigest()


def _read_back(part: Path | Remote, look: Look | None) -> str:
    """The digest of a master's pixels and mask, which are shown to `look`."""
    digest = hashlib.sha256()
    with open_raster(part) as dataset:
        rgb = np.empty((BAND_ROWS, dataset.width, 3), np.uint8)
        for _, planes, valid in _bands(dataset):
            _add(digest, planes, None if valid is None else np.packbits(valid))
            if look is not None:
                band = rgb[: planes.shape[1]]
                for channel, plane in enumerate(planes):
                    band[:, :, channel] = plane
                look(band, valid)
    return digest.hexdigest()


def _bands(dataset: rasterio.DatasetReader) -> Iterator[tuple[Window, np.ndarray, np.ndarray | None]]:
    """Bands of rows with their pixels and validity, as `read_planes` gives them; good until the next."""
    planes = np.empty((3, 0, dataset.width), np.uint8)
    for window in bands(dataset):
        if planes.shape[1] != window.height:
            planes = np.empty((3, window.height, window.width), np.uint8)
        yield window, *read_planes(dataset, window, planes)


def _add(digest: "hashlib._Hash", planes: np.ndarray, mask: np.ndarray | None) -> None:
    """Takes one band in."""
    digest.update(planes)
    digest.update(b"" if mask is None else mask)
