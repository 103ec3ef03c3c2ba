"""A real S3 server on 127.0.0.1 for tests: versitygw, over a folder."""

import os
import shutil
import socket
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pcrs.archive.s3 import S3
from pcrs.blobs import Bucket
from tests.patience import PATIENCE_S, until
from tests.serving import free_port

REGION = "eu-west-1"
KEYS = {"AWS_ACCESS_KEY_ID": "pcrs-tests", "AWS_SECRET_ACCESS_KEY": "only-for-tests"}


@contextmanager
def serving_buckets(folder: Path, port: int = 0, *, read_only: bool = False) -> Iterator[str]:
    """The address of a server whose buckets are the folders under `folder`; it holds one, `pcrs`.

    Without a port it has a free one. A folder that was served before is served again.
    """
    program = shutil.which("versitygw")
    if program is None:
        pytest.skip("versitygw is not installed: .ci/run shows how")
    (folder / "pcrs").mkdir(parents=True, exist_ok=True)
    address = f"127.0.0.1:{port or free_port()}"
    keys = {"ROOT_ACCESS_KEY": KEYS["AWS_ACCESS_KEY_ID"], "ROOT_SECRET_KEY": KEYS["AWS_SECRET_ACCESS_KEY"]}
    command = [program, "--port", address, "--region", REGION, "--quiet"]
    command += ["--readonly"] * read_only + ["posix", str(folder)]
    server = subprocess.Popen(
        command, env={**os.environ, **keys}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait(address, server)
        yield f"http://{address}"
    finally:
        server.terminate()
        server.wait(timeout=PATIENCE_S)


def _wait(address: str, server: subprocess.Popen[bytes]) -> None:
    host, _, port = address.partition(":")

    def listens() -> bool:
        assert server.poll() is None, f"versitygw ended with {server.returncode}"
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
        except OSError:
            return False
        return True

    until(listens)


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the server, whose keys are in the environment meanwhile."""
    with (
        serving_buckets(tmp_path_factory.mktemp("buckets")) as address,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in KEYS.items():
            patch.setenv(name, value)
        yield address


@pytest.fixture
def bucket(s3_server: str, tmp_path: Path) -> S3:
    """An empty place in the server's bucket."""
    return S3(Bucket("pcrs", f"{uuid.uuid4().hex}/", s3_server, REGION), tmp_path / "scratch")
