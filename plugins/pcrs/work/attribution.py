"""Which dalles account for what was found between neighbours.

A dalle that is out of place, or darker, shows at each of its edges, and so at an edge of each neighbour,
which is at fault in nothing. Of all explanations the one with the fewest dalles is taken: the dalle whose own
deviation best accounts for its edges first, which are then explained, then the next one. Two dalles that
could each be the one at fault are left alone: the seam between them is told instead.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

_PRIOR = 0.25
"""What speaks for a dalle being right, as one edge that is measured counts 1."""
_TIE = 0.05
"""Explanations whose gains differ by less than this share are equally good."""

Deviation = tuple[float, ...]


class Link(NamedTuple):
    """One edge: by how much the second dalle deviates from the first along one axis, and what that counts."""

    first: str
    second: str
    axis: int
    gap: float
    weight: float = 1.0


class _Move(NamedTuple):
    """The deviation that suits a dalle's edges best, how much better than none, and which edges."""

    deviation: Deviation
    gain: float
    repaired: frozenset[str]


def attribute(links: Iterable[Link], axes: int, least: float) -> Mapping[str, Deviation]:
    """The deviations along all axes of the dalles that have one of at least `least`; the others are right."""
    around: dict[str, list[Link]] = defaultdict(list)
    for link in links:
        around[link.first].append(link)
        around[link.second].append(link)
    found: dict[str, Deviation] = {}
    candidates = {name: _move(name, around[name], axes) for name in around}
    while candidates:
        best = max(candidates, key=lambda name: (candidates[name].gain, name))
        move = candidates.pop(best)
        if move.gain <= 0:
            break
        if max(map(abs, move.deviation)) < least:
            continue
        rivals = move.repaired & candidates.keys()
        equal = [name for name in rivals if candidates[name].gain > move.gain * (1 - _TIE)]
        if equal:
            for name in equal:
                del candidates[name]
            continue
        found[best] = move.deviation
        for name in {end for link in around[best] for end in link[:2]} & candidates.keys():
            around[name] = [link for link in around[name] if best not in link[:2]]
            candidates[name] = _move(name, around[name], axes)
    return found


def _move(name: str, links: Sequence[Link], axes: int) -> _Move:
    deviation, gain, repaired = [], 0.0, set()
    for axis in range(axes):
        votes = [(0.0, _PRIOR, "")]
        for first, second, on, gap, weight in links:
            if on == axis:
                votes.append((gap, weight, first) if name == second else (-gap, weight, second))
        # The weighted median costs least; of several equal ones, the nearest to no deviation.
        value = min((vote for vote, *_ in votes), key=lambda at: (round(_cost(votes, at), 9), abs(at)))
        deviation.append(value)
        gain += _cost(votes, 0.0) - _cost(votes, value)
        repaired |= {other for vote, _, other in votes if abs(vote - value) < abs(vote)}
    return _Move(tuple(deviation), gain, frozenset(repaired))


def _cost(votes: Iterable[tuple[float, float, str]], value: float) -> float:
    return sum(weight * abs(vote - value) for vote, weight, _ in votes)
