"""`pcrs doctor`, `pcrs backup`, `pcrs restore`: a site looked over, copied, brought back."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from pcrs import __version__
from pcrs.console import HERE, JsonOption, SiteOption, err, open_site, say, say_findings, say_json
from pcrs.showing import showing
from pcrs.standard.french import octets


def doctor(site: SiteOption = HERE, json_: JsonOption = False) -> None:
    """Look a site and its machine over; say what is wrong, and what to do."""
    from pcrs.doctor import examine

    place, settings = open_site(site)
    found = examine(place, settings)
    bad = any(one.level == "error" for one in found)
    if json_:
        say_json({"healthy": not bad, "findings": [one.to_dict() for one in found]})
    else:
        say_findings(one.to_dict() for one in found)
        say("à soigner" if bad else "en bonne santé")
    raise typer.Exit(1 if bad else 0)


def backup(file: Path, site: SiteOption = HERE, json_: JsonOption = False) -> None:
    """Copy stores, settings and records into one tar file, while the service goes on; read it back."""
    from pcrs.work.backup import backup as back_up

    place, settings = open_site(site)
    with showing(err) as progress:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        made = back_up(place, file, now=now, version=__version__, progress=progress)
    if json_:
        say_json(
            {"file": str(file), "made_at": made.made_at, "files": {n: s for n, (s, _) in made.files.items()}}
        )
        return
    say(f"{file} : {len(made.files)} fichiers, {octets(file.stat().st_size)}, relus")
    if settings.store.features or settings.store.records:
        say("ce qui est dans PostgreSQL se sauvegarde avec pg_dump")


def restore(
    file: Path,
    site: Annotated[Path, typer.Option("--site", help="An empty folder.")],
) -> None:
    """Make a site of a backup; the tiers are where they were, or come back by `pcrs rebuild`."""
    from pcrs.work.backup import restore as bring_back
    from pcrs.work.site import Site

    told = bring_back(file, Site(site))
    say(f"{site} : {len(told.files)} fichiers du {told.made_at} (pcrs {told.version}), vérifiés")
