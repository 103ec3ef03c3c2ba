"""The area of an extract, in EPSG:2154: a commune, a box, a dalle, the polygons of a file."""

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError
from shapely.geometry.base import BaseGeometry

from pcrs.errors import InputError, NotFoundError
from pcrs.standard.crs import L93, BBox, epsg_of, transformer
from pcrs.standard.names import DalleName
from pcrs.standard.regions import box_region
from pcrs.store.base import FeatureStore
from pcrs.work.layers import COMMUNES

VERTICES_MAX = 1_000_000
BYTES_MAX = 200 * 2**20
_DOMAIN = BBox(-500_000, 5_600_000, 1_800_000, 7_600_000)
"""Around the area of use of EPSG:2154."""
_MENDED = "le contour se croisait : il a été réparé / it crossed itself and was mended"
_SQLITE, _ZIP, _SHP = b"SQLite format 3\0", b"PK\x03\x04", b"\x00\x00\x27\x0a"


@dataclass(frozen=True, slots=True)
class Area:
    """Where, and how it is called."""

    region: BaseGeometry
    """Polygons, EPSG:2154, valid."""
    title: str
    stem: str
    """For names of files."""
    remarks: tuple[str, ...] = ()
    """What was mended of it, for who gave it."""


def commune_area(store: FeatureStore, code: str) -> Area:
    """The commune of that INSEE code.

    Raises:
        InputError: the site has no such commune.
    """
    try:
        row = store.get(COMMUNES.name, code)
    except NotFoundError:
        raise InputError(
            f"no commune {code} in this site: `pcrs communes FILE` loads them (Admin Express, GeoJSON)"
        ) from None
    if row.geometry is None:
        raise InputError(f"commune {code} has no limits: load them again with `pcrs communes FILE`")
    return Area(row.geometry, f"commune de {row.values['nom']} ({code})", f"commune-{code}")


def box_area(text: str, crs: str) -> Area:
    """The box that `xmin,ymin,xmax,ymax` writes, in the axis order of its CRS, as OGC API has it.

    Raises:
        InputError: it is no such text, the box is empty, or lies outside France.
    """
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    good = len(numbers) == 4 and np.isfinite(numbers).all()
    if not good or not (numbers[0] < numbers[2] and numbers[1] < numbers[3]):
        raise InputError(f"bbox {text!r}: expected xmin,ymin,xmax,ymax, the lower corner first")
    region = box_region(numbers, crs)
    if region is None or not shapely.box(*_DOMAIN).covers(region) or region.area == 0:
        raise InputError(f"bbox {text} lies outside France in {crs}: is it another CRS (--bbox-crs)?")
    return Area(region, f"rectangle {text} ({crs})", "bbox")


def dalle_area(name: DalleName, stem: str) -> Area:
    """The ground of a dalle."""
    return Area(shapely.box(*name.bbox), f"dalle {stem}", stem)


def shape_area(geometry: Mapping[str, Any], crs: str, title: str, *, vertices_max: int | None = None) -> Area:
    """The polygons of a GeoJSON geometry, x before y in `crs`.

    Raises:
        InputError: it is no polygon, has too many vertices, or lies outside France.
    """
    try:
        shape = shapely.force_2d(shapely.geometry.shape(geometry))
    except (
        shapely.errors.ShapelyError,
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        IndexError,
    ) as error:
        raise InputError(f"{title}: it is no GeoJSON geometry ({error})") from None
    if shape.is_empty:
        raise InputError(f"{title} : aucun polygone / it has no polygon")
    if shapely.get_dimensions(shape) != 2:
        raise InputError(f"{title}: a {shape.geom_type} has no area, give a Polygon or a MultiPolygon")
    _refuse_unfit(title, shape, vertices_max)
    remarks = () if shape.is_valid else (_MENDED,)
    return Area(_in_l93(shapely.make_valid(shape), epsg_of(crs), title), title, "polygone", remarks)


def _refuse_unfit(title: str, shapes: Any, vertices_max: int | None) -> None:
    """Raises InputError when there are too many vertices, or one is nowhere."""
    most = VERTICES_MAX if vertices_max is None else vertices_max
    places = shapely.get_coordinates(shapes)
    vertices = len(places)
    if not np.isfinite(places).all():
        raise InputError(f"{title} : un sommet n'a pas de coordonnées / a vertex has no coordinates")
    if vertices > most:
        raise InputError(
            f"{title} : {vertices} sommets, {most} au plus ; simplifier les polygones (QGIS : Vecteur, "
            f"Outils de géométrie, Simplifier) / {vertices} vertices, more than {most}: simplify the "
            "polygons first"
        )


def polygon_area(file: Path, *, vertices_max: int | None = None) -> Area:
    """The polygons of a GeoJSON, a GeoPackage, a Shapefile or a zipped Shapefile, as one area.

    Raises:
        InputError: the file cannot be read, says no CRS or a wrong one, has no polygon, or too many vertices.
    """
    source = _source(file)
    try:
        layer = str(pyogrio.list_layers(source)[0, 0])
        meta, _, wkb, _ = pyogrio.raw.read(source, layer=layer, columns=[])
    except (DataSourceError, DataLayerError, IndexError) as error:
        raise InputError(
            f"{file} : illisible / cannot be read: give a GeoJSON, a GeoPackage or a Shapefile ({error})"
        ) from error
    return wkb_area([one for one in wkb if one is not None], meta["crs"], file, vertices_max=vertices_max)


def wkb_area(wkb: Sequence[bytes], crs: str | None, file: Path, *, vertices_max: int | None = None) -> Area:
    """The polygons among geometries of a file, as one area. `crs`: a name or WKT.

    Raises:
        InputError: there is no CRS or a wrong one, no polygon, or too many vertices.
    """
    with np.errstate(invalid="ignore"):
        shapes = shapely.from_wkb(list(wkb), on_invalid="ignore")
    shapes = shapely.force_2d(np.array([s for s in np.atleast_1d(shapes) if s is not None], dtype=object))
    shapes = shapes[shapely.get_dimensions(shapes) == 2] if len(shapes) else shapes
    if not len(shapes):
        raise InputError(f"{file} : aucun polygone / it has no polygon")
    _refuse_unfit(str(file), shapes, vertices_max)
    remarks = () if shapely.is_valid(shapes).all() else (_MENDED,)
    region = _in_l93(shapely.union_all(shapely.make_valid(shapes)), _crs(crs, file), str(file))
    return Area(region, f"polygone du fichier {file.name}", file.name.partition(".")[0], remarks)


def _source(file: Path) -> str:
    """What GDAL opens; only formats whose files refer to nothing elsewhere."""
    if not file.is_file():
        raise InputError(f"{file} does not exist")
    if file.stat().st_size > BYTES_MAX:
        raise InputError(f"{file} is larger than {BYTES_MAX // 2**20} MiB: give the limits of the area alone")
    with file.open("rb") as stream:
        head = stream.read(512)
    if head.startswith(_ZIP):
        return f"/vsizip/{{{file}}}/{_shapefile_in(file)}"
    if head.startswith((_SQLITE, _SHP)) or head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{"):
        return str(file)
    raise InputError(f"{file} is none of GeoJSON, GeoPackage, Shapefile, ZIP with one Shapefile")


def _shapefile_in(file: Path) -> str:
    try:
        with zipfile.ZipFile(file) as packed:
            found = [entry for entry in packed.infolist() if entry.filename.lower().endswith(".shp")]
            size = sum(entry.file_size for entry in packed.infolist())
    except zipfile.BadZipFile as error:
        raise InputError(f"{file} is a damaged ZIP: {error}") from error
    if len(found) != 1 or size > BYTES_MAX:
        raise InputError(
            f"{file}: expected one Shapefile of at most {BYTES_MAX // 2**20} MiB, found {len(found)}"
        )
    return found[0].filename


def _crs(crs: str | None, file: Path) -> CRS:
    if not crs:
        raise InputError(
            f"{file} : sans système de coordonnées ; l'enregistrer avec, comme EPSG:2154 (un Shapefile a "
            "besoin de son .prj) / it says no CRS: save it with one"
        )
    try:
        return CRS.from_user_input(crs)
    except CRSError as error:
        raise InputError(f"{file} has a CRS that PROJ does not know: {error}") from error


def _in_l93(shape: BaseGeometry, crs: CRS | int, what: str) -> BaseGeometry:
    """The area in Lambert-93.

    Raises:
        InputError: it does not lie in France: its coordinates are not of the CRS that it says.
    """
    source = CRS.from_user_input(crs)
    moved = shape
    if source.to_epsg() != L93:
        code = source.to_epsg()
        forward = transformer(code, L93) if code else Transformer.from_crs(source, L93, always_xy=True)
        moved = shapely.transform(
            shape, lambda points: np.column_stack(forward.transform(points[:, 0], points[:, 1]))
        )
    bounds = shapely.bounds(moved)
    inside = np.isfinite(bounds).all() and BBox(*bounds).intersects(_DOMAIN)
    if not inside or not shapely.box(*_DOMAIN).covers(shapely.box(*bounds)):
        corner = " ".join(f"{v:.6g}" for v in shapely.bounds(shape))
        raise InputError(
            f"{what} : hors de France, les coordonnées ({corner}) ne sont pas en {source.name} / it lies "
            "outside France: its coordinates are not of that CRS"
        )
    region = shapely.make_valid(moved)
    parts = [part for part in shapely.get_parts(region) if part.geom_type.endswith("Polygon")]
    result: BaseGeometry = shapely.union_all(parts)
    if result.is_empty:
        raise InputError(f"{what} : aucune surface / it has no area")
    return result
