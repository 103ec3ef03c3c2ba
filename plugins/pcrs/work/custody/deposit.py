"""Objects put in bags (OAIS: AIP) on several targets, from a plan that survives the process.

What goes into which bag is written down first. Each file is then read once and written to every target that
lacks it; a copy is noted when the target gave the same bytes back. A bag is whole on a target when all of its
files are proved there: then its tag files are written, `bagit.txt` last, and it is sealed.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count

from pcrs.archive.bag import payload_path
from pcrs.archive.target import Place
from pcrs.errors import NotFoundError, PcrsError
from pcrs.standard.livrables import HEAD
from pcrs.store.inventory_schema import ArchiveObject, Bag, Copy, Entry, Event
from pcrs.work.custody.carry import Carried, Load, carry, source_of
from pcrs.work.custody.closing import close_where_whole
from pcrs.work.custody.describe import Describe
from pcrs.work.custody.keeping import MB, TIER, Keeping, ready, still_there
from pcrs.work.custody.origin import Found, NoOrigin, Origin
from pcrs.work.progress import Step

_STAGE = "archive (Mo)"
_NOTED, _NOTED_BYTES = 64, 32 * MB
"""Files, and bytes, that are noted at once: what a kill may make carry again."""


@dataclass(slots=True)
class Deposited:
    """What a deposit came to."""

    bags: list[str] = field(default_factory=list)
    objects: int = 0
    """Objects that this run took in or copied."""
    bytes: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    """Targets that failed, and why: the same command goes on there later."""
    faults: list[tuple[str, str]] = field(default_factory=list)
    """Files that could not be read, and why."""

    def add(self, other: "Deposited") -> None:
        """What another part of the same work came to."""
        self.bags += [name for name in other.bags if name not in self.bags]
        self.objects += other.objects
        self.bytes += other.bytes
        self.failed |= other.failed
        self.faults += [fault for fault in other.faults if fault not in self.faults]

    @property
    def whole(self) -> bool:
        """True when nothing is left to be done."""
        return not self.failed and not self.faults


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be put in bags."""

    origin: Origin
    chantier: str
    describe: Describe
    bag_bytes: int
    """A bag is full before it passes this; a greater file has a bag of its own."""
    bag_files: int = 100_000


class _Reading:
    """The bytes of a file, whose first are kept."""

    def __init__(self, chunks: Callable[[], Iterator[bytes]]) -> None:
        self._chunks = chunks
        self.head = b""

    def __call__(self) -> Iterator[bytes]:
        for chunk in self._chunks():
            if len(self.head) < HEAD:
                self.head = (self.head + chunk[:HEAD])[:HEAD]
            yield chunk


def deposit(keeping: Keeping, order: Order) -> Deposited:
    """Everything of the origin is in bags on every target that takes them, as far as they can be reached.

    Raises:
        InputError: nothing is there, or a name cannot be kept.
        StoreError: no target can be used.
    """
    done = Deposited()
    live = _live(keeping, done)
    _plan(keeping, order)
    bags = keeping.inventory.bags.all(chantier=order.chantier, source=order.origin.source)
    _finish(keeping, order, bags, live, done)
    return done


def complete(keeping: Keeping) -> Deposited:
    """Every closed bag is on every target that takes bags: for one that is new, or was away."""
    done = Deposited()
    live = _live(keeping, done)
    order = Order(NoOrigin(), "", undescribed, 0)
    closed = [bag for bag in keeping.inventory.bags.all() if bag.state == "clos"]
    _finish(keeping, order, closed, live, done)
    return done


def undescribed(found: Found, head: bytes, sha256: str) -> ArchiveObject:
    """For origins whose files are all objects already.

    Raises:
        NotFoundError: one is not.
    """
    raise NotFoundError(f"{found.name} is no object of the inventory")


def _finish(
    keeping: Keeping, order: Order, bags: Iterable[Bag], live: dict[str, Place], done: Deposited
) -> None:
    """These bags are whole on every live place."""
    todo = [bag for bag in bags if any(not _closed(keeping, bag, name) for name in live)]
    total = sum(entry.bytes for bag in todo for entry in keeping.inventory.bags.entries(bag.name))
    keeping.progress(Step(_STAGE, 0, max(1, total // MB)))
    for bag in todo:
        _fill(keeping, order, bag, live, done, total)
        close_where_whole(keeping, bag, live, done.failed)
        done.bags.append(bag.name)
        if not live:
            break
    keeping.progress(Step(_STAGE, max(1, total // MB), max(1, total // MB)))


def _live(keeping: Keeping, done: Deposited) -> dict[str, Place]:
    """The places for bags that can be used now."""
    live = {name: place for name, place in keeping.places.items() if place.takes == "paquets"}
    for name, place in list(live.items()):
        try:
            ready(keeping, place)
        except PcrsError as error:
            done.failed[name] = str(error)
            del live[name]
    return live


def _closed(keeping: Keeping, bag: Bag, target: str) -> bool:
    return keeping.inventory.bags.tags_on(bag.name, target) is not None


def _plan(keeping: Keeping, order: Order) -> None:
    """Every file of the origin that no bag holds is to be in one: written down in one step."""
    bags = keeping.inventory.bags
    source, chantier = order.origin.source, order.chantier
    with keeping.inventory.transaction():
        held: list[Entry] = []
        size = 0
        names = _names(keeping, chantier)
        name = next(names)

        def close() -> None:
            nonlocal held, size, name
            bags.plan(Bag(name, chantier, source, keeping.now(), "en cours"), held)
            held, size, name = [], 0, next(names)

        for found in order.origin.files():
            if bags.planned(source, chantier, found.name, found.bytes, found.stamp):
                continue
            if held and (size + found.bytes > order.bag_bytes or len(held) >= order.bag_files):
                close()
            held.append(Entry(name, found.name, found.bytes, found.stamp, source, found.object))
            size += found.bytes
        if held:
            close()


def _names(keeping: Keeping, chantier: str) -> Iterator[str]:
    """Names for new bags: chantier, day, number."""
    plain = unicodedata.normalize("NFKD", chantier).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "chantier"
    day = keeping.now()[:10].replace("-", "")
    for number in count(1):
        name = f"{stem}-{day}-{number:04d}"
        if keeping.inventory.bags.get(name) is None:
            yield name


def _fill(
    keeping: Keeping, order: Order, bag: Bag, live: dict[str, Place], done: Deposited, total: int
) -> None:
    """Every file of the bag is on every live place, or it is said why not."""
    entries: dict[str, Entry] = {}
    readings: dict[str, _Reading] = {}
    noted: list[tuple[Entry, _Reading, Carried]] = []
    try:
        for carried in carry(_loads(keeping, order, bag, live, entries, readings)):
            entry = entries.pop(carried.load.key)
            noted.append((entry, readings.pop(carried.load.key), carried))
            for name, fault in carried.failed.items():
                if not _gone(keeping, {name}, live, done) and live.pop(name, None) is not None:
                    done.failed[name] = str(fault)
            if carried.error is not None:
                done.faults.append((entry.name, str(carried.error)))
            else:
                done.objects += 1
                done.bytes += carried.bytes
                keeping.progress(Step(_STAGE, min(done.bytes, total) // MB, max(1, total // MB)))
            if len(noted) >= _NOTED or sum(one.bytes for _, _, one in noted) >= _NOTED_BYTES:
                _note(keeping, order, noted, live, done)
    finally:
        _note(keeping, order, noted, live, done)


def _loads(
    keeping: Keeping,
    order: Order,
    bag: Bag,
    live: Mapping[str, Place],
    entries: dict[str, Entry],
    readings: dict[str, _Reading],
) -> Iterator[Load]:
    """The files of the bag that some live place lacks."""
    inventory = keeping.inventory
    for entry in inventory.bags.entries(bag.name):
        key = f"{bag.name}/{payload_path(entry.name)}"
        lacking = {name: place.target for name, place in live.items() if not _proved(keeping, name, key)}
        if not lacking:
            continue
        known = inventory.object(entry.object).sha256 if entry.object else ""
        chunks = _source(keeping, order, entry)
        if chunks is None:
            inventory.bags.drop_entry(bag.name, entry.name)
            inventory.log([Event(keeping.now(), "retirée du plan", key=key, detail="absente ou changée")])
            continue
        entries[key], readings[key] = entry, _Reading(chunks)
        yield Load(key, readings[key], lacking, known)


def _proved(keeping: Keeping, target: str, key: str) -> bool:
    copy = keeping.inventory.copy(target, key)
    return copy is not None and copy.state == "vérifiée"


def _source(keeping: Keeping, order: Order, entry: Entry) -> Callable[[], Iterator[bytes]] | None:
    """Where the bytes of an entry are read: where they came from, else from another copy.

    None: the file is gone or has changed before it was ever carried; what it is now is in another bag.
    """
    found = order.origin.find(entry.name)
    if found is not None and (found.bytes, found.stamp) == (entry.bytes, entry.stamp):
        return lambda: order.origin.chunks(entry.name)
    if entry.object is None:
        return None
    for copy in keeping.inventory.good_copies(entry.object):
        if copy.target in keeping.places:
            return source_of(keeping.places[copy.target].target, copy.key)
    raise NotFoundError(f"{entry.name} is gone from {entry.source}, and no copy of it can be reached")


def _note(
    keeping: Keeping,
    order: Order,
    noted: list[tuple[Entry, _Reading, Carried]],
    live: dict[str, Place],
    done: Deposited,
) -> None:
    """What was carried is written down, in one step; of places that are what they were when it began."""
    carried_to = {name for _, _, one in noted for name in one.proved}
    there = carried_to - _gone(keeping, carried_to, live, done)
    good = [(e, reading, one) for e, reading, one in noted if one.error is None and there & set(one.proved)]
    noted.clear()
    objects = [
        keeping.inventory.object(e.object)
        if e.object
        else order.describe(Found(e.name, one.bytes, e.stamp), r.head, one.sha256)
        for e, r, one in good
    ]
    now = keeping.now()
    with keeping.inventory.transaction():
        keeping.inventory.add_objects(objects)
        for (entry, _, one), told in zip(good, objects, strict=True):
            keeping.inventory.bags.set_entry(entry.bag, entry.name, told.id)
            keeping.inventory.put_copies(
                Copy(target, one.load.key, told.id, entry.bag, "vérifiée", now, now)
                for target in one.proved
                if target in there
            )
            if order.origin.source == TIER:
                keeping.inventory.mark([(TIER, entry.name)], "vérifiée", now)


def _gone(keeping: Keeping, names: set[str], live: dict[str, Place], done: Deposited) -> set[str]:
    """Those of these places that lost their mark meanwhile: what was under a mount is written to instead."""
    gone = set()
    for name in names:
        try:
            still_there(keeping.places[name])
        except PcrsError as error:
            gone.add(name)
            if live.pop(name, None) is not None:
                done.failed[name] = str(error)
    return gone
