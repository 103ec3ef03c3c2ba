"""Where on the ground a file is, told by its first bytes: point clouds, Shapefiles, lists of orientations."""

import re
import struct
from collections.abc import Iterable, Iterator

from pcrs.standard.crs import BBox

_LAS_BOUNDS = 179
_SHP_BOUNDS = 36
_SHP_CODE = b"\0\0\x27\x0a"
FRANCE = BBox(0.0, 6_000_000.0, 1_300_000.0, 7_200_000.0)
"""EPSG:2154, metres: what lies outside is in another CRS, and is not told."""


def footprint_of(head: bytes) -> BBox | None:
    """The box that a LAS, LAZ or SHP header gives, EPSG:2154, metres; None when it gives none in France."""
    if head.startswith(b"LASF") and len(head) >= _LAS_BOUNDS + 32:
        xmax, xmin, ymax, ymin = struct.unpack_from("<4d", head, _LAS_BOUNDS)
        return within(BBox(xmin, ymin, xmax, ymax))
    if head.startswith(_SHP_CODE) and len(head) >= _SHP_BOUNDS + 32:
        return within(BBox(*struct.unpack_from("<4d", head, _SHP_BOUNDS)))
    return None


def within(box: BBox) -> BBox | None:
    """The box, when it can be one in Lambert-93 over France."""
    sane = box.xmin <= box.xmax and box.ymin <= box.ymax
    inside = FRANCE.xmin <= box.xmin and box.xmax <= FRANCE.xmax
    return box if sane and inside and FRANCE.ymin <= box.ymin and box.ymax <= FRANCE.ymax else None


def stations(lines: Iterable[str]) -> Iterator[tuple[str, float, float]]:
    """Name of a cliché, x and y of its station (EPSG:2154, metres), of each line of an XYZOPK list.

    A line is `name x y z omega phi kappa`, separated by spaces, tabs, commas or semicolons; others are
    left out: producers put titles and comments.
    """
    for line in lines:
        words = [word for word in re.split(r"[\s;,]+", line.strip()) if word]
        for at in range(len(words) - 2):
            x, y = _number(words[at + 1]), _number(words[at + 2])
            if x is not None and y is not None and within(BBox(x, y, x, y)):
                yield words[at], x, y
                break


def _number(word: str) -> float | None:
    try:
        return float(word)
    except ValueError:
        return None
