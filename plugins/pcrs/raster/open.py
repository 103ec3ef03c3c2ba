"""Rasters as they come: what a file says of itself, and its pixels. GeoTIFF and JPEG 2000, nothing else.

Only the file itself is read, and the world file beside it, which is six numbers. GDAL is kept from all other
companions (.aux.xml, .msk, .ovr): they may be of any format, and some formats fetch from the network.
"""

import threading
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
from rasterio.enums import MaskFlags
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.windows import Window

from pcrs.errors import RasterError
from pcrs.raster.announced import announced_bytes, driver_of
from pcrs.raster.reference import Affine6, identify, read_worldfile, worldfile_of
from pcrs.raster.remote import Remote
from pcrs.standard.crs import BBox

CACHE_BYTES = 256 * 2**20
"""GDAL's cache of decoded blocks, for the whole process: a row of blocks of 2000 px of a 1 km dalle, twice.

rasterio takes an integer as bytes, GDAL's own environment variable counts in megabytes.
"""
BAND_ROWS = 512
"""Rows read at once: 31 MB of a 1 km dalle, one row of its master's blocks."""
_MAX_BAND_PX = 2**24
MAX_BLOCK_PX = 2**26
_OPENING = threading.Lock()
"""Filters of warnings belong to the process: one opening at a time changes them."""


@dataclass(frozen=True, slots=True)
class DalleFacts:
    """What a file says of itself. Lengths and boxes are in the units of its own CRS."""

    path: Path
    driver: str
    """GTiff or JP2OpenJPEG."""
    width: int
    height: int
    bands: int
    dtype: str
    epsg: int | None
    """None: no CRS, or one without a code (then `crs_name` is not empty)."""
    crs_name: str
    bbox: BBox | None
    """None: no georeference at all."""
    pixel_m: tuple[float, float] | None
    rotated: bool
    """Turned, or with rows from the south or columns from the east."""
    compression: str
    """none, lzw, deflate, jpeg, jpeg2000…"""
    interleave: str
    photometric: str
    """rgb, ycbcr, or the interpretations of the bands: gray, red-green-blue-alpha…"""
    block: tuple[int, int]
    """Height and width of the blocks in which the pixels lie."""
    overviews: tuple[int, ...]
    nodata: float | None
    has_mask: bool
    worldfile: Affine6 | None
    """The world file beside it, as (a, b, c, d, e, f) of the first pixel's corner."""
    worldfile_path: Path | None
    """Set, with `worldfile` None: there is one and it cannot be read."""
    georeferenced_by: str
    """tags, worldfile or none."""
    transform: Affine6 | None
    """What `georeferenced_by` gives."""
    acquired: str | None
    """Date of acquisition (ISO), when the file gives one."""


def gdal_env() -> rasterio.Env:
    """How pcrs has GDAL work: a bounded cache, no companion files, no threads (processes share the work)."""
    return rasterio.Env(
        GDAL_CACHEMAX=CACHE_BYTES,
        GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR",
        GDAL_PAM_ENABLED=False,
        GDAL_NUM_THREADS=1,
        GDAL_TIFF_INTERNAL_MASK=True,
    )


_UNPLACED = {"GEOREF_SOURCES": "NONE"}


def open_raster(path: Path | Remote, *, placed: bool = True) -> rasterio.DatasetReader:
    """The file open for reading; the caller closes it.

    The world file is not looked at: a dataset without georeference of its own has the identity transform.

    Args:
        path: the file.
        placed: False: the caller knows where it lies. Its georeference is left aside, which is three quarters
            of what it costs to open it (2.2 ms, else 0.5).

    Raises:
        RasterError: no GeoTIFF or JPEG 2000, empty, or cut before its directory.
    """
    if isinstance(path, Remote):
        return _open_remote(path, {} if placed else _UNPLACED)
    driver = _driver(path)
    try:
        with _OPENING, warnings.catch_warnings(action="ignore", category=NotGeoreferencedWarning), gdal_env():
            return rasterio.open(path.absolute(), driver=driver, **({} if placed else _UNPLACED))
    except RasterioError as error:
        if announced_bytes(path) > path.stat().st_size:
            raise RasterError(
                f"{path.name} est tronqué ({path.stat().st_size} octets) : refaire le transfert"
            ) from error
        raise RasterError(
            f"{path.name} ne s'ouvre pas ({error}) : le faire relire et réécrire par son producteur"
        ) from error


def _open_remote(remote: Remote, options: Mapping[str, str]) -> rasterio.DatasetReader:
    """A dalle of ours in a bucket: a GeoTIFF, as pcrs wrote it."""
    try:
        with (
            _OPENING,
            warnings.catch_warnings(action="ignore", category=NotGeoreferencedWarning),
            gdal_env(),
            rasterio.Env(**remote.gdal_options()),
        ):
            return rasterio.open(remote.gdal_path, driver="GTiff", **options)
    except RasterioError as error:
        raise RasterError(
            f"{remote} ne s'ouvre pas ({error}) : vérifier le service S3 et les clés AWS_ACCESS_KEY_ID et "
            "AWS_SECRET_ACCESS_KEY"
        ) from error


def _driver(path: Path) -> str:
    """The driver that the first bytes call for, whatever the suffix."""
    if str(path.absolute()).startswith("/vsi"):
        raise RasterError(f"{path} : seuls les fichiers ordinaires sont lus")
    try:
        with path.open("rb") as file:
            head = file.read(64)
    except FileNotFoundError as error:
        raise RasterError(f"{path} n'existe pas") from error
    except OSError as error:
        raise RasterError(f"{path} n'est pas un fichier lisible ({error.strerror})") from error
    if not head:
        raise RasterError(f"{path.name} est vide (0 octet) : refaire le transfert")
    driver = driver_of(head)
    if driver is None:
        raise RasterError(
            f"{path.name} n'est ni un GeoTIFF ni un JPEG 2000 (il commence par {head[:12]!r}) : "
            "livrer l'image dans l'un de ces deux formats"
        )
    return driver


def facts(path: Path) -> DalleFacts:
    """What the file says of itself; no pixel is read.

    Raises:
        RasterError: it cannot be opened.
    """
    with open_raster(path) as dataset:
        structure = dataset.tags(ns="IMAGE_STRUCTURE")
        colours = "-".join(colour.name for colour in dataset.colorinterp)
        epsg, crs_name = identify(dataset.crs.to_wkt()) if dataset.crs else (None, "")
        beside = worldfile_of(path)
        worldfile = _worldfile(beside)
        own: Affine6 = tuple(dataset.transform)[:6]
        by, transform = ("tags", own) if own != (1, 0, 0, 0, 1, 0) else ("worldfile", worldfile)
        packing = structure.get("COMPRESSION", "none" if dataset.driver == "GTiff" else "jpeg2000").lower()
        return DalleFacts(
            path=path,
            driver=dataset.driver,
            width=dataset.width,
            height=dataset.height,
            bands=dataset.count,
            dtype="-".join(dict.fromkeys(dataset.dtypes)),
            epsg=epsg,
            crs_name=crs_name,
            bbox=_bbox(transform, dataset.width, dataset.height),
            pixel_m=(abs(transform[0]), abs(transform[4])) if transform else None,
            rotated=transform is not None and _turned(transform, max(dataset.width, dataset.height)),
            compression=packing.removeprefix("ycbcr "),
            interleave=structure.get("INTERLEAVE", "band").lower(),
            photometric="ycbcr" if packing.startswith("ycbcr") else _PLAIN.get(colours, colours),
            block=dataset.block_shapes[0],
            overviews=tuple(dataset.overviews(1)),
            nodata=dataset.nodata,
            has_mask=MaskFlags.per_dataset in dataset.mask_flag_enums[0],
            worldfile=worldfile,
            worldfile_path=beside,
            georeferenced_by=by if transform else "none",
            transform=transform,
            acquired=dataset.tags(ns="IMAGERY").get("ACQUISITIONDATETIME", "")[:10] or None,
        )


_PLAIN = {"red-green-blue": "rgb", "undefined-undefined-undefined": "rgb"}


def _worldfile(path: Path | None) -> Affine6 | None:
    """The transform in a world file; None where there is none to read."""
    try:
        return read_worldfile(path) if path else None
    except RasterError:
        return None


def _bbox(transform: Affine6 | None, width: int, height: int) -> BBox | None:
    """The box around an image."""
    if transform is None:
        return None
    a, b, c, d, e, f = transform
    xs = [c + a * col + b * row for col in (0, width) for row in (0, height)]
    ys = [f + d * col + e * row for col in (0, width) for row in (0, height)]
    return BBox(min(xs), min(ys), max(xs), max(ys))


def _turned(transform: Affine6, side_px: int) -> bool:
    """True when rows do not run east or columns do not run south; a millimetre over the image is nothing."""
    a, b, _, d, e, _ = transform
    return a < 0 or e > 0 or max(abs(b), abs(d)) * side_px > 0.001


def bands(dataset: rasterio.DatasetReader, rows: int = BAND_ROWS) -> Iterator[Window]:
    """Windows over the whole width, from the north, of `rows` rows (fewer where the image is very wide)."""
    rows = min(rows, max(1, _MAX_BAND_PX // dataset.width))
    for row in range(0, dataset.height, rows):
        yield Window(0, row, dataset.width, min(rows, dataset.height - row))


def read_planes(
    dataset: rasterio.DatasetReader, window: Window, out: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray | None]:
    """The first three bands of a window as they are: (3, h, w) uint8, and (h, w) bool where they are valid.

    Validity comes from the file's mask or from its no-data value (no-data is where all bands have it);
    None: all is valid. `out` may be a view of any strides: GDAL fills it without a copy.

    Raises:
        RasterError: no RGB image of 8 bits, a window beyond the image, or a block that cannot be read.
    """
    check_readable(dataset)
    _check_inside(dataset, window)
    planes = np.empty((3, window.height, window.width), np.uint8) if out is None else out
    try:
        dataset.read(indexes=(1, 2, 3), out=planes, window=window)
        if MaskFlags.per_dataset in dataset.mask_flag_enums[0]:
            valid = dataset.read_masks(1, window=window) != 0
            return planes, None if valid.all() else valid
    except RasterioError as error:
        raise RasterError(
            f"{Path(dataset.name).name} : pixels illisibles entre les lignes {window.row_off} et "
            f"{window.row_off + window.height - 1} ({error.__cause__ or error}) : refaire le transfert"
        ) from error
    return planes, _not_nodata(planes, dataset.nodatavals[:3])


def _not_nodata(planes: np.ndarray, values: tuple[float | None, ...]) -> np.ndarray | None:
    """Where some band differs from its no-data value; None: everywhere."""
    if any(value is None or not (0 <= value <= 255 and value == int(value)) for value in values):
        return None
    valid = planes[0] != values[0]
    for plane, value in zip(planes[1:], values[1:], strict=True):
        valid |= plane != value
    return None if valid.all() else valid


def check_readable(dataset: rasterio.DatasetReader) -> None:
    """Raises RasterError unless this is an RGB image of 8 bits, in blocks that fit into memory."""
    name = Path(dataset.name).name
    if dataset.count < 3 or set(dataset.dtypes[:3]) != {"uint8"}:
        raise RasterError(
            f"{name} : {dataset.count} bande(s) de type {dataset.dtypes[0]} au lieu de trois bandes de 8 bits"
        )
    if dataset.block_shapes[0][0] * dataset.block_shapes[0][1] > MAX_BLOCK_PX:
        raise RasterError(f"{name} : comprimé d'un seul bloc ; le réécrire par blocs (TILED=YES)")


def _check_inside(dataset: rasterio.DatasetReader, window: Window) -> None:
    rows, cols = window.toranges()
    if not (0 <= rows[0] < rows[1] <= dataset.height and 0 <= cols[0] < cols[1] <= dataset.width):
        size = f"{dataset.width} × {dataset.height}"
        raise RasterError(f"{Path(dataset.name).name} : fenêtre {window} hors de l'image de {size} px")


def read_rgb(dataset: rasterio.DatasetReader, window: Window | None = None) -> tuple[np.ndarray, np.ndarray]:
    """The pixels of a window as they are: (h, w, 3) uint8, and (h, w) bool, True where they are valid.

    Raises:
        RasterError: as `read_planes`.
    """
    window = window or Window(0, 0, dataset.width, dataset.height)
    rgb = np.empty((window.height, window.width, 3), np.uint8)
    _, valid = read_planes(dataset, window, rgb.transpose(2, 0, 1))
    return rgb, np.ones(rgb.shape[:2], bool) if valid is None else valid
