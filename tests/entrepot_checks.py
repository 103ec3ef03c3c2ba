"""How an Entrepôt for tests looks at what was sent to it, and what it finds in it."""

import hashlib
import sqlite3
from contextlib import closing
from typing import Any

import rasterio
from rasterio.io import MemoryFile


def standard(upload: dict[str, Any]) -> list[str]:
    """What is wrong with the sums of an upload, as its log says it."""
    sums: dict[str, str] = {}
    for data in upload["#md5"].values():
        sums |= {line[34:]: line[:32] for line in data.decode().splitlines()}
    wrong = [path for path, told in sums.items() if path not in upload["#files"]]
    for path, data in upload["#files"].items():
        if path in sums and hashlib.md5(data).hexdigest() != sums[path]:
            wrong.append(path)
    return [f"2026-11-28 ERROR||gpf-check||7||signature MD5 incorrecte : {path}" for path in wrong]


def _raster(upload: dict[str, Any]) -> list[str]:
    wrong, sizes = [], set()
    for path, data in upload["#files"].items():
        try:
            with MemoryFile(data) as memory, memory.open() as image:
                sizes.add(image.res)
                if image.crs is None or f"EPSG:{image.crs.to_epsg()}" != upload["srs"]:
                    wrong.append(f"Incohérence avec le SRS du fichier {path}")
        except rasterio.errors.RasterioIOError:
            wrong.append(f"fichier illisible {path}")
    wrong += ["écart de résolution entre les images"] if len(sizes) > 1 else []
    return [f"2026-11-28 ERROR||gpf-check-raster||7||{said}" for said in wrong]


def _archive(upload: dict[str, Any]) -> list[str]:
    names = [path.rpartition("/")[2] for path in upload["#files"]]
    twice = {name for name in names if names.count(name) > 1}
    return [f"2026-11-28 ERROR||gpf-check-archive||7||nom en double : {name}" for name in twice]


def _tables(geopackage: bytes) -> list[str]:
    """Names of its tables, all of which the platform takes in."""
    try:
        with closing(sqlite3.connect(":memory:")) as db:
            db.deserialize(geopackage)
            return [row[0] for row in db.execute("SELECT table_name FROM gpkg_contents")]
    except sqlite3.DatabaseError:
        return []


def _vector(upload: dict[str, Any]) -> list[str]:
    wrong = []
    for path, data in upload["#files"].items():
        if path.endswith(".gml"):
            wrong.append(f"format non géré : {path}")
        elif not _tables(data):
            wrong.append(f"aucune couche : {path}")
    return [f"2026-11-28 ERROR||gpf-check-vector||7||{said}" for said in wrong]


CHECKS = {"RASTER": _raster, "ARCHIVE": _archive, "VECTOR": _vector}


def infos(upload: dict[str, Any]) -> dict[str, Any]:
    """What the platform tells of the data that it made of an upload."""
    if upload["type"] == "RASTER":
        return {"tms": "2154_5cm", "levels": [str(level) for level in range(6, 23)]}
    if upload["type"] == "VECTOR":
        names = [name for data in upload["#files"].values() for name in _tables(data)]
        return {"relations": [{"name": name.lower(), "type": "TABLE"} for name in names]}
    return {}
