"""Places for copies: a folder, a bucket, a server of SFTP, the intermediate tier; one contract."""

import uuid
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import md5

import boto3
import numpy as np
import pytest
from botocore.config import Config
from botocore.stub import Stubber

from pcrs.archive.target_blobs import FolderTarget, TierTarget
from pcrs.archive.target_s3 import S3Target
from pcrs.archive.target_sftp import SftpTarget, sftp_place
from pcrs.blobs import Bucket
from pcrs.errors import InputError, StoreError
from tests.buckets import REGION
from tests.contracts.target_contract import TargetContract, bytes_of, put


class TestFolder(TargetContract):
    @pytest.fixture
    def target(self, tmp_path):
        (tmp_path / "nas").mkdir()
        return FolderTarget(tmp_path / "nas")


class TestTierOnS3(TargetContract):
    @pytest.fixture
    def target(self, bucket):
        return TierTarget(bucket)


@pytest.fixture
def s3_target(s3_server):
    target = S3Target(Bucket("pcrs", f"{uuid.uuid4().hex}/", s3_server, REGION))
    yield target
    target.close()


class TestS3(TargetContract):
    @pytest.fixture
    def target(self, s3_target):
        return s3_target


@pytest.fixture
def sftp_target(sftp_server):
    name = uuid.uuid4().hex
    (sftp_server.root / name).mkdir()
    target = SftpTarget(sftp_place(sftp_server.url(name), sftp_server.key_file, sftp_server.known_hosts))
    yield target
    target.close()


class TestSftp(TargetContract):
    @pytest.fixture
    def target(self, sftp_target):
        return sftp_target


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(StoreError, match=r"nas is not there: mount it"):
        put(FolderTarget(tmp_path / "nas"), "a", b"x")
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_is_not_known_or_not_there_is_said(sftp_server, sftp_target, tmp_path):
    (tmp_path / "known").touch()
    place = sftp_target.place
    for other, said in (
        (replace(place, known_hosts=tmp_path / "known"), "Host key verification failed"),
        (replace(place, port=9), "cannot be reached"),
        (replace(place, root="/nowhere/at/all"), "no such folder on the server"),
    ):
        target = SftpTarget(other)
        with pytest.raises(StoreError, match=said):
            target.head("a")
        target.close()


def test_a_lost_connection_is_opened_again(sftp_target):
    put(sftp_target, "a", b"x")
    (lost,) = sftp_target._idle
    lost._process.kill()
    lost._process.wait()
    assert bytes_of(sftp_target, "a") == b"x"
    assert sftp_target._idle != [lost]


@pytest.mark.parametrize(
    "url", ["sftp://", "http://a/b", "sftp://user:secret@host/x", "/srv/nas", "sftp:///folder"]
)
def test_what_is_no_address_of_sftp(url):
    with pytest.raises(InputError):
        sftp_place(url)


def test_a_locked_file_is_neither_removed_nor_replaced(s3_server):
    client = boto3.client(
        "s3", endpoint_url=s3_server, region_name=REGION, config=Config(s3={"addressing_style": "path"})
    )
    client.create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True)
    target = S3Target(Bucket("locked", "", s3_server, REGION), lock_mode="COMPLIANCE", lock_days=30)
    put(target, "a", b"x")
    target.seal("a")
    told = client.get_object_retention(Bucket="locked", Key="a")["Retention"]
    assert told["Mode"] == "COMPLIANCE"
    assert 28 < (told["RetainUntilDate"] - datetime.now(UTC)).days < 31
    for attempt in (lambda: target.delete("a"), lambda: put(target, "a", b"y")):
        with pytest.raises(StoreError, match="object lock"):
            attempt()
    assert bytes_of(target, "a") == b"x"
    target.close()
    client.close()


@pytest.mark.parametrize("locks", [True, False])
def test_where_the_bucket_locks_what_comes_it_comes_with_its_sum(s3_server, monkeypatch, locks):
    monkeypatch.setattr("pcrs.archive.target_s3._PART", 5 * 2**20)
    bucket = uuid.uuid4().hex
    client = boto3.client(
        "s3", endpoint_url=s3_server, region_name=REGION, config=Config(s3={"addressing_style": "path"})
    )
    client.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
    if locks:
        rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 1}}
        told = {"ObjectLockEnabled": "Enabled", "Rule": rule}
        client.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=told)
    target = S3Target(Bucket(bucket, "", s3_server, REGION))
    sent = []

    def seen(request, **_):
        if request.method == "PUT":
            sent.append((request.headers.get("Content-MD5"), request.body))

    target._client.meta.events.register("before-send.s3", seen)
    large = np.random.default_rng(46).bytes(11 * 2**20)
    put(target, "small", b"x")
    with target.writing("large") as sink:
        for start in range(0, len(large), 2**20):
            sink.write(large[start : start + 2**20])
    assert len(sent) == 4  # the small one, and three parts
    for told, body in sent:
        data = body if isinstance(body, bytes) else bytes(body.getbuffer())
        assert told == (b64encode(md5(data).digest()) if locks else None)
    assert bytes_of(target, "large") == large
    if locks:
        with pytest.raises(StoreError, match="object lock"):
            target.delete("small")
        monkeypatch.setattr("pcrs.archive.target_s3.b64encode", lambda _: b64encode(bytes(16)))
        with pytest.raises(StoreError, match="refuses"):
            put(target, "wrong", b"x")
    target.close()
    client.close()


def test_a_service_without_the_storage_class_is_said_and_the_file_stays(s3_target):
    """versitygw knows one class: it calls the copy into another illegal."""
    cold = S3Target(s3_target.place, "GLACIER")
    put(cold, "a", b"x")
    with pytest.raises(StoreError, match=r"storage class GLACIER .*see storage_class in"):
        cold.seal("a")
    assert cold.restore("a", 3)
    assert bytes_of(cold, "a") == b"x"
    cold.close()


def test_a_service_that_forgets_the_storage_class_is_said():
    client = boto3.client("s3", region_name="x", aws_access_key_id="x", aws_secret_access_key="x")
    target = S3Target(Bucket("b", "p/", "http://127.0.0.1:9", "x"), "GLACIER")
    target.__dict__["_client"] = client
    with Stubber(client) as stub:
        for seen in ({}, {"StorageClass": "GLACIER"}):
            stub.add_response("head_object", {"ContentLength": 1, "VersionId": "v1"})
            stub.add_response("copy_object", {})
            stub.add_response("head_object", {"ContentLength": 1, **seen})
        with pytest.raises(StoreError, match=r"storage class GLACIER \(STANDARD\)"):
            target.seal("k")
        stub.add_response("delete_object", {}, {"Bucket": "b", "Key": "p/k", "VersionId": "v1"})
        target.seal("k")
        stub.assert_no_pending_responses()
    client.close()


def test_a_bucket_that_refuses_is_said(s3_target):
    nowhere = S3Target(replace(s3_target.place, bucket="other"))
    with pytest.raises(StoreError, match=r"Make the bucket"):
        put(nowhere, "a", b"x")
    nowhere.close()
