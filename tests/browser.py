"""A headless Chromium for tests, and the way to wait for what it does."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from selenium.common.exceptions import (
    ElementClickInterceptedException,
    ElementNotInteractableException,
    NoSuchElementException,
    StaleElementReferenceException,
)

from tests import patience

FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync --window-size=1300,900"
).split()
NOT_YET = (
    ElementClickInterceptedException,
    ElementNotInteractableException,
    NoSuchElementException,
    StaleElementReferenceException,
)


@contextmanager
def chromium(folder: Path, *, logs: tuple[str, ...] = ("browser",)) -> Iterator[Any]:
    """A browser with a profile and a download folder of its own in `folder`; skipped where there is none."""
    program, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not program or not driver:
        pytest.skip("chromium and chromedriver are not installed")
    webdriver = pytest.importorskip("selenium.webdriver")
    downloads = folder / "downloads"
    downloads.mkdir()
    options = webdriver.ChromeOptions()
    options.binary_location = program
    for flag in (*FLAGS, f"--user-data-dir={folder / 'profile'}"):
        options.add_argument(flag)
    options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
    options.set_capability("goog:loggingPrefs", dict.fromkeys(logs, "ALL"))
    opened = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    opened.downloads = downloads
    try:
        yield opened
    finally:
        opened.quit()


def until(condition, patience_s=patience.PATIENCE_S):
    """What `condition` gives as soon as it is something; what a page lacks or takes away is still to come."""

    def seen():
        try:
            return condition()
        except NOT_YET:
            return None

    return patience.until(seen, patience_s)


def one(browser, selector):
    """The first element of a page that a selector finds."""
    return browser.find_element("css selector", selector)


def ready(browser):
    """Waits until the page has drawn its map."""
    until(lambda: "ready" in one(browser, "body").get_attribute("class"))


def faults(browser):
    """What the console of the browser calls severe, since it was asked last."""
    return [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]


def texts(browser, selector):
    """What the elements say that a selector finds, at one moment: they are made anew while one looks."""
    script = "return [...document.querySelectorAll(arguments[0])].map((each) => each.innerText)"
    return browser.execute_script(script, selector)
