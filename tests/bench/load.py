"""Load: wrk asks a server, and the processor time that the server took meanwhile."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

SCRIPT = Path(__file__).with_name("load.lua")
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Load:
    """What one run of wrk found."""

    rate: float
    """Answers a second."""
    p50_ms: float
    p99_ms: float
    cpu_us: float
    """Processor time of the server for one answer, microseconds."""
    errors: int
    """Answers that are no 2xx or 3xx, and connections that failed."""


def missing() -> str:
    """Why no load can be made; empty when it can."""
    return "" if shutil.which("wrk") else "wrk is not installed (Debian: wrk)"


def load(
    port: int,
    paths: Path,
    session: int,
    *,
    seconds: int,
    seed: int,
    connections: int = 16,
    once: bool = False,
    patience_s: int = 2,
) -> Load:
    """A run of wrk with one thread against 127.0.0.1.

    Args:
        port: where the server listens.
        paths: a file with a path on each line; they are asked uniformly at random.
        session: the session of the server's processes, whose time is taken.
        seconds: how long.
        seed: of the random choice.
        connections: kept open all the time.
        once: no path is asked a second time before all were asked.
        patience_s: an answer that takes longer is an error.
    """
    command = [
        "wrk",
        "-t1",
        f"-c{connections}",
        f"-d{seconds}s",
        f"--timeout={patience_s}s",
        "--latency",
        "-s",
        SCRIPT,
    ]
    address = f"http://127.0.0.1:{port}"
    choice = "once" if once else "random"
    before = session_cpu(session)
    told = subprocess.run(
        [*command, address, "--", paths, str(seed), choice], capture_output=True, text=True, check=True
    )
    used = session_cpu(session) - before
    line = next(line for line in told.stdout.splitlines() if line.startswith("said "))
    answers, micros, p50, p99, refused, failed = map(int, line.split()[1:])
    count = max(answers, 1)
    return Load(answers / micros * 1e6, p50 / 1000, p99 / 1000, used / count * 1e6, refused + failed)


def session_processes(session: int) -> list[int]:
    """The processes of a session, and those that its leader began as sessions of their own (PostgreSQL)."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        fields = _fields(status)
        if fields and session in (int(fields[1]), int(fields[3])):
            found.append(int(status.parent.name))
    return found


def session_cpu(session: int) -> float:
    """Seconds of processor time that the processes of a session took until now."""
    times = (_fields(Path(f"/proc/{pid}/stat")) for pid in session_processes(session))
    return sum(int(ticks) for fields in times for ticks in fields[11:13]) / _TICKS


def _fields(status: Path) -> list[str]:
    """The fields of /proc/PID/stat after the name; none when the process has gone."""
    try:
        return status.read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
