"""What jobs leave goes after its time: their rows, their files, and folders of nobody."""

import shutil
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from pcrs.store.jobs import Jobs, written
from pcrs.work.site import Site


def sweep(site: Site, jobs: Jobs, keep_hours: int) -> None:
    """What ended longer ago than results are kept goes, with its files; so do folders of no job."""
    before = datetime.now(UTC) - timedelta(hours=keep_hours)
    old = jobs.old(written(before))
    for job in old:
        shutil.rmtree(site.job_folder(job.id), ignore_errors=True)
    jobs.forget([job.id for job in old])
    with suppress(FileNotFoundError):
        folders = list(site.job_folders.iterdir())  # before their jobs: a new one has its job first
        known = {job.id for job in jobs.of(None, limit=1_000_000)}
        for folder in folders:
            if folder.name not in known:
                shutil.rmtree(folder, ignore_errors=True)
