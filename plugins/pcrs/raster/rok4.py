"""The files of a ROK4 pyramid: descriptor, slabs in their places, links to the edition before.

A pyramid NAME is a descriptor `NAME.json`, a list `NAME.list` and a folder `NAME` (its *root*), side by side.
One process at a time writes a pyramid; any number read it meanwhile.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

from pcrs.errors import ConflictError, StoreError
from pcrs.files import placing
from pcrs.raster.slab import SlabBytes, slab_path
from pcrs.standard.grid import LAMB93, SLAB_TILES, Cells, Slab

Kind = Literal["DATA", "MASK"]
KINDS: tuple[Kind, Kind] = ("DATA", "MASK")
DEPTH = 2
"""Folders between a level's and a slab's file."""
_FORMAT, _MASK_FORMAT = "TIFF_JPG_UINT8", "TIFF_ZIP_UINT8"


@dataclass(frozen=True, slots=True)
class LevelFiles:
    """One level of a pyramid: the tiles it may have, and the folders that hold its slabs."""

    limits: Cells
    data: Path
    mask: Path | None
    depth: int


def root_of(descriptor: Path) -> Path:
    """The folder that holds the slabs of the pyramid `descriptor` describes."""
    return descriptor.with_suffix("")


def slab_file(root: Path, kind: Kind, slab: Slab) -> Path:
    """Where a slab's file lies, whether it is there or not."""
    return root / kind / str(slab.level) / slab_path(*slab, depth=DEPTH)


def read_slab(root: Path, slab: Slab) -> SlabBytes:
    """The two files of a slab, links followed; None for each that is not there."""
    return SlabBytes(_bytes(slab_file(root, "DATA", slab)), _bytes(slab_file(root, "MASK", slab)))


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def place_slab(root: Path, slab: Slab, files: SlabBytes) -> bool:
    """True when the slab changed: each of its files is replaced in one step, and removed when it is None.

    A file that already has these bytes is left as it is, so an edition owns only what differs from the one
    before: a link is replaced by a file of this edition's own, never written through.
    """
    changed = False
    for kind, data in zip(KINDS, files, strict=True):
        path = slab_file(root, kind, slab)
        if data is None:
            changed |= os.path.lexists(path)
            path.unlink(missing_ok=True)
        elif _bytes(path) != data:
            with placing(path) as part:
                part.write_bytes(data)
            changed = True
    return changed


def write_descriptor(descriptor: Path, levels: Mapping[int, Cells]) -> None:
    """Writes the descriptor of the pyramid that lies beside it; `levels` are the tiles that each may have."""
    name = descriptor.stem

    def storage(level: int) -> dict[str, Any]:
        return {
            "type": "FILE",
            "image_directory": f"{name}/DATA/{level}",
            "mask_directory": f"{name}/MASK/{level}",
            "path_depth": DEPTH,
        }

    with placing(descriptor) as part:
        part.write_bytes(descriptor_bytes(levels, storage))


def descriptor_bytes(levels: Mapping[int, Cells], storage: Callable[[int], Mapping[str, Any]]) -> bytes:
    """A descriptor: the tiles that each level may have, and what `storage` says of where its slabs are."""
    document = {
        "format": _FORMAT,
        "mask_format": _MASK_FORMAT,
        "tile_matrix_set": LAMB93.id,
        "raster_specifications": {
            "channels": 3,
            "nodata": "255,255,255",
            "photometric": "rgb",
            "interpolation": "linear",
        },
        "levels": [
            {
                "id": str(level),
                "tiles_per_width": SLAB_TILES,
                "tiles_per_height": SLAB_TILES,
                "tile_limits": levels[level]._asdict(),
                "storage": storage(level),
            }
            for level in sorted(levels)
        ],
    }
    return (json.dumps(document, indent=1) + "\n").encode()


def read_descriptor(descriptor: Path) -> dict[int, LevelFiles]:
    """The levels of a pyramid, coarsest first.

    Raises:
        StoreError: there is none, or it describes another kind of pyramid than pcrs writes.
    """
    try:
        levels = parse_descriptor(descriptor.read_bytes(), str(descriptor), storage="FILE")
        return {level: _files(descriptor.parent, *told) for level, told in levels.items()}
    except (OSError, KeyError, TypeError) as error:
        if isinstance(error, StoreError):
            raise
        raise StoreError(f"{descriptor} is no readable ROK4 descriptor ({error!r})") from error


def _files(home: Path, limits: Cells, storage: Mapping[str, Any]) -> LevelFiles:
    mask = storage.get("mask_directory")
    data = home / storage["image_directory"]
    return LevelFiles(limits, data, None if mask is None else home / mask, storage["path_depth"])


def parse_descriptor(data: bytes, where: str, *, storage: str) -> dict[int, tuple[Cells, dict[str, Any]]]:
    """The tiles that each level of a descriptor may have, and what it says of their storage of that type.

    Raises:
        StoreError: it is none, or describes another kind of pyramid than pcrs writes.
    """
    try:
        document = json.loads(data)
        kind = (document["format"], document["tile_matrix_set"])
        if kind != (_FORMAT, LAMB93.id):
            raise StoreError(f"{where} describes a pyramid {kind}, not {(_FORMAT, LAMB93.id)}")
        levels = {}
        for level in document["levels"]:
            size, told = (level["tiles_per_width"], level["tiles_per_height"]), level["storage"]
            if size != (SLAB_TILES, SLAB_TILES) or told["type"] != storage:
                raise StoreError(
                    f"{where}, level {level['id']}: slabs of {size} tiles on {told['type']}; "
                    f"pcrs reads slabs of (16, 16) on {storage} here"
                )
            levels[int(level["id"])] = (Cells(**level["tile_limits"]), told)
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{where} is no readable ROK4 descriptor ({error!r})") from error
    return levels


def slab_files(root: Path) -> Iterator[str]:
    """Every slab's file under `root`, as `DATA/<level>/…tif`: data before masks, sorted."""
    return (file for file, _ in slab_entries(str(root)))


def slab_entries(root: str) -> Iterator[tuple[str, bool]]:
    """The same, each with whether it is a link."""
    for kind in KINDS:
        if os.path.isdir(f"{root}/{kind}"):  # noqa: PTH112 - strings throughout: a Path for each is slow
            yield from _scan(root, kind)


def _scan(root: str, folder: str) -> Iterator[tuple[str, bool]]:
    """The same under one folder: its entries tell all, no file is asked."""
    with os.scandir(f"{root}/{folder}") as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            inside = f"{folder}/{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                yield from _scan(root, inside)
            elif not entry.name.startswith("."):
                yield inside, entry.is_symlink()


def link_edition(previous: Path, root: Path) -> int:
    """How many slabs the new pyramid at `root` has, each a relative link to the one of `previous`.

    Both are pyramid roots. Links lead to the edition right before, which may itself hold links: Linux follows
    40 of them. `root` appears whole or not at all.

    Raises:
        ConflictError: `root` is already there.
    """
    if root.exists():
        raise ConflictError(f"{root} is already there: an edition is linked to the one before it only once")
    part = root.parent / f".{root.name}.part"
    if part.exists():
        shutil.rmtree(part)
    part.mkdir(parents=True)
    back = os.path.relpath(previous, root)
    count = 0
    for folder, files in groupby(slab_files(previous), key=lambda file: file.rpartition("/")[0]):
        (part / folder).mkdir(parents=True)
        here, there = f"{part}/", "../" * (folder.count("/") + 1) + f"{back}/"
        for file in files:
            os.symlink(there + file, here + file)  # noqa: PTH211 - a Path costs more than the call
            count += 1
    part.rename(root)
    return count
