"""A push from its plan to its end, and the way back. Each step looks first, so that any run may be the last.

The order keeps readers served: new stored data beside the old, layers turned to it, then the old one goes.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from pcrs.errors import ConflictError
from pcrs.publish.geoplateforme.entities import filled
from pcrs.publish.geoplateforme.products import KINDS, Kind
from pcrs.work.entrepot import offer
from pcrs.work.entrepot.cards import (
    CATALOGUE,
    Card,
    find_card,
    is_pushed,
    own_cards,
    push_card,
    withdraw_card,
)
from pcrs.work.entrepot.client import Entrepot
from pcrs.work.entrepot.deliver import Lot
from pcrs.work.entrepot.finding import PATHS, Directory, Entity, find, owned, path
from pcrs.work.entrepot.ledger import Ledger
from pcrs.work.entrepot.plan import Wanted
from pcrs.work.entrepot.process import load, state_of, used
from pcrs.work.entrepot.quota import Need, needs, require
from pcrs.work.progress import Progress, Step


class Action(NamedTuple):
    """One thing that a push does, or would do."""

    kind: str
    """`fiche`, `données`, `couche`, `retrait`."""
    name: str
    said: str = ""


@dataclass(frozen=True, slots=True)
class Push:
    """Everything that one push is about."""

    owner: str
    """Value of the tag `pcrs` of all that this site makes."""
    wanted: tuple[Wanted, ...]
    cards: tuple[Card, ...] | None
    """None: records are not pushed."""
    card_tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Survey:
    """What is still to be done, and what it takes."""

    actions: tuple[Action, ...]
    needs: tuple[Need, ...]
    present: frozenset[str] = field(default_factory=frozenset)
    """Names of stored data that are there and are added to."""
    shown: frozenset[str] = field(default_factory=frozenset)
    """Names of configurations that are there."""


def offline(push: Push) -> Survey:
    """What a push into an empty datastore does."""
    actions = [Action("fiche", card.identifier) for card in push.cards or ()]
    for wanted in push.wanted:
        actions += [_data(wanted, stored.name) for stored in wanted.product.stored]
        actions += [Action("couche", layer.layer_name, layer.type) for layer in wanted.product.layers]
    layers = [layer.endpoint.value for wanted in push.wanted for layer in wanted.product.layers]
    return Survey(tuple(actions), needs(push.wanted, layers, None))


def reconcile(entrepot: Entrepot, ledger: Ledger) -> None:
    """The ledger forgets what somebody took away from the datastore."""
    for name in list(ledger.held):
        if find(entrepot, "stored_data", name=name) is None:
            ledger.forget(name)


def survey(entrepot: Entrepot, push: Push, ledger: Ledger) -> Survey:
    """What is still to be done in a datastore, looked at and not changed."""
    datastore = entrepot.get()
    directory = Directory(entrepot, datastore)
    actions = [*_cards_to_do(entrepot, directory, push)]
    left: list[Wanted] = []
    new: list[str] = []
    present: set[str] = set()
    shown: set[str] = set()
    for wanted in push.wanted:
        lots: dict[str, tuple[Lot, ...]] = {}
        pending: set[str] = set()
        for stored in wanted.product.stored:
            there = find(entrepot, "stored_data", name=stored.name)
            done, taken = state_of(stored, there)
            if there is not None and "empreinte" in (there.get("tags") or {}):
                present.add(stored.name)
            lots[stored.name] = () if done else tuple(wanted.lots[stored.name][taken:])
            if not done:
                pending.add(stored.name)
                actions.append(_data(wanted, stored.name))
        left.append(replace(wanted, lots=lots))
        for layer in wanted.product.layers:
            there = offer.configuration(entrepot, layer)
            shown |= {str(layer.body["name"])} if there is not None else set()
            new += [layer.endpoint.value] if there is None else []
            if pending or not offer.is_offered(layer, there, filled(layer.body, directory)):
                actions.append(Action("couche", layer.layer_name, layer.type))
    for name in ledger.retiring:
        actions.append(Action("retrait", name))
    return Survey(tuple(actions), needs(left, new, datastore), frozenset(present), frozenset(shown))


def _data(wanted: Wanted, name: str) -> Action:
    lots = wanted.lots[name]
    files = sum(len(lot.files) for lot in lots)
    octets = sum(lot.octets for lot in lots)
    return Action("données", name, f"{files} fichiers, {octets / 1e6:.1f} Mo, {len(lots)} lots")


def _cards_to_do(entrepot: Entrepot, directory: Directory, push: Push) -> Iterator[Action]:
    if push.cards is None:
        return
    catalogue = directory(CATALOGUE)
    for card in push.cards:
        if not is_pushed(entrepot, card, find_card(entrepot, card.identifier), catalogue):
            yield Action("fiche", card.identifier)
    for there in _withdrawn(entrepot, push):
        yield Action("retrait", there["file_identifier"])


def _withdrawn(entrepot: Entrepot, push: Push) -> list[Entity]:
    """Records that this site pushed once and has no longer."""
    ours = {card.identifier for card in push.cards or ()}
    return [there for there in own_cards(entrepot, push.owner) if there["file_identifier"] not in ours]


def run(entrepot: Entrepot, push: Push, ledger: Ledger, progress: Progress) -> list[Action]:
    """Does what is still to be done; what was done, nothing when nothing was.

    Raises:
        TooLargeError: the datastore has no room; nothing was sent.
        RemoteError, ConflictError, InputError: the platform refused something; what was done is kept.
    """
    todo = survey(entrepot, push, ledger)
    require(todo.needs)
    directory = Directory(entrepot, entrepot.get())
    done: list[Action] = []
    total = max(1, len(todo.actions))

    def tell(action: Action) -> None:
        done.append(action)
        progress(Step("publication", min(len(done), total), total))

    for card in push.cards or ():
        if push_card(entrepot, directory, card, dict(push.card_tags)):
            tell(Action("fiche", card.identifier))
    for there in _withdrawn(entrepot, push) if push.cards is not None else ():
        withdraw_card(entrepot, there)
        tell(Action("retrait", there["file_identifier"]))
    for wanted in push.wanted:
        for action in _product(entrepot, directory, wanted, ledger, progress):
            tell(action)
    for name in list(ledger.retiring):
        tell(Action("retrait", name, _retired(entrepot, ledger, name)))
    return done


def _product(
    entrepot: Entrepot, directory: Directory, wanted: Wanted, ledger: Ledger, progress: Progress
) -> Iterator[Action]:
    kind = wanted.product.kind
    for stored in wanted.product.stored:
        ready, _ = state_of(stored, find(entrepot, "stored_data", name=stored.name))
        if not ready:
            load(entrepot, directory, stored, wanted.lots[stored.name], progress)
            yield _data(wanted, stored.name)
        if ledger.held.get(stored.name) != wanted.held[stored.name]:
            ledger.hold(stored.name, wanted.held[stored.name])
    for layer in wanted.product.layers:
        if offer.offer(entrepot, directory, layer):
            yield Action("couche", layer.layer_name, layer.type)
    if kind != "archive" and ledger.shown.get(kind) != wanted.product.stored[0].name:
        ledger.show(kind, wanted.product.stored[0].name)


def _retired(entrepot: Entrepot, ledger: Ledger, name: str) -> str:
    """The stored data is gone, or stays with a reason."""
    said = ""
    there = find(entrepot, "stored_data", name=name)
    if there is not None:
        if used(entrepot, there):
            said = "reste : une configuration s'en sert encore"
        else:
            try:
                entrepot.delete(path("stored_data", there))
            except ConflictError as error:
                said = f"reste : {error}"
    ledger.forget(name)
    return said


def withdraw(
    entrepot: Entrepot, owner: str, kinds: Sequence[Kind], ledger: Ledger, progress: Progress
) -> list[Action]:
    """What this site made there for these products is gone: layers first, then data, then records."""
    done: list[Action] = []

    def tell(action: Action) -> None:
        done.append(action)
        progress(Step("dépublication", len(done), len(done)))

    for kind in reversed(KINDS):
        if kind not in kinds:
            continue
        if kind == "metadata":
            for there in list(own_cards(entrepot, owner)):
                withdraw_card(entrepot, there)
                tell(Action("fiche", there["file_identifier"]))
            continue
        for there in list(owned(entrepot, "configuration", owner, kind)):
            offer.withdraw(entrepot, there)
            tell(Action("couche", there["layer_name"], there["type"]))
        for entity in ("upload", "stored_data"):
            for there in list(owned(entrepot, entity, owner, kind)):
                entrepot.delete(f"{PATHS[entity]}/{there['_id']}")
                if entity == "stored_data":
                    ledger.forget(there["name"])
                tell(Action("données", there["name"]))
    return done
