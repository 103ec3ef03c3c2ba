"""`pcrs copies` and `pcrs verify`: where copies are, whether they are enough, whether they are right."""

import json
import secrets
from dataclasses import asdict, replace
from typing import Annotated, Any

import typer

from pcrs.console import HERE, JsonOption, SiteOption, err, open_site, out, say, say_findings, say_json
from pcrs.errors import InputError
from pcrs.showing import showing
from pcrs.standard.french import count, octets

_SHOWN = 20


def copies(
    site: SiteOption = HERE,
    object_: Annotated[str | None, typer.Option("--object", help="The copies of this object.")] = None,
    list_: Annotated[bool, typer.Option("--list", help="Every red object, one a line.")] = False,
    objects: Annotated[bool, typer.Option("--objects", help="Every object, red or not, one a line.")] = False,
    chantier: Annotated[str | None, typer.Option(help="With --objects: those of a chantier.")] = None,
    kind: Annotated[str | None, typer.Option(help="With --objects: those of a kind.")] = None,
    json_: JsonOption = False,
) -> None:
    """The 3-2-1 rule for every object of the archive; red ones make the exit code 1."""
    from pcrs.archiving import keeping, stand_of

    place, settings = open_site(site)
    if (chantier or kind) and not objects:
        raise InputError("--chantier and --kind go with --objects")
    with keeping(place, settings, lambda step: None) as held:
        if object_ is not None:
            _one(held, object_, json_)
            return
        if objects:
            _every(held, chantier, kind, json_)
            return
        found = stand_of(held, settings, None if list_ else _SHOWN)
    told, red = found.told, found.red
    if json_:
        say_json(found.document())
    else:
        for name, (number, size) in found.volumes.items():
            say(f"{name} : {count(number, 'copie')}, {octets(size)}")
        if not found.told.tallies:
            say("aucun objet d'archive : `pcrs archive` en met en paquets")
        for name, tally in told.tallies.items():
            told_of = f"{tally.red} en rouge, {tally.due} à relire"
            text = f"{name} : {count(tally.objects, 'objet')}, {told_of}"
            out.print(text, style="red" if tally.red else "green", markup=False)
        for row in red:
            out.print(f"{row['object']} {row['name']} : {', '.join(row['lacks'])}", style="red", markup=False)
        if told.red > len(red):
            say(f"… et {told.red - len(red)} autres : --list")
    raise typer.Exit(1 if told.red else 0)


def _every(held: Any, chantier: str | None, kind: str | None, as_json: bool) -> None:
    """Objects as they come: as JSON one document a line, for there may be a million."""
    for one in held.inventory.objects(chantier=chantier, kind=kind):
        if as_json:
            out.print(json.dumps(asdict(one), ensure_ascii=False), markup=False, soft_wrap=True)
        else:
            say(f"{one.id} {one.chantier} / {one.name} : {one.kind}, {one.licence}, {octets(one.bytes)}")


def _one(held: Any, identifier: str, as_json: bool) -> None:
    found = held.inventory.object(identifier)
    rows = [asdict(copy) for copy in held.inventory.copies(found.id)]
    if as_json:
        say_json({**asdict(found), "copies": rows})
        return
    say(f"{found.id} {found.chantier} / {found.name} : {found.kind}, {found.licence}, {octets(found.bytes)}")
    for row in rows:
        say(f"{row['target']}:{row['key']} : {row['state']}, relue {row['verified_at'] or 'jamais'}")


def verify(
    site: SiteOption = HERE,
    target: Annotated[list[str] | None, typer.Option(help="Only this target; may be repeated.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also what is not due yet.")] = False,
    bytes_: Annotated[int | None, typer.Option("--bytes", min=1, help="Read this many at the most.")] = None,
    minutes: Annotated[float | None, typer.Option(min=0.01, help="Begin no file after this time.")] = None,
    sample: Annotated[int | None, typer.Option(min=1, help="Read this many copies, due or not.")] = None,
    repair_: Annotated[
        bool, typer.Option("--repair", help="Make faulty copies again from good ones.")
    ] = False,
    json_: JsonOption = False,
) -> None:
    """Read copies again, those that wait longest first, and say what is wrong; with --repair, mend it."""
    from pcrs.archiving import catalogue, due, keeping
    from pcrs.work.custody.repair import Repaired, repair
    from pcrs.work.custody.verify import verify as verify_copies
    from pcrs.work.progress import silent

    place, settings = open_site(site)
    with place.working():
        with showing(err) as progress, keeping(place, settings, progress) as held:
            wanted = due(
                held,
                settings,
                minutes=minutes,
                octets=bytes_,
                targets=tuple(target or ()),
                everything=everything or sample is not None,
            )
            if sample is not None:
                wanted = replace(wanted, files=sample, pivot=secrets.token_hex(8))
            found = verify_copies(held, wanted)
            mended = repair(held, found) if repair_ else Repaired()
        code = _tell(found, mended, json_)  # before anything else can go wrong
        with keeping(place, settings, silent) as held:
            catalogue(held, place, settings)
    raise typer.Exit(code)


def _tell(found: Any, mended: Any, as_json: bool) -> int:
    """Says what was found; the exit code."""
    findings = [fault.finding.to_dict() for fault in found.faults]
    left = {f"{target}:{key}": why for (target, key), why in mended.left.items()}
    done = [f"{target}:{key}" for target, key in mended.done]
    if as_json:
        say_json(
            {
                "read": found.read,
                "bytes": found.bytes,
                "findings": findings,
                "failed": found.failed,
                "repaired": done,
                "left": left,
            }
        )
    else:
        say_findings(findings)
        for name in done:
            out.print(f"{name} : réparée", style="green", markup=False)
        for name, why in left.items():
            out.print(f"{name} : {why}", style="red", markup=False)
        read = f"{count(found.read, 'copie relue', 'copies relues')} ({octets(found.bytes)})"
        say(f"{read}, {count(len(findings), 'constat')}")
        if not (found.read or findings or found.failed):
            say("rien n'était à relire ; --all relit tout, --sample N quelques copies")
    for name, text in found.failed.items():
        err.print(f"cible {name} : {text}", style="bold red", markup=False)
    mended_files = set(done)
    open_ = [f for f in findings if f["level"] == "error" and f["file"] not in mended_files]
    return 2 if found.failed else 1 if open_ or left else 0
