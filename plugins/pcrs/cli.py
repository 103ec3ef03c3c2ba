"""The command `pcrs`: thin calls to functions that a test can call. The only module that prints.

Exit codes: 0 fine, 1 findings (the input is at fault), 2 could not run.
"""

import json
import sys
from collections.abc import Iterable
from contextlib import closing
from os import cpu_count
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console

from pcrs import __version__
from pcrs.errors import PcrsError
from pcrs.settings import Settings, load, shipped
from pcrs.showing import showing
from pcrs.work.progress import mill
from pcrs.work.site import Site

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)
_out = Console(highlight=False, soft_wrap=True)
_err = Console(stderr=True, highlight=False, soft_wrap=True)

SiteOption = Annotated[Path, typer.Option("--site", envvar="PCRS_SITE", help="The site's directory.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]
WorkersOption = Annotated[int, typer.Option("--workers", min=1, max=256, help="Processes that work.")]
SchedulerOption = Annotated[
    str | None,
    typer.Option("--scheduler", help="Work on the workers of dask.distributed there: tcp://HOST:8786."),
]
_HERE = Path("site")
_CORES = cpu_count() or 1


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="The version, and no more.")] = False,
) -> None:
    """Run a département's PCRS: receive, check, store, serve."""
    if version:
        _out.print(f"pcrs {__version__}")
        raise typer.Exit


def main() -> None:
    """The command line; a failure is one line on stderr and exit code 2."""
    try:
        app()
    except (PcrsError, OSError) as error:
        _err.print(f"pcrs: {error}", style="bold red", markup=False)
        sys.exit(2)


def _load(site: Path) -> tuple[Site, Settings]:
    place = Site(site).require()
    return place, load(place.settings_file)


def _print_findings(findings: Iterable[dict[str, Any]]) -> None:
    from pcrs.findings import Finding

    for found in findings:
        style = {"error": "red", "warning": "yellow"}.get(found["level"])
        _out.print(str(Finding.of(found)), style=style, markup=False)


@app.command()
def init(
    site: SiteOption = _HERE,
    departement: Annotated[str, typer.Option(help="INSEE code of the département.")] = "46",
) -> None:
    """Write an empty site."""
    from pcrs.assembly import init_site

    place = init_site(site, departement)
    _out.print(f"{place.root} is ready: see {place.settings_file} and {place.metadata_file}", markup=False)


@app.command()
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
    workers: WorkersOption = _CORES,
) -> None:
    """Control a delivery, and change nothing; with a report, measure pixels and neighbours too."""
    from pcrs.assembly import control_of, gml_control_of
    from pcrs.reporting import Asked
    from pcrs.work.receive import check as check_path

    settings = _load(site)[1] if site else load(shipped("config/pcrs.toml"))
    asked = Asked(report, extent, grid, points, xsd, findings)
    if asked.anything:
        _examine(path, asked, settings, workers, json_)
    with mill(workers) as hands, showing(_err) as progress:
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
        _out.print_json(json.dumps({"conforming": not bad, "files": files}, ensure_ascii=False))
    else:
        _print_findings(f.to_dict() for one in checked for f in one.findings)
        taken = sum(one.accepted for one in checked)
        _out.print(f"{len(checked)} fichiers contrôlés, {taken} recevables", markup=False)
    raise typer.Exit(1 if bad else 0)


def _examine(path: Path, asked: Any, settings: Settings, workers: int, as_json: bool) -> NoReturn:
    """The control with measures; it ends the command."""
    from pcrs.publish.control.document import document
    from pcrs.reporting import report

    with mill(workers) as hands, showing(_err) as progress:
        result = report(path, asked, settings, hands, progress)
    if as_json:
        _out.print_json(json.dumps(document(result), ensure_ascii=False))
    else:
        _print_findings(f.to_dict() for f in result.every_finding)
        verdicts = [card.verdict for card in (*result.dalles, *result.documents)]
        counts = ", ".join(f"{verdicts.count(verdict)} {verdict}" for verdict in result.counts)
        where = f" ; rapport : {asked.report}" if asked.report else ""
        _out.print(f"livraison {result.delivery} : {result.verdict} ({counts}){where}", markup=False)
    raise typer.Exit(0 if result.verdict == "conforme" else 1)


@app.command()
def receive(
    path: Path,
    edition: Annotated[str, typer.Option(help="Edition that the delivery belongs to, like 2025.")],
    site: SiteOption = _HERE,
    chantier: Annotated[str, typer.Option(help="Flight block or survey.")] = "",
    accept: Annotated[bool, typer.Option("--accept", help="Accept what conforms, refuse the rest.")] = False,
    correction: Annotated[
        bool,
        typer.Option("--correction", help="Dalles that the edition has already are new versions of them."),
    ] = False,
    workers: WorkersOption = _CORES,
    scheduler: SchedulerOption = None,
    json_: JsonOption = False,
) -> None:
    """Take a delivery in: check it and, with --accept, make and publish everything from what conforms."""
    from pcrs.assembly import working
    from pcrs.work.receive import receive as receive_path

    place, settings = _load(site)
    with showing(_err) as progress, working(place, settings, workers, progress, scheduler) as bench:
        delivery = receive_path(bench.means, path, edition=edition, chantier=chantier, correction=correction)
        if accept:
            delivery = bench.accept(delivery.id)
        files = bench.means.index.files(delivery.id)
    _report(delivery, files, json_)


@app.command()
def accept(
    delivery: str,
    site: SiteOption = _HERE,
    workers: WorkersOption = _CORES,
    scheduler: SchedulerOption = None,
    json_: JsonOption = False,
) -> None:
    """Accept a controlled delivery: what conforms goes in, file by file."""
    from pcrs.assembly import working

    place, settings = _load(site)
    with showing(_err) as progress, working(place, settings, workers, progress, scheduler) as bench:
        accepted = bench.accept(delivery)
        files = bench.means.index.files(accepted.id)
    _report(accepted, files, json_)


def _report(delivery: Any, files: list[Any], as_json: bool) -> None:
    from dataclasses import asdict

    from pcrs.work.receive import changes_of, refused

    bad = refused(files)
    changes = changes_of(files)
    if as_json:
        text = {**asdict(delivery), "changes": changes, "files": [asdict(file) for file in files]}
        _out.print_json(json.dumps(text, ensure_ascii=False))
    else:
        _print_findings(f for file in files for f in file.findings)
        states = [file.state for file in files]
        counts = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
        for class_name, told in changes.items():
            _out.print(
                f"{class_name} : {told['added']} ajoutés, {told['changed']} modifiés, "
                f"{told['removed']} retirés, {told['unchanged']} inchangés",
                markup=False,
            )
        _out.print(f"livraison {delivery.id} : {delivery.state} ({counts})", markup=False)
    raise typer.Exit(1 if bad else 0)


@app.command()
def refuse(delivery: str, reason: Annotated[str, typer.Option()], site: SiteOption = _HERE) -> None:
    """Refuse a delivery."""
    from pcrs.store.index import Index
    from pcrs.work.receive import refuse as refuse_delivery

    place, _ = _load(site)
    with place.working(), closing(Index(place.index_file)) as index:
        refused = refuse_delivery(index, delivery, reason)
    _out.print(f"livraison {refused.id} : {refused.state} ({refused.reason})", markup=False)


@app.command()
def communes(file: Path, site: SiteOption = _HERE) -> None:
    """Load the limits of communes (Admin Express, GeoPackage or GeoJSON)."""
    from pcrs.assembly import load_communes

    place, settings = _load(site)
    with place.working():
        count = load_communes(place, settings, file)
    _out.print(f"{count} communes", markup=False)


@app.command()
def deliveries(site: SiteOption = _HERE, json_: JsonOption = False) -> None:
    """What was received."""
    from dataclasses import asdict

    from pcrs.store.index import Index

    place, _ = _load(site)
    with closing(Index(place.index_file)) as index:
        known = index.deliveries()
    if json_:
        _out.print_json(json.dumps([asdict(delivery) for delivery in known], ensure_ascii=False))
        return
    for delivery in known:
        words = (delivery.id, delivery.state, delivery.received_at, delivery.chantier, delivery.path)
        _out.print("  ".join(word for word in words if word), markup=False)


@app.command()
def status(site: SiteOption = _HERE, json_: JsonOption = False) -> None:
    """What is served, and what is missing."""
    from pcrs.assembly import status_of

    place, settings = _load(site)
    told = status_of(place, settings)
    if json_:
        _out.print_json(json.dumps(told, ensure_ascii=False))
    else:
        for key, value in told.items():
            _out.print(f"{key} : {value}", markup=False)
    raise typer.Exit(1 if told["manques"] else 0)


@app.command()
def records(
    site: SiteOption = _HERE,
    validate: Annotated[bool, typer.Option("--validate", help="Explain what the records lack.")] = False,
    json_: JsonOption = False,
) -> None:
    """Write the ISO records from the stores' facts, and validate them."""
    from pcrs.assembly import write_records

    place, settings = _load(site)
    with place.working():
        changed, findings = write_records(place, settings, validate=validate)
    if json_:
        told = {"changed": changed, "findings": [f.to_dict() for f in findings]}
        _out.print_json(json.dumps(told, ensure_ascii=False))
    else:
        _print_findings(f.to_dict() for f in findings)
        _out.print(f"{len(changed)} notices modifiées", markup=False)
    raise typer.Exit(1 if any(f.level == "error" for f in findings) else 0)


@app.command()
def export(
    format_: Annotated[str, typer.Option("--format", help="gml, gpkg, dxf, fgb, geojson or shp.")],
    site: SiteOption = _HERE,
    commune: Annotated[str | None, typer.Option(help="INSEE code of a commune.")] = None,
    bbox: Annotated[str | None, typer.Option(help="xmin,ymin,xmax,ymax, in the order of its CRS.")] = None,
    polygon: Annotated[Path | None, typer.Option(help="GeoJSON, GeoPackage, Shapefile (or zipped).")] = None,
    dalle: Annotated[str | None, typer.Option(help="Name of a dalle.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="The whole site.")] = False,
    bbox_crs: Annotated[str, typer.Option(help="CRS of --bbox.")] = "EPSG:2154",
    crs: Annotated[str | None, typer.Option(help="CRS of the file, like EPSG:3945.")] = None,
    clip: Annotated[bool, typer.Option("--clip", help="Cut lines and areas at the limit.")] = False,
    output: Annotated[Path | None, typer.Option(help="The file; .zip puts the lisez-moi beside.")] = None,
    json_: JsonOption = False,
) -> None:
    """Give the objects of an area as a file: GML, GeoPackage with styles, DXF, FlatGeobuf, GeoJSON, SHP."""
    from pcrs.extracting import Asked, extract

    place, settings = _load(site)
    asked = Asked(format_, commune, bbox, bbox_crs, polygon, dalle, everything, crs, clip, output)
    with showing(_err) as progress:
        made = extract(place, settings, asked, progress)
    count = sum(made.counts.values())
    if json_:
        told = {"file": str(made.path) if count else None, "objects": count, "classes": dict(made.counts)}
        _out.print_json(json.dumps(told, ensure_ascii=False))
    else:
        _out.print(f"{count} objets : {made.path}" if count else "aucun objet dans l'emprise", markup=False)
    raise typer.Exit(0 if count else 1)


@app.command()
def serve(
    site: SiteOption = _HERE,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535)] = None,
    workers: Annotated[int | None, typer.Option(min=1, max=64, help="Serving processes.")] = None,
) -> None:
    """Serve the site: OGC API, WMTS, WMS, CSW, downloads, portal."""
    from pcrs.app import run
    from pcrs.assembly import public_url

    place, settings = _load(site)
    chosen = settings.serve
    address = (host or chosen.host, port or chosen.port)
    url = public_url(settings, *address)
    _out.print(f"pcrs: {settings.site.title} -> {url}/   (Ctrl-C ends it)", markup=False)
    run(place, settings, host=address[0], port=address[1], workers=workers or chosen.workers)


@app.command()
def demo(
    site: SiteOption = _HERE,
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8046,
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Serve the site when it is made.")] = True,
    workers: WorkersOption = _CORES,
) -> None:
    """Make a small synthetic PCRS in the Lot, take it in like any delivery, and serve it."""
    from pcrs.app import run
    from pcrs.assembly import make_demo

    with showing(_err) as progress:
        place, settings = make_demo(site, workers, progress)
    _out.print(f"pcrs: demo -> http://127.0.0.1:{port}/   (Ctrl-C ends it)", markup=False)
    if serve:
        run(place, settings, host="127.0.0.1", port=port, workers=1)
