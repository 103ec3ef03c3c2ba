"""Faults one by one: python -m tests.bench.faults [--only full_disk …].

Exit code 1 when something did not hold.
"""

import argparse
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx
from rich.console import Console
from rich.table import Table

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
    table = Table("fault", "claims", "held", "seconds", "")
    broken = 0
    with tempfile.TemporaryDirectory(prefix="pcrs-faults-", ignore_cleanup_errors=True) as scratch:
        depot = delivery(Path(scratch) / "depot")
        base = site_of(Path(scratch) / "base", depot)
        for name in given.only:
            folder = Path(scratch) / name
            folder.mkdir()
            console.print(f"{name}: {(FAULTS[name].__doc__ or '').splitlines()[0]}", style="bold")
            begun = time.monotonic()
            report = _played(name, base, depot, folder)
            for claim in report.claims:
                said = f"held    {claim.what}" if claim.held else f"BROKEN  {claim.what}: {claim.seen}"
                console.print(f"    {said}")
            counts = (str(len(report.claims)), str(len(report.claims) - len(report.broken)))
            table.add_row(name, *counts, f"{time.monotonic() - begun:.0f}", report.verdict)
            broken += len(report.broken)
    console.print(table)
    console.print("held" if not broken else f"{broken} claims did not hold")
    raise SystemExit(1 if broken else 0)


def _played(name: str, base: Site, depot: Path, folder: Path) -> Report:
    """What was claimed under the fault; that it could not be played to its end is a broken claim too."""
    report = Report()
    try:
        FAULTS[name](base, depot, folder, report)
    except LookupError as error:
        report.left_out = str(error)
    except (AssertionError, OSError, subprocess.SubprocessError, httpx.HTTPError) as error:
        report.claim("the fault was played to its end", False, f"{type(error).__name__}: {error}")
    return report


if __name__ == "__main__":
    main()
