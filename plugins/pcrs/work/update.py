"""The pyramids follow the mosaic: the slabs that accepted dalles touch, at every level, in every edition.

An edition's mosaic is its own dalles over those of the editions before it, so a dalle accepted into 2024 also
changes 2025. The slabs to build are written in the index with the acceptance itself. They are built aside,
finest level first; when all of an edition are there they take their places, within milliseconds for a patch.
An interrupted build goes on where it stopped.
"""

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import batched, groupby
from pathlib import Path

from pcrs.files import placing
from pcrs.raster.build import build_base_slab, build_upper_slab, tile_limits, touched
from pcrs.raster.mosaic import Mosaic, Source
from pcrs.raster.rok4 import (
    KINDS,
    link_edition,
    move_slab,
    place_slab,
    read_slab,
    root_of,
    write_descriptor,
    write_list,
)
from pcrs.raster.slab import SlabBytes
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


def build(means: Means, since: str) -> None:
    """Every slab of the work list is in place, then descriptors and lists of the editions from `since` on.

    Older editions first: a newer one may hold links to their slabs.
    """
    todo = means.index.todo()
    means.progress(Step(_STAGE, 0, len(todo)))
    done = 0
    for edition, group in groupby(todo, key=lambda entry: entry[0]):
        slabs = [slab for _, slab in group]
        _found(means, edition, root_of(descriptor(means.site, means.layer, edition)))
        aside = _aside(means, edition)
        for _, of_level in groupby(slabs, key=lambda slab: slab.level):
            for count in _build_level(means, edition, aside, list(of_level)):
                done += count
                means.progress(Step(_STAGE, done, len(todo)))
        _switch(means, aside, edition, slabs)
    for edition in means.index.editions():
        if edition >= since:
            file = descriptor(means.site, means.layer, edition)
            write_descriptor(file, tile_limits([dalle.bbox for dalle in means.index.dalles(edition)]))
            write_list(root_of(file))


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
    mosaic = Mosaic(sources(means.site, means.index.dalles(edition), hot=False) if base else ())
    missing = [slab for slab in slabs if not _mark(aside, slab).exists()]
    yield len(slabs) - len(missing)
    pieces = [
        _Piece(root, aside, slab, tuple(mosaic.over(slab_bbox(slab))), means.jpeg_quality) for slab in missing
    ]
    for built in batched(means.mill.run(_build, pieces), _BATCH, strict=False):
        yield len(built)


def _build(piece: _Piece) -> None:
    """The slab is aside, whole, and marked as built."""
    if piece.slab.level == LAMB93.last_level:
        files = build_base_slab(Mosaic(piece.sources), piece.slab, quality=piece.quality)
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


def _switch(means: Means, aside: Path, edition: str, slabs: list[Slab]) -> None:
    """The slabs that wait take their places, one rename a file, and are struck off.

    All renames are made in one run, so a reader sees the old area or the new one but for the milliseconds
    between; each tile comes from one whole file at any time.
    """
    root = root_of(descriptor(means.site, means.layer, edition))
    built = [(slab, _mark(aside, slab).read_text(encoding="ascii").split()) for slab in slabs]
    for slab, names in built:
        move_slab(aside, root, slab, [kind for kind in KINDS if kind in names])
    means.index.done(edition, slabs)
    shutil.rmtree(aside)
