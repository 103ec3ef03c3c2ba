"""What pcrs serves beside its peers: python -m tests.bench [--side 1000] [--rounds 5] [--only tiles].

Makes its data, starts pcrs and the peers that are installed, and prints tables of medians and of ratios. The
servers have their turns in every round, so what else runs on the machine disturbs all of them; ratios count.
"""

import argparse
import os
import tempfile
from pathlib import Path

from rich.console import Console

from tests.bench import coverages, tiles
from tests.bench.ground import prepare
from tests.bench.load import missing
from tests.bench.peers import PEERS


def main() -> None:
    """The tables."""
    options = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    folder = Path(tempfile.gettempdir()) / "pcrs-bench"
    options.add_argument("--folder", type=Path, default=folder, help="where the data is, or is made")
    options.add_argument("--side", type=int, choices=(200, 1000), default=1000, help="of a dalle, metres")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=int, default=3, help="of one server's turn")
    options.add_argument("--burst", type=int, default=20, help="seconds of large coverages")
    options.add_argument("--connections", type=int, default=16)
    options.add_argument("--only", nargs="*", default=("tiles", "fresh", "coverages", "burst"))
    options.add_argument("--peers", nargs="*", default=[kind.name for kind in PEERS])
    given = options.parse_args()
    console = Console(width=110)
    if why := missing():
        console.print(why)
        raise SystemExit(2)
    ground = prepare(given.folder / str(given.side), given.side)
    kinds = []
    for kind in PEERS:
        why = kind.missing() if kind.name in given.peers else "not asked for"
        if why:
            console.print(f"{kind.name}: left out ({why})")
        else:
            kinds.append(kind)
    if "tiles" in given.only:
        console.print(
            tiles.compare(
                kinds, ground, seconds=given.seconds, rounds=given.rounds, connections=given.connections
            )
        )
    if "fresh" in given.only:
        console.print(tiles.never_asked(ground, rounds=given.rounds, connections=given.connections))
    if "coverages" in given.only:
        console.print(coverages.single(ground))
    if "burst" in given.only:
        console.print(coverages.burst(ground, seconds=given.burst))
    console.print("load average: " + " ".join(f"{value:.1f}" for value in os.getloadavg()))


if __name__ == "__main__":
    main()
