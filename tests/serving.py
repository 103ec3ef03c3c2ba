"""A real `pcrs serve` in a process of its own, for tests."""

import io
import itertools
import os
import random
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from unittest.mock import patch

from pcrs.cli import main
from tests.patience import PATIENCE_S, until

_BELOW_CLIENTS = range(12_000, 32_000)
"""The system gives its clients ports from 32 768 on: none of them gets in the way of a server that starts."""

_ports = itertools.cycle(random.SystemRandom().sample(_BELOW_CLIENTS, len(_BELOW_CLIENTS)))


def free_port() -> int:
    """A port that nobody listens on; another one each time, and hardly one that another process just got."""
    while True:
        port = next(_ports)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def pcrs(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The command line, run to its end in a process of its own."""
    command = [sys.executable, "-m", "pcrs", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd)


def said(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The same in this process, which has imported everything already: exit code and both outputs."""
    words = list(map(str, arguments))
    out, err = io.StringIO(), io.StringIO()
    code: object = 0
    with patch.object(sys, "argv", ["pcrs", *words]), redirect_stdout(out), redirect_stderr(err):
        try:
            main()
        except SystemExit as ended:
            code = ended.code
    return subprocess.CompletedProcess(words, int(str(code or 0)), out.getvalue(), err.getvalue())


def start(*arguments: str | Path) -> subprocess.Popen[bytes]:
    """The command line, under way in a process group of its own."""
    command = [sys.executable, "-m", "pcrs", *map(str, arguments)]
    return subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True, env=os.environ
    )


def end(process: subprocess.Popen[bytes], how: signal.Signals = signal.SIGTERM) -> None:
    """Ends the process and those it started."""
    if process.poll() is None:
        os.killpg(process.pid, how)
    process.wait(timeout=PATIENCE_S)
    if process.stderr is not None:
        process.stderr.close()


def workers_of(pid: int) -> list[int]:
    """The processes that a command has for its work."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(c) for c in children if b"spawn_main" in Path(f"/proc/{c}/cmdline").read_bytes()]


def alive(pid: int) -> bool:
    """A process that is there, and no zombie."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def gone(pids: Iterable[int]) -> None:
    """Waits until these processes have ended, as they must."""
    pids = list(pids)
    until(lambda: not any(map(alive, pids)))


@contextmanager
def serving(site: Path) -> Iterator[str]:
    """The address of a site that is being served."""
    port = free_port()
    process = start("serve", "--site", site, "--port", str(port))
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{url}/healthz", process)
        yield url
    finally:
        end(process)


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    def answers() -> bool:
        if process.poll() is not None:
            said = process.stderr.read().decode() if process.stderr else ""
            raise AssertionError(f"pcrs serve ended with {process.returncode}: {said}")
        try:
            with urllib.request.urlopen(url, timeout=PATIENCE_S):
                return True
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    until(answers)
