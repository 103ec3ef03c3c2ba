"""The list of a pyramid, `NAME.list`: each slab's file, after the root of the pyramid that holds its bytes.

It is written whole, but only what changed is looked at: the Lot's 170 000 slabs take a second to be looked
at when they are files, four when they are links.
"""

import os
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from pcrs.files import placing
from pcrs.raster.rok4 import DEPTH, KINDS, slab_entries
from pcrs.raster.slab import slab_path
from pcrs.standard.grid import Slab


def list_bytes(own: str, slabs: Iterable[tuple[str, str]]) -> bytes:
    """A list: the root of the pyramid, then the root that owns each slab, and the slab's path under it."""
    numbers: dict[str, int] = {own: 0}
    lines = [f"{numbers.setdefault(owner, len(numbers))}/{slab}\n" for owner, slab in slabs]
    roots = [f"{number}={owner}\n" for owner, number in numbers.items()]
    return "".join([*roots, "#\n", *lines]).encode()


def owners_in(listed: bytes) -> dict[str, str]:
    """The name of the pyramid that owns each slab of a list, by the slab's path: the way back."""
    head, _, body = listed.decode().partition("#\n")
    roots = (line.partition("=") for line in head.splitlines())
    names = {number: root.rpartition("/")[2] for number, _, root in roots}
    lines = (line.partition("/") for line in body.splitlines())
    return {slab: names[number] for number, _, slab in lines}


def write_list(root: Path, changed: Collection[Slab] | None = None) -> int:
    """How many slabs the list of the pyramid at `root` now names.

    Args:
        root: of the pyramid; those that it links to lie beside it.
        changed: slabs that may have changed since the list was written; None: any.
    """
    listed = _list_file(root)
    if changed is None or not listed.exists():
        own = str(root.resolve())
        found = ((file, _owner(own, file)) for file, _ in slab_entries(own))
        owners = {file: owner for file, owner in found if owner is not None}
    else:
        owners = owners_in(listed.read_bytes())
        _follow(root, changed, owners)
    _write(root, owners)
    return len(owners)


def inherit_list(previous: Path, root: Path) -> None:
    """The list of a pyramid that is links to `previous` and no more: the owners are those of `previous`."""
    listed = _list_file(previous)
    if listed.exists():
        _write(root, owners_in(listed.read_bytes()))


def _list_file(root: Path) -> Path:
    return root.parent / f"{root.name}.list"


def _write(root: Path, owners: Mapping[str, str]) -> None:
    """The list is in its place, sorted; it is left alone when it says so already."""
    home = root.parent.resolve()
    slabs = ((f"{home}/{owner}", slab) for slab, owner in sorted(owners.items()))
    told = list_bytes(f"{home}/{root.name}", slabs)
    listed = _list_file(root)
    if not listed.exists() or listed.read_bytes() != told:
        with placing(listed) as part:
            part.write_bytes(told)


def _follow(root: Path, changed: Iterable[Slab], owners: dict[str, str]) -> None:
    """The owners of these slabs are those of now; a slab that is gone has none."""
    own = str(root.resolve())
    for slab in changed:
        for kind in KINDS:
            file = f"{kind}/{slab.level}/{slab_path(*slab, depth=DEPTH)}"
            owner = _owner(own, file)
            if owner is None:
                owners.pop(file, None)
            else:
                owners[file] = owner


def _owner(root: str, file: str) -> str | None:
    """Name of the pyramid that holds the bytes of a slab, links followed; None when there are none."""
    path = f"{root}/{file}"
    while True:
        try:
            target = os.readlink(path)  # noqa: PTH115 - a Path costs ten times the call
        except FileNotFoundError:
            return None
        except OSError:  # no link: the file itself
            return path.removesuffix(f"/{file}").rpartition("/")[2]
        path = os.path.normpath(f"{path.rpartition('/')[0]}/{target}")
