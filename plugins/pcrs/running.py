"""`pcrs serve` under way: this process serves, or starts several that do and stays small itself."""

import logging
import os
import signal
import socket
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing import get_context

import uvicorn
from uvicorn.supervisors import Multiprocess

from pcrs.errors import PcrsError
from pcrs.foreman import foreman
from pcrs.replacing import begin_again, listening, serve_alone
from pcrs.settings import Settings, load
from pcrs.work.site import Site

_log = logging.getLogger(__name__)
_IDLE_S = 75
"""Seconds that a connection may rest between two requests. A reverse proxy keeps its own for less (nginx:
60), so that it never sends a request into one that is just being closed."""

_READY_S = 60
"""Seconds that a new process has until it answers, before a reload gives up and the old one stays."""
_ENDS = frozenset({signal.SIGINT, signal.SIGTERM})


def run(site: Site, settings: Settings, *, host: str, port: int, workers: int) -> None:
    """Serves until it is told to end."""
    given = dict(os.environ)
    os.environ["PCRS_SITE"] = str(site.root.resolve())
    os.environ["PCRS_SERVE__HOST"], os.environ["PCRS_SERVE__PORT"] = host, str(port)
    _write_records(site, aside=workers > 1)
    config = _config(settings, host, port, workers)
    listener = listening(config)
    again = False
    with foreman(site, settings.jobs.runners, settings.jobs.keep_hours), suppress(KeyboardInterrupt):
        if workers > 1:
            _Several(config, [listener], site).run()
        else:
            again = serve_alone(config, listener)
    if again:
        begin_again(listener, given)


def _config(settings: Settings, host: str, port: int, workers: int) -> uvicorn.Config:
    return uvicorn.Config(
        "pcrs.app:factory",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        http="pcrs.serve.tile_protocol:TileProtocol",
        access_log=False,
        log_level="warning",
        proxy_headers=bool(settings.serve.proxies),
        forwarded_allow_ips=",".join(settings.serve.proxies),
        limit_concurrency=settings.serve.connections,
        server_header=False,
        timeout_keep_alive=_IDLE_S,
        timeout_graceful_shutdown=5,
        timeout_worker_healthcheck=_READY_S,
    )


class _Leaving(threading.Event):
    """Set, too, by a signal that nobody has looked at: uvicorn looks at signals when a reload is over."""

    def __init__(self, signals: list[int]) -> None:
        super().__init__()
        self._signals = signals

    def is_set(self) -> bool:
        """True when this process is to end."""
        return super().is_set() or not _ENDS.isdisjoint(self._signals)


class _Several(Multiprocess):
    """Several processes. When all have been replaced (a reload), the records are made anew, as at a start."""

    def __init__(self, config: uvicorn.Config, sockets: list[socket.socket], site: Site) -> None:
        super().__init__(config, sockets)
        self.should_exit = _Leaving(self.signal_queue)
        self._site = site

    def restart_all(self) -> None:
        """As uvicorn does it: it stops at the first new process that does not answer, and keeps the old."""
        before = set(self.processes)
        super().restart_all()
        if before.isdisjoint(self.processes):
            _write_records(self._site, aside=True)


def _write_records(site: Site, *, aside: bool) -> None:
    """The records are those of the facts and settings, else they are left, and that is logged.

    Aside, in a process that ends with it: what the work needs stays in memory with whoever does it, 150 MB
    that a process which only starts others would keep for good.
    """
    try:
        with site.working():
            if not aside:
                _records(site)
                return
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
                pool.submit(_records, site).result()
    except (PcrsError, BrokenProcessPool) as error:
        _log.warning("records are left as they are: %s", error)


def _records(site: Site) -> None:
    from pcrs.assembly import write_records

    write_records(site, load(site.settings_file), validate=False)
