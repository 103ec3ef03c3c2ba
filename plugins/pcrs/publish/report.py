"""What the reports in HTML have in common: pages without scripts, with nothing from elsewhere, fit for A4."""

from importlib.resources import files

import jinja2
from babel.dates import format_date
from markupsafe import Markup

from pcrs.standard import french


def environment(package: str, css: str | None = None) -> jinja2.Environment:
    """Where the templates of a package are found; `css`: a style of its own, after the one of all reports."""
    here = files(package)
    made = jinja2.Environment(
        loader=jinja2.FunctionLoader(lambda name: (here / name).read_text(encoding="utf-8")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "whole": lambda value: french.number(float(value), 0),
        "percent": french.percent,
        "octets": french.octets,
        "day": lambda value: format_date(value, "long", locale="fr_FR"),
    }
    style = files("pcrs.publish").joinpath("report.css").read_text(encoding="utf-8")
    own = "" if css is None else here.joinpath(css).read_text(encoding="utf-8")
    made.globals["style"] = Markup(style + own)  # noqa: S704  ours
    return made
