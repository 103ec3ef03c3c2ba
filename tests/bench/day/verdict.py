"""What must hold of an hour: no error, the rate held, p99 and memory at its end as at its beginning.

Times are compared as they would be at one speed of the machine: of a shared one, half comes and goes.
"""

import itertools
import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median

import numpy as np

from tests.bench.day.clients import Part, joined

SIXTHS = 6
SLOWER = 1.2
LARGER, SPARE = 1.05, 5 * 2**20
"""Memory at the end may be a twentieth and 5 MiB more than at the beginning."""
LATE = 0.01
SHARE, ASKED = 0.8, 0.75
"""Of the capacity: what is asked, and the least that it must be of what was found before and after."""
LOST = 0.2
_FEW = 3
_KIND_AT_LEAST = 100


@dataclass(frozen=True, slots=True)
class Look:
    """One of the parts of the time, and what the machine was like at its end."""

    part: Part
    memory: dict[str, int]
    """Bytes by server: pcrs, nginx, PostgreSQL."""
    speed: float = 1.0
    """Of the machine meanwhile, beside when the capacity was found."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that must hold."""

    what: str
    held: bool
    seen: str


def sixths(looks: Sequence[Look]) -> list[list[Look]]:
    """The looks in six parts, each of as many (what is over is in the last ones)."""
    bounds = [round(number * len(looks) / SIXTHS) for number in range(SIXTHS + 1)]
    return [list(looks[a:b]) for a, b in itertools.pairwise(bounds)]


def judge(looks: Sequence[Look], planned: int, capacity: Sequence[float], stopped: str = "") -> list[Finding]:
    """What held of the looks that were taken, of so many that were planned.

    `capacity`: requests a second at one speed of the machine, each time that it was found.
    """
    whole = joined(look.part for look in looks)
    errors = ", ".join(f"{count} {what}" for what, count in whole.errors.most_common(5))
    found = [
        Finding(
            "the whole time was measured", len(looks) == planned, stopped or f"{len(looks)} of {planned}"
        ),
        Finding("no error", not whole.errors, errors or f"none of {whole.count}"),
    ]
    late = whole.late / max(whole.count, 1)
    found.append(Finding(f"the rate was held: late at most {LATE:.0%}", late <= LATE, f"{late:.2%}"))
    found += _capacity(capacity)
    groups = sixths(looks)
    if not all(groups):
        return found
    first, last = (joined(map(_at_one_speed, groups[at])) for at in (0, -1))
    found.append(_flat("all", first, last, None))
    found += [_flat(kind, first, last, kind) for kind in sorted(whole.taken)]
    for server in looks[0].memory:
        begin, end = (int(median(look.memory[server] for look in groups[at])) for at in (0, -1))
        seen = f"{begin / 2**20:.0f} → {end / 2**20:.0f} MiB"
        found.append(Finding(f"memory of {server} is flat", 0 < end <= LARGER * begin + SPARE, seen))
    return found


def _capacity(found: Sequence[float]) -> list[Finding]:
    """It was asked enough, and did not fall: as many requests in the end, at one speed of the machine."""
    shares = [SHARE * before / fmean((before, after)) for before, after in itertools.pairwise(found)]
    share = fmean(shares) if shares else math.nan
    begin, end = (fmean(some) if some else math.nan for some in (found[:_FEW], found[-_FEW:]))
    return [
        Finding(f"at least {ASKED:.0%} of the capacity was asked", share >= ASKED, f"{share:.0%}"),
        Finding(
            f"the capacity fell by less than {LOST:.0%}",
            end > (1 - LOST) * begin,
            f"{begin:.0f} → {end:.0f} requests/s",
        ),
    ]


def _at_one_speed(look: Look) -> Part:
    """What the part would have seen, had the machine been as fast as when the capacity was found."""
    part = Part(look.part.seconds)
    for kind, times in look.part.taken.items():
        part.taken[kind] = array("f", (np.asarray(times) * look.speed).astype("f").tobytes())
    return part


def _flat(name: str, first: Part, last: Part, kind: str | None) -> Finding:
    before, after = (part.quantile_ms(0.99, kind) for part in (first, last))
    ratio = after / before if before else math.nan
    few = min(len(part.taken[kind]) if kind else part.count for part in (first, last)) < _KIND_AT_LEAST
    seen = f"{before:.1f} → {after:.1f} ms, × {ratio:.2f}" + (" (too few to judge)" if few else "")
    return Finding(f"p99 of {name}: last ≤ {SLOWER} × first sixth", few or ratio <= SLOWER, seen)
