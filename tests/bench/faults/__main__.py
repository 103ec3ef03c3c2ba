"""Faults one by one: python -m tests.bench.faults [--only full_disk …].

Exit code 1 when something did not hold.
"""

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from pcrs.work.site import Site
from tests.bench.faults.engines import database_gone, store_refuses
from tests.bench.faults.machine import clock_jump, full_disk, half_written, killed_worker, reloaded
from tests.bench.faults.stage import Report, delivery, site_of

FAULTS: dict[str, Callable[[Site, Path, Path, Report], None]] = {
    one.__name__: one
    for one in (full_disk, database_gone, store_refuses, killed_worker, reloaded, clock_jump, half_written)
}


def main() -> None:
    """The faults, each on a site of its own."""
    options = argparse.ArgumentParser(prog="python -m tests.bench.faults", description=__doc__)
    options.add_argument("--only", nargs="*", choices=FAULTS, default=list(FAULTS))
    given = options.parse_args()
    console = Console(width=150, markup=False, highlight=False)
    broken = 0
    with tempfile.TemporaryDirectory(prefix="pcrs-faults-") as scratch:
        depot = delivery(Path(scratch) / "depot")
        base = site_of(Path(scratch) / "base", depot)
        for name in given.only:
            folder = Path(scratch) / name
            folder.mkdir()
            report = Report()
            console.print(f"{name}: {(FAULTS[name].__doc__ or '').splitlines()[0]}", style="bold")
            try:
                FAULTS[name](base, depot, folder, report)
            except LookupError as error:
                console.print(f"    left out: {error}")
                continue
            for claim in report.claims:
                said = f"held    {claim.what}" if claim.held else f"BROKEN  {claim.what}: {claim.seen}"
                console.print(f"    {said}")
            broken += len(report.broken)
    console.print("held" if not broken else f"{broken} claims did not hold")
    raise SystemExit(1 if broken else 0)


if __name__ == "__main__":
    main()
