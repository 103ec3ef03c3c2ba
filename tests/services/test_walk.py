"""A collection is walked by its `next` links while deliveries are taken in: every object, each once."""

from uuid import uuid4

import pytest

from pcrs.store.geopackage import GeoPackage
from pcrs.store.postgis import PostGis
from tests.services.asking import PUBLIC
from tests.services.features_api import api_over, told
from tests.walking import NAME, fill, walk_while_delivered

COUNT = 1_200


@pytest.fixture(params=["geopackage", "postgis"])
def store(request, tmp_path):
    if request.param == "geopackage":
        made = GeoPackage(tmp_path / "features.gpkg")
    else:
        made = PostGis(request.getfixturevalue("postgres").url(f"w{uuid4().hex[:12]}"))
    fill(made, COUNT)
    yield made
    made.close()


@pytest.mark.parametrize("how", ["", "&bbox=560000,6360000,580000,6361000&bbox-crs={crs}"])
def test_every_object_is_met_once(store, tmp_path, how):
    api = api_over(tmp_path, store)
    crs = "http://www.opengis.net/def/crs/EPSG/0/2154"
    first = f"/ogcapi/collections/{NAME}/items?limit=60{how.format(crs=crs)}"

    def get(address):
        return told(api, address.removeprefix(PUBLIC))

    walked = walk_while_delivered(store, tmp_path, COUNT, get, first)
    assert walked.pages >= COUNT // 60
    assert walked.deliveries > 0
    assert (walked.twice, walked.missed) == (0, 0)
