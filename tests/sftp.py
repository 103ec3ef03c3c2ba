"""A real SFTP server on 127.0.0.1 for tests: Debian's OpenSSH, with keys of its own."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from getpass import getuser
from pathlib import Path

import pytest

from tests.patience import PATIENCE_S, until
from tests.serving import free_port

_SSHD = "/usr/sbin/sshd"


@dataclass(frozen=True, slots=True)
class SftpServer:
    """Where it answers, and what a client needs to be known and to know it."""

    port: int
    key_file: Path
    known_hosts: Path
    root: Path

    def url(self, folder: str) -> str:
        return f"sftp://{getuser()}@127.0.0.1:{self.port}{self.root}/{folder}"


@contextmanager
def serving_sftp(folder: Path, port: int = 0) -> Iterator[SftpServer]:
    """A server, whose files are those of this machine; `root` is a folder for them.

    Without a port it has a free one. A folder that was served before is served again, with the same keys.
    """
    if not Path(_SSHD).exists() or shutil.which("ssh-keygen") is None:
        pytest.skip("openssh-server is not installed: .ci/run shows how")
    for name in ("host", "user"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
        if not (folder / name).exists():
            subprocess.run(command, check=True)
    root = folder / "files"
    root.mkdir(exist_ok=True)
    port = port or free_port()
    public = (folder / "host.pub").read_text(encoding="ascii")
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {public}", encoding="ascii")
    (folder / "sshd.conf").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/user.pub\n"
        "StrictModes no\nPasswordAuthentication no\nUsePAM no\nPidFile none\nMaxStartups 100\n"
        "Subsystem sftp internal-sftp\n",
        encoding="ascii",
    )
    if getuser() == "root":
        Path("/run/sshd").mkdir(exist_ok=True)  # sshd asks for it when it is root
    with (folder / "sshd.log").open("wb") as log:
        server = subprocess.Popen([_SSHD, "-D", "-e", "-f", str(folder / "sshd.conf")], stderr=log)
    try:
        _wait(port, server, folder / "sshd.log")
        yield SftpServer(port, folder / "user", folder / "known_hosts", root)
    finally:
        server.terminate()
        server.wait(timeout=PATIENCE_S)


def _wait(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    def listens() -> bool:
        assert server.poll() is None, log.read_text(encoding="utf-8")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            return False
        return True

    until(listens)


@pytest.fixture(scope="session")
def sftp_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SftpServer]:
    with serving_sftp(tmp_path_factory.mktemp("sftp")) as server:
        yield server
