"""The area that somebody's file describes, read in a process of its own that may take little of anything.

Whatever the file does to the libraries that read it, the service only sees a line of JSON, or none.
"""

import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import shapely

from pcrs.errors import InputError, PcrsError, TooLargeError
from pcrs.standard.crs import CRS84
from pcrs.work.areas import Area, polygon_area, shape_area, wkb_area
from pcrs.work.unpacking import geopackage_shapes, kind_of, kml_polygons, refuse_misnamed, unpacked

BYTES_MAX = 20 * 2**20
"""Of the file."""
VERTICES_MAX = 100_000
_MEMORY = 2 * 2**30
_CPU_S = 20
_PATIENCE_S = 60
_FILE_BYTES = 256 * 2**20
_CM = 0.01
_HARD = "ce fichier demande trop de temps ou de mémoire / it takes too much time or memory: simplify it"


def read_apart(body: bytes, name: str) -> dict[str, Any]:
    """What a file says, as `described` tells it.

    Args:
        body: the file.
        name: as its owner calls it; nothing is ever opened under it.

    Raises:
        InputError: it cannot be used; the message says why.
        TooLargeError: it is too large, or takes too much.
    """
    if len(body) > BYTES_MAX:
        raise TooLargeError(f"{len(body)} octets, {BYTES_MAX} au plus / at the most")
    with tempfile.TemporaryDirectory(prefix="pcrs-file-") as folder:
        command = [sys.executable, "-m", "pcrs.work.handed_in", folder, name[:120]]
        try:
            done = subprocess.run(  # noqa: S603
                command, input=body, capture_output=True, timeout=_PATIENCE_S, check=False
            )
        except subprocess.TimeoutExpired:
            raise TooLargeError(f"{name} : {_HARD}") from None
    try:
        told: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        raise TooLargeError(f"{name} : {_HARD}") from None
    if "refus" in told:
        raise (TooLargeError if told["trop"] else InputError)(told["refus"])
    return told


def described(body: bytes, name: str, folder: Path) -> dict[str, Any]:
    """The area of a file: name, MultiPolygon in EPSG:2154, m², vertices, and remarks on what was mended.

    Raises:
        InputError, TooLargeError: it cannot be used.
    """
    kind = refuse_misnamed(name, kind_of(body[:512]))
    file = folder / f"zone.{kind}"
    file.write_bytes(body)
    if kind == "zip":
        file, kind = unpacked(file, folder)
        with file.open("rb") as stream:
            if kind_of(stream.read(512)) != kind:
                raise InputError(
                    f"{name} : {file.suffix} a un autre contenu / its content is of another kind"
                )
    if kind == "kml":
        area = shape_area(kml_polygons(file), CRS84, name, vertices_max=VERTICES_MAX)
    elif kind == "gpkg":
        area = wkb_area(*geopackage_shapes(file), file, vertices_max=VERTICES_MAX)
    else:
        area = polygon_area(file, vertices_max=VERTICES_MAX)
    return _told(area, name)


def _told(area: Area, name: str) -> dict[str, Any]:
    region = shapely.set_precision(area.region, _CM)
    polygons = [part for part in shapely.get_parts(region) if part.geom_type == "Polygon"]
    if not polygons:
        raise InputError(f"{name} : aucune surface / no area")
    return {
        "nom": name,
        "epsg": 2154,
        "geometrie": shapely.geometry.mapping(shapely.multipolygons(polygons)),
        "surface_m2": round(region.area, 2),
        "sommets": int(shapely.get_num_coordinates(region)),
        "remarques": list(area.remarks),
    }


def main() -> None:
    """What `read_apart` starts: FOLDER NAME, the file on the standard input, JSON on the standard output."""
    folder, name = Path(sys.argv[1]), sys.argv[2]
    for what, most in (
        (resource.RLIMIT_AS, _MEMORY),
        (resource.RLIMIT_CPU, _CPU_S),
        (resource.RLIMIT_FSIZE, _FILE_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
    try:
        told = described(sys.stdin.buffer.read(), name, folder)
    except TooLargeError as error:
        told = {"refus": _clean(error, folder), "trop": True}
    except PcrsError as error:
        told = {"refus": _clean(error, folder), "trop": False}
    except MemoryError:
        told = {"refus": f"{name} : {_HARD}", "trop": True}
    except Exception as error:  # noqa: BLE001  whatever a library says of it, the file is at fault
        told = {"refus": f"{name} : illisible / unreadable ({type(error).__name__})", "trop": False}
    json.dump(told, sys.stdout)


def _clean(error: PcrsError, folder: Path) -> str:
    """The message, without the folder in which nobody but this process ever was."""
    return str(error).replace(f"{folder}/", "")


if __name__ == "__main__":
    main()
