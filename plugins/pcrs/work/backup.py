"""A copy of what a site knows: its stores, settings and records, consistent, whole and proved.

Images and pyramids are not in it: they lie in the tiers, and `pcrs rebuild` makes the hot one again. What is
in PostgreSQL has tools of its own (pg_dump).
"""

import hashlib
import io
import json
import shutil
import sqlite3
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import IO

from pcrs.errors import InputError, SiteError
from pcrs.files import placing, sha256_of
from pcrs.work.progress import Progress, Step, silent
from pcrs.work.site import Site

_MANIFEST = "manifest.json"
_FORMAT = 1
_SQLITE = (".db", ".gpkg")
_PAGES = 2000
"""Pages of a store that are copied before writers get a turn."""


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup holds."""

    made_at: str
    version: str
    files: dict[str, tuple[int, str]]
    """Bytes and sha256, by path in the site."""


def backup(site: Site, file: Path, *, now: str, version: str, progress: Progress = silent) -> Backup:
    """The stores, settings and photos of a site are in a tar file, which appears when it is whole.

    Stores may be in use: each is copied as it is at one moment.

    Raises:
        SiteError: the file would lie among what it copies.
    """
    if file.resolve().is_relative_to((site.root / "stores").resolve()):
        raise SiteError(f"{file} lies among the stores that it would copy: write it elsewhere")
    found = list(_found(site))
    told: dict[str, tuple[int, str]] = {}
    file.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=file.parent, prefix=".backup.") as held, placing(file) as part:
        with tarfile.open(part, "w") as packed:
            for number, path in enumerate(found):
                progress(Step("sauvegarde", number, len(found)))
                name = path.relative_to(site.root).as_posix()
                copy = _copied(path, Path(held) / "copy")
                told[name] = (copy.stat().st_size, sha256_of(copy))
                packed.add(copy, name)
            made = Backup(now, version, told)
            text = json.dumps(
                {"format": _FORMAT, "made_at": now, "pcrs": version, "files": told}, indent=1
            ).encode()
            entry = tarfile.TarInfo(_MANIFEST)
            entry.size = len(text)
            packed.addfile(entry, io.BytesIO(text))
        check(part)
    return made


def check(file: Path) -> Backup:
    """What a backup holds, every byte of it compared with its sums.

    Raises:
        InputError: it is no backup, or damaged.
    """
    try:
        with tarfile.open(file, "r") as packed:
            told = _manifest(packed, file)
            seen = set()
            for entry in packed:
                if entry.name == _MANIFEST:
                    continue
                stream = packed.extractfile(entry) if entry.isfile() else None
                if stream is None or entry.name not in told.files:
                    raise InputError(f"{file}: {entry.name!r} has no place in a backup")
                if _digest(stream) != told.files[entry.name][1]:
                    raise InputError(f"{file}: {entry.name} is damaged: its sum is another")
                seen.add(entry.name)
    except (tarfile.TarError, EOFError, OSError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{file} is no backup: {error}") from error
    if seen != told.files.keys():
        raise InputError(f"{file} lacks {', '.join(sorted(told.files.keys() - seen))}")
    return told


def restore(file: Path, site: Site) -> Backup:
    """A backup is the site again, in an empty place; tiers are left to `pcrs rebuild`.

    Raises:
        InputError: it is no backup, or damaged: nothing is written.
        SiteError: there is a site already.
    """
    if site.settings_file.exists() or (site.root / "stores").exists():
        raise SiteError(f"{site.root} holds a site already: restore into an empty folder")
    told = check(file)
    last = site.settings_file.name
    with tarfile.open(file, "r") as packed:
        for name in sorted(told.files, key=lambda name: name == last):
            stream = packed.extractfile(name)
            if stream is None:
                raise InputError(f"{file}: {name} is no file")
            with placing(site.root.joinpath(*PurePosixPath(name).parts)) as part:
                with part.open("wb") as out:
                    shutil.copyfileobj(stream, out, 2**20)
                part.chmod(0o600 if name.startswith("stores/") else 0o644)
    return told


def _digest(stream: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := stream.read(2**20):
        digest.update(chunk)
    return digest.hexdigest()


def _manifest(packed: tarfile.TarFile, file: Path) -> Backup:
    try:
        stream = packed.extractfile(_MANIFEST)
        told = json.loads(stream.read()) if stream else {}
        if told["format"] != _FORMAT:
            raise InputError(f"{file}: format {told['format']}, this pcrs reads {_FORMAT}")
        files = {str(name): (int(size), str(sum_)) for name, (size, sum_) in told["files"].items()}
        return Backup(
            told["made_at"], told["pcrs"], {name: one for name, one in files.items() if _safe(name)}
        )
    except (KeyError, ValueError, TypeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{file} is no backup of pcrs: it has no {_MANIFEST}") from error


def _safe(name: str) -> bool:
    """True for a path within a site.

    Raises:
        InputError: it leads elsewhere.
    """
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise InputError(f"a backup names {name!r}, which lies outside a site")
    return True


def _found(site: Site) -> Iterator[Path]:
    """What is copied, in order."""
    yield from _files((site.settings_file, site.metadata_file))
    stores = site.root / "stores"
    yield from _files(sorted(path for path in stores.rglob("*") if _kept(path)))


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    return (path for path in paths if path.is_file() and not path.is_symlink())


def _kept(path: Path) -> bool:
    name = path.name
    return not (name.startswith(".") or name.endswith((".part", "-wal", "-shm", "-journal")))


def _copied(path: Path, copy: Path) -> Path:
    """The file as it is now; of a store, as it is at one moment, whoever writes."""
    copy.unlink(missing_ok=True)
    if path.suffix not in _SQLITE:
        return path
    source = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=30)
    with closing(source), closing(sqlite3.connect(copy)) as target:
        source.backup(target, pages=_PAGES, sleep=0.01)
        target.execute("PRAGMA journal_mode = DELETE")
    return copy
