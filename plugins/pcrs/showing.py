"""Progress shown to whoever gave the command: bars on a terminal, lines in a log."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bar
from rich.text import Text

from pcrs.work.progress import Progress, Step

_WINDOW_S = 600.0
"""What has been done in this time tells how fast the work goes: one dalle may take 30 seconds."""


@contextmanager
def showing(console: Console) -> Iterator[Progress]:
    """A bar for each stage on a terminal, a line per tenth of a stage otherwise."""
    if not console.is_terminal:
        yield Lines(lambda line: console.print(line, markup=False))
        return
    columns = (
        TextColumn("{task.description:>14}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=console, speed_estimate_period=_WINDOW_S) as bar:
        tasks: dict[str, TaskID] = {}

        def show(step: Step) -> None:
            if step.total and step.stage not in tasks:
                tasks[step.stage] = bar.add_task(step.stage, total=step.total, completed=step.done)
            if step.stage in tasks:
                bar.update(tasks[step.stage], completed=step.done, total=step.total)

        yield show


class _Rate(ProgressColumn):
    """How many a minute, or a second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(rate(speed) if speed else "", style="progress.data.speed")


class Lines:
    """Plain lines: one when a stage begins, and one each time that another tenth of it is done.

    From the first tenth on a line also says how fast it goes and how long it will take.
    """

    def __init__(self, put: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._put, self._clock = put, clock
        self._tenths: dict[str, int] = {}
        self._began: dict[str, tuple[float, int]] = {}
        """When each stage began, and how much of it an earlier run had done by then."""

    def __call__(self, step: Step) -> None:
        """Says where the work is, if it is time to."""
        if not step.total:
            return
        tenth = 10 * step.done // step.total
        began, before = self._began.setdefault(step.stage, (self._clock(), step.done))
        if self._tenths.get(step.stage) == tenth:
            return
        self._tenths[step.stage] = tenth
        line = f"{step.stage}: {step.done}/{step.total}"
        elapsed, done = self._clock() - began, step.done - before
        if tenth and done and elapsed > 0:
            line += f", {rate(done / elapsed)}"
            if step.done < step.total:
                line += f", reste {duration(elapsed / done * (step.total - step.done))}"
        self._put(line)


def rate(per_second: float) -> str:
    """A speed as a person says it: 12/s, 3.4/min."""
    number, unit = (per_second, "s") if per_second >= 1 else (60 * per_second, "min")
    return f"{number:.0f}/{unit}" if number >= 10 else f"{number:.1f}/{unit}"


def duration(seconds: float) -> str:
    """A time as a person says it: 45 s, 12 min, 3 h 20."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d}"
