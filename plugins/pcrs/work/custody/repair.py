"""Faulty copies made again from good ones; what may be the last file with its bytes is not written over."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from pcrs.errors import PcrsError
from pcrs.store.inventory_schema import Held
from pcrs.work.custody import faults as f
from pcrs.work.custody.carry import Load, carry, source_of
from pcrs.work.custody.closing import TagFiles, seal_tags
from pcrs.work.custody.keeping import Keeping
from pcrs.work.custody.verify import Verified

Source = tuple[str, str]
"""Target and key of bytes to copy from."""


@dataclass(slots=True)
class Repaired:
    """What a repair came to: (target, key) and, of what stays, why."""

    done: list[Source] = field(default_factory=list)
    left: dict[Source, str] = field(default_factory=dict)


def repair(keeping: Keeping, found: Verified) -> Repaired:
    """Every faulty copy on a target that can be reached is made again, read back, if its bytes are anywhere.

    `found` tells where bytes lie that belong elsewhere; such a file is taken away only when its bytes were
    proved in their own place. Unexpected files stay as they are.
    """
    told = Repaired()
    left = [held for held in keeping.inventory.faulty() if held.copy.target in keeping.places]
    left = [held for held in left if held.copy.target not in found.failed]
    again = True
    while left and again:
        again = False
        for held in list(left):
            source = _remake(keeping, found, held, told)
            if source is not None:
                left.remove(held)
                again = True
    for held in left:
        told.left.setdefault((held.copy.target, held.copy.key), "aucune copie saine n'est joignable")
    _take_away(keeping, found, told)
    _tags(keeping, found, told)
    return told


def _remake(keeping: Keeping, found: Verified, held: Held, told: Repaired) -> Source | None:
    """From where the copy was made again; None: from nowhere yet."""
    here = (held.copy.target, held.copy.key)
    if _depended_on(keeping, found, here):
        told.left[here] = "porte les seuls octets connus d'un autre objet : remettre celui-ci d'abord"
        return None
    for target, key in _sources(keeping, found, held):
        chunks = source_of(keeping.places[target].target, key)
        place = keeping.places[held.copy.target].target
        for carried in carry([Load(held.copy.key, chunks, {held.copy.target: place}, held.sha256)]):
            if held.copy.target in carried.proved:
                _good(keeping, found, held, (target, key))
                told.done.append(here)
                told.left.pop(here, None)
                return target, key
            fault = carried.error or carried.failed[held.copy.target]
            told.left[here] = str(fault)
            if held.copy.target in carried.failed:
                return None
    return None


def _sources(keeping: Keeping, found: Verified, held: Held) -> Iterator[Source]:
    """Where the bytes of a copy may be read: good copies, then files that lie in a wrong place."""
    for copy in keeping.inventory.good_copies(held.copy.object):
        if copy.target in keeping.places and copy.target not in found.failed:
            yield copy.target, copy.key
    yield from found.strays.get(held.sha256, ())


def _depended_on(keeping: Keeping, found: Verified, here: Source) -> bool:
    """True when the file there has the bytes of another object that has no good copy anywhere."""
    for sha256, places in found.strays.items():
        if here in places:
            other = keeping.inventory.by_sha256(sha256)
            alone = len([place for place in places if place != here]) == 0
            return other is not None and alone and not keeping.inventory.good_copies(other.id)
    return False


def _good(keeping: Keeping, found: Verified, held: Held, source: Source) -> None:
    here = (held.copy.target, held.copy.key)
    with keeping.inventory.transaction():
        keeping.inventory.mark([here], "vérifiée", keeping.now())
        keeping.log("réparée", *here, held.copy.object, f"depuis {source[0]}:{source[1]}")
    keeping.places[held.copy.target].target.seal(held.copy.key)
    for places in found.strays.values():
        if here in places:
            places.remove(here)


def _take_away(keeping: Keeping, found: Verified, told: Repaired) -> None:
    """Files under wrong names go, whose bytes were proved under the right ones."""
    for fault in found.faults:
        if fault.kind is not f.RENAMED or (fault.target, fault.key) not in told.done:
            continue
        try:
            keeping.places[fault.target].target.delete(fault.more)
        except PcrsError as error:
            told.left[(fault.target, fault.more)] = str(error)
            continue
        keeping.log("retirée", fault.target, fault.more, detail=f"remise sous {fault.key}")


def _tags(keeping: Keeping, found: Verified, told: Repaired) -> None:
    """The tag files that bags lost are written again, from the inventory."""
    broken = {(x.target, x.more) for x in found.faults if x.kind in (f.TAG, f.MANIFEST)}
    for target, name in sorted(broken):
        bag = keeping.inventory.bags.get(name)
        if bag is None:
            continue
        place = keeping.places[target]
        keys = [x.key for x in found.faults if (x.target, x.more) == (target, name)]
        with TagFiles(keeping, bag) as tags:
            names = tags.differing(place, [key.removeprefix(f"{name}/") for key in keys])
            failed = tags.write({target: place}, names)
            if not failed:
                seal_tags(keeping, bag, place, tags, names)
        for key in keys:
            if failed:
                told.left[(target, key)] = str(failed[target])
            elif (target, key) not in told.done:
                told.done.append((target, key))
                keeping.log("réparée", target, key, detail="depuis l'inventaire")
