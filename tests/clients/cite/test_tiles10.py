"""OGC's conformance tests of API Tiles 1.0, over a small site of maps behind a real server."""

from collections import Counter

import pytest
from starlette.routing import Mount

from pcrs.raster.mosaic import Mosaic
from pcrs.serve import context, ogcapi, ogcapi_maps
from pcrs.serve.ogcapi_tilesets import TILE_SETS, TILES_PATH, limits
from pcrs.standard.grid import PM
from tests.clients.cite.testng import Suite
from tests.pyramids import source
from tests.services.asking import running
from tests.services.features_api import YML
from tests.services.maps import map_site

PACKAGE = "org/opengis/cite/ogcapitiles10"


@pytest.fixture(scope="module")
def suite(tmp_path_factory):
    return Suite.compiled("ets-ogcapi-tiles10", PACKAGE, tmp_path_factory.mktemp("classes"))


@pytest.fixture(scope="module")
def served_there(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiles")

    async def late(scope, receive, send):
        await served[0](scope, receive, send)

    served = []
    with running(late) as url:
        mosaic = Mosaic([source(folder, 0, 0), source(folder, 1, 0)])
        site = map_site(folder, public_url=url, mosaic=lambda edition: mosaic)
        context.use(site.served)
        maps = ogcapi_maps.extension(site.served, site.service)
        served.append(Mount("", app=ogcapi.build(site.served, YML, extensions=(maps,))).app)
        yield site, f"{url}/ogcapi"
        site.service.close()


def test_every_test_of_the_suite_passes_but_for_whole_datasets(suite, served_there, tmp_path):
    site, address = served_there
    level = 18
    cells = limits(site.service.layers()["PCRS_D046_RVB"], PM)[level]
    quad = "WebMercatorQuad"
    found = suite.verdicts(
        tmp_path,
        iut=f"{address}/",
        tilematrixsetdefinitionuri=TILE_SETS[quad].registered,
        urltemplatefortiles=f"{address}{TILES_PATH}/{quad}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}?f=jpeg",
        tilematrix=str(level),
        mintilerow=str(cells.min_row),
        maxtilerow=str(cells.max_row),
        mintilecol=str(cells.min_col),
        maxtilecol=str(cells.max_col),
    )
    told = Counter(verdict.partition(" ")[0] for verdict in found.values())
    assert {key: verdict for key, verdict in found.items() if verdict.startswith("FAIL")} == {}
    assert told == {"PASS": 15, "SKIP": 1}, found
