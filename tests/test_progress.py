import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pcrs.errors import MillError, SiteError
from pcrs.standard.names import format_name
from pcrs.work.progress import Mill, Step, mill, silent
from tests.dalles import hm_name, make_dalle
from tests.patience import PATIENCE_S, until
from tests.serving import end, free_port, gone, pcrs, start, wait_for, workers_of
from tests.sites import fingerprint, new_site, take


def double(number: int) -> int:
    return 2 * number


def die(number: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return number


def fill(number: int) -> int:
    """Writes where no room is: /dev/full says what a full disk says."""
    with Path("/dev/full").open("wb", buffering=0) as full:
        return full.write(b"x" * number)


def lose(number: int) -> int:
    raise FileNotFoundError(2, "No such file or directory", "master.tif")


@pytest.fixture(scope="module")
def two():
    with mill(2) as hands:
        yield hands


def test_every_piece_comes_back_with_its_result(two):
    for hands in (two, Mill(1, None)):
        assert dict(hands.run(double, range(20))) == {number: 2 * number for number in range(20)}
        assert list(hands.run(double, [])) == []


def test_no_more_than_two_pieces_a_worker_are_under_way(two):
    asked = []

    def pieces():
        for number in range(30):
            asked.append(number)
            yield number

    done = 0
    for _ in two.run(double, pieces()):
        done += 1
        assert len(asked) <= done + 2 * 2
    assert done == 30


def test_hands_are_called_when_there_is_work_for_several():
    with mill(2) as hands:
        assert list(hands.run(pid_of, [1])) == [(1, os.getpid())]
        assert {pid for _, pid in hands.run(pid_of, range(3), few=3)} == {os.getpid()}
        assert os.getpid() not in {pid for _, pid in hands.run(pid_of, range(2))}
        assert os.getpid() not in {pid for _, pid in hands.run(pid_of, [1])}


def test_each_piece_is_told():
    steps = []
    assert dict(Mill(1, None).told(double, [1, 2], "dalles", steps.append)) == {1: 2, 2: 4}
    assert steps == [Step("dalles", done, 2) for done in (0, 1, 2)]
    silent(steps[0])


def test_a_worker_that_dies_ends_the_work_with_one_message():
    with mill(2) as hands, pytest.raises(MillError, match=r"out of memory.*same command again"):
        list(hands.run(die, range(3)))


@pytest.mark.parametrize("workers", [1, 2])
def test_a_full_disk_is_said_wherever_the_work_is_done(workers, two):
    hands = two if workers == 2 else Mill(1, None)
    with pytest.raises(SiteError, match=r"disk is full.*make room"):
        list(hands.run(fill, [1]))


def test_another_fault_comes_as_it_is(two):
    for hands in (two, Mill(1, None)):
        with pytest.raises(FileNotFoundError, match=r"master\.tif"):
            list(hands.run(lose, [1]))


ORPHANS = """
import os, signal, sys
from pcrs.work.progress import mill
from tests.test_progress import pid_of
if __name__ == "__main__":
    with mill(2) as hands:
        print(*{pid for _, pid in hands.run(pid_of, range(8))}, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
"""


def pid_of(number: int) -> int:
    time.sleep(0.05)
    return os.getpid()


def test_workers_end_with_a_command_that_is_killed(tmp_path):
    script = tmp_path / "orphans.py"
    script.write_text(ORPHANS)
    done = subprocess.run(
        [sys.executable, script],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    pids = [int(pid) for pid in done.stdout.split()]
    assert pids
    gone(pids)


def test_processes_that_serve_end_with_the_one_that_started_them(tmp_path):
    site, port = new_site(tmp_path / "site"), free_port()
    process = start("serve", "--site", site.root, "--port", str(port), "--workers", "2")
    try:
        wait_for(f"http://127.0.0.1:{port}/healthz", process)
        serving = until(lambda: len(found := workers_of(process.pid)) == 2 and found)
        os.kill(process.pid, signal.SIGKILL)
        gone(serving)
    finally:
        end(process, signal.SIGKILL)


@pytest.mark.slow
def test_a_command_whose_worker_was_killed_ends_with_2_and_goes_on_the_next_time(tmp_path):
    folder = tmp_path / "depot"
    for east in (0, 200, 400):
        name = hm_name(576_000 + east)
        make_dalle(folder / f"{format_name(name)}.tif", name, compress="deflate")
    site, untouched = new_site(tmp_path / "site"), new_site(tmp_path / "untouched")
    command = ("receive", folder, "--site", site.root, "--edition", "2025", "--accept", "--workers", "2")
    process = start(*command)
    assert process.stderr is not None
    for line in process.stderr:
        if line.decode().startswith("dalles: 0"):
            break
    workers = until(lambda: workers_of(process.pid))
    os.kill(workers[0], signal.SIGKILL)
    said = process.stderr.read().decode()
    assert process.wait(timeout=PATIENCE_S) == 2
    end(process)
    assert [line for line in said.splitlines() if line.startswith("pcrs: ")] == [said.splitlines()[-1]]
    assert "same command again" in said.splitlines()[-1]
    assert "Traceback" not in said
    assert pcrs(*command).returncode == 0
    take(untouched, folder)
    assert fingerprint(site) == fingerprint(untouched)
