"""`pcrs archive`: objects in bags on the targets of the settings."""

from pathlib import Path
from typing import Annotated, NoReturn, get_args

import typer

from pcrs.console import HERE, JsonOption, SiteOption, err, open_site, say, say_json
from pcrs.errors import InputError
from pcrs.settings import Settings
from pcrs.showing import showing
from pcrs.standard.french import count, octets
from pcrs.standard.livrables import Licence
from pcrs.work.site import Site


def archive(
    path: Annotated[
        Path | None, typer.Argument(help="A folder or a file; left out: the site's intermediate tier.")
    ] = None,
    site: SiteOption = HERE,
    chantier: Annotated[str, typer.Option(help="Flight block or survey that the files are of.")] = "",
    licence: Annotated[
        str, typer.Option(help="ouverte, convention-enedis or aplc; left out: that of each kind.")
    ] = "",
    lifecycle: Annotated[
        bool, typer.Option("--lifecycle", help="Say what the rules of the settings let go.")
    ] = False,
    apply: Annotated[bool, typer.Option("--apply", help="With --lifecycle: let it go.")] = False,
    json_: JsonOption = False,
) -> None:
    """Put objects in BagIt bags on every target, read back; again: go on where it stopped."""
    from pcrs.archiving import archive_folder, archive_site, catalogue, keeping

    _must_agree(path, lifecycle=lifecycle, apply=apply)
    place, settings = open_site(site)
    if lifecycle:
        _lifecycle(place, settings, apply, json_)
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
        catalogue(held, place, settings)
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
        told = f"{count(done.objects, 'objet')}, {octets(done.bytes)}, {count(len(done.bags), 'paquet')}"
        say(told if done.bags or done.objects else f"{told} : tout est déjà en paquets")
    for name, text in done.faults:
        err.print(f"{name} : {text}", style="red", markup=False)
    for name, text in done.failed.items():
        err.print(f"cible {name} : {text}", style="bold red", markup=False)
    raise typer.Exit(2 if done.failed else 1 if done.faults else 0)


def _must_agree(path: Path | None, *, lifecycle: bool, apply: bool) -> None:
    """Raises InputError when options are given together that mean nothing, or something else, together."""
    if apply and not lifecycle:
        raise InputError("--apply goes with --lifecycle, of which it does what is said")
    if lifecycle and path is not None:
        raise InputError(f"--lifecycle takes no path ({path}): the rules of pcrs.toml say what may go")


def _lifecycle(place: Site, settings: Settings, apply: bool, as_json: bool) -> NoReturn:
    """What the rules let go, said or done; it ends the command."""
    from pcrs.archiving import catalogue, keeping, lifecycle, rules_of
    from pcrs.assembly import working

    rules = rules_of(settings)
    with showing(err) as progress, working(place, settings, 1, progress) as bench:
        with keeping(place, settings, progress) as held:
            told = lifecycle(held, bench.means, rules, apply=apply)
            catalogue(held, place, settings)
    if as_json:
        rows = [
            {
                "rule": one.rule.what,
                "target": one.target,
                "name": one.name,
                "objects": one.objects,
                "bytes": one.bytes,
                "since": one.since,
                "kept": why,
            }
            for one, why in (*((one, "") for one in told.done), *told.kept)
        ]
        say_json({"applied": apply, "items": rows})
    else:
        word = "retiré" if apply else "à retirer (--apply)"
        for one in told.done:
            say(f"{one.target}:{one.name} : {word}, {count(one.objects, 'objet')}, {octets(one.bytes)}")
        for one, why in told.kept:
            err.print(f"{one.target}:{one.name} : gardé : {why}", style="red", markup=False)
        size = octets(sum(one.bytes for one in told.done))
        say(f"{count(len(told.done), 'élément')}, {size}" if rules else "aucune règle : [[archive.rules]]")
    raise typer.Exit(1 if told.kept else 0)
