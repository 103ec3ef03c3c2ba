"""What custody is done with, and what all of its works share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pcrs.archive.target import MARK, Place
from pcrs.errors import NotFoundError, StoreError
from pcrs.store.inventory import MARKED, Inventory
from pcrs.store.inventory_schema import Event
from pcrs.work.progress import Progress, silent

TIER = "intermediaire"
"""The name of the intermediate tier among the targets."""
MB = 10**6


@dataclass(frozen=True, slots=True)
class Keeping:
    """The inventory, the places of copies, whose they are, and who is told."""

    inventory: Inventory
    places: Mapping[str, Place]
    scratch: Path
    """A folder for files on their way."""
    thumbnails: Path
    """A folder of JPEG pictures, by id of object."""
    organisation: str
    contact: str
    clock: Callable[[], datetime]
    """Now, UTC."""
    progress: Progress = silent

    def now(self) -> str:
        """Now, as it is written down: ISO 8601, UTC, to the second."""
        return self.clock().astimezone(UTC).isoformat(timespec="seconds")

    def place(self, name: str) -> Place:
        """The place of that name.

        Raises:
            NotFoundError: the settings have none.
        """
        if name not in self.places:
            raise NotFoundError(
                f"no target {name!r} in [[archive.targets]]: {', '.join(sorted(self.places))}"
            )
        return self.places[name]

    def log(self, action: str, target: str = "", key: str = "", object_: str = "", detail: str = "") -> None:
        """One line of the log."""
        self.inventory.log([Event(self.now(), action, target, key, object_, detail)])


def ready(keeping: Keeping, place: Place) -> None:
    """The place can be used: it is there, and it is the one that was used before.

    At its first use it gets a mark; a place that was used and has no mark is a folder on which nothing is
    mounted, or another bucket.

    Raises:
        StoreError: it cannot be reached or written, or has no mark.
    """
    if place.name != TIER and not keeping.inventory.used(place.name) and place.target.head(MARK) is None:
        _mark(keeping, place)
    still_there(place)


def still_there(place: Place) -> None:
    """The place is the one that got the mark.

    Raises:
        StoreError: it cannot be reached, or has no mark (any more).
    """
    if place.name != TIER and place.target.head(MARK) is None:
        raise StoreError(
            f"target {place.name}: {place.target.url} does not hold {MARK}, which pcrs put there: it is not "
            "mounted, or not the place it was. Nothing that lies there counts: mount it, then give the same "
            "command again"
        )


def _mark(keeping: Keeping, place: Place) -> None:
    with place.target.writing(MARK) as sink:
        sink.write(f'{{"target": "{place.name}", "since": "{keeping.now()}"}}\n'.encode())
    try:
        b"".join(place.target.chunks(MARK))
    except NotFoundError as error:
        raise StoreError(f"target {place.name}: {place.target.url} forgets what is written to it") from error
    keeping.log(MARKED, place.name)
