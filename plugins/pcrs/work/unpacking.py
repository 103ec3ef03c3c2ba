"""A file that somebody hands in, made safe to be opened: told by its first bytes, unpacked within bounds.

Names in archives are never used as paths: what is wanted of them is written under names of ours.
"""

import sqlite3
import struct
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from lxml import etree

from pcrs.errors import InputError, TooLargeError
from pcrs.store.gpkg_geometry import body_of

UNPACKED_MAX = 100 * 2**20
"""Bytes of what is in an archive, in all."""
ENTRIES_MAX = 200
_CHUNK = 2**16
_PARTS = (".shp", ".shx", ".prj", ".cpg")
_WANTED = (".shp", ".gpkg", ".geojson", ".json", ".kml")
KINDS = {"gpkg": "GeoPackage", "shp": "Shapefile", "zip": "ZIP", "kml": "KML", "geojson": "GeoJSON"}
_SUFFIXES = {"kmz": "zip", "json": "geojson"}


def kind_of(head: bytes) -> str | None:
    """What a file is, by its first bytes: a key of `KINDS`, None for anything else."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    for kind, mark in (("gpkg", b"SQLite format 3\0"), ("zip", b"PK\x03\x04"), ("shp", b"\0\0\x27\x0a")):
        if head.startswith(mark):
            return kind
    if start.startswith(b"{"):
        return "geojson"
    return "kml" if start.startswith(b"<") else None


def refuse_misnamed(name: str, kind: str | None) -> str:
    """The kind, when the file may be called so.

    Raises:
        InputError: it is of no kind that is known, or of another than its name says.
    """
    if kind is None:
        raise InputError(
            f"{name} : ni GeoJSON, ni KML, ni GeoPackage, ni Shapefile zippé / none of GeoJSON, KML, "
            "GeoPackage, zipped Shapefile"
        )
    suffix = PurePosixPath(name).suffix.lower().removeprefix(".")
    said = _SUFFIXES.get(suffix, suffix)
    if said in KINDS and said != kind:
        raise InputError(
            f"{name} : le contenu est un {KINDS[kind]}, le suffixe dit {KINDS[said]} / "
            f"it is a {KINDS[kind]}, its suffix says {KINDS[said]}"
        )
    if kind == "shp":
        raise InputError(
            f"{name} : un Shapefile est fait de plusieurs fichiers, les zipper ensemble (.shp, .shx, .prj) / "
            "a Shapefile is several files: zip them together"
        )
    return kind


def unpacked(file: Path, folder: Path) -> tuple[Path, str]:
    """The only layer of a ZIP, written into a folder of ours, and its kind.

    Raises:
        InputError: there is none, or several; a name leads out of the archive; it is damaged, or ciphered.
        TooLargeError: it holds more than it may.
    """
    with _opened(file) as packed:
        entries = packed.infolist()
        if len(entries) > ENTRIES_MAX:
            raise TooLargeError(f"{len(entries)} fichiers dans le ZIP, {ENTRIES_MAX} au plus / at the most")
        for entry in entries:
            _refuse_path(entry.filename)
        found = [entry for entry in entries if _suffix(entry) in _WANTED and not _hidden(entry)]
        if len(found) != 1:
            names = ", ".join(PurePosixPath(entry.filename).name for entry in found[:5]) or "rien / nothing"
            raise InputError(
                "le ZIP doit contenir une seule couche / the ZIP must hold one layer (.shp, .gpkg, .geojson, "
                f".kml) ; trouvé / found: {names}"
            )
        stem = found[0].filename.removesuffix(PurePosixPath(found[0].filename).suffix)
        left = UNPACKED_MAX
        for entry in entries:
            part = entry is found[0] or (
                _suffix(found[0]) == ".shp" and _suffix(entry) in _PARTS and _stem(entry) == stem.lower()
            )
            if part:
                left -= _extract(packed, entry, folder / f"zone{_suffix(entry)}", left)
    kind = {".json": "geojson"}.get(_suffix(found[0]), _suffix(found[0]).removeprefix("."))
    return folder / f"zone{_suffix(found[0])}", kind


@contextmanager
def _opened(file: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(file) as packed:
            yield packed
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise InputError(f"ZIP endommagé ou chiffré / damaged or ciphered ZIP: {error}") from None


def _extract(packed: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, most: int) -> int:
    """Bytes written; what the archive announces is not believed."""
    written = 0
    with packed.open(entry) as source, target.open("wb") as out:
        while chunk := source.read(_CHUNK):
            written += len(chunk)
            if written > most:
                raise TooLargeError(
                    f"plus de {UNPACKED_MAX // 2**20} Mio une fois décompressé / more when it is unpacked"
                )
            out.write(chunk)
    return written


def _refuse_path(name: str) -> None:
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in name:
        raise InputError(f"le ZIP a un nom qui en sort / a name in the ZIP leads out of it: {name[:80]!r}")


def _suffix(entry: zipfile.ZipInfo) -> str:
    return PurePosixPath(entry.filename).suffix.lower()


def _stem(entry: zipfile.ZipInfo) -> str:
    return entry.filename.removesuffix(PurePosixPath(entry.filename).suffix).lower()


def _hidden(entry: zipfile.ZipInfo) -> bool:
    """What macOS puts beside the files."""
    return entry.filename.startswith("__MACOSX/") or PurePosixPath(entry.filename).name.startswith(".")


def geopackage_shapes(file: Path) -> tuple[list[bytes], str | None]:
    """The geometries of the only layer of a GeoPackage as WKB, and its CRS (a name or WKT; None: not said).

    Tables are read and nothing else: a view, even one that is no layer, is SQL of who made the file.

    Raises:
        InputError: it has no layer, or several; one is a view; the file is no GeoPackage.
    """
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro&immutable=1", uri=True)) as db:
            db.execute("PRAGMA trusted_schema = OFF")
            tables = {
                name.lower(): (kind, (sql or "").lower().split())
                for name, kind, sql in db.execute("SELECT name, type, sql FROM sqlite_master")
                if kind in ("table", "view")
            }
            for name in ("gpkg_geometry_columns", "gpkg_spatial_ref_sys"):
                _refuse_no_table(tables, name)
            layers = db.execute(
                "SELECT table_name, column_name, srs_id FROM gpkg_geometry_columns"
            ).fetchall()
            if len(layers) != 1:
                found = ", ".join(str(row[0])[:40] for row in layers[:5]) or "rien / nothing"
                raise InputError(f"GeoPackage : une seule couche attendue / one layer expected ; {found}")
            table, column, srs = layers[0]
            _refuse_no_table(tables, str(table))
            names = (str(name).replace('"', '""') for name in (column, table))
            query = 'SELECT "{}" FROM "{}"'.format(*names)  # noqa: S608  names, quoted
            blobs = [row[0] for row in db.execute(query) if isinstance(row[0], bytes)]
            return [body_of(blob) for blob in blobs], _system(db, srs)
    except (sqlite3.Error, ValueError, struct.error, IndexError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"ce n'est pas un GeoPackage lisible / no readable GeoPackage: {error}") from None


def _refuse_no_table(tables: Mapping[str, tuple[str, list[str]]], name: str) -> None:
    kind, words = tables.get(name.lower(), ("", []))
    if kind != "table" or "virtual" in words[:3]:
        raise InputError(
            f"GeoPackage : {name[:60]} n'est pas une table, mais du SQL à exécuter ; l'enregistrer comme "
            "couche / it is no table but SQL to be run: save it as a layer"
        )


def _system(db: sqlite3.Connection, srs: object) -> str | None:
    query = (
        "SELECT organization, organization_coordsys_id, definition FROM gpkg_spatial_ref_sys WHERE srs_id = ?"
    )
    row = db.execute(query, (srs,)).fetchone()
    if row is None or str(row[2]).lower() == "undefined":
        return None
    return f"EPSG:{row[1]}" if str(row[0]).upper() == "EPSG" else str(row[2])


def kml_polygons(file: Path) -> dict[str, object]:
    """The polygons of a KML as a GeoJSON geometry in longitude and latitude; links in it are not followed.

    Raises:
        InputError: it is no KML, or has a DOCTYPE: that is where entities hide.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        tree = etree.parse(file, parser)
    except etree.XMLSyntaxError as error:
        raise InputError(f"KML illisible / unreadable: {error}") from None
    told: Any = tree.docinfo
    if told.doctype or told.internalDTD is not None:
        raise InputError("KML : un DOCTYPE est refusé / a DOCTYPE is refused")
    if etree.QName(tree.getroot()).localname != "kml":
        raise InputError("ce XML n'est pas un KML / this XML is no KML")
    rings = []
    for polygon in tree.iter("{*}Polygon"):
        found = [polygon.find("{*}outerBoundaryIs"), *polygon.iterfind("{*}innerBoundaryIs")]
        rings.append([_ring(side) for side in found if side is not None])
    return {"type": "MultiPolygon", "coordinates": [polygon for polygon in rings if polygon]}


def _ring(side: etree._Element) -> list[list[float]]:
    text = side.findtext("{*}LinearRing/{*}coordinates") or ""
    try:
        return [[float(value) for value in place.split(",")[:2]] for place in text.split()]
    except ValueError:
        raise InputError(f"KML : coordonnées illisibles / unreadable coordinates: {text[:40]!r}") from None
