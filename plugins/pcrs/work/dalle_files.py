"""Dalles in an archive: whole files of the hot tier, without recompression."""

from zipfile import ZipFile, ZipInfo

from pcrs.blobs import Blobs
from pcrs.errors import NotFoundError


def add_dalle(packed: ZipFile, hot: Blobs, key: str, name: str) -> None:
    """A file of the hot tier, as it is.

    Raises:
        NotFoundError: it is not there.
    """
    seen = hot.head(key)
    if seen is None:
        raise NotFoundError(f"{key} is not in the hot tier: `pcrs status` says what is missing")
    entry = ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    entry.external_attr = 0o644 << 16
    with packed.open(entry, "w", force_zip64=True) as target:
        for chunk in hot.chunks(key, 0, seen.size, tag=seen.tag):
            target.write(chunk)
