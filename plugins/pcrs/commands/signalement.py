"""`pcrs signalement`: what people say has changed, followed up, gathered for the yearly update, forgotten."""

import csv
import io
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from pcrs.console import HERE, JsonOption, SiteOption, open_site, say, say_json
from pcrs.errors import InputError
from pcrs.files import placing
from pcrs.store.signalements import SHOWN, WAYS
from pcrs.work.signalements import CATEGORIES, Counter, updates

app = typer.Typer(no_args_is_help=True, help="Signalements: list, follow up, update list, export, forget.")
StatesOption = Annotated[list[str] | None, typer.Option("--state", help=f"Of: {', '.join(WAYS)} (repeat).")]


@contextmanager
def _counter(site: Path) -> Iterator[Counter]:
    from pcrs.assembly import features_of
    from pcrs.signalling import counter

    place, settings = open_site(site)
    with closing(features_of(place, settings)) as store:
        opened = counter(place, settings, store)
        with closing(opened.store):
            yield opened


def _known(states: list[str] | None) -> Any:
    for state in states or ():
        if state not in WAYS:
            raise InputError(f"--state {state!r}: expected one of {', '.join(WAYS)}")
    return tuple(states or ())


@app.command("list")
def list_(site: SiteOption = HERE, state: StatesOption = None, json_: JsonOption = False) -> None:
    """The signalements, the newest first."""
    with _counter(site) as counter:
        found = counter.store.all(_known(state))
    if json_:
        say_json([_told(one) for one in found])
        return
    for one in found:
        said = one.said
        say(
            "  ".join(
                (one.id, one.state, one.created[:10], said.cell, CATEGORIES[said.category][0], said.text[:60])
            )
        )


@app.command()
def follow(
    signalement: str,
    state: Annotated[str, typer.Argument(help=f"One of {', '.join(WAYS)}.")],
    site: SiteOption = HERE,
    note: Annotated[str, typer.Option(help="Why: everyone may read it.")] = "",
) -> None:
    """Say what becomes of one."""
    (after,) = _known([state])
    with _counter(site) as counter:
        moved = counter.move(signalement, after, note)
    say(f"signalement {moved.id} : {moved.state}")


@app.command("updates")
def updates_(
    site: SiteOption = HERE,
    table: Annotated[Path | None, typer.Option("--csv", help="Write the list as CSV.")] = None,
    json_: JsonOption = False,
) -> None:
    """The year's update list: 200 m cells with what was verified in them."""
    with _counter(site) as counter:
        rows = updates(counter.store.all(tuple(state for state in SHOWN if state != "intégré")))
    if table:
        text = io.StringIO()
        writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
        writer.writerow(["Maille", "xmin", "ymin", "xmax", "ymax", "Signalements", *CATEGORIES])
        for cell, box, number, counts in rows:
            writer.writerow([cell, *map(int, box), number, *(counts.get(code, 0) for code in CATEGORIES)])
        with placing(table) as part:
            part.write_text("\ufeff" + text.getvalue(), encoding="utf-8", newline="")
    if json_:
        say_json(
            [
                {"maille": cell, "bbox": list(box), "signalements": n, **counts}
                for cell, box, n, counts in rows
            ]
        )
        return
    for cell, _, number, counts in rows:
        say(f"{cell} : {number} ({', '.join(f'{CATEGORIES[code][0]} {n}' for code, n in counts.items())})")


@app.command()
def export(email: str, site: SiteOption = HERE) -> None:
    """Everything that is kept of one address, as JSON (right of access)."""
    with _counter(site) as counter:
        say_json([_told(one) for one in counter.store.all(contact=email)])


@app.command()
def forget(
    site: SiteOption = HERE,
    email: Annotated[str | None, typer.Option(help="Everything of one address (right to erasure).")] = None,
) -> None:
    """Erase those whose time is over; or all of one address."""
    with _counter(site) as counter:
        gone = counter.erase(counter.store.all(contact=email)) if email else counter.forget()
    say(f"{gone} signalements effacés")


def _told(one: Any) -> dict[str, Any]:
    said = one.said
    return {
        "id": one.id,
        "state": one.state,
        "category": said.category,
        "text": said.text,
        "x": said.x_m,
        "y": said.y_m,
        "cell": said.cell,
        "contact": said.contact,
        "photo": said.photo,
        "created": one.created,
        "steps": [[step.state, step.at, step.note] for step in one.steps],
    }
