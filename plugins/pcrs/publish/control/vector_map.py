"""The map of a report on GML: the objects as thin lines, and where findings are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from markupsafe import Markup, escape
from numpy.typing import NDArray

from pcrs.findings import Finding, Level
from pcrs.publish.control.figures import drawing, short
from pcrs.publish.control.frame import Frame, axes
from pcrs.publish.control.result import ControlResult
from pcrs.standard.crs import BBox
from pcrs.standard.french import count
from pcrs.vector.batch import Floats
from pcrs.vector.sketch import CELL_M, Sketch

_COLOURS = {
    "Voirie": "#4d4d4d",
    "Voirie ou Bâti": "#4d4d4d",
    "Bâti": "#8c5a2b",
    "Clôtures": "#b8863b",
    "Végétal": "#3c8d40",
    "Affleurant": "#2c5fa8",
    "Ouvrages d'Art": "#6b4c9a",
    "Ferroviaire": "#333333",
    "Habillage": "#a9b3b0",
}
_OTHER = "#7d8a87"
_TOGETHER_PX = 18.0
_MARGIN_SHARE = 0.03
_LEAST_M = 2.0
_KINDS: dict[Level, str] = {"error": "bad", "warning": "look", "info": "note"}


@dataclass(slots=True)
class Spot:
    """Findings so near to each other that the map shows them as one, by its number."""

    number: int
    x: float
    y: float
    findings: list[Finding] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """The gravest of them."""
        levels = [each.level for each in self.findings]
        return next(kind for level, kind in _KINDS.items() if level in levels)


@dataclass(frozen=True, slots=True)
class VectorMap:
    """The drawing, and the number on it of each finding that has a place."""

    drawing: Markup
    numbers: dict[int, int]
    """By the identity of the finding."""
    themes: Sequence[tuple[str, str]]
    """Themes that are drawn, with their colours."""
    whole: bool
    """False: there are too many objects, squares are drawn where some are."""
    elsewhere: int
    """Findings whose place is far from the objects: they would make the map too small."""


def vector_map(result: ControlResult, findings: Sequence[Finding]) -> VectorMap | None:
    """The map; None when no document has an object with a place."""
    sketches = [card.document.sketch for card in result.documents if card.document and card.document.sketch]
    box = _box(result, sketches)
    if box is None:
        return None
    frame = Frame(box)
    near = [each for each in findings if each.position and _within(box, each.position)]
    spots = _spots(frame, near)
    body = [*_ground(frame, sketches), *map(_dot, spots), *axes(frame)]
    themes = sorted({theme for sketch in sketches for theme in sketch.strokes})
    placed = sum(each.position is not None for each in findings)
    return VectorMap(
        drawing(body, *frame.size, "map vector", "carte des constats"),
        {id(finding): spot.number for spot in spots for finding in spot.findings},
        [(theme, _COLOURS.get(theme, _OTHER)) for theme in themes],
        all(sketch.whole for sketch in sketches),
        placed - len(near),
    )


def _box(result: ControlResult, sketches: Sequence[Sketch]) -> BBox | None:
    """Where the objects are, with a margin; the few that lie far from all others are left out."""
    held = [pair for sketch in sketches for pair in sketch.cells.items()]
    boxes = [card.document.bbox for card in result.documents if card.document and card.document.bbox]
    if not held or not boxes:
        return None
    cells, amounts = np.array([cell for cell, _ in held]), np.array([amount for _, amount in held])
    low, high = (
        np.array([_share(cells[:, axis], amounts, share) for axis in (0, 1)]) for share in (0.02, 0.98)
    )
    reach = np.maximum(high - low, 1)
    kept = cells[((cells >= low - reach) & (cells <= high + reach)).all(axis=1)]
    # A cell has the south-west corners of its objects, which may reach into the next one.
    west, south = (kept.min(axis=0) * CELL_M).tolist()
    east, north = ((kept.max(axis=0) + 2) * CELL_M).tolist()
    whole = BBox(
        max(float(west), min(box.xmin for box in boxes)),
        max(float(south), min(box.ymin for box in boxes)),
        min(float(east), max(box.xmax for box in boxes)),
        min(float(north), max(box.ymax for box in boxes)),
    )
    box = _tight(whole, sketches)
    margin = max(_MARGIN_SHARE * max(box.width, box.height), _LEAST_M)
    return BBox(box.xmin - margin, box.ymin - margin, box.xmax + margin, box.ymax + margin)


def _tight(box: BBox, sketches: Sequence[Sketch]) -> BBox:
    """The box around what is drawn in it, where all is drawn: cells are coarse for a single street."""
    held = [points for sketch in sketches for theme in sketch.strokes.values() for points in theme]
    if not held or not all(sketch.whole for sketch in sketches):
        return box
    points = np.concatenate(held)
    low, high = (box.xmin, box.ymin), (box.xmax, box.ymax)
    inside = points[((points >= low) & (points <= high)).all(axis=1)]
    return BBox(*inside.min(axis=0).tolist(), *inside.max(axis=0).tolist()) if len(inside) else box


def _share(values: NDArray[np.int_], amounts: NDArray[np.int_], share: float) -> int:
    """The value below which this share of the objects lies."""
    order = np.argsort(values)
    sums = np.cumsum(amounts[order])
    return int(values[order][np.searchsorted(sums, share * sums[-1])])


def _within(box: BBox, position: tuple[float, float]) -> bool:
    return box.xmin <= position[0] <= box.xmax and box.ymin <= position[1] <= box.ymax


def _ground(frame: Frame, sketches: Sequence[Sketch]) -> Iterator[str]:
    """Emprises, then objects: one path for each theme; squares where there are too many."""
    outlines = "".join(_path(frame, ring) for sketch in sketches for ring in sketch.areas)
    if outlines:
        yield f'<path class="emprise" d="{outlines}"/>'
    cells = [cell for sketch in sketches if not sketch.whole for cell in sketch.cells]
    squares = [
        frame.square(BBox(x * CELL_M, y * CELL_M, (x + 1) * CELL_M, (y + 1) * CELL_M)) for x, y in cells
    ]
    if squares:
        yield f'<path class="cells" d="{"".join(squares)}"/>'
    for theme in sorted({theme for sketch in sketches for theme in sketch.strokes}):
        held = [points for sketch in sketches for points in sketch.strokes.get(theme, ())]
        colour = _COLOURS.get(theme, _OTHER)
        lines = "".join(_path(frame, points) for points in held if len(points) > 1)
        dots = "".join(
            f"M{short(frame.x(points[0, 0]))} {short(frame.y(points[0, 1]))}h.1"
            for points in held
            if len(points) == 1
        )
        yield f'<path class="objects" stroke="{colour}" d="{lines}"/>'
        yield f'<path class="objects points" stroke="{colour}" d="{dots}"/>'


def _path(frame: Frame, points: Floats) -> str:
    """A line, without the vertices that fall on one spot of the page."""
    placed = [f"{short(frame.x(x))} {short(frame.y(y))}" for x, y in points.tolist()]
    kept = [one for at, one in enumerate(placed) if at == 0 or one != placed[at - 1]]
    return "M" + "L".join(kept) if len(kept) > 1 else ""


def _spots(frame: Frame, findings: Sequence[Finding]) -> list[Spot]:
    """The findings by where they fall on the page, numbered in their order."""
    spots: dict[tuple[int, int], Spot] = {}
    for finding in findings:
        x, y = (frame.x(finding.position[0]), frame.y(finding.position[1])) if finding.position else (0, 0)
        cell = int(x // _TOGETHER_PX), int(y // _TOGETHER_PX)
        spot = spots.setdefault(cell, Spot(len(spots) + 1, x, y))
        spot.findings.append(finding)
    return list(spots.values())


def _dot(spot: Spot) -> str:
    lines = sorted({each.line for each in spot.findings if each.line})
    said = f"{count(len(spot.findings), 'constat')}, ligne {', '.join(map(str, lines[:8]))}"
    label = str(spot.number)
    radius = 6.5 + 1.5 * len(label)
    return (
        f'<g class="sign {spot.kind}" text-anchor="middle" font-size="10"><title>{escape(said)}</title>'
        f'<circle cx="{short(spot.x)}" cy="{short(spot.y)}" r="{short(radius)}"/>'
        f'<text x="{short(spot.x)}" y="{short(spot.y + 3.5)}">{label}</text></g>'
    )
