"""What is watched while a service is attacked: how long a tile takes, and the memory of its processes."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from tests.bench.load import session_processes

_PAUSE_S = 0.01


RESIDENT, OWN = ("Pss:",), ("Pss_Anon:", "Pss_Shmem:")
"""All memory that is in use; without pages of files, of which a second service beside takes a half."""


def memory(session: int, counted: tuple[str, ...] = RESIDENT) -> int:
    """Bytes of memory of a session's processes, shared pages once; those that do users' jobs left out."""
    total = 0
    for pid in session_processes(session):
        try:
            if b"pcrs.runner" in Path(f"/proc/{pid}/cmdline").read_bytes():
                continue
            told = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
        except (FileNotFoundError, ProcessLookupError):
            continue
        total += sum(int(line.split()[1]) * 1024 for line in told.splitlines() if line.startswith(counted))
    return total


class Tiles:
    """A process of its own that asks for one tile again and again, over one connection."""

    def __init__(self, port: int, path: str) -> None:
        command = [sys.executable, "-m", __name__, str(port), path]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def taken(self) -> list[float]:
        """Seconds of each tile since it was asked last; a failed one counts as infinite.

        Raises:
            RuntimeError: the process has ended.
        """
        if self._process.stdin is None or self._process.stdout is None or self._process.poll() is not None:
            raise RuntimeError("the process that asks for tiles has ended")
        self._process.stdin.write("told\n")
        self._process.stdin.flush()
        return [float(one) for one in json.loads(self._process.stdout.readline())]

    def end(self) -> None:
        """No more tiles."""
        self._process.terminate()
        self._process.wait(20)
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()


@contextmanager
def tiles(port: int, path: str) -> Iterator[Tiles]:
    """Tiles being asked for within the block."""
    asked = Tiles(port, path)
    try:
        yield asked
    finally:
        asked.end()


def p50_ms(seconds: list[float]) -> float:
    """The median, in milliseconds."""
    return median(seconds) * 1000 if seconds else float("inf")


def _ask(port: int, path: str) -> None:
    """Until standard input ends: a tile each ten milliseconds; what they took is told for each line."""
    import select

    taken: list[float] = []
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
    link: socket.socket | None = None
    while True:
        begun = time.perf_counter()
        try:
            if link is None:
                link = socket.create_connection(("127.0.0.1", port), timeout=10)
            link.sendall(request)
            _whole(link)
            taken.append(time.perf_counter() - begun)
        except OSError:
            taken.append(float("inf"))
            link = None
        ready, _, _ = select.select([sys.stdin], [], [], _PAUSE_S)
        if ready:
            if not sys.stdin.readline():
                return
            sys.stdout.write(json.dumps(taken) + "\n")
            sys.stdout.flush()
            taken = []


def _whole(link: socket.socket) -> None:
    got = b""
    while b"\r\n\r\n" not in got:
        more = link.recv(65536)
        if not more:
            raise ConnectionError("closed")
        got += more
    head, _, body = got.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise ConnectionError(head[:40].decode("latin-1"))
    length = next(
        int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
    )
    left = length - len(body)
    while left > 0:
        more = link.recv(65536)
        if not more:
            raise ConnectionError("closed")
        left -= len(more)


if __name__ == "__main__":
    _ask(int(sys.argv[1]), sys.argv[2])
