"""The cost report as one HTML page: no script, nothing from elsewhere, fit for A4."""

from functools import lru_cache
from pathlib import Path

import jinja2

from pcrs.files import placing
from pcrs.publish.cost.chart import forecast, legend
from pcrs.publish.cost.result import CostReport
from pcrs.publish.report import environment
from pcrs.standard import french

_MOST_COMMUNES = 400


def write_page(report: CostReport, page: Path) -> None:
    """The page is at its place, whole."""
    with placing(page) as part:
        part.write_text(render(report), encoding="utf-8")


def render(report: CostReport) -> str:
    """The page."""
    parts = {"tier": "Niveau", "place": "Lieu", "edition": "Édition", "chantier": "Chantier"}
    return _template().render(
        report=report,
        chart=forecast(report.years),
        legend=legend(),
        parts=[(title, report.by(part)) for part, title in parts.items()],
        communes=sorted(report.communes, key=lambda share: -share.euros)[:_MOST_COMMUNES],
    )


@lru_cache(maxsize=1)
def _template() -> jinja2.Template:
    made = environment("pcrs.publish.cost", "cost.css")
    made.filters |= {
        "euros": lambda value: french.number(float(value), 2),
        "km2": lambda value: french.number(value, 2),
    }
    return made.get_template("cost.html")
