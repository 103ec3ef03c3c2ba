"""Hostile requests against a demo of its own: python -m tests.bench.hostile [--requests 10000] [--seed 1].

Everything is on 127.0.0.1, in a copy of the site. Exit code 1 when something did not hold: an answer of 5xx
that is no limit's 503, a trace, a file from outside what is public, a header that was injected, memory that
stays, slow tiles.
"""

import argparse
import shutil
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench.hostile.run import Outcome, attack, attacks, target
from tests.serving import pcrs

_TILE = "/wmts/PCRS_D046_RVB/2154_5cm/16/703/6869.jpeg"
_TILES_LEAST = 0.8
_SHOWN = 12


def main() -> None:
    """The run and its report."""
    options = argparse.ArgumentParser(prog="python -m tests.bench.hostile", description=__doc__)
    options.add_argument("--requests", type=int, default=10_000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--rate", type=float, default=30.0, help="requests a second at the most")
    options.add_argument("--at-once", type=int, default=4)
    options.add_argument("--site", type=Path, help="a site to copy; the demo is made where none is given")
    options.add_argument("--tile", default=_TILE, help="path of a tile that is there")
    given = options.parse_args()
    console = Console(width=150, markup=False, highlight=False)
    with tempfile.TemporaryDirectory(prefix="pcrs-hostile-") as scratch:
        folder = Path(scratch) / "beside"
        folder.mkdir()
        site = folder / "site"
        if given.site:
            shutil.copytree(given.site, site, symlinks=True)
        else:
            made = pcrs("demo", "--site", site, "--no-serve")
            if made.returncode:
                raise SystemExit(made.stderr)
        with target(site, Path(scratch)) as at:
            found = attacks(at.url, given.requests, given.seed)
            outcome = attack(at, found, given.tile, rate=given.rate, at_once=given.at_once)
    report(outcome, console)
    raise SystemExit(0 if held(outcome) else 1)


def held(outcome: Outcome) -> bool:
    """True when nothing was wrong."""
    quick = outcome.tiles_ratio >= _TILES_LEAST and not outcome.tiles_lost
    return not outcome.faults and not outcome.traces and outcome.memory_is_back and quick


def report(outcome: Outcome, console: Console) -> None:
    """What was seen, on a screen."""
    statuses = sorted({status for _, status in outcome.answers})
    table = Table("service", *statuses, title=f"{outcome.sent} requests")
    for service in sorted({service for service, _ in outcome.answers}):
        table.add_row(service, *(str(outcome.answers[service, status] or "") for status in statuses))
    console.print(table)
    for (wrong, service, kind), cases in sorted(outcome.faults.items()):
        console.print(f"{wrong}: {len(cases)} of {service}, {kind}")
        for number, raw in cases[:_SHOWN]:
            console.print(f"    {number}: {raw[:300]!r}")
    start, most, last = (octets / 2**20 for octets in outcome.memory)
    console.print(f"memory MB: start {start:.0f}, most {most:.0f}, end {last:.0f}: {outcome.memory_is_back}")
    console.print(
        f"tiles: p50 {outcome.idle_ms:.2f} ms idle, {outcome.attacked_ms:.2f} ms attacked, ratio"
        f" {outcome.tiles_ratio:.2f}; {outcome.tiles_lost} of {outcome.tiles} lost; the service took"
        f" {outcome.busy_share:.0%} of a processor"
    )
    for seconds, service, raw in outcome.slowest:
        console.print(f"slow: {seconds:.1f} s {service} {raw!r}")
    console.print(f"traces logged: {outcome.traces}")
    if outcome.traces:
        console.print(outcome.log)
    console.print("held" if held(outcome) else "DID NOT HOLD")


if __name__ == "__main__":
    main()
