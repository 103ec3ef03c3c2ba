"""Custody measured: speeds beside the machine's own tools, a large deposit that is killed ten times, memory.

`python -m tests.bench.archive speed|deposit|memory`, all three when none is named. It takes 30 GB under the
folder that TMPDIR names; versitygw and openssh-server must be there.
"""

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
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path

import bagit
import boto3
from rich.console import Console

from pcrs.archive.target import Target
from pcrs.archive.target_blobs import FolderTarget
from pcrs.archive.target_s3 import S3Target
from pcrs.archive.target_sftp import SftpTarget, sftp_place
from pcrs.blobs import Bucket
from pcrs.store.inventory import Inventory, Rule
from pcrs.store.inventory_schema import ArchiveObject, Copy
from pcrs.work.custody.carry import Load, carry, digest_of
from tests.archives import put_away, site_with, table
from tests.buckets import KEYS, REGION, serving_buckets
from tests.sftp import SftpServer, serving_sftp

MB = 10**6
SPEED_FILES, SPEED_BYTES, ROUNDS = 6, 48 * 2**20, 4
OBJECTS, DEPOSIT_BYTES, KILLS = 2000, 20 * 10**9, 10
MILLION = 1_000_000


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
def servers(root: Path) -> Iterator[tuple[str, SftpServer]]:
    (root / "sshd").mkdir()
    with serving_buckets(root / "buckets") as s3, serving_sftp(root / "sshd") as sftp:
        os.environ.update(KEYS)
        yield s3, sftp


def speed(root: Path) -> None:
    """Hashing and copying, in MB/s, and as a share of the slower of sha256sum and the target's own client."""
    source = root / "source"
    source.mkdir()
    files = [source / f"{n}.bin" for n in range(SPEED_FILES)]
    block = os.urandom(2**20)
    for n, file in enumerate(files):
        file.write_bytes(bytes([n]) + block * (SPEED_BYTES // len(block)))
    total = sum(file.stat().st_size for file in files) / MB
    names = [str(file) for file in files]
    folder = FolderTarget(source)

    def sums() -> None:
        subprocess.run(["sha256sum", *names], stdout=subprocess.DEVNULL, check=True)

    theirs, ours = (total / s for s in best(sums, lambda: [digest_of(folder.chunks(f.name)) for f in files]))
    show(f"sha256sum {theirs:.0f} MB/s, verification {ours:.0f} MB/s: {ours / theirs:.2f}")
    with servers(root) as (s3, sftp):
        for name, target, own in _targets(root, files, s3, sftp):
            with closing(target):
                _compare(name, target, own, sums, files)


def _compare(
    name: str, target: Target, own: Callable[[], object], sums: Callable[[], object], files: list[Path]
) -> None:
    total = sum(file.stat().st_size for file in files) / MB
    times = best(
        sums,
        own,
        lambda: _carried(files, target),
        lambda: [digest_of(target.chunks(file.name)) for file in files],
    )
    theirs, client, carried, read = (total / seconds for seconds in times)
    slower = min(theirs, client)
    show(
        f"{name}: sha256sum {theirs:.0f}, own client {client:.0f} MB/s; carried, hashed and read back "
        f"{carried:.0f} MB/s: {carried / slower:.2f}; verification {read:.0f} MB/s: {read / slower:.2f}"
    )


def _targets(
    root: Path, files: list[Path], s3: str, sftp: SftpServer
) -> Iterator[tuple[str, Target, Callable[[], object]]]:
    for name in ("nas", "own"):
        (root / name).mkdir()
    own = f"cp {' '.join(map(str, files))} {root}/own && sync -f {root}/own"
    yield "folder", FolderTarget(root / "nas"), lambda: subprocess.run(["sh", "-c", own], check=True)
    client = boto3.client("s3", endpoint_url=s3, region_name=REGION)
    with closing(client):
        yield (
            "S3",
            S3Target(Bucket("pcrs", "speed/", s3, REGION)),
            lambda: [client.upload_file(str(file), "pcrs", f"own/{file.name}") for file in files],
        )
    for name in ("speed", "own"):
        (sftp.root / name).mkdir()
    place = sftp_place(sftp.url("speed"), sftp.key_file, sftp.known_hosts)
    puts = "".join(f"put {file} {sftp.root}/own/\n" for file in files)
    command = ["sftp", "-q", "-b", "-", "-i", str(sftp.key_file), f"-oUserKnownHostsFile={sftp.known_hosts}"]
    command += ["-P", str(sftp.port), f"{place.user}@127.0.0.1"]

    def put() -> None:
        subprocess.run(command, input=puts.encode(), stdout=subprocess.DEVNULL, check=True)

    yield "SFTP", SftpTarget(place), put


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


def deposit(root: Path) -> None:
    """2000 objects of 20 GB (sparse) on a folder, a bucket and a server of SFTP, killed ten times."""
    sip = root / "sip"
    dice = random.Random(46)
    for n in range(OBJECTS):
        file = sip / "clichés" / f"{n // 100:02d}" / f"cliche_{n:04d}.bin"
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("wb") as out:
            out.write(f"cliché {n}\n".encode() * dice.randrange(1, 500))
            out.truncate(DEPOSIT_BYTES // OBJECTS + dice.randrange(-4_000_000, 4_000_000))
    (root / "nas").mkdir()
    with servers(root) as (s3, sftp):
        (sftp.root / "distant").mkdir()
        keys = {"key_file": str(sftp.key_file), "known_hosts": str(sftp.known_hosts)}
        site = site_with(
            root / "site",
            table("nas", root / "nas", "nas"),
            table("objet", "s3://pcrs/bench", "objet", endpoint=s3, region=REGION),
            table("distant", sftp.url("distant"), "disque", offsite=True, **keys),
            bag_gb=3.0,
        )
        command = [sys.executable, "-c", DRIVER, str(site.root), str(sip)]
        began = time.perf_counter()
        killed = 0
        while killed < KILLS:
            with subprocess.Popen(command) as process:
                try:
                    process.wait(timeout=dice.uniform(15, 40))
                except subprocess.TimeoutExpired:
                    process.send_signal(signal.SIGKILL)
            assert process.returncode == -signal.SIGKILL, "it ended before it was killed ten times"
            killed += 1
            there = sum(1 for _ in (root / "nas").rglob("*.bin"))
            show(f"killed {killed} times, {there} objects on the NAS")
        subprocess.run(command, check=True)
        show(f"complete after {time.perf_counter() - began:.0f} s")
        assert put_away(site, sip).objects == 0
    for place in (root / "nas", root / "buckets" / "pcrs" / "bench", sftp.root / "distant"):
        bags = sorted(path.parent for path in place.glob("*/bagit.txt"))
        files = 0
        for bag in bags:
            with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
                made = bagit.Bag(str(bag))
                made.validate(processes=2)
                files += len(list(made.payload_files()))
        show(f"{place.name}: {len(bags)} bags, {files} objects, valid for bagit {bagit.VERSION}")
        assert files == OBJECTS


def memory(root: Path) -> None:
    """The most memory that the inventory takes to be filled, asked and walked, for ever more objects."""
    for count in (10_000, 100_000, MILLION):
        child = os.fork()
        if child == 0:
            _fill(root / f"{count}.db", count)
            os._exit(0)
        _, status, used = os.wait4(child, 0)
        assert status == 0
        size = (root / f"{count}.db").stat().st_size / MB
        show(
            f"{count} objects, 3 copies each: {used.ru_maxrss / 1000:.0f} MB of memory, {size:.0f} MB on disk"
        )


def _fill(file: Path, count: int) -> None:
    now = "2026-11-28T00:00:00+00:00"
    base = ArchiveObject("", "Figeac", "", "cliche", "aplc", 4 * 10**8, "", "image/tiff", now)
    with closing(Inventory(file)) as inventory:
        for start in range(0, count, 5000):
            ids = [f"{n:024x}{n:040x}" for n in range(start, start + 5000)]
            with inventory.transaction():
                inventory.add_objects(
                    replace(base, id=i[:24], name=f"clichés/{i}.tif", sha256=i) for i in ids
                )
                for target in ("nas", "bande", "objet"):
                    inventory.put_copies(
                        Copy(target, f"b/data/clichés/{i}.tif", i[:24], "b", "vérifiée", now, now)
                        for i in ids
                    )
        places = {"nas": ("nas", False), "bande": ("bande", True), "objet": ("objet", False)}
        assert sum(one.copies >= Rule().copies for one in inventory.standings(places)) == count
        assert sum(1 for _ in inventory.due("nas", "2100")) == count
        listing = ((one.copy.key, one.bytes) for one in inventory.due("nas", "2100"))
        scan = inventory.scan("nas", listing)
        assert not any(scan.absent())
        assert not any(scan.unexpected())
        assert sum(1 for _ in inventory.objects(chantier="Figeac")) == count


def main() -> None:
    wanted = sys.argv[1:] or ["memory", "speed", "deposit"]
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for name in wanted:
        root = Path(tempfile.mkdtemp(prefix="pcrs-archive-"))
        with ExitStack() as stack:
            stack.callback(shutil.rmtree, root, ignore_errors=True)
            {"memory": memory, "speed": speed, "deposit": deposit}[name](root)


if __name__ == "__main__":
    main()
