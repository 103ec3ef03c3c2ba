import json

import pytest
import rasterio

from tests.bench.portal import WATCH, visit
from tests.browser import chromium, faults, one, until


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with chromium(tmp_path_factory.mktemp("chromium"), logs=("browser", "performance")) as opened:
        yield opened


def requested(browser):
    """Addresses that the page asked for, with the status of each answer."""
    events = (json.loads(entry["message"])["message"] for entry in browser.get_log("performance"))
    answers = (e["params"]["response"] for e in events if e["method"] == "Network.responseReceived")
    shown = [(answer["url"], answer["status"]) for answer in answers]
    return [(url, status) for url, status in shown if not url.startswith("chrome")]


@pytest.fixture(scope="module")
def page(browser, demo_url):
    """The portal, opened once; every address that it asked for."""
    browser.get(f"{demo_url}/")
    seen = []

    def tiles():
        seen.extend(requested(browser))
        return sum("/wmts" in url and status == 200 for url, status in seen) >= 4

    until(tiles)
    return browser, seen


def test_the_portal_shows_imagery(page, tmp_path):
    from PIL import Image

    browser, _ = page
    shot = tmp_path / "portal.png"

    def drawn():
        one(browser, "canvas").screenshot(str(shot))
        with Image.open(shot) as image:
            return len(image.convert("RGB").getcolors(image.width * image.height)) > 5000

    until(drawn)


def test_the_portal_asks_nobody_else_and_nothing_fails(page, demo_url):
    browser, seen = page
    seen.extend(requested(browser))
    assert [url for url, _ in seen if not url.startswith((demo_url, "data:", "blob:"))] == []
    assert [(url, status) for url, status in seen if status >= 400] == []


def test_a_dalle_is_downloaded_from_the_portal(page, demo_url, a_dalle):
    browser, _ = page
    browser.get(f"{demo_url}/#dalle={a_dalle}")
    browser.refresh()
    link = until(lambda: browser.find_elements("css selector", f"a[href$='{a_dalle}.tif'][download]"))[0]
    until(link.is_displayed)
    link.click()
    file = browser.downloads / f"{a_dalle}.tif"
    until(lambda: file.exists() and not list(browser.downloads.glob("*.crdownload")))
    with rasterio.open(file) as dalle:
        assert (dalle.width, dalle.crs.to_epsg()) == (4000, 2154)


def test_no_console_error(page):
    browser, _ = page
    assert faults(browser) == []


def test_the_first_visit_and_the_next_one_are_light(page, demo_url):
    """Bytes over the line until the whole map is there; how long it takes is for `tests.bench.portal`."""
    browser, _ = page
    browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": WATCH})
    browser.execute_cdp_cmd("Network.clearBrowserCache", {})
    first, again = (visit(browser, f"{demo_url}/") for _ in range(2))
    assert 300_000 < first.octets < 1_500_000
    assert 15 < first.requests < 60
    assert again.octets < 100_000
