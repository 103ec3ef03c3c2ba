"""What the intermediate tier holds, as objects: originals, GML, and the registers of the site.

The registers are what makes the site again from its files alone: the rows of the index, the settings, the
communes. They are written into the tier itself as plain text, when they have changed, and kept like the rest.
"""

import json
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import shapely

from pcrs.blobs import Blobs
from pcrs.files import placing, sha256_of
from pcrs.standard.livrables import KINDS, media_type
from pcrs.store.base import FeatureStore, Query
from pcrs.store.index import Index
from pcrs.store.inventory_schema import ArchiveObject, Copy
from pcrs.store.registers import dump
from pcrs.work.custody.describe import object_id
from pcrs.work.custody.keeping import TIER, Keeping
from pcrs.work.custody.origin import Found, TierOrigin
from pcrs.work.layers import COMMUNES
from pcrs.work.site import Site

REGISTERS = "registres"
"""The chantier, and the folder of the tier, of the registers."""
UNNAMED = "sans chantier"
INDEX, COMMUNES_FILE = "index.jsonl", "communes.jsonl"


def take_stock(keeping: Keeping, site: Site, blobs: Blobs, index: Index, store: FeatureStore) -> int:
    """The inventory knows what was accepted into the tier; nothing is read. How many objects.

    The sha256 of an object is the one that was noted at its acceptance: what lies there has still to prove
    it, when it is read for a bag, a mirror or a verification.
    """
    count = 0
    now = keeping.now()
    with keeping.inventory.transaction():
        for one in (*_originals(index, now), *_documents(index, blobs, now)):
            count += 1
            _know(keeping, one, now)
    for name, path in _registers(keeping, site, store):
        digest = sha256_of(path)
        known = keeping.inventory.by_sha256(digest)
        if known is not None and known.chantier == REGISTERS and PurePosixPath(known.name).name == name:
            continue
        key = f"{REGISTERS}/{now[:19].replace(':', '')}/{name}"
        blobs.put_file(key, path, digest)
        one = _object(REGISTERS, key, "registre", path.stat().st_size, digest, now)
        _know(keeping, one, now)
        count += 1
    return count


def tier_origin(keeping: Keeping, chantier: str) -> TierOrigin:
    """The objects of a chantier that lie in the tier, as bags take them."""
    inventory = keeping.inventory

    def known() -> Iterator[Found]:
        for one in inventory.objects(chantier=chantier):
            copy = inventory.copy(TIER, one.name)
            if copy is not None and copy.object == one.id:
                yield Found(one.name, one.bytes, one.sha256, one.id)

    def stamp(name: str) -> str:
        copy = inventory.copy(TIER, name)
        return inventory.object(copy.object).sha256 if copy else ""

    return TierOrigin(keeping.place(TIER).target, known, stamp)


def chantiers_of_tier(keeping: Keeping) -> list[str]:
    """The chantiers that have an object in the tier."""
    return keeping.inventory.chantiers(TIER)


def _know(keeping: Keeping, one: ArchiveObject, now: str) -> None:
    copy = keeping.inventory.copy(TIER, one.name)
    if copy is not None and copy.object == one.id:
        return
    keeping.inventory.add_objects([one])
    keeping.inventory.put_copies([Copy(TIER, one.name, one.id, "", "écrite", now)])


def _object(chantier: str, key: str, kind: str, size: int, sha256: str, now: str) -> ArchiveObject:
    identifier = object_id(chantier, key, sha256)
    licence = KINDS[kind].licence
    return ArchiveObject(identifier, chantier, key, kind, licence, size, sha256, media_type(key), now)


def _originals(index: Index, now: str) -> Iterator[ArchiveObject]:
    for dalle in index.dalles():
        chantier, key = dalle.chantier or UNNAMED, f"dalles/{dalle.edition}/{dalle.stem}.tif"
        yield ArchiveObject(
            object_id(chantier, key, dalle.master_sha256),
            chantier,
            key,
            "original",
            KINDS["original"].licence,
            dalle.master_bytes,
            dalle.master_sha256,
            "image/tiff",
            now,
            dalle.acquired,
            dalle.edition,
            0,
            *map(float, dalle.bbox),
        )


def _documents(index: Index, blobs: Blobs, now: str) -> Iterator[ArchiveObject]:
    """GML files as they were received; of several under one name, the one accepted last."""
    last: dict[str, ArchiveObject] = {}
    decided = sorted(index.deliveries(), key=lambda one: one.decided_at or "")
    for delivery in decided:
        for file in index.files(delivery.id):
            if file.kind != "vecteur" or file.state != "intégré":
                continue
            key = f"vecteur/{delivery.edition}/{PurePosixPath(file.name).name}"
            box = (file.facts or {}).get("bbox") or (None,) * 4
            chantier = delivery.chantier or UNNAMED
            identifier = object_id(chantier, key, file.sha256)
            day = (delivery.decided_at or delivery.received_at)[:10]
            last[key] = ArchiveObject(
                identifier,
                chantier,
                key,
                "gml",
                KINDS["gml"].licence,
                file.bytes,
                file.sha256,
                media_type(key),
                now,
                day,
                delivery.edition,
                0,
                *box,
            )
    return iter(last.values())


def _registers(keeping: Keeping, site: Site, store: FeatureStore) -> Iterator[tuple[str, Path]]:
    """The registers as they are now, in files of ours, by name."""
    folder = keeping.scratch / REGISTERS
    lines = (json.dumps(row, ensure_ascii=False, sort_keys=True) for row in dump(site.index_file))
    yield INDEX, _text(folder / INDEX, lines)
    if any(layer.name == COMMUNES.name for layer in store.layers()):
        yield COMMUNES_FILE, _text(folder / COMMUNES_FILE, _communes(store))
    for file in (site.settings_file, site.metadata_file):
        if file.is_file():
            yield file.name, file


def _communes(store: FeatureStore) -> Iterator[str]:
    after: int | None = 0
    while after is not None:
        page = store.query(COMMUNES.name, Query(after=after))
        for row in page.rows:
            wkt = shapely.to_wkt(row.geometry, rounding_precision=-1)
            told = {"code_insee": row.id, "nom": row.values["nom"], "wkt": wkt}
            yield json.dumps(told, ensure_ascii=False, sort_keys=True)
        after = page.next_after


def _text(path: Path, lines: Iterator[str]) -> Path:
    with placing(path) as part, part.open("w", encoding="utf-8") as out:
        out.writelines(f"{line}\n" for line in lines)
    return path
