"""Where objects come from: a folder that was handed over (OAIS: SIP), or the intermediate tier."""

import csv
import fnmatch
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol, get_args

from pcrs.archive.bag import WIDE_PERCENT
from pcrs.archive.target import Target
from pcrs.blobs import checked
from pcrs.errors import InputError, NotFoundError, StoreError
from pcrs.standard.livrables import HEAD, KINDS, Licence
from pcrs.toml import tables_of
from pcrs.work.custody.carry import PIECE
from pcrs.work.custody.keeping import TIER

SHEETS = ("objets.toml", "objets.csv")
"""What the operator may put beside the files to say what they are; it is no object itself."""
_COLUMNS = ("chemin", "type", "licence", "date", "edition")


class Found(NamedTuple):
    """A file of an origin."""

    name: str
    bytes: int
    stamp: str
    """Changes with the file."""
    object: str | None = None
    """Id in the inventory, of what is there already."""


class Origin(Protocol):
    """Files that can be read again at any time under their names."""

    @property
    def source(self) -> str:
        """What names it in the inventory."""

    def files(self) -> Iterator[Found]:
        """Every file, folder by folder, in order of names within each."""

    def find(self, name: str) -> Found | None:
        """A file as it is now; None when it is gone."""

    def chunks(self, name: str) -> Iterator[bytes]:
        """Its bytes."""


@dataclass(frozen=True, slots=True)
class FolderOrigin:
    """A folder, or one file. Hidden names are left out."""

    path: Path

    @property
    def source(self) -> str:
        """The folder's absolute path."""
        return str(self.path.resolve())

    @property
    def root(self) -> Path:
        """The folder that names are relative to."""
        return self.path.parent if self.path.is_file() else self.path

    def files(self) -> Iterator[Found]:
        """As `Origin.files`.

        Raises:
            InputError: the path does not exist, nothing is in it, or a name cannot be kept.
        """
        if self.path.is_file():
            yield self._found(self.path)
            return
        if not self.path.is_dir():
            raise InputError(f"{self.path}: no such file or folder")
        count = 0
        for folder, folders, names in os.walk(self.path):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                file = Path(folder, name)
                if name.startswith(".") or (file.parent == self.path and name in SHEETS):
                    continue
                if file.is_file():
                    count += 1
                    yield self._found(file)
        if not count:
            raise InputError(f"{self.path}: nothing in this folder")

    def _found(self, file: Path) -> Found:
        name = file.relative_to(self.root).as_posix()
        try:
            checked(name).encode()
            if set(name) & {"\r", "\n", WIDE_PERCENT}:
                raise InputError(f"{name!r} has a sign that bags cannot hold")
        except (InputError, UnicodeEncodeError) as error:
            raise InputError(f"{str(file)!r} cannot be kept everywhere ({error}): rename it") from error
        status = file.stat()
        return Found(name, status.st_size, str(status.st_mtime_ns))

    def find(self, name: str) -> Found | None:
        """As `Origin.find`."""
        file = self.root / name
        return self._found(file) if file.is_file() else None

    def chunks(self, name: str) -> Iterator[bytes]:
        """As `Origin.chunks`."""
        try:
            with (self.root / name).open("rb", buffering=0) as stream:
                while chunk := stream.read(PIECE):
                    yield chunk
        except FileNotFoundError as error:
            raise NotFoundError(f"{self.root / name} is gone") from error
        except OSError as error:
            raise StoreError(f"{self.root / name} cannot be read: {error.strerror}") from error


@dataclass(frozen=True, slots=True)
class TierOrigin:
    """Objects of the intermediate tier that the inventory knows; their bytes are proved by their sha256."""

    target: Target
    known: Callable[[], Iterator[Found]]
    """The objects to be kept, by key; their stamp is their sha256."""
    stamp: Callable[[str], str]
    """The sha256 that a key stands for; empty: none."""
    source: str = TIER

    def files(self) -> Iterator[Found]:
        """As `Origin.files`."""
        return self.known()

    def find(self, name: str) -> Found | None:
        """As `Origin.find`."""
        seen = self.target.head(name)
        return Found(name, seen.size, self.stamp(name)) if seen else None

    def chunks(self, name: str) -> Iterator[bytes]:
        """As `Origin.chunks`."""
        return self.target.chunks(name)


@dataclass(frozen=True, slots=True)
class NoOrigin:
    """Where bags came from that are to be completed from their own copies."""

    source: str = ""

    def files(self) -> Iterator[Found]:
        """As `Origin.files`: none."""
        return iter(())

    def find(self, name: str) -> Found | None:
        """As `Origin.find`: none."""
        return None

    def chunks(self, name: str) -> Iterator[bytes]:
        """As `Origin.chunks`: none.

        Raises:
            NotFoundError: always.
        """
        raise NotFoundError(f"{name} is nowhere")


@dataclass(frozen=True, slots=True)
class Said:
    """What the operator says of the files that a pattern names; empty: what pcrs makes out."""

    chemin: str
    type: str = ""
    licence: Licence | Literal[""] = ""
    date: str = ""
    edition: str = ""


def sheet_of(folder: Path) -> tuple[Said, ...]:
    """What the sheet beside the files says, if there is one: `objets.toml` or `objets.csv`.

    The first line of several that name a file holds.

    Raises:
        InputError: it cannot be read, or names an unknown type or licence.
    """
    for name in SHEETS:
        file = folder / name
        if file.is_file():
            rows = _toml(file) if name.endswith(".toml") else _csv(file)
            return tuple(_said(file, number, row) for number, row in enumerate(rows, start=1))
    return ()


def said_of(sheet: Sequence[Said], name: str) -> Said | None:
    """What the sheet says of a file."""
    return next((said for said in sheet if fnmatch.fnmatchcase(name, said.chemin)), None)


def _toml(file: Path) -> Sequence[Mapping[str, Any]]:
    told = tables_of(file, "it was there a moment ago")
    rows = told.get("objets")
    if not isinstance(rows, list) or set(told) != {"objets"}:
        raise InputError(f"{file}: expected [[objets]] tables with {', '.join(_COLUMNS)}")
    return rows


def _csv(file: Path) -> Sequence[Mapping[str, Any]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, delimiter=";")
            return [{k: v for k, v in row.items() if v} for row in reader]
    except UnicodeDecodeError as error:
        raise InputError(f"{file} is not in UTF-8: save it as « CSV UTF-8 »") from error
    except csv.Error as error:
        raise InputError(f"{file} is no CSV: {error}") from error


def _said(file: Path, number: int, row: Mapping[str, Any]) -> Said:
    unknown = [str(key) for key in row if key not in _COLUMNS]
    if unknown or not row.get("chemin"):
        raise InputError(
            f"{file}, object {number}: columns are {', '.join(_COLUMNS)}, chemin being there; "
            f"unknown: {', '.join(unknown) or 'none'}"
        )
    said = Said(**{key: str(value) for key, value in row.items()})  # type: ignore[arg-type]
    if said.type and said.type not in KINDS:
        raise InputError(f"{file}, object {number}: type {said.type!r} is none of {', '.join(KINDS)}")
    if said.licence and said.licence not in get_args(Licence):
        raise InputError(
            f"{file}, object {number}: licence {said.licence!r} is none of {', '.join(get_args(Licence))}"
        )
    return said


def head_of(origin: Origin, name: str) -> bytes:
    """The first bytes of a file: as many as `recognise` looks at."""
    return next(iter(origin.chunks(name)), b"")[:HEAD]
