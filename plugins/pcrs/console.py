"""What every command shares: the two consoles, the options, the opening of a site, the form of findings."""

import json
from collections.abc import Iterable
from os import cpu_count
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from pcrs.settings import Settings, load
from pcrs.work.site import Site

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

SiteOption = Annotated[Path, typer.Option("--site", envvar="PCRS_SITE", help="The site's directory.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]
WorkersOption = Annotated[int, typer.Option("--workers", min=1, max=256, help="Processes that work.")]
SchedulerOption = Annotated[
    str | None,
    typer.Option("--scheduler", help="Work on the workers of dask.distributed there: tcp://HOST:8786."),
]
HERE = Path("site")
CORES = cpu_count() or 1


def open_site(site: Path) -> tuple[Site, Settings]:
    """The site of a directory, and its settings.

    Raises:
        SiteError: there is none.
        SettingsError: its settings are at fault.
    """
    place = Site(site).require()
    return place, load(place.settings_file)


def say(text: str) -> None:
    """One line of the answer, as it is."""
    out.print(text, markup=False)


def say_json(told: Any) -> None:
    """The answer as JSON."""
    out.print_json(json.dumps(told, ensure_ascii=False))


def say_findings(findings: Iterable[dict[str, Any]]) -> None:
    """A line for each finding, errors in red."""
    from pcrs.findings import Finding

    for found in findings:
        style = {"error": "red", "warning": "yellow"}.get(found["level"])
        out.print(str(Finding.of(found)), style=style, markup=False)
