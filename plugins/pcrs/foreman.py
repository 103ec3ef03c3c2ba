"""Keeps runners going while jobs wait, and takes away what is too old.

A thread of `pcrs serve`, in its first process.
"""

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from pcrs.errors import PcrsError
from pcrs.store.jobs import Jobs
from pcrs.sweeping import sweep
from pcrs.work.site import Site

_log = logging.getLogger(__name__)
_LOOK_S = 0.5
_PATIENCE_S = 10
_AGAIN_S = 5.0
_SWEEP_S = 60.0


@contextmanager
def foreman(site: Site, runners: int, keep_hours: int = 48) -> Iterator[None]:
    """Within the block, jobs that wait are taken up by as many runners as that; 0: others do it.

    What came of them goes when it has been kept for so many hours.
    """
    if not runners:
        yield
        return
    stop = threading.Event()
    thread = threading.Thread(
        target=_look_after, args=(site, runners, keep_hours, stop), name="foreman", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(_PATIENCE_S)


def _look_after(site: Site, runners: int, keep_hours: int, stop: threading.Event) -> None:
    going: dict[int, _Runner] = {}
    due = 0.0
    try:
        with closing(Jobs(site.jobs_file)) as jobs:
            while not stop.wait(_LOOK_S):
                _start(site, going, min(runners, _unfinished(jobs)))
                if time.monotonic() >= due:
                    _sweep(site, jobs, keep_hours)
                    due = time.monotonic() + _SWEEP_S
    except PcrsError:
        _log.exception("jobs are not taken up")
    finally:
        for runner in going.values():
            runner.process.terminate()
            runner.process.wait(_PATIENCE_S)


@dataclass(frozen=True, slots=True)
class _Runner:
    process: subprocess.Popen[bytes]
    due: float
    """Not started again before: one that ends at once has a rival elsewhere, or cannot work."""


def _unfinished(jobs: Jobs) -> int:
    try:
        return jobs.unfinished()
    except PcrsError:
        _log.exception("jobs cannot be read")
        return 0


def _sweep(site: Site, jobs: Jobs, keep_hours: int) -> None:
    try:
        sweep(site, jobs, keep_hours)
    except (PcrsError, OSError):
        _log.exception("what is too old cannot be taken away")


def _start(site: Site, going: dict[int, _Runner], wanted: int) -> None:
    for number in range(wanted):
        runner = going.get(number)
        if runner is not None and (runner.process.poll() is None or time.monotonic() < runner.due):
            continue
        command = [sys.executable, "-m", "pcrs.runner", str(site.root.resolve()), str(number)]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603
        going[number] = _Runner(process, time.monotonic() + _AGAIN_S)
