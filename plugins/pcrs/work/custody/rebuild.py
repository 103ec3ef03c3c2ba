"""The hot tier made again from the intermediate one, and shown to be what it was.

Nothing is asked of the old hot tier. A dalle's compressed file is a function of its master, a pyramid of all
masters: with one build of libjpeg-turbo and zlib both are the same, byte for byte, which the index tells.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from pcrs.archive.target_blobs import TierTarget
from pcrs.errors import NotFoundError, PcrsError
from pcrs.files import md5_of, sha256_of
from pcrs.raster.cog import HotEncoder, place_hot
from pcrs.raster.cuts import cutting
from pcrs.raster.master import read_master
from pcrs.standard.crs import BBox
from pcrs.store.index import Dalle
from pcrs.work.custody.carry import Load, carry, source_of
from pcrs.work.means import Means
from pcrs.work.project import project_dalles
from pcrs.work.tiers import Kept, raster_of
from pcrs.work.update import affected, build, pyramid_name

_STAGE = "fichiers compressés"


@dataclass(slots=True)
class Rebuilt:
    """What was made again."""

    dalles: int = 0
    documents: int = 0
    pyramids: list[str] = field(default_factory=list)
    other_bytes: list[str] = field(default_factory=list)
    """Dalles whose compressed file is right but has not the bytes it had: another libjpeg-turbo made it."""
    lost: dict[str, str] = field(default_factory=dict)
    """Keys of the intermediate tier that are not what they were, and why."""


@dataclass(frozen=True, slots=True)
class _Piece:
    dalle: Dalle
    master: Kept
    hot: Kept
    cuts: Path
    quality: int


@dataclass(frozen=True, slots=True)
class _Made:
    sha256: str
    bytes: int
    md5: str
    error: str = ""


def rebuild_hot(means: Means, *, everything: bool = False) -> Rebuilt:
    """What the hot tier lacks is there again: compressed files, offered GML, pyramids, the layer of dalles.

    Args:
        means: the site, open for writing.
        everything: all of it is made again, lacking or not.
    """
    told = Rebuilt()
    _documents(means, told, everything)
    _dalles(means, told, everything)
    _pyramids(means, told, everything)
    project_dalles(means.index, means.store, means.departement)
    return told


def _documents(means: Means, told: Rebuilt, everything: bool) -> None:
    """The GML files of the intermediate tier are offered."""
    source, target = TierTarget(means.tiers.intermediate), TierTarget(means.tiers.hot)
    hashes = documents_of(means)
    there = set() if everything else {one.key for one in means.tiers.hot.list("vecteur")}
    loads = (
        Load(key, source_of(source, key), {"hot": target}, sha256)
        for key, sha256 in hashes.items()
        if key not in there
    )
    for carried in carry(loads):
        fault = carried.error or carried.failed.get("hot")
        if isinstance(fault, PcrsError):
            told.lost[carried.load.key] = str(fault)
        else:
            told.documents += 1


def documents_of(means: Means) -> dict[str, str]:
    """The sha256 of each GML of the intermediate tier, by key; of several under one, the last accepted."""
    found = {}
    for delivery in sorted(means.index.deliveries(), key=lambda one: one.decided_at or ""):
        for file in means.index.files(delivery.id):
            if file.kind == "vecteur" and file.state == "intégré":
                kept, _ = means.tiers.vector(delivery.edition, Path(file.name).name)
                found[kept.key] = file.sha256
    return found


def _dalles(means: Means, told: Rebuilt, everything: bool) -> None:
    there = set() if everything else {one.key for one in means.tiers.hot.list("dalles")}
    need_cuts = everything or bool(_missing_pyramids(means))
    pieces = [
        piece
        for piece in _pieces(means)
        if piece.hot.key not in there or (need_cuts and not piece.cuts.exists())
    ]
    for piece, made in means.mill.told(_remake, pieces, _STAGE, means.progress):
        dalle = piece.dalle
        if made.error:
            told.lost[piece.master.key] = made.error
            continue
        told.dalles += 1
        if made.sha256 != dalle.hot_sha256:
            told.other_bytes.append(dalle.stem)
            means.index.set_hot(dalle, made.sha256, made.bytes, made.md5)


def _pieces(means: Means) -> Iterator[_Piece]:
    for dalle in means.index.dalles():
        if dalle.retired:
            continue
        yield _Piece(
            dalle,
            means.tiers.master(dalle.edition, dalle.stem),
            means.tiers.hot_dalle(dalle.edition, dalle.stem),
            means.site.cuts(dalle.edition, dalle.stem, dalle.sha256, means.jpeg_quality),
            means.jpeg_quality,
        )


def _remake(piece: _Piece) -> _Made:
    """The compressed file of a dalle and its cuts for the pyramid, of its master alone."""
    dalle = piece.dalle
    try:
        if piece.master.blobs.head(piece.master.key) is None:
            raise NotFoundError("l'original n'est plus là : pcrs verify --repair, ou pcrs rebuild --from")
        side = dalle.size_m * 20
        hot = HotEncoder(side, side, piece.quality)
        with piece.hot.writing() as file:
            with cutting(piece.cuts, dalle.bbox, piece.quality) as cutter:

                def look(rgb: np.ndarray, valid: np.ndarray | None) -> None:
                    hot.push(rgb, valid)
                    cutter.push(rgb, valid)

                read_master(raster_of(piece.master), look)
            place_hot(hot, (dalle.bbox.xmin, dalle.bbox.ymax), file)
            return _Made(sha256_of(file), file.stat().st_size, md5_of(file))
    except PcrsError as error:
        return _Made("", 0, "", str(error))


def _missing_pyramids(means: Means) -> list[str]:
    known = set(means.tiers.pyramids.published())
    return [edition for edition in means.index.editions() if pyramid_name(means.layer, edition) not in known]


def _pyramids(means: Means, told: Rebuilt, everything: bool) -> None:
    """Every edition has its pyramid: all of them are built anew when one is missing, for they share slabs.

    Written down before it begins, as an acceptance is: a build that was killed goes on with the same command.
    """
    if told.lost:
        return
    if not means.index.to_build():
        if not everything and not _missing_pyramids(means):
            return
        for edition in reversed(means.index.editions()):
            means.tiers.pyramids.clear(pyramid_name(means.layer, edition))
        _write_down(means)
    told.pyramids = [pyramid_name(means.layer, edition) for edition in means.index.editions()]
    build(means)
    for delivery in means.index.deliveries():
        if delivery.state == "acceptée":
            means.index.set_state(delivery.id, "publiée", reason=delivery.reason)


def _write_down(means: Means) -> None:
    index = means.index
    boxes: dict[str, list[BBox]] = {}
    for dalle in index.dalles():
        boxes.setdefault(dalle.edition, []).append(dalle.bbox)
    editions = index.editions()
    with index.transaction():
        for edition, ground in boxes.items():
            index.accept([], affected(ground, [one for one in editions if one >= edition]))
        for delivery in index.deliveries():
            if delivery.state == "publiée":
                index.set_state(delivery.id, "acceptée", reason=delivery.reason)
