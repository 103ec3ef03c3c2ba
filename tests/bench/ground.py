"""What the bench serves: four dalles in a square, taken in by `pcrs receive`, and their tiles for the peers.

The folder is used again: what is there is not made twice. Full dalles take some 12 GB and minutes.
"""

import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from pcrs.assembly import init_site
from pcrs.raster.pyramid import Pyramid
from pcrs.standard.crs import BBox
from pcrs.standard.grid import Tile
from pcrs.standard.names import DalleName
from pcrs.work.site import Site
from tests.bench.ingest import make
from tests.serving import pcrs

LAYER, EDITION, SET = "PCRS_D046_RVB", "2025", "2154_5cm"
WEST, NORTH = 576_000, 6_373_000


@dataclass(frozen=True, slots=True)
class Ground:
    """What was made."""

    folder: Path
    site: Path
    bbox: BBox
    """The square of four dalles, EPSG:2154."""
    hot: tuple[Path, ...]
    """Its compressed dalles."""
    tiles: tuple[Tile, ...]
    """Every tile that the pyramid holds."""

    @property
    def tree(self) -> Path:
        """The tiles as files, `level/column/row.jpeg`."""
        return self.folder / "tree"

    def pyramid(self) -> Pyramid:
        """The pyramid, open."""
        return Pyramid(Site(self.site).pyramids / f"{LAYER}_{EDITION}.json")


def prepare(folder: Path, side: int) -> Ground:
    """The ground of dalles of `side` metres, made where it is not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    site = folder / "site"
    done = folder / "received"
    if not done.exists():
        delivery = folder / "delivery"
        delivery.mkdir(exist_ok=True)
        names = [name for name in _names(side) if not (delivery / f"{name.x_m}-{name.y_m}").exists()]
        with ProcessPoolExecutor(mp_context=get_context("spawn")) as hands:
            list(hands.map(_make, [delivery] * len(names), names))
        if not site.exists():
            init_site(site, "46")
        told = pcrs("receive", delivery, "--site", site, "--edition", EDITION, "--accept")
        if told.returncode:
            raise RuntimeError(f"pcrs receive: {told.stderr}{told.stdout}")
        shutil.rmtree(delivery)
        done.touch()
    pyramid = Pyramid(Site(site).pyramids / f"{LAYER}_{EDITION}.json")
    box = BBox(WEST, NORTH - 2 * side, WEST + 2 * side, NORTH)
    hot = tuple(sorted((site / "hot").glob("dalles/**/*.tif")))
    return Ground(folder, site, box, hot, tuple(_held(pyramid)))


def plant(ground: Ground) -> None:
    """The tiles lie as files in `ground.tree`."""
    done = ground.folder / "planted"
    if done.exists():
        return
    pyramid = ground.pyramid()
    for tile in ground.tiles:
        place = ground.tree / str(tile.level) / str(tile.col) / f"{tile.row}.jpeg"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(pyramid.tile(tile) or b"")
    done.touch()


def link(source: Path, place: Path) -> None:
    """The same file under a second name."""
    place.parent.mkdir(parents=True, exist_ok=True)
    if not place.exists():
        os.link(source, place)


def _names(side: int) -> list[DalleName]:
    """Four dalles in a square."""
    dep = "46" if side == 1000 else ""
    return [
        DalleName(2025, WEST + side * (number % 2), NORTH - side * (number // 2), side, dep)
        for number in range(4)
    ]


def _make(folder: Path, name: DalleName) -> None:
    make(folder, name)
    (folder / f"{name.x_m}-{name.y_m}").touch()


def _held(pyramid: Pyramid) -> Iterator[Tile]:
    for level, cells in pyramid.levels.items():
        for col, row in cells.cells():
            tile = Tile(level, col, row)
            if pyramid.tile(tile) is not None:
                yield tile
