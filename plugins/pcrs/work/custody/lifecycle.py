"""What the rules of the settings let go: said first, then done, never before what remains was proved.

A copy goes only when enough others of the same object were read back in this very run. A bag goes as a whole:
its declaration first, so that what a kill leaves is no bag, then its files.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import batched

from pcrs.archive import bag as bagit
from pcrs.errors import PcrsError
from pcrs.store.inventory_schema import ArchiveObject, Copy
from pcrs.work.custody.carry import digest_of
from pcrs.work.custody.keeping import Keeping, ready
from pcrs.work.progress import Step

_STAGE = "cycle de vie"
_NOTED = 128
"""Copies that are noted at once."""


@dataclass(frozen=True, slots=True)
class LetGo:
    """One rule: what may go, after how many days, and how many other copies must be proved."""

    what: str
    """`paquets` or `restitutions`."""
    days: int
    keep: int
    target: str = ""
    chantier: str = ""


@dataclass(frozen=True, slots=True)
class Going:
    """Something that a rule lets go."""

    rule: LetGo
    target: str
    name: str
    """Of the bag, or the key of a restored copy."""
    objects: int
    bytes: int
    since: str


@dataclass(slots=True)
class Gone:
    """What became of it."""

    done: list[Going] = field(default_factory=list)
    kept: list[tuple[Going, str]] = field(default_factory=list)
    """What stays, and why."""


def going(keeping: Keeping, rules: tuple[LetGo, ...]) -> Iterator[Going]:
    """What the rules let go now; nothing is read or changed."""
    for rule in rules:
        before = (keeping.clock() - timedelta(days=rule.days)).isoformat(timespec="seconds")
        if rule.what == "restitutions":
            for held in keeping.inventory.expired(before):
                yield Going(rule, held.copy.target, held.copy.key, 1, held.bytes, held.copy.expires_at or "")
        elif rule.what == "paquets":
            yield from _bags(keeping, rule, before)


def _bags(keeping: Keeping, rule: LetGo, before: str) -> Iterator[Going]:
    bags = keeping.inventory.bags
    for name, closed_at in bags.closed_before(rule.target, before):
        bag = bags.get(name)
        if bag is None or (rule.chantier and bag.chantier != rule.chantier):
            continue
        totals = bags.totals(name)
        objects, octets = sum(n for _, n, _ in totals), sum(size for _, _, size in totals)
        yield Going(rule, rule.target, name, objects, octets, closed_at)


def let_go(keeping: Keeping, rules: tuple[LetGo, ...]) -> Gone:
    """What the rules let go is gone, where enough other copies gave their bytes back just now."""
    told = Gone()
    plan = list(going(keeping, rules))
    for done, one in enumerate(plan, start=1):
        try:
            ready(keeping, keeping.place(one.target))
            _prove(keeping, one)
            _remove(keeping, one)
        except PcrsError as fault:
            told.kept.append((one, str(fault)))
        except _Short as short:
            told.kept.append((one, str(short)))
        else:
            told.done.append(one)
            keeping.log("retirée", one.target, one.name, detail=f"règle {one.rule.what}, {one.bytes} octets")
        keeping.progress(Step(_STAGE, done, len(plan)))
    return told


class _Short(Exception):
    """Too few other copies could be proved."""


def _objects(keeping: Keeping, one: Going) -> Iterator[ArchiveObject]:
    if one.rule.what == "paquets":
        yield from keeping.inventory.bags.objects_of(one.name)
        return
    copy = keeping.inventory.copy(one.target, one.name)
    if copy is not None:
        yield keeping.inventory.object(copy.object)


def _prove(keeping: Keeping, one: Going) -> None:
    """Every object has enough copies on other targets that give its bytes back now.

    Raises:
        _Short: one has not.
    """
    but = one.target if one.rule.what == "paquets" else ""  # a restored copy is none that counts
    for some in batched(_objects(keeping, one), _NOTED, strict=False):
        read: list[tuple[str, str]] = []
        told = (_short_of(keeping, known, one.rule.keep, but, read) for known in some)
        short = next(filter(None, told), "")
        keeping.inventory.mark(read, "vérifiée", keeping.now())
        if short:
            raise _Short(short)


def short_of(keeping: Keeping, known: ArchiveObject, keep: int) -> str:
    """What an object lacks to have copies on `keep` targets, read back just now; empty: nothing."""
    read: list[tuple[str, str]] = []
    told = _short_of(keeping, known, keep, "", read)
    keeping.inventory.mark(read, "vérifiée", keeping.now())
    return told


def _short_of(
    keeping: Keeping, known: ArchiveObject, keep: int, but: str, read: list[tuple[str, str]]
) -> str:
    """As `short_of`, on targets other than `but`; `read` takes the copies that gave their bytes back."""
    proved: set[str] = set()
    for copy in keeping.inventory.good_copies(known.id):
        if len(proved) >= keep:
            break
        if copy.target != but and copy.expires_at is None and copy.target in keeping.places:
            if _reads(keeping, copy, known.sha256):
                proved.add(copy.target)
                read.append((copy.target, copy.key))
    if len(proved) >= keep:
        return ""
    names = ", ".join(sorted(proved)) or "aucune"
    return f"{known.name} : il faut {keep} autres copies relues, il y en a {len(proved)} ({names})"


def _reads(keeping: Keeping, copy: Copy, sha256: str) -> bool:
    try:
        return digest_of(keeping.places[copy.target].target.chunks(copy.key)) == sha256
    except PcrsError:
        return False


def _remove(keeping: Keeping, one: Going) -> None:
    inventory, target = keeping.inventory, keeping.place(one.target).target
    if one.rule.what == "restitutions":
        target.delete(one.name)
        inventory.forget([(one.target, one.name)])
        return
    tags = json.loads(inventory.bags.tags_on(one.name, one.target) or "{}")
    target.delete(f"{one.name}/{bagit.DECLARATION}")
    keys = [f"{one.name}/{bagit.payload_path(known.name)}" for known in inventory.bags.objects_of(one.name)]
    for some in batched(keys, _NOTED, strict=False):
        for key in some:
            target.delete(key)
        inventory.forget((one.target, key) for key in some)
    for tag in tags:
        target.delete(f"{one.name}/{tag}")
    inventory.bags.close_on(one.name, one.target, keeping.now(), _LET_GO)


_LET_GO = "{}"
"""In place of the tag files of a bag that was let go: it is not to be put there again."""
