"""The mill on a dask.distributed scheduler with two worker processes, on this machine."""

import os
import signal
import sys
import time

import dask
import pytest
from distributed import LocalCluster

from pcrs.errors import MillError, SettingsError, SiteError
from pcrs.standard.names import format_name
from pcrs.work import cluster as module
from pcrs.work.cluster import cluster
from tests.dalles import hm_name, make_dalle
from tests.serving import free_port, pcrs
from tests.sites import fingerprint, new_site
from tests.test_progress import fill, lose


def square(number: int) -> tuple[int, int]:
    time.sleep(0.05)
    return number * number, os.getpid()


def die(number: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return number


@pytest.fixture(scope="module")
def address():
    """Two workers of one thread; one that dies is replaced, the piece that killed it is not tried again."""
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            silence_logs=50,
        ) as local,
    ):
        yield local.scheduler_address


def test_the_pieces_are_done_by_both_workers(address):
    with cluster(address) as hands:
        done = dict(hands.run(square, range(20)))
    assert {number: result for number, (result, _) in done.items()} == {n: n * n for n in range(20)}
    pids = {pid for _, pid in done.values()}
    assert len(pids) == 2
    assert os.getpid() not in pids


def test_few_pieces_are_under_way_at_a_time(address):
    asked = []
    with cluster(address) as hands:
        done = 0
        for _ in hands.run(square, (asked.append(number) or number for number in range(12))):
            done += 1
            assert len(asked) <= done + 2 * 2
    assert done == 12


def test_faults_of_the_work_come_back(address):
    with cluster(address) as hands:
        with pytest.raises(FileNotFoundError, match=r"master\.tif"):
            list(hands.run(lose, [1]))
        with pytest.raises(SiteError, match="disk is full"):
            list(hands.run(fill, [1]))
        assert len(dict(hands.run(square, [3]))) == 1


def test_a_delivery_is_taken_in_as_on_one_machine(address, tmp_path):
    folder = tmp_path / "depot"
    name = hm_name()
    make_dalle(folder / f"{format_name(name)}.tif", name, compress="deflate")
    sites = [new_site(tmp_path / "alone"), new_site(tmp_path / "cluster")]
    for site, hands in zip(sites, (("--workers", "1"), ("--scheduler", address)), strict=True):
        done = pcrs("receive", folder, "--site", site.root, "--edition", "2025", "--accept", *hands)
        assert done.returncode == 0, done.stderr
    assert fingerprint(sites[0]) == fingerprint(sites[1])


def test_a_worker_that_dies_ends_the_work_with_one_message(address):
    with cluster(address) as hands, pytest.raises(MillError, match="same command again"):
        list(hands.run(die, [1]))


def test_nobody_there_is_said(monkeypatch):
    monkeypatch.setattr(module, "_PATIENCE_S", 0.5)
    with pytest.raises(MillError, match="does not answer"), cluster(f"tcp://127.0.0.1:{free_port()}"):
        pass


def test_an_address_that_is_none_is_said():
    with pytest.raises(MillError, match="does not answer"), cluster("nowhere://"):
        pass


def test_another_pcrs_is_refused(address, monkeypatch):
    monkeypatch.setattr(module, "__version__", "99.0")
    with pytest.raises(MillError, match=r"99\.0 here; install the same"), cluster(address):
        pass


def test_without_dask_the_line_to_install_it_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(SettingsError, match=r"pip install 'pcrs\[cluster\]'"), cluster("tcp://127.0.0.1:1"):
        pass
