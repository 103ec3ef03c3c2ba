"""A control report from settings and what the user gave: the clock and the levels come in here."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pcrs import __version__
from pcrs.assembly import control_of, gml_control_of
from pcrs.errors import InputError
from pcrs.publish.control.layer import DRIVERS, write_layer
from pcrs.publish.control.page import write_report
from pcrs.publish.control.result import ControlResult, Signature
from pcrs.settings import Settings
from pcrs.work.dossier import Dossier, examine
from pcrs.work.levels import Levels
from pcrs.work.progress import Mill, Progress


@dataclass(frozen=True, slots=True)
class Asked:
    """What `pcrs check` was given beside the delivery."""

    report: Path | None = None
    """The HTML page; the JSON document lies beside it, under the same name."""
    extent: Path | None = None
    grid: Path | None = None
    points: Path | None = None
    xsd: Path | None = None
    """A folder of schemas, in place of that of the settings."""
    findings: Path | None = None
    """A layer of the findings: GeoJSON or GeoPackage."""

    @property
    def anything(self) -> bool:
        """True when more is asked for than the control of the files."""
        return any((self.report, self.extent, self.grid, self.points, self.findings))


def report(path: Path, asked: Asked, settings: Settings, hands: Mill, progress: Progress) -> ControlResult:
    """The control of the delivery at `path`; its page and document are written where they are asked for.

    Raises:
        InputError: nothing is there, what was given cannot be used, or the report would lie in the delivery.
    """
    _check_place(path, asked)
    dossier = Dossier(
        control=control_of(settings),
        levels=Levels(**settings.control.model_dump()),
        category=settings.raster.precision,
        area=asked.grid or asked.extent,
        area_is="grid" if asked.grid else "extent",
        points=asked.points,
        vector=gml_control_of(settings, xsd=asked.xsd, sketch=asked.report is not None),
    )
    today = datetime.now().astimezone().date().isoformat()
    signature = Signature(settings.site.operator, today, __version__)
    result = examine(path, dossier, signature, hands, progress)
    if asked.report:
        write_report(result, asked.report, asked.report.with_suffix(".json"))
    if asked.findings:
        write_layer(result, asked.findings)
    return result


def _check_place(path: Path, asked: Asked) -> None:
    if asked.grid and asked.extent:
        raise InputError("--grid and --extent both say what is expected: give one of them")
    if asked.report and asked.report.suffix.lower() not in (".html", ".htm"):
        raise InputError(f"{asked.report}: the report is a page, give a name that ends in .html")
    if asked.findings and asked.findings.suffix.lower() not in DRIVERS:
        raise InputError(f"{asked.findings}: the findings are a layer, give a name in {' or '.join(DRIVERS)}")
    for written in (asked.report, asked.findings):
        if written and path.is_dir() and written.resolve().is_relative_to(path.resolve()):
            raise InputError(f"{written} lies in the delivery, which is not changed: write it elsewhere")
