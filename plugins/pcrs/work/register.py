"""A delivery as it arrives: which files it has, what their bytes are, what it is called."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pcrs.errors import InputError
from pcrs.files import sha256_of
from pcrs.store.index import DeliveredFile, Delivery, FileKind, Index
from pcrs.work.progress import Mill, Progress, Step
from pcrs.work.site import edition_name

_KINDS: dict[str, FileKind] = {
    ".tif": "raster",
    ".tiff": "raster",
    ".geotif": "raster",
    ".geotiff": "raster",
    ".jp2": "raster",
    ".gml": "vecteur",
}
_STAGE, _MB = "inventaire (Mo)", 10**6
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


@dataclass(frozen=True, slots=True)
class Arrival:
    """What a producer hands over, and what the operator says of it."""

    path: Path
    edition: str
    chantier: str = ""
    correction: bool = False
    """Its dalles may take the places of those that the edition has under the same names."""

    @property
    def identity(self) -> str:
        """The part of the delivery's id that is not its files."""
        return f"{self.edition}\n{self.chantier}\n" + ("correction\n" if self.correction else "")


def register(
    index: Index, arrival: Arrival, mill: Mill, progress: Progress
) -> tuple[Delivery, list[DeliveredFile]]:
    """The delivery, put in the index with the sha256 of each file; the same bytes give the same id.

    Files that were hashed before and have kept size and time are not read again.

    Raises:
        InputError: nothing is there, or the edition cannot be a name.
    """
    edition_name(arrival.edition)
    found = inventory(arrival.path)
    hashes = _hashes(index, [file for _, file in found], mill, progress)
    digest = hashlib.sha256(arrival.identity.encode())
    files: list[tuple[str, FileKind, int, str]] = []
    for name, file in found:
        size, sha256 = hashes[file]
        files.append((name, kind_of(file), size, sha256))
        digest.update(f"{sha256} {name}\n".encode())
    identifier = f"{arrival.edition}-{digest.hexdigest()[:10]}"
    now = datetime.now(UTC).isoformat(timespec="seconds")
    where = str(arrival.path.resolve())
    delivery = Delivery(identifier, where, arrival.edition, arrival.chantier, "reçue", now)
    index.add_delivery(delivery, (DeliveredFile(identifier, *file, "reçu") for file in files))
    return index.delivery(identifier), index.files(identifier)


def _hashes(index: Index, files: list[Path], mill: Mill, progress: Progress) -> dict[Path, tuple[int, str]]:
    """Bytes and sha256 of every file; those that are not known are read, by all hands. Told in megabytes."""
    status = {file: file.stat() for file in files}
    found: dict[Path, tuple[int, str]] = {}
    for file, seen in status.items():
        sha256 = index.known_hash(str(file.resolve()), seen.st_size, seen.st_mtime_ns)
        if sha256 is not None:
            found[file] = (seen.st_size, sha256)
    total = sum(seen.st_size for seen in status.values())
    done = sum(size for size, _ in found.values())
    progress(Step(_STAGE, done // _MB, max(1, total // _MB)))
    for file, sha256 in mill.run(sha256_of, [file for file in files if file not in found]):
        seen = status[file]
        index.remember_hash(str(file.resolve()), seen.st_size, seen.st_mtime_ns, sha256)
        found[file] = (seen.st_size, sha256)
        done += seen.st_size
        progress(Step(_STAGE, done // _MB, max(1, total // _MB)))
    return found


def source(delivery: Delivery, file: DeliveredFile) -> Path:
    """Where a delivered file lies."""
    path = Path(delivery.path)
    return path if path.is_file() else path / file.name
