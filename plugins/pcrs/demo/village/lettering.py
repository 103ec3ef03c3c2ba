"""Letters for road paint: single strokes on a grid 4 wide and 6 high, as polygons on the ground.

No font is needed, and letters are the same on every machine.
"""

import shapely
from shapely.geometry import MultiPolygon

from pcrs.demo.village.curves import Frame, Point, polygons_of

_O = ((1, 0), (3, 0), (4, 1), (4, 5), (3, 6), (1, 6), (0, 5), (0, 1), (1, 0))
_E = (((4, 0), (0, 0), (0, 6), (4, 6)), ((0, 3), (3, 3)))
_P = ((0, 0), (0, 6), (3, 6), (4, 5), (4, 4), (3, 3), (0, 3))
GLYPHS: dict[str, tuple[tuple[tuple[float, float], ...], ...]] = {
    " ": (),
    "–": (((0.3, 3), (3.7, 3)),),
    "-": (((0.8, 3), (3.2, 3)),),
    "A": (((0, 0), (2, 6), (4, 0)), ((0.8, 2), (3.2, 2))),
    "B": (
        ((0, 0), (0, 6), (3, 6), (3.7, 5.3), (3.7, 3.8), (3, 3), (0, 3)),
        ((3, 3), (4, 2.2), (4, 0.8), (3, 0), (0, 0)),
    ),
    "C": (((4, 1), (3, 0), (1, 0), (0, 1), (0, 5), (1, 6), (3, 6), (4, 5)),),
    "D": (((0, 0), (0, 6), (2.6, 6), (4, 4.6), (4, 1.4), (2.6, 0), (0, 0)),),
    "E": _E,
    "É": (*_E, ((1.4, 7), (2.8, 8.1))),
    "F": (((0, 0), (0, 6), (4, 6)), ((0, 3), (3, 3))),
    "I": (((2, 0), (2, 6)),),
    "M": (((0, 0), (0, 6), (2, 2.5), (4, 6), (4, 0)),),
    "N": (((0, 0), (0, 6), (4, 0), (4, 6)),),
    "O": (_O,),
    "P": (_P,),
    "R": (_P, ((2, 3), (4, 0))),
    "S": (
        ((0, 1), (1, 0), (3, 0), (4, 1), (4, 2.2), (3, 3), (1, 3), (0, 3.8), (0, 5), (1, 6), (3, 6), (4, 5)),
    ),
    "T": (((0, 6), (4, 6)), ((2, 6), (2, 0))),
    "U": (((0, 6), (0, 1), (1, 0), (3, 0), (4, 1), (4, 6)),),
    "V": (((0, 6), (2, 0), (4, 6)),),
    "0": (_O,),
    "3": (
        ((0, 5), (1, 6), (3, 6), (4, 5), (4, 4), (3, 3), (1.5, 3)),
        ((3, 3), (4, 2), (4, 1), (3, 0), (1, 0), (0, 1)),
    ),
}
_NARROW = {"I": 1.2, " ": 2.4}


def text_width(text: str, size: float) -> float:
    """Metres from the first to the last stroke of `text` in letters `size` metres high."""
    return (sum(_NARROW.get(letter, 4.0) + 1.6 for letter in text) - 1.6) * size / 6.0


def write_on_ground(text: str, frame: Frame, size: float, stroke: float) -> MultiPolygon:
    """`text` from the frame's origin along u, letters `size` metres high, strokes `stroke` metres wide."""
    unit, u, lines = size / 6.0, 0.0, []
    for letter in text:
        width = _NARROW.get(letter, 4.0)
        shift = u - (4.0 - width) / 2 if letter == "I" else u
        for part in GLYPHS[letter]:
            points: list[Point] = [frame.at((shift + a) * unit, b * unit) for a, b in part]
            lines.append(shapely.linestrings(points))
        u += width + 1.6
    letters = shapely.union_all(shapely.buffer(lines, stroke / 2, cap_style="square", join_style="mitre"))
    return MultiPolygon(polygons_of(letters))
