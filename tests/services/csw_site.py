"""A catalogue of nine records, one of three hundred, and how its answers are read."""

import pytest
from lxml import etree
from starlette.applications import Starlette

from tests.catalogue import filled, multiplied, served
from tests.services.asking import ask, running

GMD = "http://www.isotc211.org/2005/gmd"
NS = {
    "csw": "http://www.opengis.net/cat/csw/2.0.2",
    "csw30": "http://www.opengis.net/cat/csw/3.0",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dct": "http://purl.org/dc/terms/",
    "gco": "http://www.isotc211.org/2005/gco",
    "gmd": GMD,
    "inspire": "http://inspire.ec.europa.eu/schemas/inspire_ds/1.0",
    "ows": "http://www.opengis.net/ows",
    "ows20": "http://www.opengis.net/ows/2.0",
    "xlink": "http://www.w3.org/1999/xlink",
}
HEAD = (
    'xmlns:csw="http://www.opengis.net/cat/csw/2.0.2" xmlns:ogc="http://www.opengis.net/ogc"'
    ' xmlns:gml="http://www.opengis.net/gml" service="CSW" version="2.0.2"'
)
HEAD3 = (
    'xmlns:csw="http://www.opengis.net/cat/csw/3.0" xmlns:fes="http://www.opengis.net/fes/2.0"'
    ' xmlns:gml="http://www.opengis.net/gml/3.2" service="CSW" version="3.0.0"'
)
MANY = 300
KVP = "service=CSW&version=2.0.2&request="
KVP3 = "service=CSW&version=3.0.0&request="
RECORDS_KVP = f"{KVP}GetRecords&resultType=results&typeNames=csw:Record"


@pytest.fixture(scope="module")
def routes(tmp_path_factory):
    path = tmp_path_factory.mktemp("csw") / "records.db"
    filled(path)
    with served(path) as service:
        yield service.routes()


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """Three hundred records, all inserted at the same moment."""
    path = tmp_path_factory.mktemp("many") / "records.db"
    multiplied(path, MANY)
    with served(path) as service:
        yield service.routes()


def get(routes, query, **options):
    return ask(routes, f"/csw?{query}", **options)


def post(routes, body, media="application/xml", **options):
    return ask(routes, "/csw", "POST", content=body, headers={"Content-Type": media}, **options)


def tree(response):
    return etree.fromstring(response.content)


def results(response):
    return tree(response).find("{*}SearchResults")


def texts(response, path):
    return [str(found) for found in tree(response).xpath(path, namespaces=NS)]


def walk(routes, body, step=None):
    """Every page of a harvest, ended as GeoNetwork and udata end it; (start, results) of each."""
    start = 1
    pages = []
    while True:
        response = post(routes, body.replace("{start}", str(start)))
        assert response.status_code == 200, response.text
        found = results(response)
        pages.append(found)
        following = int(found.get("nextRecord"))
        returned = int(found.get("numberOfRecordsReturned"))
        over = following > int(found.get("numberOfRecordsMatched"))
        if following == 0 or over or returned == 0 or following < start:
            return pages
        start = start + returned if step is None else following


def identifiers(pages):
    path = ".//gmd:MD_Metadata/gmd:fileIdentifier/gco:CharacterString/text()|.//dc:identifier/text()"
    return [str(found) for page in pages for found in page.xpath(path, namespaces=NS)]


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A catalogue that knows its own address on this machine."""
    path = tmp_path_factory.mktemp("live") / "records.db"
    app = Starlette()
    with running(app) as url, served(path, url) as service:
        filled(path, url)
        app.router.routes.extend(service.routes())
        yield f"{url}/csw"
