"""The command `pcrs`: thin calls to functions that a test can call.

Exit codes: 0 fine, 1 findings (the input is at fault), 2 could not run.
"""

import sys
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer

from pcrs import __version__
from pcrs.commands.archive import archive
from pcrs.commands.check import check
from pcrs.commands.copies import copies, verify
from pcrs.commands.cost import cost
from pcrs.commands.export import export
from pcrs.commands.order import app as order
from pcrs.commands.publish import app as publish
from pcrs.commands.rebuild import rebuild
from pcrs.commands.signalement import app as signalement
from pcrs.commands.stats import stats
from pcrs.commands.token import app as token
from pcrs.commands.upkeep import backup, doctor, restore
from pcrs.console import (
    CORES,
    HERE,
    JsonOption,
    SchedulerOption,
    SiteOption,
    WorkersOption,
    err,
    open_site,
    out,
    say,
    say_findings,
    say_json,
)
from pcrs.errors import PcrsError
from pcrs.showing import showing

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)
app.command()(archive)
app.command()(check)
app.command()(copies)
app.command()(verify)
app.command()(rebuild)
app.command()(export)
app.command()(cost)
app.command()(stats)
for _command in (doctor, backup, restore):
    app.command()(_command)
app.add_typer(token, name="token")
app.add_typer(order, name="order")
app.add_typer(signalement, name="signalement")
app.add_typer(publish, name="publish")


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="The version, and no more.")] = False,
) -> None:
    """Run a département's PCRS: receive, check, store, serve."""
    if version:
        out.print(f"pcrs {__version__}")
        raise typer.Exit


def main() -> None:
    """The command line; a failure is one line on stderr and exit code 2."""
    try:
        app()
    except (PcrsError, OSError) as error:
        err.print(f"pcrs: {error}", style="bold red", markup=False)
        sys.exit(2)


@app.command()
def init(
    site: SiteOption = HERE,
    departement: Annotated[str, typer.Option(help="INSEE code of the département.")] = "46",
) -> None:
    """Write an empty site."""
    from pcrs.assembly import init_site

    place = init_site(site, departement)
    say(f"{place.root} is ready: see {place.settings_file} and {place.metadata_file}")


@app.command()
def receive(
    path: Path,
    edition: Annotated[str, typer.Option(help="Edition that the delivery belongs to, like 2025.")],
    site: SiteOption = HERE,
    chantier: Annotated[str, typer.Option(help="Flight block or survey.")] = "",
    accept: Annotated[bool, typer.Option("--accept", help="Accept what conforms, refuse the rest.")] = False,
    correction: Annotated[
        bool,
        typer.Option("--correction", help="Dalles that the edition has already are new versions of them."),
    ] = False,
    workers: WorkersOption = CORES,
    scheduler: SchedulerOption = None,
    json_: JsonOption = False,
) -> None:
    """Take a delivery in: check it and, with --accept, make and publish everything from what conforms."""
    from pcrs.assembly import working
    from pcrs.work.receive import receive as receive_path

    place, settings = open_site(site)
    with showing(err) as progress, working(place, settings, workers, progress, scheduler) as bench:
        delivery = receive_path(bench.means, path, edition=edition, chantier=chantier, correction=correction)
        if accept:
            delivery = bench.accept(delivery.id)
        files = bench.means.index.files(delivery.id)
    _report(delivery, files, json_)


@app.command()
def accept(
    delivery: str,
    site: SiteOption = HERE,
    workers: WorkersOption = CORES,
    scheduler: SchedulerOption = None,
    json_: JsonOption = False,
) -> None:
    """Accept a controlled delivery: what conforms goes in, file by file."""
    from pcrs.assembly import working

    place, settings = open_site(site)
    with showing(err) as progress, working(place, settings, workers, progress, scheduler) as bench:
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
        say_json(text)
    else:
        say_findings(f for file in files for f in file.findings)
        states = [file.state for file in files]
        counts = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
        for class_name, told in changes.items():
            say(
                f"{class_name} : {told['added']} ajoutés, {told['changed']} modifiés, "
                f"{told['removed']} retirés, {told['unchanged']} inchangés"
            )
        say(f"livraison {delivery.id} : {delivery.state} ({counts})")
    raise typer.Exit(1 if bad else 0)


@app.command()
def refuse(delivery: str, reason: Annotated[str, typer.Option()], site: SiteOption = HERE) -> None:
    """Refuse a delivery."""
    from pcrs.store.index import Index
    from pcrs.work.receive import refuse as refuse_delivery

    place, _ = open_site(site)
    with place.working(), closing(Index(place.index_file)) as index:
        refused = refuse_delivery(index, delivery, reason)
    say(f"livraison {refused.id} : {refused.state} ({refused.reason})")


@app.command()
def communes(file: Path, site: SiteOption = HERE) -> None:
    """Load the limits of communes (Admin Express, GeoPackage or GeoJSON)."""
    from pcrs.assembly import load_communes

    place, settings = open_site(site)
    with place.working():
        count = load_communes(place, settings, file)
    say(f"{count} communes")


@app.command()
def deliveries(site: SiteOption = HERE, json_: JsonOption = False) -> None:
    """What was received."""
    from dataclasses import asdict

    from pcrs.store.index import Index

    place, _ = open_site(site)
    with closing(Index(place.index_file)) as index:
        known = index.deliveries()
    if json_:
        say_json([asdict(delivery) for delivery in known])
        return
    for delivery in known:
        words = (delivery.id, delivery.state, delivery.received_at, delivery.chantier, delivery.path)
        say("  ".join(word for word in words if word))


@app.command()
def status(site: SiteOption = HERE, json_: JsonOption = False) -> None:
    """What is served, and what is missing."""
    from pcrs.assembly import status_of

    place, settings = open_site(site)
    told = status_of(place, settings)
    if json_:
        say_json(told)
    else:
        for key, value in told.items():
            say(f"{key} : {value}")
    raise typer.Exit(1 if told["manques"] else 0)


@app.command()
def records(
    site: SiteOption = HERE,
    validate: Annotated[bool, typer.Option("--validate", help="Explain what the records lack.")] = False,
    harvest: Annotated[
        bool, typer.Option("--harvest", help="Take in the records and layers of [[harvest]] too.")
    ] = False,
    json_: JsonOption = False,
) -> None:
    """Write the ISO records from the stores' facts, validate them, harvest those of others."""
    from pcrs.assembly import write_records
    from pcrs.harvesting import gather

    place, settings = open_site(site)
    with place.working(), showing(err) as progress:
        changed, findings = write_records(place, settings, validate=validate)
        gathered = gather(place, settings, progress) if harvest else []
    findings = [*findings, *(found for one in gathered for found in one.findings)]
    if json_:
        told = {"changed": changed, "findings": [f.to_dict() for f in findings]}
        say_json(told | {"harvest": [one.told() for one in gathered]})
    else:
        say_findings(f.to_dict() for f in findings)
        say(f"{len(changed)} notices modifiées")
        for one in gathered:
            say(str(one))
    raise typer.Exit(1 if any(f.level == "error" for f in findings) else 0)


@app.command()
def serve(
    site: SiteOption = HERE,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535)] = None,
    workers: Annotated[int | None, typer.Option(min=1, max=64, help="Serving processes.")] = None,
) -> None:
    """Serve the site: OGC API, WMTS, WMS, CSW, downloads, portal."""
    from pcrs.running import run
    from pcrs.settings import public_url

    place, settings = open_site(site)
    chosen = settings.serve
    address = (host or chosen.host, port or chosen.port)
    url = public_url(settings, *address)
    say(f"pcrs: {settings.site.title} -> {url}/   (Ctrl-C ends it)")
    run(place, settings, host=address[0], port=address[1], workers=workers or chosen.workers)


@app.command()
def demo(
    site: SiteOption = HERE,
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8046,
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Serve the site when it is made.")] = True,
    workers: WorkersOption = CORES,
) -> None:
    """Make a small synthetic PCRS in the Lot, take it in like any delivery, and serve it."""
    from pcrs.assembly import make_demo
    from pcrs.running import run

    with showing(err) as progress:
        place, settings = make_demo(site, workers, progress)
    if not serve:
        say(f"pcrs: demo in {place.root}")
    else:
        say(f"pcrs: demo -> http://127.0.0.1:{port}/   (Ctrl-C ends it)")
        run(place, settings, host="127.0.0.1", port=port, workers=1)
