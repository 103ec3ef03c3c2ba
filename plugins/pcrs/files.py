"""Files that become visible only when whole, and the digests that tell them apart."""

import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_CHUNK = 4 * 2**20
_SECRET = 32


@contextmanager
def placing(target: Path) -> Iterator[Path]:
    """A hidden path beside `target` that becomes `target` when the block ends well, and goes otherwise.

    What lies at `target` is replaced in one step; a symbolic link there is replaced, not followed.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.parent / f".{target.name}.{os.getpid()}.part"
    try:
        yield part
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def secret_in(file: Path) -> bytes:
    """Random bytes that only the owner of the file reads: made once, whichever process comes first."""
    if not file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.parent / f".{file.name}.{os.getpid()}.{secrets.token_hex(4)}.part"
        try:
            with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as out:
                out.write(secrets.token_bytes(_SECRET))
                out.flush()
                os.fsync(out.fileno())
            with suppress(FileExistsError):
                os.link(part, file)  # nothing that is there already is replaced
        finally:
            part.unlink(missing_ok=True)
    return file.read_bytes()


def sha256_of(file: Path) -> str:
    """The sha256 of a file's bytes, in hexadecimal."""
    return _digest(file, hashlib.sha256())


def md5_of(file: Path) -> str:
    """The MD5 of a file's bytes, in hexadecimal: what the Géoplateforme's download clients compare."""
    return _digest(file, hashlib.md5(usedforsecurity=False))


def _digest(file: Path, digest: "hashlib._Hash") -> str:
    with file.open("rb", buffering=0) as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
