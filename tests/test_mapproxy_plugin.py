import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import entry_points
from io import BytesIO

import numpy as np
import pytest
from mapproxy.cache.tile import Tile as CacheTile
from mapproxy.config import load_default_config, local_base_config
from mapproxy.config.configuration.base import ConfigurationError
from mapproxy.config.configuration.proxy import ProxyConfiguration
from mapproxy.config.loader import load_plugins
from mapproxy.image.opts import ImageOptions
from mapproxy.query import InfoQuery, MapQuery
from mapproxy.srs import SRS
from PIL import Image

from pcrs.errors import NotFoundError
from pcrs.serve import mapproxy_plugin
from pcrs.serve.mapproxy_plugin import DalleInfo, PcrsSource, PyramidCache
from pcrs.serve.tiles import WHITE
from pcrs.standard.grid import LAMB93, Tile
from tests.pyramids import X, Y
from tests.services.maps import GROUND, MapSite, map_site

INSIDE = (X + 6.0, Y - 16.0, X + 26.0, Y - 6.0)
OPTIONS = ImageOptions(resampling="bicubic", transparent=True)
GRID = {
    "srs": "EPSG:2154",
    "bbox": [0, 1237529.6, 1290240, 12000000],
    "origin": "ul",
    "res": [LAMB93.res(level) for level in range(23)],
}


@pytest.fixture(autouse=True)
def configuration() -> Iterator[None]:
    """What MapProxy has around every request: the base of its configuration, in each thread."""
    with local_base_config(load_default_config()):
        yield


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> MapSite:
    return map_site(tmp_path_factory.mktemp("plugin"))


def configured(cache: dict, grid: dict = GRID) -> ProxyConfiguration:
    """A configuration as someone might write it who knows the plugin from MapProxy alone."""
    return ProxyConfiguration(
        {
            "grids": {"g": dict(grid)},
            "sources": {"s": {"type": "pcrs", "edition": "2024"}},
            "caches": {"c": {"sources": ["s"], "grids": ["g"], "format": "image/jpeg"} | cache},
            "layers": [{"name": "l", "title": "l", "sources": ["c"]}],
            "services": {"wms": {}},
        },
        conf_base_dir="/nowhere",
    )


def test_mapproxy_finds_the_plugin():
    (found,) = [entry for entry in entry_points(group="mapproxy") if entry.name == "pcrs"]
    assert found.load() is mapproxy_plugin
    load_plugins()
    load_plugins()


def test_a_configuration_of_ones_own_works(site):
    load_plugins()
    conf = configured({"cache": {"type": "pcrs", "edition": "2024"}})
    with conf:
        ((_, extent, manager),) = conf.caches["c"].caches()
        tile = manager.load_tile_coord((45001, 439610, 22))
    assert extent.bbox[0] == X
    assert tile.image_result.as_buffer().read() == site.pyramids["2024"].tile(Tile(22, 45001, 439610))


@pytest.mark.parametrize(
    ("cache", "grid"),
    [
        ({"format": "image/png"}, GRID),
        ({}, GRID | {"origin": "ul", "bbox": [0, 6000000, 1300000, 7200000]}),
        ({}, GRID | {"res": GRID["res"][:-1]}),
    ],
)
def test_the_cache_is_for_the_pyramids_grid_and_format(site, cache, grid):
    load_plugins()
    conf = configured({"cache": {"type": "pcrs"}} | cache, grid)
    with conf, pytest.raises(ConfigurationError, match="type pcrs"):
        conf.caches["c"].caches()


def test_the_cache_has_the_bytes_and_stores_nothing(site):
    cache = PyramidCache("2025")
    tile = CacheTile((45001, 439610, 22))
    assert cache.load_tile(tile)
    assert tile.image_result.as_buffer().read() == site.pyramids["2025"].tile(Tile(22, 45001, 439610))
    beside = CacheTile((44000, 439610, 22))
    assert cache.is_cached(beside)
    assert cache.load_tile(beside)
    assert beside.image_result.as_buffer().read() == WHITE
    above = CacheTile((0, 3, 5))
    assert not cache.is_cached(above)
    assert not cache.load_tile(above)
    assert cache.load_tile(CacheTile(None))


def test_the_source_draws_its_own_edition(site):
    query = MapQuery(INSIDE, (400, 200), SRS(2154))
    images = {
        edition: np.asarray(PcrsSource(edition, GROUND, OPTIONS).get_map(query).as_image())
        for edition in (None, "2024", "2025")
    }
    assert np.array_equal(images[None], images["2025"])
    assert not np.array_equal(images[None], images["2024"])
    with pytest.raises(NotFoundError):
        PcrsSource("1999", GROUND, OPTIONS).get_map(query)


def test_threads_draw_the_same(site):
    source = PcrsSource(None, GROUND, OPTIONS)
    query = MapQuery((160495.0, 5534560.0, 160530.0, 5534580.0), (350, 200), SRS(3857))

    def draw(_: int) -> bytes:
        with local_base_config(load_default_config()):
            return source.get_map(query).as_image().tobytes()

    with ThreadPoolExecutor(4) as pool:
        images = list(pool.map(draw, range(12)))
    assert len(set(images)) == 1


def test_png_keeps_what_has_no_data_apart(site):
    answer = site.get("/wmts/PCRS_D046_RVB/2154_5cm/22/45000/439609.png")
    image = np.asarray(Image.open(BytesIO(answer.content)))
    valid = site.pyramids["2025"].mask(Tile(22, 45000, 439609))
    assert np.array_equal(image[:, :, 3] == 255, valid)
    assert len(np.unique(image[valid].reshape(-1, 4), axis=0)) > 256


@pytest.mark.parametrize("srs", [2154, 3857, 4326])
def test_the_dalle_at_a_point_is_named(site, srs):
    bbox = SRS(2154).transform_bbox_to(SRS(srs), tuple(GROUND))
    told = {
        col: DalleInfo(None).get_info(InfoQuery(bbox, (400, 200), SRS(srs), (col, 100), "application/json"))
        for col in (50, 350)
    }
    names = {col: json.loads(doc.as_string())["features"][0]["id"] for col, doc in told.items()}
    assert names == {50: "2024-first", 350: "2025-second"}
