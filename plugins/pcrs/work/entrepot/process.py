"""Stored data made of uploads: lot after lot, each processed and then cleared away."""

from collections.abc import Sequence
from typing import Any

from pcrs.errors import ConflictError, RemoteError
from pcrs.publish.geoplateforme.entities import filled
from pcrs.publish.geoplateforme.products import Stored
from pcrs.work.entrepot.client import Entrepot, UnsureError
from pcrs.work.entrepot.deliver import Lot, deliver, last_errors
from pcrs.work.entrepot.finding import Directory, Entity, ensure, find, path, until
from pcrs.work.progress import Progress

_BUSY = frozenset({"CREATED", "WAITING", "PROGRESS"})


def state_of(stored: Stored, there: Entity | None) -> tuple[bool, int]:
    """Whether a stored data holds what it should, and else how many lots of it were taken in."""
    if there is None:
        return False, 0
    tags = there.get("tags") or {}
    if there["status"] == "GENERATED" and tags.get("empreinte") == stored.fingerprint:
        return True, 0
    fingerprint, _, number = str(tags.get("lots", "")).partition(":")
    return False, int(number) if fingerprint == stored.fingerprint and number.isdigit() else 0


def settle(entrepot: Entrepot, stored: Stored) -> Entity | None:
    """What is there of a stored data; what a failed processing left goes, unless layers show it.

    Raises:
        RemoteError: it failed while layers show it.
    """
    there = find(entrepot, "stored_data", name=stored.name)
    if there is None or there["status"] != "UNSTABLE":
        return there
    if used(entrepot, there):
        raise RemoteError(
            f"stored data {stored.name} is UNSTABLE and layers show it: ask the Géoplateforme's support "
            "to reset it, then give the same command again"
        )
    entrepot.delete(path("stored_data", there))
    return None


def used(entrepot: Entrepot, stored: Entity) -> bool:
    """Whether a configuration refers to a stored data."""
    return any(True for _ in entrepot.pages("configurations", stored_data=stored["_id"]))


def load(
    entrepot: Entrepot, directory: Directory, stored: Stored, lots: Sequence[Lot], progress: Progress
) -> None:
    """The stored data holds every lot, and no upload is left.

    Raises:
        RemoteError: the platform refused a lot, or its processing failed.
    """
    there = settle(entrepot, stored)
    adding = there is not None and "empreinte" in (there.get("tags") or {})
    _, taken = state_of(stored, there)
    for lot in lots:
        if lot.number > taken:
            _take_in(entrepot, directory, lot, adding=adding, progress=progress)
        _clear(entrepot, stored.upload_name(lot.number))
    there = find(entrepot, "stored_data", name=stored.name)
    if there is None:
        raise RemoteError(
            f"stored data {stored.name} is not there after its processing: give the command again"
        )
    if stored.edition is not None:
        first, last = stored.edition
        entrepot.patch(path("stored_data", there), {"edition": {"from": first, "to": last}})
    entrepot.tag(path("stored_data", there), {**stored.tags, "empreinte": stored.fingerprint})


def _take_in(entrepot: Entrepot, directory: Directory, lot: Lot, *, adding: bool, progress: Progress) -> None:
    stored = lot.stored
    upload = deliver(entrepot, lot, progress)
    body = stored.addition(lot.number) if adding else stored.execution(lot.number)
    execution = _execution(entrepot, upload, filled(body, directory))
    done = _ended(entrepot, execution, stored.name)
    output = done["output"]["stored_data"]
    marks = {**stored.tags, "lots": f"{stored.fingerprint}:{lot.number}"}
    entrepot.tag(path("stored_data", output), marks)


def _execution(entrepot: Entrepot, upload: Entity, body: Any) -> Entity:
    """The execution of this upload, whoever asked for it; launched."""

    def look() -> Entity | None:
        for row in entrepot.pages("processings/executions", input_upload=upload["_id"]):
            full = entrepot.get(f"processings/executions/{row['_id']}")
            inputs = full.get("inputs", {}).get("upload") or ()
            if any(one["_id"] == upload["_id"] for one in inputs) and full["status"] not in _LOST:
                return dict(full)
        return None

    return ensure(entrepot, look, lambda: entrepot.post("processings/executions", body))


_LOST = frozenset({"FAILURE", "ABORTED"})


def _ended(entrepot: Entrepot, execution: Entity, name: str) -> Entity:
    here = f"processings/executions/{execution['_id']}"
    if execution["status"] == "CREATED":
        try:
            entrepot.post(f"{here}/launch")
        except (UnsureError, ConflictError):
            if entrepot.get(here)["status"] == "CREATED":
                raise
    done = until(entrepot, lambda: entrepot.get(here), _BUSY, name)
    if done["status"] == "SUCCESS":
        return done
    raise RemoteError(
        f"the processing of {name} ended with {done['status']} ({last_errors(entrepot, f'{here}/logs')}): "
        "correct what it says, give the same command again"
    )


def _clear(entrepot: Entrepot, name: str) -> None:
    """The upload is gone: it counts against the quota."""
    found = find(entrepot, "upload", name=name)
    if found is not None:
        entrepot.delete(path("upload", found))
