from pathlib import Path

import pytest
from mapproxy.config.spec import validate_options
from mapproxy.config.validator import validate

from pcrs.errors import InputError
from pcrs.serve.coverage_syntax import FRAMES
from pcrs.serve.map_layers import map_layers
from pcrs.serve.mapproxy_config import configuration, load_base, tile_layer, wms_limits
from pcrs.serve.mapproxy_plugin import plugin_entrypoint
from pcrs.standard.grid import LAMB93, Cells
from pcrs.work.site import edition_name
from tests.services.asking import PUBLIC, attributes, served_by
from tests.services.maps import CONFIGURATION

BASE = load_base(CONFIGURATION)
LEVELS = {22: Cells(45000, 439609, 45003, 439610)}


@pytest.fixture
def conf() -> dict:
    served = served_by(
        Path("/nowhere"),
        lambda edition: None,
        pyramid=lambda edition: attributes(levels=LEVELS),
        operator="A & B",
    )
    return configuration(BASE, served, map_layers(served).values())


def test_mapproxy_finds_nothing_to_say(conf):
    plugin_entrypoint()
    assert validate_options(conf) == ([], True)
    assert validate(conf) == []


def test_the_part_in_the_repository_stays_as_it_is(conf):
    assert conf["services"]["wms"]["md"]
    assert "md" not in BASE["services"]["wms"]
    assert "layers" not in BASE


def test_the_grid_is_ours():
    grid = BASE["grids"][LAMB93.id]
    assert grid["res"] == pytest.approx([LAMB93.res(level) for level in range(23)], rel=1e-12)
    assert (grid["bbox"][0], grid["bbox"][3]) == (LAMB93.origin_x, LAMB93.origin_y)


def test_an_edition_is_a_layer_with_its_own_pyramid(conf):
    assert conf["sources"]["PCRS_D046_RVB_2022_source"]["edition"] == "2022"
    assert "edition" not in conf["sources"]["PCRS_D046_RVB_source"]
    assert conf["caches"]["PCRS_D046_RVB_2022_jpeg_2154_5cm"]["cache"] == {"type": "pcrs", "edition": "2022"}


def test_nothing_that_is_drawn_is_stored(conf):
    stored = [name for name, cache in conf["caches"].items() if not cache.get("disable_storage")]
    assert all(conf["caches"][name]["cache"]["type"] == "pcrs" for name in stored)


def test_wms_clients_see_one_layer_for_jpeg_and_png(conf):
    drawn = [layer["name"] for layer in conf["layers"][0]["layers"] if "sources" in layer]
    assert drawn == ["PCRS_D046_RVB", "PCRS_D046_RVB_2025", "PCRS_D046_RVB_2022"]


def test_texts_are_ready_for_xml_and_name_no_path(conf):
    assert conf["services"]["wms"]["md"]["contact"]["organization"] == "A &amp; B"
    assert conf["services"]["wms"]["md"]["online_resource"] == PUBLIC
    assert "/nowhere" not in str(conf)


def test_limits_are_those_of_the_file():
    limits = wms_limits(BASE)
    assert {"CRS:84", "EPSG:32631", *(f"EPSG:{frame.epsg}" for frame in FRAMES)} <= set(limits.crs)
    assert limits.max_pixels == 4096 * 2160


def test_png_tiles_have_a_name_that_no_edition_can_have():
    layer = attributes(name="PCRS_D046_RVB")
    assert tile_layer(layer, "jpeg") == "PCRS_D046_RVB"
    name = tile_layer(layer, "png")
    with pytest.raises(InputError):
        edition_name(name.removeprefix("PCRS_D046_RVB"))
