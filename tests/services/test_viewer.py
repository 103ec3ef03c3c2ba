"""What the map does in a browser, by pointer and by keyboard."""

import io
import json
from contextlib import contextmanager

import pytest
from selenium.webdriver.common.keys import Keys
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from pcrs.serve.portal.plans import Plans
from pcrs.standard.crs import transformer
from tests.browser import faults, one, ready, texts, until
from tests.portal_site import listening
from tests.services.viewer import GEOD
from tests.services.viewer import browser as browser
from tests.services.viewer import page as page
from tests.services.viewer import site as site
from tests.services.viewer import url as url

pytestmark = pytest.mark.clients


# ---- editions


def pixel(browser, share):
    """The colour of the map at a share of its width, at a quarter of its height."""
    from PIL import Image

    with Image.open(io.BytesIO(one(browser, "#map").screenshot_as_png)) as shot:
        return shot.convert("RGB").getpixel((int(shot.width * share), shot.height * 3 // 4))


def reddish(colour):
    return colour[0] > colour[1] + 40


def test_two_editions_hang_side_by_side_and_the_curtain_is_drawn_by_arrows(page):
    browser = page("#17/577000/6372500&couches=-dalles,-vector,imagery")
    one(browser, "#use-compare").click()
    until(lambda: one(browser, "[role=slider]").is_displayed())
    one(browser, "#compare-right").send_keys("2022")
    until(lambda: reddish(pixel(browser, 0.58)))
    assert not reddish(pixel(browser, 0.42))
    curtain = one(browser, "[role=slider]")
    curtain.send_keys(*[Keys.PAGE_DOWN] * 2)
    assert curtain.get_attribute("aria-valuenow") == "30"
    until(lambda: reddish(pixel(browser, 0.42)))
    until(lambda: "avec=2022&rideau=30" in browser.current_url)
    browser.refresh()
    ready(browser)
    until(lambda: reddish(pixel(browser, 0.42)))
    assert not reddish(pixel(browser, 0.2))
    one(browser, "#use-compare").click()
    one(browser, "#compare-off").click()
    until(lambda: not reddish(pixel(browser, 0.58)))


def test_an_edition_is_chosen_by_list(page):
    browser = page("#17/577000/6372500&couches=-dalles,-vector,imagery")
    one(browser, "#edition").send_keys("2022")
    until(lambda: reddish(pixel(browser, 0.5)))
    until(lambda: "edition=2022" in browser.current_url)


# ---- places


def test_a_commune_is_found_from_the_keyboard_without_accents(page):
    browser = page()
    field = one(browser, "#place")
    field.click()
    field.send_keys("st cirq l'egl")
    until(lambda: texts(browser, "#places li") == ["Saint-Cirq-l'Église\nCommune · 46083"])
    assert field.get_attribute("aria-expanded") == "true"
    field.send_keys(Keys.ARROW_DOWN)
    assert field.get_attribute("aria-activedescendant") == "place-0"
    field.send_keys(Keys.ENTER)
    until(lambda: "/576550.0/6372550.0" in browser.current_url)
    field.clear()
    field.send_keys("46083", Keys.ENTER)
    until(lambda: "Saint-Cirq-l'Église (46083)" in one(browser, "#said").text)


def test_positions_under_the_pointer_are_told_in_a_system_of_choice(page):
    browser = page()
    one(browser, "#system").send_keys("CC44")
    until(lambda: "crs=EPSG:3944" in browser.current_url)
    east, north = transformer(2154, 3944).transform(577_000, 6_372_500)
    shown = one(browser, "#chosen").text.replace("\u202f", "").split()
    assert [float(shown[at].replace(",", ".")) for at in (1, 3)] == pytest.approx([east, north], abs=0.006)


# ---- objects and dalles


def test_an_object_is_told_in_words_of_the_schema(page):
    browser = page()
    one(browser, "#map").send_keys(Keys.ENTER)
    card = one(browser, "#picked")
    until(lambda: "Titre de FacadePCRS" in card.text)
    for words in ("Organisme producteur\nGéomètre", "Thématique\nBâti (02)", "Date de levé\n18 juin 2025"):
        assert words in card.text
    lons, lats = transformer(2154, 4171).transform([576_990, 577_010], [6_372_500, 6_372_500])
    assert f"{GEOD.line_length(lons, lats):.2f} m".replace(".", ",") in card.text


def test_dalles_are_coloured_with_a_legend_that_counts(page):
    browser = page("#17/577000/6372500")
    one(browser, "#dalles-colour").send_keys("Classe")
    until(lambda: texts(browser, "#dalles-legend li") == ["de 5 à 10 cm – 2 dalles"])
    until(lambda: "couleur=precision" in browser.current_url)


# ---- layers, and what is added


def test_layers_are_ordered_and_paled_from_the_keyboard_and_the_address_keeps_it(page):
    browser = page()
    one(browser, "#layer-imagery .up").send_keys(Keys.ENTER)
    assert "position 2 sur 3" in one(browser, "#layers-said").get_attribute("textContent")
    one(browser, "#imagery-opacity").send_keys(*[Keys.ARROW_LEFT] * 4)
    until(lambda: "couches=dalles,imagery:80,vector" in browser.current_url)
    browser.refresh()
    ready(browser)
    order = [each.get_attribute("id") for each in browser.find_elements("css selector", "#layers > li")]
    assert order == ["layer-dalles", "layer-imagery", "layer-vector"]
    assert one(browser, "#imagery-opacity").get_attribute("value") == "80"


POINT = {"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [1.45, 44.44]}}
GEOJSON = {"type": "FeatureCollection", "features": [POINT]}


@contextmanager
def elsewhere(headers):
    """Another site with a GeoJSON, with these headers."""
    answer = Route("/prefix/points.geojson", lambda request: JSONResponse(GEOJSON, headers=headers))
    with listening(Starlette(routes=[answer])) as address:
        yield f"{address}points.geojson"


def add(browser, address):
    if not one(browser, "#add-url").is_displayed():
        one(browser, "#add-box summary").click()
    one(browser, "#add-type").send_keys("GeoJSON")
    one(browser, "#add-url").clear()
    one(browser, "#add-url").send_keys(address, Keys.ENTER)


def test_a_geojson_of_another_site_is_added_kept_in_the_address_and_taken_away(page):
    browser = page()
    with elsewhere({"Access-Control-Allow-Origin": "*"}) as address:
        add(browser, address)
        until(lambda: "points.geojson" in one(browser, "#layers").text)
        until(lambda: "ajout=" in browser.current_url)
        browser.refresh()
        ready(browser)
        until(lambda: "points.geojson" in one(browser, "#layers").text)
        one(browser, "#layers li:first-child [aria-label^=Retirer]").click()
        until(lambda: "ajout=" not in browser.current_url)


def test_a_site_that_lets_nobody_read_it_is_told_in_words(browser, page):
    with elsewhere({}) as address:
        page()
        add(browser, address)
        until(lambda: "CORS" in one(browser, "#add-note").text)
    add(browser, "ftp://example.org/x")
    until(lambda: "https://" in one(browser, "#add-note").text)
    refused = faults(browser)
    assert refused
    assert all("CORS" in fault["message"] or "ERR_FAILED" in fault["message"] for fault in refused)


def test_a_map_is_saved_as_a_file_and_opened_again(page, tmp_path):
    browser = page()
    (tmp_path / "piquets.geojson").write_text(json.dumps(GEOJSON))
    one(browser, "#add-box summary").click()
    one(browser, "#add-file").send_keys(str(tmp_path / "piquets.geojson"))
    until(lambda: "piquets.geojson" in one(browser, "#layers").text)
    one(browser, "#use-share").click()
    shown = one(browser, "#share-address").get_attribute("value")
    assert shown.startswith(browser.current_url.split("#")[0] + "#")
    one(browser, "#share-title").send_keys("Chantier d'été")
    one(browser, "#share-save").click()
    file = browser.downloads / "Chantier-d-ete.carte.json"
    until(file.exists)
    saved = json.loads(file.read_text())
    (feature,) = saved["layers"][0]["geojson"]["features"]
    assert feature["geometry"]["coordinates"] == pytest.approx([1.45, 44.44])
    page("#17/576100/6372100")
    one(browser, "#use-share").click()
    one(browser, "#share-open").send_keys(str(file))
    until(lambda: "piquets.geojson" in one(browser, "#layers").text)
    until(lambda: saved["state"].split("&")[0] in browser.current_url)


# ---- downloads


def test_dalles_are_chosen_by_key_by_commune_and_by_polygon_and_their_addresses_saved(page, tmp_path):
    browser = page("#17/576500/6372500")
    until(lambda: browser.find_elements("css selector", "#dalles-list li, .found button"))
    one(browser, "#use-basket").click()
    one(browser, "#map").send_keys(Keys.ENTER)
    until(lambda: texts(browser, "#basket-facts dd") == ["1", "98,8 Mo", "12 juin 2025"])
    one(browser, "#map").send_keys(Keys.ENTER)
    until(lambda: one(browser, "#basket-note").text == "Aucune dalle choisie.")
    one(browser, "#place").send_keys("46083", Keys.ENTER)
    until(lambda: "Saint-Cirq" in one(browser, "#said").text)
    one(browser, "#basket-commune").click()
    until(lambda: texts(browser, "#basket-files a") == ["46-2025-0576-6373-LA93-0M05-RVB.tif"])
    xs, ys = [576_900, 577_100, 577_100, 576_900], [6_372_400, 6_372_400, 6_372_450, 6_372_400]
    ring = list(zip(*transformer(2154, 4171).transform(xs, ys), strict=True))
    polygon = {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    (tmp_path / "zone.geojson").write_text(json.dumps(polygon))
    one(browser, "#basket-file").send_keys(str(tmp_path / "zone.geojson"))
    until(lambda: texts(browser, "#basket-facts dd") == ["2", "197,5 Mo", "12 juin 2025"])
    one(browser, "#basket-list").click()
    file = browser.downloads / "dalles-pcrs.txt"
    until(file.exists)
    names = [line.rpartition("/")[2] for line in file.read_text().splitlines()]
    assert names == [f"46-2025-{x}-6373-LA93-0M05-RVB.tif" for x in ("0576", "0577")]
    one(browser, "#basket-clear").click()
    assert texts(browser, "#basket-files a") == []


def test_an_area_for_dalles_is_drawn_from_the_keyboard(page):
    browser = page("#19/576990/6372500")
    one(browser, "#use-basket").click()
    one(browser, "#basket-draw").send_keys(Keys.ENTER)
    field = one(browser, "#map")
    for key in (Keys.ARROW_RIGHT, Keys.ARROW_DOWN, Keys.ARROW_LEFT):
        before = browser.execute_script("return document.querySelector('#l93').textContent")
        field.send_keys(Keys.ENTER)
        field.send_keys(key)
        until(lambda before=before: one(browser, "#l93").get_attribute("textContent") != before)
    field.send_keys(Keys.SHIFT + Keys.ENTER)
    until(lambda: texts(browser, "#basket-facts dd")[:1] == ["2"])


def test_an_extract_is_asked_for_followed_over_a_reload_and_given_up_by_keys(page, site):
    browser = page("#17/576500/6372500")
    browser.execute_script("localStorage.clear()")
    one(browser, "#place").send_keys("46083", Keys.ENTER)
    until(lambda: "Saint-Cirq" in one(browser, "#said").text)
    one(browser, "#use-basket").send_keys(Keys.ENTER)
    assert not one(browser, "#extract-box").is_displayed()
    one(browser, "#basket-commune").send_keys(Keys.ENTER)
    until(
        lambda: "Saint-Cirq-l'Église (46083) : 1 000 m², 1 objet" in plain(one(browser, "#extract-area").text)
    )
    labels = texts(browser, "#extract-form .formats label")
    assert [plain(label) for label in labels] == ["GeoTIFF (COG)\n≈ 2,5 Mo", "GeoPackage\n≈ 120 ko"]
    assert not one(browser, "#extract-ask").is_enabled()
    for name in ("tif", "gpkg"):
        one(browser, f"#extract-{name}").send_keys(Keys.SPACE)
    until(lambda: "2,6 Mo" in plain(one(browser, "#extract-sum").text))
    one(browser, "#extract-crs").send_keys("CC44")
    assert not one(browser, "#extract-mail").is_displayed()  # letters are for those who entered
    one(browser, "#extract-ask").send_keys(Keys.ENTER)
    until(lambda: site.processes.asked)
    asked = {"commune": "46083", "formats": ["tif", "gpkg"], "epsg": 3944, "decoupe": False}
    assert site.processes.asked == [asked]
    site.processes.state = {"status": "running", "progress": 40, "message": "tif : image"}
    until(lambda: "40 % · tif : image" in plain(one(browser, "#jobs").text))
    assert one(browser, "#jobs progress").get_attribute("value") == "40"
    browser.refresh()
    ready(browser)
    one(browser, "#use-basket").send_keys(Keys.ENTER)
    until(lambda: "40 %" in plain(one(browser, "#jobs").text))
    site.processes.state = {"status": "successful", "progress": 100, "expires": "2026-12-01T10:00:00.000Z"}
    link = until(lambda: browser.find_elements("css selector", "#jobs a[download]"))[0]
    assert link.get_attribute("href").endswith("/prefix/ogcapi/jobs/job-1/results/extrait/zone.zip")
    assert plain(link.text) == "Télécharger (2,6 Mo)"
    assert "jusqu'au 1 décembre 2026" in one(browser, "#jobs").text
    assert "Prêt" in one(browser, "#jobs-said").get_attribute("textContent")
    one(browser, "#jobs button").send_keys(Keys.ENTER)
    until(lambda: not one(browser, "#jobs-box").is_displayed())
    assert site.processes.dismissed == ["job-1"]


def plain(words):
    """With ordinary spaces."""
    return words.replace("\u202f", " ").replace("\xa0", " ")


def test_an_extract_of_dalles_is_of_their_squares_and_a_refusal_is_told(page, site, tmp_path):
    browser = page("#17/576500/6372500")
    browser.execute_script("localStorage.clear()")
    one(browser, "#use-basket").click()
    one(browser, "#map").send_keys(Keys.ENTER)
    until(lambda: texts(browser, "#extract-images label"))
    one(browser, "#extract-tif").click()
    before = len(site.processes.asked)
    one(browser, "#extract-ask").click()
    until(lambda: len(site.processes.asked) > before)
    (ring,) = site.processes.asked[-1]["polygone"]["coordinates"][0]
    assert site.processes.asked[-1]["polygone_epsg"] == 2154
    assert {tuple(place) for place in ring} == {
        (x, y) for x in (576_000.01, 576_999.99) for y in (6_372_000.01, 6_372_999.99)
    }
    (tmp_path / "zone.zip").write_bytes(b"PK\x03\x04 damaged")
    one(browser, "#basket-file").send_keys(str(tmp_path / "zone.zip"))
    until(lambda: "Fichier refusé. ZIP endommagé" in one(browser, "#basket-note").text)
    assert "400" in faults(browser)[0]["message"]
    browser.execute_script("localStorage.clear()")


# ---- paper


def test_the_frame_and_the_request_of_a_plan_are_those_of_the_sheet(page, monkeypatch):
    asked = []
    monkeypatch.setattr(Plans, "made", lambda self, params, today: asked.append(dict(params)) or b"%PDF-1.4")
    browser = page()
    one(browser, "#use-print").click()
    one(browser, "#print-scale").send_keys("1/200")
    one(browser, "#print-title").send_keys("Place")
    one(browser, "#print-make").click()
    until(lambda: one(browser, "#print-note").text == "Le plan est téléchargé.")
    assert asked[0] == {
        "x": "577000.00", "y": "6372500.00", "echelle": "200", "format": "A4", "orientation": "paysage",
        "titre": "Place", "image": "oui", "objets": "oui",
    }  # fmt: skip
    until(lambda: list(browser.downloads.glob("Place-1-200.pdf")))


# ---- streams


def test_the_page_of_streams_has_addresses_and_steps_in_both_languages(browser, url):
    browser.get(f"{url}flux")
    ready(browser)
    assert len(browser.find_elements("css selector", "#services input")) == 5
    guides = {each.get_attribute("id") for each in browser.find_elements("css selector", ".guide")}
    assert {"qgis", "arcgis", "autocad", "covadis"} <= guides
    assert "PCRS_D046_RVB" in one(browser, "#qgis").text
    one(browser, "[data-language=en]").click()
    assert one(browser, "h1").text == "The PCRS in your software"
    one(browser, "[data-language=fr]").click()
    assert faults(browser) == []
