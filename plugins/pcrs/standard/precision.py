"""The classes of precision of the arrêté of 16 September 2003, and its test on a sample of gaps.

A class [xx] is a length in centimetres. A sample of N gaps between control points and the map keeps to it if

1. the mean gap is at most [xx]·(1 + 1/(2C²));
2. at most N' gaps exceed T = k·[xx]·(1 + 1/(2C²));
3. no gap exceeds 1.5 T;

where C ≥ 2 is how many times more precise than the class the control points are, k depends on the number of
coordinates that a gap has, and N' = 0 below five points, ⌊0.01 N + 0.232 √N⌋ + 1 from there.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from pcrs.errors import InputError
from pcrs.standard.codes import CODES

K: Mapping[int, float] = MappingProxyType({1: 3.23, 2: 2.42, 3: 2.11})
"""The factor of the first threshold, by the number of coordinates of a gap."""
LEAST_RATIO = 2.0
"""Control points must be at least this many times more precise than the class."""
UNBOUNDED = "999"
"""The code of what is less precise than any class."""
_SAME_M = 1e-9
"""Lengths nearer than this are equal: the bounds belong to the class, sums of floats do not keep to them."""

Condition = Literal["moyenne", "nombre", "maximum"]


def class_m(category: str) -> float:
    """The class [xx] of a CategoriePrecision code, in metres: 0.10 for "010".

    Raises:
        InputError: no such code, or the one without an upper bound.
    """
    known = CODES["CategoriePrecisionPCRSType"].values
    if category not in known:
        raise InputError(f"classe de précision {category!r} inconnue : {', '.join(known)}")
    if category == UNBOUNDED:
        raise InputError("la classe 999 n'a pas de borne : aucun test ne peut la vérifier")
    return int(category) / 100


def allowed_over(count: int) -> int:
    """N': how many gaps of a sample of `count` may exceed the first threshold."""
    return 0 if count < 5 else math.floor(0.01 * count + 0.232 * math.sqrt(count)) + 1


@dataclass(frozen=True, slots=True)
class GapTest:
    """What the test found. Lengths in metres; bounds belong to the class."""

    category: str
    """CategoriePrecision code."""
    class_m: float
    dimensions: int
    ratio: float
    """C."""
    count: int
    """N."""
    mean_m: float
    mean_bound_m: float
    threshold_m: float
    """T."""
    over: int
    """Gaps greater than T."""
    allowed: int
    """N'."""
    max_m: float
    max_bound_m: float
    """1.5 T."""

    @property
    def failures(self) -> tuple[Condition, ...]:
        """The conditions that do not hold."""
        held: dict[Condition, bool] = {
            "moyenne": self.mean_m <= self.mean_bound_m + _SAME_M,
            "nombre": self.over <= self.allowed,
            "maximum": self.max_m <= self.max_bound_m + _SAME_M,
        }
        return tuple(name for name, holds in held.items() if not holds)

    @property
    def conforming(self) -> bool:
        """True when the sample keeps to the class."""
        return not self.failures


def judge_gaps(gaps_m: Iterable[float], category: str, *, points_m: float, dimensions: int = 2) -> GapTest:
    """The test of a sample of gaps.

    Args:
        gaps_m: the lengths of the gaps, in metres: absolute differences (1D) or distances (2D, 3D).
        category: the class to keep to, as a CategoriePrecision code.
        points_m: the precision of the control points, in metres.
        dimensions: coordinates that a gap has: 1, 2 or 3.

    Raises:
        InputError: no gap, a gap that is no length, no such class, or control points that are not twice as
            precise as the class.
    """
    gaps = [float(gap) for gap in gaps_m]
    if dimensions not in K:
        raise InputError(f"{dimensions} dimensions : le test s'applique à 1, 2 ou 3 coordonnées")
    if not gaps or not all(math.isfinite(gap) and gap >= 0 for gap in gaps):
        raise InputError(f"{len(gaps)} écarts : il en faut au moins un, et tous finis et positifs")
    size = class_m(category)
    if not points_m > 0 or size / points_m < LEAST_RATIO - _SAME_M:
        raise InputError(
            f"points de contrôle précis à {points_m * 100:g} cm : il faut {size * 100 / LEAST_RATIO:g} cm au "
            f"plus pour contrôler la classe de {size * 100:g} cm"
        )
    ratio = size / points_m
    mean_bound = size * (1 + 1 / (2 * ratio**2))
    threshold = K[dimensions] * mean_bound
    return GapTest(
        category=category,
        class_m=size,
        dimensions=dimensions,
        ratio=ratio,
        count=len(gaps),
        mean_m=math.fsum(gaps) / len(gaps),
        mean_bound_m=mean_bound,
        threshold_m=threshold,
        over=sum(gap > threshold + _SAME_M for gap in gaps),
        allowed=allowed_over(len(gaps)),
        max_m=max(gaps),
        max_bound_m=1.5 * threshold,
    )
