"""The portal over a small site, in a browser, for tests of what its map does."""

import pytest
from pyproj import Geod

from tests.browser import chromium, faults, ready
from tests.portal_site import Site, listening, served_at

PLACE = "#22/577000/6372500"
GEOD = Geod(ellps="GRS80")


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with chromium(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return Site(served_at(tmp_path_factory.mktemp("site")))


@pytest.fixture(scope="module")
def url(site):
    with listening(site) as address:
        yield address


@pytest.fixture
def page(browser, url):
    """Opens the portal at a hash; nothing may be amiss in the console afterwards."""

    def go(hash_=PLACE):
        browser.get("about:blank")
        browser.get(f"{url}{hash_}")
        ready(browser)
        return browser

    faults(browser)
    yield go
    assert faults(browser) == []
