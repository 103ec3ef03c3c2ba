"""The four edges of a dalle: what is kept of it to be compared with its neighbours."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

DEPTH_PX = 24
"""How far a strip reaches into the dalle: 1.2 m."""
_RIM_PX = 2
Side = Literal["west", "east", "north", "south"]


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """The pixels along one edge, from the north or from the west; n of them, at most `DEPTH_PX` deep."""

    lum: np.ndarray
    """(n, depth) uint8: luminance; the first column touches the edge."""
    rim: np.ndarray
    """(n, 3) uint8: colour of the two outermost pixels."""
    whole: np.ndarray
    """(n,) bool: no pixel of this row of the strip is no-data."""

    def cut(self, start: int, stop: int) -> "Strip":
        """The part from pixel `start` to before `stop`."""
        return Strip(self.lum[start:stop], self.rim[start:stop], self.whole[start:stop])


def luminance(planes: np.ndarray) -> np.ndarray:
    """(3, …) uint8 red, green, blue to (…) uint8: 0.3 R + 0.59 G + 0.11 B."""
    red, green, blue = (plane.astype(np.uint16) for plane in planes)
    weighted: np.ndarray = (77 * red + 150 * green + 29 * blue) >> 8
    return weighted.astype(np.uint8)


class Edges:
    """Collects the strips of a dalle of (height, width) while it is read in bands of rows."""

    def __init__(self, height: int, width: int) -> None:
        self._height = height
        self._depth = min(DEPTH_PX, height, width)
        self._sides: dict[Side, list[np.ndarray]] = {"west": [], "east": [], "north": [], "south": []}
        """For each side, arrays of (4, n, m) uint8: red, green, blue and validity."""

    def add(self, row: int, planes: np.ndarray, valid: np.ndarray | None) -> None:
        """Takes in a band that begins at `row`: (3, h, w) uint8 and (h, w) bool, None for all valid."""
        depth, rows = self._depth, planes.shape[1]
        mask = np.ones(planes.shape[1:], bool) if valid is None else valid

        def keep(side: Side, part: tuple[slice, slice]) -> None:
            kept = np.concatenate([planes[(slice(None), *part)], mask[part][None].astype(np.uint8)])
            self._sides[side].append(kept)

        keep("west", np.s_[:, :depth])
        keep("east", np.s_[:, -depth:])
        if row < depth:
            keep("north", np.s_[: depth - row, :])
        if row + rows > self._height - depth:
            keep("south", np.s_[max(0, self._height - depth - row) :, :])

    def strips(self) -> Mapping[Side, Strip]:
        """The four strips, once the last band is in."""
        west, east, north, south = (np.concatenate(self._sides[side], axis=1) for side in self._sides)
        return {
            "west": _strip(west),
            "east": _strip(east[:, :, ::-1]),
            "north": _strip(north.transpose(0, 2, 1)),
            "south": _strip(south[:, ::-1].transpose(0, 2, 1)),
        }


def _strip(pixels: np.ndarray) -> Strip:
    """(4, n, depth), the first column at the edge."""
    rim = pixels[:3, :, :_RIM_PX].mean(axis=2, dtype=np.float32)
    return Strip(luminance(pixels[:3]), np.rint(rim).astype(np.uint8).T, pixels[3].all(axis=1))


def save(strips: Mapping[Side, Strip], path: Path) -> None:
    """Writes the strips to one file, for `load`."""
    arrays = {f"{side}_{part}": getattr(strip, part) for side, strip in strips.items() for part in _PARTS}
    with path.open("wb") as file:
        np.savez(file, **arrays)


_PARTS = ("lum", "rim", "whole")


def load(path: Path, side: Side) -> Strip:
    """One strip of a file that `save` wrote."""
    with np.load(path) as arrays:
        return Strip(*(arrays[f"{side}_{part}"] for part in _PARTS))
