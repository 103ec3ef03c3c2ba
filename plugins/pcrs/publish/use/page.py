"""The use of a site as one HTML page: no script, nothing from elsewhere, fit for A4."""

from functools import lru_cache
from importlib.resources import files
from pathlib import Path

import jinja2
from babel.dates import format_date
from markupsafe import Markup

from pcrs.files import placing
from pcrs.publish.use.result import Statistics
from pcrs.publish.use.table import PARTS
from pcrs.standard import french
from pcrs.store.use import summed

_MOST_PLACES = 60


def write_page(told: Statistics, page: Path) -> None:
    """The page is at its place, whole."""
    with placing(page) as part:
        part.write_text(render(told), encoding="utf-8")


def render(told: Statistics) -> str:
    """The page."""
    return _template().render(
        told=told,
        parts=[(*words, summed(told.rows, part)) for part, words in PARTS.items()],
        places=told.places[:_MOST_PLACES],
        most=max((place.requests for place in told.places), default=1),
    )


@lru_cache(maxsize=1)
def _template() -> jinja2.Template:
    here = files("pcrs.publish.use")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["whole"] = lambda value: french.number(float(value), 0)
    environment.filters["percent"] = french.percent
    environment.filters["octets"] = french.octets
    environment.filters["day"] = lambda value: format_date(value, "long", locale="fr_FR")
    environment.globals["style"] = Markup(  # noqa: S704  ours
        files("pcrs.publish").joinpath("report.css").read_text(encoding="utf-8")
        + here.joinpath("use.css").read_text(encoding="utf-8")
    )
    return environment.from_string(here.joinpath("use.html").read_text(encoding="utf-8"))
