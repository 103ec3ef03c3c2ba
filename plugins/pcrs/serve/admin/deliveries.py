"""Deliveries for those who decide on them: what was found, the report, acceptance and refusal."""

from collections import Counter
from contextlib import closing
from dataclasses import asdict
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from pcrs.errors import ConflictError, NotFoundError
from pcrs.serve.admin.means import Means, body_of, reason_of, told
from pcrs.serve.listing import PublicFile, sent
from pcrs.store.index import DeliveredFile, Delivery, Index

_MOST_FILES = 500
_SHOWN = ("name", "kind", "bytes", "state", "findings")


class Deliveries:
    """The answers."""

    def __init__(self, means: Means) -> None:
        self._means = means

    async def all(self, _request: Request) -> Response:
        """Every delivery, the newest first, with what its control counted."""
        return told(await run_in_threadpool(self._all))

    def _all(self) -> list[dict[str, Any]]:
        with closing(Index(self._means.site.index_file)) as index:
            known = sorted(index.deliveries(), key=lambda one: one.received_at, reverse=True)
            return [self._told(one, index.files(one.id)) for one in known]

    async def one(self, request: Request) -> Response:
        """A delivery with its files; those of which something was found come first."""

        def look() -> dict[str, Any]:
            delivery, files = self._known(request)
            first = sorted(files, key=lambda file: (not file.findings, file.name))[:_MOST_FILES]
            shown = [{key: asdict(file)[key] for key in _SHOWN} for file in first]
            return self._told(delivery, files) | {"liste": shown, "autres": len(files) - len(first)}

        return told(await run_in_threadpool(look))

    async def accept(self, request: Request) -> Response:
        """What conforms is being taken in: 202, for it takes as long as it takes."""
        await body_of(request)

        def begin() -> dict[str, Any]:
            delivery, files = self._known(request)
            if delivery.state not in ("contrôlée", "acceptée"):
                raise ConflictError(f"livraison {delivery.id} : {delivery.state}, il faut : contrôlée")
            self._means.errand("acceptation", delivery.id).begin()
            self._means.note(request, "acceptation", f"livraison {delivery.id}")
            return self._told(delivery, files)

        return told(await run_in_threadpool(begin), 202)

    async def refuse(self, request: Request) -> Response:
        """The delivery is refused, for a reason."""
        reason = await reason_of(request)

        def end() -> dict[str, Any]:
            from pcrs.work.receive import refuse  # the engines of the control: only who refuses needs them

            delivery, files = self._known(request)
            with self._means.site.working(), closing(Index(self._means.site.index_file)) as index:
                refused = refuse(index, delivery.id, reason)
            self._means.note(request, "refus", f"livraison {delivery.id}", reason)
            return self._told(refused, files)

        return told(await run_in_threadpool(end))

    async def make_report(self, request: Request) -> Response:
        """The report of the control is being made."""
        await body_of(request)

        def begin() -> dict[str, Any]:
            delivery, files = self._known(request)
            self._means.errand("rapport", delivery.id).begin()
            self._means.note(request, "rapport", f"livraison {delivery.id}")
            return self._told(delivery, files)

        return told(await run_in_threadpool(begin), 202)

    async def report(self, request: Request) -> Response:
        """The report, as a page."""

        def look() -> PublicFile:
            delivery, _ = self._known(request)
            path = self._means.errand("rapport", delivery.id).report
            if not path.is_file():
                raise NotFoundError("ce rapport n'est pas encore fait / the report is not made yet")
            return PublicFile(path, path.stat())

        response = sent(request, await run_in_threadpool(look))
        response.headers["Cache-Control"] = "no-store"
        return response

    def _known(self, request: Request) -> tuple[Delivery, list[DeliveredFile]]:
        """The delivery that the address names: a name that is none of ours reaches no folder."""
        with closing(Index(self._means.site.index_file)) as index:
            delivery = index.delivery(request.path_params["id"])
            return delivery, index.files(delivery.id)

    def _told(self, delivery: Delivery, files: list[DeliveredFile]) -> dict[str, Any]:
        return {
            "id": delivery.id,
            "edition": delivery.edition,
            "chantier": delivery.chantier,
            "dossier": delivery.path,
            "etat": delivery.state,
            "recue": delivery.received_at,
            "decidee": delivery.decided_at,
            "motif": delivery.reason,
            "octets": sum(file.bytes for file in files),
            "fichiers": Counter(file.state for file in files),
            "constats": Counter(found["level"] for file in files for found in file.findings),
            "acceptation": self._means.errand("acceptation", delivery.id).state(),
            "rapport": self._means.errand("rapport", delivery.id).state(),
        }
