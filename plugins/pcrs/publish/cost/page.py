"""The cost report as one HTML page: no script, nothing from elsewhere, fit for A4."""

from functools import lru_cache
from importlib.resources import files
from pathlib import Path

import jinja2
from babel.dates import format_date
from markupsafe import Markup

from pcrs.files import placing
from pcrs.publish.cost.chart import forecast, legend
from pcrs.publish.cost.result import CostReport
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
    here = files("pcrs.publish.cost")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["euros"] = lambda value: french.number(float(value), 2)
    environment.filters["whole"] = lambda value: french.number(float(value), 0)
    environment.filters["octets"] = french.octets
    environment.filters["km2"] = lambda value: french.number(value, 2)
    environment.filters["day"] = lambda value: format_date(value, "long", locale="fr_FR")
    environment.globals["style"] = Markup(  # noqa: S704  ours
        files("pcrs.publish").joinpath("report.css").read_text(encoding="utf-8")
        + here.joinpath("cost.css").read_text(encoding="utf-8")
    )
    return environment.from_string(here.joinpath("cost.html").read_text(encoding="utf-8"))
