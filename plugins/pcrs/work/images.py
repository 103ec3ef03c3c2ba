"""An image of an area: the mosaic cut at its limit, in the CRS asked, or its dalles as they are.

The same order goes on where it stopped.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile

import rasterio
import rasterio.shutil
import shapely
from pyproj import CRS
from rasterio.errors import RasterioError

from pcrs.blobs import Blobs
from pcrs.errors import InputError, RasterError, TooLargeError
from pcrs.files import placing
from pcrs.raster.mosaic import Mosaic
from pcrs.raster.pyramids import Tiles
from pcrs.standard.crs import L93, PCRS_CRS
from pcrs.standard.french import number
from pcrs.standard.grid import DALLE_RES_M, PM
from pcrs.store.index import Dalle
from pcrs.vector.packs import NOTICE, zip_files
from pcrs.work.areas import Area
from pcrs.work.dalle_files import add_dalle
from pcrs.work.image_strips import Grid, grid_of, joined, strips_of
from pcrs.work.mbtiles import write_mbtiles
from pcrs.work.notice import Credits, Images, image_notice
from pcrs.work.progress import Progress, Step, silent

_CACHE_BYTES = 64 * 2**20
_JPEG_SIDE = 65_500


@dataclass(frozen=True, slots=True)
class ImageFormat:
    """A format of images. `bands`: 4 carries what is no-data, 3 shows it white; `zipped`: with its notice."""

    name: str
    title: str
    suffix: str
    zipped: bool
    bands: int = 4
    options: tuple[tuple[str, str], ...] = ()
    crs: tuple[int, ...] = PCRS_CRS
    """What it can be in; the first when nothing is asked."""


_COG = (("driver", "COG"), ("compress", "JPEG"), ("bigtiff", "IF_SAFER"), ("overview_resampling", "average"))
IMAGE_FORMATS = {
    each.name: each
    for each in (
        ImageFormat("tif", "GeoTIFF optimisé pour le nuage", ".tif", zipped=False, options=_COG),
        ImageFormat("jpg", "JPEG et son calage", ".jpg", zipped=True, bands=3, options=(("driver", "JPEG"),)),
        ImageFormat("jp2", "JPEG 2000", ".jp2", zipped=True, options=(("driver", "JP2OpenJPEG"),)),
        ImageFormat(
            "mbtiles", "MBTiles, tuiles pour mobiles", ".mbtiles", zipped=False, bands=3, crs=(PM.epsg,)
        ),
        ImageFormat("zip", "dalles entières", ".zip", zipped=True, crs=(L93,)),
    )
}


@dataclass(frozen=True, slots=True)
class ImageOrder:
    """What is asked. `area` None: all there is; `quality`: of JPEG; `pixels_max`: of the box around it."""

    format: ImageFormat
    credits: Credits
    day: date
    area: Area | None = None
    epsg: int | None = None
    quality: int = 90
    pixels_max: int | None = None

    @property
    def target_epsg(self) -> int:
        """The CRS of the image."""
        return self.epsg or self.format.crs[0]

    @property
    def suffix(self) -> str:
        """Of the file that is given."""
        return ".zip" if self.format.zipped else self.format.suffix

    def check(self) -> None:
        """Nothing, when the format can do what is asked.

        Raises:
            InputError: it cannot.
        """
        if self.target_epsg not in self.format.crs:
            codes = ", ".join(map(str, self.format.crs))
            raise InputError(
                f"{self.format.title} : EPSG:{self.target_epsg} n'y va pas ; choisir parmi {codes}"
            )


@dataclass(frozen=True, slots=True)
class Ground:
    """What there is: the mosaic, its dalles, where their files are, and its pyramid (None: not published)."""

    mosaic: Mosaic
    dalles: Sequence[Dalle]
    hot: Blobs
    pyramid: Tiles | None = None


def export_image(ground: Ground, order: ImageOrder, path: Path, progress: Progress = silent) -> int:
    """The image is at `path`, whole. How many dalles it shows; none: there is no file.

    Raises:
        InputError: the format cannot do what is asked.
        TooLargeError: the image is larger than the format can be.
        RasterError: a dalle cannot be read.
    """
    order.check()
    region = order.area.region if order.area else None
    shown = [d for d in ground.dalles if region is None or region.intersects(shapely.box(*d.bbox))]
    if not shown:
        return 0
    path.parent.mkdir(parents=True, exist_ok=True)
    text = _notice(order, shown)
    if order.format.name == "zip":
        _pack(ground.hot, shown, text, path, progress)
        return len(shown)
    grid = grid_of(region, [dalle.bbox for dalle in shown], order.target_epsg)
    _refuse_too_large(order, grid)
    work = path.with_name(f".{path.name}.{_identity(order, grid, shown)}.travail")
    work.mkdir(exist_ok=True)
    image = work / f"{path.stem}{order.format.suffix}"
    try:
        if order.format.name == "mbtiles":
            _tiled(ground, order, image, text, progress)
        else:
            _written(order, grid, strips_of(ground.mosaic, grid, work, progress), image, text, progress)
    except RasterioError as error:
        raise RasterError(f"{path.name} cannot be made: {error}") from error
    if order.format.zipped or path.suffix.lower() == ".zip":
        zip_files(path, [*_beside(order, grid, image, text), image])
    else:
        image.replace(path)
    shutil.rmtree(work)
    return len(shown)


def _refuse_too_large(order: ImageOrder, grid: Grid) -> None:
    pixels = grid.width * grid.height
    if order.pixels_max is not None and pixels > order.pixels_max:
        km2, most = pixels * DALLE_RES_M**2 / 1e6, order.pixels_max * DALLE_RES_M**2 / 1e6
        raise TooLargeError(
            f"{order.format.title} : le rectangle autour de l'emprise a {number(km2, 1)} km², "
            f"{number(most, 1)} au plus ; prendre une emprise plus petite, ou les dalles entières"
        )
    if order.format.name == "jpg" and max(grid.width, grid.height) > _JPEG_SIDE:
        raise TooLargeError(
            f"{grid.width} x {grid.height} pixels : un JPEG s'arrête à {_JPEG_SIDE} de côté ; "
            "prendre --format tif ou jp2, ou une emprise plus petite"
        )


def _identity(order: ImageOrder, grid: Grid, shown: Sequence[Dalle]) -> str:
    """A word that another order, or another state of the mosaic, does not have."""
    region = "" if grid.region is None else grid.region.wkb_hex
    said = [grid.epsg, *grid.box, region, *((d.edition, d.stem, d.hot_sha256) for d in shown)]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:12]


def _written(
    order: ImageOrder, grid: Grid, strips: Sequence[Path], image: Path, text: str, progress: Progress
) -> None:
    """The strips as one image, which tells of itself where its format can."""
    progress(Step("écriture", 0, 1))
    whole = image.with_name("image.vrt")
    whole.write_text(joined(grid, strips, order.format.bands), encoding="utf-8")
    options = dict(order.format.options) | {"quality": str(order.quality)}
    if order.format.name == "jp2":
        options["quality"] = "20"
    with rasterio.Env(GDAL_CACHEMAX=_CACHE_BYTES):
        if order.format.name == "tif":
            with rasterio.open(whole, "r+") as joint:
                joint.update_tags(TIFFTAG_IMAGEDESCRIPTION=text, TIFFTAG_COPYRIGHT=order.credits.licence)
        rasterio.shutil.copy(whole, image, **options)
    progress(Step("écriture", 1, 1))


def _tiled(ground: Ground, order: ImageOrder, image: Path, text: str, progress: Progress) -> None:
    """The area as tiles."""
    if ground.pyramid is None:
        raise InputError(f"{order.format.title} : la mosaïque n'est pas encore publiée en tuiles")
    region = (
        order.area.region if order.area else shapely.union_all([shapely.box(*d.bbox) for d in ground.dalles])
    )
    title = order.area.title if order.area else order.credits.title
    words = {"name": title, "description": text, "attribution": order.credits.licence}
    write_mbtiles(ground.pyramid, region, image, words, order.quality, progress)


def _beside(order: ImageOrder, grid: Grid, image: Path, text: str) -> Iterator[Path]:
    """The notice, and for an image that does not tell it its place on the ground."""
    files: dict[str, Callable[[], str]] = {NOTICE: lambda: text + "\n"}
    if order.format.name == "jpg":
        t = grid.transform()
        numbers = (t.a, t.d, t.b, t.e, t.c + t.a / 2, t.f + t.e / 2)
        files[f"{image.stem}.jgw"] = lambda: "".join(f"{each:.12g}\n" for each in numbers)
        files[f"{image.stem}.prj"] = lambda: CRS.from_epsg(grid.epsg).to_wkt("WKT1_ESRI")
    for name, said in files.items():
        file = image.with_name(name)
        encoding = "utf-8-sig" if name == NOTICE else "ascii"
        file.write_text(said(), encoding=encoding, newline="\r\n" if name == NOTICE else "\n")
        yield file


def _pack(hot: Blobs, shown: Sequence[Dalle], text: str, path: Path, progress: Progress) -> None:
    with placing(path) as part, ZipFile(part, "w", ZIP_STORED) as packed:
        packed.writestr(NOTICE, (text + "\n").replace("\n", "\r\n").encode("utf-8-sig"))
        for done, dalle in enumerate(shown):
            progress(Step("dalles", done, len(shown)))
            name = f"{dalle.stem}.tif"
            add_dalle(packed, hot, f"dalles/{dalle.edition}/{name}", name)
        progress(Step("dalles", len(shown), len(shown)))


def _notice(order: ImageOrder, shown: Sequence[Dalle]) -> str:
    days = sorted(dalle.acquired for dalle in shown if dalle.acquired)
    worst = max(dalle.precision for dalle in shown)
    images = Images(len(shown), worst, days[0] if days else None, days[-1] if days else None)
    title = order.area.title if order.area else "tout le site"
    return image_notice(order.credits, title, order.target_epsg, shown[0].bbox, order.day, images)
