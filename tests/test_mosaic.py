import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st

from pcrs.errors import RasterError
from pcrs.raster import mosaic as module
from pcrs.raster.cog import write_hot
from pcrs.raster.mosaic import Mosaic, Source
from pcrs.standard.crs import BBox
from tests.dalles import SMALL, ground_pixels, make_dalle, small_name
from tests.pyramids import X, Y, ground, source

BLOCK = BBox(X, Y - 40, X + 40, Y)
"""Four dalles of 20 m."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mosaic")


@pytest.fixture(scope="module")
def four(folder: Path) -> list[Source]:
    return [source(folder, col, row) for col in (0, 1) for row in (0, 1)]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 700), st.integers(0, 700), st.integers(1, 100), st.integers(1, 100))
def test_native_pixels_come_back_unchanged_across_edges(four, col, row, width, height):
    box = BBox(X + col * 0.05, Y - (row + height) * 0.05, X + (col + width) * 0.05, Y - row * 0.05)
    rgb, valid = Mosaic(four).read(box)
    assert rgb.shape == (height, width, 3)
    assert np.array_equal(rgb, ground_pixels(X + col * 0.05, Y - row * 0.05, width, height))
    assert valid.all()


def test_outside_is_white(four):
    rgb, valid = Mosaic(four[:1]).read(BBox(X - 1, Y - 1, X + 1, Y + 1))
    assert (rgb.shape, valid.sum()) == ((40, 40, 3), 400)
    assert (rgb[~valid] == 255).all()
    assert np.array_equal(rgb[20:, 20:], ground_pixels(X, Y, 20, 20))


def test_an_empty_mosaic_is_white():
    mosaic = Mosaic([])
    rgb, valid = mosaic.read(BLOCK, (10, 10))
    assert ((rgb == 255).all(), valid.any(), mosaic.bbox, mosaic.over(BLOCK)) == (True, False, None, [])


def test_the_higher_rank_lies_on_top(folder, four):
    newer = source(folder, 0, 0, rank=1, seed=7)
    box = BBox(X + 10, Y - 10, X + 30, Y - 5)
    for order in ([newer, *four], [*four, newer]):
        rgb, valid = Mosaic(order).read(box)
        assert np.array_equal(rgb[:, :200], ground(box, seed=7)[:, :200])
        assert np.array_equal(rgb[:, 200:], ground(box)[:, 200:])
        assert valid.all()


def test_what_lies_below_shows_through_no_data(folder, four):
    mask = np.ones((400, 400), bool)
    mask[100:300, 100:300] = False
    newer = source(folder, 0, 0, rank=2, seed=7, mask=mask)
    box = BBox(X, Y - 20, X + 20, Y)
    rgb, valid = Mosaic([*four, newer]).read(box)
    assert np.array_equal(rgb, np.where(mask[:, :, None], ground(box, seed=7), ground(box)))
    assert valid.all()
    alone, valid = Mosaic([newer]).read(box)
    assert np.array_equal(valid, mask)
    assert (alone[~mask] == 255).all()


def test_a_no_data_value_is_respected(folder):
    pixels = ground_pixels(X, Y, 400, 400)
    pixels[:, :50] = 0
    name = small_name()
    path = make_dalle(folder / "nodata.tif", name, pixels=pixels, nodata=0)
    rgb, valid = Mosaic([Source(path, name.bbox, 0)]).read(name.bbox)
    assert not valid[:, :50].any()
    assert valid[:, 50:].all()
    assert (rgb[:, :50] == 255).all()


@pytest.mark.parametrize("size", [(400, 400), (200, 200), (100, 50), (123, 457)])
def test_scaled_reads_have_no_seam(folder, four, size):
    whole = Source(folder / "whole.tif", BLOCK, 0)
    if not whole.path.exists():
        make_dalle(whole.path, small_name(), pixels=ground(BLOCK), tiled=True)
    box = BBox(X + 2.03, Y - 38.01, X + 37.98, Y - 1.97)
    apart, valid = Mosaic(four).read(box, size)
    once, _ = Mosaic([whole]).read(box, size)
    assert apart.shape == (size[1], size[0], 3)
    assert valid.all()
    assert np.abs(apart.astype(int) - once).max() <= 2


def test_a_scaled_read_is_the_mean_of_the_ground(four):
    rgb, valid = Mosaic(four).read(BLOCK, (100, 100))
    mean = ground(BLOCK).reshape(100, 8, 100, 8, 3).mean(axis=(1, 3))
    assert valid.all()
    assert np.abs(rgb - mean).max() <= 2


def test_overviews_are_used_when_they_are_there(folder):
    name = small_name()
    path = make_dalle(folder / "overviews.tif", name, tiled=True)
    with rasterio.open(path, "r+") as dataset:
        dataset.build_overviews([2, 4, 8], rasterio.enums.Resampling.average)
        dataset.write(np.zeros((3, 400, 400), np.uint8))  # only the full size turns black
    mosaic = Mosaic([Source(path, name.bbox, 0)])
    rgb, _ = mosaic.read(name.bbox, (100, 100))
    mean = ground(name.bbox).reshape(100, 4, 100, 4, 3).mean(axis=(1, 3))
    assert np.abs(rgb - mean).max() <= 2


def test_no_data_stays_out_of_the_means(folder):
    mask = np.ones((400, 400), bool)
    mask[:, 201:] = False
    pixels = np.full((400, 400, 3), 60, np.uint8)
    pixels[:, 201:] = 0
    name = small_name()
    path = make_dalle(folder / "half.tif", name, pixels=pixels, mask=mask, tiled=True)
    rgb, valid = Mosaic([Source(path, name.bbox, 0)]).read(name.bbox, (100, 100))
    assert (rgb[valid] == 60).all()
    assert valid[:, :50].all()
    assert not valid[:, 51:].any()


def test_hot_dalles_are_read_as_masters_are(folder):
    mask = np.ones((400, 400), bool)
    mask[100:220, 37:] = False
    masters = [source(folder, 0, 0, rank=20, mask=mask), source(folder, 1, 0, rank=20)]
    hot = [each._replace(path=folder / f"hot-{each.path.name}") for each in masters]
    for master, copy in zip(masters, hot, strict=True):
        write_hot(master.path, copy.path)
    box = BBox(X, Y - 20, X + 40, Y)
    for size in (None, (400, 200), (333, 167), (100, 50)):
        expected, valid = Mosaic(masters).read(box, size)
        rgb, seen = Mosaic(hot).read(box, size)
        assert (seen == valid).mean() > 0.98
        both = seen & valid
        assert np.abs(rgb.astype(int) - expected)[both].mean() <= 3
        assert (rgb[~seen] == 255).all()
        assert 0.65 < seen.mean() < 0.9


def test_dalles_between_lattice_pixels_neither_part_nor_overlap(folder):
    sources = [source(folder, col, 0, rank=9) for col in range(5)]
    box = BBox(X, Y - 19.2, X + 96, Y)
    # At 1.6 m and beyond the edges of these dalles (20 m) fall within pixels.
    for width, height in ((60, 12), (30, 6), (15, 3)):
        rgb, valid = Mosaic(sources).read(box, (width, height))
        assert valid.all()
        side = 1920 // width
        mean = ground(BBox(X, Y - 19.2, X + 96, Y)).reshape(height, side, width, side, 3).mean(axis=(1, 3))
        assert np.abs(rgb - mean).mean() < 6


def test_the_index_finds_what_lies_there():
    size = SMALL.size_m
    sources = [
        Source(
            Path(f"{col}-{row}"),
            BBox(X + col * size, Y - (row + 1) * size, X + (col + 1) * size, Y - row * size),
            0,
        )
        for col in range(120)
        for row in range(3)
    ]
    mosaic = Mosaic(sources)
    for box in (BBox(X + 995, Y - 25, X + 1005, Y - 5), BBox(X, Y - 60, X + 2400, Y), BBox(0, 0, 1e6, 1e7)):
        expected = {each for each in sources if each.bbox.intersects(box)}
        assert set(mosaic.over(box)) == expected
        assert len(mosaic.over(box)) == len(expected)
    assert mosaic.over(BBox(X - 10, Y, X, Y + 10)) == []
    assert mosaic.bbox == BBox(X, Y - 60, X + 2400, Y)


def test_equal_ranks_have_one_order_whoever_comes_first(folder, four):
    twin = source(folder / "twin", 0, 0, seed=3)
    box = BBox(X, Y - 1, X + 1, Y)
    one, _ = Mosaic([twin, *four]).read(box)
    other, _ = Mosaic([*four, twin]).read(box)
    assert np.array_equal(one, other)


def test_a_damaged_dalle_is_named(folder):
    name = small_name()
    path = make_dalle(folder / "damaged.tif", name, tiled=True, compress="deflate")
    data = bytearray(path.read_bytes())
    data[100_000:101_000] = b"\xff" * 1000
    path.write_bytes(data)
    mosaic = Mosaic([Source(path, name.bbox, 0)])
    with pytest.raises(RasterError, match=r"damaged\.tif"):
        mosaic.read(name.bbox)
    with pytest.raises(RasterError, match=r"damaged\.tif"):
        mosaic.read(name.bbox, (50, 50))
    path.unlink()
    with pytest.raises(RasterError, match=r"damaged\.tif"):
        Mosaic([Source(path, name.bbox, 0)]).read(name.bbox)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[list]:
    """Every dataset that a mosaic opens."""
    datasets = []
    really = module.open_raster

    def open_and_keep(path: Path, **how):
        datasets.append(really(path, **how))
        return datasets[-1]

    monkeypatch.setattr(module, "open_raster", open_and_keep)
    yield datasets
    for dataset in datasets:
        dataset.close()


def test_open_datasets_are_bounded_and_kept(four, opened, monkeypatch):
    monkeypatch.setattr(module, "_OPEN_PER_THREAD", 2)
    mosaic = Mosaic(four)
    for _ in range(3):
        mosaic.read(four[0].bbox)
    assert len(opened) == 1
    mosaic.read(BLOCK)
    assert sum(not dataset.closed for dataset in opened) == 2


def test_threads_read_alike_and_share_no_dataset(four, opened):
    mosaic = Mosaic(four)
    expected = ground(BLOCK)
    right = []

    def read() -> None:
        right.append(all(np.array_equal(mosaic.read(BLOCK)[0], expected) for _ in range(5)))

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert right == [True] * 4
    assert len(opened) == 16
