"""Dalles of real pixels, at full size, from delivery to tile."""

import numpy as np
import pytest
import rasterio
import simplejpeg

from pcrs.raster.pyramid import Pyramid
from pcrs.standard.crs import BBox
from pcrs.standard.grid import LAMB93, Tile, tiles_covering
from pcrs.standard.names import DalleName, format_name
from tests.dalles import hm_name, make_dalle, real_5cm_pixels, real_50cm_pixels
from tests.sites import new_site, take

KILOMETRE = DalleName(2025, 576_000, 6_373_000, 1000, "46")
BESIDE = hm_name(577_000, 6_373_000)


@pytest.fixture(scope="module")
def site(shared_data, tmp_path_factory):
    """A 1 km dalle of the real 50 cm ortho moved into the Lot, and one of real 5 cm crops that touches it."""
    folder = tmp_path_factory.mktemp("depot")
    coarse = real_50cm_pixels(shared_data, KILOMETRE.size_px)
    make_dalle(folder / f"{format_name(KILOMETRE)}.tif", KILOMETRE, pixels=coarse, compress="jpeg", tiled=512)
    crops = real_5cm_pixels(shared_data)
    make_dalle(folder / f"{format_name(BESIDE)}.tif", BESIDE, pixels=crops, compress="lzw", tfw=True)
    made = new_site(tmp_path_factory.mktemp("real") / "site")
    delivery, files = take(made, folder)
    assert delivery.state == "publiée"
    assert [f.findings for f in files.values()] == [()] * 3
    return made


def masters(site, box):
    """The masters' own pixels in a box that may cross their edge."""
    picture = np.zeros((round(box.height * 20), round(box.width * 20), 3), np.uint8)
    for name in (KILOMETRE, BESIDE):
        west, east = max(box.xmin, name.bbox.xmin), min(box.xmax, name.bbox.xmax)
        if west >= east:
            continue
        with rasterio.open(site.master("2025", format_name(name))) as master:
            window = rasterio.windows.from_bounds(west, box.ymin, east, box.ymax, master.transform)
            part = np.moveaxis(master.read(window=window.round()), 0, 2)
        first = round((west - box.xmin) * 20)
        picture[:, first : first + part.shape[1]] = part
    return picture


@pytest.mark.slow
@pytest.mark.parametrize("x", [576_300.0, 577_000.0, 577_100.0], ids=["coarse", "across the edge", "crops"])
def test_tiles_are_the_masters_pixels(site, x):
    pyramid = Pyramid(site.pyramids / "PCRS_D046_RVB_2025.json")
    cells = tiles_covering(BBox(x - 0.05, 6_372_900, x + 0.05, 6_372_920), 22)
    for col, row in cells.cells():
        tile = Tile(22, col, row)
        seen = simplejpeg.decode_jpeg(pyramid.tile(tile)).astype(int)
        assert np.abs(seen - masters(site, LAMB93.bbox(tile))).mean() <= 3


@pytest.mark.slow
def test_hot_dalle_and_pyramid_keep_within_the_budget_of_a_square_kilometre(site):
    hot = site.hot("2025", format_name(KILOMETRE)).stat().st_size
    slabs = sum(file.stat().st_size for file in (site.pyramids / "PCRS_D046_RVB_2025").rglob("*.tif"))
    assert hot + slabs <= 200e6 * 1.04
