import numpy as np
import pytest

from pcrs.errors import StoreError
from pcrs.raster.map_drawing import draw, slabs_drawn
from pcrs.raster.pyramid import Pyramid
from pcrs.raster.slab import decode_tile
from pcrs.standard.crs import L93, BBox, transform_bbox, transformer
from pcrs.standard.grid import LAMB93, Tile, slab_of
from tests.services.maps import GROUND, HOLE, MARK, magenta_centre, pyramids

CRS = (2154, 3857, 4326, 4171, 3944, 3945, 32631)


@pytest.fixture(scope="module")
def pyramid(tmp_path_factory: pytest.TempPathFactory) -> Pyramid:
    return pyramids(tmp_path_factory.mktemp("drawing"))["2025"]


def drawn(pyramid: Pyramid, bbox: BBox, size: tuple[int, int], epsg: int) -> np.ndarray:
    return np.asarray(draw(pyramid, bbox, size, epsg, "bicubic"))


def test_a_box_on_the_grid_has_the_pixels_of_the_tile(pyramid):
    tile = Tile(22, 45002, 439610)
    image = drawn(pyramid, LAMB93.bbox(tile), (256, 256), L93)
    valid = pyramid.mask(tile)
    assert np.array_equal(image[:, :, 3] == 255, valid)
    assert np.array_equal(image[valid][:, :3], decode_tile(pyramid.tile(tile))[valid])


@pytest.mark.parametrize("epsg", CRS)
@pytest.mark.parametrize("side_m", [6.0, 11.0])
def test_things_are_where_they_are_in_every_crs(pyramid, epsg, side_m):
    around = BBox(
        MARK.xmin - side_m / 3, MARK.ymin - side_m / 3, MARK.xmax + side_m / 2, MARK.ymax + side_m / 4
    )
    bbox = transform_bbox(around, L93, epsg)
    size = (240, 200)
    col, row = magenta_centre(drawn(pyramid, bbox, size, epsg)[:, :, :3])
    x, y = transformer(L93, epsg).transform((MARK.xmin + MARK.xmax) / 2, (MARK.ymin + MARK.ymax) / 2)
    assert col == pytest.approx((x - bbox.xmin) / bbox.width * size[0], abs=0.3)
    assert row == pytest.approx((bbox.ymax - y) / bbox.height * size[1], abs=0.3)


@pytest.mark.parametrize("epsg", CRS)
def test_where_there_is_no_data_the_map_is_white_and_transparent(pyramid, epsg):
    bbox = transform_bbox(BBox(GROUND.xmin - 20, GROUND.ymin - 20, GROUND.xmax, GROUND.ymax + 20), L93, epsg)
    image = drawn(pyramid, bbox, (300, 300), epsg)
    assert image.shape == (300, 300, 4)
    nothing = image[:, :, 3] == 0
    assert set(np.unique(image[:, :, 3])) == {0, 255}
    assert (image[nothing] == (255, 255, 255, 0)).all()
    assert 0.6 < nothing.mean() < 0.9
    inside = transform_bbox(HOLE, L93, epsg)
    col = int(((inside.xmin + inside.xmax) / 2 - bbox.xmin) / bbox.width * 300)
    row = int((bbox.ymax - (inside.ymin + inside.ymax) / 2) / bbox.height * 300)
    assert nothing[row, col]


@pytest.mark.parametrize("epsg", CRS)
@pytest.mark.parametrize("scale", [1, 1.6, 7, 40])
def test_smaller_maps_have_the_same_colours(pyramid, epsg, scale):
    inside = BBox(GROUND.xmin + 8, GROUND.ymin + 2, GROUND.xmax - 12, GROUND.ymax - 2)
    bbox = transform_bbox(inside, L93, epsg)
    mean = drawn(pyramid, inside, (400, 320), L93)[:, :, :3].mean(axis=(0, 1))
    image = drawn(pyramid, bbox, (int(400 / scale), int(320 / scale)), epsg)
    assert np.abs(image[image[:, :, -1] > 0][:, :3].mean(axis=0) - mean).max() < 8


@pytest.mark.parametrize(
    ("epsg", "bbox"),
    [
        (4326, BBox(-180, -90, 180, 90)),
        (3857, BBox(-2e7, -2e7, 2e7, 2e7)),
        (2154, BBox(-1e9, -1e9, 1e9, 1e9)),
        (32631, BBox(-1e300, -1e300, 1e300, 1e300)),
    ],
)
@pytest.mark.parametrize("size", [(1, 1), (256, 256), (2000, 1)])
def test_a_map_of_the_world_is_white(pyramid, epsg, bbox, size):
    image = drawn(pyramid, bbox, size, epsg)
    assert image.shape[:2] == size[::-1]
    assert (image == (255, 255, 255, 0)).all()


@pytest.mark.parametrize("epsg", CRS)
@pytest.mark.parametrize("reach", [0.5, 4, 30, 500])
def test_no_slab_is_read_that_is_not_told(pyramid, monkeypatch, epsg, reach):
    asked = set()
    really = pyramid.tile
    monkeypatch.setattr(pyramid, "tile", lambda tile: asked.add(slab_of(tile)[0]) or really(tile))
    around = BBox(GROUND.xmin - reach, GROUND.ymin, GROUND.xmax, GROUND.ymax + reach)
    bbox = transform_bbox(around, L93, epsg)
    drawn(pyramid, bbox, (256, 200), epsg)
    assert asked
    assert asked <= set(slabs_drawn(pyramid, bbox, (256, 200), epsg))


def test_a_map_beside_the_data_is_made_of_nothing(pyramid):
    assert slabs_drawn(pyramid, transform_bbox(BBox(0, 0, 100, 100), L93, 3857), (256, 256), 3857) == ()


def test_a_torn_slab_is_told(tmp_path):
    torn = pyramids(tmp_path)["2024"]
    slab = tmp_path / "PCRS_D046_RVB_2024" / "DATA" / "22"
    file = next(slab.rglob("*.tif"))
    file.write_bytes(file.read_bytes()[:-1000])
    torn.refresh()
    with pytest.raises(StoreError, match="cut short"):
        drawn(torn, GROUND, (800, 400), L93)
