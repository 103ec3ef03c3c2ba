"""Files that become visible only when whole."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


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
