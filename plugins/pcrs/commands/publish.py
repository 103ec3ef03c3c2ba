"""`pcrs publish`: the site pushed to other platforms."""

from typing import Annotated, Any

import typer

from pcrs.console import HERE, JsonOption, SiteOption, err, open_site, out, say, say_json
from pcrs.errors import SettingsError
from pcrs.publish.geoplateforme.products import KINDS, Kind
from pcrs.showing import showing

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _root() -> None:
    """Push the site to another platform."""


@app.command()
def geoplateforme(
    site: SiteOption = HERE,
    only: Annotated[str, typer.Option(help="Some of: metadata,raster,archive,vector.")] = ",".join(KINDS),
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Write descriptors, workflows and the estimate; send nothing.")
    ] = False,
    unpublish: Annotated[
        bool, typer.Option("--unpublish", help="Take away what this site has there, readers or not.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before --unpublish.")] = False,
    json_: JsonOption = False,
) -> None:
    """Push records, pyramid, files and objects into the IGN Géoplateforme; again, push what changed."""
    from pcrs.pushing import publish, rehearse
    from pcrs.pushing import unpublish as take_away

    place, settings = open_site(site)
    kinds = _kinds(only)
    if unpublish and dry_run:
        raise SettingsError("--unpublish has no --dry-run: `--dry-run` alone tells what is there to do")
    if unpublish and not yes:
        typer.confirm(f"Dépublier {', '.join(kinds)} de l'entrepôt ?", abort=True, err=True)
    with showing(err) as progress:
        work = take_away if unpublish else rehearse if dry_run else publish
        told = work(place, settings, kinds, progress)
    short = [need for need in (told.survey.needs if told.survey else ()) if not need.fits]
    if json_:
        say_json(_told(told))
    else:
        _say(told, dry_run=dry_run)
    raise typer.Exit(1 if short else 0)


def _kinds(only: str) -> list[Kind]:
    words = [word.strip() for word in only.split(",") if word.strip()]
    unknown = [word for word in words if word not in KINDS]
    if unknown or not words:
        raise SettingsError(f"--only {only!r}: choose among {', '.join(KINDS)}")
    return [kind for kind in KINDS if kind in words]


def _told(told: Any) -> dict[str, Any]:
    needs = [
        {"what": n.what, "needed": n.needed, "used": n.used, "quota": n.quota, "fits": n.fits}
        for n in (told.survey.needs if told.survey else ())
    ]
    return {
        "actions": [action._asdict() for action in told.actions],
        "needs": needs,
        "files": str(told.files) if told.files else None,
        "closed": list(told.closed),
    }


def _say(told: Any, *, dry_run: bool) -> None:
    for action in told.actions:
        say("  ".join(word for word in action if word))
    for need in told.survey.needs if told.survey else ():
        out.print(str(need), style=None if need.fits else "red", markup=False)
    if told.files:
        say(f"descripteurs et workflows : {told.files}")
    if told.closed:
        names = ", ".join(told.closed[:5]) + (" …" if len(told.closed) > 5 else "")
        say(f"réservé ([access]), donc non poussé : {names} ; ce qui y serait déjà part par --unpublish")
    if not told.actions:
        say("rien à faire : l'entrepôt est à jour")
    elif dry_run:
        say(f"{len(told.actions)} actions à faire, rien n'a été envoyé")
