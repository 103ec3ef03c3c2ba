"""The map of a control report: the dalles there are, what they are worth, what is missing, what is double."""

from collections.abc import Iterator

import shapely
from markupsafe import Markup, escape

from pcrs.publish.control.figures import drawing, short
from pcrs.publish.control.frame import Frame, axes
from pcrs.publish.control.pictures import embedded, mosaic
from pcrs.publish.control.result import ControlResult, SeamRow
from pcrs.standard.crs import BBox

_MOST_NAMES = 150
_CLASSES = {"conforme": "good", "à examiner": "look", "non conforme": "bad"}
_SIGNS = {"à examiner": "?", "non conforme": "✕"}


def coverage_map(result: ControlResult) -> Markup | None:
    """The map; None when no dalle has a place."""
    boxes = [card.box for card in result.dalles if card.box] + [c.bbox for c in result.completeness.missing]
    if result.completeness.extent is not None and boxes:
        boxes.append(BBox(*result.completeness.extent.bounds))
    if not boxes:
        return None
    whole = boxes[0]
    for box in boxes[1:]:
        whole = whole.union(box)
    frame = Frame(whole)
    body = [
        _HATCH,
        _backdrop(result, frame),
        *_squares(result, frame),
        *_area(result, frame),
        *_seams(result, frame),
        *_signs(result, frame),
        *axes(frame),
    ]
    return drawing(body, *frame.size, "map", "carte de couverture")


_HATCH = (
    '<defs><pattern id="hatch" width="9" height="9" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><path d="M0 0V9" class="hatch"/></pattern>'
    '<pattern id="double" width="7" height="7" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(-45)"><path d="M0 0V7" class="double"/></pattern></defs>'
)


def _backdrop(result: ControlResult, frame: Frame) -> str:
    box = frame.box
    return (
        f'<image x="{short(frame.x(box.xmin))}" y="{short(frame.y(box.ymax))}" '
        f'width="{short(box.width * frame.scale)}" height="{short(box.height * frame.scale)}" '
        f'preserveAspectRatio="none" href="{embedded(mosaic(result.dalles, box))}"/>'
    )


def _squares(result: ControlResult, frame: Frame) -> Iterator[str]:
    """One path for each verdict: a département has a hundred thousand dalles."""
    for verdict, kind in _CLASSES.items():
        paths = [frame.square(card.box) for card in result.dalles if card.box and card.verdict == verdict]
        if paths:
            yield f'<path class="dalle {kind}" d="{"".join(paths)}"/>'
    missing = [frame.square(cell.bbox) for cell in result.completeness.missing]
    if missing:
        yield f'<path class="missing" d="{"".join(missing)}"/>'


def _area(result: ControlResult, frame: Frame) -> Iterator[str]:
    """Ground that is covered twice, and the outline of what should be covered."""
    boxes = {card.name: card.box for card in result.dalles}
    for first, second, _ in result.completeness.overlaps:
        one, other = boxes[first], boxes[second]
        if one and other:
            low = max(one.xmin, other.xmin), max(one.ymin, other.ymin)
            common = BBox(*low, min(one.xmax, other.xmax), min(one.ymax, other.ymax))
            yield f'<path class="twice" d="{frame.square(common)}"/>'
    if result.completeness.extent is not None:
        simple = shapely.simplify(result.completeness.extent, 0.5 / frame.scale)
        rings = (ring for part in shapely.get_parts(simple) for ring in shapely.get_rings(part))
        lines = (
            "M"
            + "L".join(f"{short(frame.x(x))} {short(frame.y(y))}" for x, y in shapely.get_coordinates(ring))
            for ring in rings
        )
        yield f'<path class="extent" d="{"".join(lines)}"/>'


def _seams(result: ControlResult, frame: Frame) -> Iterator[str]:
    boxes = {card.name: card.box for card in result.dalles}
    for row in result.seams:
        one, other = boxes[row.first], boxes[row.second]
        if (row.findings or row.explained_by) and one and other:
            kind = "open" if row.findings else "explained"
            yield f'<path class="seam {kind}" d="{_edge(row, one, other, frame)}"/>'


def _edge(row: SeamRow, one: BBox, other: BBox, frame: Frame) -> str:
    if row.side == "east":
        top, bottom = min(one.ymax, other.ymax), max(one.ymin, other.ymin)
        return f"M{short(frame.x(one.xmax))} {short(frame.y(top))}V{short(frame.y(bottom))}"
    left, right = max(one.xmin, other.xmin), min(one.xmax, other.xmax)
    return f"M{short(frame.x(left))} {short(frame.y(one.ymin))}H{short(frame.x(right))}"


def _signs(result: ControlResult, frame: Frame) -> Iterator[str]:
    """A sign on each dalle that is not conforming, its name as a tip; names on all where they have room."""
    few = len(result.dalles) <= _MOST_NAMES
    for card in result.dalles:
        if card.box is None:
            continue
        side = card.box.width * frame.scale
        x, y = frame.x(card.box.xmin) + side / 2, frame.y(card.box.ymax) + side / 2
        if card.verdict in _SIGNS and side >= 6:
            size = min(15.0, side / 3)
            yield (
                f'<g class="sign {_CLASSES[card.verdict]}" text-anchor="middle" font-size="{short(size)}">'
                f"<title>{escape(card.name)} : {card.verdict}</title>"
                f'<circle cx="{short(x)}" cy="{short(y)}" r="{short(size)}"/>'
                f'<text x="{short(x)}" y="{short(y + size / 3)}">{_SIGNS[card.verdict]}</text></g>'
            )
        if few and side >= 70:
            yield _name(place(card.name), x, frame.y(card.box.ymin) - 6)
    for cell in result.completeness.missing if few else ():
        x, y = frame.x(cell.x_m + cell.size_m / 2), frame.y(cell.y_m - cell.size_m / 2)
        if cell.size_m * frame.scale >= 50:
            yield f'<text class="lacks" x="{short(x)}" y="{short(y + 4)}" text-anchor="middle">manque</text>'


def _name(text: str, x: float, y: float) -> str:
    return f'<text class="name" x="{short(x)}" y="{short(y)}" text-anchor="middle">{escape(text)}</text>'


def place(name: str) -> str:
    """What tells dalles apart in a delivery: the corner in a standard name, else the whole name."""
    parts = name.split("-")
    return "-".join(parts[-5:-3]) if len(parts) >= 6 else name
