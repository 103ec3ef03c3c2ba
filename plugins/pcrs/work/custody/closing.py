"""A bag made whole on a target: its tag files, made again from the inventory alone, then its seal."""

import json
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping, MutableMapping
from dataclasses import asdict
from datetime import date
from hashlib import sha256
from pathlib import Path

from pcrs.archive import bag as bagit
from pcrs.archive.target import Place
from pcrs.errors import PcrsError
from pcrs.standard.livrables import KINDS
from pcrs.store.inventory_schema import Bag
from pcrs.work.custody.carry import Load, carry
from pcrs.work.custody.keeping import Keeping, still_there

_ORDER = (bagit.MANIFEST, bagit.RECORDS, bagit.README, bagit.INFO, bagit.TAGMANIFEST, bagit.DECLARATION)


def close_where_whole(
    keeping: Keeping, bag: Bag, live: MutableMapping[str, Place], failed: MutableMapping[str, str]
) -> None:
    """The bag is closed on every live place that has all of its files; a place that fails is live no more."""
    bags = keeping.inventory.bags
    if bag.state == "en cours":
        if any(entry.object is None for entry in bags.entries(bag.name)):
            return
        bags.close(bag.name)
    whole = {
        name: place
        for name, place in live.items()
        if bags.tags_on(bag.name, name) is None and not bags.unverified(bag.name, name)
    }
    if not whole or next(iter(bags.entries(bag.name)), None) is None:
        return

    def drop(faults: Mapping[str, PcrsError]) -> None:
        for name, fault in faults.items():
            failed[name] = str(fault)
            live.pop(name, None)
            whole.pop(name, None)

    def swept(place: Place) -> None:
        still_there(place)
        place.target.sweep(bag.name)

    drop(_each(whole, swept))
    with TagFiles(keeping, bag) as tags:
        drop(tags.write(whole))

        def seal(place: Place) -> None:
            for key in _keys(keeping, bag):
                place.target.seal(key)
            seal_tags(keeping, bag, place, tags)
            keeping.log("paquet clos", place.name, bag.name)

        drop(_each(whole, seal))


def _each(places: Mapping[str, Place], work: Callable[[Place], None]) -> dict[str, PcrsError]:
    """The work done on every place; those that failed."""
    failed = {}
    for name, place in places.items():
        try:
            work(place)
        except PcrsError as fault:
            failed[name] = fault
    return failed


def seal_tags(
    keeping: Keeping, bag: Bag, place: Place, tags: "TagFiles", names: Collection[str] = _ORDER
) -> None:
    """The tag files, of which these were written, are sealed, and the bag is noted as whole there."""
    for tag in _ORDER:
        if tag in names:
            place.target.seal(f"{bag.name}/{tag}")
    told = json.dumps(tags.digests, sort_keys=True)
    keeping.inventory.bags.close_on(bag.name, place.name, keeping.now(), told)


def _keys(keeping: Keeping, bag: Bag) -> Iterator[str]:
    return (f"{bag.name}/{bagit.payload_path(one.name)}" for one in keeping.inventory.bags.entries(bag.name))


class TagFiles:
    """The tag files of a bag in a folder of ours, for as long as the block lasts.

    They are a function of the inventory: the same on every target, and the same again for a repair.
    """

    def __init__(self, keeping: Keeping, bag: Bag) -> None:
        self._folder = keeping.scratch / "bags" / bag.name
        self._bag = bag
        self._keeping = keeping
        self.digests: dict[str, str] = {}

    def __enter__(self) -> "TagFiles":
        keeping, bag = self._keeping, self._bag
        bags = keeping.inventory.bags
        totals = bags.totals(bag.name)
        info = bagit.information(
            bag.name,
            date.fromisoformat(bag.created_at[:10]),
            sum(size for _, _, size in totals),
            sum(number for _, number, _ in totals),
            organisation=keeping.organisation,
            contact=keeping.contact,
            chantier=bag.chantier,
        )
        kinds = [(KINDS[kind].label, number, size) for kind, number, size in totals]
        entries = ((one.sha256, bagit.payload_path(one.name)) for one in bags.objects_of(bag.name))
        self._write(bagit.MANIFEST, bagit.manifest(entries))
        self._write(bagit.RECORDS, self._records())
        self._write(bagit.README, iter([bagit.readme(bag.name, bag.chantier, keeping.organisation, kinds)]))
        self._write(bagit.INFO, iter([info]))
        self._write(bagit.DECLARATION, iter([bagit.declaration()]))
        self._write(bagit.TAGMANIFEST, iter([bagit.tagmanifest(self.digests)]))
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def _records(self) -> Iterator[bytes]:
        for one in self._keeping.inventory.bags.objects_of(self._bag.name):
            told = {name: value for name, value in asdict(one).items() if value is not None}
            yield (json.dumps(told, ensure_ascii=False, sort_keys=True) + "\n").encode()

    def _write(self, name: str, content: Iterator[bytes]) -> None:
        path = self._path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        digest = sha256()
        with path.open("wb") as out:
            for piece in content:
                digest.update(piece)
                out.write(piece)
        self.digests[name] = digest.hexdigest()

    def _path(self, name: str) -> Path:
        return self._folder / name

    def differing(self, place: Place, broken: Collection[str]) -> Collection[str]:
        """Of a bag that was whole there: the tag files to write again, that they be one bag with the rest.

        All of them when they are no longer made as they were; else the broken ones, and no good file.
        """
        told = json.loads(self._keeping.inventory.bags.tags_on(self._bag.name, place.name) or "{}")
        return broken if told == self.digests else _ORDER

    def write(self, places: Mapping[str, Place], names: Collection[str] = _ORDER) -> dict[str, PcrsError]:
        """These tag files are on these places, proved, `bagit.txt` last; the places that failed."""
        failed: dict[str, PcrsError] = {}
        for group in (_ORDER[:-1], _ORDER[-1:]):
            loads = (
                Load(
                    f"{self._bag.name}/{name}",
                    self._reading(name),
                    {key: place.target for key, place in places.items() if key not in failed},
                    self.digests[name],
                )
                for name in group
                if name in names
            )
            for carried in carry(loads):
                failed |= carried.failed
                if carried.error is not None:
                    raise carried.error
        return failed

    def _reading(self, name: str) -> "_Chunks":
        return _Chunks(self._path(name))


class _Chunks:
    """The bytes of a local file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self) -> Iterator[bytes]:
        with self._path.open("rb") as stream:
            while chunk := stream.read(2**20):
                yield chunk
