"""The delivery of the village: 25 dalles of 200 m at 5 cm and their CNIG GML, as a producer hands them in."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import rasterio
from rasterio.transform import from_origin

from pcrs.demo.fieldwork.sheets import Sheet, sheets
from pcrs.demo.paint import paint
from pcrs.demo.survey import DOCUMENT_ID, features
from pcrs.demo.village import plan
from pcrs.files import placing
from pcrs.standard.crs import L93
from pcrs.standard.grid import DALLE_RES_M
from pcrs.vector.write import write
from pcrs.work.progress import Mill, Progress, silent

GML_NAME = f"PCRS_{plan.INSEE}_{plan.COMMUNE}_2025.gml"
_TAGS = {
    "TIFFTAG_DATETIME": "2025:06:12 11:00:00",
    "TIFFTAG_SOFTWARE": "pcrs demo",
    "TIFFTAG_IMAGEDESCRIPTION": "PCRS demo - donnees fictives / synthetic data",
}
_TILES = {"tiled": True, "blockxsize": 512, "blockysize": 512}
_FORMS: dict[str, dict[str, Any]] = {
    "deflate": {"compress": "deflate", "predictor": 2, "zlevel": 1, "interleave": "pixel", **_TILES},
    "bands": {"compress": "deflate", "predictor": 2, "zlevel": 1, "interleave": "band", **_TILES},
    "lzw": {"compress": "lzw", "predictor": 2, "interleave": "pixel", "blockysize": 16},
    "jpeg": {"compress": "jpeg", "photometric": "ycbcr", "jpeg_quality": 90, "interleave": "pixel", **_TILES},
    "plain": {"interleave": "pixel", **_TILES},
}


@dataclass(frozen=True, slots=True)
class _Vector:
    """The piece of work that is the GML."""


def make_delivery(folder: Path, *, mill: Mill, progress: Progress = silent) -> None:
    """25 dalles and one GML are in `folder`, always the same ones; each file appears when it is whole.

    Most dalles are GeoTIFF without compression (1.2 GB in all, quick to write and to read); some are LZW in
    strips with a world file, some deflate, some JPEG.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pieces: list[Sheet | _Vector] = [_Vector(), *sheets()]
    for _ in mill.told(partial(_make, folder), pieces, "dessin", progress):
        pass


def _make(folder: Path, piece: Sheet | _Vector) -> None:
    if isinstance(piece, _Vector):
        write(folder / GML_NAME, features(), epsg=L93, envelope=plan.EXTENT, document_id=DOCUMENT_ID)
    else:
        write_sheet(piece, folder)


def write_sheet(sheet: Sheet, folder: Path) -> None:
    """Writes one dalle; with a world file beside it where its form has one."""
    box = sheet.name.bbox
    planes = paint(box)
    profile = {
        "driver": "GTiff",
        "width": sheet.name.size_px,
        "height": sheet.name.size_px,
        "count": 3,
        "dtype": "uint8",
        "crs": f"EPSG:{L93}",
        "transform": from_origin(box.xmin, box.ymax, DALLE_RES_M, DALLE_RES_M),
    }
    path = sheet.path(folder)
    with placing(path) as part:
        with rasterio.open(part, "w", **profile, **_FORMS[sheet.form]) as dataset:
            dataset.update_tags(**_TAGS)
            dataset.write(planes)
    if sheet.form == "lzw":
        half = DALLE_RES_M / 2
        numbers = (DALLE_RES_M, 0.0, 0.0, -DALLE_RES_M, box.xmin + half, box.ymax - half)
        with placing(path.with_suffix(".tfw")) as part:
            part.write_text("".join(f"{number:.10f}\n" for number in numbers), encoding="ascii")
