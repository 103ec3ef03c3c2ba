"""Layers: a configuration and its offering, made, or turned to other stored data without a break."""

from typing import Any

from pcrs.errors import ConflictError, NotFoundError, RemoteError
from pcrs.publish.geoplateforme.entities import digest, filled
from pcrs.publish.geoplateforme.products import Layer
from pcrs.work.entrepot.client import Entrepot
from pcrs.work.entrepot.finding import Directory, Entity, ensure, find, path, until

_BUSY = frozenset({"PUBLISHING", "MODIFYING", "UNPUBLISHING"})


def configuration(entrepot: Entrepot, layer: Layer) -> Entity | None:
    """The layer's configuration in this datastore."""
    return find(entrepot, "configuration", type=layer.type, layer_name=layer.layer_name)


def is_offered(layer: Layer, there: Entity | None, body: Any) -> bool:
    """Whether the configuration says `body`, and its offering was told."""
    if there is None or there["status"] == "UNPUBLISHED":
        return False
    return bool((there.get("tags") or {}).get("empreinte") == digest(body))


def offer(entrepot: Entrepot, directory: Directory, layer: Layer) -> bool:
    """The layer is published as it should be; False: it was already.

    Readers see the former state until the offering has taken the new one.

    Raises:
        ConflictError: the layer's name is taken by somebody else on the platform.
        RemoteError: the offering does not come up.
    """
    body = filled(layer.body, directory)
    there = configuration(entrepot, layer)
    if is_offered(layer, there, body):
        return False
    if there is None:
        there = _configured(entrepot, layer, body)
    else:
        entrepot.put(path("configuration", there), body)
    entrepot.tag(path("configuration", there), dict(layer.tags))
    _published(entrepot, there, directory(layer.endpoint), layer)
    entrepot.tag(path("configuration", there), {"empreinte": digest(body)})
    return True


def _configured(entrepot: Entrepot, layer: Layer, body: Any) -> Entity:
    try:
        return ensure(
            entrepot,
            lambda: configuration(entrepot, layer),
            lambda: entrepot.post("configurations", body),
        )
    except ConflictError as error:
        raise ConflictError(
            f"layer {layer.layer_name} ({layer.type}): {error}. Names are unique on the whole platform: "
            "write another `prefix` under [geoplateforme] in pcrs.toml"
        ) from error


def _published(entrepot: Entrepot, there: Entity, endpoint: str, layer: Layer) -> None:
    offerings = f"{path('configuration', there)}/offerings"

    def look() -> Entity | None:
        for row in entrepot.pages(offerings):
            full = entrepot.get(f"offerings/{row['_id']}")
            if full["endpoint"]["_id"] == endpoint:
                return dict(full)
        return None

    found = look()
    if found is None:
        body = {"endpoint": endpoint, "open": True}
        found = ensure(entrepot, look, lambda: entrepot.post(offerings, body))
    else:
        here = f"offerings/{found['_id']}"
        until(entrepot, lambda: entrepot.get(here), _BUSY, layer.layer_name)
        entrepot.put(here)
    here = f"offerings/{found['_id']}"
    shown = until(entrepot, lambda: entrepot.get(here), _BUSY, layer.layer_name)
    if shown["status"] != "PUBLISHED":
        raise RemoteError(
            f"layer {layer.layer_name} ({layer.type}) is {shown['status']} at its endpoint: "
            "give the same command again, then ask the Géoplateforme's support"
        )


def withdraw(entrepot: Entrepot, there: Entity) -> None:
    """The configuration is gone, and its offerings before it."""
    for row in list(entrepot.pages(f"{path('configuration', there)}/offerings")):
        _unpublished(entrepot, f"offerings/{row['_id']}")
    entrepot.delete(path("configuration", there))


def _unpublished(entrepot: Entrepot, here: str) -> None:
    """The platform takes an offering away in one step or in two, and says when."""
    entrepot.delete(here)
    try:
        left = until(entrepot, lambda: entrepot.get(here), _BUSY | {"PUBLISHED"}, here)
        if left["status"] == "UNPUBLISHED":
            entrepot.delete(here)
            until(entrepot, lambda: entrepot.get(here), _BUSY | {"UNPUBLISHED"}, here)
    except NotFoundError:
        return
    raise RemoteError(f"{here} cannot be unpublished: ask the Géoplateforme's support")
