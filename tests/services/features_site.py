"""A small site of features behind the OGC API, each of its layers there, four with objects."""

import shutil
from pathlib import Path

import pytest
import shapely
from starlette.routing import Mount

from pcrs.raster.mosaic import Mosaic
from pcrs.serve import context, ogcapi
from pcrs.standard.model import CONCRETE
from pcrs.store.geopackage import GeoPackage
from pcrs.work.layers import COMMUNES, DALLES, cnig_layer
from tests.services.asking import PUBLIC, served_by
from tests.services.features_api import BASE, ITEMS, YML, X, Y, get, told

COUNT = 57


def edge(n: int) -> tuple[str, shapely.LineString, dict]:
    """The kerb of that number: 5 m long, one every 100 m on a grid of ten columns."""
    x, y = X + 100 * (n % 10), Y + 100 * (n // 10)
    values = {
        "dateLeve": f"2024-03-{1 + n % 28:02d}",
        "idObjet": f"objet {n}",
        "thematique": "03",
        "producteur": "Régie <du> Lot & Cie" if n % 2 else "Lot",
        "pointLeve": [f"#p{n}", f"#q{n}"],
        "precisionPlanimetrique": "005",
        "epsg_origine": 3945,
        "edition": "2025",
    }
    return f"lv.{n}", shapely.LineString([(x, y, 120), (x + 3, y + 4, 120.5)]), values


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A store of every layer, four of which hold something; each test has a copy."""
    path = tmp_path_factory.mktemp("stores") / "features.gpkg"
    store = GeoPackage(path)
    stem = "46-2025-0577-6373-LA93-0M05-RVB"
    dalle = {"fichier": f"{stem}.tif", "href": f"dalles/2025/{stem}.tif", "octets": 1_234, "edition": "2025"}
    dalle |= {"date_acquisition": "2025-04-12", "precision": "010"}
    commune = shapely.box(X - 5000, Y - 5000, X + 5000, Y + 5000)
    with store.transaction():
        for layer in (DALLES, COMMUNES, *(cnig_layer(model.name) for model in CONCRETE)):
            store.ensure(layer)
        store.put("LimiteVoiriePCRS", map(edge, range(COUNT)))
        store.put("AffleurantPCRS", [("aff.1", None, {"reseau": "AEP", "gestionnaire": "SYDED"})])
        store.put("dalles", [(stem, shapely.box(X, Y, X + 1000, Y + 1000), dalle)])
        store.put("communes", [("46042", commune, {"nom": "Cahors"})])
    store.close()
    return path


@pytest.fixture
def store(filled, tmp_path):
    store = GeoPackage(Path(shutil.copy(filled, tmp_path)))
    yield store
    store.close()


@pytest.fixture
def make(tmp_path, store):
    """Builds the API, over a mosaic or none."""

    def build(mosaic=None, **options):
        served = served_by(tmp_path, lambda edition: mosaic or Mosaic([]), store=store)
        context.use(served)
        return [Mount("", app=ogcapi.build(served, YML, **options))]

    return build


@pytest.fixture
def api(make):
    return make()


def inside(href):
    """The path and query of one of our own addresses."""
    assert href.startswith(BASE), href
    return href.removeprefix(PUBLIC)


def every_page(api, **params):
    """Ids of all the pages, followed by `next`, and what each page says of itself."""
    page = told(api, ITEMS, **params)
    pages = [page]
    while following := [each for each in page["links"] if each["rel"] == "next"]:
        page = get(api, inside(following[0]["href"])).json()
        pages.append(page)
    return [feature["id"] for page in pages for feature in page["features"]], pages
