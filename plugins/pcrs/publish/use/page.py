"""The use of a site as one HTML page: no script, nothing from elsewhere, fit for A4."""

from functools import lru_cache
from pathlib import Path

import jinja2

from pcrs.files import placing
from pcrs.publish.report import environment
from pcrs.publish.use.result import Statistics
from pcrs.publish.use.table import PARTS
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
    return environment("pcrs.publish.use", "use.css").get_template("use.html")
