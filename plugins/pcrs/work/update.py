"""The pyramids follow the mosaic: the slabs that accepted dalles touch, at every level, in every edition.

An edition's mosaic is its own dalles over those of the editions before it, so a dalle accepted into 2024 also
changes 2025. The slabs to build are written in the index with the acceptance itself. They are built aside,
finest level first, of what was there and what changed; when all are there they take their places, within
milliseconds for a patch, as one step for those who read. An interrupted build goes on where it stopped.
"""

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import batched, groupby
from pathlib import Path

from pcrs.files import placing
from pcrs.raster.build import Former, build_base_slab, tile_limits, touched
from pcrs.raster.cuts import read_cut
from pcrs.raster.mosaic import Mosaic, Source
from pcrs.raster.pyramids import Pyramids, Waiting
from pcrs.raster.remote import Remote
from pcrs.raster.rok4 import KINDS, Kind, place_slab, read_slab
from pcrs.raster.slab import SlabBytes
from pcrs.raster.upper import build_upper_slab
from pcrs.standard.crs import BBox
from pcrs.standard.grid import LAMB93, Slab, slab_bbox
from pcrs.work.means import Means
from pcrs.work.progress import Step
from pcrs.work.project import sources

_STAGE = "pyramide"
_BATCH = 16
"""Slabs built before they are noted: what a kill may make build again."""
_FEW = 8
"""Slabs that are built sooner than another process begins: those of a patch, each a quarter of a second."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """One slab to build: its pyramid, where it is put aside, the masters under it (finest level only)."""

    pyramids: Pyramids
    name: str
    aside: Path
    slab: Slab
    sources: tuple[Source, ...]
    cuts: Mapping[Path | Remote, Path]
    """Where the cuts of each of these masters wait, if they do."""
    changed: tuple[BBox, ...]
    """Where these masters changed since the pyramid was built."""
    quality: int


def affected(boxes: Iterable[BBox], editions: Iterable[str]) -> list[tuple[str, Slab]]:
    """The slabs to build in each of these editions when the ground of `boxes` changes."""
    levels = touched(list(boxes))
    slabs = [slab for level in levels.values() for slab in sorted(level)]
    return [(edition, slab) for edition in editions for slab in slabs]


def pyramid_name(layer: str, edition: str) -> str:
    """The name of an edition's pyramid."""
    return f"{layer}_{edition}"


def build(means: Means) -> None:
    """Every slab of the work list is in place, then descriptors and lists of the editions that changed.

    Older editions first: a newer one may hold links to their slabs, and a new one begins as links to them.
    """
    todo = means.index.todo()
    means.progress(Step(_STAGE, 0, len(todo)))
    done = 0
    waiting: dict[str, Waiting] = {}
    for edition, slabs in _by_edition(todo):
        name = pyramid_name(means.layer, edition)
        if waiting and not means.tiers.pyramids.begun(name):
            _switch(means, waiting)
            waiting = {}
        _found(means, edition)
        aside = _aside(means, edition)
        for _, of_level in groupby(slabs, key=lambda slab: slab.level):
            for count in _build_level(means, edition, aside, list(of_level)):
                done += count
                means.progress(Step(_STAGE, done, len(todo)))
        waiting[edition] = _waiting(means, edition, aside, slabs)
    _switch(means, waiting)
    _write_lists(means)
    shutil.rmtree(means.site.all_cuts, ignore_errors=True)


def finish(means: Means) -> None:
    """A switch that was broken off is carried to its end: what is served is of one moment again.

    To be called before anything else is written to the site. What comes after a switch is left to the
    command that began it.
    """
    if not means.tiers.pyramids.unfinished():
        return
    waiting = {}
    for edition, slabs in _by_edition(means.index.todo()):
        aside = _aside(means, edition)
        if all(_mark(aside, slab).exists() for slab in slabs):
            waiting[edition] = _waiting(means, edition, aside, slabs)
    _switch(means, waiting)


def _by_edition(todo: Iterable[tuple[str, Slab]]) -> Iterator[tuple[str, list[Slab]]]:
    for edition, group in groupby(todo, key=lambda entry: entry[0]):
        yield edition, [slab for _, slab in group]


def _write_lists(means: Means) -> None:
    """The lists tell of all that is in place."""
    for edition, slabs in means.index.unlisted().items():
        means.tiers.pyramids.write_list(pyramid_name(means.layer, edition), slabs)
        means.index.listed(edition)


def _found(means: Means, edition: str) -> None:
    """The edition has a pyramid: an empty one, or links to the slabs of the edition before it."""
    name = pyramid_name(means.layer, edition)
    if means.tiers.pyramids.begun(name):
        return
    _write_lists(means)  # a new pyramid begins with the list of the one before
    earlier = [pyramid_name(means.layer, e) for e in means.index.editions() if e < edition]
    means.tiers.pyramids.found(name, next(filter(means.tiers.pyramids.begun, reversed(earlier)), None))


def _aside(means: Means, edition: str) -> Path:
    """Where the new slabs of an edition wait until all of them are there.

    The name tells the mosaic that they are built from: what waited for another one is thrown away.
    """
    waiting = means.site.jobs / "slabs"
    aside = waiting / f"{edition}-{means.index.newest(edition)}"
    for folder in waiting.glob(f"{edition}-*"):
        if folder != aside:
            shutil.rmtree(folder)
    return aside


def _mark(aside: Path, slab: Slab) -> Path:
    """A file that says that a slab was built, and of which kinds its files are."""
    return aside / "built" / f"{slab.level}-{slab.col}-{slab.row}"


def _build_level(means: Means, edition: str, aside: Path, slabs: list[Slab]) -> Iterator[int]:
    """The slabs of one level are built aside; how many more, each time that a few are."""
    name = pyramid_name(means.layer, edition)
    base = slabs[0].level == LAMB93.last_level
    around = reduce(BBox.union, map(slab_bbox, slabs))
    dalles = means.index.dalles(edition, within=around) if base else []
    mosaic = Mosaic(sources(means.tiers, dalles, hot=False))
    changed = [dalle.bbox for dalle in means.index.unpublished()]

    def cuts(source: Source) -> Path:
        dalle = dalles[source.rank]
        return means.site.cuts(dalle.edition, dalle.stem, dalle.sha256, means.jpeg_quality)

    missing = [slab for slab in slabs if not _mark(aside, slab).exists()]
    yield len(slabs) - len(missing)
    pieces = (_piece(means, (name, aside), slab, mosaic, cuts, changed) for slab in missing)
    for built in batched(means.mill.run(_build, pieces, few=_FEW), _BATCH, strict=False):
        yield len(built)


def _piece(
    means: Means,
    place: tuple[str, Path],
    slab: Slab,
    mosaic: Mosaic,
    cuts: Callable[[Source], Path],
    changed: Iterable[BBox],
) -> _Piece:
    """The slab with the masters under it and their cuts: all that a worker needs to know."""
    box = slab_bbox(slab)
    under = tuple(mosaic.over(box))
    own = {source.path: cuts(source) for source in under}
    there = tuple(one for one in changed if one.intersects(box))
    return _Piece(means.tiers.pyramids, *place, slab, under, own, there, means.jpeg_quality)


def _build(piece: _Piece) -> None:
    """The slab is aside, whole, and marked as built."""
    if piece.slab.level == LAMB93.last_level:

        def cuts(source: Source, slab: Slab) -> Sequence[bytes | None]:
            return read_cut(piece.cuts[source.path], slab)

        former = Former(piece.pyramids.read(piece.name, piece.slab), changed=piece.changed)
        files = build_base_slab(
            Mosaic(piece.sources), piece.slab, quality=piece.quality, cuts=cuts, former=former
        )
    else:
        former = Former(
            piece.pyramids.read(piece.name, piece.slab), child=lambda child: _before(piece, child)
        )
        files = build_upper_slab(
            lambda child: read_slab(piece.aside, child), piece.slab, quality=piece.quality, former=former
        )
    place_slab(piece.aside, piece.slab, files)
    kinds = [kind for kind, data in zip(KINDS, files, strict=True) if data is not None]
    with placing(_mark(piece.aside, piece.slab)) as part:
        part.write_text(" ".join(kinds), encoding="ascii")


def _before(piece: _Piece, slab: Slab) -> SlabBytes | None:
    """The slab in place, when another one waits; None when it is to stay."""
    return piece.pyramids.read(piece.name, slab) if _mark(piece.aside, slab).exists() else None


def _waiting(means: Means, edition: str, aside: Path, slabs: list[Slab]) -> Waiting:
    """The slabs of an edition, all of them aside."""
    name = pyramid_name(means.layer, edition)
    return Waiting(name, aside, tuple((slab, _kinds(aside, slab)) for slab in slabs))


def _kinds(aside: Path, slab: Slab) -> tuple[Kind, ...]:
    """The kinds of files that a slab, built aside, has."""
    names = _mark(aside, slab).read_text(encoding="ascii").split()
    return tuple(kind for kind in KINDS if kind in names)


def _switch(means: Means, waiting: Mapping[str, Waiting]) -> None:
    """The slabs that wait, by edition, take their places, and are struck off."""
    begun = {}
    for edition in means.index.editions():
        name, box = pyramid_name(means.layer, edition), means.index.extent(edition)
        if box and edition >= min(waiting, default=edition) and means.tiers.pyramids.begun(name):
            begun[name] = tile_limits([box])

    def strike_off() -> None:
        means.index.done({edition: [slab for slab, _ in one.slabs] for edition, one in waiting.items()})

    means.tiers.pyramids.switch(list(waiting.values()), begun, strike_off)
    for one in waiting.values():
        shutil.rmtree(one.aside)
