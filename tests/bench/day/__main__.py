"""The load of a real day: python -m tests.bench.day [--minutes 60] [--shape embedded production].

First it is found how much of the mix a shape bears; then it is asked 80 % of that: a warm-up that is not
judged, then the time itself in 240 parts, a line each. All the time it is looked how fast the machine is
(`pace`), beside when the capacity was found: as much more or less is asked, for half of a shared machine
comes and goes. In the last sixth a second service of the same shape, which has just begun and was warmed
alike, is asked in turns of three seconds with the first: so both see the same machine, and what an hour did
to the first is what they differ by. The time of an answer runs from when its request was due, also when all
clients still waited.

Exit code 1 when something did not hold: an error, p99 of the last sixth over 1.2 times that of the service
just begun (of each kind of request and of all), memory that grew, a capacity that fell (it is found four
times more), a rate that was not kept up, or one that is less than three quarters of what was borne later.
What was measured is told and judged also when it ends before its time (Ctrl-C, a service that is gone).
"""

import argparse
import signal
import tempfile
import time
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from statistics import fmean

from rich.console import Console
from rich.table import Table

from tests.bench.day.clients import joined
from tests.bench.day.load import Load
from tests.bench.day.pace import Pace
from tests.bench.day.shapes import Shape, shape
from tests.bench.day.verdict import SHARE, Look, judge, sixths

_LOOKS, _LAST, _WARM = 240, 40, 8
_SHAPES = ("embedded", "production")


def main() -> None:
    """The load and its report, of one shape after the other."""
    options = argparse.ArgumentParser(prog="python -m tests.bench.day", description=__doc__)
    options.add_argument("--minutes", type=float, default=60.0)
    options.add_argument("--shape", nargs="+", choices=_SHAPES, default=["embedded"])
    options.add_argument("--clients", type=int, default=32)
    options.add_argument("--probe", type=float, default=60.0, help="seconds in which the capacity is found")
    given = options.parse_args()
    for sign in (signal.SIGINT, signal.SIGTERM):  # also of one that was started in the background
        signal.signal(sign, signal.default_int_handler)
    console = Console(width=120, markup=False, highlight=False)
    held = [_shape(name, given, console) for name in given.shape]
    raise SystemExit(0 if all(held) else 1)


def _shape(name: str, given: argparse.Namespace, console: Console) -> bool:
    with tempfile.TemporaryDirectory(prefix="pcrs-day-", ignore_cleanup_errors=True) as scratch:
        try:
            held = _day(name, Path(scratch), given, console)
        except (LookupError, AssertionError) as error:
            console.print(f"{name}: {error}")
            held = False
    console.print(f"{name}: {'held' if held else 'DID NOT HOLD'}\n", style="bold")
    return held


def _day(name: str, scratch: Path, given: argparse.Namespace, console: Console) -> bool:
    with shape(name, scratch / "first") as served, Pace() as pace:
        begun = time.process_time()
        load = Load(served, pace, given.clients, given.probe)
        own = (time.process_time() - begun) / (2 * given.probe)
        if load.errors or not load.found:
            console.print(f"{name}: no capacity is found: {load.errors.most_common(5)} {served.ended()}")
            return False
        console.print(
            f"{name}: {load.found[0]:.0f} requests/s at the most ({given.clients} clients, "
            f"which take {own:.0%} of a core themselves), {SHARE * load.found[0]:.0f} are asked"
        )
        looks, stopped = [], ""
        try:
            with closing(_looks(name, served, load, scratch, given.minutes * 60 / _LOOKS)) as coming:
                for look in coming:
                    looks.append(look)
                    console.print(_line(len(looks), look))
                    if stopped := served.ended():
                        break
        except KeyboardInterrupt:
            stopped = "interrupted"
        if looks and not stopped:
            load.find()
            looks[-1].part.errors += load.errors
        console.print("capacity, each time: " + " ".join(f"{found:.0f}" for found in load.found))
    return _report(looks, load.found, stopped, console)


def _looks(name: str, served: Shape, load: Load, scratch: Path, seconds: float) -> Generator[Look]:
    """The time in its parts; in those of the last sixth a service that has just begun is asked in turns."""
    load.warm(served, _WARM * seconds)
    yield from load.looks(_LOOKS - _LAST, seconds)
    with shape(name, scratch / "fresh") as fresh:
        load.warm(fresh, _WARM * seconds)
        yield from load.looks(_LAST, seconds, fresh)


def _line(number: int, look: Look) -> str:
    part = look.part
    return (
        f"{number:>3}/{_LOOKS} {part.count / part.seconds:6.0f}/s  machine {look.speed:4.2f}  "
        f"p50 {part.quantile_ms(0.5):6.1f}  p99 {part.quantile_ms(0.99):6.1f} ms  "
        f"late {part.late}  errors {part.errors.total()}  {_memory(look.memory)}"
        + (f"  just begun: p99 {look.fresh.quantile_ms(0.99):.1f} ms" if look.fresh else "")
    )


def _memory(memory: dict[str, int]) -> str:
    return ", ".join(f"{server} {octets / 2**20:.0f}" for server, octets in memory.items()) + " MiB"


def _report(looks: list[Look], capacity: list[float], stopped: str, console: Console) -> bool:
    table = Table("sixième", "requêtes", "par s", "machine", "tard", "p50 ms", "p99 ms", "erreurs", "mémoire")
    for number, group in enumerate(sixths(looks), 1):
        if group:
            part = joined(look.part for look in group)
            times = (f"{part.quantile_ms(share):.1f}" for share in (0.5, 0.99))
            speed = fmean(look.speed for look in group)
            counts = (str(number), str(part.count), f"{part.count / part.seconds:.0f}", f"{speed:.2f}")
            seen = str(part.late), *times, str(part.errors.total())
            table.add_row(*counts, *seen, _memory(group[-1].memory))
    console.print(table)
    findings = judge(looks, _LOOKS, capacity, stopped)
    for one in findings:
        console.print(f"{'held  ' if one.held else 'BROKEN'}  {one.what}: {one.seen}")
    return all(one.held for one in findings)


if __name__ == "__main__":
    main()
