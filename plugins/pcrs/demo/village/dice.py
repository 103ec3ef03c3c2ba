"""Chance with a seed: the same throws on every machine."""

from collections.abc import Sequence

import numpy as np


class Dice:
    """Random numbers of the standard library's types, from one seed."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)

    def between(self, low: float, high: float) -> float:
        """Any number from low to high."""
        return float(self._rng.uniform(low, high))

    def around(self, mean: float, spread: float) -> float:
        """A number of the normal law."""
        return float(self._rng.normal(mean, spread))

    def tail(self, shape: float, scale: float) -> float:
        """A positive number of the gamma law: many small ones, few large."""
        return float(self._rng.gamma(shape, scale))

    def count(self, low: int, high: int) -> int:
        """A whole number from low to high, high left out."""
        return int(self._rng.integers(low, high))

    def chance(self, share: float) -> bool:
        """True in this share of throws."""
        return bool(self._rng.random() < share)

    def side(self) -> float:
        """Left or right: 1.0 or -1.0."""
        return 1.0 if self.chance(0.5) else -1.0

    def pick[T](self, choices: Sequence[T]) -> T:
        """One of them, all alike."""
        return choices[self.count(0, len(choices))]

    def shaken(self, count: int, spread: float) -> np.ndarray:
        """`count` small shifts in x and y, (count, 2)."""
        return self._rng.normal(0.0, spread, (count, 2))
