"""Ordering as processes: an estimate, an order. Deciding is for the desk's own command and page."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from pcrs.errors import ForbiddenError
from pcrs.store.orders import Ordered
from pcrs.work.access import LOWEST
from pcrs.work.orders.desk import Desk
from pcrs.work.processing import Input, Output, Outputs, Process, Task, Words

_OBJECTS = Input(
    Words("identifiants des objets du niveau définitif", "identifiers of objects of the definitive tier"),
    {
        "type": "array",
        "items": {"type": "string", "pattern": "^[0-9a-f]{8,64}$"},
        "minItems": 1,
        "maxItems": 10_000,
        "uniqueItems": True,
    },
    required=True,
)
OpenDesk = Callable[[], AbstractContextManager[Desk]]


def order_processes(desk: OpenDesk) -> tuple[Process, ...]:
    """The processes of the desk."""
    return (_estimate(desk), _order(desk))


def _estimate(desk: OpenDesk) -> Process:
    def run(task: Task) -> Outputs:
        _may_order(task)
        with desk() as open_:
            found = [open_.keeping.inventory.object(one) for one in task.inputs["objets"]]
            told = open_.estimate(found)
        return {
            "devis": {
                "objets": told.objects,
                "octets": told.octets,
                "euros_ht": told.euros,
                "heures": told.hours,
                "prix": told.prices,
            }
        }

    return Process(
        id="devis",
        title=Words("Estimer une commande", "Estimate an order"),
        description=Words(
            "Ce que coûterait la restitution d'objets du niveau définitif : euros, heures, octets.",
            "What bringing objects of the definitive tier back would cost: euros without tax, hours, bytes.",
        ),
        inputs={"objets": _OBJECTS},
        outputs={"devis": Output(Words("le devis", "the estimate"), {"type": "object"})},
        run=run,
        quick=True,
    )


def _order(desk: OpenDesk) -> Process:
    def run(task: Task) -> Outputs:
        _may_order(task)
        with desk() as open_:
            order = open_.place(
                task.who,
                task.who.token or "",
                task.inputs["objets"],
                purpose=task.inputs["motif"],
                email=task.inputs.get("courriel", ""),
            )
        return {"commande": told(order)}

    return Process(
        id="commande",
        title=Words("Commander des objets", "Order objects"),
        description=Words(
            "Demande la restitution d'objets du niveau définitif. Au-delà d'un seuil, ou si leur licence "
            "le veut, l'APLC approuve d'abord.",
            "Asks for objects of the definitive tier. Beyond a threshold, or where their licence wants "
            "it, the authority approves first.",
        ),
        inputs={
            "objets": _OBJECTS,
            "motif": Input(
                Words("pour quel usage", "what it is for"),
                {"type": "string", "minLength": 3, "maxLength": 2000},
                required=True,
            ),
            "courriel": Input(
                Words("où prévenir", "where to tell of it"),
                {"type": "string", "pattern": "^[^@\\s<>,;]+@[^@\\s<>,;]+$", "maxLength": 200},
            ),
        },
        outputs={"commande": Output(Words("la commande", "the order"), {"type": "object"})},
        run=run,
        quick=True,
    )


def _may_order(task: Task) -> None:
    if task.who.role < LOWEST["order"]:
        raise ForbiddenError(f"commander : il faut le rôle {LOWEST['order'].label} / needs that role")


def told(order: Ordered) -> dict[str, Any]:
    """An order as its owner sees it, in the words of STAC's extension `order`."""
    return {
        "order:id": order.id,
        "order:status": "canceled" if order.state == "expired" else order.state,
        "order:date": order.placed,
        "order:expiration_date": order.expires,
        "message": order.message,
        "approval": order.approval,
        "objects": order.estimate.objects,
        "bytes": order.estimate.octets,
        "euros": order.estimate.euros,
        "hours": order.estimate.hours,
        "prices": order.estimate.prices,
    }
