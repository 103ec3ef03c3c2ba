"""Those who run a site at their page, and those who report changes on the map, in a real browser."""

import io
import json
import os
import re
import time
import urllib.error
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest
from PIL import Image
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from typer.testing import CliRunner

from pcrs.cli import app
from pcrs.ordering import desk
from pcrs.settings import load
from pcrs.store.tokens import Scope, Tokens
from pcrs.store.trail import chain
from pcrs.work.access import Principal, Role
from tests.browser import chromium, faults, one, ready, until
from tests.cnig import arbre, document, mur
from tests.patience import PATIENCE_S
from tests.serving import serving
from tests.sites import new_site, take

AXE = """const done = arguments[0];
axe.run(document, {resultTypes: ["violations"]}).then((found) => done(found.violations))"""
PARTS = ("deliveries", "orders", "signalements", "copies", "jobs", "usage", "tokens", "journal")
TARGET = '\n[[archive.targets]]\nname = "bande"\nurl = "{bande}"\nmedium = "bande"\noffsite = true\n'
PLACE = "#20/576100.0/6372900.0"


class Office:
    """A site with two deliveries to decide on, an order to approve, and tokens."""

    def __init__(self, folder):
        self.site = new_site(folder / "site")
        (folder / "bande").mkdir()
        text = self.site.settings_file.read_text(encoding="utf-8") + TARGET.format(bande=folder / "bande")
        self.site.settings_file.write_text(text, encoding="utf-8")
        for name, objects in (("nord", mur()), ("sud", arbre("a1"))):
            (folder / name).mkdir()
            (folder / name / f"{name}.gml").write_text(document(objects), encoding="utf-8")
            take(self.site, folder / name, accept=False)
        (folder / "vol").mkdir()
        (folder / "vol" / "c1.tif").write_bytes(b"cliche" * 100)
        words = ["archive", str(folder / "vol"), "--chantier", "vol", "--licence", "convention-enedis"]
        done = CliRunner().invoke(app, [*words, "--site", str(self.site.root)], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        with desk(self.site, load(self.site.settings_file)) as open_:
            ids = [found.id for found in open_.keeping.inventory.objects(chantier="vol")]
            partner = Principal(Role.PARTENAIRE, "p")
            self.order = open_.place(partner, "Enedis", ids, purpose="tranchée de la rue Haute").id
        self.tokens = Tokens(self.site.tokens_file)
        self.secrets = {
            name: self.tokens.create(Scope(f"Agent {name}", name), now="2026-11-29")[1]
            for name in ("technique", "APLC", "admin")
        }


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    made = Office(tmp_path_factory.mktemp("office"))
    with closing(made.tokens), serving(made.site.root) as url:
        made.url = url
        yield made


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with chromium(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened


@pytest.fixture(autouse=True)
def nothing_amiss(browser):
    faults(browser)
    yield
    told = [each["message"] for each in faults(browser)]
    assert [message for message in told if "status of 401" not in message] == []  # a wrong token


def enter(browser, office, role):
    """Enters by keyboard, as that role."""
    browser.delete_all_cookies()
    browser.get(f"{office.url}/admin")
    ready(browser)
    field = one(browser, "#enter-token")
    field.send_keys(office.secrets[role])
    field.send_keys(Keys.ENTER)
    until(lambda: one(browser, "#office").is_displayed())


def go(browser, part):
    """A part of the page is opened; what it says."""
    one(browser, f"#tab-{part}").click()
    if part == "usage":
        return one(browser, "#part-usage").text
    return until(lambda: texts(browser, part))


def press(browser, part, label, about):
    """The button of that label in the row about something."""

    def pressed():
        for row in one(browser, f"#part-{part} .rows").find_elements("css selector", "tbody tr"):
            for button in row.find_elements("css selector", "button"):
                if about in row.text and button.text == label:
                    button.click()
                    return True
        return False

    assert until(pressed)


def sure(browser, reason=None):
    """The question is answered by keyboard."""
    until(lambda: one(browser, "#sure").is_displayed())
    if reason is not None:
        one(browser, "#sure-reason").send_keys(reason)
    one(browser, "#sure-yes").send_keys(Keys.ENTER)
    until(lambda: not one(browser, "#sure").is_displayed())


def content(browser, selector):
    """The text of an element, scrolled out of sight or not."""
    return one(browser, selector).get_attribute("textContent")


def texts(browser, part):
    return one(browser, f"#part-{part} .rows").text


def asked(office, path, token=None, body=None):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    sent = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{office.url}{path}", sent, headers)
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
        return answer.read()


def test_each_role_sees_its_parts(browser, office):
    seen = {}
    for role in office.secrets:
        enter(browser, office, role)
        seen[role] = {part for part in PARTS if one(browser, f"#tab-{part}").is_displayed()}
    watching = {"deliveries", "signalements", "copies", "jobs", "usage"}
    assert seen == {"technique": watching, "APLC": watching | {"orders"}, "admin": set(PARTS)}
    enter(browser, office, "technique")
    rows = go(browser, "deliveries")
    assert "Accepter" not in rows
    assert "Établir" in rows
    one(browser, "#leave").click()
    until(lambda: one(browser, "#enter").is_displayed())
    assert browser.get_cookie("pcrs_session") is None


def test_what_is_no_token_is_told_so(browser, office):
    browser.delete_all_cookies()
    browser.get(f"{office.url}/admin")
    ready(browser)
    one(browser, "#enter-token").send_keys("pcrs_" + "x" * 10, Keys.ENTER)
    until(lambda: "inconnu" in one(browser, "#enter-note").text)


def test_a_delivery_is_accepted_and_another_refused(browser, office):
    enter(browser, office, "APLC")
    go(browser, "deliveries")
    press(browser, "deliveries", "Établir", "nord")
    until(lambda: "Ouvrir" in texts(browser, "deliveries"))
    link = one(browser, "#part-deliveries .rows a").get_attribute("href")
    report = asked(office, link.removeprefix(office.url), office.secrets["technique"]).decode()
    assert "<html" in report
    assert "nord" in report
    press(browser, "deliveries", "Accepter", "nord")
    sure(browser)
    until(lambda: "publiée" in texts(browser, "deliveries"))
    press(browser, "deliveries", "Refuser", "sud")
    sure(browser, "Arbres hors de la commande")
    until(lambda: "refusée" in texts(browser, "deliveries"))
    assert "Arbres hors de la commande" in texts(browser, "deliveries")
    walls = json.loads(asked(office, "/ogcapi/collections/MurPCRS/items"))
    assert walls["numberMatched"] == 1


def test_an_order_is_approved(browser, office):
    enter(browser, office, "APLC")
    assert "tranchée de la rue Haute" in go(browser, "orders")
    press(browser, "orders", "Approuver", office.order)
    sure(browser)
    until(lambda: "approuvée" in texts(browser, "orders"))
    with desk(office.site, load(office.site.settings_file)) as open_:
        order = open_.orders.get(office.order)
        assert order.state == "pending"
        assert order.decided_by.startswith("Agent APLC (")
        assert chain(open_.orders.trail())[1] is None


def begin(browser, part, label):
    """Long work is begun by keyboard; what it said at its end."""
    go(browser, part)
    until(lambda: one(browser, f"#part-{part} .errand button").text == label)
    one(browser, f"#part-{part} .errand button").send_keys(Keys.ENTER)
    sure(browser)
    return until(lambda: "terminé" in (said := one(browser, f"#part-{part} .errand").text) and said, 120)


def test_orders_are_brought_back_and_copies_read_again(browser, office):
    enter(browser, office, "APLC")
    assert "succeeded" in begin(browser, "orders", "Rapatrier ce qui est approuvé")
    with desk(office.site, load(office.site.settings_file)) as open_:
        assert open_.orders.get(office.order).state == "succeeded"
    enter(browser, office, "technique")
    assert "0 copies relues" in begin(browser, "copies", "Relire les copies dues")


def test_a_token_is_made_shown_once_and_revoked(browser, office):
    enter(browser, office, "admin")
    go(browser, "tokens")
    one(browser, "#token-name").send_keys("Bureau d'études")
    one(browser, "#token-expires").send_keys("12312099")
    one(browser, "#token-requests").send_keys("100")
    one(browser, "#token-form button").send_keys(Keys.ENTER)
    until(lambda: one(browser, "#token-shown").is_displayed())
    secret = one(browser, "#token-secret").get_attribute("value")
    assert json.loads(asked(office, "/session", secret))["role"] == "partenaire"
    go(browser, "journal")
    go(browser, "tokens")
    assert not one(browser, "#token-shown").is_displayed()
    assert one(browser, "#token-secret").get_attribute("value") == ""
    assert secret not in browser.page_source
    press(browser, "tokens", "Révoquer", "Bureau d'études")
    sure(browser)
    until(lambda: "révoqué" in texts(browser, "tokens"))

    def refused():
        try:
            asked(office, "/session", secret)
        except urllib.error.HTTPError as error:
            return error.code == 401
        return False

    until(refused)


def photo(folder):
    """A picture with a place and a device in it."""
    picture, exif = Image.new("RGB", (3000, 1500), (200, 80, 40)), Image.Exif()
    exif[0x010F] = "Appareil"
    exif.get_ifd(0x8825)[1] = "N"
    file = folder / "photo.jpg"
    picture.save(file, exif=exif)
    return file


def test_a_change_is_reported_followed_up_and_seen_by_all(browser, office, tmp_path):
    browser.delete_all_cookies()
    browser.get(f"{office.url}/{PLACE}")
    ready(browser)
    one(browser, "#use-signalement").click()
    until(lambda: one(browser, "#signal-category").text)
    one(browser, "#map").send_keys(Keys.ENTER)
    assert "576" in one(browser, "#signal-place").text
    one(browser, "#signal-category").send_keys("bâtiment")
    one(browser, "#signal-text").send_keys("La grange a été démolie.")
    one(browser, "#signal-photo").send_keys(str(photo(tmp_path)))
    assert "CNIL" in one(browser, "#signal-privacy").get_attribute("textContent")
    one(browser, "#signal-send").click()
    until(lambda: "Reçu sous le numéro" in one(browser, "#signal-note").text)
    until(lambda: "Reçu" in content(browser, "#signal-own-list"))
    number = re.search(r"[0-9a-f]{12}", content(browser, "#signal-note"))[0]
    assert json.loads(asked(office, "/signalements"))["features"] == []

    enter(browser, office, "technique")
    assert "La grange a été démolie." in go(browser, "signalements")
    press(browser, "signalements", "vérifié", "La grange")
    sure(browser, "Vu sur place")
    until(lambda: "planifié" in texts(browser, "signalements"))

    (found,) = json.loads(asked(office, "/signalements"))["features"]
    assert found["id"] == number
    assert found["properties"]["categorie"] == "bati"
    with Image.open(io.BytesIO(asked(office, f"/signalements/{number}/photo"))) as shown:
        assert max(shown.size) <= 2048
        assert not shown.getexif()

    browser.get("about:blank")
    browser.get(f"{office.url}/{PLACE}&couches=signalements,-dalles,-vector,imagery")
    ready(browser)
    assert one(browser, "#signalements-on").is_selected()
    pointer = ActionChains(browser).move_to_element_with_offset(one(browser, "#map"), 0, -12).click()

    def told():
        pointer.perform()
        time.sleep(1)  # two clicks at once would be a double click
        return "Vu sur place" in content(browser, "#signal-found")

    until(told)
    assert "Vérifié" in content(browser, "#signal-found")
    one(browser, "#use-signalement").click()
    until(lambda: content(browser, "#signal-own-list"))
    one(browser, "#signal-own-list button").send_keys(Keys.ENTER)
    until(lambda: not one(browser, "#signal-own").is_displayed())
    assert json.loads(asked(office, "/signalements"))["features"] == []


def test_extracts_follow_who_entered_from_browser_to_browser(browser, office):
    area = {"bbox": {"bbox": [576_000, 6_372_800, 576_200, 6_373_000], "crs": "EPSG:2154"}}
    asked(office, "/ogcapi/processes/extraction/execution", office.secrets["technique"],
          {"inputs": {**area, "formats": ["gml"]}})  # fmt: skip

    def extracts(whose):
        browser.get("about:blank")
        browser.get(f"{office.url}/{PLACE}")
        ready(browser)
        one(browser, "#use-basket").click()
        until(lambda: whose in content(browser, "#jobs-who"))
        return [each.text for each in browser.find_elements("css selector", "#jobs li")]

    enter(browser, office, "technique")
    (seen,) = extracts("Agent technique")
    assert "GML" in seen
    enter(browser, office, "admin")
    assert extracts("Agent admin") == []
    browser.delete_all_cookies()
    assert extracts("dans ce navigateur") == []


def test_use_is_told_as_a_page_and_as_a_table(browser, office):
    page = asked(office, "/admin/usage?du=2026-01-01", office.secrets["technique"]).decode()
    assert "<h1" in page
    table = asked(office, "/admin/usage.csv", office.secrets["technique"]).decode("utf-8-sig")
    assert ";" in table.splitlines()[0]


def test_every_act_is_in_the_journal(browser, office):
    enter(browser, office, "admin")
    journal = go(browser, "journal")
    assert "journal intact" in journal
    acts = (
        "rapatriement",
        "relecture",
        "acceptation",
        "refus",
        "approbation",
        "jeton créé",
        "jeton révoqué",
        "Agent APLC",
        "vérifié",
    )
    assert [words for words in acts if words not in journal] == []


@pytest.mark.parametrize("width", [1300, 390])
def test_axe_finds_nothing_serious(browser, office, width):
    named = os.environ.get("PCRS_AXE")
    if named is None:
        pytest.skip("PCRS_AXE does not name axe.min.js: npm install --prefix FOLDER axe-core")
    script = Path(named).read_text(encoding="utf-8")
    size = {"width": width, "height": 850, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    told = []

    def look(place):
        for each in browser.execute_async_script(AXE):
            if each["impact"] in ("serious", "critical"):
                told.append((place, each["id"], each["nodes"][0]["html"]))

    browser.delete_all_cookies()
    browser.get(f"{office.url}/admin")
    ready(browser)
    browser.execute_script(script)
    look("enter")
    enter(browser, office, "admin")
    browser.execute_script(script)
    for part in PARTS:
        go(browser, part)
        look(part)
    browser.get(f"{office.url}/")
    ready(browser)
    browser.execute_script(script)
    browser.execute_script("document.querySelector('#use-signalement').click()")
    look("signalement")
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert told == []
