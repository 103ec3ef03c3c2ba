"""All pyramids of a site, wherever they lie: what is done with them, whatever holds their slabs."""

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from pcrs.raster.rok4 import Kind
from pcrs.raster.slab import SlabBytes
from pcrs.standard.grid import Cells, Slab, Tile


class Tiles(Protocol):
    """One pyramid, open for reading by any number of threads. `pcrs.raster.pyramid.Pyramid` tells more.

    Raises StoreError where a slab is cut short.
    """

    @property
    def name(self) -> str:
        """Of the pyramid."""

    @property
    def levels(self) -> Mapping[int, Cells]:
        """Tiles that each level may have."""

    @property
    def remote(self) -> bool:
        """True when a tile comes over the network: whoever must not wait asks in a thread."""

    def tile(self, tile: Tile) -> bytes | None:
        """The tile's JPEG file; None where the pyramid has none."""

    def tile_with_tag(self, tile: Tile) -> tuple[bytes, str] | None:
        """The same, with a word that changes whenever its slab is written anew."""

    def mask(self, tile: Tile) -> np.ndarray | None:
        """(256, 256) bool, True where valid; None when the whole tile is valid, or absent."""

    def tags(self, slabs: Iterable[Slab]) -> str:
        """A word that changes when one of these slabs is written anew, appears or goes."""

    def steady[T](self, read: Callable[[], T]) -> T:
        """What `read` makes of the slabs of one moment."""

    def refresh(self) -> None:
        """Everything is looked at again at its next use."""


class Waiting(NamedTuple):
    """New slabs of a pyramid, built on this machine and waiting to take their places."""

    name: str
    """Of the pyramid."""
    aside: Path
    """Folder where they lie as in a pyramid of their own."""
    slabs: tuple[tuple[Slab, tuple[Kind, ...]], ...]
    """Each with the kinds of its files; a kind that it lacks goes from the pyramid."""


class Pyramids(Protocol):
    """The pyramids of a site. One process writes; any number read meanwhile. It can be pickled."""

    def published(self) -> list[str]:
        """Names of those that have a descriptor, sorted."""

    def stamp(self) -> Hashable:
        """Differs when something was published since."""

    def open(self, name: str) -> Tiles:
        """The pyramid of that name.

        Raises:
            StoreError: it has no descriptor.
        """

    def begun(self, name: str) -> bool:
        """True when the pyramid was founded."""

    def found(self, name: str, previous: str | None) -> None:
        """The pyramid is there: with a link to each slab of `previous`, or empty."""

    def clear(self, name: str) -> None:
        """The pyramid is there no more, descriptor first; it is no error when there was none."""

    def read(self, name: str, slab: Slab) -> SlabBytes:
        """The two files of a slab, links followed; None for each that is not there."""

    def switch(
        self,
        waiting: Sequence[Waiting],
        levels: Mapping[str, Mapping[int, Cells]],
        then: Callable[[], None] = lambda: None,
    ) -> None:
        """The slabs that wait take their places, as one step for readers of several; then the descriptors.

        A file that would be equal to the one in its place, or to what the link there leads to, is left out.
        Killed, it is done again with the same arguments.

        Args:
            waiting: older pyramids first: a newer one may hold links to their slabs.
            levels: the pyramids whose descriptors are written, with the tiles that each level may have.
            then: what belongs to the same step, and may be done twice.
        """

    def unfinished(self) -> bool:
        """True while a switch is under way, and after one was killed until it was done again."""

    def write_list(self, name: str, changed: Collection[Slab] | None = None) -> int:
        """How many slabs the list of the pyramid now names, each after the pyramid that owns it.

        Args:
            name: of the pyramid.
            changed: slabs that may have changed since the list was written; None: any.
        """
