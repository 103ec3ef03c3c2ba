"""A bucket as a target, with a storage class and object lock, through boto3.

obstore, which keeps the tiers, knows neither. A file is written in the standard class, where it can be read
back at once; `seal` then moves it to its class by a copy within the service, and locks it. What is in a cold
class already is not read: it has to be restored first, and `chunks` says so.
"""

import hashlib
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, Literal

from pcrs.archive.target import Sink
from pcrs.blobs import CHUNK, Bucket, Listed, Seen, checked
from pcrs.errors import NotFoundError, OfflineError, StoreError

LockMode = Literal["", "GOVERNANCE", "COMPLIANCE"]
_PART = 16 * 2**20
_PART_LIMIT = 9_000
"""S3 takes 10 000 parts: beyond this many, parts are made greater."""
_COPY_LIMIT = 5 * 2**30
_COLD = ("GLACIER", "DEEP_ARCHIVE", "COLD_ARCHIVE")
"""Classes from which a file is restored before it is read (OVH calls its own COLD_ARCHIVE or GLACIER)."""
_NO_CLASS = ("InvalidRequest", "InvalidStorageClass", "NotImplemented")
"""What services without the class answer to a copy into it."""
_GONE = ("404", "NoSuchKey", "NotFound")


@dataclass(frozen=True)
class S3Target:
    """Copies under a prefix of a bucket. The keys of the service come from the environment."""

    place: Bucket
    storage_class: str = ""
    """Empty: that of the bucket."""
    lock_mode: LockMode = ""
    lock_days: int = 0

    @property
    def url(self) -> str:
        """s3://bucket/prefix."""
        return f"s3://{self.place.bucket}/{self.place.prefix}".rstrip("/")

    @cached_property
    def _client(self) -> Any:
        import boto3  # a quarter of a second
        from botocore.config import Config

        config = Config(
            # What is sent is read back and hashed: botocore need not hash it a second time for its signature.
            s3={"addressing_style": "path", "payload_signing_enabled": False},
            retries={"mode": "standard", "max_attempts": 3},
            connect_timeout=10,
            max_pool_connections=32,
            request_checksum_calculation="when_required",  # all is read back; few services know them
            response_checksum_validation="when_required",
        )
        return boto3.client(
            "s3",
            endpoint_url=self.place.endpoint or None,
            region_name=self.place.region or None,
            config=config,
        )

    @cached_property
    def _wants_sums(self) -> bool:
        """True when what is written has to come with its MD5.

        Amazon wants it where a bucket locks what comes, by a retention of its own; nothing else does.
        """
        from botocore.exceptions import ClientError

        try:
            told = self._client.get_object_lock_configuration(Bucket=self.place.bucket)
        except ClientError:  # the bucket has none, the service knows none, or we may not see it
            return bool(self.lock_mode)
        rule = told["ObjectLockConfiguration"].get("Rule", {})
        return bool(rule.get("DefaultRetention", {}).get("Mode"))

    def _sums(self, data: bytes) -> dict[str, str]:
        """What a request says of the bytes that it sends."""
        if not self._wants_sums:
            return {}
        return {"ContentMD5": b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()}

    @contextmanager
    def writing(self, key: str) -> Iterator[Sink]:
        """As `Target.writing`."""
        sink = _Upload(self, key)
        with self._told(key):
            try:
                yield sink
                sink.end()
            except BaseException:
                with suppress(Exception):  # the first fault is the one to tell
                    sink.abort()
                raise

    def chunks(self, key: str) -> Iterator[bytes]:
        """As `Target.chunks`.

        Raises:
            OfflineError: the object is in a cold class and not restored.
        """
        with self._told(key):
            body = self._client.get_object(**self._object(key))["Body"]
            with body:
                yield from body.iter_chunks(CHUNK)

    def head(self, key: str) -> Seen | None:
        """As `Target.head`."""
        try:
            with self._told(key):
                found = self._client.head_object(**self._object(key))
        except NotFoundError:
            return None
        return Seen(found["ContentLength"], found["ETag"], found["LastModified"])

    def list(self, prefix: str = "") -> Iterator[Listed]:
        """As `Target.list`."""
        under = self.place.prefix + (checked(prefix) + "/" if prefix else "")
        with self._told(prefix):
            pages = self._client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self.place.bucket, Prefix=under):
                for one in page.get("Contents", ()):
                    key = one["Key"].removeprefix(self.place.prefix)
                    if not key.endswith("/"):
                        yield Listed(key, Seen(one["Size"], one["ETag"], one["LastModified"]))

    def delete(self, key: str) -> None:
        """As `Target.delete`; a locked file is refused by the service, which is said."""
        with self._told(key):
            self._client.delete_object(**self._object(key))

    def seal(self, key: str) -> None:
        """As `Target.seal`."""
        with self._told(key):
            if self.storage_class:
                self._move(key)
            if self.lock_mode and self.lock_days:
                until = datetime.now(UTC) + timedelta(days=self.lock_days)
                told = {"Mode": self.lock_mode, "RetainUntilDate": until}
                self._client.put_object_retention(**self._object(key), Retention=told)

    def restore(self, key: str, days: int) -> bool:
        """As `Target.restore`: a file of a cold class is asked for, in the order of the cheapest tier."""
        with self._told(key):
            found = self._client.head_object(**self._object(key))
            if found.get("StorageClass", "STANDARD") not in _COLD:
                return True
            under_way = found.get("Restore")
            if under_way is None:
                told = {"Days": days, "GlacierJobParameters": {"Tier": "Bulk"}}
                self._client.restore_object(**self._object(key), RestoreRequest=told)
                return False
        return 'ongoing-request="false"' in under_way

    def _move(self, key: str) -> None:
        """The file is in the storage class; the version it had in the standard class is gone.

        Raises:
            StoreError: the service does not know the class; the file stays as it was.
        """
        found = self._client.head_object(**self._object(key))
        if found.get("StorageClass", "STANDARD") == self.storage_class:
            return
        source = self._object(key)
        moved = {**source, "StorageClass": self.storage_class, "MetadataDirective": "COPY"}
        try:
            if found["ContentLength"] < _COPY_LIMIT:
                self._client.copy_object(CopySource=source, **moved)
            else:
                self._client.copy(source, **source, ExtraArgs={"StorageClass": self.storage_class})
            now = self._client.head_object(**source).get("StorageClass", "STANDARD")
        except self._client.exceptions.ClientError as error:
            if error.response["Error"]["Code"] not in _NO_CLASS:
                raise
            now = str(error)
        if now != self.storage_class:
            raise StoreError(
                f"{self.url}/{key}: the service does not keep it in the storage class {self.storage_class} "
                f"({now}): see storage_class in [[archive.targets]], and which classes the service has"
            )
        if found.get("VersionId", "null") != "null":
            self._client.delete_object(**source, VersionId=found["VersionId"])

    def sweep(self, prefix: str = "") -> None:
        """As `Target.sweep`: parts of uploads that were broken off are billed until then."""
        under = self.place.prefix + (checked(prefix) + "/" if prefix else "")
        with self._told(prefix):
            pages = self._client.get_paginator("list_multipart_uploads")
            for page in pages.paginate(Bucket=self.place.bucket, Prefix=under):
                for one in page.get("Uploads", ()):
                    self._client.abort_multipart_upload(
                        Bucket=self.place.bucket, Key=one["Key"], UploadId=one["UploadId"]
                    )

    def close(self) -> None:
        """As `Target.close`."""
        if "_client" in self.__dict__:
            self._client.close()

    def _object(self, key: str) -> dict[str, str]:
        return {"Bucket": self.place.bucket, "Key": self.place.prefix + checked(key)}

    @contextmanager
    def _told(self, key: str) -> Iterator[None]:
        from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

        where = f"{self.url}/{key}: the S3 service at {self.place.endpoint or 'Amazon'}"
        try:
            yield
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in _GONE:
                raise NotFoundError(f"{self.url}/{key} is not there") from error
            if code == "InvalidObjectState":
                raise OfflineError(f"{self.url}/{key} is in a cold class: order its restoring") from error
            raise StoreError(f"{where} refuses: {error}{_advice(code)}") from error
        except (BotoCoreError, HTTPClientError) as error:
            raise StoreError(f"{where} cannot be used: {error}; see [[archive.targets]]") from error


def _advice(code: str) -> str:
    if code == "NoSuchBucket":
        return ". Make the bucket, then try again"
    return "; see [[archive.targets]] in pcrs.toml, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"


class _Upload:
    """One file on its way, part by part; a small one goes at once."""

    def __init__(self, target: S3Target, key: str) -> None:
        self._client = target._client
        self._sums = target._sums
        self._object = target._object(key)
        self._held: list[bytes] = []
        self._size = 0
        self._upload = ""
        self._parts: list[dict[str, Any]] = []

    def write(self, data: bytes) -> None:
        self._held.append(data)
        self._size += len(data)
        if self._size >= _PART * (1 + 16 * (len(self._parts) // (_PART_LIMIT // 4))):
            self._send()

    def _taken(self) -> bytes:
        taken = b"".join(self._held)
        self._held.clear()
        self._size = 0
        return taken

    def _send(self) -> None:
        if not self._upload:
            self._upload = self._client.create_multipart_upload(**self._object)["UploadId"]
        number = len(self._parts) + 1
        told = {"UploadId": self._upload, "PartNumber": number}
        data = self._taken()
        answer = self._client.upload_part(**self._object, **told, **self._sums(data), Body=data)
        self._parts.append({"PartNumber": number, "ETag": answer["ETag"]})

    def end(self) -> None:
        if not self._upload:
            data = self._taken()
            self._client.put_object(**self._object, **self._sums(data), Body=data)
            return
        if self._held:
            self._send()
        self._client.complete_multipart_upload(
            **self._object, UploadId=self._upload, MultipartUpload={"Parts": self._parts}
        )

    def abort(self) -> None:
        if self._upload:
            self._client.abort_multipart_upload(**self._object, UploadId=self._upload)
