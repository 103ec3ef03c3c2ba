from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcrs.raster.cuts import Cutter, cut_file, cutting, read_cut
from pcrs.raster.slab import TILES, decode_slab, decode_tile
from pcrs.standard.crs import BBox
from pcrs.standard.grid import LAMB93, Slab, Tile, slab_bbox
from tests.dalles import ground_pixels

X, Y = 576_000, 6_373_000


def pushed(cutter: Cutter, pixels: np.ndarray, valid: np.ndarray | None, heights: list[int]) -> None:
    """The dalle, in bands of these heights and a last one."""
    for top, bottom in pairwise([0, *np.cumsum(heights).tolist(), len(pixels)]):
        cutter.push(pixels[top:bottom], None if valid is None else valid[top:bottom])


def cut(bbox: BBox, pixels: np.ndarray, valid=None, heights=(512, 512)) -> dict[Tile, bytes]:
    """Every tile that was cut."""
    found: dict[Tile, bytes] = {}

    def put(slab: Slab, data: bytes) -> None:
        for index, tile in enumerate(decode_slab(data)):
            if tile is not None:
                row, col = divmod(index, 16)
                place = Tile(22, slab.col * 16 + col, slab.row * 16 + row)
                assert place not in found
                found[place] = tile

    cutter = Cutter(bbox, 90, put)
    pushed(cutter, pixels, valid, [height for height in heights if height])
    cutter.end()
    return found


def square(x_m: float, y_m: float, side_m: float) -> BBox:
    return BBox(x_m, y_m - side_m, x_m + side_m, y_m)


def inside(bbox: BBox) -> set[Tile]:
    """The tiles that lie wholly in a box, counted in whole millimetres."""
    left, bottom, right, top = (round(value * 1000) for value in bbox)
    cols = range(-(-left // 12_800), right // 12_800)
    rows = range(-(-(12_000_000_000 - top) // 12_800), (12_000_000_000 - bottom) // 12_800)
    return {Tile(22, col, row) for col in cols for row in rows}


@settings(max_examples=25)
@given(
    st.integers(0, 300), st.integers(0, 300), st.integers(1, 900), st.lists(st.integers(0, 600), max_size=3)
)
def test_exactly_the_tiles_wholly_inside_are_cut_wherever_the_dalle_and_its_bands_lie(
    east, south, px, heights
):
    bbox = square(X + east / 20, Y - south / 20, px / 20)
    pixels = np.zeros((px, px, 3), np.uint8)
    heights = [min(height, max(0, px - sum(heights[:number]))) for number, height in enumerate(heights)]
    assert set(cut(bbox, pixels, heights=heights)) == inside(bbox)


def test_a_cut_tile_shows_the_ground_there():
    bbox = square(X, Y, 100)
    tiles = cut(bbox, ground_pixels(X, Y, 2000, 2000))
    assert len({(tile.col // 16, tile.row // 16) for tile in tiles}) > 1
    for place, jpeg in tiles.items():
        box = LAMB93.bbox(place)
        truth = ground_pixels(box.xmin, box.ymax, 256, 256).astype(int)
        assert np.abs(decode_tile(jpeg) - truth).mean() <= 3


def test_a_tile_with_a_pixel_of_nodata_is_not_cut():
    bbox = square(X, Y, 50)
    valid = np.ones((1000, 1000), bool)
    valid[500, 500] = False
    all_tiles = inside(bbox)
    hole = LAMB93.bbox
    lost = {tile for tile in all_tiles if hole(tile).intersects(square(X + 25, Y - 25, 0.05))}
    assert len(lost) == 1
    assert set(cut(bbox, ground_pixels(X, Y, 1000, 1000), valid)) == all_tiles - lost


def test_cuts_appear_together_and_replace_older_ones(tmp_path):
    folder = tmp_path / "2025" / "dalle"
    bbox = square(X, Y, 100)
    slab = Slab(22, int(X // 204.8), int((12_000_000 - Y) // 204.8))
    assert slab_bbox(slab).intersects(bbox)
    assert list(read_cut(folder, slab)) == [None] * TILES
    (tmp_path / "2025" / "dalle").mkdir(parents=True)
    (folder / "old").write_bytes(b"")
    with cutting(folder, bbox, 90) as cutter:
        pushed(cutter, ground_pixels(X, Y, 2000, 2000), None, [1500])
        assert [path.name for path in folder.iterdir()] == ["old"]
    assert any(read_cut(folder, slab))
    assert not (folder / "old").exists()
    assert [path.name for path in folder.parent.iterdir()] == ["dalle"]


def test_nothing_is_left_of_cuts_that_failed(tmp_path):
    folder = tmp_path / "dalle"

    def fail() -> None:
        with cutting(folder, square(X, Y, 100), 90) as cutter:
            pushed(cutter, ground_pixels(X, Y, 2000, 2000), None, [1500])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_a_cut_cut_short_counts_as_none(tmp_path):
    slab = Slab(22, 1, 1)
    cut_file(tmp_path, slab).write_bytes(b"II*\0")
    assert list(read_cut(tmp_path, slab)) == [None] * TILES
