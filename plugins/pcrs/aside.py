"""Lists that are laid aside, in a file without a name, until they are looked through: memory stays flat."""

import json
import weakref
from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import Any


class Aside:
    """Lists of texts, numbers and lists of these; the file is gone with this object.

    Raises:
        OSError: the disk is full.
    """

    def __init__(self) -> None:
        self._file = TemporaryFile()
        weakref.finalize(self, self._file.close)
        self._end = 0

    def add(self, values: list[Any]) -> None:
        """Lays a list aside."""
        self._file.seek(self._end)
        self._file.write(json.dumps(values).encode() + b"\n")
        self._end = self._file.tell()

    def __iter__(self) -> Iterator[list[Any]]:
        """The lists that were there at the beginning, in order; others may be added meanwhile."""
        place, end = 0, self._end
        while place < end:
            self._file.seek(place)
            line = self._file.readline()
            place += len(line)
            yield json.loads(line)
