import os
import threading
from pathlib import Path

import pytest

from pcrs.raster.pyramid import Pyramid
from pcrs.raster.rok4 import place_slab, root_of, write_descriptor
from pcrs.raster.slab import TILES, join_tiles
from pcrs.serve.tile_cache import Origin, TileCache
from pcrs.standard.grid import Cells, Slab

UNDER, BESIDE = Slab(15, 25, 195), Slab(15, 26, 195)
LIMITS = {15: Cells(400, 3120, 431, 3151)}
ADDRESS = "/wmts/L/PM/21/1/2.jpeg?"
MB = 2**20


@pytest.fixture
def pyramid(tmp_path) -> Pyramid:
    descriptor = tmp_path / "P.json"
    for slab in (UNDER, BESIDE):
        rewrite(descriptor, slab, b"a")
    write_descriptor(descriptor, LIMITS)
    return Pyramid(descriptor, recheck_s=0)


def rewrite(descriptor: Path, slab: Slab, word: bytes) -> None:
    place_slab(root_of(descriptor), slab, join_tiles([word] * TILES, [None] * TILES))


def origin(pyramid: Pyramid, *slabs: Slab) -> Origin:
    return Origin(pyramid, slabs, pyramid.tags(slabs))


def cache_of(tmp_path: Path, size: int = MB, made_by: str = "1") -> TileCache:
    return TileCache(tmp_path / "cache" / "tiles", size, made_by)


def kept(tmp_path: Path) -> list[Path]:
    return [file for file in (tmp_path / "cache").rglob("*") if file.is_file() and file.name != ".sweep"]


def test_what_was_put_is_there_for_every_process(pyramid, tmp_path):
    cache_of(tmp_path).put(ADDRESS, origin(pyramid, UNDER), b"image\nof bytes")
    assert cache_of(tmp_path).get(ADDRESS, pyramid) == b"image\nof bytes"
    assert cache_of(tmp_path).get(ADDRESS + "x", pyramid) is None
    assert cache_of(tmp_path, made_by="2").get(ADDRESS, pyramid) is None


def test_an_image_is_given_out_until_a_slab_under_it_changes(pyramid, tmp_path):
    cache = cache_of(tmp_path)
    cache.put(ADDRESS, origin(pyramid, UNDER), b"old")
    rewrite(pyramid.descriptor, BESIDE, b"b")
    assert cache.get(ADDRESS, pyramid) == b"old"
    write_descriptor(pyramid.descriptor, LIMITS)
    assert cache.get(ADDRESS, pyramid) == b"old"
    rewrite(pyramid.descriptor, UNDER, b"b")
    assert cache.get(ADDRESS, pyramid) is None
    cache.put(ADDRESS, origin(pyramid, UNDER), b"new")
    assert cache.get(ADDRESS, pyramid) == b"new"
    assert len(kept(tmp_path)) == 1


def test_an_image_of_nothing_goes_when_the_data_grows(pyramid, tmp_path):
    cache = cache_of(tmp_path)
    cache.put(ADDRESS, origin(pyramid), b"white")
    assert cache.get(ADDRESS, pyramid) == b"white"
    write_descriptor(pyramid.descriptor, {15: Cells(400, 3120, 463, 3151)})
    assert cache.get(ADDRESS, pyramid) is None


def test_an_image_that_is_older_than_its_tags_is_never_given_out(pyramid, tmp_path):
    """A patch lands while the image is drawn: the tags were taken before."""
    cache, before = cache_of(tmp_path), origin(pyramid, UNDER)
    rewrite(pyramid.descriptor, UNDER, b"b")
    cache.put(ADDRESS, before, b"old or new")
    assert cache.get(ADDRESS, pyramid) is None


@pytest.mark.parametrize(
    "torn", [b"", b"|", b"12|22,1,1|x\nimage", b"\xff\xfe\n", b"1|a,b|c\nimage", b"image"]
)
def test_a_torn_file_is_not_taken_for_an_image(pyramid, tmp_path, torn):
    cache = cache_of(tmp_path)
    cache.put(ADDRESS, origin(pyramid, UNDER), b"image")
    (file,) = kept(tmp_path)
    file.write_bytes(torn)
    assert cache.get(ADDRESS, pyramid) is None
    cache.put(ADDRESS, origin(pyramid, UNDER), b"image")
    file.write_bytes(file.read_bytes()[:-1])
    assert cache.get(ADDRESS, pyramid) is None


def test_the_folder_stays_within_its_bound_and_keeps_what_is_used(pyramid, tmp_path):
    size = 64 * 4096
    cache = cache_of(tmp_path, size)
    cache.put("often", origin(pyramid, UNDER), bytes(4000))
    for number in range(300):
        cache.put(f"{number}", origin(pyramid, UNDER), bytes(4000))
        for file in kept(tmp_path):
            if file.stat().st_mtime > 1e9:
                os.utime(file, (number, number))  # the disk's clock is too coarse for a test
        (used,) = (file for file in kept(tmp_path) if file == cache._file("often"))
        os.utime(used, (1000, 1000))
    total = sum(-(-file.stat().st_size // 4096) * 4096 for file in kept(tmp_path))
    assert size / 2 < total <= size * (1 + 2 / 16)
    assert cache.get("299", pyramid) is not None
    assert cache.get("0", pyramid) is None
    assert cache.get("often", pyramid) is not None


def test_use_is_noted_but_not_at_every_look(pyramid, tmp_path):
    cache = cache_of(tmp_path)
    cache.put(ADDRESS, origin(pyramid, UNDER), b"image")
    (file,) = kept(tmp_path)
    os.utime(file, (1000, 1000))
    cache.get(ADDRESS, pyramid)
    noted = file.stat().st_mtime_ns
    assert noted > 10**18
    cache.get(ADDRESS, pyramid)
    assert file.stat().st_mtime_ns == noted


def test_many_at_once_see_whole_images(pyramid, tmp_path):
    images = {word * 20_000 for word in (b"a", b"b", b"c")}
    taken = origin(pyramid, UNDER)
    wrong: list[bytes] = []

    def work(image: bytes) -> None:
        cache = cache_of(tmp_path, 40 * 4096)
        for number in range(60):
            cache.put(ADDRESS, taken, image)
            cache.put(f"{number}", taken, image)
            seen = cache.get(ADDRESS, pyramid)
            if seen is not None and seen not in images:
                wrong.append(seen)

    threads = [threading.Thread(target=work, args=(image,)) for image in images]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert not [file for file in kept(tmp_path) if file.name.endswith(".part")]


def test_a_folder_that_cannot_be_written_is_told_once(pyramid, tmp_path, caplog):
    (tmp_path / "cache").write_text("a file")
    cache = cache_of(tmp_path)
    for _ in range(3):
        cache.put(ADDRESS, origin(pyramid, UNDER), b"image")
        assert cache.get(ADDRESS, pyramid) is None
    assert len(caplog.records) == 1
