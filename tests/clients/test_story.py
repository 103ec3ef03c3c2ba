"""The whole story in a real browser: find, compare, click, measure, choose, ask, fetch, open it with GDAL."""

import json
import re
import shutil
from pathlib import Path

import pytest
import shapely

from pcrs.assembly import load_communes
from pcrs.settings import load
from pcrs.standard.crs import transform_geometry
from tests.browser import chromium, faults, one, ready, texts, until
from tests.clients.conftest import need, run
from tests.clients.test_viewer import COVER, screen
from tests.dalles import hm_name, make_dalle
from tests.services.viewer import GEOD
from tests.serving import serving
from tests.sites import new_site, take

CENTRE = (576_480, 6_372_484)
HASH = "#22/576480.0/6372484.0"
LIMITS = shapely.box(576_460, 6_372_470, 576_500, 6_372_500)


@pytest.fixture(scope="module")
def url(demo_site, tmp_path_factory):
    """The village of the demo with a dalle in two editions, and a commune of 40 m by 30."""
    root = tmp_path_factory.mktemp("story")
    (gml,) = (demo_site / "intermediate" / "vecteur" / "2025").glob("*.gml")
    site = new_site(root / "site")
    for year in (2025, 2026):
        depot = root / str(year)
        name = hm_name(576_400, 6_372_600, year)
        make_dalle(
            depot / f"{year}-05764-63726-LA93-0M05-RVB.tif", name, compress="deflate", tiled=True, seed=year
        )
        if year == 2025:
            shutil.copy(gml, depot)
        take(site, depot, edition=str(year))
    geometry = shapely.geometry.mapping(transform_geometry(LIMITS, 2154, 4326))
    values = {"code_insee": "46999", "nom": "Saint-Fictif-du-Causse"}
    commune = {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "properties": values, "geometry": geometry}],
    }
    (root / "communes.geojson").write_text(json.dumps(commune))
    load_communes(site, load(site.settings_file), root / "communes.geojson")
    with serving(site.root) as address:
        yield address


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with chromium(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened


def opened(browser, url, hash_=HASH):
    browser.get("about:blank")
    browser.get(f"{url}/{hash_}")
    browser.execute_script("localStorage.clear()")
    browser.refresh()
    ready(browser)


def shown(browser, folder, name):
    """A picture of the page, for people to look at."""
    (folder / f"{name}.png").write_bytes(browser.get_screenshot_as_png())


def metres_to_pixels(browser, x, y):
    box = one(browser, "#map").rect
    return (
        int(box["x"] + box["width"] / 2 + (x - CENTRE[0]) / 0.05),
        int(box["y"] + box["height"] / 2 - (y - CENTRE[1]) / 0.05),
    )


def click(browser, x, y, times=1):
    from selenium.webdriver.common.actions.action_builder import ActionBuilder

    mouse = ActionBuilder(browser)
    mouse.pointer_action.move_to_location(*metres_to_pixels(browser, x, y))
    for _ in range(times):
        mouse.pointer_action.click()
    mouse.perform()


def find_the_commune(browser):
    from selenium.webdriver.common.keys import Keys

    one(browser, "#place").send_keys("saint fictif", Keys.ENTER)
    until(lambda: "Saint-Fictif-du-Causse (46999)" in one(browser, "#said").text)


def measure_a_hundred_metres(browser):
    from selenium.webdriver.common.keys import Keys

    from pcrs.standard.crs import transformer

    one(browser, "#use-measure").send_keys(Keys.ENTER)
    lon, lat = transformer(2154, 4171).transform(576_450, 6_372_450)
    end = transformer(4171, 2154).transform(*GEOD.fwd(lon, lat, 50, 100)[:2])
    for x, y in ((576_450, 6_372_450), end):
        one(browser, "#measure-place").send_keys(f"{x:.4f} {y:.4f}", Keys.ENTER)
    one(browser, "#measure-end").send_keys(Keys.ENTER)
    told = dict(zip(*(texts(browser, f"#measure-result {tag}") for tag in ("dt", "dd")), strict=True))
    assert float(told["Longueur au sol"].removesuffix(" m").replace(",", ".")) == pytest.approx(100, abs=0.01)
    one(browser, "#use-measure").send_keys(Keys.ENTER)


def ask_for(browser, *formats):
    """Asks for the chosen area in these formats; waits until the extract is ready; its name."""
    from selenium.webdriver.common.keys import Keys

    until(lambda: texts(browser, "#extract-images label"))
    for name in formats:
        one(browser, f"#extract-{name}").send_keys(Keys.SPACE)
    until(lambda: re.search(r"Environ [\d,]+ (ko|Mo)", one(browser, "#extract-sum").text))
    one(browser, "#extract-ask").send_keys(Keys.ENTER)
    until(lambda: browser.find_elements("css selector", "#jobs li"))


def fetched(browser):
    """The file of the first job, as the browser saved it."""
    link = until(lambda: browser.find_elements("css selector", "#jobs li a[download]"))[0]
    assert "jusqu'au" in texts(browser, "#jobs .state")[0]
    name = link.get_attribute("href").rpartition("/")[2]
    browser.execute_script("arguments[0].scrollIntoView()", link)
    from selenium.webdriver.common.keys import Keys

    link.send_keys(Keys.ENTER)
    file = browser.downloads / name
    until(lambda: file.exists() and not list(browser.downloads.glob("*.crdownload")))
    return file


def told_by_gdal(file: Path, inside: str):
    return json.loads(run(need("gdalinfo"), "-json", f"/vsizip/{file}/{inside}"))


def names_in(file: Path):
    import zipfile

    with zipfile.ZipFile(file) as packed:
        assert packed.testzip() is None
        return packed.namelist()


def test_the_story_with_a_mouse(browser, url, tmp_path):
    opened(browser, url)
    find_the_commune(browser)
    shown(browser, tmp_path, "commune")
    opened(browser, url)
    one(browser, "#use-compare").click()
    until(lambda: one(browser, "[role=slider]").is_displayed())
    one(browser, "#compare-right").send_keys("2025")
    until(lambda: "avec=2025" in browser.current_url)
    shown(browser, tmp_path, "rideau")
    one(browser, "#compare-off").click()
    note = one(browser, "#vector-note")
    until(lambda: "objets" in note.text and "…" not in note.text)
    click(browser, *COVER)
    until(lambda: "Affleurant de réseau" in one(browser, "#picked").text)
    measure_a_hundred_metres(browser)
    one(browser, "#use-basket").click()
    one(browser, "#basket-draw").click()
    for x, y in ((576_475, 6_372_480), (576_485, 6_372_480), (576_485, 6_372_490)):
        click(browser, x, y)
    click(browser, 576_475, 6_372_490, times=2)
    until(lambda: texts(browser, "#basket-facts dd")[:1] == ["1"])
    count, weight, flown = texts(browser, "#basket-facts dd")
    assert (count, weight[-2:]) == ("1", "Mo")
    assert flown
    until(lambda: "zone dessinée" in one(browser, "#extract-area").text)
    ask_for(browser, "tif", "gpkg")
    shown(browser, tmp_path, "demande")
    browser.refresh()
    ready(browser)
    one(browser, "#use-basket").click()
    file = fetched(browser)
    shown(browser, tmp_path, "pret")
    names = names_in(file)
    assert {name.partition("/")[0] for name in names} == {"tif", "gpkg"}
    (image,) = (name for name in names if name.endswith(".tif"))
    told = told_by_gdal(file, image)
    assert told["driverShortName"] == "GTiff"
    assert told["stac"]["proj:epsg"] == 2154
    assert told["size"] == pytest.approx([200, 200], abs=4)
    assert told["geoTransform"][1] == 0.05
    one(browser, "#jobs li button").click()
    until(lambda: not browser.find_elements("css selector", "#jobs li"))
    assert faults(browser) == []


def test_the_story_with_keys_alone(browser, url):
    from selenium.webdriver import ActionChains
    from selenium.webdriver.common.keys import Keys

    opened(browser, url)
    find_the_commune(browser)
    field = one(browser, "#map")
    field.send_keys(Keys.ENTER)
    until(lambda: one(browser, "#picked").text)
    measure_a_hundred_metres(browser)
    one(browser, "#use-compare").send_keys(Keys.ENTER)
    curtain = until(lambda: one(browser, "[role=slider]"))
    curtain.send_keys(Keys.PAGE_DOWN)
    assert curtain.get_attribute("aria-valuenow") != "50"
    one(browser, "#compare-off").send_keys(Keys.ENTER)
    one(browser, "#use-basket").send_keys(Keys.ENTER)
    one(browser, "#basket-commune").send_keys(Keys.ENTER)
    until(lambda: "Saint-Fictif-du-Causse (46999)" in one(browser, "#extract-area").text)
    reached = set()
    one(browser, "#basket-draw").send_keys("")
    browser.execute_script("document.getElementById('basket-draw').focus()")
    for _ in range(40):
        ActionChains(browser).send_keys(Keys.TAB).perform()
        reached.add(browser.switch_to.active_element.get_attribute("id"))
    assert {"basket-commune", "basket-file", "extract-tif", "extract-gpkg", "extract-crs"} <= reached
    one(browser, "#extract-crs").send_keys("CC44")
    ask_for(browser, "tif")
    file = fetched(browser)
    told = told_by_gdal(file, next(name for name in names_in(file) if name.endswith(".tif")))
    assert told["stac"]["proj:epsg"] == 3944
    assert told["size"] == pytest.approx([800, 600], abs=30)
    one(browser, "#jobs li button").send_keys(Keys.ENTER)
    until(lambda: not browser.find_elements("css selector", "#jobs li"))
    assert browser.switch_to.active_element.get_attribute("id") == "basket-title"


def test_on_a_phone_the_card_fits_and_the_extract_comes(browser, url, tmp_path):
    screen(browser, 390, 844, 2, mobile=True)
    opened(browser, url)
    find_the_commune(browser)
    one(browser, "#use-basket").click()
    one(browser, "#basket-commune").click()
    until(lambda: "46999" in one(browser, "#extract-area").text)
    ask_for(browser, "mbtiles")
    shown(browser, tmp_path, "telephone")
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 390
    file = fetched(browser)
    told = told_by_gdal(file, next(name for name in names_in(file) if name.endswith(".mbtiles")))
    assert told["driverShortName"] == "MBTiles"
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert faults(browser) == []
