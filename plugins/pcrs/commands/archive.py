"""`pcrs archive`: objects in bags on the targets of the settings."""

from pathlib import Path
from typing import Annotated, get_args

import typer

from pcrs.console import HERE, JsonOption, SiteOption, err, open_site, say, say_json
from pcrs.errors import InputError
from pcrs.showing import showing
from pcrs.standard.livrables import Licence


def archive(
    path: Annotated[
        Path | None, typer.Argument(help="A folder or a file; left out: the site's intermediate tier.")
    ] = None,
    site: SiteOption = HERE,
    chantier: Annotated[str, typer.Option(help="Flight block or survey that the files are of.")] = "",
    licence: Annotated[
        str, typer.Option(help="ouverte, convention-enedis or aplc; left out: that of each kind.")
    ] = "",
    json_: JsonOption = False,
) -> None:
    """Put objects in BagIt bags on every target, read back; again: go on where it stopped."""
    from pcrs.archiving import archive_folder, archive_site, keeping

    place, settings = open_site(site)
    if licence and licence not in get_args(Licence):
        raise InputError(f"--licence {licence}: it is one of {', '.join(get_args(Licence))}")
    if path is not None and not chantier:
        raise InputError("--chantier is missing: the flight block or survey that the files are of")
    if not settings.archive.targets:
        raise InputError(f"{place.settings_file} has no [[archive.targets]]: there is nowhere to put copies")
    with place.working(), showing(err) as progress, keeping(place, settings, progress) as held:
        if path is None:
            done = archive_site(held, place, settings)
        else:
            done = archive_folder(held, settings, path, chantier, licence or None)  # type: ignore[arg-type]
    if json_:
        say_json(
            {
                "whole": done.whole,
                "objects": done.objects,
                "bytes": done.bytes,
                "bags": done.bags,
                "failed": done.failed,
                "faults": [{"file": name, "message": text} for name, text in done.faults],
            }
        )
    else:
        say(f"{done.objects} objets, {done.bytes} octets, {len(done.bags)} paquets")
    for name, text in done.faults:
        err.print(f"{name} : {text}", style="red", markup=False)
    for name, text in done.failed.items():
        err.print(f"cible {name} : {text}", style="bold red", markup=False)
    raise typer.Exit(2 if done.failed else 1 if done.faults else 0)
