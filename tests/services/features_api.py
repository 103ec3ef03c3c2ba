"""A small store of features behind the OGC API, for the tests of its services."""

from pathlib import Path
from urllib.parse import urlencode

import pytest
import shapely
from starlette.routing import Mount

from pcrs.raster.mosaic import Mosaic
from pcrs.serve import context, ogcapi
from pcrs.store.geopackage import GeoPackage
from pcrs.work.layers import cnig_layer
from tests.services.asking import PUBLIC, ask_all, served_by

YML = Path(__file__).resolve().parents[2] / "config" / "pygeoapi.yml"
BASE = f"{PUBLIC}/ogcapi"
X, Y = 577_000, 6_372_000
ITEMS = "/ogcapi/collections/LimiteVoiriePCRS/items"
AFFLEURANTS = "/ogcapi/collections/AffleurantPCRS/items"


def kerb(n: int) -> tuple[str, shapely.LineString, dict]:
    """The kerb of that number: 5 m long, one every 100 m on a grid of twenty columns."""
    x, y = X + 100 * (n % 20), Y + 100 * (n // 20)
    values = {"idObjet": f"objet {n}", "producteur": ("Lot", "Régie du Lot", "L'Été")[n % 3]}
    values |= {"dateLeve": f"2024-03-{1 + n % 28:02d}", "epsg_origine": 3945, "pointLeve": [f"#p{n}"]}
    return f"lv.{n}", shapely.LineString([(x, y, 120), (x + 3, y + 4, 120.5)]), values


def api_over(folder: Path, store: GeoPackage, *, extension=None, **changes) -> list[Mount]:
    """The API of that store; `extension` is made of what is served, `changes` are of it."""
    served = served_by(folder, lambda edition: Mosaic([]), store=store, **changes)
    context.use(served)
    extensions = () if extension is None else (extension(served),)
    return [Mount("", app=ogcapi.build(served, YML, extensions=extensions))]


def fill(store: GeoPackage) -> None:
    """120 kerbs, and a cover with its symbol, its outline and its point."""
    names = ("LimiteVoiriePCRS", "AffleurantPCRS", "AffleurantGeometriquePCRS", "AffleurantSymbolePCRS")
    with store.transaction():
        for name in (*names, "AffleurantEnveloppePCRS", "AffleurantPointPCRS", "PointLevePCRS"):
            store.ensure(cnig_layer(name))
        store.put("LimiteVoiriePCRS", map(kerb, range(120)))
        cover = {"reseau": "AEP", "representation": "#g.1", "symbolisation": "s.1", "pointLeve": ["#p.1"]}
        store.put("AffleurantPCRS", [("a.1", None, cover), ("a.2", None, {"representation": "#nowhere"})])
        parts = {"enveloppe": ["#e.1"], "point": ["#pt.1", "#nowhere"]}
        store.put("AffleurantGeometriquePCRS", [("g.1", None, parts)])
        store.put("AffleurantEnveloppePCRS", [("e.1", shapely.box(X, Y, X + 1, Y + 1), {})])
        store.put("AffleurantPointPCRS", [("pt.1", shapely.Point(X, Y, 120), {})])
        store.put("AffleurantSymbolePCRS", [("s.1", shapely.Point(X, Y), {"reference": "01"})])


@pytest.fixture
def store(tmp_path):
    store = GeoPackage(tmp_path / "features.gpkg")
    fill(store)
    yield store
    store.close()


@pytest.fixture
def api(tmp_path, store):
    return api_over(tmp_path, store)


def get(api, path, method="GET", **options):
    return ask_all(api, [path], method, **options)[0]


def told(api, path, **params):
    answer = get(api, path + ("?" + urlencode(params, safe=",:/") if params else ""))
    assert answer.status_code == 200, answer.text
    return answer.json()


def ids(document):
    return [feature["id"] for feature in document["features"]]


def link(document, rel, kind=""):
    """The address of that relation whose media type has `kind` in it."""
    found = (each for each in document["links"] if each["rel"] == rel)
    return next((each["href"] for each in found if kind in each.get("type", "")), None)
