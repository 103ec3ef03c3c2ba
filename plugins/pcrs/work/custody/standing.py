"""The 3-2-1 rule, object by object: copies proved, on how many media, how many off site."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from pcrs.store.inventory import Rule, Standing
from pcrs.work.custody.keeping import Keeping


@dataclass(slots=True)
class Tally:
    """How the objects of a chantier stand."""

    objects: int = 0
    bytes: int = 0
    red: int = 0
    """Objects that fall short of the rule, or have a faulty copy."""
    faulty: int = 0
    """Objects of which a copy was found faulty."""
    due: int = 0
    """Objects of which a copy waits to be read again."""


@dataclass(slots=True)
class Standings:
    """How all objects stand, by chantier."""

    rule: Rule
    tallies: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))

    @property
    def red(self) -> int:
        """Objects that fall short of the rule, or have a faulty copy."""
        return sum(tally.red for tally in self.tallies.values())


@dataclass(slots=True)
class Stand:
    """How a site stands: every object counted, the first of the red ones told, copies by place."""

    told: Standings
    volumes: Mapping[str, tuple[int, int]]
    """Copies and bytes by place."""
    red: list[dict[str, Any]] = field(default_factory=list)
    """The first of the objects that are red, with what they lack."""

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "rule": self.told.rule._asdict(),
            "red": self.told.red,
            "targets": {name: {"copies": n, "bytes": size} for name, (n, size) in self.volumes.items()},
            "chantiers": {name: asdict(tally) for name, tally in self.told.tallies.items()},
            "objects": self.red,
        }


def stand(keeping: Keeping, rule: Rule, before: str, most: int | None = None) -> Stand:
    """How all stands; `before` as `standings` takes it. `most`: red objects that are told; None: all."""
    found = Stand(Standings(rule), keeping.inventory.volumes())
    for one in standings(keeping, rule, before, found.told):
        if most is None or len(found.red) < most:
            here = one.object
            row = {"object": here.id, "chantier": here.chantier, "name": here.name}
            found.red.append({**row, "lacks": lacks(one, rule)})
    return found


def lacks(standing: Standing, rule: Rule) -> list[str]:
    """What an object lacks to satisfy the rule, in French; nothing when it does."""
    pairs = (
        (standing.copies, rule.copies, "copies"),
        (standing.media, rule.media, "supports"),
        (standing.offsite, rule.offsite, "hors site"),
    )
    told = [f"{have}/{want} {what}" for have, want, what in pairs if have < want]
    return told + ([f"{standing.faulty} défaillantes"] if standing.faulty else [])


def standings(keeping: Keeping, rule: Rule, before: str, told: Standings) -> Iterator[Standing]:
    """Every object that is red or has a faulty copy; `told` counts all.

    Args:
        keeping: the inventory and the places.
        rule: how many copies, media, and copies off site.
        before: ISO 8601, UTC: copies last read before then are due.
        told: takes the counts.
    """
    places = {place.name: (place.medium, place.offsite) for place in keeping.places.values()}
    for one in keeping.inventory.standings(places):
        tally = told.tallies[one.object.chantier]
        tally.objects += 1
        tally.bytes += one.object.bytes
        short = lacks(one, rule)
        tally.red += bool(short)
        tally.faulty += one.faulty > 0
        tally.due += one.oldest is None or one.oldest < before
        if short:
            yield one
