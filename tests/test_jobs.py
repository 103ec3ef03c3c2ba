"""Jobs at rest and their runner: one at a time, taken up after a death, taken away after their time."""

import fcntl
from contextlib import closing
from threading import Thread

import pytest

from pcrs.errors import NotFoundError, TooLargeError
from pcrs.foreman import foreman
from pcrs.runner import run
from pcrs.store.jobs import Jobs
from pcrs.sweeping import sweep
from tests.patience import until
from tests.sites import new_site

NOW = "2026-11-28T10:00:00.000Z"
ASKED = {
    "inputs": {"message": "x"},
    "outputs": ["echo"],
    "readable": {"layers": None, "bounded": [], "area": None},
}


@pytest.fixture
def jobs(tmp_path):
    with closing(Jobs(tmp_path / "stores" / "jobs.db")) as opened:
        yield opened


@pytest.fixture
def site(tmp_path):
    return new_site(tmp_path / "site")


def test_a_job_goes_its_way(jobs):
    job = jobs.add("echo", "me", ASKED, now=NOW)
    assert (job.status, job.progress, job.ended) == ("accepted", 0, False)
    assert jobs.take(0, now=NOW).id == job.id
    assert jobs.take(1, now=NOW) is None
    assert jobs.tell(job.id, 40, "objets", now=NOW)
    assert jobs.get(job.id).progress == 40
    assert jobs.end(job.id, "successful", "fini", {"echo": "x"}, now=NOW)
    assert not jobs.end(job.id, "failed", "trop tard", now=NOW)
    ended = jobs.get(job.id)
    assert (ended.status, ended.outputs, ended.progress) == ("successful", {"echo": "x"}, 100)
    assert jobs.of("me") == [ended]
    assert jobs.of("other") == []


def test_the_oldest_is_taken_first_and_by_one_alone(jobs):
    made = [jobs.add("echo", "", ASKED, now=f"2026-11-28T10:00:{second:02d}Z").id for second in range(20)]
    taken = []

    def runner(number):
        while (job := jobs.take(number, now=NOW)) is not None:
            taken.append(job.id)

    threads = [Thread(target=runner, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted(made)
    assert taken[0] == made[0]


def test_an_owner_may_wait_with_so_many(jobs):
    for _ in range(3):
        jobs.add("echo", "me", ASKED, now=NOW, most=3)
    with pytest.raises(TooLargeError, match="3 at the most"):
        jobs.add("echo", "me", ASKED, now=NOW, most=3)
    jobs.add("echo", "other", ASKED, now=NOW, most=3)


def test_what_a_dead_runner_left_waits_again_but_not_for_ever(jobs):
    job = jobs.add("echo", "", ASKED, now=NOW)
    for _ in range(10):
        assert jobs.take(3, now=NOW).id == job.id
        jobs.orphans(3, now=NOW)
    assert jobs.get(job.id).status == "failed"
    with pytest.raises(NotFoundError):
        jobs.get("nothing")


def test_a_job_that_was_dismissed_is_told_to_stop(jobs):
    job = jobs.add("echo", "", ASKED, now=NOW)
    jobs.take(0, now=NOW)
    assert jobs.end(job.id, "dismissed", "", now=NOW)
    assert not jobs.tell(job.id, 50, "", now=NOW)


def test_a_runner_does_what_waits_and_ends(site):
    with closing(Jobs(site.jobs_file)) as jobs:
        made = [jobs.add("echo", "", ASKED, now=NOW).id for _ in range(3)]
        strange = jobs.add("nothing", "", ASKED, now=NOW).id
        assert run(site, idle_s=0.05) == 4
        assert {jobs.get(job).status for job in made} == {"successful"}
        failed = jobs.get(strange)
        assert failed.status == "failed"
        assert strange in failed.message
        assert "KeyError" not in failed.message


def test_results_go_after_their_time_and_so_do_folders_of_nobody(site):
    with closing(Jobs(site.jobs_file)) as jobs:
        old = jobs.add("echo", "", ASKED, now="2020-01-01T00:00:00.000Z").id
        jobs.end(old, "successful", "", {}, now="2020-01-01T00:00:00.000Z")
        new = jobs.add("echo", "", ASKED, now=NOW).id
        for name in (old, new, "nobody"):
            site.job_folder(name).mkdir(parents=True)
        sweep(site, jobs, 48)
        assert [folder.name for folder in site.job_folders.iterdir()] == [new]
        assert [job.id for job in jobs.of(None)] == [new]


def test_a_killed_runner_is_replaced_and_its_job_done(site):
    """The foreman of the service starts a runner, which finds what the one before had in its hands."""
    with closing(Jobs(site.jobs_file)) as jobs:
        left = jobs.add("echo", "", ASKED, now=NOW).id
        jobs.take(1, now=NOW)
        with foreman(site, 1):
            until(lambda: jobs.get(left).ended)
        assert jobs.get(left).status == "successful"
        assert jobs.get(left).tries == 2


def test_the_foreman_takes_away_what_is_too_old_though_nothing_waits(site):
    with closing(Jobs(site.jobs_file)) as jobs:
        old = jobs.add("echo", "", ASKED, now="2020-01-01T00:00:00.000Z").id
        jobs.end(old, "successful", "", {}, now="2020-01-01T00:00:00.000Z")
        site.job_folder(old).mkdir(parents=True)
        with foreman(site, 1, keep_hours=1):
            until(lambda: not site.job_folder(old).exists())
        assert not site.job_folder(old).exists()
        assert jobs.of(None) == []


def test_a_runner_leaves_a_living_one_its_job(site):
    with closing(Jobs(site.jobs_file)) as jobs, (site.jobs / "runner-1.lock").open("a+") as lock:
        job = jobs.add("echo", "", ASKED, now=NOW).id
        jobs.take(1, now=NOW)
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert run(site, 0, idle_s=0.05) == 0
        assert run(site, 1, idle_s=0.05) == 0
        assert jobs.get(job).status == "running"
