"""Orders that are approved come back: restored where they are cold, copied, proved, taken away in time."""

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath

from pcrs.errors import PcrsError, StoreError
from pcrs.files import placing, sha256_of
from pcrs.store.inventory_schema import ArchiveObject
from pcrs.store.orders import Ordered, State
from pcrs.store.trail import Act
from pcrs.work.custody.carry import digest_of
from pcrs.work.orders.desk import Desk
from pcrs.work.progress import Step

_SYSTEM = "pcrs"
Told = Callable[[Ordered, str], None]
"""Is told of an order whose state changed, and of the address of what is delivered."""


@dataclass(frozen=True, slots=True)
class Shipping:
    """The bringing back of orders.

    Args:
        desk: where they are known.
        folder: where what is delivered lies, a folder for each order.
        address: the public address of an order's folder, by id and secret.
        told: who is told of changes.
    """

    desk: Desk
    folder: Path
    address: Callable[[Ordered], str]
    told: Told = lambda order, address: None

    def work(self) -> list[Ordered]:
        """Every order is brought as far as it comes today; what waits for a tape or a restoring waits on."""
        self.expire()
        moved = []
        orders = self.desk.orders
        for order in (*orders.all(state="shipping"), *orders.all(state="pending")):
            after = self._ship(order)
            if after.state != order.state or after.message != order.message:
                moved.append(after)
        return moved

    def _ship(self, order: Ordered) -> Ordered:
        if order.state == "pending":
            order = self._move(order, "shipping", "restitution commencée")
        inventory, place = self.desk.keeping.inventory, self.folder / order.id
        objects = [inventory.object(identifier) for identifier in order.objects]
        waiting = []
        for number, one in enumerate(objects):
            self.desk.keeping.progress(Step(f"commande {order.id}", number, len(objects)))
            try:
                if not self._fetch(place, one):
                    waiting.append(one.name)
            except PcrsError as error:
                waiting.append(f"{one.name} ({error})")
        if waiting:
            told = f"{len(waiting)} sur {len(objects)} objets attendus, dont {waiting[0]}"
            if told == order.message:
                return order
            return self._move(order, "shipping", "en attente", message=told)
        until = self.desk.clock() + timedelta(days=self.desk.terms.days)
        values = {"delivered": self.desk.now(), "expires": until.isoformat(timespec="seconds")}
        done = self._move(order, "succeeded", "livré", values=values)
        self.told(done, self.address(done))
        return done

    def _fetch(self, place: Path, one: ArchiveObject) -> bool:
        """True when the object lies in the folder and is what it was; False: it is on its way."""
        target_path = place / _name(one)
        if target_path.is_file() and sha256_of(target_path) == one.sha256:
            return True
        target_path.parent.mkdir(parents=True, exist_ok=True)
        for source in self.desk.sources(one):
            target = self.desk.keeping.place(source.target).target
            if not target.restore(source.key, self.desk.terms.days):
                return False
            if self._copy(target.chunks(source.key), target_path, one.sha256):
                return True
            self.desk.keeping.inventory.mark([(source.target, source.key)], "altérée", self.desk.now())
        raise StoreError(f"{one.name}: no copy is what was archived: noted, `pcrs verify --repair` mends it")

    def _copy(self, chunks: Iterable[bytes], path: Path, sha256: str) -> bool:
        """True when the file is there, and is what was archived; else it is not there."""
        try:
            with placing(path) as part:
                with part.open("wb") as out:
                    digest = digest_of(_copied(chunks, out.write))
                if digest != sha256:
                    raise _Other
        except _Other:
            return False
        return True

    def expire(self) -> list[Ordered]:
        """What was delivered and is past its time is taken away: copies of it stay where they were.

        So is what an order had of its objects that was given up.
        """
        for order in self.desk.orders.all(state="failed"):
            shutil.rmtree(self.folder / order.id, ignore_errors=True)
        gone = []
        now = self.desk.clock()
        for order in self.desk.orders.all(state="succeeded"):
            if order.expires and datetime.fromisoformat(order.expires) <= now:
                shutil.rmtree(self.folder / order.id, ignore_errors=True)
                gone.append(self._move(order, "expired", "expiré"))
        return gone

    def _move(
        self,
        order: Ordered,
        after: State,
        action: str,
        *,
        message: str = "",
        values: Mapping[str, str] | None = None,
    ) -> Ordered:
        act = Act(_SYSTEM, action, self.desk.now(), message)
        return self.desk.orders.move(order.id, (order.state,), after, act, values=values)


class _Other(Exception):
    """A copy that is not what was archived."""


def _copied(chunks: Iterable[bytes], write: Callable[[bytes], object]) -> Iterator[bytes]:
    """The same bytes, written on their way."""
    for chunk in chunks:
        write(chunk)
        yield chunk


def _name(one: ArchiveObject) -> str:
    """Where an object lies in what is delivered: its chantier, then its own path."""
    parts = [part for part in PurePosixPath(one.name).parts if part not in ("..", "/", "")]
    return str(PurePosixPath(one.chantier.replace("/", "-") or "sans-chantier", *parts))
