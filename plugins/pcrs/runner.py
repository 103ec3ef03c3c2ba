"""The runner: a process beside the servers that does what jobs ask, one by one, and yields to all else.

`pcrs serve` starts it when jobs wait, and it ends when none do: an idle site costs nothing. The number of a
runner is a lock: where it is free, the runner is dead, and what it left waits again.
"""

import fcntl
import logging
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import shapely

from pcrs.assembly import features_of, process_means
from pcrs.errors import PcrsError
from pcrs.settings import Settings, load, public_url
from pcrs.store.jobs import Job, Jobs, is_file, written
from pcrs.sweeping import sweep
from pcrs.work.access import Readable
from pcrs.work.job_letter import job_letter
from pcrs.work.processes import processes
from pcrs.work.processing import Made, Outputs, Process, Task
from pcrs.work.progress import Step
from pcrs.work.site import Site

_log = logging.getLogger(__name__)
_IDLE_S = 20.0
_LOOK_S = 0.5
_TELL_S = 0.5
_NICE = 10


class DismissedError(Exception):
    """The job that is being done was given up by its owner."""


def run(site: Site, number: int = 0, *, idle_s: float = _IDLE_S) -> int:
    """Jobs are done until none has come for `idle_s`: how many. 0 at once where this runner is at work."""
    settings = load(site.settings_file)
    with _alone(site, number) as first:
        if not first:
            return 0
        with closing(Jobs(site.jobs_file)) as jobs, closing(features_of(site, settings)) as store:
            found = processes(process_means(site, settings, store))
            sweep(site, jobs, settings.jobs.keep_hours)
            return _work(site, jobs, found, number, idle_s, lambda job: _tell(settings, job))


def _work(
    site: Site,
    jobs: Jobs,
    found: Mapping[str, Process],
    number: int,
    idle_s: float,
    tell: Callable[[Job], None],
) -> int:
    done, until = 0, time.monotonic() + idle_s
    while time.monotonic() < until:
        _adopt(site, jobs, number)
        job = jobs.take(number, now=_now())
        if job is None:
            time.sleep(min(_LOOK_S, idle_s))
            continue
        _do(site, jobs, found, job)
        tell(jobs.get(job.id))
        done, until = done + 1, time.monotonic() + idle_s
    return done


def _adopt(site: Site, jobs: Jobs, number: int) -> None:
    """What runners left that died waits again."""
    for other in jobs.runners():
        if other == number:
            jobs.orphans(other, now=_now())  # this one does nothing just now
            continue
        with _alone(site, other) as dead:
            if dead:
                jobs.orphans(other, now=_now())


def _do(site: Site, jobs: Jobs, found: Mapping[str, Process], job: Job) -> None:
    """One job, to its end, whatever it is. What an interrupted try left is there for the next one."""
    folder = site.job_folder(job.id)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        process = found[job.process]
        task = Task(job.asked["inputs"], folder, _readable(job), progress=_Teller(jobs, job))
        outputs = _kept(process.run(task), job)
        _tidy(folder, outputs)
    except DismissedError:
        shutil.rmtree(folder, ignore_errors=True)
        return
    except PcrsError as error:
        shutil.rmtree(folder, ignore_errors=True)
        jobs.end(job.id, "failed", str(error), now=_now())
        return
    except Exception:  # noqa: BLE001  one job must not end those that wait
        _log.exception("job %s (%s)", job.id, job.process)
        shutil.rmtree(folder, ignore_errors=True)
        told = f"erreur interne, notée sous {job.id} / internal error, logged under {job.id}"
        jobs.end(job.id, "failed", told, now=_now())
        return
    if not jobs.end(job.id, "successful", "terminé / done", outputs, now=_now()):
        shutil.rmtree(folder, ignore_errors=True)


def _kept(outputs: Outputs, job: Job) -> Outputs:
    """The outputs that were asked for, as jobs keep them."""
    wanted = job.asked.get("outputs") or outputs
    told = {}
    for name, value in outputs.items():
        if name in wanted:
            told[name] = {"file": value.name, "type": value.media_type} if isinstance(value, Made) else value
    return told


def _tell(settings: Settings, job: Job) -> None:
    """Who asked to be told by e-mail is told how the job ended."""
    if job.status not in ("successful", "failed") or not job.asked["inputs"].get("courriel"):
        return
    from pcrs.ordering import post_of

    post = post_of(settings)
    if post is None:
        return
    until = datetime.now(UTC) + timedelta(hours=settings.jobs.keep_hours)
    address = f"{public_url(settings)}/ogcapi"
    try:
        post.send(job_letter(job, address, until.date().isoformat(), post.sender, settings.site.operator))
    except PcrsError as error:
        _log.warning("%s", error)


def _tidy(folder: Path, outputs: Outputs) -> None:
    """Only the files that are given stay."""
    given = {value["file"] for value in outputs.values() if is_file(value)}
    for each in folder.iterdir():
        if each.name not in given:
            shutil.rmtree(each) if each.is_dir() else each.unlink()


def _readable(job: Job) -> Readable:
    said = job.asked["readable"]
    layers = None if said["layers"] is None else frozenset(said["layers"])
    area = None if said["area"] is None else shapely.from_wkt(said["area"])
    return Readable(layers, frozenset(said["bounded"]), area)


class _Teller:
    """Progress of a task, told to the job twice a second at the most."""

    def __init__(self, jobs: Jobs, job: Job) -> None:
        self._jobs, self._job = jobs, job
        self._due = 0.0

    def __call__(self, step: Step) -> None:
        """Where the task is.

        Raises:
            DismissedError: it is not wanted any more.
        """
        now = time.monotonic()
        if now < self._due:
            return
        self._due = now + _TELL_S
        share = int(99 * step.done / step.total) if step.total else 0
        if not self._jobs.tell(self._job.id, share, step.stage, now=_now()):
            raise DismissedError


@contextmanager
def _alone(site: Site, number: int) -> Iterator[bool]:
    """True for the one process that is this runner; the kernel frees the place when it dies."""
    site.jobs.mkdir(parents=True, exist_ok=True)
    with (site.jobs / f"runner-{number}.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def _now() -> str:
    return written(datetime.now(UTC))


def main() -> None:
    """What `pcrs serve` starts: `python -m pcrs.runner SITE NUMBER`."""
    os.nice(_NICE)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    run(Site(Path(sys.argv[1])), int(sys.argv[2]))


if __name__ == "__main__":
    main()
