"""Dalles and pyramids for tests, small and built by the code under test itself."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from pcrs.raster.build import Former, build_base_slab, tile_limits, touched
from pcrs.raster.mosaic import Mosaic, Source
from pcrs.raster.rok4 import place_slab, read_slab, root_of, write_descriptor
from pcrs.raster.slab import NOTHING, SlabBytes
from pcrs.raster.upper import build_upper_slab
from pcrs.standard.crs import BBox
from pcrs.standard.grid import Slab
from tests.dalles import ground_pixels, make_dalle, small_name

X, Y = 576_000, 6_373_000
"""North-west corner of the first dalle."""


def source(folder: Path, col: int, row: int, *, rank: int = 0, seed: int = 0, **how) -> Source:
    """A dalle of 20 m, `col` to the east and `row` to the south of the first."""
    name = small_name(X + 20 * col, Y - 20 * row)
    path = folder / f"{rank}-{col}-{row}.tif"
    make_dalle(path, name, seed=seed, tiled=True, compress="deflate", **how)
    return Source(path, name.bbox, rank)


def ground(bbox: BBox, seed: int = 0) -> np.ndarray:
    """The pixels that dalles of this seed have in a box."""
    return ground_pixels(bbox.xmin, bbox.ymax, round(bbox.width * 20), round(bbox.height * 20), seed)


def build(descriptor: Path, sources: Iterable[Source], boxes: Iterable[BBox] | None = None) -> None:
    """The slabs of the mosaic, level by level; with `boxes`, what an update does when only they changed."""
    mosaic = Mosaic(sources)
    root = root_of(descriptor)
    everywhere = [source.bbox for source in mosaic.sources]
    changed = None if boxes is None else list(boxes)
    new: dict[Slab, SlabBytes] = {}

    def child(slab: Slab) -> SlabBytes | None:
        return read_slab(root, slab) if slab in new else None

    for level, slabs in touched(everywhere if changed is None else changed).items():
        for slab in sorted(slabs):
            former = None if changed is None else Former(read_slab(root, slab), changed, child)
            if level == 22:
                new[slab] = build_base_slab(mosaic, slab, former=former)
            else:
                new[slab] = build_upper_slab(lambda one: new.get(one, NOTHING), slab, former=former)
    for slab, files in new.items():
        place_slab(root, slab, files)
    write_descriptor(descriptor, tile_limits(everywhere))
