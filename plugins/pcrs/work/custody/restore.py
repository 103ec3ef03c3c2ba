"""A site made again from bags alone: its inventory, its registers, its intermediate tier, its objects.

Bags tell all that is needed: `metadata/objets.jsonl` what each file is, `registres/…/index.jsonl` the rows of
the index, the GML files the objects. Nothing of the lost machine is asked for.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any

import shapely

from pcrs.archive import bag as bagit
from pcrs.archive.target import Place
from pcrs.errors import InputError, NotFoundError, PcrsError, StoreError
from pcrs.files import placing
from pcrs.store.base import FeatureStore
from pcrs.store.index import DeliveredFile, Delivery, Index
from pcrs.store.inventory_schema import ArchiveObject, Bag, Copy, Entry
from pcrs.store.registers import fill
from pcrs.work.custody.carry import Load, carry, source_of
from pcrs.work.custody.keeping import TIER, Keeping
from pcrs.work.custody.stock import COMMUNES_FILE, INDEX, REGISTERS
from pcrs.work.layers import COMMUNES
from pcrs.work.objects import import_objects
from pcrs.work.progress import Step
from pcrs.work.site import Site

_STAGE = "restitution"
_BATCH = 500
_TIER_FOLDERS = ("dalles/", "vecteur/", f"{REGISTERS}/")


@dataclass(slots=True)
class Restored:
    """What was made again from bags."""

    bags: int = 0
    objects: int = 0
    """Of the inventory."""
    files: int = 0
    """Of the intermediate tier: each proved by its sha256."""
    features: int = 0
    settings: Path | None = None
    """Where the settings of the lost site lie, to be compared with those of the new one."""
    faults: dict[str, str] = field(default_factory=dict)
    """Bags, keys or deliveries that are not what they were, and why."""

    @property
    def whole(self) -> bool:
        """True when everything is what it was."""
        return not self.faults


def adopt(keeping: Keeping, place: Place, told: Restored) -> None:
    """The inventory knows every bag of a target: its objects, and that their copies are there, unread.

    A bag whose tag files contradict its tag manifest is not adopted.
    """
    names = {one.key.partition("/")[0] for one in place.target.list() if _is_declaration(one.key)}
    for name in sorted(names):
        try:
            objects, tags = _told_by(place, name)
        except PcrsError as fault:
            told.faults[f"{place.name}:{name}"] = str(fault)
            continue
        _take_bag(keeping, place, name, objects, tags)
        told.bags += 1
    told.objects = keeping.inventory.count()


def _is_declaration(key: str) -> bool:
    return key.count("/") == 1 and key.endswith(f"/{bagit.DECLARATION}")


def _told_by(place: Place, name: str) -> tuple[list[ArchiveObject], dict[str, str]]:
    """The objects that a bag tells of, and its tag files with their sha256.

    Raises:
        StoreError: a tag file is not what the tag manifest says.
        NotFoundError: one is missing.
    """

    def read(tag: str) -> bytes:
        return b"".join(place.target.chunks(f"{name}/{tag}"))

    seal = read(bagit.TAGMANIFEST)
    tags = dict(bagit.read_manifest(seal.decode().splitlines()))
    records = read(bagit.RECORDS)
    if sha256(records).hexdigest() != tags.get(bagit.RECORDS):
        raise StoreError(f"{place.target.url}/{name}/{bagit.RECORDS} is not what {bagit.TAGMANIFEST} says")
    manifest = read(bagit.MANIFEST)
    if sha256(manifest).hexdigest() != tags.get(bagit.MANIFEST):
        raise StoreError(f"{place.target.url}/{name}/{bagit.MANIFEST} is not what {bagit.TAGMANIFEST} says")
    objects = [ArchiveObject(**json.loads(line)) for line in records.decode().splitlines()]
    sums = dict(bagit.read_manifest(manifest.decode().splitlines()))
    if sums != {bagit.payload_path(one.name): one.sha256 for one in objects}:
        raise StoreError(f"{place.target.url}/{name}: {bagit.RECORDS} and {bagit.MANIFEST} contradict")
    return objects, {**tags, bagit.TAGMANIFEST: sha256(seal).hexdigest()}


def _take_bag(
    keeping: Keeping, place: Place, name: str, objects: list[ArchiveObject], tags: dict[str, str]
) -> None:
    inventory, now = keeping.inventory, keeping.now()
    begun = min((one.added_at for one in objects), default=now)
    chantier = objects[0].chantier if objects else ""
    tier = all(one.name.startswith(_TIER_FOLDERS) for one in objects)
    source = TIER if tier else f"{place.target.url}/{name}"
    with inventory.transaction():
        inventory.add_objects(replace(one, thumbnail=0) for one in objects)
        if inventory.bags.get(name) is None:
            entries = (Entry(name, one.name, one.bytes, one.sha256, source, one.id) for one in objects)
            inventory.bags.plan(Bag(name, chantier, source, begun, "clos"), entries)
        inventory.put_copies(
            Copy(place.name, f"{name}/{bagit.payload_path(one.name)}", one.id, name, "écrite", now)
            for one in objects
        )
        inventory.bags.close_on(name, place.name, now, json.dumps(tags, sort_keys=True))


def restore(keeping: Keeping, site: Site, told: Restored) -> None:
    """The index and the intermediate tier are what the registers of the bags say, each file proved."""
    registers = _newest_registers(keeping)
    if INDEX not in registers:
        raise NotFoundError(
            "no bag holds the registers of a site (registres/…/index.jsonl): `pcrs archive` without a path "
            "keeps them. The inventory knows the bags; copy what is needed from their data/ folders"
        )
    rows = _lines(keeping, registers[INDEX])
    fill(site.index_file, rows)
    for name in (site.settings_file.name, site.metadata_file.name):
        if name in registers:
            _put_beside(keeping, site, registers[name], name, told)
    _files(keeping, site, told)


def _newest_registers(keeping: Keeping) -> dict[str, ArchiveObject]:
    """The newest register of each name. Keys have the time in them, in an order of text."""
    newest: dict[str, ArchiveObject] = {}
    for one in keeping.inventory.objects(chantier=REGISTERS):
        name = PurePosixPath(one.name).name
        if name not in newest or newest[name].name < one.name:
            newest[name] = one
    return newest


def _bytes(keeping: Keeping, one: ArchiveObject) -> bytes:
    """The bytes of a small object, from the first copy that has them."""
    for copy in keeping.inventory.good_copies(one.id):
        try:
            data = b"".join(keeping.place(copy.target).target.chunks(copy.key))
        except PcrsError:
            continue
        if sha256(data).hexdigest() == one.sha256:
            return data
    raise NotFoundError(f"{one.name}: no copy has the bytes that it had")


def _lines(keeping: Keeping, one: ArchiveObject) -> list[dict[str, Any]]:
    return [json.loads(line) for line in _bytes(keeping, one).decode().splitlines()]


def _put_beside(keeping: Keeping, site: Site, one: ArchiveObject, name: str, told: Restored) -> None:
    """A settings file of the lost site: beside that of the new one, which stays."""
    stem, _, suffix = name.rpartition(".")
    path = site.root / f"{stem}.restitue.{suffix}"
    with placing(path) as part:
        part.write_bytes(_bytes(keeping, one))
    if name == site.settings_file.name:
        told.settings = path


def _files(keeping: Keeping, site: Site, told: Restored) -> None:
    """Every object that lay in the tier lies there again; of several under one key, the newest."""
    current: dict[str, ArchiveObject] = {}
    wanted = _expected(site)
    for one in keeping.inventory.objects():
        if not one.name.startswith(_TIER_FOLDERS):
            continue
        if one.name in wanted and wanted[one.name] != one.sha256:
            continue
        current[one.name] = one
    for key in wanted.keys() - current.keys():
        told.faults[key] = "aucun paquet ne le contient"
    tier = keeping.place(TIER).target
    loads = (load for one in current.values() if (load := _load(keeping, one, tier)) is not None)
    done = 0
    keeping.progress(Step(_STAGE, 0, max(1, len(current))))
    for carried in carry(loads):
        one = current[carried.load.key]
        fault = carried.error or carried.failed.get(TIER)
        if fault is not None:
            told.faults[one.name] = str(fault)
            continue
        done += 1
        now = keeping.now()
        keeping.inventory.put_copies([Copy(TIER, one.name, one.id, "", "vérifiée", now, now)])
        keeping.progress(Step(_STAGE, done, max(1, len(current))))
    told.files = done


def _load(keeping: Keeping, one: ArchiveObject, tier: Any) -> Load | None:
    for copy in keeping.inventory.good_copies(one.id):
        place = keeping.places.get(copy.target)
        if place is not None and copy.target != TIER and place.target.head(copy.key) is not None:
            return Load(one.name, source_of(place.target, copy.key), {TIER: tier}, one.sha256)
    return None


def _expected(site: Site) -> dict[str, str]:
    """The sha256 of every file that the index says to be in the tier, by key."""
    index = Index(site.index_file)
    try:
        found = {f"dalles/{one.edition}/{one.stem}.tif": one.master_sha256 for one in index.dalles()}
        for delivery, file in _documents(index):
            found[f"vecteur/{delivery.edition}/{PurePosixPath(file.name).name}"] = file.sha256
    finally:
        index.close()
    return found


def _documents(index: Index) -> Iterator[tuple[Delivery, DeliveredFile]]:
    """The GML files that were taken in, in the order of the decisions."""
    for delivery in sorted(index.deliveries(), key=lambda one: (one.decided_at or "", one.id)):
        for file in index.files(delivery.id):
            if file.kind == "vecteur" and file.state == "intégré":
                yield delivery, file


def restore_features(keeping: Keeping, site: Site, index: Index, store: FeatureStore, told: Restored) -> None:
    """The objects of all GML files are in an empty store, delivery by delivery, and the communes.

    What became of each delivery's objects is held against what the index noted at the time.
    """
    for delivery, files in _by_delivery(index):
        try:
            told.features += _import(keeping, site, store, delivery, files, told)
        except NotFoundError as fault:
            told.faults[delivery.id] = str(fault)
    registers = _newest_registers(keeping)
    if COMMUNES_FILE in registers:
        rows = _lines(keeping, registers[COMMUNES_FILE])
        with store.transaction():
            store.ensure(COMMUNES)
            store.put(
                COMMUNES.name,
                [(row["code_insee"], shapely.from_wkt(row["wkt"]), {"nom": row["nom"]}) for row in rows],
            )


def _by_delivery(index: Index) -> Iterable[tuple[Delivery, list[DeliveredFile]]]:
    found: dict[str, tuple[Delivery, list[DeliveredFile]]] = {}
    for delivery, file in _documents(index):
        found.setdefault(delivery.id, (delivery, []))[1].append(file)
    return found.values()


def _import(
    keeping: Keeping,
    site: Site,
    store: FeatureStore,
    delivery: Delivery,
    files: list[DeliveredFile],
    told: Restored,
) -> int:
    """A delivery's objects, taken in as they were. How many."""
    folder = site.scratch / "restitution" / delivery.id
    for file in files:
        one = keeping.inventory.by_sha256(file.sha256)
        if one is None:
            raise NotFoundError(f"{file.name} : aucun paquet ne le contient")
        path = folder / file.name
        with placing(path) as part:
            part.write_bytes(_bytes(keeping, one))
    there = replace(delivery, path=str(folder))
    found = import_objects(store, there, files)
    for file in files:
        known, now = file.facts or {}, found[file.name].facts()
        if known.get("changes") != now["changes"]:
            told.faults[f"{delivery.id} {file.name}"] = (
                f"ses objets ne donnent plus le même résultat : {now['changes']} au lieu de "
                f"{known.get('changes')}"
            )
    return sum(taken.objects for taken in found.values())


def require_empty(index: Index) -> None:
    """Raises InputError unless the site has no delivery: bags make a site again, they do not mix with one."""
    if index.deliveries():
        raise InputError("this site has deliveries: restore into a new one (`pcrs init`), with its targets")
