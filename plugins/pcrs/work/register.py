"""A delivery as it arrives: which files it has, what their bytes are, what it is called."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from pcrs.errors import InputError
from pcrs.files import sha256_of
from pcrs.store.index import DeliveredFile, Delivery, FileKind, Index
from pcrs.work.progress import Progress, Step
from pcrs.work.site import edition_name

_KINDS: dict[str, FileKind] = {
    ".tif": "raster",
    ".tiff": "raster",
    ".geotif": "raster",
    ".geotiff": "raster",
    ".jp2": "raster",
    ".gml": "vecteur",
}
COMPANIONS = {
    ".tfw",
    ".tifw",
    ".tfwx",
    ".j2w",
    ".jp2w",
    ".wld",
    ".aux",
    ".xml",
    ".md5",
    ".prj",
    ".ovr",
    ".txt",
}
"""Suffixes of files that belong to another file or tell about it: listed, not received by themselves."""


def kind_of(file: Path) -> FileKind:
    """What a file is, by its suffix."""
    return _KINDS.get(file.suffix.lower(), "autre")


def inventory(path: Path) -> list[tuple[str, Path]]:
    """The files of a delivery with their names in it, in order; hidden ones are left out.

    Raises:
        InputError: the path does not exist, or there is nothing in it.
    """
    if path.is_file():
        return [(path.name, path)]
    if not path.is_dir():
        raise InputError(f"{path}: no such file or folder")
    files = sorted((str(file.relative_to(path)), file) for file in _files(path))
    if not files:
        raise InputError(f"{path}: nothing in this folder")
    return files


def _files(folder: Path) -> Iterator[Path]:
    for entry in folder.iterdir():
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _files(entry)
        elif entry.is_file():
            yield entry


def register(
    index: Index, path: Path, *, edition: str, chantier: str, progress: Progress
) -> tuple[Delivery, list[DeliveredFile]]:
    """The delivery at `path`, put in the index with the sha256 of each file; the same bytes give the same id.

    Files that were hashed before and have kept size and time are not read again.

    Raises:
        InputError: nothing is there, or the edition cannot be a name.
    """
    edition_name(edition)
    found = inventory(path)
    total = len(found)
    digest = hashlib.sha256(f"{edition}\n{chantier}\n".encode())
    files: list[tuple[str, FileKind, int, str]] = []
    progress(Step("inventaire", 0, total))
    for count, (name, file) in enumerate(found, 1):
        status = file.stat()
        where = str(file.resolve())
        sha256 = index.known_hash(where, status.st_size, status.st_mtime_ns)
        if sha256 is None:
            sha256 = sha256_of(file)
            index.remember_hash(where, status.st_size, status.st_mtime_ns, sha256)
        files.append((name, kind_of(file), status.st_size, sha256))
        digest.update(f"{sha256} {name}\n".encode())
        progress(Step("inventaire", count, total))
    identifier = f"{edition}-{digest.hexdigest()[:10]}"
    now = datetime.now(UTC).isoformat(timespec="seconds")
    delivery = Delivery(identifier, str(path.resolve()), edition, chantier, "reçue", now)
    index.add_delivery(delivery, (DeliveredFile(identifier, *file, "reçu") for file in files))
    return index.delivery(identifier), index.files(identifier)


def source(delivery: Delivery, file: DeliveredFile) -> Path:
    """Where a delivered file lies."""
    path = Path(delivery.path)
    return path if path.is_file() else path / file.name
