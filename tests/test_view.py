import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pcrs.errors import InputError, TooLargeError
from pcrs.raster.pyramid import Pyramid
from pcrs.raster.rok4 import write_descriptor
from pcrs.raster.slab import decode_tile
from pcrs.raster.view import read_view, slabs_under
from pcrs.standard.crs import BBox
from pcrs.standard.grid import LAMB93, Tile, slab_of, tiles_covering
from tests.pyramids import X, Y, build, ground, source

GROUND = BBox(X, Y - 40, X + 40, Y)


@pytest.fixture(scope="module")
def pyramid(tmp_path_factory: pytest.TempPathFactory) -> Pyramid:
    folder = tmp_path_factory.mktemp("view")
    build(folder / "P.json", [source(folder, col, row) for col in (0, 1) for row in (0, 1)])
    return Pyramid(folder / "P.json")


@pytest.mark.parametrize("level", [22, 21, 20])
def test_a_tiles_own_box_gives_the_tile(pyramid, level):
    cells = tiles_covering(BBox(X + 19, Y - 20, X + 20, Y - 19), level)
    tile = Tile(level, cells.min_col, cells.min_row)
    rgb, valid = read_view(pyramid, LAMB93.bbox(tile), (256, 256))
    mask = pyramid.mask(tile)
    decoded = decode_tile(pyramid.tile(tile))
    assert np.array_equal(rgb, decoded)
    assert np.array_equal(valid, np.ones((256, 256), bool) if mask is None else mask)


def test_aligned_boxes_join_tiles_exactly(pyramid):
    box = BBox(X + 5, Y - 35, X + 35, Y - 5)
    rgb, valid = read_view(pyramid, box, (600, 600))
    assert valid.all()
    assert np.abs(rgb.astype(int) - ground(box)).mean() <= 3
    again, _ = read_view(pyramid, BBox(X + 15, Y - 25, X + 25, Y - 15), (200, 200))
    assert np.array_equal(again, rgb[200:400, 200:400])


@pytest.mark.parametrize("pixels", [300, 150, 100, 75, 37])
def test_coarser_views_are_means_of_the_ground(pyramid, pixels):
    box = BBox(X + 5, Y - 35, X + 35, Y - 5)
    rgb, valid = read_view(pyramid, box, (pixels, pixels))
    assert valid.all()
    side = 600 // pixels
    if side * pixels == 600:
        mean = ground(box).reshape(pixels, side, pixels, side, 3).mean(axis=(1, 3))
        assert np.abs(rgb - mean).mean() <= 3.5
    assert abs(rgb.mean() - ground(box).mean()) < 2


def test_finer_views_are_interpolated(pyramid):
    box = BBox(X + 10, Y - 20, X + 20, Y - 10)
    rgb, valid = read_view(pyramid, box, (800, 800))
    assert valid.all()
    assert np.abs(rgb.reshape(200, 4, 200, 4, 3).mean(axis=(1, 3)) - ground(box)).mean() <= 4


def test_what_is_outside_is_white(pyramid):
    rgb, valid = read_view(pyramid, BBox(X - 20, Y - 60, X + 60, Y + 20), (160, 160))
    assert valid[41:119, 41:119].all()
    assert valid.sum() == pytest.approx(80 * 80, rel=0.03)
    assert (rgb[~valid] == 255).all()
    rgb, valid = read_view(pyramid, BBox(0, 0, 100, 100), (50, 40))
    assert (rgb.shape, rgb.min(), valid.any()) == ((40, 50, 3), 255, False)


def test_views_of_the_world_cost_a_tile(pyramid, monkeypatch):
    asked = []
    really = pyramid.tile
    monkeypatch.setattr(pyramid, "tile", lambda tile: asked.append(tile) or really(tile))
    for reach in (2e6, 2e7, 1e9):
        rgb, _ = read_view(pyramid, BBox(-reach, -reach, reach, reach), (300, 200))
        assert rgb.shape == (200, 300, 3)
    assert set(asked) == {Tile(6, 0, 6)}


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.floats(-60, 90), st.floats(-90, 60), st.floats(0.5, 3000), st.integers(1, 300), st.floats(0.3, 3))
def test_no_slab_is_read_that_is_not_told(pyramid, monkeypatch, east, north, side, pixels, shape):
    asked = set()
    really = pyramid.tile
    with monkeypatch.context() as patch:
        patch.setattr(pyramid, "tile", lambda tile: asked.add(slab_of(tile)[0]) or really(tile))
        box = BBox(X + east, Y + north - side * shape, X + east + side, Y + north)
        read_view(pyramid, box, (pixels, pixels))
    assert asked <= set(slabs_under(pyramid, box, (pixels, pixels)))


def test_far_from_the_data_no_slab_is_told(pyramid):
    assert slabs_under(pyramid, BBox(0, 0, 100, 100), (50, 40)) == ()
    with pytest.raises(TooLargeError):
        slabs_under(pyramid, GROUND, (800, 800), max_tiles=3)


def test_too_many_tiles_are_refused(pyramid, tmp_path):
    with pytest.raises(TooLargeError, match="more than 3"):
        read_view(pyramid, GROUND, (800, 800), max_tiles=3)
    vast = tmp_path / "VAST.json"
    write_descriptor(vast, {22: tiles_covering(BBox(540_000, 6_340_000, 640_000, 6_440_000), 22)})
    with pytest.raises(TooLargeError, match="level 22"):
        read_view(Pyramid(vast), BBox(540_000, 6_340_000, 640_000, 6_440_000), (64, 64))


@pytest.mark.parametrize(
    ("box", "size"),
    [(GROUND, (0, 10)), (GROUND, (10, -1)), (BBox(1, 1, 1, 2), (10, 10)), (BBox(2, 1, 1, 2), (1, 1))],
)
def test_empty_views_are_refused(pyramid, box, size):
    with pytest.raises(InputError, match="empty"):
        read_view(pyramid, box, size)


def test_a_pyramid_without_levels_is_white(tmp_path):
    write_descriptor(tmp_path / "EMPTY.json", {})
    rgb, valid = read_view(Pyramid(tmp_path / "EMPTY.json"), GROUND, (20, 10))
    assert (rgb.shape, rgb.min(), valid.any()) == ((10, 20, 3), 255, False)
