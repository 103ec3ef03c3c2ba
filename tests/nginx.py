"""nginx with the configuration of `docker/`, run natively before a service."""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.patience import PATIENCE_S, until
from tests.serving import free_port

CONF = Path(__file__).resolve().parents[1] / "docker" / "nginx.conf"


def _answers(url: str) -> bool:
    try:
        return bool(httpx.get(f"{url}/healthz", timeout=PATIENCE_S))
    except httpx.TransportError:
        return False


@contextmanager
def fronted(
    program: str, service: str, folder: Path, *, unbuffered_log: bool = True
) -> Iterator[tuple[str, Path]]:
    """The address of nginx before the service at that address, and its log."""
    port = free_port()
    text = CONF.read_text(encoding="utf-8")
    text = text.replace("server pcrs:8046", f"server {service.removeprefix('http://')}")
    text = text.replace("listen 8080", f"listen 127.0.0.1:{port}").replace("/tmp/nginx", f"{folder}/nginx")
    text = re.sub("/dev/std(?:out|err)", f"{folder}/log", text)
    if unbuffered_log:
        text = text.replace(" buffer=32k flush=5s", "")
    conf = folder / "nginx.conf"
    user = "user root;\n" if os.geteuid() == 0 else ""  # it works in a folder that is ours alone
    conf.write_text(f"daemon off;\n{user}{text}", encoding="utf-8")
    checked = subprocess.run([program, "-t", "-c", conf], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    process = subprocess.Popen([program, "-c", conf], stderr=subprocess.DEVNULL, start_new_session=True)
    url = f"http://127.0.0.1:{port}"
    try:
        until(lambda: _answers(url))
        yield url, folder / "log"
    finally:
        process.terminate()
        process.wait(PATIENCE_S)
