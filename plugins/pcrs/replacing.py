"""A process that serves alone takes its own place anew on SIGHUP: code and settings are read again.

Its address stays open: what is asked meanwhile waits in the queue of the listening socket, late by the time
of a start, never refused. The socket is handed on as systemd hands sockets to services (LISTEN_PID,
LISTEN_FDS), so one that systemd opened (socket activation) is taken as well.
"""

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from typing import NoReturn

import uvicorn

_log = logging.getLogger(__name__)
_FIRST_FD = 3
"""Where a socket is handed over, by systemd's word."""
_TRIAL = "import os; from pcrs.app import factory; factory(); os._exit(0)"
_TRIAL_S = 120


def listening(config: uvicorn.Config) -> socket.socket:
    """The socket that was handed over, else one bound to host and port; nobody is handed it again."""
    ours = os.environ.pop("LISTEN_PID", "") == str(os.getpid())
    handed = os.environ.pop("LISTEN_FDS", "")
    if ours and handed == "1":
        return socket.socket(fileno=_FIRST_FD)
    return config.bind_socket()


def serve_alone(config: uvicorn.Config, listener: socket.socket) -> bool:
    """Serves until it is told to end; True when it is to begin again, on the same socket.

    At a terminal SIGHUP means that the terminal is gone, and ends it like anything else there.
    """
    server = uvicorn.Server(config)
    again = threading.Event()

    def told(*_: object) -> None:
        threading.Thread(target=_try, args=(server, again), name="trial", daemon=True).start()

    before = signal.SIG_DFL if _at_a_terminal() else signal.signal(signal.SIGHUP, told)
    try:
        server.run([listener.dup()])
    finally:
        # A second SIGHUP must not end what is just being replaced; the next self listens for it again.
        signal.signal(signal.SIGHUP, signal.SIG_IGN if again.is_set() else before)
    if not server.started:
        sys.exit(3)
    return again.is_set()


def begin_again(listener: socket.socket, environment: Mapping[str, str]) -> NoReturn:
    """The same command takes this process' place, with the environment that it was given first."""
    os.dup2(listener.fileno(), _FIRST_FD)
    os.set_inheritable(_FIRST_FD, True)
    handed = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
    os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**environment, **handed})  # noqa: S606


def _try(server: uvicorn.Server, again: threading.Event) -> None:
    """Ends the server when code and settings as they are now make a service; else it goes on as it was."""
    try:
        tried = subprocess.run(  # noqa: S603
            [sys.executable, "-P", "-c", _TRIAL],
            capture_output=True,
            text=True,
            check=False,
            timeout=_TRIAL_S,
        )
        fault = tried.stderr.strip().rpartition("\n")[2] if tried.returncode else ""
    except (OSError, subprocess.TimeoutExpired) as error:
        fault = str(error)
    if fault:
        _log.error("not begun again, it serves on as it was: %s", fault)
        return
    again.set()
    server.should_exit = True


def _at_a_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True
