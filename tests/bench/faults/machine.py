"""Faults of the machine: a full disk, a killed worker, a clock that jumps, files that are half there."""

import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from pcrs.work.site import Site
from tests.bench.faults.stage import (
    COVERAGE,
    FEATURES,
    PORTAL,
    SAID,
    STEM,
    TILE,
    WMS,
    Report,
    Service,
    copied,
    eventually,
    served,
)
from tests.serving import said, workers_of

_FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")
_READERS = 4
_KEPT = ("serves on as it was", "keeping worker")
_HOME, _RECORDS = "/ogcapi?f=json", "/ogcapi/collections/catalogue/items?f=json"
_ECHO = "/ogcapi/processes/echo/execution"
_ASYNC = {"Prefer": "respond-async"}


@contextmanager
def _disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A file system of that size.

    Raises:
        LookupError: this user may not mount.
    """
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", folder],
        capture_output=True,
        check=False,
    )
    if made.returncode:
        raise LookupError("mounting needs more rights")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def full_disk(base: Site, _depot: Path, folder: Path, report: Report) -> None:
    """What is read goes on; what wants to be written is refused; nothing that was written is lost."""
    size = sum(file.stat().st_size for file in base.root.rglob("*") if file.is_file()) // 2**20 + 20
    with _disk(folder / "disk", size) as disk:
        site = copied(base, disk / "site")
        with served(site) as service:
            before = {path: service.ask(path).content for path in (TILE, COVERAGE)}
            first = service.ask("/signalements", json=SAID)
            report.answered("before: a signalement is taken", first, 201)
            ballast = disk / "ballast"
            with ballast.open("wb", buffering=0) as file:
                try:
                    while True:
                        file.write(bytes(4096))
                except OSError:
                    pass
            for path in (TILE, FEATURES, PORTAL, WMS):
                report.answered(f"full: {path.partition('?')[0]} is answered", service.ask(path), 200)
            report.answered(
                "full: what is made in a file first is refused for now", service.ask(COVERAGE), 503
            )
            report.answered(
                "full: a signalement is refused for now", service.ask("/signalements", json=SAID), 503, 507
            )
            told = service.ask("/healthz")
            report.claim(
                "full: /healthz says so",
                "full" in told.text,
                told.text,
            )
            ballast.unlink()
            again = service.ask("/signalements", json=SAID)
            report.answered("room again: a signalement is taken", again, 201)
            for path, content in before.items():
                report.claim(
                    f"room again: {path.partition('?')[0]} is as before", service.ask(path).content == content
                )
            kept = service.ask(f"/signalements/{first.json()['id']}")
            report.answered("room again: the first one is there", kept, 200)


@contextmanager
def _readers(service: Service, path: str) -> Iterator[list[httpx.Response]]:
    """Four that ask all the time within the block, and what they were answered."""
    stop, seen = threading.Event(), []

    def read() -> None:
        while not stop.is_set():
            seen.append(service.ask(path))
            time.sleep(0.01)

    readers = [threading.Thread(target=read) for _ in range(_READERS)]
    for reader in readers:
        reader.start()
    try:
        yield seen
    finally:
        stop.set()
        for reader in readers:
            reader.join()


def killed_worker(base: Site, _depot: Path, folder: Path, report: Report) -> None:
    """One of two processes is killed: requests under way on it break off, others do not; it is replaced."""
    site = copied(base, folder / "site")
    with served(site, "--workers", "2") as service:
        report.claim("two processes serve", eventually(lambda: len(workers_of(service.process.pid)) == 2))
        tile = service.comes_back(TILE).content
        with _readers(service, TILE) as seen:
            time.sleep(0.5)
            victim = workers_of(service.process.pid)[0]
            os.kill(victim, signal.SIGKILL)

            def replaced() -> bool:
                there = workers_of(service.process.pid)
                return len(there) == 2 and victim not in there

            report.claim("the killed process is replaced", eventually(replaced))
            time.sleep(1)
        good = sum(answer.content == tile for answer in seen)
        broken = len(seen) - good
        report.claim(
            "every answer is whole, but for those under way",
            broken <= 2 * _READERS,
            f"{broken} of {len(seen)}",
        )
        report.claim(
            "what comes afterwards is whole", all(service.ask(TILE).content == tile for _ in range(20))
        )


def reloaded(base: Site, _depot: Path, folder: Path, report: Report) -> None:
    """Who serves is told to begin again (SIGHUP), alone and as two processes: nobody who reads sees it."""
    for workers in (1, 2):
        name = "alone" if workers == 1 else "two processes"
        site = copied(base, folder / f"site{workers}")
        with served(site, "--workers", str(workers)) as service:
            tile = service.comes_back(TILE).content
            _renamed(site, "Autre Nom")
            with _readers(service, TILE) as seen:
                os.kill(service.process.pid, signal.SIGHUP)
                report.claim(
                    f"{name}: settings are taken",
                    eventually(lambda s=service: "Autre Nom" in s.ask(_HOME).text),
                )
                report.claim(
                    f"{name}: the records are made anew",
                    eventually(lambda s=service: _contacts(s) == {"Autre Nom"}),
                )
            bad = [f"{answer.status_code} {answer.text[:80]}" for answer in seen if answer.content != tile]
            report.claim(f"{name}: readers went on meanwhile", len(seen) > 20, len(seen))
            report.claim(f"{name}: every answer is whole", not bad, f"{len(bad)} of {len(seen)}: {bad[:3]}")
            site.settings_file.write_text("[site\n", encoding="utf-8")
            os.kill(service.process.pid, signal.SIGHUP)
            report.claim(
                f"{name}: settings that cannot be read are told",
                eventually(lambda s=service: any(word in s.said for word in _KEPT)),
                service.said[-300:],
            )
            report.claim(f"{name}: it serves on as it was", service.ask(TILE).content == tile)


def _contacts(service: Service) -> set[str]:
    found = service.ask(_RECORDS).json().get("features", [])
    return {contact["organization"] for one in found for contact in one["properties"]["contacts"]}


def _renamed(site: Site, name: str) -> None:
    """The site and its operator are called otherwise."""
    text = site.settings_file.read_text(encoding="utf-8")
    text = re.sub(r"^(title|operator) = .*", rf'\1 = "{name}"', text, flags=re.MULTILINE)
    site.settings_file.write_text(text, encoding="utf-8")


def clock_jump(base: Site, _depot: Path, folder: Path, report: Report) -> None:
    """The clock jumps a day ahead, then a year back: what is served and what is taken in does not care."""
    if not _FAKETIME.is_file():
        raise LookupError("libfaketime is not installed (Debian: faketime)")
    site = copied(base, folder / "site")
    offset = folder / "offset"
    offset.write_text("+0\n")
    environment = {
        "LD_PRELOAD": str(_FAKETIME),
        "FAKETIME_TIMESTAMP_FILE": str(offset),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    with served(site, environment=environment) as service:
        tile = service.ask(TILE).content
        taken = []
        for jump in ("+1d", "-365d", "+0"):
            offset.write_text(f"{jump}\n")
            time.sleep(1.2)
            answer = service.ask(TILE)
            report.claim(
                f"{jump}: the tile is the same", answer.content == tile, answer.headers.get("date", "")
            )
            for path in (FEATURES, COVERAGE, "/healthz", "/stac/search?limit=1"):
                report.answered(f"{jump}: {path.partition('?')[0]} is answered", service.ask(path), 200)
            job = service.ask(_ECHO, json={"inputs": {"message": jump}}, headers=_ASYNC)
            report.answered(f"{jump}: a job is taken", job, 201)
            place = job.headers.get("location", "")
            path = place[place.find("/ogcapi") :]
            done = eventually(lambda path=path: service.ask(path).json().get("status") == "successful")
            report.claim(f"{jump}: the job is done", done, service.ask(path).text[:200])
            told = service.ask("/signalements", json=SAID)
            report.answered(f"{jump}: a signalement is taken", told, 201)
            taken.append(told.json().get("id"))
        for one in taken:
            report.answered(
                "afterwards: every signalement is there", service.ask(f"/signalements/{one}"), 200
            )


def half_written(base: Site, _depot: Path, folder: Path, report: Report) -> None:
    """A slab is cut short, a hot dalle is gone, a file lies unfinished: said, borne, and made whole again."""
    site = copied(base, folder / "site")
    hot = site.hot("2025", STEM)
    whole = hot.read_bytes()
    said_by_people = site.metadata_file.read_bytes()
    site.metadata_file.write_bytes(said_by_people[: len(said_by_people) // 2] + b"\n[")
    with served(site) as service:
        tile, coverage = service.ask(TILE).content, service.ask(COVERAGE).content
        report.claim("metadata.toml: the records are those it had", _contacts(service))
        report.claim("metadata.toml: it says so", "records are left" in service.said, service.said[-300:])
    doctor = said("doctor", "--site", site.root)
    report.claim("metadata.toml: pcrs doctor says so", "metadata.toml" in doctor.stdout, doctor.stdout[-300:])
    site.metadata_file.write_bytes(said_by_people)
    slabs = [file for file in site.pyramids.rglob("22/**/*.tif") if "DATA" in file.parts]
    for slab in slabs:
        slab.write_bytes(slab.read_bytes()[: slab.stat().st_size // 3])
    hot.unlink()
    (hot.parent / f".{hot.name}.1.part").write_bytes(whole[:1000])
    with served(site) as service:
        for path in (TILE, COVERAGE):
            report.answered(
                f"{path.partition('?')[0]} is refused, or empty", service.ask(path), 200, 204, 404, 503
            )
        for path in (FEATURES, PORTAL, "/healthz", "/listing/dalles/2025/"):
            report.answered(f"{path.partition('?')[0]} is answered", service.ask(path), 200)
        report.claim("nothing unfinished is listed", ".part" not in service.ask("/listing/dalles/2025/").text)
        doctor = said("doctor", "--site", site.root)
        report.claim(
            "pcrs doctor finds it", doctor.returncode == 1 and STEM in doctor.stdout, doctor.stdout[-300:]
        )
        mended = said("rebuild", "--site", site.root, "--workers", "1")
        report.claim(
            "pcrs rebuild runs while it is served",
            mended.returncode == 0,
            mended.stdout[-300:] + mended.stderr,
        )
        report.claim(
            "the dalle is the same again, byte for byte", hot.is_file() and hot.read_bytes() == whole
        )
        report.claim(
            "the tile is the same again, without a restart", service.comes_back(TILE, tile).content == tile
        )
        report.claim("the coverage too", service.comes_back(COVERAGE, coverage).content == coverage)
