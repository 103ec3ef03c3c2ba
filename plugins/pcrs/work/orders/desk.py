"""The desk: an order is estimated, placed, approved or refused. What is asked of whom is decided here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from pcrs.errors import ForbiddenError, InputError
from pcrs.publish.cost.prices import Price, PriceList
from pcrs.standard.livrables import LICENCES
from pcrs.store.inventory_schema import ArchiveObject, Copy
from pcrs.store.orders import Estimate, Ordered, Orders, State, Wish
from pcrs.store.trail import Act
from pcrs.work.access import LOWEST, Principal, Role
from pcrs.work.custody.keeping import Keeping

_OPEN = "ouverte"
_APLC_ONLY = "aplc"
_MOST_OBJECTS = 100_000


@dataclass(frozen=True, slots=True)
class Terms:
    """What the settings say of orders."""

    prices: PriceList
    classes: Mapping[str, str]
    """Class of the price list by target."""
    free_euros: Decimal
    """Up to which an order of open objects needs no approval."""
    free_bytes: int
    days: int
    """For how long what is delivered can be fetched."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Where orders are placed and decided."""

    orders: Orders
    keeping: Keeping
    terms: Terms
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def now(self) -> str:
        """Now, as orders write it."""
        return self.clock().astimezone(UTC).isoformat(timespec="seconds")

    def estimate(self, objects: Sequence[ArchiveObject]) -> Estimate:
        """Euros, hours and bytes of what is asked, from the copies that are easiest to read.

        Raises:
            InputError: an object has no good copy.
        """
        euros, hours = Decimal(0), 0
        for one in objects:
            price = self._price(self.sources(one)[0].target)
            euros += one.bytes * (price.restore + price.egress)
            hours = max(hours, price.restore_hours)
        prices = f"{self.terms.prices.name}, {self.terms.prices.day.isoformat()}"
        octets = sum(one.bytes for one in objects)
        return Estimate(octets, len(objects), f"{euros:.4f}", hours, prices)

    def sources(self, one: ArchiveObject) -> "list[Source]":
        """The good copies, the one that is read soonest first, then the cheapest.

        Raises:
            InputError: there is none.
        """
        copies = [c for c in self.keeping.inventory.good_copies(one.id) if c.target in self.keeping.places]
        if not copies:
            raise InputError(f"{one.name}: no good copy is known: `pcrs copies --object {one.id[:12]}`")

        def effort(copy: Copy) -> tuple[int, Decimal]:
            price = self._price(copy.target)
            return price.restore_hours, price.restore + price.egress

        return [Source(copy.target, copy.key) for copy in sorted(copies, key=effort)]

    def place(
        self, who: Principal, name: str, objects: Sequence[str], *, purpose: str, email: str = ""
    ) -> Ordered:
        """An order of these objects (ids).

        Raises:
            ForbiddenError: the role, or the licence of an object, does not allow it.
            InputError: nothing is asked, too much, or what has no copy.
            NotFoundError: there is no such object.
        """
        if who.role < LOWEST["order"]:
            raise ForbiddenError(f"ordering needs the role {LOWEST['order'].label}")
        if not 0 < len(objects) <= _MOST_OBJECTS:
            raise InputError(f"{len(objects)} objects: give 1 to {_MOST_OBJECTS}")
        if not purpose.strip():
            raise InputError("say what it is for: whoever approves has to know")
        found = [self.keeping.inventory.object(identifier) for identifier in dict.fromkeys(objects)]
        for one in found:
            if one.licence == _APLC_ONLY and who.role < Role.APLC:
                raise ForbiddenError(f"{one.name}: {LICENCES[one.licence]}")
        estimate = self.estimate(found)
        ids = [one.id for one in found]
        approval = self._needs_approval(found, estimate)
        wish = Wish(name, purpose.strip(), email, tuple(ids))
        return self.orders.place(wish, estimate, approval=approval, now=self.now())

    def _needs_approval(self, objects: Sequence[ArchiveObject], estimate: Estimate) -> bool:
        costly = Decimal(estimate.euros) > self.terms.free_euros or estimate.octets > self.terms.free_bytes
        return costly or any(one.licence != _OPEN for one in objects)

    def approve(self, who: Principal, name: str, identifier: str) -> Ordered:
        """The order goes on.

        Raises:
            ForbiddenError: the role does not allow it.
            ConflictError: nothing is to be decided.
        """
        self._may_decide(who, name, identifier, "approbation")
        return self._decided(name, identifier, "pending", "approuvé")

    def refuse(self, who: Principal, name: str, identifier: str, reason: str) -> Ordered:
        """The order ends here.

        Raises:
            ForbiddenError: the role does not allow it.
            ConflictError: nothing is to be decided.
        """
        self._may_decide(who, name, identifier, "refus")
        return self._decided(name, identifier, "canceled", "refusé", reason)

    def _decided(self, name: str, identifier: str, after: State, action: str, message: str = "") -> Ordered:
        values = {"decided": self.now(), "decided_by": name}
        act = Act(name, action, self.now(), message)
        return self.orders.move(identifier, ("ordered",), after, act, values=values)

    def cancel(self, who: Principal, name: str, identifier: str, reason: str = "") -> Ordered:
        """The one who ordered, or who decides, wants it no more; who decides ends one that cannot come back.

        Raises:
            ForbiddenError: it is another's order, or is being brought back and the role does not decide.
            ConflictError: it is too late.
        """
        order = self.orders.get(identifier)
        if order.owner != name and who.role < LOWEST["decide"]:
            raise ForbiddenError(f"order {identifier} is another's")
        if order.state == "shipping":
            self._may_decide(who, name, identifier, "abandon")
            given_up = Act(name, "abandonné", self.now(), reason or order.message)
            return self.orders.move(identifier, ("shipping",), "failed", given_up)
        before: tuple[State, ...] = ("ordered", "pending")
        return self.orders.move(identifier, before, "canceled", Act(name, "annulé", self.now(), reason))

    def _may_decide(self, who: Principal, name: str, identifier: str, action: str) -> None:
        if who.role >= LOWEST["decide"]:
            return
        self.orders.get(identifier)
        told = f"{action} par le rôle {who.role.label}"
        self.orders.note(Act(name, "décision refusée", self.now(), told), identifier)
        raise ForbiddenError(
            f"deciding on orders needs the role {LOWEST['decide'].label}, not {who.role.label}"
        )

    def _price(self, target: str) -> Price:
        return self.terms.prices.of(self.terms.classes.get(target, "standard"))


@dataclass(frozen=True, slots=True)
class Source:
    """The copy that an object comes from."""

    target: str
    key: str
