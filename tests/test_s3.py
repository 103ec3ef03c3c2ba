"""Files in a bucket of a real S3 server: the contract of `Blobs`, and what a killed upload leaves."""

import multiprocessing
import os
import signal
import time
from dataclasses import replace
from multiprocessing.synchronize import Event
from pathlib import Path

import obstore
import pytest

from pcrs.archive.s3 import S3, _store
from pcrs.errors import StoreError
from pcrs.files import sha256_of
from tests.contracts.blobs_contract import KEY, BlobsContract, content


class TestS3(BlobsContract):
    @pytest.fixture
    def blobs(self, bucket):
        return bucket


def _upload(blobs: S3, file: Path, begun: Event) -> None:
    begun.set()
    blobs.put_file(KEY, file, sha256_of(file))


def test_killed_uploads_leave_nothing_that_is_seen_and_the_next_one_ends_well(bucket, tmp_path):
    file = tmp_path / "big.bin"
    file.write_bytes(os.urandom(2**20) * 80)
    spawn = multiprocessing.get_context("spawn")
    killed = 0
    for wait_s in (0.1, 0.3, 0.6):
        begun = spawn.Event()
        process = spawn.Process(target=_upload, args=(bucket, file, begun))
        process.start()
        assert begun.wait(60)
        time.sleep(wait_s)
        process.kill()
        process.join(60)
        killed += process.exitcode == -signal.SIGKILL
        assert list(content(bucket)) == [KEY] * (process.exitcode == 0)
    assert killed
    bucket.put_file(KEY, file, sha256_of(file))
    assert bucket.get_file(KEY, tmp_path / "back") == sha256_of(file)
    bucket.sweep()
    assert [one["path"] for page in obstore.list(_store(bucket.place)) for one in page] == [KEY]


def test_a_service_that_does_not_answer_is_said(bucket):
    nowhere = S3(replace(bucket.place, endpoint="http://127.0.0.1:9"), bucket.scratch)
    with pytest.raises(StoreError, match=r"127\.0\.0\.1:9.*AWS_ACCESS_KEY_ID"):
        nowhere.head("x")


def test_a_bucket_that_is_not_there_is_said(bucket):
    with pytest.raises(StoreError, match="no such bucket"):
        S3(replace(bucket.place, bucket="other"), bucket.scratch).put("x", b"")
