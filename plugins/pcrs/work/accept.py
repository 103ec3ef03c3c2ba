"""What acceptance makes of what conforms: masters and hot dalles, and objects in the feature store."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pcrs.errors import ConflictError
from pcrs.files import md5_of, sha256_of
from pcrs.findings import Finding
from pcrs.raster.cog import HotEncoder, place_hot
from pcrs.raster.cuts import cutting
from pcrs.raster.master import write_master
from pcrs.standard.names import DalleName, unversioned, versioned
from pcrs.store.base import FeatureStore
from pcrs.store.index import Dalle, DeliveredFile, Delivery, Index
from pcrs.work.means import Means
from pcrs.work.objects import import_objects
from pcrs.work.register import source
from pcrs.work.tiers import Kept, Tiers


@dataclass(frozen=True, slots=True)
class Ingest:
    """One dalle to make: from the delivered file to its master, its hot COG and its cuts for the pyramid."""

    file: DeliveredFile
    source: Path
    name: DalleName
    master: Kept
    hot: Kept
    cuts: Path
    quality: int


@dataclass(frozen=True, slots=True)
class Ingested:
    """What was made: sha256 and bytes of the master and of the hot COG, and the MD5 of the latter."""

    master_sha256: str
    master_bytes: int
    hot_sha256: str
    hot_bytes: int
    hot_md5: str


def unchanged(path: Path, sha256: str) -> None:
    """Nothing, when the file still has the bytes that were controlled.

    Raises:
        ConflictError: it has other bytes now, or is gone.
    """
    if not path.is_file() or sha256_of(path) != sha256:
        raise ConflictError(f"{path} is not the file that was controlled: receive the delivery again")


def ingest(piece: Ingest) -> Ingested:
    """The master, the hot COG and the cuts of one dalle, in place. Same input, same bytes.

    The master is decoded once, when it is read back: all else is made of what is seen then.
    """
    unchanged(piece.source, piece.file.sha256)
    name = piece.name
    hot = HotEncoder(name.size_px, name.size_px, piece.quality)
    with piece.master.writing() as master, piece.hot.writing() as hot_file:
        with cutting(piece.cuts, name.bbox, piece.quality) as cutter:

            def look(rgb: np.ndarray, valid: np.ndarray | None) -> None:
                hot.push(rgb, valid)
                cutter.push(rgb, valid)

            write_master(piece.source, master, name, look)
        place_hot(hot, (name.bbox.xmin, name.bbox.ymax), hot_file)
        return Ingested(
            sha256_of(master),
            master.stat().st_size,
            sha256_of(hot_file),
            hot_file.stat().st_size,
            md5_of(hot_file),
        )


def settle(index: Index, delivery: Delivery) -> None:
    """Every conforming dalle has the name under which it will be kept, or is refused: what is accepted stays.

    Done after the control for the operator to see, and again before acceptance: others may have come between.
    """
    for file in index.files(delivery.id):
        facts = file.facts or {}
        if file.kind != "raster" or file.state != "conforme" or "stem" not in facts:
            continue
        stem = _kept_as(index, delivery, file)
        if isinstance(stem, Finding):
            index.set_file(file, "refusé", findings=[*file.findings, stem.to_dict()])
        elif stem != facts["stem"]:
            kept = {key: value for key, value in facts.items() if key != "made"}
            index.set_file(file, "conforme", facts=kept | {"stem": stem})


def _kept_as(index: Index, delivery: Delivery, file: DeliveredFile) -> str | Finding:
    """The stem of the version that the file is or will be; what has to be said when its name is taken."""
    facts = file.facts or {}
    stem = unversioned(facts["stem"])
    known = index.versions(delivery.edition, stem)
    for version in known:
        if version.sha256 == file.sha256 and (version is known[-1] or version.delivery == delivery.id):
            return version.stem
    if not known or facts.get("correction"):
        return versioned(stem, len(known) + 1)
    message = (
        f"La dalle {stem} est déjà acceptée dans l'édition {delivery.edition} avec un autre contenu "
        f"(livraison {known[-1].delivery}) ; une dalle acceptée ne change plus. Si c'est une correction, "
        "recevoir à nouveau avec --correction : elle devient une nouvelle version, par-dessus l'ancienne. "
        "Si c'est un nouveau vol, recevoir sous une autre édition."
    )
    return Finding(
        "delivery.conflict",
        "error",
        message,
        file.name,
        measured=file.sha256[:12],
        expected=known[-1].sha256[:12],
    )


def ingest_rasters(means: Means, delivery: Delivery) -> None:
    """Every conforming dalle has its master and its hot COG; each is noted as soon as it has them."""
    files = [f for f in means.index.files(delivery.id) if f.kind == "raster" and f.state == "conforme"]
    pieces = [_piece(means, delivery, file) for file in files if "made" not in (file.facts or {})]
    for piece, made in means.mill.told(ingest, pieces, "dalles", means.progress):
        facts = {**(piece.file.facts or {}), "made": asdict(made)}
        means.index.set_file(piece.file, "conforme", facts=facts)


def _piece(means: Means, delivery: Delivery, file: DeliveredFile) -> Ingest:
    facts = file.facts or {}
    stem = facts["stem"]
    master, hot = means.tiers.master(delivery.edition, stem), means.tiers.hot_dalle(delivery.edition, stem)
    cuts = means.site.cuts(delivery.edition, stem, file.sha256, means.jpeg_quality)
    return Ingest(file, source(delivery, file), _name(facts), master, hot, cuts, means.jpeg_quality)


def _name(facts: dict[str, Any]) -> DalleName:
    return DalleName(facts["year"], facts["x_m"], facts["y_m"], facts["size_m"], facts["departement"])


def accepted_dalles(delivery: Delivery, files: Iterable[DeliveredFile], precision: str) -> list[Dalle]:
    """The index rows of the dalles that were made, in order of their names."""
    rows = []
    for file in files:
        facts = file.facts or {}
        if "made" not in facts:
            continue
        rows.append(
            Dalle(
                stem=facts["stem"],
                edition=delivery.edition,
                delivery=delivery.id,
                chantier=delivery.chantier,
                x_m=facts["x_m"],
                y_m=facts["y_m"],
                size_m=facts["size_m"],
                acquired=facts.get("acquired"),
                accepted=(delivery.decided_at or delivery.received_at)[:10],
                precision=precision,
                sha256=file.sha256,
                **facts["made"],
            )
        )
    return sorted(rows, key=lambda dalle: dalle.stem)


def import_vector(
    tiers: Tiers, store: FeatureStore, delivery: Delivery, files: Sequence[DeliveredFile]
) -> Mapping[str, dict[str, Any]]:
    """The valid objects of the GML files are in the store, as `import_objects` says.

    A GML itself is kept as it was received, in the intermediate tier, and offered in the hot one. What is
    returned is noted of each, by its name: `Taken.facts` and `md5`.
    """
    for file in files:
        path = source(delivery, file)
        unchanged(path, file.sha256)
        name = Path(file.name).name
        for kept in tiers.vector(delivery.edition, name):
            kept.blobs.put_file(kept.key, path, file.sha256, replace=True)
    found = import_objects(store, delivery, files)
    return {file.name: {**found[file.name].facts(), "md5": md5_of(source(delivery, file))} for file in files}
