"""Several files of one format in a ZIP, with the lisez-moi: FlatGeobuf, GeoJSON, Shapefile, CSV."""

import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pcrs.files import placing
from pcrs.standard.crs import is_latlon
from pcrs.standard.fields import Field
from pcrs.vector.csv_files import write_csv
from pcrs.vector.gdal_files import Table, Target, convert, write_geopackage
from pcrs.vector.sheets import Extract

NOTICE = "LISEZ-MOI.txt"
_NAME_MAX = 10
"""Letters of a dBASE column."""
_TEXTS_MAX = 254
"""Bytes of a dBASE text."""
_SHORTENED = (
    "",
    f"Shapefile : noms de colonnes de {_NAME_MAX} lettres (liste ci-dessous), textes de {_TEXTS_MAX} octets "
    "au plus (les plus longs finissent par …), altitude 0 là où il n'y en a pas.",
    f"Shapefile: column names of {_NAME_MAX} letters (listed below), texts of {_TEXTS_MAX} bytes at most "
    "(longer ones end with …), height 0 where there is none.",
)
_MOMENT = (1980, 1, 1, 0, 0, 0)
_COMPRESSED = frozenset({".tif", ".jpg", ".jp2", ".mbtiles", ".zip"})
"""Files that a second compression makes no smaller: they are stored as they are."""
_CHUNK = 2**20


_FLATGEOBUF = Target("FlatGeobuf", {})


def write_flatgeobuf(path: Path, extract: Extract) -> int:
    """A `.fgb` for each sheet."""
    return _packed(path, extract, _FLATGEOBUF, "fgb")


def write_one_flatgeobuf(path: Path, extract: Extract) -> int:
    """The only sheet as one `.fgb`, when it is whole."""
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as held:
        source, part = Path(held) / "source.gpkg", Path(held) / path.name
        tables = write_geopackage(source, extract)
        convert(source, tables, part, _FLATGEOBUF, extract.epsg, {})
        part.replace(path)
    return sum(table.sheet.count for table in tables)


def write_csvs(path: Path, extract: Extract) -> int:
    """A `.csv` for each sheet."""
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as held:
        out = Path(held)
        count = sum(write_csv(out / f"{sheet.name}.csv", sheet, extract.epsg) for sheet in extract.sheets)
        _note(out, [extract.notice])
        zip_files(path, sorted(out.iterdir()))
    return count


def write_one_csv(path: Path, extract: Extract) -> int:
    """The only sheet as one `.csv`."""
    return write_csv(path, extract.sheets[0], extract.epsg)


def write_geojson(path: Path, extract: Extract) -> int:
    """A `.geojson` for each sheet; RFC 7946 where the CRS is WGS 84, else with the older `crs` member."""
    degrees = is_latlon(extract.epsg)
    options = {"COORDINATE_PRECISION": "9" if degrees else "4"}
    if extract.epsg == 4326:
        options["RFC7946"] = "YES"
    return _packed(path, extract, Target("GeoJSON", options), "geojson")


def write_shapefile(path: Path, extract: Extract) -> int:
    """A `.shp`, `.shx`, `.dbf`, `.prj`, `.cpg` for each sheet; the notice tells what shortened names mean."""
    return _packed(path, extract, Target("ESRI Shapefile", {"ENCODING": "UTF-8"}, _TEXTS_MAX), "shp")


def _packed(path: Path, extract: Extract, how: Target, suffix: str) -> int:
    """The archive is at `path` when it is whole; returns how many rows its layers have."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as held:
        folder = Path(held)
        source = folder / "source.gpkg"
        tables = write_geopackage(source, extract)
        out = folder / "out"
        out.mkdir()
        short = bool(how.texts_max)
        notes = [extract.notice, *(_SHORTENED if short else ())]
        for table in tables:
            names = short_names(table.sheet.columns) if short else {}
            target = out / f"{table.name}.{'dbf' if short and not table.geometry_type else suffix}"
            convert(source, [table], target, how, extract.epsg, names)
            notes += _renamed(table, names)
        _note(out, notes)
        zip_files(path, sorted(out.iterdir()))
    return sum(table.sheet.count for table in tables)


def _note(folder: Path, lines: Sequence[str]) -> None:
    (folder / NOTICE).write_text("\n".join(lines) + "\n", encoding="utf-8-sig", newline="\r\n")


def zip_files(path: Path, files: Iterable[Path]) -> None:
    """The files in a ZIP at `path`, when it is whole; the same files give the same bytes."""
    with placing(path) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as packed:
        for file in files:
            entry = zipfile.ZipInfo(file.name, _MOMENT)
            stored = file.suffix.lower() in _COMPRESSED
            entry.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            with file.open("rb") as source, packed.open(entry, "w", force_zip64=True) as target:
                shutil.copyfileobj(source, target, _CHUNK)


def join_archives(path: Path, archives: Mapping[str, Path]) -> None:
    """The files of several archives in one ZIP at `path`, each in a folder of that name."""
    with placing(path) as part, zipfile.ZipFile(part, "w", compresslevel=4) as packed:
        for folder, archive in archives.items():
            with zipfile.ZipFile(archive) as held:
                for each in held.infolist():
                    entry = zipfile.ZipInfo(f"{folder}/{each.filename}", _MOMENT)
                    entry.compress_type, entry.external_attr = each.compress_type, each.external_attr
                    with held.open(each) as source, packed.open(entry, "w", force_zip64=True) as target:
                        shutil.copyfileobj(source, target, _CHUNK)


def short_names(columns: Sequence[Field]) -> dict[str, str]:
    """Names of ten letters at most, all different whatever their case, near the full ones."""
    taken: set[str] = set()
    short = {}
    for column in columns:
        name = column.name[:_NAME_MAX]
        number = 1
        while name.lower() in taken:
            number += 1
            name = f"{column.name[: _NAME_MAX - len(str(number)) - 1]}_{number}"
        taken.add(name.lower())
        short[column.name] = name
    return short


def _renamed(table: Table, names: Mapping[str, str]) -> list[str]:
    changed = [f"  {new:<10} = {old}" for old, new in names.items() if old != new]
    return ["", f"{table.name} :", *changed] if changed else []
