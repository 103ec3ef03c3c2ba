"""The pyramids follow the mosaic: the slabs that accepted dalles touch, at every level, in every edition.

An edition's mosaic is its own dalles over those of the editions before it, so a dalle accepted into 2024 also
changes 2025. The slabs to build are written in the index with the acceptance itself; each is struck off once
it is in place, so an interrupted build goes on where it stopped.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import batched, groupby
from pathlib import Path

from pcrs.raster.build import build_base_slab, build_upper_slab, tile_limits, touched
from pcrs.raster.mosaic import Mosaic, Source
from pcrs.raster.rok4 import (
    KINDS,
    link_edition,
    place_slab,
    read_slab,
    root_of,
    slab_file,
    write_descriptor,
    write_list,
)
from pcrs.standard.crs import BBox
from pcrs.standard.grid import LAMB93, Slab, slab_bbox
from pcrs.work.means import Means
from pcrs.work.progress import Step
from pcrs.work.project import sources
from pcrs.work.site import Site

_STAGE = "pyramide"
_STRIKE_OFF = 16
"""Slabs built before they are struck off the work list: what a kill may make build again."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """One slab to build: where its pyramid is, and the masters under it (finest level only)."""

    root: Path
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
        root = root_of(descriptor(means.site, means.layer, edition))
        _found(means, edition, root)
        for folder in {slab_file(root, kind, slab).parent for slab in slabs for kind in KINDS}:
            sweep(folder)
        for _, of_level in groupby(slabs, key=lambda slab: slab.level):
            for built in _build_level(means, edition, root, list(of_level)):
                means.index.done(edition, built)
                done += len(built)
                means.progress(Step(_STAGE, done, len(todo)))
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


def _build_level(means: Means, edition: str, root: Path, slabs: list[Slab]) -> Iterator[list[Slab]]:
    """The slabs of one level, a few at a time, as they are in place."""
    base = slabs[0].level == LAMB93.last_level
    mosaic = Mosaic(sources(means.site, means.index.dalles(edition), hot=False) if base else ())
    pieces = [_Piece(root, slab, tuple(mosaic.over(slab_bbox(slab))), means.jpeg_quality) for slab in slabs]
    for built in batched(means.mill.run(_build, pieces), _STRIKE_OFF, strict=False):
        yield [piece.slab for piece, _ in built]


def _build(piece: _Piece) -> bool:
    """True when the slab changed."""
    if piece.slab.level == LAMB93.last_level:
        files = build_base_slab(Mosaic(piece.sources), piece.slab, quality=piece.quality)
    else:
        files = build_upper_slab(
            lambda child: read_slab(piece.root, child), piece.slab, quality=piece.quality
        )
    return place_slab(piece.root, piece.slab, files)
