"""Native tiles: ours beside the peers', uniformly at random over every tile of the ground."""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.request import urlopen

from rich.table import Table

from pcrs.standard.grid import Tile, slab_of
from tests.bench.ground import Ground
from tests.bench.load import Load, load
from tests.bench.peers import OURS, Kind, Peer, kvp
from tests.serving import wait_for


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: a server, asked in one way."""

    name: str
    peer: Peer
    paths: Path


@contextmanager
def started(kinds: Sequence[Kind], ground: Ground, work: Path) -> Iterator[list[Peer]]:
    """The servers, each ready to answer."""
    peers: list[Peer] = []
    try:
        for kind in kinds:
            place = work / kind.name.replace(" ", "-")
            place.mkdir(exist_ok=True)
            peer = kind.start(ground, place)
            peers.append(peer)
            wait_for(f"http://127.0.0.1:{peer.port}{peer.path(ground.tiles[-1])}", peer.process)
        yield peers
    finally:
        for peer in peers:
            peer.end()


def same_bytes(peer: Peer, ground: Ground) -> None:
    """Raises ValueError when the peer's tiles are not those of the pyramid."""
    pyramid = ground.pyramid()
    for tile in ground.tiles[:: max(1, len(ground.tiles) // 20)]:
        with urlopen(f"http://127.0.0.1:{peer.port}{peer.path(tile)}", timeout=10) as answer:
            if answer.read() != pyramid.tile(tile):
                raise ValueError(f"{peer.name} gives other bytes for {tile}")


def compare(kinds: Sequence[Kind], ground: Ground, *, seconds: int, rounds: int, connections: int) -> Table:
    """Medians over rounds in which each server has its turn."""
    with (
        tempfile.TemporaryDirectory(prefix="pcrs-bench-") as scratch,
        started([OURS, *kinds], ground, _readable(Path(scratch))) as peers,
    ):
        rows = []
        for peer in peers:
            if peer.name != "TiTiler":
                same_bytes(peer, ground)
            rows.append(_row(peer.name, peer, peer.path, ground.tiles, Path(scratch)))
        rows[:1] = [
            Row("pcrs REST", peers[0], rows[0].paths),
            _row("pcrs KVP", peers[0], kvp, ground.tiles, Path(scratch)),
        ]
        runs: dict[str, list[Load]] = {row.name: [] for row in rows}
        for number in range(rounds + 1):
            for row in rows:
                took = load(
                    row.peer.port,
                    row.paths,
                    row.peer.process.pid,
                    seconds=seconds if number else 1,
                    seed=number,
                    connections=connections,
                )
                if number:  # the first round is there to warm up
                    runs[row.name].append(took)
    return _table(runs, f"{len(ground.tiles)} tuiles au hasard, {connections} connexions, {rounds} tours")


def never_asked(ground: Ground, *, rounds: int, connections: int) -> Table:
    """Tiles of slabs that nobody asked for, each once, and then again at random.

    The service is new in each round, and warm: the tiles of every other slab were asked for before.
    """
    slabs = {slab: number for number, slab in enumerate(sorted({slab_of(tile)[0] for tile in ground.tiles}))}
    sides: tuple[list[Tile], list[Tile]] = ([], [])
    for tile in ground.tiles:
        sides[slabs[slab_of(tile)[0]] % 2].append(tile)
    runs: dict[str, list[Load]] = {"jamais demandées": [], "au hasard ensuite": []}
    for number in range(rounds):
        with (
            tempfile.TemporaryDirectory(prefix="pcrs-bench-") as scratch,
            started([OURS], ground, Path(scratch)) as peers,
        ):
            warm, fresh = (
                _row(name, peers[0], peers[0].path, side, Path(scratch))
                for name, side in zip(("warm", "fresh"), sides, strict=True)
            )

            def ask(row: Row, seconds: int, seed: int, *, once: bool = False) -> Load:
                session = row.peer.process.pid
                return load(
                    row.peer.port,
                    row.paths,
                    session,
                    seconds=seconds,
                    seed=seed,
                    connections=connections,
                    once=once,
                )

            ask(warm, 3, number)
            runs["jamais demandées"].append(ask(fresh, 1, number, once=True))
            runs["au hasard ensuite"].append(ask(fresh, 1, number))
    return _table(runs, "une tuile jamais demandée coûte ce que coûte toute tuile")


def _row(name: str, peer: Peer, path: Callable[[Tile], str], tiles: Iterable[Tile], scratch: Path) -> Row:
    paths = scratch / f"{name}.paths"
    paths.write_text("".join(f"{path(tile)}\n" for tile in tiles))
    return Row(name, peer, paths)


def _readable(folder: Path) -> Path:
    """Apache's workers are another user."""
    folder.chmod(0o755)
    return folder


def _table(runs: dict[str, list[Load]], title: str) -> Table:
    table = Table(
        "serveur", "tuiles/s", "pcrs REST ÷", "p50 ms", "p99 ms", "CPU µs/tuile", "erreurs", title=title
    )
    rates = {name: median(run.rate for run in taken) for name, taken in runs.items()}
    first = next(iter(rates.values()))
    for name, taken in runs.items():
        table.add_row(
            name,
            f"{rates[name]:.0f}",
            f"{first / rates[name]:.2f}",
            f"{median(run.p50_ms for run in taken):.2f}",
            f"{median(run.p99_ms for run in taken):.2f}",
            f"{median(run.cpu_us for run in taken):.0f}",
            str(sum(run.errors for run in taken)),
        )
    return table
