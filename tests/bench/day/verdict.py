"""What must hold of an hour: no error, the rate held, p99 and memory at its end as at its beginning.

At the end p99 is compared with that of a service which has just begun, asked in turns with the first: on a
shared machine the first ten minutes tell more of the neighbours then than of what an hour did to the service.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median

from tests.bench.day.clients import Part, joined

SIXTHS = 6
SLOWER = 1.2
LARGER, SPARE = 1.05, 5 * 2**20
"""Memory at the end may be a twentieth and 5 MiB more than at the beginning."""
LATE = 0.01
SHARE, ASKED = 0.8, 0.75
"""Of the capacity: what is asked of that found first, and the least that it must be of those found later."""
LOST = 0.2
_FEW = 2
_KIND_AT_LEAST = 100


@dataclass(frozen=True, slots=True)
class Look:
    """One of the parts of the time, and what the machine was like at its end."""

    part: Part
    memory: dict[str, int]
    """Bytes by server: pcrs, nginx, PostgreSQL."""
    speed: float = 1.0
    """Of the machine meanwhile, beside when the capacity was found."""
    fresh: Part | None = None
    """What was seen of a service that had just begun, in turns with this one."""


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
    whole, fresh = joined(look.part for look in looks), joined(look.fresh for look in looks if look.fresh)
    wrong = whole.errors + fresh.errors
    errors = ", ".join(f"{count} {what}" for what, count in wrong.most_common(5))
    found = [
        Finding(
            "the whole time was measured", len(looks) == planned, stopped or f"{len(looks)} of {planned}"
        ),
        Finding("no error", not wrong, errors or f"none of {whole.count + fresh.count}"),
    ]
    late = whole.late / max(whole.count, 1)
    found.append(Finding(f"the rate was held: late at most {LATE:.0%}", late <= LATE, f"{late:.2%}"))
    found += _capacity(capacity)
    groups = sixths(looks)
    if not all(groups):
        return found
    last = joined(look.part for look in looks if look.fresh)
    found.append(_flat("all", fresh, last, None))
    found += [_flat(kind, fresh, last, kind) for kind in sorted(last.taken)]
    for server in looks[0].memory:
        begin, end = (int(median(look.memory[server] for look in groups[at])) for at in (0, -1))
        seen = f"{begin / 2**20:.0f} → {end / 2**20:.0f} MiB"
        found.append(Finding(f"memory of {server} is flat", 0 < end <= LARGER * begin + SPARE, seen))
    return found


def _capacity(found: Sequence[float]) -> list[Finding]:
    """It was asked enough, and did not fall: as many requests in the end, at one speed of the machine."""
    begin, end = (fmean(some) if some else math.nan for some in (found[:1], found[1:][-_FEW:]))
    share = SHARE * begin / fmean(found[1:]) if found[1:] else math.nan
    return [
        Finding(f"at least {ASKED:.0%} of the capacity was asked", share >= ASKED, f"{share:.0%}"),
        Finding(
            f"the capacity fell by less than {LOST:.0%}",
            end > (1 - LOST) * begin,
            f"{begin:.0f} → {end:.0f} requests/s",
        ),
    ]


def _flat(name: str, fresh: Part, last: Part, kind: str | None) -> Finding:
    before, after = (part.quantile_ms(0.99, kind) for part in (fresh, last))
    ratio = after / before if before else math.nan
    few = min(len(part.taken[kind]) if kind else part.count for part in (fresh, last)) < _KIND_AT_LEAST
    seen = f"{before:.1f}, {after:.1f} ms, × {ratio:.2f}" + (" (too few to judge)" if few else "")
    what = f"p99 of {name}: last sixth ≤ {SLOWER} × a service just begun, in turns"
    return Finding(what, few or ratio <= SLOWER, seen)
