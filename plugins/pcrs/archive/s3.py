"""`Blobs` in a bucket of an S3 service, through obstore. The service must know If-Match and If-None-Match.

A large file is put aside under a hidden key, part by part, read back there, and copied to its own key by the
service, on the condition that nothing is there: the copy is the one step in which it becomes visible.
"""

import hashlib
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import obstore
from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    GenericError,
    PreconditionError,
)
from obstore.store import S3Store

from pcrs.blobs import ABSENT, ASIDE, CHUNK, Bucket, Folder, Listed, Part, Seen, checked
from pcrs.errors import ConflictError, NotFoundError, StoreError
from pcrs.files import placing, sha256_of

_PART = 16 * 2**20
_RETRY: Any = {"max_retries": 5, "retry_timeout": timedelta(seconds=60)}
_SENDING = 4
"""Parts on the way at once: with `_PART`, what the sending of a file takes of memory."""


@dataclass(frozen=True, slots=True)
class S3:
    """Files under a prefix of a bucket."""

    place: Bucket
    scratch: Path
    """A folder on this machine, for files on their way."""

    @property
    def url(self) -> str:
        """s3://bucket/prefix."""
        return f"s3://{self.place.bucket}/{self.place.prefix}".rstrip("/")

    def head(self, key: str) -> Seen | None:
        """As `Blobs.head`."""
        with self._told(key):
            try:
                return _seen(obstore.head(_store(self.place), checked(key)))
            except FileNotFoundError:
                return None

    def read(self, key: str, start: int = 0, stop: int | None = None, *, tag: str = "") -> Part | None:
        """As `Blobs.read`."""
        options: Any = {"if_match": tag} if tag else {}
        if stop is not None:
            options["range"] = (start, stop)
        elif start:
            options["range"] = {"offset": start}
        with self._told(key):
            try:
                found = obstore.get(_store(self.place), checked(key), options=options)
                return Part(bytes(found.bytes()), found.meta["e_tag"] or "")
            except FileNotFoundError:
                return None
            except GenericError as error:
                if "416" not in str(error):
                    raise
        seen = self.head(key)  # the range begins beyond the end
        return seen and Part(b"", seen.tag)

    def chunks(self, key: str, start: int, stop: int, *, tag: str) -> Iterator[bytes]:
        """As `Blobs.chunks`."""
        with self._told(key):
            try:
                options: Any = {"if_match": tag, "range": (start, stop)}
                found = obstore.get(_store(self.place), checked(key), options=options)
                for chunk in found.stream(min_chunk_size=CHUNK):
                    yield bytes(chunk)
            except FileNotFoundError:
                raise NotFoundError(f"{self.url}/{key} is not there") from None

    def put(self, key: str, data: bytes, *, over: str | None = None) -> str:
        """As `Blobs.put`."""
        mode: Any = "overwrite" if over is None else "create" if over == ABSENT else {"e_tag": over}
        with self._told(key):
            try:
                done = obstore.put(_store(self.place), checked(key), data, mode=mode, use_multipart=False)
            except FileNotFoundError as error:
                if over:  # some services say so of If-Match where nothing is
                    raise ConflictError(f"{self.url}/{key} is gone: it was deleted meanwhile") from None
                raise StoreError(f"{self.url}: there is no such bucket; make it, then try again") from error
        return done["e_tag"] or ""

    def put_file(self, key: str, file: Path, sha256: str, *, replace: bool = False) -> None:
        """As `Blobs.put_file`."""
        if self.head(key) is not None:
            if self._sha256(key) == sha256:
                return
            if not replace:
                raise self._taken(key)
        aside = f"{ASIDE}/{uuid.uuid4().hex}"
        store = _store(self.place)
        with self._told(key):
            obstore.put(store, aside, file, use_multipart=True, chunk_size=_PART, max_concurrency=_SENDING)
            try:
                if self._sha256(aside) != sha256:
                    raise ConflictError(
                        f"{self.url}/{key} was not written as {file} was: give the file again"
                    )
                obstore.copy(store, aside, checked(key), overwrite=replace)
            except AlreadyExistsError:
                raise self._taken(key) from None
            finally:
                obstore.delete(store, aside)

    @contextmanager
    def writing(self, key: str) -> Iterator[Path]:
        """As `Blobs.writing`."""
        file = self.scratch / checked(key)
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield file
            self.put_file(key, file, sha256_of(file))
        finally:
            file.unlink(missing_ok=True)

    def get_file(self, key: str, target: Path) -> str:
        """As `Blobs.get_file`."""
        seen = self.head(key)
        if seen is None:
            raise NotFoundError(f"{self.url}/{key} is not there")
        digest = hashlib.sha256()
        with placing(target) as part, part.open("wb") as out:
            for chunk in self.chunks(key, 0, seen.size, tag=seen.tag) if seen.size else ():
                digest.update(chunk)
                out.write(chunk)
        return digest.hexdigest()

    def copy(self, key: str, to: str) -> None:
        """As `Blobs.copy`."""
        with self._told(key):
            try:
                obstore.copy(_store(self.place), checked(key), checked(to))
            except FileNotFoundError:
                raise NotFoundError(f"{self.url}/{key} is not there") from None

    def delete(self, key: str) -> None:
        """As `Blobs.delete`."""
        with self._told(key):
            obstore.delete(_store(self.place), [checked(key)])

    def list(self, prefix: str = "") -> Iterator[Listed]:
        """As `Blobs.list`."""
        with self._told(prefix):
            for page in obstore.list(_store(self.place), checked(prefix) if prefix else None):
                for one in page:
                    if not _hidden(one["path"]):
                        yield Listed(one["path"], _seen(one))

    def folder(self, prefix: str = "") -> Folder | None:
        """As `Blobs.folder`."""
        with self._told(prefix):
            found = obstore.list_with_delimiter(_store(self.place), checked(prefix) if prefix else None)
        folders = sorted(path.rstrip("/").rpartition("/")[2] for path in found["common_prefixes"])
        files = sorted((one["path"].rpartition("/")[2], _seen(one)) for one in found["objects"])
        shown = Folder(
            tuple(name for name in folders if not name.startswith(".")),
            tuple(file for file in files if not file[0].startswith(".")),
        )
        return shown if shown.folders or shown.files else None

    def sweep(self) -> None:
        """As `Blobs.sweep`; the scratch folder goes too."""
        shutil.rmtree(self.scratch, ignore_errors=True)
        with self._told(ASIDE):
            for page in obstore.list(_store(self.place), ASIDE):
                obstore.delete(_store(self.place), [one["path"] for one in page])

    def _sha256(self, key: str) -> str:
        """The sha256 of an object, read as it lies there."""
        digest = hashlib.sha256()
        for chunk in obstore.get(_store(self.place), key).stream(min_chunk_size=CHUNK):
            digest.update(chunk)
        return digest.hexdigest()

    def _taken(self, key: str) -> ConflictError:
        return ConflictError(
            f"{self.url}/{key} stands for other bytes already: an accepted file never changes"
        )

    @contextmanager
    def _told(self, key: str) -> Iterator[None]:
        """Errors of the service, in our words."""
        try:
            yield
        except (PreconditionError, AlreadyExistsError) as error:
            raise ConflictError(
                f"{self.url}/{key} is not what was expected there: it was written by another process"
            ) from error
        except BaseError as error:
            said = str(error).split("\n", 1)[0][:300]
            raise StoreError(
                f"{self.url}/{key}: the S3 service at {self.place.endpoint or 'Amazon'} says: {said}; see "
                "[storage] in pcrs.toml, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            ) from error


@lru_cache(maxsize=16)
def _store(place: Bucket) -> S3Store:
    """One client for each place in a process: it keeps its connections."""
    options: dict[str, Any] = {"endpoint": place.endpoint} if place.endpoint else {}
    return S3Store(
        place.bucket,
        prefix=place.prefix.rstrip("/") or None,
        region=place.region or "us-east-1",
        virtual_hosted_style_request=False,
        copy_if_not_exists="multipart",
        client_options={"allow_http": place.endpoint.startswith("http://"), "timeout": "120s"},
        retry_config=_RETRY,
        **options,
    )


def _hidden(key: str) -> bool:
    return any(name.startswith(".") for name in key.split("/"))


def _seen(found: Any) -> Seen:
    return Seen(found["size"], found["e_tag"] or "", found["last_modified"])
