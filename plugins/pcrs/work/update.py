"""The pyramids follow the mosaic: the slabs that accepted dalles touch, at every level, in every edition.

An edition's mosaic is its own dalles over those of the editions before it, so a dalle accepted into 2024 also
changes 2025. The slabs to build are written in the index with the acceptance itself. They are built aside,
finest level first; when all are there they take their places, within milliseconds for a patch, as one step
for those who read. An interrupted build goes on where it stopped.
"""

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched, groupby
from pathlib import Path

from pcrs.files import placing
from pcrs.raster.build import build_base_slab, build_upper_slab, tile_limits, touched
from pcrs.raster.cuts import read_cut
from pcrs.raster.mosaic import Mosaic, Source
from pcrs.raster.pyramids import Pyramids, Waiting
from pcrs.raster.remote import Remote
from pcrs.raster.rok4 import KINDS, Kind, place_slab, read_slab
from pcrs.raster.slab import SlabBytes
from pcrs.standard.crs import BBox
from pcrs.standard.grid import LAMB93, Slab, slab_bbox
from pcrs.work.means import Means
from pcrs.work.progress import Step
from pcrs.work.project import sources

_STAGE = "pyramide"
_BATCH = 16
"""Slabs built before they are noted: what a kill may make build again."""


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
    quality: int


def affected(boxes: Iterable[BBox], editions: Iterable[str]) -> list[tuple[str, Slab]]:
    """The slabs to build in each of these editions when the ground of `boxes` changes."""
    levels = touched(list(boxes))
    slabs = [slab for level in levels.values() for slab in sorted(level)]
    return [(edition, slab) for edition in editions for slab in slabs]


def pyramid_name(layer: str, edition: str) -> str:
    """The name of an edition's pyramid."""
    return f"{layer}_{edition}"


def build(means: Means, since: str) -> None:
    """Every slab of the work list is in place, then descriptors and lists of the editions from `since` on.

    Older editions first: a newer one may hold links to their slabs, and a new one begins as links to them.
    """
    todo = means.index.todo()
    since = min([since, *(edition for edition, _ in todo)])
    means.progress(Step(_STAGE, 0, len(todo)))
    done = 0
    waiting: dict[str, Waiting] = {}
    for edition, group in groupby(todo, key=lambda entry: entry[0]):
        slabs = [slab for _, slab in group]
        name = pyramid_name(means.layer, edition)
        if waiting and not means.tiers.pyramids.begun(name):
            _switch(means, waiting, since)
            waiting = {}
        _found(means, edition)
        aside = _aside(means, edition)
        for _, of_level in groupby(slabs, key=lambda slab: slab.level):
            for count in _build_level(means, edition, aside, list(of_level)):
                done += count
                means.progress(Step(_STAGE, done, len(todo)))
        waiting[edition] = Waiting(name, aside, tuple((slab, _kinds(aside, slab)) for slab in slabs))
    _switch(means, waiting, since)
    for edition in means.index.editions():
        if edition >= since:
            means.tiers.pyramids.write_list(pyramid_name(means.layer, edition))
    shutil.rmtree(means.site.all_cuts, ignore_errors=True)


def _found(means: Means, edition: str) -> None:
    """The edition has a pyramid: an empty one, or links to the slabs of the edition before it."""
    name = pyramid_name(means.layer, edition)
    if means.tiers.pyramids.begun(name):
        return
    earlier = [pyramid_name(means.layer, e) for e in means.index.editions() if e < edition]
    means.tiers.pyramids.found(name, next(filter(means.tiers.pyramids.begun, reversed(earlier)), None))


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
    name = pyramid_name(means.layer, edition)
    base = slabs[0].level == LAMB93.last_level
    dalles = means.index.dalles(edition) if base else []
    mosaic = Mosaic(sources(means.tiers, dalles, hot=False))

    def cuts(source: Source) -> Path:
        dalle = dalles[source.rank]
        return means.site.cuts(dalle.edition, dalle.stem, dalle.sha256, means.jpeg_quality)

    missing = [slab for slab in slabs if not _mark(aside, slab).exists()]
    yield len(slabs) - len(missing)
    pieces = (_piece(means, (name, aside), slab, mosaic, cuts) for slab in missing)
    for built in batched(means.mill.run(_build, pieces), _BATCH, strict=False):
        yield len(built)


def _piece(
    means: Means, place: tuple[str, Path], slab: Slab, mosaic: Mosaic, cuts: Callable[[Source], Path]
) -> _Piece:
    """The slab with the masters under it and their cuts: all that a worker needs to know."""
    under = tuple(mosaic.over(slab_bbox(slab)))
    own = {source.path: cuts(source) for source in under}
    return _Piece(means.tiers.pyramids, *place, slab, under, own, means.jpeg_quality)


def _build(piece: _Piece) -> None:
    """The slab is aside, whole, and marked as built."""
    if piece.slab.level == LAMB93.last_level:

        def cuts(source: Source, slab: Slab) -> Sequence[bytes | None]:
            return read_cut(piece.cuts[source.path], slab)

        files = build_base_slab(Mosaic(piece.sources), piece.slab, quality=piece.quality, cuts=cuts)
    else:
        files = build_upper_slab(lambda child: _newest(piece, child), piece.slab, quality=piece.quality)
    place_slab(piece.aside, piece.slab, files)
    kinds = [kind for kind, data in zip(KINDS, files, strict=True) if data is not None]
    with placing(_mark(piece.aside, piece.slab)) as part:
        part.write_text(" ".join(kinds), encoding="ascii")


def _newest(piece: _Piece, slab: Slab) -> SlabBytes:
    """The slab that waits, else the one in place."""
    if _mark(piece.aside, slab).exists():
        return read_slab(piece.aside, slab)
    return piece.pyramids.read(piece.name, slab)


def _kinds(aside: Path, slab: Slab) -> tuple[Kind, ...]:
    """The kinds of files that a slab, built aside, has."""
    names = _mark(aside, slab).read_text(encoding="ascii").split()
    return tuple(kind for kind in KINDS if kind in names)


def _switch(means: Means, waiting: Mapping[str, Waiting], since: str) -> None:
    """The slabs that wait, by edition, take their places, and are struck off."""
    limits = {
        pyramid_name(means.layer, edition): tile_limits([dalle.bbox for dalle in means.index.dalles(edition)])
        for edition in means.index.editions()
        if edition >= since
    }
    begun = {name: told for name, told in limits.items() if means.tiers.pyramids.begun(name)}
    means.tiers.pyramids.switch(list(waiting.values()), begun)
    for edition, one in waiting.items():
        means.index.done(edition, [slab for slab, _ in one.slabs])
        shutil.rmtree(one.aside)
