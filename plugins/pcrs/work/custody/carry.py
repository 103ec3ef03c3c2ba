"""Bytes read once, hashed, written to several places at a time, and read back from each of them.

A place that fails does not hold the others up; what it took of a file is never seen there.
"""

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from queue import Full, Queue

from pcrs.archive.target import Target
from pcrs.errors import ConflictError, PcrsError, StoreError

PIECE = 2**20
"""Bytes handed on at once."""
_WAITING = 16
"""Pieces that wait for a place: with `_OPEN` files on the way, what a slow place takes of memory."""
_LANES = 3
"""Files on their way to a place at once: one is read back while the next is written."""
_OPEN = 6
_PATIENCE_S = 0.2


@dataclass(frozen=True, slots=True)
class Load:
    """One file to carry: its key everywhere, its bytes, where it goes, and its sha256 when that is known."""

    key: str
    chunks: Callable[[], Iterator[bytes]]
    to: Mapping[str, Target]
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Carried:
    """What became of a load."""

    load: Load
    sha256: str
    bytes: int
    proved: tuple[str, ...]
    """The places from which the same bytes were read back."""
    failed: Mapping[str, PcrsError]
    """The places that failed, and why."""
    error: PcrsError | None = None
    """The source failed: nothing was written anywhere."""


class _Abandoned(Exception):
    """The source failed; what is written so far must not be seen."""


@dataclass(slots=True)
class _OnTheWay:
    load: Load
    sha256: str
    bytes: int
    results: dict[str, Future[str]]
    error: PcrsError | None


def carry(loads: Iterable[Load]) -> Iterator[Carried]:
    """Every load with what became of it, in order."""
    with ExitStack() as stack:
        pools: dict[str, ThreadPoolExecutor] = {}
        waiting: deque[_OnTheWay] = deque()
        for load in loads:
            for name in load.to:
                if name not in pools:
                    pools[name] = stack.enter_context(ThreadPoolExecutor(_LANES))
            waiting.append(_send(load, pools))
            if len(waiting) >= _OPEN:
                yield _arrived(waiting.popleft())
        while waiting:
            yield _arrived(waiting.popleft())


def digest_of(chunks: Iterable[bytes]) -> str:
    """The sha256 of bytes as they come."""
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()


def pieces(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces of `PIECE`, but for the last."""
    held = bytearray()
    for chunk in chunks:
        if not held and len(chunk) == PIECE:
            yield chunk
            continue
        held += chunk
        whole = len(held) - len(held) % PIECE
        for at in range(0, whole, PIECE):
            yield bytes(held[at : at + PIECE])
        del held[:whole]
    if held:
        yield bytes(held)


def _send(load: Load, pools: Mapping[str, ThreadPoolExecutor]) -> _OnTheWay:
    """The bytes of the load are handed to its places."""
    queues: dict[str, Queue[bytes | _Abandoned | None]] = {name: Queue(_WAITING) for name in load.to}
    results = {
        name: pools[name].submit(_keep, target, load.key, queues[name]) for name, target in load.to.items()
    }
    digest, count = hashlib.sha256(), 0
    end: _Abandoned | None = None
    error: PcrsError | None = None
    try:
        for piece in pieces(load.chunks()):
            digest.update(piece)
            count += len(piece)
            for name, queue in queues.items():
                _put(queue, piece, results[name])
        if load.sha256 and digest.hexdigest() != load.sha256:
            raise ConflictError(
                f"{load.key}: the source has not the bytes that it had (sha256): it is damaged"
            )
    except OSError as fault:
        error = fault if isinstance(fault, PcrsError) else StoreError(f"{load.key}: {fault}")
        end = _Abandoned()
    except PcrsError as fault:
        error, end = fault, _Abandoned()
    except BaseException:
        for name, queue in queues.items():
            _put(queue, _Abandoned(), results[name])
        raise
    for name, queue in queues.items():
        _put(queue, end, results[name])
    return _OnTheWay(load, digest.hexdigest(), count, results, error)


def _put[T](queue: Queue[T], piece: T, reader: Future[str]) -> None:
    """The piece waits in the queue, unless nobody reads it any more."""
    while not reader.done():
        try:
            queue.put(piece, timeout=_PATIENCE_S)
        except Full:
            continue
        return


def _keep(target: Target, key: str, queue: Queue[bytes | _Abandoned | None]) -> str:
    """The file is at the target; the sha256 of what is read back there."""
    with target.writing(key) as sink:
        while (piece := queue.get()) is not None:
            if isinstance(piece, _Abandoned):
                raise piece
            sink.write(piece)
    return digest_of(target.chunks(key))


def _arrived(way: _OnTheWay) -> Carried:
    proved: list[str] = []
    failed: dict[str, PcrsError] = {}
    for name, result in way.results.items():
        try:
            found = result.result()
        except _Abandoned:
            continue
        except PcrsError as fault:
            failed[name] = fault
        except OSError as fault:
            failed[name] = StoreError(f"{way.load.to[name].url}/{way.load.key}: {fault}")
        else:
            if found == way.sha256:
                proved.append(name)
            else:
                failed[name] = StoreError(
                    f"{way.load.to[name].url}/{way.load.key}: what was read back is not what was written: "
                    "the medium or the way to it is damaged"
                )
    return Carried(way.load, way.sha256, way.bytes, tuple(proved), failed, way.error)


def source_of(target: Target, key: str) -> Callable[[], Iterator[bytes]]:
    """The bytes of a copy, as a load takes them.

    Raises (when read):
        NotFoundError: it is not there.
    """

    def chunks() -> Iterator[bytes]:
        yield from target.chunks(key)

    return chunks
