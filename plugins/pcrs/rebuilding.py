"""Disasters rehearsed: the hot tier from the intermediate one, a site from cold bags, and the drill."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path

from pcrs.archive.directory import Directory
from pcrs.archiving import keeping
from pcrs.assembly import working
from pcrs.errors import SiteError
from pcrs.files import sha256_of
from pcrs.raster.pyramid_files import FilePyramids
from pcrs.settings import Settings
from pcrs.work.custody.keeping import ready
from pcrs.work.custody.projection import project_objects
from pcrs.work.custody.rebuild import Rebuilt, rebuild_hot
from pcrs.work.custody.restore import Restored, adopt, require_empty, restore, restore_features
from pcrs.work.progress import Progress
from pcrs.work.site import Site
from pcrs.work.tiers import Tiers


@dataclass(slots=True)
class Drilled:
    """What a drill found."""

    rebuilt: Rebuilt
    equal: int = 0
    """Files of the hot tier that came out byte for byte as they are."""
    differ: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    """Files of the hot tier that were not made."""
    extra: list[str] = field(default_factory=list)
    """Files that were made and are not in the hot tier."""

    @property
    def proved(self) -> bool:
        """True when the hot tier is just what the intermediate one gives."""
        return not (self.differ or self.missing or self.extra or self.rebuilt.lost)


def rebuild(
    site: Site, settings: Settings, workers: int, progress: Progress, *, everything: bool = False
) -> Rebuilt:
    """The hot tier from the intermediate one; then the records of the catalogue."""
    with working(site, settings, workers, progress) as bench:
        told = rebuild_hot(bench.means, everything=everything)
        bench.refresh()
    return told


def rebuild_from(
    site: Site, settings: Settings, targets: list[str], workers: int, progress: Progress
) -> tuple[Restored, Rebuilt]:
    """A whole site from the bags of these targets: inventory, index, intermediate tier, objects, hot tier.

    Raises:
        InputError: the site has deliveries already.
        NotFoundError: no such target, or no bag holds the registers of a site.
        StoreError: a target cannot be reached.
    """
    told = Restored()
    with working(site, settings, workers, progress) as bench, keeping(site, settings, progress) as held:
        if not (site.jobs / _BEGUN).exists():
            require_empty(bench.means.index)
        (site.jobs / _BEGUN).touch()
        for name in targets:
            ready(held, held.place(name))
            adopt(held, held.place(name), told)
        restore(held, site, told)
        restore_features(held, site, bench.means.index, bench.means.store, told)
        rebuilt = rebuild_hot(bench.means)
        project_objects(held, bench.means.store)
        bench.refresh()
        (site.jobs / _BEGUN).unlink()
    return told, rebuilt


_BEGUN = "restitution"
"""In jobs/ while a site is made from bags: the same command goes on where it stopped."""


def drill(site: Site, settings: Settings, workers: int, progress: Progress) -> Drilled:
    """The hot tier made beside the one that is served, of the intermediate tier alone, and compared with it.

    Nothing of the site is changed; it takes the room of a second hot tier in jobs/ meanwhile.

    Raises:
        SiteError: the hot tier is in a bucket: its pyramids are laid out otherwise.
    """
    beside = Site(site.jobs.resolve() / "drill")
    shutil.rmtree(beside.root, ignore_errors=True)
    try:
        with working(site, settings, workers, progress) as bench:
            hot = bench.means.tiers.hot
            if not isinstance(hot, Directory):
                raise SiteError("the drill compares folders; make a site with [storage] hot empty for it")
            beside.index_file.parent.mkdir(parents=True)
            _copy(site.index_file, beside.index_file)
            told = Drilled(_made_beside(bench.means.tiers, beside, settings, workers, progress))
            _compare(told, beside.root / "hot", hot.root)
        return told
    finally:
        shutil.rmtree(beside.root, ignore_errors=True)


def _made_beside(tiers: Tiers, beside: Site, settings: Settings, workers: int, progress: Progress) -> Rebuilt:
    local = settings.model_copy(update={"store": settings.store.model_copy(update={"features": ""})})
    own = local.model_copy(
        update={"storage": local.storage.model_copy(update={"hot": "", "intermediate": ""})}
    )
    hot = Directory(beside.root / "hot")
    with working(beside, own, workers, progress) as bench:
        means = replace(bench.means, tiers=Tiers(tiers.intermediate, hot, FilePyramids(beside.pyramids)))
        return rebuild_hot(means, everything=True)


def _copy(source: Path, target: Path) -> None:
    """A copy of a database that is in use."""
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


def _compare(told: Drilled, made: Path, served: Path) -> None:
    mine, theirs = dict(_files(made)), dict(_files(served))
    told.missing = sorted(theirs.keys() - mine.keys())
    told.extra = sorted(mine.keys() - theirs.keys())
    for name in sorted(mine.keys() & theirs.keys()):
        if _digest(mine[name], made) == _digest(theirs[name], served):
            told.equal += 1
        else:
            told.differ.append(name)


def _digest(file: Path, root: Path) -> str:
    """The sha256 of a file; a list of slabs says where its own root is, which is left out."""
    if file.suffix == ".list":
        return sha256(file.read_bytes().replace(str(root.resolve()).encode(), b"")).hexdigest()
    return sha256_of(file)


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    for file in folder.rglob("*"):
        if file.is_file() and not any(part.startswith(".") for part in file.relative_to(folder).parts):
            yield file.relative_to(folder).as_posix(), file
