"""`pcrs check`: the control of a delivery, which changes nothing."""

from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from pcrs.console import CORES, JsonOption, WorkersOption, err, open_site, say, say_findings, say_json
from pcrs.settings import Settings, load, shipped
from pcrs.showing import showing
from pcrs.work.progress import mill


def check(
    path: Path,
    site: Annotated[Path | None, typer.Option(help="Take the levels of this site's settings.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write the report: HTML, and JSON beside.")] = None,
    extent: Annotated[Path | None, typer.Option(help="Polygons to be covered (GeoJSON, GPKG).")] = None,
    grid: Annotated[Path | None, typer.Option(help="A grid whose every square must be a dalle.")] = None,
    points: Annotated[Path | None, typer.Option(help="CSV of GNSS check points: id;x;y;xi;yi.")] = None,
    xsd: Annotated[Path | None, typer.Option(help="Folder of the CNIG schemas: validate GML too.")] = None,
    findings: Annotated[
        Path | None, typer.Option(help="Write the findings as a layer (.geojson, .gpkg).")
    ] = None,
    json_: JsonOption = False,
    workers: WorkersOption = CORES,
) -> None:
    """Control a delivery, and change nothing; with a report, measure pixels and neighbours too."""
    from pcrs.assembly import control_of, gml_control_of
    from pcrs.reporting import Asked
    from pcrs.work.receive import check as check_path

    settings = open_site(site)[1] if site else load(shipped("config/pcrs.toml"))
    asked = Asked(report, extent, grid, points, xsd, findings)
    if asked.anything:
        _examine(path, asked, settings, workers, json_)
    with mill(workers) as hands, showing(err) as progress:
        vector = gml_control_of(settings, xsd=xsd)
        checked = check_path(path, control_of(settings), hands, progress, vector=vector)
    bad = any(f.level == "error" for one in checked for f in one.findings)
    if json_:
        files = [
            {
                "file": one.item.name,
                "kind": one.item.kind,
                "accepted": one.accepted,
                "facts": dict(one.facts),
                "findings": [f.to_dict() for f in one.findings],
            }
            for one in checked
        ]
        say_json({"conforming": not bad, "files": files})
    else:
        say_findings(f.to_dict() for one in checked for f in one.findings)
        taken = sum(one.accepted for one in checked)
        say(f"{len(checked)} fichiers contrôlés, {taken} recevables")
    raise typer.Exit(1 if bad else 0)


def _examine(path: Path, asked: Any, settings: Settings, workers: int, as_json: bool) -> NoReturn:
    """The control with measures; it ends the command."""
    from pcrs.publish.control.document import document
    from pcrs.reporting import report

    with mill(workers) as hands, showing(err) as progress:
        result = report(path, asked, settings, hands, progress)
    if as_json:
        say_json(document(result))
    else:
        say_findings(f.to_dict() for f in result.every_finding)
        verdicts = [card.verdict for card in (*result.dalles, *result.documents)]
        counts = ", ".join(f"{verdicts.count(verdict)} {verdict}" for verdict in result.counts)
        where = f" ; rapport : {asked.report}" if asked.report else ""
        say(f"livraison {result.delivery} : {result.verdict} ({counts}){where}")
    raise typer.Exit(0 if result.verdict == "conforme" else 1)
