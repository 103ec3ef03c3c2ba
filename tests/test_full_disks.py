"""Places that refuse, real ones: full disks, buckets that are read only, a NAS that is pulled.

What is said, what is kept, how it goes on later.
"""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pcrs.archiving import archive_folder, keeping
from pcrs.settings import load
from pcrs.standard.names import format_name
from pcrs.work.progress import Step
from tests.archives import custody, make_sip, put_away, read_all, site_with, table
from tests.buckets import REGION, serving_buckets
from tests.dalles import hm_name, make_dalle
from tests.serving import free_port, said
from tests.sites import fingerprint, new_site, take
from tests.test_archive import assert_whole
from tests.test_site_objects import on_bucket


class Disk:
    """A file system in memory, of a size that can be changed."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        self.folder = folder
        folder.mkdir()
        made = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", folder], capture_output=True
        )
        if made.returncode:
            pytest.skip("mounting needs more rights than these tests have")

    def grow(self, megabytes: int) -> None:
        subprocess.run(["mount", "-o", f"remount,size={megabytes}m", self.folder], check=True)


@contextmanager
def disk(folder: Path, megabytes: int) -> Iterator[Disk]:
    made = Disk(folder, megabytes)
    try:
        yield made
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def test_a_full_target_is_said_the_others_are_served_and_it_goes_on_with_room(tmp_path):
    sip = make_sip(tmp_path / "sip", cliches=120)
    (tmp_path / "bande").mkdir()
    with disk(tmp_path / "nas", 1) as nas:
        site = site_with(
            tmp_path / "site",
            table("nas", nas.folder, "nas"),
            table("bande", tmp_path / "bande", "bande", offsite=True),
        )
        done = put_away(site, sip)
        assert list(done.failed) == ["nas"]
        assert "No space left on device. What was done is kept: make room there" in done.failed["nas"]
        assert not list(nas.folder.rglob("bagit.txt"))
        assert_whole(tmp_path / "bande", sip)
        nas.grow(30)
        again = put_away(site, sip)
        assert again.whole
        assert again.objects < 135  # what the NAS had taken is not sent again
        assert_whole(nas.folder, sip)


def test_a_bucket_that_refuses_to_write_is_said_and_filled_later(tmp_path, s3_server):
    sip = make_sip(tmp_path / "sip", cliches=120)
    with disk(tmp_path / "small", 1) as small, serving_buckets(small.folder / "buckets") as address:
        site = site_with(
            tmp_path / "site", table("objet", "s3://pcrs/x", "objet", endpoint=address, region=REGION)
        )
        done = put_away(site, sip)
        assert list(done.failed) == ["objet"]
        assert "the S3 service" in done.failed["objet"]
        small.grow(30)
        assert put_away(site, sip).whole
        assert_whole(small.folder / "buckets" / "pcrs" / "x", sip)


@pytest.fixture(scope="module")
def depot(tmp_path_factory):
    """A delivery of one dalle, and what it leaves in a site with room."""
    root = tmp_path_factory.mktemp("depot")
    name = hm_name()
    make_dalle(root / "depot" / f"{format_name(name)}.tif", name, compress="deflate")
    roomy = new_site(root / "site")
    take(roomy, root / "depot")
    return root / "depot", roomy


def test_a_delivery_received_on_an_almost_full_disk_is_taken_in_when_there_is_room(depot, tmp_path):
    """It breaks off at the control, at the master, at what is compressed; what is seen is always whole."""
    folder, roomy = depot
    whole = fingerprint(roomy)
    command = ("receive", folder, "--edition", "2025", "--accept", "--site", tmp_path / "disk" / "site")
    stages = set()
    with disk(tmp_path / "disk", 1) as small:
        site = new_site(small.folder / "site")
        for megabytes in (1, 3, 12, 18, 27):
            small.grow(megabytes)
            done = said(*command)
            assert done.returncode == 2
            assert re.search(r"(?i)full|no space|place sur le disque", done.stderr)
            assert "Traceback" not in done.stderr
            there = {k: v for k, v in fingerprint(site).items() if k.endswith(".tif")}
            assert there == {k: v for k, v in whole.items() if k in there}
            stages.add(len(there))
        assert {0} < stages
        small.grow(400)
        assert said(*command).returncode == 0
        assert fingerprint(site) == whole
        assert [p.name for p in site.root.rglob("*") if p.name.endswith(".part")] == []


def test_a_bucket_without_the_right_to_write_is_said_and_a_delivery_goes_on_later(depot, tmp_path, s3_server):
    folder, roomy = depot
    port = free_port()
    site = on_bucket(tmp_path / "site", f"http://127.0.0.1:{port}", "refused")
    command = ("receive", folder, "--edition", "2025", "--accept", "--site", site.root)
    for read_only in (True, False):
        with serving_buckets(tmp_path / "buckets", port, read_only=read_only):
            done = said(*command)
            if read_only:
                assert done.returncode == 2
                assert re.search(r"s3://pcrs/refused.*(?i:denied|refuse)", done.stderr)
                assert not list((tmp_path / "buckets").rglob("*.tif"))
            else:
                assert done.returncode == 0
    bucket = tmp_path / "buckets" / "pcrs" / "refused"
    for tier in ("hot", "intermediate"):
        kept = {p.name: p.read_bytes() for p in (bucket / tier / "dalles").rglob("*.tif")}
        assert kept == {p.name: p.read_bytes() for p in (roomy.root / tier / "dalles").rglob("*.tif")}


def test_a_target_without_the_right_to_write_is_said_and_filled_later(tmp_path, s3_server):
    sip, port = make_sip(tmp_path / "sip"), free_port()
    (tmp_path / "nas").mkdir()
    place = {"endpoint": f"http://127.0.0.1:{port}", "region": REGION}
    site = site_with(
        tmp_path / "site",
        table("nas", tmp_path / "nas", "nas"),
        table("objet", "s3://pcrs/x", "objet", **place),
    )
    command = ("archive", sip, "--chantier", "Figeac", "--site", site.root)
    with serving_buckets(tmp_path / "buckets", port, read_only=True):
        done = said(*command)
    assert done.returncode == 2
    assert re.search(r"cible objet : s3://pcrs/x.*refuses.*Denied", done.stderr)
    assert_whole(tmp_path / "nas", sip)
    with serving_buckets(tmp_path / "buckets", port):
        assert said(*command).returncode == 0
    assert_whole(tmp_path / "buckets" / "pcrs" / "x", sip)


@contextmanager
def mounted(folder: Path, on: Path) -> Iterator[None]:
    if subprocess.run(["mount", "--bind", folder, on], capture_output=True).returncode:
        pytest.skip("mounting needs more rights than these tests have")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", on], check=False)


def test_a_nas_that_is_unmounted_while_it_is_written_to_is_said_and_filled_later(tmp_path):
    sip = make_sip(tmp_path / "sip", cliches=30)
    for name in ("disk", "nas", "bande"):
        (tmp_path / name).mkdir()
    site = site_with(
        tmp_path / "site",
        table("nas", tmp_path / "nas", "nas"),
        table("bande", tmp_path / "bande", "bande", offsite=True),
    )
    settings = load(site.settings_file)
    pulled = []

    def pull(step: Step) -> None:
        if step.done and not pulled:
            pulled.append(subprocess.run(["umount", "-l", tmp_path / "nas"], check=True))

    with mounted(tmp_path / "disk", tmp_path / "nas"), keeping(site, settings, pull) as held:
        done = archive_folder(held, settings, sip, "Figeac", None)
    assert pulled
    assert list(done.failed) == ["nas"]
    assert "not mounted" in done.failed["nas"]
    assert not list((tmp_path / "nas").rglob("bagit.txt"))
    assert_whole(tmp_path / "bande", sip)
    again = put_away(site, sip, "Figeac")
    assert "not mounted" in again.failed["nas"]
    with mounted(tmp_path / "disk", tmp_path / "nas"):
        assert put_away(site, sip, "Figeac").whole
        assert_whole(tmp_path / "nas", sip)
        with custody(site) as held:
            assert read_all(held).faults == []
