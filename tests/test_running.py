"""Several processes under way: told to end while a reload waits, they end."""

import os
import signal
import subprocess
import sys

from tests.patience import PATIENCE_S, until
from tests.serving import end, free_port, gone, wait_for, workers_of

APP = """
import os, time
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

SLOW, WAITS = Path("slow"), Path("waits")


def factory():
    if SLOW.exists():
        WAITS.touch()
        time.sleep(3600)
    Path(f"here-{os.getpid()}").touch()
    return Starlette(routes=[Route("/", lambda _: PlainTextResponse("ok"))])


if __name__ == "__main__":
    import sys
    from pcrs.running import _Several
    from pcrs.replacing import listening
    from pcrs.work.site import Site

    config = uvicorn.Config(
        "slow_app:factory", factory=True, port=int(sys.argv[1]), workers=2, timeout_worker_healthcheck=3600
    )
    _Several(config, [listening(config)], Site(Path("site"))).run()
"""


def test_several_end_while_a_reload_waits_for_a_new_one(tmp_path):
    (tmp_path / "slow_app.py").write_text(APP, encoding="utf-8")
    port = free_port()
    several = subprocess.Popen(
        [sys.executable, "slow_app.py", str(port)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(["."] + [path for path in sys.path if path])},
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        wait_for(f"http://127.0.0.1:{port}/", several)
        until(lambda: len(list(tmp_path.glob("here-*"))) == 2)
        (tmp_path / "slow").touch()
        several.send_signal(signal.SIGHUP)
        until((tmp_path / "waits").exists)
        workers = workers_of(several.pid)
        assert len(workers) == 3
        several.send_signal(signal.SIGTERM)
        assert several.wait(timeout=PATIENCE_S) == 0
        gone(workers)
    finally:
        end(several, signal.SIGKILL)
