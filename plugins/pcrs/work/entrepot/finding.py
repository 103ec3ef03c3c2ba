"""Entities of an Entrepôt found by their names, and made when they are not there."""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pcrs.errors import InputError, RemoteError
from pcrs.publish.geoplateforme.entities import Kind, Ref
from pcrs.work.entrepot.client import Entrepot, UnsureError

Entity = dict[str, Any]
PATHS: Mapping[Kind, str] = {
    "upload": "uploads",
    "stored_data": "stored_data",
    "configuration": "configurations",
    "processing": "processings",
    "endpoint": "endpoints",
}
_PATIENCE_S = 4 * 24 * 3600
"""Four days: a pyramid of a département takes one or two."""
_TRIES = 5


def path(kind: Kind, entity: Entity) -> str:
    """Where an entity is."""
    return f"{PATHS[kind]}/{entity['_id']}"


def find(entrepot: Entrepot, kind: Kind, **known: str) -> Entity | None:
    """The one entity with these properties, in full; None: there is none.

    Raises:
        InputError: there are several: somebody else made one.
    """
    rows = [row for row in entrepot.pages(PATHS[kind], **known) if _fits(row, known)]
    if len(rows) > 1:
        told = ", ".join(f"{key} = {value}" for key, value in known.items())
        raise InputError(
            f"{len(rows)} {PATHS[kind]} with {told} in this Entrepôt: delete what is not pcrs' own"
        )
    return entrepot.get(path(kind, rows[0])) if rows else None


def _fits(row: Entity, known: Mapping[str, str]) -> bool:
    """The service's filters take % for any text: what they give is looked at again."""
    return all(str(row.get(key, value)) == value for key, value in known.items())


def owned(entrepot: Entrepot, kind: Kind, owner: str, product: str) -> Iterator[Entity]:
    """Every entity that this site made for a product, in full."""
    for row in entrepot.pages(PATHS[kind], **{"tags[pcrs]": owner, "tags[produit]": product}):
        entity = entrepot.get(path(kind, row))
        tags = entity.get("tags") or {}
        if tags.get("pcrs") == owner and tags.get("produit") == product:
            yield entity


def ensure(entrepot: Entrepot, look: Callable[[], Entity | None], make: Callable[[], Any]) -> Entity:
    """What `look` finds, made first when it finds nothing.

    Raises:
        RemoteError: the service kept failing.
    """
    for tried in range(_TRIES):
        found = look()
        if found is not None:
            return found
        try:
            make()
        except UnsureError:
            if tried + 1 == _TRIES:
                raise
            entrepot.pause(2.0**tried)
    found = look()
    if found is None:
        raise RemoteError("the Entrepôt does not show what it says it has made: try again later")
    return found


def until(entrepot: Entrepot, look: Callable[[], Entity], busy: frozenset[str], what: str) -> Entity:
    """The entity, once its status is none of `busy`.

    Raises:
        RemoteError: it never was.
    """
    for _ in range(math.ceil(_PATIENCE_S / entrepot.poll_s)):
        entity = look()
        if entity["status"] not in busy:
            return entity
        entrepot.pause(entrepot.poll_s)
    raise RemoteError(f"{what} is not done after four days: ask the Géoplateforme's support")


class Directory:
    """Ids of what bodies refer to. Endpoints and processings are looked up once."""

    def __init__(self, entrepot: Entrepot, datastore: Entity) -> None:
        self._entrepot = entrepot
        self._endpoints = [row["endpoint"] for row in datastore.get("endpoints") or ()]
        self._known: dict[Ref, str] = {}

    def __call__(self, ref: Ref) -> str:
        """The id of an entity.

        Raises:
            InputError: there is none.
        """
        if ref.kind in ("endpoint", "processing"):
            if ref not in self._known:
                self._known[ref] = self._shared(ref)
            return self._known[ref]
        found = find(self._entrepot, ref.kind, **{ref.by: ref.value})
        if found is None:
            raise InputError(f"no {ref.kind} {ref.value!r} in this Entrepôt")
        return str(found["_id"])

    def _shared(self, ref: Ref) -> str:
        rows = self._endpoints
        if ref.kind == "processing":
            rows = list(self._entrepot.pages(PATHS["processing"]))
        for wanted in (ref.value, *ref.others):
            for row in rows:
                if _plain(str(row.get(ref.by))) == _plain(wanted):
                    return str(row["_id"])
        names = ", ".join(sorted(str(row.get(ref.by)) for row in rows))
        raise InputError(
            f"this Entrepôt has no {ref.kind} {ref.value!r} (it has {names or 'none'}): ask its administrator"
        )


def _plain(text: str) -> str:
    """The platform writes one apostrophe in its documents and another in its answers."""
    return text.replace("’", "'").casefold()
