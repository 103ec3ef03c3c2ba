"""Figures of a control report, as SVG: histograms of dalles, gaps of check points."""

import math
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from markupsafe import Markup, escape

from pcrs.publish.control.result import CheckPoint, Planimetry
from pcrs.standard.crs import BBox
from pcrs.standard.french import centimetres, number
from pcrs.standard.precision import GapTest

_BINS = 64
_COLOURS = ("#c0392b", "#2e8b57", "#2c5fa8")
_MAGNIFIED = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000)


def short(value: float) -> str:
    """A coordinate of a drawing, to a tenth."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def drawing(body: Iterable[str], width: float, height: float, kind: str, label: str) -> Markup:
    """An SVG of that size in its own units."""
    size = f"0 0 {short(width)} {short(height)}"
    inner = "".join(body)
    return Markup(  # noqa: S704  built from numbers and escaped text below
        f'<svg class="{kind}" viewBox="{size}" role="img" aria-label="{escape(label)}">{inner}</svg>'
    )


def histogram(counts: np.ndarray) -> Markup:
    """Red, green and blue values of a dalle, 0 to 255; (3, 256) in.

    The tallest bins are cut at the height that all but the ends of the scale keep within: saturated pixels
    must not flatten the rest.
    """
    bins = counts.reshape(3, _BINS, -1).sum(axis=2)
    top = max(1, int(bins[:, 1:-1].max()))
    heights = 56 * np.minimum(bins / top, 1.08)
    paths = [_hills(line, colour) for line, colour in zip(heights, _COLOURS, strict=True)]
    axis = '<path d="M0 64H256" class="axis"/>'
    ticks = "".join(
        f'<text x="{at}" y="75" text-anchor="{anchor}">{at - (at == 256)}</text>'
        for at, anchor in ((0, "start"), (128, "middle"), (256, "end"))
    )
    return drawing([*paths, axis, ticks], 256, 78, "histogram", "histogramme rouge, vert, bleu")


def _hills(heights: np.ndarray, colour: str) -> str:
    step = 256 / _BINS
    line = "".join(f"L{short((at + 0.5) * step)} {short(64 - height)}" for at, height in enumerate(heights))
    return f'<path d="M0 64{line}L256 64Z" fill="{colour}" fill-opacity=".22" stroke="{colour}"/>'


def target(planimetry: Planimetry) -> Markup | None:
    """The gaps around where they should be: a dot for each, the bounds as circles, the mean as a cross."""
    test = planimetry.test
    if test is None:
        return None
    reach = 1.12 * max(test.max_bound_m, test.max_m)
    scale = 150 / reach
    rings = (
        (test.mean_bound_m, "mean", "moyenne"),
        (test.threshold_m, "first", "T"),
        (test.max_bound_m, "second", "1,5 T"),
    )
    body = [
        f'<circle cx="160" cy="160" r="{short(radius * scale)}" class="ring {kind}"/>'
        f'<text x="160" y="{short(157 - radius * scale)}" text-anchor="middle">'
        f"{name} {centimetres(radius)}</text>"
        for radius, kind, name in rings
    ]
    body.append('<path d="M6 160H314M160 6V314" class="axis"/>')
    body += [
        f'<circle cx="{short(160 + p.dx * scale)}" cy="{short(160 - p.dy * scale)}" r="3" '
        f'class="dot {_class(p, test)}"><title>{escape(p.id)}</title></circle>'
        for p in planimetry.points
    ]
    east, north = planimetry.bias_m
    x, y = 160 + east * scale, 160 - north * scale
    body.append(f'<path d="M{short(x - 6)} {short(y)}h12M{short(x)} {short(y - 6)}v12" class="bias"/>')
    return drawing(body, 320, 320, "target", "écarts autour de leur place")


def vectors(planimetry: Planimetry, dalles: Sequence[BBox]) -> tuple[Markup, int] | None:
    """The gaps where they are, magnified; how many times."""
    test, points = planimetry.test, planimetry.points
    if test is None or not dalles:
        return None
    whole = dalles[0]
    for box in dalles[1:]:
        whole = whole.union(box)
    side = max(whole.width, whole.height)
    scale, magnified = 560 / side, _magnification(side, test.threshold_m)
    width, height = whole.width * scale, whole.height * scale

    def place(x: float, y: float) -> tuple[float, float]:
        return 40 + (x - whole.xmin) * scale, 40 + (whole.ymax - y) * scale

    body = [_outline(dalles, place)]
    for point in points:
        x, y = place(point.x, point.y)
        dx, dy = point.dx * magnified * scale, -point.dy * magnified * scale
        body.append(
            f'<g class="gap {_class(point, test)}">'
            f"<title>{escape(point.id)} : {centimetres(point.gap)}</title>"
            f'<path d="M{short(x)} {short(y)}l{short(dx)} {short(dy)}{_head(dx, dy)}"/>'
            f'<circle cx="{short(x)}" cy="{short(y)}" r="2.6"/>{_label(point, x, y, len(points))}</g>'
        )
    length = 0.1 * magnified * scale
    said = f"10 cm d’écart (× {number(magnified)})"
    body.append(
        f'<g class="scale"><path d="M40 {short(height + 62)}h{short(length)}"/>'
        f'<text x="{short(48 + length)}" y="{short(height + 66)}">{said}</text></g>'
    )
    return drawing(body, width + 80, height + 76, "vectors", "vecteurs des écarts"), magnified


def _magnification(side_m: float, threshold_m: float) -> int:
    """The round factor with which a gap of T is about a tenth of the figure."""
    wanted = side_m / 10 / threshold_m
    return next((factor for factor in reversed(_MAGNIFIED) if factor <= wanted), _MAGNIFIED[0])


def _outline(dalles: Sequence[BBox], place: Callable[[float, float], tuple[float, float]]) -> str:
    """The dalles, as thin squares."""
    parts = []
    for box in dalles:
        (left, top), (right, bottom) = place(box.xmin, box.ymax), place(box.xmax, box.ymin)
        parts.append(f"M{short(left)} {short(top)}H{short(right)}V{short(bottom)}H{short(left)}Z")
    return f'<path class="dalles" d="{"".join(parts)}"/>'


def _head(dx: float, dy: float) -> str:
    """The head of an arrow that ends where the pen is."""
    length = math.hypot(dx, dy)
    if length < 1:
        return ""
    back = [(-dx * cos - dy * sin, dx * sin - dy * cos) for cos, sin in ((0.9, 0.4), (0.9, -0.4))]
    size = min(8.0, length / 2) / length
    (ax, ay), (bx, by) = ((x * size, y * size) for x, y in back)
    return f"l{short(ax)} {short(ay)}m{short(-ax)} {short(-ay)}l{short(bx)} {short(by)}"


def _label(point: CheckPoint, x: float, y: float, count: int) -> str:
    """The name beside a point, on the side where its arrow is not."""
    if count > 60:
        return ""
    shift, anchor = (-5, "end") if point.dx > 0 else (5, "start")
    lower = 10 if point.dy > 0 else -4
    at = f'x="{short(x + shift)}" y="{short(y + lower)}"'
    return f'<text {at} text-anchor="{anchor}">{escape(point.id)}</text>'


def _class(point: CheckPoint, test: GapTest) -> str:
    if point.gap > test.max_bound_m:
        return "bad"
    return "far" if point.gap > test.threshold_m else "good"
