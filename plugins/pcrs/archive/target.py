"""Where copies are kept: files under keys, written as a stream and read back from the medium."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal, Protocol

from pcrs.blobs import Listed, Seen
from pcrs.errors import NotFoundError

Medium = Literal["disque", "bande", "objet", "nas"]
"""What a copy lies on; the 3-2-1 rule counts different ones."""
MARK = "pcrs-target.json"
"""Lies at the top of a target from its first use on: a NAS that is not mounted has none."""


class Sink(Protocol):
    """Takes the bytes of one file."""

    def write(self, data: bytes) -> object:
        """The bytes come after those before."""


class Target(Protocol):
    """A place for copies. Methods may be called by several threads at once.

    Every method raises StoreError, with what to do, when the place cannot be reached, read or written.
    """

    @property
    def url(self) -> str:
        """Where it is, without a secret."""

    def writing(self, key: str) -> AbstractContextManager[Sink]:
        """The bytes given are under the key when the block ends well, in place of what was there.

        Nothing is seen of a file of which a part is there.
        """

    def chunks(self, key: str) -> Iterator[bytes]:
        """The bytes of a file as they lie on the medium: no cache of this machine answers.

        Raises:
            NotFoundError: there is no such file.
            OfflineError: it cannot be read at once.
        """

    def head(self, key: str) -> Seen | None:
        """What is known of a file; None when there is none."""

    def list(self, prefix: str = "") -> Iterator[Listed]:
        """Every file under a folder ("" for all), in no order."""

    def delete(self, key: str) -> None:
        """The file is gone; it is no error when it was."""

    def seal(self, key: str) -> None:
        """A file that was proved takes its storage class and its lock, where the place has such."""

    def restore(self, key: str, days: int) -> bool:
        """True when a file can be read now; else it is asked to be readable for some days, once.

        Raises:
            NotFoundError: there is no such file.
        """

    def sweep(self, prefix: str = "") -> None:
        """What killed processes left unfinished under a folder ("" for all) goes; nobody may be writing."""

    def close(self) -> None:
        """Connections are closed."""


def at_hand(target: Target, key: str) -> bool:
    """`Target.restore` where whatever is there can be read.

    Raises:
        NotFoundError: there is no such file.
    """
    if target.head(key) is None:
        raise NotFoundError(f"{target.url}/{key} is not there")
    return True


@dataclass(frozen=True, slots=True)
class Place:
    """What is said of a target in the settings."""

    name: str
    medium: Medium
    offsite: bool
    """In another building than the site's machine."""
    target: Target
    takes: Literal["paquets", "miroir", "rien"] = "paquets"
    """Bags, a mirror of the intermediate tier, or nothing of `pcrs archive` (the tier itself)."""
