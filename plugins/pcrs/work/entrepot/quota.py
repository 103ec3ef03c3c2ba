"""What a push needs of the datastore's quotas, told before anything is sent."""

from collections.abc import Sequence
from dataclasses import dataclass

from pcrs.errors import TooLargeError
from pcrs.standard.french import number
from pcrs.work.entrepot.finding import Entity
from pcrs.work.entrepot.plan import Wanted


@dataclass(frozen=True, slots=True)
class Need:
    """What a push takes of one quota: bytes, or layers of an endpoint."""

    what: str
    needed: int
    used: int | None
    """None: the datastore was not asked, or says nothing of it."""
    quota: int | None
    unit: str = "Mo"

    @property
    def fits(self) -> bool:
        """Whether there is room; a quota that is not known is taken to have it."""
        return self.quota is None or self.used is None or self.used + self.needed <= self.quota

    def __str__(self) -> str:
        """In one line."""
        told = "quota inconnu"
        if self.quota is not None and self.used is not None:
            told = f"{self._said(self.used)} pris sur {self._said(self.quota)}"
            told += "" if self.fits else " : ne tient pas"
        return f"{self.what} : {self._said(self.needed)} à prendre, {told}"

    def _said(self, amount: int) -> str:
        if self.unit != "Mo":
            return f"{number(amount)} {self.unit}"
        return f"{number(amount / 1e6, 1)} Mo" if amount < 1e9 else f"{number(amount / 1e9, 1)} Go"


def needs(wanted: Sequence[Wanted], new_layers: Sequence[str], datastore: Entity | None) -> tuple[Need, ...]:
    """What the push takes of each quota.

    Args:
        wanted: the products, with the lots that are still to be sent and no other.
        new_layers: technical names of the endpoints at which a layer is added, one for each layer.
        datastore: what the service says of it; None: it was not asked.
    """
    largest = max((lot.octets for one in wanted for lots in one.lots.values() for lot in lots), default=0)
    grows: dict[str, int] = {}
    for one in wanted:
        for stored in one.product.stored:
            if one.lots.get(stored.name):
                grows[stored.storage] = grows.get(stored.storage, 0) + one.grows.get(stored.name, 0)
    rooms = _rooms(datastore or {})
    found = [Need("livraison la plus lourde", largest, *rooms.get("livraisons", (None, None)))]
    found += [
        Need(f"stockage {label}", size, *rooms.get(label, (None, None))) for label, size in grows.items()
    ]
    for endpoint in sorted(set(new_layers)):
        used, quota = rooms.get(endpoint, (None, None))
        found.append(Need(f"couches de {endpoint}", new_layers.count(endpoint), used, quota, "couche(s)"))
    return tuple(need for need in found if need.needed)


def _rooms(datastore: Entity) -> dict[str, tuple[int, int]]:
    """Used and quota of uploads, of each label of storage, of each endpoint."""
    rooms: dict[str, tuple[int, int]] = {}
    storages = datastore.get("storages") or {}
    if uploads := storages.get("uploads"):
        rooms["livraisons"] = int(uploads["use"]), int(uploads["quota"])
    for row in storages.get("data") or ():
        for label in row["storage"].get("labels") or ():
            rooms[label] = int(row["use"]), int(row["quota"])
    for row in datastore.get("endpoints") or ():
        rooms[row["endpoint"]["technical_name"]] = int(row["use"]), int(row["quota"])
    return rooms


def require(found: Sequence[Need]) -> None:
    """Nothing, when everything fits.

    Raises:
        TooLargeError: something does not.
    """
    short = [str(need) for need in found if not need.fits]
    if short:
        raise TooLargeError(
            f"the datastore has no room: {' ; '.join(short)}. Nothing was sent: delete what is not needed, "
            "ask for a larger quota, make lots smaller (lot_gb under [geoplateforme]), or push less (--only)"
        )
