"""The documents of OGC API Processes (18-062r2): processes, jobs, results."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from pcrs.store.jobs import Job, is_file, written
from pcrs.work.job_letter import result_path
from pcrs.work.processing import Process, Words

Document = dict[str, Any]
Language = Literal["fr", "en"]
_REL = "http://www.opengis.net/def/rel/ogc/1.0"
_JSON = "application/json"
_TOLD = ("commune", "dalle", "formats", "epsg", "decoupe")
"""Inputs by which one knows a job again: short ones, and no address of anybody."""
CONFORMANCE = tuple(
    f"http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/{name}"
    for name in ("core", "json", "oas30", "ogc-process-description", "job-list", "dismiss")
)


class Documents:
    """Documents with addresses under `address`, the landing page's.

    Args:
        address: of the landing page.
        folder: of the files of jobs, one folder for each.
        keep_hours: how long what came of a job is kept after its end.
    """

    def __init__(self, address: str, folder: Path, keep_hours: int) -> None:
        self._address = address
        self._folder = folder
        self._keep = timedelta(hours=keep_hours)

    def landing_links(self) -> tuple[Mapping[str, str], ...]:
        """What the landing page says of processes."""
        return (
            _link(f"{_REL}/processes", f"{self._address}/processes", "Traitements / Processes"),
            _link(f"{_REL}/job-list", f"{self._address}/jobs", "Travaux / Jobs"),
        )

    def processes(self, found: Mapping[str, Process], language: Language, limit: int) -> Document:
        """The list of processes."""
        shown = list(found.values())[:limit]
        return {
            "processes": [self._summary(each, language) for each in shown],
            "links": [_link("self", f"{self._address}/processes", "Traitements / Processes")],
        }

    def process(self, process: Process, language: Language) -> Document:
        """One process, with its inputs and outputs."""
        say = _say(language)
        inputs = {
            name: {
                "title": say(each.title),
                "schema": dict(each.schema),
                "minOccurs": int(each.required),
                "maxOccurs": 1,
            }
            for name, each in process.inputs.items()
        }
        outputs = {
            name: {"title": say(each.title), "schema": dict(each.schema)}
            for name, each in process.outputs.items()
        }
        here = f"{self._address}/processes/{process.id}"
        links = [_link("self", here, say(process.title)), _link(f"{_REL}/execute", f"{here}/execution", "")]
        return self._summary(process, language) | {"inputs": inputs, "outputs": outputs, "links": links}

    def _summary(self, process: Process, language: Language) -> Document:
        say = _say(language)
        options = ["sync-execute", "async-execute"] if process.quick else ["async-execute"]
        values = all(each.media_type == _JSON or process.quick for each in process.outputs.values())
        return {
            "id": process.id,
            "version": process.version,
            "title": say(process.title),
            "description": say(process.description),
            "jobControlOptions": options,
            "outputTransmission": ["value"] if values else ["reference"],
            "links": [_link("self", f"{self._address}/processes/{process.id}", say(process.title))],
        }

    def job(self, job: Job) -> Document:
        """Where a job is."""
        here = self.job_address(job)
        links = [_link(rel, here, "Ce travail / This job") for rel in ("self", "monitor")]
        if job.status == "successful":
            links.append(_link(f"{_REL}/results", f"{here}/results", "Résultats / Results"))
        asked = job.asked["inputs"]
        told = {
            "jobID": job.id,
            "processID": job.process,
            "type": "process",
            "status": job.status,
            "message": job.message,
            "progress": job.progress,
            "created": job.created,
            "started": job.started,
            "finished": job.finished,
            "updated": job.updated,
            "expires": job.finished and written(datetime.fromisoformat(job.finished) + self._keep),
            "inputs": {name: asked[name] for name in _TOLD if name in asked},
            "links": links,
        }
        return {key: value for key, value in told.items() if value is not None}

    def jobs(self, jobs: list[Job]) -> Document:
        """The list of jobs."""
        links = [_link("self", f"{self._address}/jobs", "Travaux / Jobs")]
        return {"jobs": [self.job(each) for each in jobs], "links": links}

    def job_address(self, job: Job) -> str:
        """Where a job is followed."""
        return f"{self._address}/jobs/{job.id}"

    def results(self, job: Job) -> Document:
        """What came of a job: values, and links to files."""
        return {name: self._result(job, name, value) for name, value in (job.outputs or {}).items()}

    def _result(self, job: Job, name: str, value: Any) -> Any:
        if not is_file(value):
            return value
        href = f"{self._address}{result_path(job, name, value['file'])}"
        link: Document = {"href": href, "type": value["type"], "rel": "item", "title": value["file"]}
        with suppress(FileNotFoundError):
            link["length"] = (self._folder / job.id / value["file"]).stat().st_size
        return link


def _say(language: Language) -> Callable[[Words], str]:
    return lambda words: words.fr if language == "fr" else words.en


def _link(rel: str, href: str, title: str) -> dict[str, str]:
    link = {"rel": rel, "href": href, "type": _JSON}
    return link | {"title": title} if title else link
