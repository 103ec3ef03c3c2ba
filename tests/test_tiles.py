from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pcrs.raster.pyramid import Pyramid
from pcrs.raster.slab import decode_tile
from pcrs.raster.view import data_bbox
from pcrs.serve.map_layers import MapLayer
from pcrs.serve.tiles import CLEAR, WHITE, fast_answer, native_tile
from pcrs.serve.wmts_request import TileRequest
from pcrs.standard.crs import transform_bbox
from pcrs.standard.grid import LAMB93, PM, Tile
from tests.pyramids import build, source

THERE, NEXT_TO_IT = Tile(22, 45000, 439610), Tile(22, 44999, 439610)


@pytest.fixture(scope="module")
def pyramid(tmp_path_factory: pytest.TempPathFactory) -> Pyramid:
    folder: Path = tmp_path_factory.mktemp("tiles")
    build(folder / "P.json", [source(folder, 0, 0)])
    return Pyramid(folder / "P.json")


def request(pyramid: Pyramid, tile: Tile, *, grid=LAMB93, suffix: str = "jpeg") -> TileRequest:
    bbox = data_bbox(pyramid.levels)
    layer = MapLayer("L", None, "", "", pyramid, bbox, tuple(pyramid.levels.items()))
    return TileRequest(layer, grid, tile, suffix)


def test_white_is_white():
    assert np.array_equal(decode_tile(WHITE), np.full((256, 256, 3), 255))


def test_a_tile_is_the_pyramids_bytes(pyramid):
    assert native_tile(pyramid, THERE) == pyramid.tile(THERE)
    answer = fast_answer(request(pyramid, THERE))
    assert (answer.body, answer.media_type) == (pyramid.tile(THERE), "image/jpeg")


def test_there_is_a_tile_beside_the_data(pyramid):
    assert fast_answer(request(pyramid, NEXT_TO_IT)).body is WHITE


def test_what_the_pyramid_has_not_must_be_drawn(pyramid):
    assert native_tile(pyramid, Tile(5, 0, 3)) is None
    assert fast_answer(request(pyramid, Tile(5, 0, 3))) is None
    assert fast_answer(request(pyramid, THERE, suffix="png")) is None


@pytest.mark.parametrize(("grid", "far"), [(LAMB93, Tile(22, 44000, 430000)), (PM, Tile(21, 1, 1))])
def test_far_from_the_data_one_tile_serves_all_places(pyramid, grid, far):
    assert fast_answer(request(pyramid, far, grid=grid)).body is WHITE
    assert fast_answer(request(pyramid, far, grid=grid, suffix="png")).body is CLEAR
    clear = np.asarray(Image.open(BytesIO(CLEAR)))
    assert (clear == (255, 255, 255, 0)).all()
    assert clear.shape == (256, 256, 4)


@pytest.mark.parametrize("suffix", ["jpeg", "png"])
def test_in_pm_no_tile_with_data_is_taken_for_empty(pyramid, suffix):
    level = 21
    side = PM.res(level) * 256
    data = transform_bbox(data_bbox(pyramid.levels), 2154, 3857)
    first = int((data.xmin - PM.origin_x) // side), int((PM.origin_y - data.ymax) // side)
    last = int((data.xmax - PM.origin_x) // side), int((PM.origin_y - data.ymin) // side)
    for col in range(first[0] - 1, last[0] + 2):
        for row in range(first[1] - 1, last[1] + 2):
            inside = first[0] <= col <= last[0] and first[1] <= row <= last[1]
            answer = fast_answer(request(pyramid, Tile(level, col, row), grid=PM, suffix=suffix))
            assert (answer is None) == inside
