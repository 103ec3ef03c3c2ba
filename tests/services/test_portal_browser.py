"""The page of the portal in a real browser, behind a prefix."""

import re

import pytest

from pcrs.standard.crs import transformer
from tests.browser import faults, one, ready, until
from tests.portal_site import Site, listening, served_at
from tests.services.asking import PUBLIC
from tests.services.viewer import browser as browser

pytestmark = pytest.mark.clients


@pytest.fixture
def opened(browser, tmp_path):
    """The site, its address, and the browser before it goes there."""
    (tmp_path / ".demo").touch()
    site = Site(served_at(tmp_path))
    with listening(site) as url:
        browser.get("about:blank")
        yield browser, url, site
        wrong = faults(browser)
        browser.get("about:blank")
    assert wrong == []
    assert not [path for path in site.asked if not path.startswith("/prefix/")]


def test_the_page_opens_on_the_dalles_behind_a_prefix(opened):
    browser, url, site = opened
    browser.get(url)
    ready(browser)
    assert one(browser, "h1").text == "PCRS du Lot"
    assert "DÉMONSTRATION FICTIVES" in one(browser, "#demo").text
    until(lambda: len(browser.find_elements("css selector", "#dalles-list li")) == 2)
    assert any("/wmts/PCRS_D046_RVB/2154_5cm/" in path for path in site.asked)


def test_native_pixels_are_asked_at_level_22_and_objects_come_with_them(opened):
    browser, url, site = opened
    browser.get(f"{url}#22/577000/6372500")
    ready(browser)
    column, row = 577_000 // 12.8, (12_000_000 - 6_372_500) // 12.8
    assert f"/prefix/wmts/PCRS_D046_RVB/2154_5cm/22/{column:.0f}/{row:.0f}.jpeg" in site.asked
    until(lambda: one(browser, "#vector-note").text == "1 objet à l'écran")
    assert " ".join(one(browser, "#l93").text.split()) == "E 577 000,00 N 6 372 500,00"
    shown = re.findall(r"[\d,]+", one(browser, "#chosen").text)
    east, north = transformer(2154, 4326).transform(577_000, 6_372_500)
    assert [float(value.replace(",", ".")) for value in shown] == pytest.approx([north, east], abs=1e-6)


def test_a_dalle_is_picked_from_the_keyboard_and_can_be_downloaded(opened):
    from selenium.webdriver.common.keys import Keys

    browser, url, _ = opened
    browser.get(f"{url}#19/576990/6372600")
    ready(browser)
    until(lambda: browser.find_elements("css selector", "#dalles-list li"))
    one(browser, "#map").send_keys(Keys.ENTER)
    card = until(lambda: one(browser, "#picked").is_displayed() and one(browser, "#picked"))
    assert "0576-6373" in card.text
    assert "12 juin 2025" in card.text
    assert "98,8 Mo" in card.text
    link = card.find_element("css selector", "a[download]")
    assert link.get_attribute("href") == f"{PUBLIC}/listing/dalles/2025/46-2025-0576-6373-LA93-0M05-RVB.tif"
    until(lambda: "dalle=46-2025-0576-6373-LA93-0M05-RVB" in browser.current_url)
    browser.refresh()
    until(lambda: "0576-6373" in one(browser, "#picked").text)
    one(browser, "#map").send_keys(Keys.ESCAPE)
    until(lambda: not one(browser, "#picked").is_displayed())


def test_the_language_changes_everything_and_is_kept(opened):
    browser, url, _ = opened
    browser.get(url)
    ready(browser)
    one(browser, "[data-language=en]").click()
    assert one(browser, "html").get_attribute("lang") == "en"
    assert one(browser, "#tab-dalles").text == "Tiles"
    one(browser, "#tab-services").click()
    how = one(browser, "#services").text
    assert "paste the address" in how
    fields = [
        field.get_attribute("value") for field in browser.find_elements("css selector", "#services input")
    ]
    assert fields[0] == f"{PUBLIC}/wmts?SERVICE=WMTS&REQUEST=GetCapabilities"
    assert len(fields) == len(browser.find_elements("css selector", "#services button")) == 5
    browser.refresh()
    ready(browser)
    assert one(browser, "#tab-dalles").text == "Tiles"
    one(browser, "[data-language=fr]").click()
    assert one(browser, "#tab-dalles").text == "Dalles"


@pytest.mark.parametrize(
    ("words", "place"),
    [
        ("577500 6372400", "20/577500.0/6372400.0"),
        ("577500,6372400", "20/577500.0/6372400.0"),
        ("44.4406 1.4478", None),
        ("44,4406 1,4478", None),
        ("0577-6373", "/577500.0/6372500.0&dalle=46-2025-0577-6373"),
        ("46-2025-0577-6373-LA93-0M05-RVB.tif", "/577500.0/6372500.0&dalle=46-2025-0577-6373"),
    ],
)
def test_one_goes_to_a_position_or_a_dalle(opened, words, place):
    browser, url, _ = opened
    browser.get(url)
    ready(browser)
    until(lambda: browser.find_elements("css selector", "#dalles-list li"))
    one(browser, "#place").send_keys(f"{words}\n")
    if place is None:
        pattern = re.compile(
            r"#20/5764\d\d\.\d/63724\d\d\.\d|#20/5765\d\d\.\d/63724\d\d\.\d|#20/576\d+\.\d/6372\d+\.\d"
        )
        until(lambda: pattern.search(browser.current_url))
    else:
        until(lambda: place in browser.current_url)


def test_an_unknown_place_is_said_in_words(opened):
    browser, url, _ = opened
    browser.get(url)
    ready(browser)
    one(browser, "#place").send_keys("nulle part\n")
    until(lambda: "Lieu inconnu" in one(browser, "#said").text)


def test_a_phone_has_the_map_first_and_no_sideways_scroll(opened):
    browser, url, _ = opened
    size = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        browser.get(f"{url}#21/577000/6372500")
        ready(browser)
        assert browser.execute_script("return document.documentElement.scrollWidth") == 390
        assert one(browser, "#map").size["height"] > 400
        one(browser, "#tab-services").click()
        assert one(browser, "#panel-services").is_displayed()
        assert one(browser, "#map").size["height"] > 150
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_a_dense_screen_gets_tiles_of_the_next_level(opened):
    browser, url, site = opened
    size = {"width": 800, "height": 600, "deviceScaleFactor": 2, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        browser.get(f"{url}#20/577000/6372500")
        ready(browser)
        levels = {path.split("/")[5] for path in site.asked if "/wmts/" in path}
        assert "21" in levels
        assert "22" not in levels
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
