"""The backup of the intermediate tier on a NAS: under the same keys, only what is new, nothing removed."""

from collections.abc import Iterator

from pcrs.archive.target import Place
from pcrs.errors import PcrsError
from pcrs.store.inventory_schema import Copy
from pcrs.work.custody.carry import Carried, Load, carry, source_of
from pcrs.work.custody.deposit import Deposited
from pcrs.work.custody.keeping import MB, TIER, Keeping, ready
from pcrs.work.progress import Step

_STAGE = "miroir (Mo)"
_NOTED, _NOTED_BYTES = 64, 32 * MB
"""Files, and bytes, that are noted at once: what a kill may make copy again."""


def mirror(keeping: Keeping, done: Deposited) -> None:
    """Every object of the tier is on every place that mirrors it, proved; `done` is told of it."""
    for place in keeping.places.values():
        if place.takes != "miroir":
            continue
        try:
            ready(keeping, place)
            place.target.sweep()
        except PcrsError as error:
            done.failed[place.name] = str(error)
            continue
        _follow(keeping, place, done)


def _follow(keeping: Keeping, place: Place, done: Deposited) -> None:
    objects: dict[str, str] = {}
    total = keeping.inventory.lacking_bytes(TIER, place.name)
    before = done.bytes
    noted: list[Carried] = []
    keeping.progress(Step(_STAGE, 0, max(1, total // MB)))
    try:
        for carried in carry(_loads(keeping, place, done, objects)):
            noted.append(carried)
            if place.name in carried.failed:
                done.failed.setdefault(place.name, str(carried.failed[place.name]))
            elif carried.error is not None:
                done.faults.append((carried.load.key, str(carried.error)))
            else:
                done.objects += 1
                done.bytes += carried.bytes
                keeping.progress(Step(_STAGE, (done.bytes - before) // MB, max(1, total // MB)))
            if len(noted) >= _NOTED or sum(one.bytes for one in noted) >= _NOTED_BYTES:
                _note(keeping, place, noted, objects)
    finally:
        _note(keeping, place, noted, objects)


def _loads(keeping: Keeping, place: Place, done: Deposited, objects: dict[str, str]) -> Iterator[Load]:
    tier = keeping.place(TIER).target
    for held in keeping.inventory.lacking(TIER, place.name):
        if place.name in done.failed:
            return
        key = held.copy.key
        objects[key] = held.copy.object
        yield Load(key, source_of(tier, key), {place.name: place.target}, held.sha256)


def _note(keeping: Keeping, place: Place, noted: list[Carried], objects: dict[str, str]) -> None:
    now = keeping.now()
    proved = [one.load.key for one in noted if place.name in one.proved]
    noted.clear()
    with keeping.inventory.transaction():
        keeping.inventory.put_copies(
            Copy(place.name, key, objects[key], "", "vérifiée", now, now) for key in proved
        )
        keeping.inventory.mark([(TIER, key) for key in proved], "vérifiée", now)
