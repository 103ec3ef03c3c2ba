"""A small stock behind the download service, and its feeds."""

import pytest
from lxml import etree
from starlette.routing import Route

from pcrs.raster.mosaic import Mosaic
from pcrs.serve.atom import AtomService
from tests.downloads import dalle_names, stock
from tests.services.asking import PUBLIC, ask, served_by

NS = {
    "a": "http://www.w3.org/2005/Atom",
    "d": "https://data.geopf.fr/annexes/ressources/xsd/gpf_dl.xsd",
    "i": "http://inspire.ec.europa.eu/schemas/inspire_dls/1.0",
    "os": "http://a9.com/-/spec/opensearch/1.1/",
}


RASTER = "PCRS_2-0_RVB-0M05_TIF_LAMB93_D046"
CAPABILITIES = "/telechargement/capabilities"
RESOURCE = "/telechargement/resource/PCRS"
PART = f"{RESOURCE}/{RASTER}_2022"
FILE = "46-2022-0576-6373-LA93-0M05-RVB.tif"
DOWNLOAD = f"/telechargement/download/PCRS/{RASTER}_2022/{FILE}"


def routes(stocked, **changes):
    kept = stocked.shelf()
    served = served_by(stocked.site.root, lambda edition: Mosaic(()), **changes)
    service = AtomService(served, lambda: kept)
    return [Route("/telechargement", service), Route("/telechargement/{path:path}", service)]


@pytest.fixture(scope="module")
def stocked(tmp_path_factory):
    made = stock(tmp_path_factory.mktemp("atom") / "site")
    made.dalles("2022", dalle_names(3, 2022), at="2023-03-01T09:00:00+00:00")
    made.dalles("2025", dalle_names(2, 2025, first=2))
    made.gml("2025", "Cahors & l'été.gml")
    return made


@pytest.fixture(scope="module")
def app(stocked):
    return routes(stocked)


def feed(app, path, **options):
    response = ask(app, path, **options)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/atom+xml"
    return etree.fromstring(response.content)


def every(root, path):
    return [str(found) for found in root.xpath(path, namespaces=NS)]


def inside(address):
    """The path of an address of the service, as the application sees it behind its proxy."""
    assert address.startswith(f"{PUBLIC}/telechargement/")
    return address.removeprefix(PUBLIC)


# ---- documents


LEVELS = [
    CAPABILITIES,
    RESOURCE,
    PART,
    f"{RESOURCE}/{RASTER}",
    "/telechargement/resource/PCRS-VECTEUR",
    "/telechargement/resource/PCRS-VECTEUR/PCRS_2-0_VECTEUR_GML_LAMB93_D046_2025",
]
