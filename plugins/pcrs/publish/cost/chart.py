"""Charts of a cost report: SVG without script, told in a table beside for those who do not see them."""

from collections.abc import Sequence
from decimal import Decimal
from math import ceil, log10

from markupsafe import Markup, escape

from pcrs.publish.cost.result import Year
from pcrs.standard.french import number

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 640, 260, 74, 34, 14
_PARTS = (
    ("storage", "stockage", "#00639c"),
    ("activity", "activité", "#e07a1f"),
    ("acquisition", "acquisition", "#7a8b99"),
)
_LINE = "#1e7a46"


def forecast(years: Sequence[Year]) -> Markup:
    """Columns of what each year costs, by part, and a line of the contributions."""
    top = max([*(year.total for year in years), *(year.contributions for year in years), Decimal(1)])
    step = _step(float(top))
    ceiling = step * ceil(float(top) / step)
    scale = (_HEIGHT - _BOTTOM - _TOP) / ceiling
    slot = (_WIDTH - _LEFT - 10) / len(years)
    base = _HEIGHT - _BOTTOM
    drawn = [_axis(step, ceiling, scale)]
    for place, year in enumerate(years):
        x, y = _LEFT + place * slot + slot * 0.18, float(base)
        for part, label, colour in _PARTS:
            height = float(getattr(year, part)) * scale
            y -= height
            told = f"{year.year}, {label} : {number(float(getattr(year, part)), 0)} €"
            place_ = f'x="{x:.1f}" y="{y:.1f}" width="{slot * 0.64:.1f}" height="{height:.1f}"'
            drawn.append(f'<rect {place_} fill="{colour}"><title>{escape(told)}</title></rect>')
        middle = _LEFT + (place + 0.5) * slot
        drawn.append(f'<text x="{middle:.1f}" y="{base + 18}" text-anchor="middle">{year.year}</text>')
    if any(year.contributions for year in years):
        points = " ".join(
            f"{_LEFT + (place + 0.5) * slot:.1f},{base - float(year.contributions) * scale:.1f}"
            for place, year in enumerate(years)
        )
        drawn.append(f'<polyline points="{points}" fill="none" stroke="{_LINE}" stroke-width="2.5"/>')
    title = f"Coût par année, de {years[0].year} à {years[-1].year}"
    return Markup(  # noqa: S704  numbers, constants and escaped text
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{title}" class="chart">'
        + "".join(drawn)
        + "</svg>"
    )


def legend() -> Markup:
    """What the colours mean."""
    parts = [*((label, colour) for _, label, colour in _PARTS), ("participations", _LINE)]
    return Markup(  # noqa: S704  numbers, constants and escaped text
        "".join(
            f'<span class="key"><i style="background:{colour}"></i>{label}</span>' for label, colour in parts
        )
    )


def _axis(step: float, ceiling: float, scale: float) -> str:
    base = _HEIGHT - _BOTTOM
    lines = []
    for count in range(round(ceiling / step) + 1):
        y = base - count * step * scale
        lines.append(
            f'<line x1="{_LEFT}" x2="{_WIDTH - 10}" y1="{y:.1f}" y2="{y:.1f}" class="grid"/>'
            f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{number(count * step, 0)} €</text>'
        )
    return "".join(lines)


def _step(top: float) -> float:
    """A round step that gives four to eight lines."""
    rough = top / 5
    power: float = 10.0 ** int(log10(rough)) if rough >= 1 else 1.0
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
