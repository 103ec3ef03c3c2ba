"""The addresses under `/admin`. Who may ask them is decided at the gate (`serve/access/asking.py`)."""

from collections.abc import Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pcrs.serve.admin.deliveries import Deliveries
from pcrs.serve.admin.means import Means, actor, body_of, reason_of, told, who
from pcrs.serve.admin.tokens import AccessTokens
from pcrs.serve.admin.usage import Usage
from pcrs.serve.problems import Handler, guarded
from pcrs.store.jobs import Job
from pcrs.store.orders import Ordered
from pcrs.store.trail import chain
from pcrs.work.access import Role
from pcrs.work.errands import WHOLE_SITE, Kind
from pcrs.work.orders import processes
from pcrs.work.orders.desk import Desk

_JOBS = 200
_LINES = 500


def routes(means: Means) -> list[Route]:
    """All that the page asks; the page itself is the portal's."""
    deliveries, tokens, office = Deliveries(means), AccessTokens(means), _Office(means)
    usage = Usage(means.figures)
    bringing = _Whole(means, "commandes", "rapatriement", "commandes")
    reading = _Whole(means, "relecture", "relecture", "copies")
    one = "/admin/livraisons/{id}"
    handlers: list[tuple[str, str, Handler]] = [
        ("/admin/livraisons", "GET", deliveries.all),
        (one, "GET", deliveries.one),
        (f"{one}/rapport", "GET", deliveries.report),
        (f"{one}/rapport", "POST", deliveries.make_report),
        (f"{one}/acceptation", "POST", deliveries.accept),
        (f"{one}/refus", "POST", deliveries.refuse),
        ("/admin/commandes", "GET", office.orders),
        ("/admin/commandes/{id}/approbation", "POST", office.approve),
        ("/admin/commandes/{id}/refus", "POST", office.refuse),
        ("/admin/commandes/execution", "GET", bringing.state),
        ("/admin/commandes/execution", "POST", bringing.begin),
        ("/admin/copies", "GET", office.copies),
        ("/admin/copies/relecture", "GET", reading.state),
        ("/admin/copies/relecture", "POST", reading.begin),
        ("/admin/taches", "GET", office.jobs),
        ("/admin/jetons", "GET", tokens.all),
        ("/admin/jetons", "POST", tokens.create),
        ("/admin/jetons/{id}", "DELETE", tokens.revoke),
        ("/admin/journal", "GET", office.journal),
        ("/admin/usage", "GET", usage.page),
        ("/admin/usage.csv", "GET", usage.table),
    ]
    return [Route(path, guarded(handler), methods=[method]) for path, method, handler in handlers]


class _Whole:
    """Long work of the whole site: where it is, and its beginning."""

    def __init__(self, means: Means, kind: Kind, action: str, subject: str) -> None:
        self._means = means
        self._kind: Kind = kind
        self._action = action
        self._subject = subject

    async def state(self, _request: Request) -> Response:
        """Where it is, and what it said at its end."""
        return told({"etat": await run_in_threadpool(self._means.errand(self._kind, WHOLE_SITE).state)})

    async def begin(self, request: Request) -> Response:
        """It is begun: 202, for it takes as long as it takes."""
        await body_of(request)

        def begin() -> tuple[str, str]:
            errand = self._means.errand(self._kind, WHOLE_SITE)
            errand.begin()
            self._means.note(request, self._action, self._subject)
            return errand.state()

        return told({"etat": await run_in_threadpool(begin)}, 202)


class _Office:
    """The answers on orders, copies, jobs and the journal."""

    def __init__(self, means: Means) -> None:
        self._means = means

    async def orders(self, _request: Request) -> Response:
        """Orders, the newest first; those that wait for a decision before them."""
        found = await run_in_threadpool(self._means.orders.all)
        found.sort(key=lambda one: one.placed, reverse=True)
        found.sort(key=lambda one: one.state != "ordered")
        return told([_order(one) for one in found])

    async def approve(self, request: Request) -> Response:
        """An order goes on."""
        await body_of(request)
        which, name = request.path_params["id"], actor(request)
        return await self._decided(
            request, "approbation", lambda desk: desk.approve(who(request), name, which)
        )

    async def refuse(self, request: Request) -> Response:
        """An order ends, for a reason."""
        reason = await reason_of(request)
        which, name = request.path_params["id"], actor(request)
        return await self._decided(
            request, "refus", lambda desk: desk.refuse(who(request), name, which, reason)
        )

    async def _decided(self, request: Request, action: str, decide: Callable[[Desk], Ordered]) -> Response:
        def act() -> Ordered:
            with self._means.desk() as desk:
                moved = decide(desk)
            self._means.note(request, action, f"commande {moved.id}", moved.message)
            return moved

        return told(_order(await run_in_threadpool(act)))

    async def copies(self, _request: Request) -> Response:
        """How the copies of what is archived stand."""
        return told(await run_in_threadpool(self._means.copies))

    async def jobs(self, request: Request) -> Response:
        """The last jobs of users. Their names are for administrators: who has one has what came of it."""
        whole = who(request).role is Role.ADMIN
        found = await run_in_threadpool(lambda: self._means.jobs.of(None, limit=_JOBS))
        return told([_job(one, whole=whole) for one in found])

    async def journal(self, _request: Request) -> Response:
        """What was done here, the newest first, and the first line that was changed, if one was."""
        lines = await run_in_threadpool(self._means.journal.trail)
        last, broken = chain(iter(lines))
        rows = [
            {"le": one.at, "qui": one.actor, "fait": one.action, "sur": one.subject, "mot": one.detail}
            for one in reversed(lines[-_LINES:])
        ]
        return told({"lignes": rows, "somme": last, "rompu": broken.seq if broken else None})


def _order(order: Ordered) -> dict[str, Any]:
    return processes.told(order) | {
        "id": order.id,
        "etat": order.state,
        "de": order.owner,
        "motif": order.purpose,
        "decide_par": order.decided_by,
    }


def _job(job: Job, *, whole: bool) -> dict[str, Any]:
    return {
        "id": job.id if whole else None,
        "processus": job.process,
        "etat": job.status,
        "message": job.message,
        "avancement": job.progress,
        "cree": job.created,
        "fini": job.finished,
        "public": not job.owner,
    }
