"""New slabs take the places of old ones: one step for those who read several of them at a time.

The new slabs wait in a pyramid of their own, `aside`. Only renames are left to do when the step begins.
"""

import fcntl
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pcrs.raster.rok4 import KINDS, Kind, slab_file
from pcrs.standard.grid import Slab

_LOCK = ".switch"
_BEGUN = b"switching\n"


@contextmanager
def switching(pyramids: Path) -> Iterator[None]:
    """While the block runs, `is_switching` says so in every process; the kernel ends it if this one dies.

    Then it was broken off, and `is_unfinished` says so until a block ends well.
    """
    pyramids.mkdir(parents=True, exist_ok=True)
    with (pyramids / _LOCK).open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write(_BEGUN)
        lock.flush()
        os.fsync(lock.fileno())
        yield
        lock.truncate(0)


def is_unfinished(pyramids: Path) -> bool:
    """True while slabs change places in this folder, and after that was broken off. Costs 2 µs."""
    try:
        return (pyramids / _LOCK).stat().st_size > 0
    except FileNotFoundError:
        return False


def is_switching(pyramids: Path) -> bool:
    """True while slabs change places in the pyramids of this folder. Costs 5 µs."""
    try:
        lock = os.open(pyramids / _LOCK, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def drop_unchanged(
    aside: Path, root: Path, slab: Slab, kinds: Collection[Kind], coming: dict[Path, Path | None]
) -> None:
    """Of the slab that waits at `aside`, what will be in its place at `root` anyway goes.

    So a pyramid owns only what differs from the one it links to. `coming` holds what the switch puts in the
    place of files (None: they go), and takes up what this slab brings.
    """
    for kind in KINDS:
        new, place = slab_file(aside, kind, slab), slab_file(root, kind, slab)
        if kind not in kinds:
            coming[_own(place)] = None
        elif new.exists():
            there = _after(place, coming)
            if there is not None and there.read_bytes() == new.read_bytes():
                new.unlink()
            else:
                place.parent.mkdir(parents=True, exist_ok=True)
                coming[_own(place)] = new


def _own(place: Path) -> Path:
    """The path without links but for the file itself."""
    return place.parent.resolve() / place.name


def _after(place: Path, coming: Mapping[Path, Path | None]) -> Path | None:
    """Where the bytes are that will be read at `place` after the switch; None: there will be none."""
    place = _own(place)
    while place not in coming:
        if not place.is_symlink():
            return place if place.exists() else None
        place = _own(place.parent / place.readlink())
    return coming[place]


def move_slab(aside: Path, root: Path, slab: Slab, kinds: Collection[Kind]) -> None:
    """The slab that waits at `aside`, with files of these kinds, takes its place at `root`.

    One rename for each file; a kind that the slab has not is removed. A file that does not wait is left as
    it is: it is unchanged, or was moved by an earlier, killed call.
    """
    for kind in KINDS:
        new, place = slab_file(aside, kind, slab), slab_file(root, kind, slab)
        if kind not in kinds:
            place.unlink(missing_ok=True)
        elif new.exists():
            new.replace(place)
