"""Positions as people write them, systems and measures of the map, beside PROJ."""

import numpy as np
import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from pcrs.standard.crs import transformer
from tests.browser import one, texts, until
from tests.services.viewer import GEOD
from tests.services.viewer import browser as browser
from tests.services.viewer import page as page
from tests.services.viewer import site as site
from tests.services.viewer import url as url

pytestmark = pytest.mark.clients


def module(browser, name, expression, *arguments):
    """What a function of one of the page's modules answers."""
    script = f"""const [given, done] = [[...arguments], arguments[arguments.length - 1]];
      import(new URL("static/{name}.js", document.baseURI)).then((m) => done({expression}))"""
    return browser.execute_async_script(script, *arguments)


def keys(browser, *typed):
    for key in typed:
        ActionChains(browser).send_keys(key).perform()


# ---- coordinates

L93 = (576_450.25, 6_372_480.5)
LON, LAT = transformer(2154, 4171).transform(*L93)


def dms(value):
    seconds = abs(value) * 3600
    return int(seconds // 3600), int(seconds % 3600 // 60), seconds % 60


def decimal_minutes(value):
    return int(abs(value)), abs(value) % 1 * 60


def cc(zone):
    return transformer(2154, 3900 + zone).transform(*L93)


LATITUDE, LONGITUDE = dms(LAT), dms(LON)


WRITTEN = [
    "576450.25 6372480.5",
    "576450,25 6372480,5",
    "576450.25, 6372480.5",
    "576 450,25 6 372 480,50",
    "576\u202f450,25 / 6\u202f372\u202f480,5",
    "X=576450.25 Y=6372480.5",
    "E 576 450,25  N 6 372 480,50",
    "6372480.5 576450.25",
    "Y 6372480.5 X 576450.25",
    "L93 576450.25 6372480.5",
    "Lambert-93 : 576450.25 m ; 6372480.5 m",
    "EPSG:2154 576450.25 6372480.5",
    *("CC{} {:.3f} {:.3f}".format(zone, *cc(zone)) for zone in (43, 44, 45, 46)),
    "EPSG:3944 {:.3f} {:.3f}".format(*cc(44)),
    "RGF93 CC45 {:.3f};{:.3f}".format(*cc(45)),
    "{:.3f} {:.3f}".format(*cc(44)),
    "{:.3f} {:.3f}".format(*cc(45)),
    f"{LAT:.8f} {LON:.8f}",
    f"{LAT:.8f}, {LON:.8f}",
    f"{LAT:.8f} {LON:.8f}".replace(".", ","),
    f"{LON:.8f} {LAT:.8f}",
    f"lat={LAT:.8f} lon={LON:.8f}",
    f"lon {LON:.8f} lat {LAT:.8f}",
    f"{LAT:.8f}N {LON:.8f}E",
    f"N {LAT:.8f}° E {LON:.8f}°",
    f"{LON:.8f}° E, {LAT:.8f}° N",
    f"WGS84 {LAT:.8f} {LON:.8f}",
    "{}°{}'{:.4f}\" N {}°{}'{:.4f}\" E".format(*LATITUDE, *LONGITUDE),
    "{}° {}′ {:.4f}″ N  {}° {}′ {:.4f}″ E".format(*LATITUDE, *LONGITUDE),
    "{}d{}m{:.4f}s N {}d{}m{:.4f}s E".format(*LATITUDE, *LONGITUDE),
    "N{}° {:.6f}' E{}° {:.6f}'".format(*decimal_minutes(LAT), *decimal_minutes(LON)),
    f"geo:{LAT:.8f},{LON:.8f}",
    f"https://www.openstreetmap.org/#map=19/{LAT:.8f}/{LON:.8f}",
    f"https://maps.example/@{LAT:.8f},{LON:.8f},17z",
    f"POINT({LON:.8f} {LAT:.8f})",
]


NOWHERE = [
    "", "nulle part", "Cahors", "46042", "12", "576450", "0 0", "95 200", "44°70'00\" N 1°26'00\" E",
    "EPSG:27572 500000 2000000", "1 2 3", "44.4N 1.4N", "576450 12", "CC44 576450 6372480",
]  # fmt: skip


def test_positions_are_read_however_they_are_written(page):
    browser = page()
    found = module(browser, "coordinates", "given[0].map((words) => m.positionIn(words))", WRITTEN)
    for words, place in zip(WRITTEN, found, strict=True):
        assert place is not None, words
        assert place["position"] == pytest.approx(L93, abs=0.02), words
    nothing = module(browser, "coordinates", "given[0].map((words) => m.positionIn(words))", NOWHERE)
    assert dict(zip(NOWHERE, nothing, strict=True)) == dict.fromkeys(NOWHERE)


def test_west_of_greenwich_is_o_in_french_and_w_in_english(page):
    words = ["48°23'00\" N 4°29'00\" O", "48.383333 -4.483333", "48.383333N 4.483333W"]
    found = module(page(), "coordinates", "given[0].map((words) => m.positionIn(words).position)", words)
    brest = transformer(4171, 2154).transform(-(4 + 29 / 60), 48 + 23 / 60)
    assert found == [pytest.approx(brest, abs=0.1)] * 3


def test_systems_agree_with_proj(page):
    places = [(105_000, 6_840_000), (577_000, 6_372_500), (1_045_000, 6_300_000), (651_000, 7_050_000)]
    codes = [3942, 3944, 3945, 3947, 3950]
    expression = "given[0].map((p) => given[1].map((code) => m.moved(p, m.L93, `EPSG:${code}`)))"
    found = np.array(module(page(), "crs", expression, places, codes))
    for row, place in zip(found, places, strict=True):
        for shown, code in zip(row, codes, strict=True):
            assert shown == pytest.approx(transformer(2154, code).transform(*place), abs=1e-4)


# ---- measures


def test_lengths_and_areas_are_those_of_the_ellipsoid(page):
    rng = np.random.default_rng(46)
    browser = page()
    starts = rng.uniform((-4.5, 42.5), (8, 51), (60, 2))
    reach = 10 ** rng.uniform(-4, 1, (60, 1))
    lines = np.stack([starts, starts + rng.uniform(-1, 1, (60, 2)) * reach], axis=1)
    found = module(browser, "geodesy", "given[0].map((line) => m.length(line))", lines.tolist())
    exact = [GEOD.inv(*line[0], *line[1])[2] for line in lines]
    assert found == pytest.approx(exact, abs=1e-4, rel=1e-9)
    corners = np.array([[0, 0], [1, 0.1], [0.8, 1], [-0.2, 0.7]])
    rings = starts[:, None] + corners * np.minimum(reach, 0.5)[..., None]
    found = module(browser, "geodesy", "given[0].map((ring) => m.area(ring))", rings.tolist())
    exact = [abs(GEOD.polygon_area_perimeter(ring[:, 0], ring[:, 1])[0]) for ring in rings]
    assert found == pytest.approx(exact, rel=1e-6)
    assert module(browser, "geodesy", "m.distance([1.4, 44.4], [1.4, 44.4])") == 0


def test_a_hundred_metres_are_measured_from_the_keyboard(page):
    browser = page()
    one(browser, "#use-measure").send_keys(Keys.ENTER)
    lon, lat = transformer(2154, 4171).transform(577_000, 6_372_500)
    end = transformer(4171, 2154).transform(*GEOD.fwd(lon, lat, 90, 100)[:2])
    one(browser, "#measure-place").send_keys("577000 6372500", Keys.ENTER)
    one(browser, "#measure-place").send_keys(f"{end[0]:.4f} {end[1]:.4f}", Keys.ENTER)
    keys(browser, Keys.TAB)
    one(browser, "#measure-end").send_keys(Keys.ENTER)
    told = dict(zip(*(texts(browser, f"#measure-result {tag}") for tag in ("dt", "dd")), strict=True))
    assert float(told["Longueur au sol"].removesuffix(" m").replace(",", ".")) == pytest.approx(100, abs=0.01)
    plane = np.hypot(*np.subtract(end, (577_000, 6_372_500)))
    assert told["Dans le plan Lambert-93"] == f"{plane:.2f} m".replace(".", ",")
    assert "Dans le plan CC44" in told


def test_the_centre_of_the_map_is_a_point_of_a_measure(page):
    browser = page()
    one(browser, "#use-measure").click()
    one(browser, "#measure-area").click()
    field = one(browser, "#map")
    field.send_keys(Keys.ENTER)
    one(browser, "#measure-place").send_keys("577010 6372500", Keys.ENTER)
    one(browser, "#measure-place").send_keys("577010 6372510", Keys.ENTER)
    one(browser, "#measure-place").send_keys("577090 6372590", Keys.ENTER)
    field.send_keys(Keys.BACK_SPACE)
    field.send_keys(Keys.SHIFT + Keys.ENTER)
    until(lambda: texts(browser, "#measure-result dd"))
    ring = transformer(2154, 4171).transform([577_000, 577_010, 577_010], [6_372_500, 6_372_500, 6_372_510])
    exact = abs(GEOD.polygon_area_perimeter(*ring)[0])
    assert texts(browser, "#measure-result dd")[0] == f"{exact:.2f} m²".replace(".", ",")
    one(browser, "#measure-place").send_keys(Keys.ESCAPE)
    assert not one(browser, "#tool-measure").is_displayed()
    assert browser.switch_to.active_element.get_attribute("id") == "use-measure"
