"""The forms in which a piece of the coverage leaves: GeoTIFF, JPEG, PNG, CoverageJSON."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
import rasterio.shutil
import simplejpeg
from PIL import Image
from rasterio.enums import ColorInterp
from rasterio.transform import Affine
from rasterio.windows import Window

from pcrs.serve.coverage_syntax import Frame
from pcrs.standard.crs import BBox

BANDS = ("R", "G", "B")
"""Identifiers of the three fields of the coverage, in the order of the files."""
_COLOURS = (ColorInterp.red, ColorInterp.green, ColorInterp.blue)
_JPEG_QUALITY = 90
_COG_ABOVE_PX = 4_000_000
_ROWS = 256
_CACHE_BYTES = 16 * 2**20
"""Blocks that GDAL keeps while it writes; without a limit it takes 5 % of the machine's memory."""
_GTIFF = {"driver": "GTiff", "dtype": "uint8", "tiled": True, "blockxsize": 512, "blockysize": 512}
_DEFLATE = {"compress": "deflate", "predictor": 2, "zlevel": 1}
_COG = {
    "driver": "COG",
    "compress": "deflate",
    "predictor": "yes",
    "level": "1",
    "overview_resampling": "average",
}


@dataclass(frozen=True, slots=True)
class Picture:
    """Pixels with their place on the ground."""

    pixels: np.ndarray
    """(h, w, bands) uint8, white where there is no data."""
    valid: np.ndarray
    """(h, w) bool; False: no data."""
    bands: tuple[int, ...]
    """Which of `BANDS` the last dimension holds."""
    frame: Frame
    bbox: BBox
    transform: Affine
    """From columns and rows to x and y."""


def write_geotiff(path: Path, picture: Picture) -> None:
    """A tiled GeoTIFF with an internal mask, lossless: large ones plain, for `finish_geotiff`."""
    _write_tiff(path, picture, _DEFLATE if picture.valid.size <= _COG_ABOVE_PX else {})


def finish_geotiff(path: Path) -> None:
    """Above four million pixels the file becomes a COG with overviews."""
    with rasterio.Env(GDAL_CACHEMAX=_CACHE_BYTES):
        with rasterio.open(path) as written:
            if written.height * written.width <= _COG_ABOVE_PX:
                return
        plain = path.with_name(f"{path.name}.plain")
        path.rename(plain)
        try:
            rasterio.shutil.copy(plain, path, **_COG)
        finally:
            plain.unlink()


def as_it_is(path: Path) -> None:
    """What was written needs nothing more."""


def _write_tiff(path: Path, picture: Picture, compression: dict[str, object]) -> None:
    height, width = picture.valid.shape
    coloured = picture.bands == tuple(range(len(BANDS)))
    profile = (
        _GTIFF | compression | {"interleave": "pixel", "photometric": "rgb" if coloured else "minisblack"}
    )
    place = {"crs": f"EPSG:{picture.frame.epsg}", "transform": picture.transform}
    shape = {"width": width, "height": height, "count": len(picture.bands)}
    with (
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True, GDAL_CACHEMAX=_CACHE_BYTES),
        rasterio.open(path, "w", **profile, **place, **shape) as out,
    ):
        for top in range(0, height, _ROWS):
            rows = picture.pixels[top : top + _ROWS]
            out.write(np.moveaxis(rows, 2, 0), window=Window(0, top, width, len(rows)))
        out.descriptions = tuple(BANDS[band] for band in picture.bands)
        if coloured:
            out.colorinterp = _COLOURS
        if not picture.valid.all():
            out.write_mask(picture.valid)


def write_jpeg(path: Path, picture: Picture) -> None:
    """A JPEG of quality 90, white where there is no data."""
    pixels = np.ascontiguousarray(picture.pixels)
    colorspace = "GRAY" if len(picture.bands) == 1 else "RGB"
    path.write_bytes(simplejpeg.encode_jpeg(pixels, quality=_JPEG_QUALITY, colorspace=colorspace))


def write_png(path: Path, picture: Picture) -> None:
    """A PNG, transparent where there is no data."""
    height, width, bands = picture.pixels.shape
    pixels = np.empty((height, width, bands + 1), np.uint8)
    pixels[:, :, :bands] = picture.pixels
    np.multiply(picture.valid, np.uint8(255), out=pixels[:, :, bands])
    Image.fromarray(pixels).save(path, "PNG", compress_level=3)


def write_json(path: Path, picture: Picture) -> None:
    """CoverageJSON: a grid with one range per band, null where there is no data."""
    place = picture.transform
    height, width = picture.valid.shape
    names = [BANDS[band] for band in picture.bands]
    document = {
        "type": "Coverage",
        "domain": {
            "type": "Domain",
            "domainType": "Grid",
            "axes": {"x": _axis(place.c, place.a, width), "y": _axis(place.f, place.e, height)},
            "referencing": [_referencing(picture.frame)],
        },
        "parameters": {name: _parameter(name) for name in names},
    }
    head = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    with path.open("w", encoding="utf-8") as out:
        out.write(head[:-1] + ',"ranges":{')
        for index, name in enumerate(names):
            out.write(f'{"," if index else ""}"{name}":')
            out.writelines(_range(picture.pixels[:, :, index], picture.valid))
        out.write("}}")


def _range(band: np.ndarray, valid: np.ndarray) -> Iterator[str]:
    """One range, a row at a time: a thread that dumps it whole lets no other run meanwhile."""
    shape = json.dumps(valid.shape)
    yield f'{{"type":"NdArray","dataType":"integer","axisNames":["y","x"],"shape":{shape},"values":['
    for number, (values, there) in enumerate(zip(band, valid, strict=True)):
        row = values.astype(object)
        row[~there] = None
        yield ("," if number else "") + json.dumps(row.tolist(), separators=(",", ":"))[1:-1]
    yield "]}"


def _axis(start: float, step: float, count: int) -> dict[str, object]:
    """The centres of the cells along one axis."""
    return {"start": start + step / 2, "stop": start + step * (count - 0.5), "num": count}


def _referencing(frame: Frame) -> dict[str, object]:
    kind = "GeographicCRS" if frame.geographic else "ProjectedCRS"
    order = ["y", "x"] if frame.north_first else ["x", "y"]
    return {"coordinates": order, "system": {"type": kind, "id": frame.uri}}


def _parameter(name: str) -> dict[str, object]:
    colour = {"R": "Rouge", "G": "Vert", "B": "Bleu"}[name]
    return {
        "type": "Parameter",
        "observedProperty": {"label": {"fr": colour}},
        "unit": {"label": {"fr": "niveau, 0 à 255"}},
    }


@dataclass(frozen=True, slots=True)
class Format:
    """One form: how it is asked for, what it can hold, how it is written."""

    name: str
    media_type: str
    extension: str
    aliases: frozenset[str]
    """Values of `f`, in lower case."""
    accepted: frozenset[str]
    """Media types of Accept that it satisfies."""
    georeferenced: bool
    band_counts: tuple[int, ...]
    max_side_px: int
    max_px: int | None
    """None: the service's own limit alone."""
    write: Callable[[Path, Picture], None]
    finish: Callable[[Path], None] = as_it_is
    """What the file still needs when it is written, and nobody holds the pixels any more."""


GEOTIFF = Format(
    "GTiff",
    "image/tiff; application=geotiff",
    "tif",
    frozenset({"gtiff", "geotiff", "tiff", "tif", "cog", "image/tiff", "image/tiff; application=geotiff"}),
    frozenset({"image/tiff", "image/*", "*/*"}),
    georeferenced=True,
    band_counts=(1, 2, 3),
    max_side_px=1_000_000,
    max_px=None,
    write=write_geotiff,
    finish=finish_geotiff,
)
JPEG = Format(
    "jpeg",
    "image/jpeg",
    "jpg",
    frozenset({"jpeg", "jpg", "image/jpeg"}),
    frozenset({"image/jpeg"}),
    georeferenced=False,
    band_counts=(1, 3),
    max_side_px=65_500,
    max_px=None,
    write=write_jpeg,
)
PNG = Format(
    "png",
    "image/png",
    "png",
    frozenset({"png", "image/png"}),
    frozenset({"image/png"}),
    georeferenced=False,
    band_counts=(1, 3),
    max_side_px=1_000_000,
    max_px=None,
    write=write_png,
)
COVJSON = Format(
    "json",
    "application/prs.coverage+json",
    "covjson",
    frozenset({"json", "covjson", "coveragejson", "application/prs.coverage+json"}),
    frozenset({"application/prs.coverage+json", "application/vnd.cov+json", "application/json"}),
    georeferenced=True,
    band_counts=(1, 2, 3),
    max_side_px=1_000_000,
    max_px=250_000,
    write=write_json,
)
FORMATS = (GEOTIFF, JPEG, PNG, COVJSON)
