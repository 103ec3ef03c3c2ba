"""Disks that are almost full, real ones: what is said, what is kept, how it goes on with room."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pcrs.errors import PcrsError
from pcrs.standard.names import format_name
from tests.archives import make_sip, put_away, site_with, table
from tests.buckets import REGION, serving_buckets
from tests.dalles import hm_name, make_dalle
from tests.sites import new_site, take
from tests.test_archive import assert_whole


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


def test_a_delivery_received_on_an_almost_full_disk_is_taken_in_when_there_is_room(tmp_path):
    name = hm_name()
    make_dalle(tmp_path / "depot" / f"{format_name(name)}.tif", name, compress="deflate")
    with disk(tmp_path / "disk", 12) as small:
        site = new_site(small.folder / "site")
        with pytest.raises(PcrsError, match=r"(?i)full|no space|place sur le disque"):
            take(site, tmp_path / "depot")
        assert not list((site.root / "intermediate").rglob("*.tif"))
        small.grow(400)
        assert take(site, tmp_path / "depot")[0].state == "publiée"
        assert site.master("2025", format_name(name)).stat().st_size > 12 * 10**6
