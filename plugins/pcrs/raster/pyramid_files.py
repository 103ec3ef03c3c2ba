"""Pyramids in a folder: slabs are files, links are symbolic links, a switch is a series of renames."""

import shutil
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pcrs.raster.pyramid import Pyramid
from pcrs.raster.pyramids import Waiting
from pcrs.raster.rok4 import link_edition, read_slab, write_descriptor
from pcrs.raster.slab import SlabBytes
from pcrs.raster.slab_list import inherit_list, write_list
from pcrs.raster.switch import drop_unchanged, is_unfinished, move_slab, switching
from pcrs.standard.grid import Cells, Slab


@dataclass(frozen=True, slots=True)
class FilePyramids:
    """`Pyramids` in a folder."""

    folder: Path

    def published(self) -> list[str]:
        """As `Pyramids.published`."""
        return sorted(file.stem for file in self.folder.glob("*.json"))

    def stamp(self) -> Hashable:
        """As `Pyramids.stamp`: descriptors are renamed to their places, which the folder's time tells."""
        try:
            return self.folder.stat().st_mtime_ns
        except FileNotFoundError:
            return None

    def open(self, name: str) -> Pyramid:
        """As `Pyramids.open`."""
        return Pyramid(self._descriptor(name))

    def begun(self, name: str) -> bool:
        """As `Pyramids.begun`."""
        return self._root(name).exists()

    def found(self, name: str, previous: str | None) -> None:
        """As `Pyramids.found`."""
        if previous is None:
            self._root(name).mkdir(parents=True)
        else:
            link_edition(self._root(previous), self._root(name))
            inherit_list(self._root(previous), self._root(name))

    def clear(self, name: str) -> None:
        """As `Pyramids.clear`."""
        for file in (self._descriptor(name), self.folder / f"{name}.list"):
            file.unlink(missing_ok=True)
        shutil.rmtree(self._root(name), ignore_errors=True)

    def read(self, name: str, slab: Slab) -> SlabBytes:
        """As `Pyramids.read`."""
        return read_slab(self._root(name), slab)

    def switch(
        self,
        waiting: Sequence[Waiting],
        levels: Mapping[str, Mapping[int, Cells]],
        then: Callable[[], None] = lambda: None,
    ) -> None:
        """As `Pyramids.switch`.

        A descriptor is written anew even when it says the same: readers of several slabs know by it that
        there was a switch (`Pyramid.steady`).
        """
        coming: dict[Path, Path | None] = {}
        for one in waiting:
            for slab, kinds in one.slabs:
                drop_unchanged(one.aside, self._root(one.name), slab, kinds, coming)
        with switching(self.folder):
            for one in waiting:
                for slab, kinds in one.slabs:
                    move_slab(one.aside, self._root(one.name), slab, kinds)
            for name, limits in levels.items():
                write_descriptor(self._descriptor(name), limits)
            then()

    def unfinished(self) -> bool:
        """As `Pyramids.unfinished`."""
        return is_unfinished(self.folder)

    def write_list(self, name: str, changed: Collection[Slab] | None = None) -> int:
        """As `Pyramids.write_list`."""
        return write_list(self._root(name), changed)

    def _root(self, name: str) -> Path:
        return self.folder / name

    def _descriptor(self, name: str) -> Path:
        return self.folder / f"{name}.json"
