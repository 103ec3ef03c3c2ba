import os
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from pcrs.errors import StoreError
from pcrs.raster.pyramid import Pyramid
from pcrs.raster.rok4 import link_edition, place_slab, root_of, slab_file, write_descriptor
from pcrs.raster.slab import NOTHING, TILES, join_tiles
from pcrs.raster.switch import switching
from pcrs.standard.grid import Cells, Slab, Tile

SLAB = Slab(15, 25, 195)
TILE = Tile(15, 414, 3134)
"""The tile of row 14, column 14 of the slab."""
LIMITS = {15: Cells(400, 3120, 431, 3151), 14: Cells(200, 1560, 215, 1575)}


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def word(index: int, version: str) -> bytes:
    """A tile's bytes, of a length that differs from tile to tile and from version to version."""
    return f"{version}{index};".encode() * (index + 2 + len(version))


def slab_of_words(version: str):
    return join_tiles([word(index, version) for index in range(TILES)], [None] * TILES)


@pytest.fixture
def descriptor(tmp_path) -> Path:
    descriptor = tmp_path / "P.json"
    place_slab(root_of(descriptor), SLAB, slab_of_words("a"))
    write_descriptor(descriptor, LIMITS)
    return descriptor


def test_a_tile_is_the_bytes_that_were_put_there(descriptor):
    pyramid = Pyramid(descriptor)
    assert (pyramid.name, pyramid.levels) == ("P", LIMITS)
    for index in range(TILES):
        row, col = divmod(index, 16)
        assert pyramid.tile(Tile(15, 400 + col, 3120 + row)) == word(index, "a")
    assert pyramid.tile_with_tag(TILE)[0] == pyramid.tile(TILE) == word(14 * 16 + 14, "a")


@pytest.mark.parametrize(
    "tile",
    [Tile(15, 416, 3120), Tile(15, 399, 3120), Tile(15, -1, -1), Tile(13, 1, 1), Tile(14, 200, 1560)],
    ids=["no slab", "beyond the limits", "beyond the matrix", "no level", "empty level"],
)
def test_where_nothing_is(descriptor, tile):
    pyramid = Pyramid(descriptor)
    assert pyramid.tile(tile) is None
    assert pyramid.tile_with_tag(tile) is None
    assert pyramid.mask(tile) is None


def test_a_tile_that_its_slab_lacks_is_none(descriptor):
    place_slab(root_of(descriptor), SLAB, join_tiles([b"x"] + [None] * 255, [None] * TILES))
    pyramid = Pyramid(descriptor)
    assert pyramid.tile(Tile(15, 400, 3120)) == b"x"
    assert pyramid.tile(TILE) is None
    assert pyramid.tile_with_tag(TILE) is None
    assert pyramid.mask(TILE) is None


def test_masks(descriptor):
    half = np.ones((256, 256), bool)
    half[:128] = False
    place_slab(root_of(descriptor), SLAB, join_tiles([b"x"] * TILES, [half] + [None] * 255))
    pyramid = Pyramid(descriptor)
    assert np.array_equal(pyramid.mask(Tile(15, 400, 3120)), half)
    assert pyramid.mask(TILE) is None


def test_a_replaced_slab_is_seen_when_the_check_is_due(descriptor):
    clock = Clock()
    pyramid = Pyramid(descriptor, recheck_s=0.2, clock=clock)
    first, tag = pyramid.tile_with_tag(TILE)
    place_slab(root_of(descriptor), SLAB, slab_of_words("new"))
    clock.now = 0.19
    assert pyramid.tile_with_tag(TILE) == (first, tag)
    clock.now = 0.2
    second, other = pyramid.tile_with_tag(TILE)
    assert second == word(238, "new")
    assert other != tag
    clock.now = 0.5
    assert pyramid.tile_with_tag(TILE) == (second, other)


def test_refresh_sees_it_at_once(descriptor):
    pyramid = Pyramid(descriptor, clock=Clock())
    assert pyramid.tile(TILE) == word(238, "a")
    place_slab(root_of(descriptor), SLAB, NOTHING)
    assert pyramid.tile(TILE) == word(238, "a")
    pyramid.refresh()
    assert pyramid.tile(TILE) is None
    place_slab(root_of(descriptor), SLAB, slab_of_words("back"))
    pyramid.refresh()
    assert pyramid.tile(TILE) == word(238, "back")


def test_new_limits_are_seen(descriptor):
    clock = Clock()
    pyramid = Pyramid(descriptor, clock=clock)
    beyond = Slab(15, 40, 195)
    place_slab(root_of(descriptor), beyond, slab_of_words("b"))
    assert pyramid.tile(Tile(15, 640, 3120)) is None
    write_descriptor(descriptor, LIMITS | {15: Cells(400, 3120, 655, 3151)})
    clock.now = 1
    assert pyramid.tile(Tile(15, 640, 3120)) == word(0, "b")
    assert pyramid.levels[15].max_col == 655


def test_tags_differ_from_tile_to_tile(descriptor):
    pyramid = Pyramid(descriptor)
    tags = {pyramid.tile_with_tag(Tile(15, 400 + col, 3120))[1] for col in range(16)}
    assert len(tags) == 16
    assert not any(set(tag) - set("0123456789abcdef-") for tag in tags)


def test_the_tags_of_slabs_change_with_their_files_and_with_the_limits(descriptor):
    pyramid = Pyramid(descriptor, recheck_s=0)
    root, beside = root_of(descriptor), Slab(15, 26, 195)
    seen = [pyramid.tags([SLAB, beside])]
    place_slab(root, beside, slab_of_words("b"))
    seen.append(pyramid.tags([SLAB, beside]))
    only = pyramid.tags([SLAB])
    half = np.ones((256, 256), bool)
    half[:128] = False
    place_slab(root, beside, join_tiles([b"x"] * TILES, [half] + [None] * 255))
    seen.append(pyramid.tags([SLAB, beside]))
    assert pyramid.tags([SLAB]) == only
    write_descriptor(descriptor, LIMITS)
    assert pyramid.tags([SLAB, beside]) == seen[-1]
    write_descriptor(descriptor, LIMITS | {14: Cells(200, 1560, 231, 1575)})
    seen.append(pyramid.tags([SLAB, beside]))
    assert len(set(seen)) == 4


def test_what_is_made_of_several_slabs_is_of_one_moment(tmp_path, monkeypatch):
    monkeypatch.setattr("pcrs.raster.rounds._TRIES", 4000)  # a machine with other work switches slowly
    descriptor = tmp_path / "P.json"
    root, slabs = root_of(descriptor), [Slab(15, 25, 195), Slab(15, 26, 195), Slab(15, 27, 195)]
    tiles = [Tile(15, slab.col * 16, slab.row * 16) for slab in slabs]
    limits = {15: Cells(400, 3120, 447, 3151)}
    for slab in slabs:
        place_slab(root, slab, slab_of_words("a"))
    write_descriptor(descriptor, limits)
    pyramid = Pyramid(descriptor, recheck_s=0.002)
    wrong: list[list[bytes | None]] = []
    finished = threading.Event()

    def read() -> None:
        while not finished.is_set():
            seen = pyramid.steady(lambda: [pyramid.tile(tile) for tile in tiles])
            if len(set(seen)) > 1:
                wrong.append(seen)

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for turn in range(30):
        with switching(tmp_path):
            for slab in slabs:
                place_slab(root, slab, slab_of_words("ab"[turn % 2]))
            write_descriptor(descriptor, limits)
        time.sleep(0.05)  # readers give up where one switch follows another without an end
    finished.set()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_switch_that_does_not_end_does_not_stop_the_readers(descriptor, monkeypatch):
    monkeypatch.setattr("pcrs.raster.rounds._PAUSE_S", 0.0)
    pyramid = Pyramid(descriptor)
    with switching(descriptor.parent):
        assert pyramid.steady(lambda: pyramid.tile(TILE)) == word(238, "a")


def test_no_reader_goes_back_in_time(descriptor):
    """One thread finds the old slab still good, another opens the new one meanwhile: the new one stays."""
    pyramid = Pyramid(descriptor, clock=Clock())
    assert pyramid.tile(TILE) == word(238, "a")
    key = (15, 25, 195)
    old = pyramid._data[key]
    pyramid.refresh()
    place_slab(root_of(descriptor), SLAB, slab_of_words("new"))
    assert pyramid.tile(TILE) == word(238, "new")
    old.identity = pyramid._data[key].identity  # as if it had been compared before the change
    assert pyramid._looked_at(pyramid._data, key, old) is pyramid._data[key]
    assert pyramid.tile(TILE) == word(238, "new")


def test_an_edition_that_links_to_another_serves_its_tiles(descriptor, tmp_path):
    newer = tmp_path / "Q.json"
    link_edition(root_of(descriptor), root_of(newer))
    write_descriptor(newer, LIMITS)
    assert Pyramid(newer).tile_with_tag(TILE) == Pyramid(descriptor).tile_with_tag(TILE)


def test_open_slabs_are_bounded(tmp_path):
    descriptor = tmp_path / "P.json"
    slabs = [Slab(15, 25 + number % 5, 195 + number // 5) for number in range(25)]
    for number, slab in enumerate(slabs):
        place_slab(root_of(descriptor), slab, join_tiles([word(number, "t")] * TILES, [None] * TILES))
    write_descriptor(descriptor, {15: Cells(400, 3120, 479, 3199)})
    clock = Clock()
    pyramid = Pyramid(descriptor, open_slabs=4, clock=clock)
    for _ in range(3):
        for number, slab in enumerate(slabs):
            clock.now += 1
            assert pyramid.tile(Tile(15, slab.col * 16, slab.row * 16)) == word(number, "t")
            assert open_files(tmp_path) <= 4
    del pyramid
    assert open_files(tmp_path) == 0


def open_files(folder: Path) -> int:
    """How many files under a folder this process has open."""
    links = (link.resolve() for link in Path("/proc/self/fd").iterdir())
    return sum(link.is_relative_to(folder.resolve()) for link in links)


def test_threads_get_whole_tiles_while_the_slab_is_replaced(descriptor):
    versions = ["a", "bb", "cccc"]
    # Every answer is the start of a round: the worst case for mixing one file's index with another's bytes.
    pyramid = Pyramid(descriptor, recheck_s=0.0, open_slabs=1)
    wrong: list[bytes] = []
    finished = threading.Event()

    def read() -> None:
        while not finished.is_set():
            for index in (0, 100, 255):
                data = pyramid.tile(Tile(15, 400 + index % 16, 3120 + index // 16))
                if data not in [word(index, version) for version in versions]:
                    wrong.append(data)

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for turn in range(60):
        place_slab(root_of(descriptor), SLAB, slab_of_words(versions[turn % 3]))
    finished.set()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.parametrize(("length", "said"), [(100, "index"), (4096 + 10, "tile 238")])
def test_a_slab_that_is_cut_short_is_told(descriptor, length, said):
    path = slab_file(root_of(descriptor), "DATA", SLAB)
    os.truncate(path, length)
    with pytest.raises(StoreError, match=rf"PF\.tif.*{said}"):
        Pyramid(descriptor).tile(TILE)


def test_a_pyramid_that_is_not_there(tmp_path):
    with pytest.raises(StoreError, match="never built"):
        Pyramid(tmp_path / "P.json")
