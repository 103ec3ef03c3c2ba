"""The master of a dalle: its pixels without loss, in one form, whatever form it was delivered in."""

import hashlib
from pathlib import Path

import numpy as np
import rasterio
from rasterio.errors import RasterioError
from rasterio.transform import Affine

from pcrs.errors import RasterError, StoreError
from pcrs.files import placing
from pcrs.raster.open import bands, gdal_env, open_raster, read_planes
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


def write_master(source: Path, target: Path, name: DalleName) -> None:
    """The same pixels as `source`, deflated in blocks of 512, placed by `name` in EPSG:2154.

    `target` appears whole, after it was read back and found equal, or not at all; one input gives one file,
    byte for byte. No-data becomes an internal mask; the pixels under it are kept as they are.

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
        if _read_back(part) != written:
            raise StoreError(
                f"{target} : la relecture ne rend pas les pixels écrits ; vérifier le disque et la mémoire"
            )


def _write(dataset: rasterio.DatasetReader, part: Path, name: DalleName) -> str:
    """Writes the file band by band; the digest of its pixels and mask."""
    digest = hashlib.sha256()
    masks: list[np.ndarray | None] = []
    size = {"width": dataset.width, "height": dataset.height}
    transform = Affine(DALLE_RES_M, 0.0, name.x_m, 0.0, -DALLE_RES_M, name.y_m)
    try:
        with rasterio.open(part, "w", crs=f"EPSG:{L93}", transform=transform, **size, **_FORM) as out:
            for window in bands(dataset):
                planes, valid = read_planes(dataset, window)
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


def _read_back(part: Path) -> str:
    """The digest of a master's pixels and mask."""
    digest = hashlib.sha256()
    with open_raster(part) as dataset:
        for window in bands(dataset):
            planes, valid = read_planes(dataset, window)
            _add(digest, planes, None if valid is None else np.packbits(valid))
    return digest.hexdigest()


def _add(digest: "hashlib._Hash", planes: np.ndarray, mask: np.ndarray | None) -> None:
    """Takes one band in."""
    digest.update(planes)
    digest.update(b"" if mask is None else mask)
