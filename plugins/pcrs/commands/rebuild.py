"""`pcrs rebuild`: what was lost, made again; and the drill that shows beforehand that it can be."""

from typing import Annotated, Any

import typer

from pcrs.console import CORES, HERE, JsonOption, SiteOption, WorkersOption, err, open_site, say, say_json
from pcrs.errors import InputError
from pcrs.showing import showing

_SHOWN = 20


def rebuild(
    site: SiteOption = HERE,
    from_: Annotated[
        list[str] | None,
        typer.Option("--from", help="Make the whole site from the bags of this target; may be repeated."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also what the hot tier does not lack.")] = False,
    drill: Annotated[
        bool, typer.Option("--drill", help="Make the hot tier beside the one served, and compare the two.")
    ] = False,
    workers: WorkersOption = CORES,
    json_: JsonOption = False,
) -> None:
    """Make the hot tier again from the intermediate one, or a whole site from cold bags; prove it equal."""
    from pcrs import rebuilding

    place, settings = open_site(site)
    if drill and (from_ or everything):
        raise InputError("--drill changes nothing: give it alone")
    with showing(err) as progress:
        if drill:
            found = rebuilding.drill(place, settings, workers, progress)
            _drilled(found, json_)
        if from_:
            restored, rebuilt = rebuilding.rebuild_from(place, settings, from_, workers, progress)
            _restored(restored, rebuilt, json_)
        rebuilt = rebuilding.rebuild(place, settings, workers, progress, everything=everything)
    _rebuilt(rebuilt, json_)


def _drilled(found: Any, as_json: bool) -> None:
    if as_json:
        say_json(
            {
                "proved": found.proved,
                "equal": found.equal,
                "differ": found.differ,
                "missing": found.missing,
                "extra": found.extra,
                "lost": found.rebuilt.lost,
            }
        )
    else:
        for word, names in (("diffère", found.differ), ("manque", found.missing), ("en trop", found.extra)):
            for name in names[:_SHOWN]:
                say(f"{name} : {word}")
        _lost(found.rebuilt.lost)
        verdict = "identique octet par octet" if found.proved else "NON identique"
        say(f"exercice : {found.equal} fichiers du courant refaits depuis l'intermédiaire, {verdict}")
    raise typer.Exit(0 if found.proved else 1)


def _restored(restored: Any, rebuilt: Any, as_json: bool) -> None:
    whole = restored.whole and not rebuilt.lost
    if as_json:
        say_json(
            {
                "proved": whole and not rebuilt.other_bytes,
                "bags": restored.bags,
                "objects": restored.objects,
                "files": restored.files,
                "features": restored.features,
                "faults": restored.faults,
                "dalles": rebuilt.dalles,
                "pyramids": rebuilt.pyramids,
                "other_bytes": rebuilt.other_bytes,
                "lost": rebuilt.lost,
            }
        )
    else:
        _lost(restored.faults)
        say(
            f"{restored.bags} paquets, {restored.objects} objets d'archive, {restored.files} fichiers de "
            f"l'intermédiaire vérifiés, {restored.features} objets vecteur"
        )
        if restored.settings:
            say(f"réglages du site perdu : {restored.settings}, à comparer avec pcrs.toml")
        _lost(rebuilt.lost)
        say(_sentence(rebuilt))
    raise typer.Exit(0 if whole else 1)


def _rebuilt(rebuilt: Any, as_json: bool) -> None:
    if as_json:
        say_json(
            {
                "dalles": rebuilt.dalles,
                "documents": rebuilt.documents,
                "pyramids": rebuilt.pyramids,
                "other_bytes": rebuilt.other_bytes,
                "lost": rebuilt.lost,
            }
        )
    else:
        _lost(rebuilt.lost)
        say(_sentence(rebuilt))
    raise typer.Exit(1 if rebuilt.lost else 0)


def _sentence(rebuilt: Any) -> str:
    if not (rebuilt.dalles or rebuilt.documents or rebuilt.pyramids or rebuilt.lost):
        return "rien ne manquait ; --all refait tout"
    same = rebuilt.dalles - len(rebuilt.other_bytes)
    return (
        f"{rebuilt.dalles} fichiers compressés refaits, dont {same} octet pour octet comme avant ; "
        f"{rebuilt.documents} GML, {len(rebuilt.pyramids)} pyramides"
    )


def _lost(lost: dict[str, str]) -> None:
    for name, why in lost.items():
        err.print(f"{name} : {why}", style="red", markup=False)
