"""A served site under attack, from the first request to what is left of it."""

import asyncio
import math
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import batched, islice
from pathlib import Path
from urllib.request import urlopen

from tests.bench.hostile import harm, schemas
from tests.bench.hostile.harm import Attack
from tests.bench.hostile.judge import Secret, busy, faults
from tests.bench.hostile.values import CANARY_FILE
from tests.bench.hostile.watch import memory, p50_ms, tiles
from tests.bench.hostile.wire import exchange
from tests.bench.load import session_cpu
from tests.serving import end, free_port, wait_for

_ATTACK_S, _PEACE_S = 4.0, 1.0
_EXAMPLES = 5
_ROOM = 50 * 2**20


@dataclass(slots=True)
class Outcome:
    """What was seen."""

    answers: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often, by service and status; `busy` is 503 with Retry-After."""
    faults: dict[tuple[str, str, str], list[tuple[int, bytes]]] = field(default_factory=dict)
    """Number and bytes of requests, by what was wrong, service and kind."""
    sent: int = 0
    slowest: list[tuple[float, str, bytes]] = field(default_factory=list)
    memory: tuple[int, int, int] = (0, 0, 0)
    """Bytes at the start, at the most, and at the end."""
    idle_ms: float = math.nan
    attacked_ms: float = math.nan
    tiles: int = 0
    tiles_lost: int = 0
    busy_share: float = math.nan
    """Processor time of the service while it was attacked, of one processor."""
    log: str = ""
    """What the service wrote of itself."""

    @property
    def traces(self) -> int:
        """Faults that the service itself logged."""
        return self.log.count("Traceback (most recent call last)")

    @property
    def memory_is_back(self) -> bool:
        """Within a fifth of its start and 50 MB."""
        return self.memory[2] <= 1.2 * self.memory[0] + _ROOM

    @property
    def tiles_ratio(self) -> float:
        """How quick tiles were under attack, of how quick they are otherwise."""
        return self.idle_ms / self.attacked_ms

    def note(self, number: int, attack: Attack, wrong: str) -> None:
        """A fault of one request."""
        self.faults.setdefault((wrong, attack.service, attack.kind), []).append((number, attack.raw))


@dataclass(frozen=True, slots=True)
class Target:
    """A service that is being attacked."""

    url: str
    port: int
    process: subprocess.Popen[bytes]
    log: Path
    secret: Secret


@contextmanager
def target(site: Path, scratch: Path) -> Iterator[Target]:
    """The site served in a process of its own, with canaries beside it and in it."""
    canary = f"pcrs-canary-{os.urandom(12).hex()}"
    (site.parent / CANARY_FILE).write_text(canary, encoding="utf-8")
    with (site / "pcrs.toml").open("a", encoding="utf-8") as settings:
        settings.write(f"\n# {canary}\n")
    (site / "stores" / CANARY_FILE).write_text(canary, encoding="utf-8")
    port, log = free_port(), scratch / "serve.log"
    with log.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", "pcrs", "serve", "--site", site, "--port", str(port)],
            stdout=subprocess.DEVNULL,
            stderr=written,
            start_new_session=True,
            env=os.environ,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{url}/healthz", process)
        yield Target(url, port, process, log, Secret(canary.encode(), str(site.parent.resolve()).encode()))
    finally:
        end(process)


def attacks(url: str, count: int, seed: int, share: float = 0.3) -> list[Attack]:
    """So many hostile requests, a share by Schemathesis over our OpenAPI, the rest by our generators."""
    wanted = int(count * share)
    found = list(schemas.attacks(url, wanted, seed))
    found = found[:: max(1, len(found) // max(1, wanted))]
    ours = list(islice(harm.attacks(seed), max(0, count - len(found))))
    mixed = found + ours
    step = next(step for step in (7919, 7927, 1) if len(mixed) % step)
    return [mixed[n * step % len(mixed)] for n in range(len(mixed))]


def attack(at: Target, found: list[Attack], tile: str, *, rate: float, at_once: int = 4) -> Outcome:
    """All of them sent, `rate` a second at the most.

    Tiles are asked for all along. The attack rests now and then, so that what else runs on the machine
    disturbs tiles under attack and tiles at peace alike.
    """
    outcome = Outcome()
    idle: list[float] = []
    attacked: list[float] = []
    with tiles(at.port, tile) as asked:
        time.sleep(_PEACE_S)
        asked.taken()
        before = most = memory(at.process.pid)
        time.sleep(_PEACE_S)
        idle += asked.taken()
        cpu = seconds = 0.0
        for some in batched(enumerate(found), max(1, int(rate * _ATTACK_S))):
            begun, used = time.perf_counter(), session_cpu(at.process.pid)
            asyncio.run(_send(at, some, outcome, rate, at_once))
            seconds, cpu = seconds + time.perf_counter() - begun, cpu + session_cpu(at.process.pid) - used
            attacked += asked.taken()
            most = max(most, memory(at.process.pid))
            time.sleep(_PEACE_S / 2)
            asked.taken()
            time.sleep(_PEACE_S)
            idle += asked.taken()
        outcome.memory = (before, most, memory(at.process.pid))
    outcome.busy_share = cpu / seconds
    outcome.idle_ms, outcome.attacked_ms = p50_ms(idle), p50_ms(attacked)
    outcome.tiles, outcome.tiles_lost = len(attacked), sum(map(math.isinf, attacked))
    outcome.log = at.log.read_text(encoding="utf-8", errors="replace")
    with urlopen(f"{at.url}/healthz", timeout=30) as answer:
        if answer.status != 200:
            raise AssertionError("the service is not well afterwards")
    return outcome


async def _send(
    at: Target, found: Sequence[tuple[int, Attack]], outcome: Outcome, rate: float, at_once: int
) -> None:
    turn, begun = asyncio.Semaphore(at_once), time.perf_counter()

    async def one(number: int, attack: Attack) -> None:
        async with turn:
            came = await exchange(at.port, attack.raw)
        outcome.sent += 1
        for reply in came.replies:
            outcome.answers[attack.service, "busy" if busy(reply) else str(reply.status)] += 1
        for wrong in faults(attack, came, at.secret):
            outcome.note(number, attack, wrong)
        slowest = [*outcome.slowest, (came.seconds, attack.service, attack.raw[:200])]
        outcome.slowest = sorted(slowest)[-_EXAMPLES:]

    async with asyncio.TaskGroup() as group:
        for place, (number, each) in enumerate(found):
            await asyncio.sleep(max(0.0, begun + place / rate - time.perf_counter()))
            group.create_task(one(number, each))
