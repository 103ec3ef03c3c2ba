"""The routes of OGC API Processes, under the landing page of the site's API."""

import asyncio
import re
import shutil
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from shapely import to_wkt
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pcrs.errors import ForbiddenError, InputError, NotFoundError
from pcrs.serve.bodies import whole_body
from pcrs.serve.conditional import tagged
from pcrs.serve.context import PRINCIPAL, Served
from pcrs.serve.listing import PublicFile, sent
from pcrs.serve.ogcapi_host import Extension
from pcrs.serve.ogcapi_request import language_of
from pcrs.serve.parameters import closed
from pcrs.serve.problems import PROBLEM, Handler, guarded, problem, problem_body
from pcrs.serve.processes.documents import CONFORMANCE, Document, Documents
from pcrs.serve.processes.execution import MAX_BODY, Execution, read
from pcrs.serve.processes.openapi import paths
from pcrs.store.jobs import Job, Jobs, is_file, written
from pcrs.work.access import Ask, Principal, Readable, Role, Rules, decide, readable
from pcrs.work.processing import Process, Task

_EXCEPTIONS = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0"
_MOST_WAITING = 20
"""Jobs of one token that may wait; of all of the public together, five times as many."""
_LIMIT = re.compile(r"[1-9]\d{0,3}")
_QUICK_S = 20
_NO_STORE = {"Cache-Control": "no-store", "Access-Control-Allow-Origin": "*"}
_DESCRIBED = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Content-Language, ETag",
    "Vary": "Accept-Language",
}
_PUBLIC = Principal()


def extension(
    served: Served,
    processes: Mapping[str, Process],
    jobs: Jobs,
    rules: Rules,
    folder: Path,
    keep_hours: int = 48,
) -> Extension:
    """Processes for the API of a site.

    Args:
        served: the site.
        processes: by their identifiers.
        jobs: where jobs wait for the runner, and what came of them.
        rules: what is not open.
        folder: where runners put files, one folder for each job.
        keep_hours: how long they stay.
    """
    documents = Documents(f"{served.public_url}/ogcapi", folder, keep_hours)
    service = _Service(documents, processes, jobs, rules, folder, served)
    handlers: list[tuple[str, str, Handler]] = [
        ("/processes", "GET", service.list),
        ("/processes/{id}", "GET", service.describe),
        ("/processes/{id}/execution", "POST", service.execute),
        ("/jobs", "GET", service.jobs),
        ("/jobs/{job}", "GET", service.job),
        ("/jobs/{job}", "DELETE", service.dismiss),
        ("/jobs/{job}/results", "GET", service.results),
        ("/jobs/{job}/results/{output}/{file}", "GET", service.file),
    ]
    made = (Route(path, _guarded(handler), methods=[method]) for path, method, handler in handlers)
    return Extension(
        routes=closed(
            made, {"/jobs": ("own",), "/processes": ("limit", "lang"), "/processes/{id}": ("lang",)}
        ),
        conformance=CONFORMANCE,
        links=service.documents.landing_links(),
        paths=paths(processes),
    )


class _Service:
    """The answers. Each may raise what `_guarded` tells."""

    def __init__(
        self,
        documents: Documents,
        processes: Mapping[str, Process],
        jobs: Jobs,
        rules: Rules,
        folder: Path,
        served: Served,
    ) -> None:
        self.documents = documents
        self._processes = processes
        self._jobs = jobs
        self._rules = rules
        self._folder = folder
        self._served = served
        self._quick = ThreadPoolExecutor(2, thread_name_prefix="processes")

    async def list(self, request: Request) -> Response:
        """Every process."""
        limit = request.query_params.get("limit", "100")
        if not _LIMIT.fullmatch(limit):
            raise InputError(f"limit={limit[:20]!r}: expected 1 to 9999")
        told = self.documents.processes(self._processes, language_of(request), int(limit))
        return _described(request, told)

    async def describe(self, request: Request) -> Response:
        """One process."""
        told = self.documents.process(self._process(request), language_of(request))
        return _described(request, told)

    async def execute(self, request: Request) -> Response:
        """A process is run, or a job made of it."""
        process = self._process(request)
        asked = read(process, await whole_body(request, MAX_BODY), request.headers.get("prefer", ""))
        who: Principal = request.scope.get(PRINCIPAL, _PUBLIC)
        if asked.wait:
            return await self._run(process, asked, who, json_=_only_json(request))
        if asked.inputs.get("courriel"):
            await self._promise(who, asked.inputs["courriel"])
        public = who.token is None
        job = await asyncio.to_thread(
            self._jobs.add,
            process.id,
            who.token or "",
            {"inputs": asked.inputs, "outputs": asked.outputs, "readable": _written(self._readable(who))},
            now=_now(),
            most=_MOST_WAITING * (5 if public else 1),
        )
        headers = {"Location": self.documents.job_address(job), "Preference-Applied": "respond-async"}
        return _json(self.documents.job(job), 201, headers)

    async def _promise(self, who: Principal, address: str) -> None:
        """A letter goes to an address when the job has ended: not for anybody, and not without an end.

        Raises:
            ForbiddenError: who asks may not have letters sent.
            TooManyError: too many are sent to it, or by who asks.
        """
        decision = decide(who, Ask("letter"), self._rules)
        if not decision.allowed:
            raise ForbiddenError(f"courriel: {decision.reason}")
        await asyncio.to_thread(self._jobs.promise_letter, who.token or "", address, now=_now())

    async def _run(self, process: Process, asked: Execution, who: Principal, *, json_: bool) -> Response:
        task = Task(asked.inputs, self._folder / "none", self._readable(who), who)
        future = asyncio.get_running_loop().run_in_executor(self._quick, process.run, task)
        outputs = await asyncio.wait_for(future, _QUICK_S)
        chosen = {name: outputs[name] for name in asked.outputs}
        if not asked.raw or len(chosen) != 1:
            return _json(chosen)
        (name,) = chosen
        media_type = process.outputs[name].media_type
        if media_type.startswith("text/") and not json_:
            return Response(str(chosen[name]), headers=_NO_STORE, media_type=media_type)
        return _json(chosen[name])

    def _readable(self, who: Principal) -> Readable:
        layers = (layer.name for layer in self._served.store.layers())
        return readable(who, (*layers, "ortho"), self._rules)

    async def jobs(self, request: Request) -> Response:
        """The jobs of who asks; of all, to an administrator, unless `own=true`; the public has no list."""
        who: Principal = request.scope.get(PRINCIPAL, _PUBLIC)
        if who.token is None:
            return _json(self.documents.jobs([]))
        own = request.query_params.get("own", "false")
        if own not in ("true", "false"):
            raise InputError(f"own={own[:20]!r}: expected true or false")
        owner = None if who.role is Role.ADMIN and own == "false" else who.token
        return _json(self.documents.jobs(await asyncio.to_thread(self._jobs.of, owner)))

    async def job(self, request: Request) -> Response:
        """Where a job is."""
        return _json(self.documents.job(await self._job(request)))

    async def dismiss(self, request: Request) -> Response:
        """A job is given up; its files go."""
        job = await self._job(request)
        if job.status in ("accepted", "running"):
            told = "abandonné / dismissed"
            await asyncio.to_thread(self._jobs.end, job.id, "dismissed", told, now=_now())
            return _json(self.documents.job(self._jobs.get(job.id)))
        await asyncio.to_thread(shutil.rmtree, self._folder / job.id, True)
        await asyncio.to_thread(self._jobs.forget, [job.id])
        return _json(self.documents.job(job) | {"status": "dismissed"})

    async def results(self, request: Request) -> Response:
        """What came of a job."""
        job = await self._job(request)
        if job.status == "failed":
            return problem(422, job.message, "ProcessFailed")
        if job.status != "successful":
            return _exception("result-not-ready", f"the job is {job.status}: come back when it is successful")
        return _json(self.documents.results(job))

    async def file(self, request: Request) -> Response:
        """A file that a job made, whole or in ranges."""
        job = await self._job(request)
        value = (job.outputs or {}).get(request.path_params["output"])
        if not is_file(value) or value["file"] != request.path_params["file"]:
            raise NotFoundError("the job made no such file")
        path = self._folder / job.id / value["file"]
        try:
            found = PublicFile(path, path.stat())
        except FileNotFoundError:
            raise NotFoundError("the file was taken away after its time: run the process again") from None
        response = sent(request, found)
        response.headers["Cache-Control"] = "private, no-cache"
        response.headers["Content-Disposition"] = f'attachment; filename="{value["file"]}"'
        return response

    def _process(self, request: Request) -> Process:
        try:
            return self._processes[request.path_params["id"]]
        except KeyError:
            raise _NoSuchProcessError(
                f"no process {request.path_params['id'][:60]!r}: see /processes"
            ) from None

    async def _job(self, request: Request) -> Job:
        """The job, when who asks may see it: jobs of the public are known by their address alone."""
        who: Principal = request.scope.get(PRINCIPAL, _PUBLIC)
        try:
            job = await asyncio.to_thread(self._jobs.get, request.path_params["job"])
        except NotFoundError as error:
            raise _NoSuchJobError(str(error)) from None
        if job.owner and job.owner != who.token and who.role is not Role.ADMIN:
            raise _NoSuchJobError("there is no such job, or no longer")
        return job


class _NoSuchProcessError(NotFoundError):
    pass


class _NoSuchJobError(NotFoundError):
    pass


def _only_json(request: Request) -> bool:
    """True when a text is wanted as JSON: nothing else is accepted."""
    accepted = request.headers.get("accept", "")
    return "json" in accepted and "*/*" not in accepted and "text/" not in accepted


def _written(may: Readable) -> dict[str, Any]:
    """As a job keeps it; `pcrs.runner` reads it."""
    return {
        "layers": None if may.layers is None else sorted(may.layers),
        "bounded": sorted(may.bounded),
        "area": None if may.area is None else to_wkt(may.area, rounding_precision=3),
    }


def _described(request: Request, document: Document) -> Response:
    """What is the same for all who ask in a language, unlike jobs."""
    language = {"fr": "fr-FR", "en": "en-US"}[language_of(request)]
    headers = _DESCRIBED | {"Content-Language": language}
    return tagged(request, orjson.dumps(document), "application/json", headers)


def _json(document: Document, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    sent_ = _NO_STORE | dict(headers or {})
    return Response(orjson.dumps(document), status, sent_, "application/json")


def _exception(name: str, detail: str, status: int = 404) -> Response:
    body = problem_body(status, detail, type_=f"{_EXCEPTIONS}/{name}")
    return Response(body, status, _NO_STORE, PROBLEM)


def _now() -> str:
    return written(datetime.now(UTC))


def _guarded(handler: Handler) -> Handler:
    """The handler, its refusals told as problem details."""

    async def answered(request: Request) -> Response:
        try:
            return await handler(request)
        except _NoSuchProcessError as error:
            return _exception("no-such-process", str(error))
        except _NoSuchJobError as error:
            return _exception("no-such-job", str(error))
        except TimeoutError:
            return problem(503, f"it took more than {_QUICK_S} s: ask for it with Prefer: respond-async")

    return guarded(answered)
