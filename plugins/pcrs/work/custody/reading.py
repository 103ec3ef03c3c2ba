"""Copies read from several targets at a time, each by threads of its own, within a budget."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

from pcrs.archive.target import Target
from pcrs.errors import PcrsError, StoreError
from pcrs.store.inventory_schema import Held
from pcrs.work.custody.carry import digest_of

_LANES = 2
_AHEAD = 6


@dataclass(frozen=True, slots=True)
class Read:
    """A copy as it was read: its sha256, or why it could not be."""

    held: Held
    sha256: str
    error: PcrsError | None = None


def read_all(due: Mapping[str, Iterator[Held]], targets: Mapping[str, Target]) -> Iterator[Read]:
    """Every copy that is due, from all targets in turn, as they come."""
    with ExitStack() as stack:
        pools = {name: stack.enter_context(ThreadPoolExecutor(_LANES)) for name in due}
        waiting: dict[str, deque[tuple[Held, Future[str]]]] = {name: deque() for name in due}
        open_ = dict(due)
        while open_ or any(waiting.values()):
            for name in list(waiting):
                while name in open_ and len(waiting[name]) < _AHEAD:
                    held = next(open_[name], None)
                    if held is None:
                        del open_[name]
                        break
                    job = pools[name].submit(_digest, targets[name], held.copy.key)
                    waiting[name].append((held, job))
            for queue in waiting.values():
                if queue:
                    yield _read(*queue.popleft())


def _digest(target: Target, key: str) -> str:
    return digest_of(target.chunks(key))


def _read(held: Held, job: "Future[str]") -> Read:
    try:
        return Read(held, job.result())
    except PcrsError as error:
        return Read(held, "", error)
    except OSError as error:
        return Read(held, "", StoreError(f"{held.copy.target}:{held.copy.key}: {error}"))


def within(copies: Iterable[Held], allowed: "Budget") -> Iterator[Held]:
    """The copies, as long as the budget lasts; the one that passes it is the last."""
    for held in copies:
        if not allowed.take(held.bytes):
            return
        yield held


class Budget:
    """What a verification may still read; None is no limit."""

    def __init__(self, octets: int | None, files: int | None, over: Callable[[], bool] | None = None) -> None:
        self.octets, self.files, self.over = octets, files, over

    def take(self, size: int) -> bool:
        """True when one more file may be read."""
        if self.over is not None and self.over():
            return False
        if self.octets is not None:
            if self.octets <= 0:
                return False
            self.octets -= size
        if self.files is not None:
            if self.files <= 0:
                return False
            self.files -= 1
        return True
