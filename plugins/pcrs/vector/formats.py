"""The formats of exports: one writer each, and what a client has to know of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pcrs.errors import InputError
from pcrs.standard.crs import L93, PCRS_CRS
from pcrs.standard.model import CLASSES, Feature
from pcrs.vector.dressed import write_dressed
from pcrs.vector.packs import (
    write_csvs,
    write_flatgeobuf,
    write_geojson,
    write_one_csv,
    write_one_flatgeobuf,
    write_shapefile,
)
from pcrs.vector.sheets import Extract
from pcrs.vector.write import write


@dataclass(frozen=True, slots=True)
class Format:
    """A format: its writer makes one file, whole or not at all, and returns how many objects are in it."""

    name: str
    title: str
    suffix: str
    media_type: str
    writer: Callable[[Path, Extract], int]
    epsg: int = L93
    """The CRS that is taken when none is asked."""
    crs: tuple[int, ...] | None = None
    """The CRS that it can carry; None: any."""
    whole: bool = False
    """True: it exchanges whole objects with their links, and none that is cut."""


def write_gml(path: Path, extract: Extract) -> int:
    """The extract as CNIG GML, its box in `gml:boundedBy`, its notice in a comment.

    Raises:
        InputError: a sheet is no CNIG class, or a CRS is not of the standard.
    """
    for sheet in extract.sheets:
        if sheet.name not in CLASSES:
            raise InputError(
                f"{sheet.name} n'est pas une classe du standard : le GML du CNIG ne l'échange pas"
            )
    features = (
        Feature(sheet.name, id_, values, geometry, extract.epsg)
        for sheet in extract.sheets
        for batch in sheet.batches()
        for id_, geometry, values in batch
    )
    return write(path, features, epsg=extract.epsg, envelope=extract.box, notice=extract.notice)


def write_dxf(path: Path, extract: Extract) -> int:
    """As `pcrs.vector.dxf`, whose library takes a quarter of a second and 20 MB: only who draws needs it."""
    from pcrs.vector import dxf

    return dxf.write_dxf(path, extract)


_ALL = (
    Format(
        "gml", "GML du CNIG, PCRS v2.0", ".gml", "application/gml+xml; version=3.2", write_gml,
        crs=PCRS_CRS, whole=True,
    ),
    Format(
        "gpkg", "GeoPackage avec ses styles QGIS", ".gpkg", "application/geopackage+sqlite3", write_dressed
    ),
    Format("dxf", "DXF pour AutoCAD et Covadis", ".dxf", "image/vnd.dxf", write_dxf, crs=PCRS_CRS),
    Format("fgb", "FlatGeobuf, un fichier par classe", ".zip", "application/zip", write_flatgeobuf),
    Format("geojson", "GeoJSON, un fichier par classe", ".zip", "application/zip", write_geojson, epsg=4326),
    Format("shp", "Shapefile, un fichier par classe", ".zip", "application/zip", write_shapefile),
    Format("csv", "CSV, un fichier par classe", ".zip", "application/zip", write_csvs),
)  # fmt: skip
_ONE = (
    Format("fgb", "FlatGeobuf", ".fgb", "application/flatgeobuf", write_one_flatgeobuf),
    Format("csv", "CSV, géométrie en WKT", ".csv", "text/csv; charset=utf-8", write_one_csv),
)
FORMATS: Mapping[str, Format] = {each.name: each for each in _ALL}
"""Of an extract of any number of classes."""
ONE_CLASS_FORMATS: Mapping[str, Format] = {each.name: each for each in (*_ALL[:3], *_ONE, FORMATS["shp"])}
"""Of the objects of one class alone: plain files, where the format has one. GeoJSON is made elsewhere."""


def format_of(name: str) -> Format:
    """The format of that name.

    Raises:
        InputError: there is none.
    """
    try:
        return FORMATS[name.lower()]
    except KeyError:
        raise InputError(f"format {name!r} inconnu : {', '.join(FORMATS)}") from None
