"""The load of a real day: python -m tests.bench.day [--minutes 60] [--shape embedded production].

First it is found how much of the mix a shape bears; then it is asked 80 % of that: a warm-up that is not
judged, then the time itself in sixty parts, a line each. Exit code 1 when something did not hold: an error,
p99 of the last sixth over 1.2 times that of the first (of each kind of request and of all), memory that grew,
a rate that was not kept up. What was measured is told and judged also when it ends before its time (Ctrl-C, a
service that is gone).
"""

import argparse
import asyncio
import os
import tempfile
import time
from pathlib import Path

import uvloop
from rich.console import Console
from rich.table import Table

from tests.bench.day.clients import Book, Part, ask, joined
from tests.bench.day.shapes import Shape, shape
from tests.bench.day.verdict import Look, judge, sixths

_LOOKS = 60
_SHARE = 0.8
_SHAPES = ("embedded", "production")


def main() -> None:
    """The load and its report, of one shape after the other."""
    options = argparse.ArgumentParser(prog="python -m tests.bench.day", description=__doc__)
    options.add_argument("--minutes", type=float, default=60.0)
    options.add_argument("--shape", nargs="+", choices=_SHAPES, default=["embedded"])
    options.add_argument("--clients", type=int, default=16)
    options.add_argument("--probe", type=float, default=20.0, help="seconds in which the capacity is found")
    options.add_argument("--warm", type=float, help="minutes before the time (a twentieth of it)")
    options.add_argument("--site", type=Path, help="a demo that is there already (embedded)")
    given = options.parse_args()
    console = Console(width=120, markup=False, highlight=False)
    held = [_shape(name, given, console) for name in given.shape]
    raise SystemExit(0 if all(held) else 1)


def _shape(name: str, given: argparse.Namespace, console: Console) -> bool:
    with tempfile.TemporaryDirectory(prefix="pcrs-day-", ignore_cleanup_errors=True) as scratch:
        try:
            with shape(name, Path(scratch), given.site) as served:
                held = _day(name, served, given, console)
        except (LookupError, AssertionError) as error:
            console.print(f"{name}: {error}")
            held = False
    console.print(f"{name}: {'held' if held else 'DID NOT HOLD'}\n", style="bold")
    return held


def _day(name: str, served: Shape, given: argparse.Namespace, console: Console) -> bool:
    probe = given.probe
    _run(served, Book(1, probe), given.clients, 0)  # what is opened at the first request is open
    most, begun = Book(1, probe), time.process_time()
    _run(served, most, given.clients, 1)
    own = (time.process_time() - begun) / probe
    found = most.parts[0]
    if found.errors or not found.count:
        console.print(f"{name}: no capacity is found: {found.errors.most_common(5)} {served.ended()}")
        return False
    rate = _SHARE * found.count / probe
    console.print(
        f"{name}: {found.count / probe:.0f} requests/s at the most ({given.clients} clients, "
        f"which take {own:.0%} of a core themselves), {rate:.0f} are asked"
    )
    warm = given.minutes / 20 if given.warm is None else given.warm
    if warm:
        _run(served, Book(1, warm * 60, rate), given.clients, 2)
    hour = Book(_LOOKS, given.minutes * 60 / _LOOKS, rate)
    looks: list[Look] = []

    async def told(number: int, part: Part) -> None:
        looks.append(Look(part, await asyncio.to_thread(served.memory)))
        console.print(_line(number, looks[-1]))
        hour.stopped = served.ended()

    try:
        asyncio.run(
            ask(hour, served.port, served.ground, clients=given.clients, seed=3, told=told),
            loop_factory=uvloop.new_event_loop,
        )
    except KeyboardInterrupt:
        hour.stopped = "interrupted"
    return _report(looks, hour.stopped, console)


def _run(served: Shape, book: Book, clients: int, seed: int) -> None:
    asked = ask(book, served.port, served.ground, clients=clients, seed=seed)
    asyncio.run(asked, loop_factory=uvloop.new_event_loop)


def _line(number: int, look: Look) -> str:
    part = look.part
    return (
        f"{number + 1:>2}/{_LOOKS} {part.count / part.seconds:6.0f}/s  p50 {part.quantile_ms(0.5):6.1f}  "
        f"p99 {part.quantile_ms(0.99):6.1f} ms  late {part.late}  errors {part.errors.total()}  "
        f"{_memory(look.memory)}  load {os.getloadavg()[0]:.1f}"
    )


def _memory(memory: dict[str, int]) -> str:
    return ", ".join(f"{server} {octets / 2**20:.0f}" for server, octets in memory.items()) + " MiB"


def _report(looks: list[Look], stopped: str, console: Console) -> bool:
    table = Table("sixième", "requêtes", "par s", "tard", "p50 ms", "p99 ms", "erreurs", "mémoire")
    for number, group in enumerate(sixths(looks), 1):
        if group:
            part = joined(look.part for look in group)
            times = (f"{part.quantile_ms(share):.1f}" for share in (0.5, 0.99))
            counts = (str(number), str(part.count), f"{part.count / part.seconds:.0f}", str(part.late))
            table.add_row(*counts, *times, str(part.errors.total()), _memory(group[-1].memory))
    console.print(table)
    findings = judge(looks, _LOOKS, stopped)
    for one in findings:
        console.print(f"{'held  ' if one.held else 'BROKEN'}  {one.what}: {one.seen}")
    return all(one.held for one in findings)


if __name__ == "__main__":
    main()
