"""Custody measured: speeds beside the machine's own tools, and a large deposit that is killed ten times.

`python -m tests.bench.archive speed`, and `python -m tests.bench.archive deposit --at FOLDER --minutes 8`:
that takes 45 GB there and ends with a kill when its time is over; the same again goes on. versitygw and
openssh-server must be there.
"""

import argparse
import hashlib
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import bagit
import boto3
from rich.console import Console

from pcrs.archive.target import Target
from pcrs.archive.target_blobs import FolderTarget
from pcrs.archive.target_s3 import S3Target
from pcrs.archive.target_sftp import SftpTarget, sftp_place
from pcrs.blobs import Bucket
from pcrs.work.custody.carry import Load, carry, digest_of
from pcrs.work.site import Site
from tests.archives import put_away, site_with, table
from tests.buckets import KEYS, REGION, serving_buckets
from tests.serving import free_port
from tests.sftp import SftpServer, serving_sftp

MB = 10**6
SPEED_FILES, SPEED_BYTES, ROUNDS = 6, 48 * 2**20, 4
OBJECTS, DEPOSIT_BYTES, KILLS = 2000, 20 * 10**9, 10


def show(text: str) -> None:
    Console(soft_wrap=True, highlight=False).print(text, markup=False)


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def best(*works: Callable[[], object]) -> list[float]:
    """The shortest time of each, of `ROUNDS` in turn: others work on the machine too."""
    rounds = [[timed(work) for work in works] for _ in range(ROUNDS)]
    return [min(times) for times in zip(*rounds, strict=True)]


@contextmanager
def servers(root: Path, ports: tuple[int, int] = (0, 0)) -> Iterator[tuple[str, SftpServer]]:
    (root / "sshd").mkdir(exist_ok=True)
    with serving_buckets(root / "buckets", ports[0]) as s3, serving_sftp(root / "sshd", ports[1]) as sftp:
        os.environ.update(KEYS)
        yield s3, sftp


@dataclass(frozen=True)
class Own:
    """A target, and what the machine's own tools do there: files put, and the same read back and hashed."""

    name: str
    target: Target
    put: Callable[[], object]
    back: Callable[[], object]


def speed(root: Path) -> None:
    """Hashing and copying beside sha256sum and each target's own client, in MB/s.

    Copying (hashed and written) is held against the slower of both alone; what pcrs does, which reads back
    and hashes again besides, against that too and against the same work by these tools, one after the other:
    sha256sum of the files, the client's put, what is there read back into sha256sum.
    """
    source = root / "source"
    source.mkdir()
    files = [source / f"{n}.bin" for n in range(SPEED_FILES)]
    block = os.urandom(2**20)
    for n, file in enumerate(files):
        file.write_bytes(bytes([n]) + block * (SPEED_BYTES // len(block)))
    with servers(root) as (s3, sftp):
        for own in _owns(root, files, s3, sftp):
            with closing(own.target):
                _compare(own, files)


def _compare(own: Own, files: list[Path]) -> None:
    total = sum(file.stat().st_size for file in files) / MB
    sums = ["sha256sum", *map(str, files)]
    times = best(
        lambda: subprocess.run(sums, stdout=subprocess.DEVNULL, check=True),
        own.put,
        own.back,
        lambda: _copied(files, own.target),
        lambda: _carried(files, own.target),
        lambda: [digest_of(own.target.chunks(file.name)) for file in files],
    )
    hashed, put, back, copied, carried, read = times
    slower, whole = max(hashed, put), hashed + put + back
    speeds = ", ".join(
        f"{name} {total / seconds:.0f}"
        for name, seconds in (("sha256sum", hashed), ("own client", put), ("all three", whole))
    )
    show(
        f"{own.name}, MB/s: {speeds}; "
        f"copied (hashed, written) {total / copied:.0f}: {slower / copied:.2f} of the slower; "
        f"carried (hashed, written, read back, hashed) {total / carried:.0f}: "
        f"{slower / carried:.2f} of the slower, {whole / carried:.2f} of all three; "
        f"verification {total / read:.0f}: {max(hashed, back) / read:.2f}"
    )


def _shell(command: str) -> Callable[[], object]:
    return lambda: subprocess.run(["bash", "-c", command], check=True, stdout=subprocess.DEVNULL)


def _owns(root: Path, files: list[Path], s3: str, sftp: SftpServer) -> Iterator[Own]:
    for name in ("nas", "own", "back"):
        (root / name).mkdir()
    own = f"cp {' '.join(map(str, files))} {root}/own && sync -f {root}/own"
    drop = f"for f in {root}/own/*; do dd if=$f iflag=nocache count=0 status=none; done"
    yield Own("folder", FolderTarget(root / "nas"), _shell(own), _shell(f"{drop}; sha256sum {root}/own/*"))
    client = boto3.client("s3", endpoint_url=s3, region_name=REGION)
    sums = f"sha256sum {root}/back/*"

    def fetch() -> None:
        for file in files:
            client.download_file("pcrs", f"own/{file.name}", str(root / "back" / file.name))
        _shell(sums)()

    with closing(client):
        yield Own(
            "S3",
            S3Target(Bucket("pcrs", "speed/", s3, REGION)),
            lambda: [client.upload_file(str(file), "pcrs", f"own/{file.name}") for file in files],
            fetch,
        )
    for name in ("speed", "own"):
        (sftp.root / name).mkdir()
    place = sftp_place(sftp.url("speed"), sftp.key_file, sftp.known_hosts)
    puts = "".join(f"put {file} {sftp.root}/own/\n" for file in files)
    gets = "".join(f"get {sftp.root}/own/{file.name} {root}/back/\n" for file in files)
    command = ["sftp", "-q", "-b", "-", "-i", str(sftp.key_file), f"-oUserKnownHostsFile={sftp.known_hosts}"]
    command += ["-P", str(sftp.port), f"{place.user}@127.0.0.1"]

    def sent(batch: str) -> None:
        subprocess.run(command, input=batch.encode(), stdout=subprocess.DEVNULL, check=True)

    yield Own("SFTP", SftpTarget(place), lambda: sent(puts), lambda: (sent(gets), _shell(sums)()))


def _copied(files: list[Path], target: Target) -> None:
    def copied(file: Path) -> None:
        digest = hashlib.sha256()
        with target.writing(file.name) as sink:
            for chunk in _read(file):
                digest.update(chunk)
                sink.write(chunk)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(copied, files))


def _carried(files: list[Path], target: Target) -> None:
    loads = (Load(file.name, lambda file=file: _read(file), {"t": target}) for file in files)
    assert all(one.proved == ("t",) for one in carry(loads))


def _read(file: Path) -> Iterator[bytes]:
    with file.open("rb", buffering=0) as stream:
        while chunk := stream.read(2**20):
            yield chunk


DRIVER = """
import sys
from pathlib import Path
from tests.archives import put_away
from pcrs.work.site import Site
sys.exit(0 if put_away(Site(Path(sys.argv[1])), Path(sys.argv[2])).whole else 1)
"""


def deposit(root: Path, minutes: float) -> None:
    """2000 objects of 20 GB (sparse) on a folder, a bucket and a server of SFTP, killed ten times."""
    over = time.monotonic() + 60 * minutes
    state = State(root)
    sip = root / "sip"
    if not state.lines("made"):
        _make(sip)
        (root / "nas").mkdir()
        (root / "distant").mkdir()
        state.note("made", f"{free_port()} {free_port()}")
    ports = tuple(map(int, state.lines("made")[0].split()))
    with servers(root, ports) as (s3, sftp):
        site = _site(root, s3, sftp)
        if not state.lines("whole") and not _filled(state, site, sip, over):
            return
        assert put_away(site, sip).objects == 0
    for place in (root / "nas", root / "distant", root / "buckets" / "pcrs" / "bench"):
        if place.name not in state.lines("valid") and time.monotonic() < over:
            _validate(place)
            state.note("valid", place.name)
    show(f"valid: {', '.join(state.lines('valid'))}")


@dataclass(frozen=True)
class State:
    """What of the deposit was done, in files of lines."""

    root: Path

    def lines(self, name: str) -> list[str]:
        file = self.root / f"{name}.txt"
        return file.read_text(encoding="utf-8").splitlines() if file.exists() else []

    def note(self, name: str, line: str) -> None:
        with (self.root / f"{name}.txt").open("a", encoding="utf-8") as out:
            out.write(f"{line}\n")


def _make(sip: Path) -> None:
    shutil.rmtree(sip, ignore_errors=True)
    dice = random.Random(46)
    for n in range(OBJECTS):
        file = sip / "clichés" / f"{n // 100:02d}" / f"cliche_{n:04d}.bin"
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("wb") as out:
            out.write(f"cliché {n}\n".encode() * dice.randrange(1, 500))
            out.truncate(DEPOSIT_BYTES // OBJECTS + dice.randrange(-4_000_000, 4_000_000))


def _site(root: Path, s3: str, sftp: SftpServer) -> Site:
    """The site, made at the first call."""
    if (root / "site").exists():
        return Site(root / "site")
    keys = {"key_file": str(sftp.key_file), "known_hosts": str(sftp.known_hosts)}
    distant = sftp.url("distant").replace(str(sftp.root / "distant"), str(root / "distant"))
    return site_with(
        root / "site",
        table("nas", root / "nas", "nas"),
        table("objet", "s3://pcrs/bench", "objet", endpoint=s3, region=REGION),
        table("distant", distant, "disque", offsite=True, **keys),
        bag_gb=3.0,
    )


def _filled(state: State, site: Site, sip: Path, over: float) -> bool:
    """True when the deposit ended; it is killed ten times, and when the time is over."""
    command = [sys.executable, "-c", DRIVER, str(site.root), str(sip)]
    dice = random.Random(f"{os.getpid()}")
    while (left := over - time.monotonic()) > 0:
        must = len(state.lines("killed")) < KILLS
        patience = min(left, dice.uniform(6, 16)) if must else left
        began = time.monotonic()
        with subprocess.Popen(command) as process:
            try:
                process.wait(timeout=patience)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
        state.note("seconds", f"{time.monotonic() - began:.1f}")
        if process.returncode == 0 and not must:
            times = [float(line) for line in state.lines("seconds")]
            state.note("whole", f"{sum(times):.0f} s in {len(times)} runs")
            show(f"complete: {state.lines('whole')[0]}, {len(state.lines('killed'))} of them killed")
            return True
        assert process.returncode == -signal.SIGKILL, "it ended before it was killed ten times"
        there = sum(1 for _ in (state.root / "nas").rglob("*.bin"))
        state.note("killed", f"{there} objects on the NAS")
        show(f"killed {len(state.lines('killed'))} times, {there} objects on the NAS")
    show("not complete yet: the same command goes on")
    return False


def _validate(place: Path) -> None:
    """Every bag of a target is valid for `bagit`, which had no part in making it, and nothing is lacking."""
    bags = sorted(path.parent for path in place.glob("*/bagit.txt"))
    files = 0
    for bag in bags:
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            made = bagit.Bag(str(bag))
            made.validate(processes=2)
            files += len(list(made.payload_files()))
    show(f"{place.name}: {len(bags)} bags, {files} objects, valid for bagit {bagit.VERSION}")
    assert files == OBJECTS


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("what", choices=("speed", "deposit"))
    asked.add_argument("--at", type=Path, help="a folder for the deposit; what was done there goes on")
    asked.add_argument("--minutes", type=float, default=60, help="of the deposit: kill it then")
    told = asked.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if told.what == "deposit" and told.at:
        told.at.mkdir(parents=True, exist_ok=True)
        deposit(told.at.resolve(), told.minutes)
        return
    with tempfile.TemporaryDirectory(prefix="pcrs-archive-", ignore_cleanup_errors=True) as folder:
        root = Path(folder)
        speed(root) if told.what == "speed" else deposit(root, told.minutes)


if __name__ == "__main__":
    main()
