"""The pyramids follow the mosaic: the slabs that accepted dalles touch, at every level, in every edition.

An edition's mosaic is its own dalles over those of the editions before it, so a dalle accepted into 2024 also
changes 2025. The slabs to build are written in the index with the acceptance itself. They are built aside,
finest level first; when all are there they take their places, within milliseconds for a patch, as one step
for those who read. An interrupted build goes on where it stopped.
"""

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched, groupby
from pathlib import Path

from pcrs.files import placing
from pcrs.raster.build import build_base_slab, build_upper_slab, tile_limits, touched
from pcrs.raster.cuts import read_cut
from pcrs.raster.mosaic import Mosaic, Source
from pcrs.raster.rok4 import (
    KINDS,
    Kind,
    link_edition,
    place_slab,
    read_slab,
    root_of,
    write_descriptor,
    write_list,
)
from pcrs.raster.slab import SlabBytes
from pcrs.raster.switch import drop_unchanged, move_slab, switching
from pcrs.standard.crs import BBox
from pcrs.standard.grid import LAMB93, Slab, slab_bbox
from pcrs.work.means import Means
from pcrs.work.progress import Step
from pcrs.work.project import sources
from pcrs.work.site import Site

_STAGE = "pyramide"
_BATCH = 16
"""Slabs built before they are noted: what a kill may make build again."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """One slab to build: its pyramid, where it is put aside, the masters under it (finest level only)."""

    root: Path
    aside: Path
    slab: Slab
    sources: tuple[Source, ...]
    cuts: Mapping[Path, Path]
    """Where the cuts of each of these masters wait, if they do."""
    quality: int


def affected(boxes: Iterable[BBox], editions: Iterable[str]) -> list[tuple[str, Slab]]:
    """The slabs to build in each of these editions when the ground of `boxes` changes."""
    levels = touched(list(boxes))
    slabs = [slab for level in levels.values() for slab in sorted(level)]
    return [(edition, slab) for edition in editions for slab in slabs]


def sweep(folder: Path) -> None:
    """Takes away what an earlier, killed process left unfinished in a folder."""
    for part in folder.glob(".*.part"):
        part.unlink(missing_ok=True)


def descriptor(site: Site, layer: str, edition: str) -> Path:
    """The descriptor of an edition's pyramid."""
    return site.pyramids / f"{layer}_{edition}.json"


@dataclass(frozen=True, slots=True)
class _Waiting:
    """The slabs of one edition, built aside."""

    edition: str
    root: Path
    aside: Path
    slabs: tuple[tuple[Slab, tuple[Kind, ...]], ...]
    """Each with the kinds of its files."""


def build(means: Means, since: str) -> None:
    """Every slab of the work list is in place, then descriptors and lists of the editions from `since` on.

    Older editions first: a newer one may hold links to their slabs, and a new one begins as links to them.
    """
    todo = means.index.todo()
    since = min([since, *(edition for edition, _ in todo)])
    means.progress(Step(_STAGE, 0, len(todo)))
    done = 0
    waiting: list[_Waiting] = []
    for edition, group in groupby(todo, key=lambda entry: entry[0]):
        slabs = [slab for _, slab in group]
        root = root_of(descriptor(means.site, means.layer, edition))
        if waiting and not root.exists():
            _switch(means, waiting, since)
            waiting = []
        _found(means, edition, root)
        aside = _aside(means, edition)
        for _, of_level in groupby(slabs, key=lambda slab: slab.level):
            for count in _build_level(means, edition, aside, list(of_level)):
                done += count
                means.progress(Step(_STAGE, done, len(todo)))
        waiting.append(_Waiting(edition, root, aside, tuple((slab, _kinds(aside, slab)) for slab in slabs)))
    _switch(means, waiting, since)
    for edition in means.index.editions():
        if edition >= since:
            write_list(root_of(descriptor(means.site, means.layer, edition)))
    shutil.rmtree(means.site.all_cuts, ignore_errors=True)


def _found(means: Means, edition: str, root: Path) -> None:
    """The edition has a root: an empty one, or links to the slabs of the edition before it."""
    if root.exists():
        return
    earlier = [root_of(descriptor(means.site, means.layer, e)) for e in means.index.editions() if e < edition]
    built = [folder for folder in earlier if folder.exists()]
    if built:
        link_edition(built[-1], root)
    else:
        root.mkdir(parents=True)


def _aside(means: Means, edition: str) -> Path:
    """Where the new slabs of an edition wait until all of them are there.

    The name tells the mosaic that they are built from: what waited for another one is thrown away.
    """
    newest = max(dalle.rank for dalle in means.index.dalles(edition))
    waiting = means.site.jobs / "slabs"
    aside = waiting / f"{edition}-{newest}"
    for folder in waiting.glob(f"{edition}-*"):
        if folder != aside:
            shutil.rmtree(folder)
    return aside


def _mark(aside: Path, slab: Slab) -> Path:
    """A file that says that a slab was built, and of which kinds its files are."""
    return aside / "built" / f"{slab.level}-{slab.col}-{slab.row}"


def _build_level(means: Means, edition: str, aside: Path, slabs: list[Slab]) -> Iterator[int]:
    """The slabs of one level are built aside; how many more, each time that a few are."""
    root = root_of(descriptor(means.site, means.layer, edition))
    base = slabs[0].level == LAMB93.last_level
    dalles = means.index.dalles(edition) if base else []
    mosaic = Mosaic(sources(means.site, dalles, hot=False))
    cuts = {
        means.site.master(dalle.edition, dalle.stem): means.site.cuts(
            dalle.edition, dalle.stem, dalle.sha256, means.jpeg_quality
        )
        for dalle in dalles
    }
    missing = [slab for slab in slabs if not _mark(aside, slab).exists()]
    yield len(slabs) - len(missing)
    pieces = (_piece(root, aside, slab, mosaic, cuts, means.jpeg_quality) for slab in missing)
    for built in batched(means.mill.run(_build, pieces), _BATCH, strict=False):
        yield len(built)


def _piece(
    root: Path, aside: Path, slab: Slab, mosaic: Mosaic, cuts: Mapping[Path, Path], quality: int
) -> _Piece:
    """The slab with the masters under it and their cuts: all that a worker needs to know."""
    under = tuple(mosaic.over(slab_bbox(slab)))
    return _Piece(root, aside, slab, under, {source.path: cuts[source.path] for source in under}, quality)


def _build(piece: _Piece) -> None:
    """The slab is aside, whole, and marked as built."""
    if piece.slab.level == LAMB93.last_level:

        def cuts(source: Source, slab: Slab) -> Sequence[bytes | None]:
            return read_cut(piece.cuts[source.path], slab)

        files = build_base_slab(Mosaic(piece.sources), piece.slab, quality=piece.quality, cuts=cuts)
    else:
        files = build_upper_slab(
            lambda child: _newest(piece.root, piece.aside, child), piece.slab, quality=piece.quality
        )
    place_slab(piece.aside, piece.slab, files)
    kinds = [kind for kind, data in zip(KINDS, files, strict=True) if data is not None]
    with placing(_mark(piece.aside, piece.slab)) as part:
        part.write_text(" ".join(kinds), encoding="ascii")


def _newest(root: Path, aside: Path, slab: Slab) -> SlabBytes:
    """The slab that waits, else the one in place."""
    return read_slab(aside if _mark(aside, slab).exists() else root, slab)


def _kinds(aside: Path, slab: Slab) -> tuple[Kind, ...]:
    """The kinds of files that a slab, built aside, has."""
    names = _mark(aside, slab).read_text(encoding="ascii").split()
    return tuple(kind for kind in KINDS if kind in names)


def _switch(means: Means, waiting: list[_Waiting], since: str) -> None:
    """The slabs that wait take their places, one rename a file, and are struck off; then the descriptors.

    A descriptor is written anew even when it says the same: readers of several slabs know by it that there
    was a switch (`Pyramid.steady`).
    """
    coming: dict[Path, Path | None] = {}
    for one in waiting:
        for slab, kinds in one.slabs:
            drop_unchanged(one.aside, one.root, slab, kinds, coming)
    with switching(means.site.pyramids):
        for one in waiting:
            for slab, kinds in one.slabs:
                move_slab(one.aside, one.root, slab, kinds)
        for edition in means.index.editions():
            file = descriptor(means.site, means.layer, edition)
            if edition >= since and root_of(file).exists():
                write_descriptor(file, tile_limits([dalle.bbox for dalle in means.index.dalles(edition)]))
    for one in waiting:
        means.index.done(one.edition, [slab for slab, _ in one.slabs])
        shutil.rmtree(one.aside)
