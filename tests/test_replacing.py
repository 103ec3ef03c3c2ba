"""The socket of a service is handed on, as systemd hands it; `bench/faults` has it begin again."""

import socket
import subprocess
import sys

import pytest

_PROGRAM = """
import os, sys, uvicorn
from pcrs.replacing import listening
os.dup2(int(sys.argv[1]), 3)
os.environ |= {"LISTEN_PID": sys.argv[2].replace("own", str(os.getpid())), "LISTEN_FDS": sys.argv[3]}
found = listening(uvicorn.Config(None, port=0))
print(found.getsockname()[1], any(name.startswith("LISTEN_") for name in os.environ))
"""


@pytest.mark.parametrize(
    ("process", "count", "taken"),
    [
        ("own", "1", True),
        ("1", "1", False),  # meant for another process
        ("own", "2", False),  # no service of one socket
        ("", "", False),
    ],
)
def test_a_socket_that_was_handed_over_is_taken(process, count, taken):
    with socket.create_server(("127.0.0.1", 0)) as opened:
        port, number = opened.getsockname()[1], opened.fileno()
        command = [sys.executable, "-c", _PROGRAM, str(number), process, count]
        done = subprocess.run(command, pass_fds=(number,), capture_output=True, text=True, check=True)
    found, still_there = done.stdout.split()
    assert (int(found) == port) is taken
    assert still_there == "False"
