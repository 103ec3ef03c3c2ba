"""Faults of what stands beside the service: the database is gone, the object store is slow or refuses."""

import asyncio
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch
from urllib.parse import urlsplit

from pcrs.work.site import Site
from tests.bench.faults.stage import (
    CAPABILITIES,
    CATALOGUE,
    COVERAGE,
    FEATURES,
    PORTAL,
    RECORD,
    RECORDS,
    SAID,
    TILE,
    Report,
    served,
    site_of,
)
from tests.buckets import KEYS, REGION, serving_buckets
from tests.postgres import LASTING, Cluster, cluster

_REFUSED = (
    b"HTTP/1.1 503 Slow Down\r\nContent-Type: application/xml\r\nContent-Length: 40\r\n"
    b"Connection: close\r\n\r\n"
    b"<Error><Code>SlowDown</Code></Error>    "
)


def database_gone(_base: Site, depot: Path, folder: Path, report: Report) -> None:
    """PostGIS stops and starts again: objects and records are refused meanwhile, tiles and images are not."""
    with cluster(LASTING) as database, database.schema() as url:
        site = site_of(folder / "site", depot, features=url, records=url)
        with served(site) as service:
            before = service.ask(FEATURES)
            report.answered("before: objects are answered", before, 200)
            report.answered("before: records are answered", service.ask(RECORD), 200)
            tile = service.ask(TILE).content
            database.stop()
            report.answered("gone: objects are refused for now", service.ask(FEATURES), 503)
            report.answered("gone: records are refused for now", service.ask(RECORD), 503)
            report.claim("gone: tiles are the same", service.ask(TILE).content == tile)
            report.answered("gone: coverages are answered", service.ask(COVERAGE), 200)
            told = service.ask("/healthz")
            why = told.status_code == 503 and "connection to server" in told.text
            report.claim("gone: /healthz is down and says why", why, told.text)
            database.go_on()
            back = service.comes_back(FEATURES)
            ids = [one["id"] for one in before.json()["features"]]
            report.answered("back: objects are answered again", back, 200)
            report.claim(
                "back: the same objects", [one["id"] for one in back.json().get("features", [])] == ids
            )
            report.answered("back: records are answered again", service.comes_back(RECORD), 200)
            report.answered("back: /healthz is well", service.comes_back("/healthz"), 200)
        _begun_without(site, database, report, tile, ids)


def _begun_without(site: Site, database: Cluster, report: Report, tile: bytes, ids: list[str]) -> None:
    """The service begins while the database is gone: after a crash of both, or when the machine starts."""
    database.stop()
    with served(site, "--workers", "2", patience=False) as service:
        report.claim("begun without: tiles are the same", service.comes_back(TILE).content == tile)
        report.answered("begun without: coverages are answered", service.ask(COVERAGE), 200)
        report.answered("begun without: the portal is there", service.ask("/"), 200)
        report.answered("begun without: objects are refused for now", service.ask(FEATURES), 503)
        for path in (RECORD, RECORDS):
            name = path.partition("?")[0]
            report.answered(f"begun without: {name} is refused for now", service.ask(path), 503)
        report.answered(
            "begun without: signalements are refused for now", service.ask("/signalements", json=SAID), 503
        )
        report.claim("begun without: /healthz is down", service.ask("/healthz").status_code == 503)
        database.go_on()
        back = service.comes_back(FEATURES).json().get("features", [])
        report.claim("begun without: the same objects, once it is back", [one["id"] for one in back] == ids)
        for path in (RECORD, RECORDS):
            name = path.partition("?")[0]
            report.answered(f"begun without: {name} is answered, once it is back", service.ask(path), 200)
        report.answered("begun without: /healthz is well", service.comes_back("/healthz"), 200)
        taken = service.ask("/signalements", json=SAID)
        report.answered("begun without: signalements are taken", taken, 201)


def store_refuses(_base: Site, depot: Path, folder: Path, report: Report) -> None:
    """The object store is slow, refuses, is gone: what lies there is late or refused, all else is there."""
    with (
        serving_buckets(folder / "buckets") as server,
        proxy(server) as between,
        patch.dict(os.environ, KEYS),
    ):
        site = site_of(
            folder / "site",
            depot,
            intermediate="s3://pcrs/masters",
            hot="s3://pcrs/hot",
            endpoint=between.url,
            region=REGION,
        )
        with served(site) as service:
            before = {path: service.ask(path).content for path in (TILE, COVERAGE)}
            between.mode = "slow"
            slow: list[bytes] = []
            late = threading.Thread(target=lambda: slow.append(service.ask(TILE).content))
            late.start()
            report.answered("slow: objects are answered meanwhile", service.ask(FEATURES), 200)
            report.claim("slow: they came before the tile", not slow)
            late.join()
            report.claim("slow: the tile is late, and the same", slow == [before[TILE]])
            for mode in ("refuses", "gone"):
                between.mode = mode
                for path in (TILE, COVERAGE):
                    name = path.partition("?")[0]
                    report.answered(f"{mode}: {name} is refused for now", service.ask(path), 503)
                for path in (FEATURES, PORTAL):
                    report.answered(f"{mode}: {path.partition('?')[0]} is answered", service.ask(path), 200)
            between.mode = "passes"
            for path, content in before.items():
                answer = service.comes_back(path, content)
                report.claim(
                    f"back: {path.partition('?')[0]} is as before", answer.content == content, answer
                )
        between.mode = "gone"
        with served(site, patience=False) as service:
            report.answered("begun without: the catalogue is answered", service.comes_back(CATALOGUE), 200)
            for path in (TILE, COVERAGE, CAPABILITIES):
                told = f"begun without: {path.partition('?')[0]} is refused for now"
                report.answered(told, service.ask(path), 503)
            between.mode = "passes"
            for path, content in before.items():
                same = service.comes_back(path, content).content == content
                report.claim(f"begun without, and back: {path.partition('?')[0]} is as before", same)
            report.answered("begun without, and back: /healthz is well", service.comes_back("/healthz"), 200)


class Proxy:
    """Between a client and a server: it passes, is slow, refuses, or is gone."""

    def __init__(self, target: str) -> None:
        parts = urlsplit(target)
        self._target = (parts.hostname or "", parts.port or 80)
        self.mode = "passes"
        self.url = ""
        self.end: Callable[[], object] = lambda: None
        """From another thread."""

    async def serve(self, started: threading.Event) -> None:
        """Until `end`."""
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        server = await asyncio.start_server(self._one, "127.0.0.1", 0)
        self.url = "http://{}:{}".format(*server.sockets[0].getsockname())
        self.end = lambda: loop.call_soon_threadsafe(stop.set)
        started.set()
        await stop.wait()
        server.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there = await asyncio.open_connection(*self._target)
            await asyncio.gather(self._out(reader, there[1], writer), self._back(there[0], writer))
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _out(
        self, reader: asyncio.StreamReader, there: asyncio.StreamWriter, here: asyncio.StreamWriter
    ) -> None:
        try:
            while data := await reader.read(2**16):
                if self.mode == "gone":
                    here.transport.abort()
                    return
                if self.mode == "refuses":
                    here.write(_REFUSED)
                    await here.drain()
                    here.close()
                    return
                if self.mode == "slow":
                    await asyncio.sleep(1.0)
                there.write(data)
                await there.drain()
        finally:
            there.close()

    async def _back(self, there: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await there.read(2**16):
            writer.write(data)
            await writer.drain()


@contextmanager
def proxy(target: str) -> Iterator[Proxy]:
    """A proxy before `target`, in a thread of its own."""
    made, started = Proxy(target), threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(made.serve(started)), daemon=True)
    thread.start()
    started.wait(10)
    try:
        yield made
    finally:
        made.end()
        thread.join(10)
