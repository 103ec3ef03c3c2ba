import struct

import numpy as np
import pytest
import rasterio
import simplejpeg
from hypothesis import given, settings
from hypothesis import strategies as st

from pcrs.errors import InputError, StoreError
from pcrs.raster.slab import (
    NOTHING,
    TILES,
    SlabBytes,
    decode_mask,
    decode_slab,
    decode_tile,
    encode_mask_slab,
    encode_slab,
    join_tiles,
    slab_path,
    split_tiles,
    tile_index,
)
from pcrs.standard.grid import LAMB93, Slab
from tests.dalles import ground_pixels

WHOLE = np.ones((256, 256), bool)


def jpeg(number: int = 0) -> bytes:
    return simplejpeg.encode_jpeg(
        np.ascontiguousarray(ground_pixels(576_000 + 12.8 * number, 6_373_000, 256, 256)), 90, "RGB", "420"
    )


def partial(first_valid: int) -> np.ndarray:
    mask = WHOLE.copy()
    mask[:first_valid] = False
    return mask


@st.composite
def slabs(draw):
    level = draw(st.integers(0, LAMB93.last_level))
    columns, rows = LAMB93.sizes[level]
    return Slab(level, draw(st.integers(0, (columns - 1) // 16)), draw(st.integers(0, (rows - 1) // 16)))


def test_the_specifications_example():
    assert slab_path(18, 25, 195) == "00/05/PF.tif"


def test_surplus_digits_stay_in_the_first_folder():
    assert slab_path(22, 0x10, 36**3, depth=2) == "0100/00/G0.tif"


@given(slabs(), st.integers(1, 3))
def test_every_path_leads_back(slab, depth):
    path = slab_path(*slab, depth=depth)
    digits = path.removesuffix(".tif").replace("/", "")
    assert (int(digits[0::2], 36), int(digits[1::2], 36)) == (slab.col, slab.row)
    assert path.count("/") == depth
    assert len(path.rpartition("/")[2]) == len("PF.tif")


@pytest.mark.parametrize("slab", [(23, 0, 0), (-1, 0, 0), (22, 6300, 0), (22, 0, 52552), (22, -1, 0)])
def test_a_slab_outside_the_matrix_has_no_path(slab):
    with pytest.raises(InputError, match="2154_5cm"):
        slab_path(*slab)


@settings(max_examples=25)
@given(st.dictionaries(st.integers(0, TILES - 1), st.binary(min_size=1, max_size=40)))
def test_tiles_lie_where_rok4_looks_for_them(given_tiles):
    tiles = [given_tiles.get(index) for index in range(TILES)]
    slab = encode_slab(tiles)
    offsets = struct.unpack_from("<256I", slab, 2048)
    counts = struct.unpack_from("<256I", slab, 3072)
    at = 4096
    for tile, offset, count in zip(tiles, offsets, counts, strict=True):
        assert (offset, count) == ((at, len(tile)) if tile else (0, 0))
        at += count
    assert len(slab) == at
    assert decode_slab(slab) == tiles
    assert slab == encode_slab(list(tiles))
    assert tuple(tile_index(slab[2048:4096])) == (offsets, counts)


def test_gdal_opens_a_data_slab(tmp_path):
    tiles = [jpeg(0) if index in (0, 17, 255) else None for index in range(TILES)]
    (tmp_path / "slab.tif").write_bytes(encode_slab(tiles))
    with pytest.warns(rasterio.errors.NotGeoreferencedWarning):
        dataset = rasterio.open(tmp_path / "slab.tif")
    with dataset:
        assert (dataset.width, dataset.height, dataset.count) == (4096, 4096, 3)
        assert dataset.block_shapes == [(256, 256)] * 3
        assert dataset.tags(ns="IMAGE_STRUCTURE")["COMPRESSION"] == "YCbCr JPEG"
        seen = np.moveaxis(dataset.read(window=((256, 512), (256, 512))), 0, 2)
        # The wheel's libjpeg interpolates chroma otherwise than libjpeg-turbo.
        assert np.abs(seen.astype(int) - decode_tile(tiles[17])).mean() < 1
        assert not dataset.read(window=((256, 512), (512, 768))).any()


def test_gdal_opens_a_mask_slab(tmp_path):
    masks = [partial(100) if index == 3 else WHOLE if index == 4 else None for index in range(TILES)]
    (tmp_path / "mask.tif").write_bytes(encode_mask_slab(masks))
    with pytest.warns(rasterio.errors.NotGeoreferencedWarning):
        dataset = rasterio.open(tmp_path / "mask.tif")
    with dataset:
        assert (dataset.count, dataset.dtypes[0]) == (1, "uint8")
        assert dataset.profile["compress"] == "deflate"
        row = dataset.read(1, window=((0, 256), (0, 4096)))
        assert np.array_equal(row[:, 768:1024], partial(100) * 255)
        assert (row[:, 1024:1280] == 255).all()
        assert row.sum() == row[:, 768:1280].sum()


def test_a_slab_without_tiles_is_no_file():
    assert join_tiles([None] * TILES, [None] * TILES) == NOTHING
    assert split_tiles(NOTHING) == ([None] * TILES, [None] * TILES)


def test_a_full_slab_has_no_mask():
    data, mask = join_tiles([b"x"] * TILES, [None] * TILES)
    assert (decode_slab(data), mask) == ([b"x"] * TILES, None)


def test_a_mask_slab_tells_of_every_tile_that_is_there():
    tiles = [b"x" if index < 3 else None for index in range(TILES)]
    slab = join_tiles(tiles, [None, partial(5)] + [None] * (TILES - 2))
    told = decode_slab(slab.mask)
    assert [tile is not None for tile in told] == [tile is not None for tile in tiles]
    assert decode_mask(told[0]).all()
    assert np.array_equal(decode_mask(told[1]), partial(5))
    again, masks = split_tiles(slab)
    assert again == tiles
    assert [mask is None for mask in masks[:3]] == [True, False, True]


def test_a_tile_at_half_size_is_the_mean_of_the_whole():
    whole = decode_tile(jpeg())
    half = decode_tile(jpeg(), half=True)
    mean = whole.reshape(128, 2, 128, 2, 3).mean(axis=(1, 3))
    assert half.shape == (128, 128, 3)
    assert np.abs(half - mean).mean() < 1


def test_damage_is_told():
    slab = encode_slab([jpeg()] * TILES)
    for length in (0, 2047, 4095):
        with pytest.raises(StoreError, match="index"):
            decode_slab(slab[:length])
    with pytest.raises(StoreError, match="cut short"):
        decode_slab(slab[:-1])
    with pytest.raises(StoreError, match="JPEG"):
        decode_tile(b"no picture")
    with pytest.raises(StoreError, match="pixels"):
        decode_tile(simplejpeg.encode_jpeg(np.zeros((512, 512, 3), np.uint8)))
    with pytest.raises(StoreError, match="mask"):
        decode_mask(b"no mask")
    with pytest.raises(StoreError, match="mask"):
        split_tiles(SlabBytes(slab, encode_slab([b"no mask"] * TILES)))


def test_256_tiles_make_a_slab():
    with pytest.raises(InputError, match="255"):
        encode_slab([None] * 255)
