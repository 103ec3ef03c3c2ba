"""`pcrs order`: cold objects asked for, decided on, brought back; and the log of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from pcrs.console import HERE, JsonOption, SiteOption, err, open_site, say, say_json
from pcrs.errors import InputError
from pcrs.showing import showing
from pcrs.standard.french import count, number, octets
from pcrs.work.access import Principal, Role

app = typer.Typer(no_args_is_help=True, help="Order cold objects: estimate, place, decide, bring back, log.")
_OPERATOR = Principal(Role.ADMIN)
ObjectsArgument = Annotated[
    list[str] | None, typer.Argument(help="Identifiers of objects, or their beginnings.")
]
ChantierOption = Annotated[str | None, typer.Option(help="All objects of a chantier.")]
KindOption = Annotated[str | None, typer.Option(help="Of this kind alone.")]
AsOption = Annotated[str, typer.Option("--as", help="Who orders or decides, for the log.")]


@contextmanager
def _desk(site: Path) -> Iterator[tuple[Any, Any, Any]]:
    from pcrs.ordering import desk

    place, settings = open_site(site)
    with showing(err) as progress, desk(place, settings, progress) as open_:
        yield open_, place, settings


def _chosen(open_: Any, objects: list[str] | None, chantier: str | None, kind: str | None) -> list[Any]:
    inventory = open_.keeping.inventory
    found = [inventory.object(one) for one in objects or ()]
    if chantier or kind:
        found += inventory.objects(chantier=chantier, kind=kind)
    if not found and (chantier or kind):
        asked = ", ".join(
            f"{word} {text!r}" for word, text in (("chantier", chantier), ("kind", kind)) if text
        )
        raise InputError(f"the archive has no object of {asked}: `pcrs copies --objects` names all")
    if not found:
        raise InputError("name objects, or give --chantier or --kind: `pcrs copies --objects` names them")
    return found


@app.command()
def estimate(
    objects: ObjectsArgument = None,
    site: SiteOption = HERE,
    chantier: ChantierOption = None,
    kind: KindOption = None,
    json_: JsonOption = False,
) -> None:
    """What bringing objects back would cost: euros, hours, bytes."""
    with _desk(site) as (open_, _, _):
        told = open_.estimate(_chosen(open_, objects, chantier, kind))
    if json_:
        say_json({"objects": told.objects, "bytes": told.octets, "euros": told.euros, "hours": told.hours})
    else:
        size = f"{count(told.objects, 'objet')}, {octets(told.octets)}"
        say(f"{size} : {_euros(told.euros)} hors taxes, {told.hours} h ({told.prices})")


@app.command()
def create(
    purpose: Annotated[str, typer.Option(help="What it is for.")],
    objects: ObjectsArgument = None,
    site: SiteOption = HERE,
    chantier: ChantierOption = None,
    kind: KindOption = None,
    email: Annotated[str, typer.Option(help="Where to tell of it.")] = "",
    name: AsOption = "opérateur",
    json_: JsonOption = False,
) -> None:
    """Order objects."""
    with _desk(site) as (open_, _, _):
        ids = [one.id for one in _chosen(open_, objects, chantier, kind)]
        order = open_.place(_OPERATOR, name, ids, purpose=purpose, email=email)
    _say(order, json_)


@app.command("list")
def list_(site: SiteOption = HERE, json_: JsonOption = False) -> None:
    """The orders."""
    from pcrs.work.orders.processes import told

    with _desk(site) as (open_, _, _):
        orders = open_.orders.all()
    if json_:
        say_json([told(order) | {"owner": order.owner, "state": order.state} for order in orders])
        return
    for order in orders:
        words = (
            order.id,
            order.state,
            order.placed,
            order.owner,
            octets(order.estimate.octets),
            order.message,
        )
        say("  ".join(word for word in words if word))


@app.command()
def approve(
    order: str, site: SiteOption = HERE, name: AsOption = "opérateur", json_: JsonOption = False
) -> None:
    """Approve of an order."""
    with _desk(site) as (open_, _, _):
        approved = open_.approve(_OPERATOR, name, order)
    _say(approved, json_)


@app.command()
def refuse(
    order: str,
    reason: Annotated[str, typer.Option()],
    site: SiteOption = HERE,
    name: AsOption = "opérateur",
    json_: JsonOption = False,
) -> None:
    """Refuse an order."""
    with _desk(site) as (open_, _, _):
        refused = open_.refuse(_OPERATOR, name, order, reason)
    _say(refused, json_)


@app.command()
def cancel(
    order: str,
    reason: Annotated[str, typer.Option()] = "",
    site: SiteOption = HERE,
    name: AsOption = "opérateur",
    json_: JsonOption = False,
) -> None:
    """Cancel an order; one that is being brought back, and cannot be, ends as failed."""
    with _desk(site) as (open_, _, _):
        ended = open_.cancel(_OPERATOR, name, order, reason)
    _say(ended, json_)


@app.command()
def run(site: SiteOption = HERE, json_: JsonOption = False) -> None:
    """Bring approved orders back, as far as they come; take away what is past its time."""
    from pcrs.ordering import address_of, shipping
    from pcrs.work.orders.processes import told

    with _desk(site) as (open_, place, settings), place.working():
        work = shipping(place, settings, open_, lambda text: err.print(text, style="yellow", markup=False))
        moved = work.work()
        addresses = {
            order.id: address_of(_url(settings), order) for order in moved if order.state == "succeeded"
        }
    if json_:
        say_json([told(order) | {"href": addresses.get(order.id)} for order in moved])
        return
    for order in moved:
        say(f"{order.id} : {order.state} {order.message} {addresses.get(order.id, '')}".rstrip())
    if not moved:
        say("rien à rendre : `pcrs order list` dit ce qui attend, `pcrs order approve` l'approuve")


def _url(settings: Any) -> str:
    from pcrs.settings import public_url

    return public_url(settings)


@app.command()
def log(site: SiteOption = HERE, json_: JsonOption = False) -> None:
    """What was done with orders; exit code 1 when a line was changed or taken out."""
    from pcrs.store.trail import chain

    with _desk(site) as (open_, _, _):
        lines = list(open_.orders.trail())
    last, broken = chain(iter(lines))
    if json_:
        rows = [
            {"at": one.at, "actor": one.actor, "action": one.action, "subject": one.subject} for one in lines
        ]
        say_json({"lines": rows, "sum": last, "broken_at": broken.seq if broken else None})
    else:
        for one in lines:
            say(f"{one.at}  {one.actor}  {one.action}  {one.subject}  {one.detail}")
        say(
            f"somme : {last}"
            if broken is None
            else f"la chaîne est rompue à la ligne {broken.seq} ({broken.at})"
        )
    raise typer.Exit(0 if broken is None else 1)


def _euros(amount: str) -> str:
    return f"{number(float(amount), 2)} €"


def _say(order: Any, as_json: bool) -> None:
    from pcrs.work.orders.processes import told

    if as_json:
        say_json(told(order))
        return
    cost = f"{_euros(order.estimate.euros)} hors taxes, {order.estimate.hours} h"
    say(f"commande {order.id} : {order.state}, {octets(order.estimate.octets)}, {cost}")
