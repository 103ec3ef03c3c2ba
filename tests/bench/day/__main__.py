"""The load of a real day: python -m tests.bench.day [--minutes 60] [--shape embedded|production].

First it is found how much of the mix the service bears; then it is asked 80 % of that.
Exit code 1 when something did not hold: an error, p99 of the last sixth over 1.2 times that of the first,
memory that grew by more than a tenth.
"""

import argparse
import asyncio
import os
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench.day.clients import Part, ask
from tests.bench.day.shapes import Shape, shape
from tests.bench.hostile.watch import resident

_PARTS = 6
_SHARE = 0.8
_SLOWER, _LARGER = 1.2, 1.1


def main() -> None:
    """The load and its report."""
    options = argparse.ArgumentParser(prog="python -m tests.bench.day", description=__doc__)
    options.add_argument("--minutes", type=float, default=60.0)
    options.add_argument("--shape", choices=("embedded", "production"), default="embedded")
    options.add_argument("--clients", type=int, default=16)
    options.add_argument("--probe", type=float, default=15.0, help="seconds in which the capacity is found")
    options.add_argument("--site", type=Path, help="a demo that is there already (embedded)")
    given = options.parse_args()
    console = Console(width=120, markup=False, highlight=False)
    with tempfile.TemporaryDirectory(prefix="pcrs-day-") as scratch:
        try:
            with shape(given.shape, Path(scratch), given.site) as served:
                held = _day(served, given, console)
        except LookupError as error:
            console.print(str(error))
            raise SystemExit(2) from None
    console.print("load average: " + " ".join(f"{value:.1f}" for value in os.getloadavg()))
    console.print("held" if held else "DID NOT HOLD")
    raise SystemExit(0 if held else 1)


def _day(served: Shape, given: argparse.Namespace, console: Console) -> bool:
    def run(seconds: float, seed: int, rate: float | None = None) -> Part:
        asked = ask(served.port, served.ground, seconds, clients=given.clients, seed=seed, rate=rate)
        return asyncio.run(asked)

    run(given.probe, 0)  # what is opened at the first request is open
    most = run(given.probe, 1)
    capacity = len(most.taken) / most.seconds
    rate = _SHARE * capacity
    console.print(f"{given.shape}: {capacity:.0f} requests/s at the most, {rate:.0f} are asked")
    memory = [resident(served.session)]
    parts = []
    for number in range(_PARTS):
        parts.append(run(given.minutes * 60 / _PARTS, 2 + number, rate))
        memory.append(resident(served.session))
    console.print(_table(parts, memory))
    errors = sum((part.errors for part in [most, *parts]), start=type(most.errors)())
    for what, count in errors.most_common():
        console.print(f"error: {count} {what}")
    slower = parts[-1].quantile_ms(0.99) / parts[0].quantile_ms(0.99)
    larger = memory[-1] / memory[0]
    console.print(f"p99 last / first {slower:.2f}, memory end / start {larger:.2f}, errors {errors.total()}")
    return not errors and slower <= _SLOWER and larger <= _LARGER


def _table(parts: list[Part], memory: list[int]) -> Table:
    table = Table("sixième", "requêtes", "par s", "p50 ms", "p99 ms", "erreurs", "mémoire Mo")
    for number, (part, octets) in enumerate(zip(parts, memory[1:], strict=True), 1):
        table.add_row(
            str(number),
            str(len(part.taken)),
            f"{len(part.taken) / part.seconds:.0f}",
            f"{part.quantile_ms(0.5):.1f}",
            f"{part.quantile_ms(0.99):.1f}",
            str(part.errors.total()),
            f"{octets / 2**20:.0f}",
        )
    return table


if __name__ == "__main__":
    main()
