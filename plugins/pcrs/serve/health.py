"""How a site is: `/healthz` for who watches over it, and the same as gauges for `/metrics`."""

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import closing

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from pcrs.errors import PcrsError
from pcrs.serve.context import Served
from pcrs.serve.use.metrics import Gauge, Labels
from pcrs.store.index import Index
from pcrs.store.jobs import Jobs
from pcrs.work.site import Site

_ROOM = 200 * 2**20
"""Bytes; with less, what is written is refused soon."""


class Health:
    """Liveness, with what is wrong."""

    def __init__(self, site: Site, served: Served, jobs: Jobs) -> None:
        self._site = site
        self._served = served
        self._jobs = jobs

    def route(self) -> Route:
        """`/healthz`."""
        return Route("/healthz", self._answer, methods=["GET"])

    def gauges(self) -> Iterator[Gauge]:
        """The site as figures.

        Raises:
            SiteError, StoreError: it cannot be read.
        """
        with closing(Index(self._site.require().index_file)) as index:
            dalles, todo = index.dalles(), index.to_build()
        editions = Counter(dalle.edition for dalle in dalles)
        yield Gauge("pcrs_up", "1 when the site can be read", {(): 1})
        yield Gauge(
            "pcrs_dalles",
            "Dalles that were accepted",
            {(("edition", name),): n for name, n in editions.items()},
        )
        hot, kept = sum(dalle.hot_bytes for dalle in dalles), sum(dalle.master_bytes for dalle in dalles)
        sizes: dict[Labels, float] = {(("tier", "courant"),): hot, (("tier", "intermédiaire"),): kept}
        yield Gauge("pcrs_stored_bytes", "Bytes of dalles in a tier", sizes)
        yield Gauge("pcrs_slabs_to_build", "Slabs of the pyramid that wait to be built", {(): todo})
        yield Gauge(
            "pcrs_jobs_unfinished", "Jobs of users that have not ended", {(): self._jobs.unfinished()}
        )

    def _answer(self, _request: Request) -> JSONResponse:
        """200 when all is well or something is merely missing, 503 when the site cannot be read."""
        try:
            with closing(Index(self._site.require().index_file)) as index:
                todo = index.to_build()
            layers = len(self._served.store.layers())
            editions = self._served.editions()
            free = shutil.disk_usage(self._site.root).free
        except (PcrsError, OSError) as error:
            return JSONResponse({"status": "down", "wrong": [str(error)]}, 503)
        wrong = [] if editions else ["no edition is published: `pcrs receive … --accept`"]
        if todo:
            wrong.append(f"{todo} slabs of the pyramid wait to be built")
        if free < _ROOM:
            wrong.append(f"the disk of the site is full: {free // 2**20} MB are left")
        state = {
            "status": "degraded" if wrong else "ok",
            "wrong": wrong,
            "editions": editions,
            "layers": layers,
        }
        return JSONResponse(state, headers={"Cache-Control": "no-store"})
