import numpy as np
import pytest
import simplejpeg
from hypothesis import given, settings
from hypothesis import strategies as st

from pcrs.errors import InputError, StoreError
from pcrs.raster import build as building
from pcrs.raster import upper
from pcrs.raster.build import _rectangles, build_base_slab, tile_limits, touched
from pcrs.raster.cuts import cutting, read_cut
from pcrs.raster.mosaic import Mosaic, Source
from pcrs.raster.open import open_raster, read_rgb
from pcrs.raster.pyramid import Pyramid
from pcrs.raster.rok4 import root_of, slab_files
from pcrs.raster.slab import NOTHING, TILES, SlabBytes, decode_tile, encode_slab, join_tiles, split_tiles
from pcrs.raster.upper import build_upper_slab
from pcrs.standard.crs import BBox
from pcrs.standard.grid import LAMB93, Cells, Slab, Tile, children, parent, slab_bbox, tiles_covering
from pcrs.standard.names import DalleName
from tests.dalles import make_dalle
from tests.pyramids import X, Y, build, ground, source


@pytest.fixture(scope="module")
def four(tmp_path_factory: pytest.TempPathFactory) -> list[Source]:
    folder = tmp_path_factory.mktemp("build")
    return [source(folder, col, row) for col in (0, 1) for row in (0, 1)]


def slab_at(x_m: float, y_m: float) -> Slab:
    side = 204.8
    return Slab(22, int(x_m // side), int((12_000_000 - y_m) // side))


def test_base_tiles_are_the_dalles_pixels_across_their_edges(four):
    slab = slab_at(X + 20, Y - 20)
    tiles, masks = split_tiles(build_base_slab(Mosaic(four), slab, quality=90))
    seen = 0
    for index, tile in enumerate(tiles):
        row, col = divmod(index, 16)
        place = Tile(22, slab.col * 16 + col, slab.row * 16 + row)
        box = LAMB93.bbox(place)
        assert (tile is not None) == (
            place[1:] in set(tiles_covering(BBox(X, Y - 40, X + 40, Y), 22).cells())
        )
        if tile is not None and masks[index] is None:
            assert np.abs(decode_tile(tile).astype(int) - ground(box)).mean() <= 3
            seen += 1
    assert seen >= 2
    assert any(mask is not None for mask in masks)


def test_what_is_not_covered_is_white_and_masked(four):
    slab = slab_at(X, Y)
    tiles, masks = split_tiles(build_base_slab(Mosaic(four), slab))
    partly = [index for index, mask in enumerate(masks) if mask is not None]
    assert partly
    for index in partly:
        mask = masks[index]
        row, col = divmod(index, 16)
        box = LAMB93.bbox(Tile(22, slab.col * 16 + col, slab.row * 16 + row))
        area = min(box.xmax, X + 40) - max(box.xmin, X), min(box.ymax, Y) - max(box.ymin, Y - 40)
        assert mask.mean() == pytest.approx(area[0] * area[1] / 12.8**2, abs=1e-6)
        assert decode_tile(tiles[index])[~mask].mean() > 250


def test_nothing_there_is_no_slab(four):
    assert build_base_slab(Mosaic(four), slab_at(X + 5000, Y)) == NOTHING
    assert build_base_slab(Mosaic([]), slab_at(X, Y)) == NOTHING


def test_a_dalle_without_a_valid_pixel_is_no_slab(tmp_path):
    void = source(tmp_path, 0, 0, mask=np.zeros((400, 400), bool))
    assert build_base_slab(Mosaic([void]), slab_at(X + 10, Y - 10)) == NOTHING


def test_a_covered_slab_has_256_tiles_and_no_mask(tmp_path):
    slab = slab_at(X, Y)
    box = slab_bbox(slab)
    name = DalleName(2025, int(box.xmin), int(box.ymax) + 1, 206)
    path = make_dalle(tmp_path / "large.tif", name, tiled=True)
    data, mask = build_base_slab(Mosaic([Source(path, name.bbox, 0)]), slab)
    assert mask is None
    tiles, _ = split_tiles(SlabBytes(data, mask))
    last = LAMB93.bbox(Tile(22, slab.col * 16 + 15, slab.row * 16 + 15))
    assert np.abs(decode_tile(tiles[255]).astype(int) - ground(last)).mean() <= 3


def test_quality_is_the_callers(four):
    slab = slab_at(X + 20, Y - 20)
    low, high = (build_base_slab(Mosaic(four), slab, quality=quality) for quality in (50, 90))
    assert len(low.data) < len(high.data) * 0.7


def test_levels_are_built_from_where_they_should(four):
    with pytest.raises(InputError, match="level below"):
        build_base_slab(Mosaic(four), Slab(21, 0, 0))
    with pytest.raises(InputError, match="dalles"):
        build_upper_slab(lambda slab: NOTHING, Slab(22, 0, 0))


def child_slabs(slab: Slab, four) -> dict[Slab, SlabBytes]:
    mosaic = Mosaic(four)
    return {child: build_base_slab(mosaic, child) for child in children(slab)}


def test_an_upper_tile_is_the_mean_of_four(four):
    slab = parent(slab_at(X + 20, Y - 20))
    tiles, masks = split_tiles(build_upper_slab(child_slabs(slab, four).__getitem__, slab))
    compared = set()
    for index, tile in enumerate(tiles):
        row, col = divmod(index, 16)
        place = Tile(21, slab.col * 16 + col, slab.row * 16 + row)
        box = LAMB93.bbox(place)
        assert (tile is not None) == (
            place[1:] in set(tiles_covering(BBox(X, Y - 40, X + 40, Y), 21).cells())
        )
        if tile is None:
            continue
        valid = np.ones((256, 256), bool) if masks[index] is None else masks[index]
        mean = ground(box).reshape(256, 2, 256, 2, 3).mean(axis=(1, 3))
        assert np.abs(decode_tile(tile)[valid] - mean[valid]).mean() <= 3.5
        compared.add(masks[index] is None)
    assert True in compared or len(compared) == 1
    assert False in compared


def test_the_fast_way_and_the_careful_way_agree():
    """Four full tiles are halved by the JPEG decoder; with one pixel missing they are averaged in full."""
    box = BBox(576_000, 6_372_974.4, 576_025.6, 6_373_000)
    pixels = ground(box)
    four = [
        simplejpeg.encode_jpeg(
            np.ascontiguousarray(pixels[row : row + 256, col : col + 256]), 95, "RGB", "420"
        )
        for row in (0, 256)
        for col in (0, 256)
    ]
    tiles = [None] * TILES
    tiles[0], tiles[1], tiles[16], tiles[17] = four
    hole = np.ones((256, 256), bool)
    hole[0, 0] = False
    results = []
    for mask in (None, hole):
        below = join_tiles(tiles, [mask] + [None] * (TILES - 1))
        above, _ = split_tiles(
            build_upper_slab(
                lambda slab, below=below: below if slab == Slab(22, 0, 0) else NOTHING, Slab(21, 0, 0)
            )
        )
        results.append(decode_tile(above[0]).astype(int))
    assert np.abs(results[0] - results[1]).mean() < 2


def test_only_valid_pixels_count_and_one_is_enough():
    tile = simplejpeg.encode_jpeg(np.full((256, 256, 3), 80, np.uint8), 95, "RGB", "420")
    mask = np.zeros((256, 256), bool)
    mask[::2, ::2] = True
    below = join_tiles([tile] + [None] * 255, [mask] + [None] * 255)
    slab = Slab(21, 3, 3)
    above, masks = split_tiles(
        build_upper_slab(lambda child: below if child == Slab(22, 7, 6) else NOTHING, slab)
    )
    place = 8  # the first tile of the second quarter
    assert [index for index, tile in enumerate(above) if tile] == [place]
    assert masks[place][:128, :128].all()
    assert masks[place].sum() == 128 * 128
    pixels = decode_tile(above[place])
    assert np.abs(pixels[:120, :120].astype(int) - 80).max() <= 3
    assert pixels[136:, 136:].min() >= 252


def test_where_the_matrix_ends_there_is_nothing_to_read():
    asked = []

    def read(slab: Slab) -> SlabBytes:
        asked.append(slab)
        return NOTHING

    assert build_upper_slab(read, Slab(0, 0, 0)) == NOTHING
    assert asked == [Slab(1, 0, 0)]


def test_a_broken_child_is_told():
    broken = SlabBytes(encode_slab([b"no picture"] * TILES), None)
    with pytest.raises(StoreError, match="JPEG"):
        build_upper_slab(lambda slab: broken, Slab(21, 0, 0))


def tree(root) -> dict[str, bytes]:
    return {file: (root / file).read_bytes() for file in slab_files(root)}


def test_a_pyramid_is_the_same_whatever_its_history(tmp_path, four):
    """Built at once, dalle by dalle, and after a dalle that came and went: byte for byte the same."""
    newer = source(tmp_path, 1, 1, rank=1, seed=5)
    everything = [*four, newer]

    at_once = tmp_path / "AT_ONCE.json"
    build(at_once, everything)

    step_by_step = tmp_path / "STEPS.json"
    for count in range(1, len(everything) + 1):
        build(step_by_step, everything[:count], [everything[count - 1].bbox])

    detour = tmp_path / "DETOUR.json"
    stray = source(tmp_path, 30, 3, seed=2)
    build(detour, [*four, stray])
    build(detour, everything, [newer.bbox, stray.bbox])

    expected = tree(root_of(at_once))
    assert {int(file.split("/")[1]) for file in expected} == set(range(6, 23))
    assert tree(root_of(step_by_step)) == expected
    assert tree(root_of(detour)) == expected


def test_only_tiles_that_changed_are_made_again(tmp_path, four, monkeypatch):
    """An update makes no more tiles than its ground has at each level, and the pyramid is the same."""
    newer = source(tmp_path, 1, 1, rank=1, seed=5)
    at_once, updated = tmp_path / "AT_ONCE.json", tmp_path / "UPDATED.json"
    build(at_once, [*four, newer])
    build(updated, four)
    made: list[int] = []
    for module in (building, upper):
        encode = module.encode_part
        monkeypatch.setattr(module, "encode_part", lambda *given, real=encode: made.append(1) or real(*given))
    build(updated, [*four, newer], [newer.bbox])
    assert tree(root_of(updated)) == tree(root_of(at_once))
    limits = tile_limits([newer.bbox]).values()
    assert 0 < len(made) <= sum(len(list(cells.cells())) for cells in limits)


def test_every_level_shows_the_dalles(tmp_path, four):
    descriptor = tmp_path / "P.json"
    build(descriptor, four)
    pyramid = Pyramid(descriptor)
    for level, limits in pyramid.levels.items():
        there = [Tile(level, col, row) for col, row in limits.cells()]
        assert all(pyramid.tile(tile) for tile in there)
        valid = [pyramid.mask(tile) for tile in there]
        area = sum(65_536 if mask is None else mask.sum() for mask in valid) * LAMB93.res(level) ** 2
        assert area >= 1599.9


BOXES = st.builds(
    lambda x, y, width, height: BBox(x, y, x + width, y + height),
    st.integers(540_000, 560_000),
    st.integers(6_350_000, 6_360_000),
    st.integers(1, 1000),
    st.integers(1, 1000),
)


@settings(max_examples=30)
@given(st.lists(BOXES, min_size=1, max_size=4))
def test_touched_slabs_are_those_that_share_ground(boxes):
    levels = touched(boxes)
    assert list(levels) == list(range(22, 5, -1))
    for slab in levels[22]:
        assert any(slab_bbox(slab).intersects(box) for box in boxes)
    for box in boxes:
        covered = sum(
            max(0, min(box.xmax, s.xmax) - max(box.xmin, s.xmin))
            * max(0, min(box.ymax, s.ymax) - max(box.ymin, s.ymin))
            for s in map(slab_bbox, levels[22])
        )
        assert covered == pytest.approx(box.width * box.height)
    for level in range(21, 5, -1):
        assert levels[level] == {parent(slab) for slab in levels[level + 1]}


def test_nothing_touches_nothing():
    assert touched([]) == {level: set() for level in range(6, 23)}
    assert tile_limits([]) == {}


def test_limits_hold_all_boxes():
    boxes = [BBox(540_000, 6_350_000, 540_010, 6_350_010), BBox(541_000, 6_349_000, 541_010, 6_349_010)]
    limits = tile_limits(boxes)
    assert list(limits) == list(range(6, 23))
    assert limits[6] == Cells(0, 6, 0, 6)
    assert limits[22] == tiles_covering(BBox(540_000, 6_349_000, 541_010, 6_350_010), 22)


@pytest.fixture(scope="module")
def pile(tmp_path_factory):
    """Dalles of 100 m around the corner of four slabs, a smaller one with a hole on top; and their cuts."""
    folder = tmp_path_factory.mktemp("pile")
    west, north = 204.8 * 2813, 12_000_000 - 204.8 * 27475
    x, y = round(west) - 80, round(north) + 70
    hole = np.ones((600, 600), bool)
    hole[200:380, 90:400] = False
    dalles = [
        (DalleName(2025, x, y, 100), 0, 0, None),
        (DalleName(2025, x + 100, y, 100), 0, 0, None),
        (DalleName(2025, x, y - 100, 100), 0, 0, None),
        (DalleName(2025, x + 71, y - 38, 30), 1, 7, hole),
    ]
    sources, folders = [], {}
    for number, (name, rank, seed, mask) in enumerate(dalles):
        path = folder / f"{number}.tif"
        make_dalle(path, name, seed=seed, mask=mask, tiled=True, compress="deflate")
        sources.append(Source(path, name.bbox, rank))
        folders[path] = folder / f"{number}.cuts"
        with cutting(folders[path], name.bbox, 90) as cutter, open_raster(path) as dataset:
            rgb, valid = read_rgb(dataset)
            cutter.push(rgb, valid)
    return sources, folders


def test_a_slab_of_cuts_is_the_slab_of_the_masters_byte_for_byte(pile):
    sources, folders = pile
    mosaic = Mosaic(sources)
    taken = []

    def cuts(dalle: Source, slab: Slab):
        tiles = read_cut(folders[dalle.path], slab)
        taken.append(sum(tile is not None for tile in tiles))
        return tiles

    slabs = touched([dalle.bbox for dalle in sources])[22]
    assert len(slabs) == 4
    for slab in sorted(slabs):
        assert build_base_slab(mosaic, slab, cuts=cuts) == build_base_slab(mosaic, slab)
    assert sum(taken) > 100


def test_only_what_no_cut_has_is_read(pile, monkeypatch):
    sources, folders = pile
    mosaic = Mosaic(sources)
    read: list[BBox] = []
    reading = Mosaic.read
    monkeypatch.setattr(
        Mosaic, "read", lambda self, bbox, size=None: read.append(bbox) or reading(self, bbox, size)
    )
    for slab in touched([dalle.bbox for dalle in sources])[22]:
        build_base_slab(mosaic, slab, cuts=lambda dalle, slab: read_cut(folders[dalle.path], slab))
    area = sum(box.width * box.height for box in read)
    assert 0 < area < 0.6 * sum(dalle.bbox.width * dalle.bbox.height for dalle in sources)


@given(st.lists(st.booleans(), min_size=64, max_size=64))
def test_rectangles_cover_what_is_wanted_once(cells):
    wanted = np.array(cells).reshape(8, 8)
    covered = np.zeros((8, 8), int)
    for part in _rectangles(wanted):
        covered[part.min_row : part.max_row + 1, part.min_col : part.max_col + 1] += 1
    np.testing.assert_array_equal(covered, wanted)
