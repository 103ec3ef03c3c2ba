"""Fixity: what lies on the targets held against the inventory, file by file and byte by byte.

Every run lists the targets: what is absent, truncated, unexpected or dated in the future shows at once. Then
copies are read, those that wait longest first, within a budget. What is found is noted and logged; nothing on
a target is changed (that is `repair`).
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from hashlib import sha256

from pcrs.archive import bag as bagit
from pcrs.archive.target import MARK, Place
from pcrs.errors import InputError, NotFoundError, OfflineError, PcrsError
from pcrs.store.inventory_rows import Walk
from pcrs.store.inventory_schema import CopyState, Event, Held
from pcrs.work.custody import faults as f
from pcrs.work.custody.carry import digest_of
from pcrs.work.custody.faults import Fault
from pcrs.work.custody.keeping import MB, Keeping, ready
from pcrs.work.custody.reading import Budget, Read, read_all, within
from pcrs.work.progress import Step

_STAGE, _STAGE_FILES = "relecture (Mo)", "relecture (fichiers)"
_NOTED = 128
SKEW = timedelta(minutes=5)
"""What clocks may differ by."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """How much is to be read."""

    before: str
    """ISO 8601, UTC: copies last read before then are due."""
    octets: int | None = None
    files: int | None = None
    pivot: str = ""
    """Not empty: a sample, from there on in order of ids."""
    over: Callable[[], bool] | None = None
    """True when the time is over."""
    targets: tuple[str, ...] = ()
    """Empty: all."""


@dataclass(slots=True)
class Verified:
    """What a verification found."""

    read: int = 0
    bytes: int = 0
    faults: list[Fault] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    """Targets that cannot be used, and why: nothing is known of their copies."""
    strays: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    """Where (target, key) bytes lie that belong elsewhere, by sha256."""


def verify(keeping: Keeping, wanted: Wanted) -> Verified:
    """The state of the copies on every target that can be reached."""
    done = Verified()
    live: dict[str, Place] = {}
    for name, place in keeping.places.items():
        if (wanted.targets and name not in wanted.targets) or not keeping.inventory.used(name):
            continue
        try:
            ready(keeping, place)
            live[name] = place
        except PcrsError as error:
            done.failed[name] = str(error)
    _clocks(keeping, done)
    for place in list(live.values()):
        try:
            _listed(keeping, place, done)
            _tags(keeping, place, wanted, done)
        except PcrsError as error:
            done.failed[place.name] = str(error)
            del live[place.name]
    _read_due(keeping, live, wanted, done)
    keeping.log("relecture", detail=f"{done.read} copies, {done.bytes} octets, {len(done.faults)} défauts")
    return done


def _clocks(keeping: Keeping, done: Verified) -> None:
    """A copy that was made or read in the future was so by a wrong clock: it is to be read again."""
    limit = (keeping.clock() + SKEW).isoformat(timespec="seconds")
    doubted = []
    for held in keeping.inventory.ahead(limit):
        when = max(held.copy.made_at, held.copy.verified_at or "")
        here = (held.copy.target, held.copy.key)
        done.faults.append(Fault(f.CLOCK, *here, when, f"≤ {limit}", "inventaire"))
        doubted.append(here)
    keeping.inventory.doubt(doubted, keeping.now())


def _listed(keeping: Keeping, place: Place, done: Verified) -> None:
    """What a listing alone shows."""
    scan = keeping.inventory.scan(place.name, _dated(keeping, place, done))
    found: list[tuple[Fault, Held]] = []
    for held in scan.absent():
        at = _renamed(place, scan, held)
        if at is None:
            found.append((Fault(f.ABSENT, place.name, held.copy.key), held))
        else:
            done.strays.setdefault(held.sha256, []).append((place.name, at))
            found.append((Fault(f.RENAMED, place.name, held.copy.key, more=at), held))
    for held, size in scan.other_size():
        kind = f.TRUNCATED if size < held.bytes else f.LONGER
        found.append((Fault(kind, place.name, held.copy.key, f"{size} octets", f"{held.bytes} octets"), held))
    expected = {MARK} | {fault.more for fault, _ in found if fault.kind is f.RENAMED}
    is_tag = _tag_files(keeping, place)
    if place.takes != "rien":
        done.faults += [
            Fault(f.UNEXPECTED, place.name, key, f"{size} octets")
            for key, size in scan.unexpected()
            if key not in expected and not is_tag(key)
        ]
    done.faults += [
        Fault(f.TAG, place.name, f"{bag}/{tag}", "absent", more=bag)
        for bag, told in keeping.inventory.bags.closed_on(place.name)
        for tag in sorted(json.loads(told))
        if not scan.has(f"{bag}/{tag}")
    ]
    _note(keeping, done, found)


def _dated(keeping: Keeping, place: Place, done: Verified) -> Iterator[tuple[str, int]]:
    """The listing of a target; a file of the future is said."""
    limit = keeping.clock() + SKEW
    for one in place.target.list():
        if one.seen.modified > limit:
            told, most = (when.isoformat(timespec="seconds") for when in (one.seen.modified, limit))
            done.faults.append(Fault(f.CLOCK, place.name, one.key, told, f"≤ {most}"))
        yield one.key, one.seen.size


def _tag_files(keeping: Keeping, place: Place) -> Callable[[str], bool]:
    """Tells whether a key is that of a tag file of a bag which is whole on the place."""

    @lru_cache(maxsize=16)
    def tags(bag: str) -> frozenset[str]:
        return frozenset(json.loads(keeping.inventory.bags.tags_on(bag, place.name) or "{}"))

    def is_tag(key: str) -> bool:
        bag, _, tag = key.partition("/")
        return tag in tags(bag)

    return is_tag


def _renamed(place: Place, scan: Walk, held: Held) -> str | None:
    """Under which other name the file lies on the target, if it does."""
    for key in scan.strangers(held.bytes):
        try:
            if digest_of(place.target.chunks(key)) == held.sha256:
                return key
        except (NotFoundError, OfflineError):
            continue
    return None


def _tags(keeping: Keeping, place: Place, wanted: Wanted, done: Verified) -> None:
    """The tag files of bags that are due are what they were."""
    bags = keeping.inventory.bags
    for bag, told in bags.due(place.name, wanted.before):
        bad = []
        for tag, expected in json.loads(told).items():
            key = f"{bag}/{tag}"
            try:
                data = b"".join(place.target.chunks(key))
            except NotFoundError:
                bad.append(tag)
                continue  # the listing said so
            except OfflineError:
                continue
            if sha256(data).hexdigest() != expected:
                bad.append(tag)
                stale = tag == bagit.MANIFEST and _contradicts(keeping, bag, data)
                kind = f.MANIFEST if stale else f.TAG
                done.faults.append(Fault(kind, place.name, key, more=bag))
        if not bad:
            bags.read_on(bag, place.name, keeping.now())


def _contradicts(keeping: Keeping, bag: str, data: bytes) -> bool:
    """True when a manifest is one, of other files than those of the bag."""
    try:
        told = dict(bagit.read_manifest(data.decode("utf-8").splitlines()))
    except (InputError, UnicodeDecodeError):
        return False
    known = {bagit.payload_path(one.name): one.sha256 for one in keeping.inventory.bags.objects_of(bag)}
    return told != known


def _read_due(keeping: Keeping, live: Mapping[str, Place], wanted: Wanted, done: Verified) -> None:
    """Copies that are due, byte by byte, as long as the budget lasts."""
    inventory = keeping.inventory
    budget = Budget(wanted.octets, wanted.files, wanted.over)
    known = {(fault.target, fault.key) for fault in done.faults if fault.kind.state}

    def due(name: str) -> Iterator[Held]:
        copies = inventory.due(name, wanted.before, keeping.now(), pivot=wanted.pivot)
        return within((one for one in copies if (name, one.copy.key) not in known), budget)

    good: list[Held] = []
    bad: list[tuple[Fault, Held]] = []
    stage, total = _STAGE_FILES, wanted.files or 0
    if not total:  # all copies are summed up only where the budget says nothing
        stage, total = _STAGE, max(1, (wanted.octets or inventory.total_bytes(live)) // MB)
    keeping.progress(Step(stage, 0, total))
    for read in read_all({name: due(name) for name in live}, {n: p.target for n, p in live.items()}):
        done.read += 1
        done.bytes += read.held.bytes
        fault = _judged(keeping, live, read, done)
        if fault is None and read.error is None:
            good.append(read.held)
        elif fault is not None:
            bad.append((fault, read.held))
        if len(good) + len(bad) >= _NOTED:
            _settle(keeping, done, good, bad)
        read_so_far = done.read if wanted.files else done.bytes // MB
        keeping.progress(Step(stage, min(read_so_far, total), total))
    _settle(keeping, done, good, bad)
    keeping.progress(Step(stage, total, total))


def _judged(keeping: Keeping, live: Mapping[str, Place], read: Read, done: Verified) -> Fault | None:
    """The fault of a copy that was read; None when it has none, or nothing can be said of it."""
    copy = read.held.copy
    if isinstance(read.error, OfflineError):
        return Fault(f.OFFLINE, copy.target, copy.key)
    if isinstance(read.error, NotFoundError):
        return Fault(f.ABSENT, copy.target, copy.key)
    if read.error is not None:
        try:
            ready(keeping, live[copy.target])
        except PcrsError as error:
            done.failed[copy.target] = str(error)
            return None
        return Fault(f.UNREADABLE, copy.target, copy.key, more=str(read.error))
    if read.sha256 == read.held.sha256:
        return None
    other = keeping.inventory.by_sha256(read.sha256)
    kind = f.ALTERED if other is None else f.SWAPPED
    if other is not None:
        done.strays.setdefault(read.sha256, []).append((copy.target, copy.key))
    return Fault(
        kind, copy.target, copy.key, read.sha256[:12], read.held.sha256[:12], other.name if other else ""
    )


def _settle(keeping: Keeping, done: Verified, good: list[Held], bad: list[tuple[Fault, Held]]) -> None:
    keeping.inventory.mark([(h.copy.target, h.copy.key) for h in good], "vérifiée", keeping.now())
    good.clear()
    _note(keeping, done, bad)
    bad.clear()


def _note(keeping: Keeping, done: Verified, found: list[tuple[Fault, Held]]) -> None:
    """Faults of copies are in the inventory and in the log."""
    now = keeping.now()
    by_state: dict[CopyState, list[tuple[str, str]]] = {}
    events = []
    for fault, held in found:
        done.faults.append(fault)
        if fault.kind.state is None:
            continue
        by_state.setdefault(fault.kind.state, []).append((fault.target, fault.key))
        events.append(Event(now, "défaut", fault.target, fault.key, held.copy.object, fault.kind.code))
    for state, copies in by_state.items():
        keeping.inventory.mark(copies, state, now)
    keeping.inventory.log(events)
