"""Two dalles behind the coverage, one of them with a hole where it is wanted, and requests to it."""

import pytest
import rasterio

from pcrs.serve import coverage
from tests.services.asking import X, Y, ask, served_by, small_mosaic

PATH = "/collections/ortho/coverage"
L93_BOX = f"bbox={X + 5},{Y - 10},{X + 15},{Y - 5}&bbox-crs=EPSG:2154"


@pytest.fixture(scope="module")
def mosaic(tmp_path_factory):
    return small_mosaic(tmp_path_factory.mktemp("dalles"))


@pytest.fixture(scope="module")
def holed(tmp_path_factory):
    return small_mosaic(tmp_path_factory.mktemp("holed"), hole=True)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return tmp_path_factory.mktemp("site")


@pytest.fixture(scope="module")
def app(site, mosaic):
    return coverage.routes(served_by(site, lambda edition: mosaic))


def get(app, query, **options):
    return ask(app, f"{PATH}?{query}", **options)


def opened(response):
    assert response.status_code == 200, response.text
    return rasterio.MemoryFile(response.content).open()
