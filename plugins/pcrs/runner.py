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
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import shapely

from pcrs.assembly import features_of, process_means
from pcrs.errors import PcrsError
from pcrs.settings import Settings, load
from pcrs.store.jobs import Job, Jobs, written
from pcrs.work.access import Readable
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
            sweep(site, settings, jobs)
            return _work(site, jobs, found, number, idle_s)


def _work(site: Site, jobs: Jobs, found: Mapping[str, Process], number: int, idle_s: float) -> int:
    done, until = 0, time.monotonic() + idle_s
    while time.monotonic() < until:
        _adopt(site, jobs, number)
        job = jobs.take(number, now=_now())
        if job is None:
            time.sleep(min(_LOOK_S, idle_s))
            continue
        _do(site, jobs, found, job)
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
    """One job, to its end, whatever it is."""
    folder = site.job_folder(job.id)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        process = found[job.process]
        task = Task(job.asked["inputs"], folder, _readable(job), progress=_Teller(jobs, job))
        outputs = _kept(process.run(task), job)
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


def sweep(site: Site, settings: Settings, jobs: Jobs) -> None:
    """What ended longer ago than results are kept goes, with its files; so do folders of no job."""
    before = datetime.now(UTC) - timedelta(hours=settings.jobs.keep_hours)
    old = jobs.old(written(before))
    for job in old:
        shutil.rmtree(site.job_folder(job.id), ignore_errors=True)
    jobs.forget([job.id for job in old])
    with suppress(FileNotFoundError):
        known = {job.id for job in jobs.of(None, limit=1_000_000)}
        for folder in site.job_folders.iterdir():
            if folder.name not in known:
                shutil.rmtree(folder, ignore_errors=True)


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
