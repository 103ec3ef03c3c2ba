"""The two GeoJSON of the national catalogue, beside what its scanner finds in the listing."""

import json
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import unquote, urljoin

import pytest
import shapely
from lxml import html
from shapely.geometry import shape

from pcrs.raster.mosaic import Mosaic
from pcrs.serve import listing, national
from pcrs.standard.crs import L93, transform_geometry
from tests.downloads import X, Y, dalle_names, stock
from tests.services.asking import PUBLIC, ask, served_by

LIVRABLES, DALLES = "/data/stockages/livrables.geojson", "/data/stockages/dalles.geojson"
IMAGES = (".jp2", ".tif", ".tiff", ".geotif", ".geotiff")


@pytest.fixture(scope="module")
def stocked(tmp_path_factory):
    made = stock(tmp_path_factory.mktemp("national") / "site")
    made.dalles("2022", dalle_names(3, 2022), at="2023-03-01T09:00:00+00:00")
    made.dalles("2025", dalle_names(2, 2025, first=2))
    made.gml("2025", "lot.gml", epsg=(3945,))
    return made


def routes(stocked, **changes):
    kept = stocked.shelf()
    served = served_by(stocked.site.root, lambda edition: Mosaic(()), **changes)
    return [*national.routes(served, lambda: kept), *listing.routes(stocked.site.root, PUBLIC)]


@pytest.fixture(scope="module")
def app(stocked):
    return routes(stocked, licence_url="https://www.etalab.gouv.fr/licence-ouverte-open-licence/")


def features(app, path):
    response = ask(app, path)
    assert response.headers["content-type"] == "application/geo+json"
    body = response.json()
    assert body["type"] == "FeatureCollection"
    return body["features"]


def scanned(app, address="/listing/"):
    """The tree of pcrs-scanner: titles, relative links, HEAD for each file, eight requests at once."""
    page = html.fromstring(ask(app, address).text)
    assert page.findtext(".//title").strip().startswith(("Index of", "Directory of", "Listing of"))
    links = [a.get("href") for a in page.iter("a")]
    links = [link for link in links if link not in ("./", ".", "../", "..") and not link.startswith("?")]
    files = [urljoin(address, link) for link in links if not link.endswith("/")]
    with ThreadPoolExecutor(8) as hands:
        heads = hands.map(lambda path: ask(app, path, "HEAD"), files)
        for path, head in zip(files, heads, strict=True):
            told = head.headers
            yield unquote(path), (int(told["content-length"]), told["last-modified"], told["etag"])
    for link in links:
        if link.endswith("/"):
            yield from scanned(app, urljoin(address, link))


def test_the_dalles_are_those_that_the_scanner_finds(app):
    found = dict(scanned(app))
    images = {path: told for path, told in found.items() if path.lower().endswith(IMAGES)}
    told = {f["properties"]["url"].removeprefix(PUBLIC): f["properties"] for f in features(app, DALLES)}
    assert told.keys() == images.keys()
    assert {path: p["tailleFichier"] for path, p in told.items()} == {
        p: size for p, (size, *_) in images.items()
    }
    assert {p["nomImage"] for p in told.values()} == {path.rsplit("/", 1)[1] for path in images}


def test_a_second_scan_sees_no_change(app):
    assert dict(scanned(app)) == dict(scanned(app))


def test_a_dalle_has_the_fields_of_the_catalogue(app):
    first = features(app, DALLES)[0]
    assert list(first["properties"]) == [
        "dateAcquisition", "dateRecette", "descriptionElementsQualite", "idPCRS", "nomImage",
        "precisionplanimetriqueCorpsdeRue", "precisionplanimetriqueZonesNaturelles", "resolution",
        "typeImage",
        "producteur", "licence", "tailleFichier", "tailleImage", "compression", "epsg", "bandes", "open",
        "focale", "url",
    ]  # fmt: skip
    told = first["properties"]
    assert told["dateAcquisition"] == "2025-06-15"
    assert told["dateRecette"] == "2026-03-01"
    assert (told["resolution"], told["tailleImage"], told["epsg"]) == (5, "20000x20000", "EPSG:2154")
    assert (told["licence"], told["typeImage"]) == ("ouvert_lo", "image/tiff")
    ring = first["geometry"]["coordinates"][0]
    assert ring[0] == ring[-1]
    assert len(ring) == 5
    on_the_ground = transform_geometry(shape(first["geometry"]), 4326, L93)
    assert on_the_ground.hausdorff_distance(shapely.box(X + 2000, Y - 1000, X + 3000, Y)) < 0.2


def test_a_deliverable_per_edition_and_encoding(app):
    found = {f["properties"]["nom"]: f for f in features(app, LIVRABLES)}
    assert list(found) == [
        "PCRS_2-0_RVB-0M05_TIF_LAMB93_D046_2025",
        "PCRS_2-0_RVB-0M05_TIF_LAMB93_D046_2022",
        "PCRS_2-0_VECTEUR_GML_CC45_D046_2025",
    ]
    old = found["PCRS_2-0_RVB-0M05_TIF_LAMB93_D046_2022"]
    assert list(old["properties"])[:17] == [
        "initiative", "dateActualite", "calendrier", "nom", "format", "compression", "epsg", "taille",
        "recouvrLat", "recouvrLon", "focale", "licence", "subventions", "acteurs", "diffusion",
        "diffusionUrl", "diffusionLayer",
    ]  # fmt: skip
    told = old["properties"]
    assert (told["dateActualite"], told["calendrier"], told["format"]) == ("2023-03-01", "01", "image/tiff")
    assert (told["diffusion"], told["diffusionLayer"]) == ("wmts", "PCRS_D046_RVB_2022")
    assert told["diffusionUrl"].startswith(f"{PUBLIC}/wmts?")
    sizes = [
        f["properties"]["tailleFichier"] for f in features(app, DALLES) if "2022" in f["properties"]["url"]
    ]
    assert told["taille"] == sum(sizes)
    outline = transform_geometry(shape(old["geometry"]), 4326, L93)
    assert outline.is_valid
    assert outline.symmetric_difference(shapely.box(X, Y - 1000, X + 3000, Y)).area < 2000
    vector = found["PCRS_2-0_VECTEUR_GML_CC45_D046_2025"]["properties"]
    assert (vector["format"], vector["epsg"], vector["diffusion"]) == (
        "application/gml+xml",
        "EPSG:3945",
        None,
    )


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("https://opendatacommons.org/licenses/odbl/", "ouvert_odbl"),
        ("https://www.etalab.gouv.fr/wp-content/licence-ouverte.pdf", "ouvert_lo"),
        ("https://example.fr/ours", None),
    ],
)
def test_licences_have_the_codes_of_the_catalogue(stocked, url, code):
    assert {f["properties"]["licence"] for f in features(routes(stocked, licence_url=url), DALLES)} == {code}


def test_both_paths_and_no_other(app):
    assert ask(app, "/stockages/dalles.geojson").content == ask(app, DALLES).content
    response = ask(app, "/data/stockages/projets.geojson")
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"


def test_it_is_sent_once_and_small(app):
    first = ask(app, DALLES)
    assert first.headers["content-encoding"] == "gzip"
    plain = ask(app, DALLES, headers={"accept-encoding": "identity"})
    assert plain.content == first.content
    assert "content-encoding" not in plain.headers
    assert plain.headers["etag"] != first.headers["etag"]
    again = ask(app, DALLES, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_nothing_accepted_is_an_empty_collection(tmp_path):
    empty = routes(stock(tmp_path / "site"))
    for path in (LIVRABLES, DALLES):
        assert json.loads(ask(empty, path).text) == {"type": "FeatureCollection", "features": []}
