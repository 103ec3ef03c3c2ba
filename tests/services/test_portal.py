"""The portal: its pages, their files, its configuration, and what people hand in."""

import html.parser
import json
import re
from collections import Counter
from importlib.resources import files

import pytest

from pcrs.errors import InputError
from pcrs.raster.mosaic import Mosaic
from pcrs.serve import portal
from pcrs.serve.portal.bundle import bundled
from pcrs.serve.portal.pages import PAGES, POLICY
from pcrs.work.handed_in import BYTES_MAX
from tests.portal_site import EXTENT, Store, served_at
from tests.services.asking import PUBLIC, ask, ask_as_written, served_by

STATIC = files("pcrs.serve.portal") / "static"
SCRIPTS = sorted(each.name.removesuffix(".js") for each in STATIC.iterdir() if each.name.endswith(".js"))


@pytest.fixture
def served(tmp_path):
    return served_at(tmp_path)


@pytest.fixture
def app(served):
    return portal.routes(served)


class Page(html.parser.HTMLParser):
    """What the page is made of."""

    def __init__(self, text):
        super().__init__()
        self.tags = []
        self.inline = []
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._inside = tag

    def handle_data(self, data):
        if self._inside in ("script", "style") and data.strip():
            self.inline.append(data)

    def handle_endtag(self, tag):
        self._inside = ""

    def every(self, attribute):
        return [attributes[attribute] for _, attributes in self.tags if attribute in attributes]


@pytest.fixture
def page(app):
    return Page(ask(app, "/").text)


@pytest.fixture(params=PAGES)
def any_page(request, app):
    return Page(ask(app, request.param).text)


# ---- the page


def test_the_page_is_french_first_and_has_the_strict_policy(app):
    response = ask(app, "/")
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["content-security-policy"] == POLICY
    assert "unsafe" not in POLICY
    assert "default-src 'self'" in POLICY
    assert "script-src" not in POLICY
    assert '<html lang="fr">' in response.text
    assert ask(app, "/", "HEAD").content == b""


def test_the_page_has_no_inline_script_or_style(any_page):
    assert any_page.inline == []
    assert any_page.every("style") == []
    assert not [name for _, attributes in any_page.tags for name in attributes if name.startswith("on")]


def test_every_address_in_the_page_is_relative_and_ours(any_page):
    for address in (*any_page.every("href"), *any_page.every("src")):
        assert not re.match(r"[a-z]+:|/", address), address


def test_everything_that_the_page_asks_for_is_there_and_together_small(app, page):
    asked = [a for a in (*page.every("href"), *page.every("src")) if a.startswith("static/")]
    asked += [f"static/{name}.js" for name in SCRIPTS]
    total = len(ask(app, "/").content)
    for address in set(asked):
        response = ask(app, f"/{address}")
        assert response.status_code == 200, address
        total += len(response.content)
    assert total < 1_500_000


def test_nothing_in_our_files_names_another_site(app):
    for name in (
        *(f"{script}.js" for script in SCRIPTS),
        "portal.css",
        *("flux.css", "admin.css"),
        *PAGES.values(),
    ):
        text = ask(app, f"/static/{name}").text
        named = set(re.findall(r"https?://[^\s\"'`)]+", text))
        assert named <= {"http://www.w3.org/2000/svg", "http://www.opengis.net/def/crs/EPSG/0/2154"}, name


def test_modules_import_only_what_is_served(app):
    for name in SCRIPTS:
        for imported in re.findall(r'from "(.+?)"', ask(app, f"/static/{name}.js").text):
            assert imported.removeprefix("./").removesuffix(".js") in SCRIPTS


def test_a_page_asks_for_its_modules_at_once_and_only_after_an_upgrade_again(app, any_page):
    asked = [a for a in (*any_page.every("href"), *any_page.every("src")) if a.startswith("static/")]
    scripts = [a for a in any_page.every("src") if re.fullmatch(r"static/v-[0-9a-f]{16}/bundle/\w+\.js", a)]
    assert len(scripts) == 1
    for address in asked:
        response = ask(app, f"/{address}")
        assert response.status_code == 200
        assert "immutable" in response.headers["cache-control"]
        _, _, name = address.removeprefix("static/").partition("/")
        before = ask(app, f"/static/v-0123456789abcdef/{name}")
        assert before.content == response.content
        assert (
            before.headers["cache-control"]
            == ask(app, f"/static/{name}").headers["cache-control"]
            == "no-cache"
        )


def test_a_bundle_has_each_module_once_after_what_it_needs(app):
    text = ask(app, "/static/bundle/portal.js").text
    order = re.findall(r"^const \$(\w+) = ", text, re.MULTILINE)
    assert len(order) == len(set(order)) > 30
    assert order[-1] == "portal"
    for name in order:
        needed = set(re.findall(r'from "\./(.+?)\.js"', ask(app, f"/static/{name}.js").text))
        assert needed <= set(order[: order.index(name)])


@pytest.mark.parametrize(
    "modules",
    [
        {"a": 'import { b } from "./b.js";\n', "b": 'import { a } from "./a.js";\n'},
        {"a": 'import b from "./b.js";\n'},
        {"a": 'export { b } from "./b.js";\n'},
        {"a": "export default 1;\n"},
        {"a": 'const b = await import("./b.js");\n'},
        {"a": "const here = import.meta.url;\n"},
    ],
)
def test_what_a_bundle_would_get_wrong_is_refused(modules):
    with pytest.raises(InputError, match=r"a\.js"):
        bundled("a", modules.__getitem__)


def test_ids_are_unique_and_references_lead_somewhere(page):
    ids = Counter(page.every("id"))
    assert max(ids.values()) == 1
    for attribute in ("for", "aria-controls", "aria-labelledby", "aria-describedby"):
        for reference in page.every(attribute):
            assert reference in ids, f"{attribute}={reference}"
    inputs = {attributes["id"] for tag, attributes in page.tags if tag in ("input", "select")}
    assert inputs <= set(page.every("for"))


def test_landmarks_and_texts_in_both_languages(app, any_page):
    tags = [tag for tag, _ in any_page.tags]
    assert [tags.count(tag) for tag in ("main", "header", "footer", "h1")] == [1, 1, 1, 1]
    french, english = (texts(app, language) for language in ("fr", "en"))
    assert french == english
    used = {*any_page.every("data-text"), *any_page.every("data-label"), *any_page.every("data-hint")}
    assert used <= french


def texts(app, language):
    """The keys of the texts of a language."""
    files = (f"texts_{language}", f"admin_texts_{language}")
    written = "\n".join(ask(app, f"/static/{name}.js").text.partition("\n};")[0] for name in files)
    return set(re.findall(r"^  (\w+):", written, re.MULTILINE))


def test_texts_that_scripts_ask_for_are_there(app):
    scripts = " ".join(ask(app, f"/static/{name}.js").text for name in SCRIPTS)
    asked = set(re.findall(r"\btext\(\s*\"(\w+)\"", scripts))
    assert len(asked) > 50
    assert asked <= texts(app, "fr")


# ---- files


def test_openlayers_comes_from_the_installed_mapproxy(app):
    library = ask(app, "/static/ol/ol.js", headers={"accept-encoding": "identity"})
    assert library.headers["content-type"] == "text/javascript; charset=utf-8"
    assert library.content.startswith(b"var ol=")
    assert ask(app, "/static/ol/proj4.min.js").status_code == 200
    assert ask(app, "/static/ol/ol.css").headers["content-type"] == "text/css; charset=utf-8"


def test_files_are_compressed_for_those_who_can_read_it(app):
    plain = ask(app, "/static/ol/ol.js", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    packed = ask(app, "/static/ol/ol.js", headers={"accept-encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < 300_000
    assert packed.content == plain.content
    assert packed.headers["etag"] != plain.headers["etag"]
    assert packed.headers["vary"] == "Accept-Encoding"


def test_a_file_that_the_browser_has_is_not_sent_again(app):
    for path in ("/", "/static/portal.js", "/static/ol/ol.js", "/portail/config.json"):
        etag = ask(app, path).headers["etag"]
        assert ask(app, path, headers={"if-none-match": etag}).status_code == 304
        assert ask(app, path, headers={"if-none-match": '"other"'}).status_code == 200


@pytest.mark.parametrize(
    "name",
    [
        "absent.js",
        "../pages.py",
        "%2e%2e/pages.py",
        "..%2fpages.py",
        "ol/proj4defs.js",
        "ol/../portal.js",
        "v-0123456789abcdef/absent.js",
        "v-0123456789abcdef/v-0123456789abcdef/portal.js",
        "bundle/address.js",
        "ol/",
        "",
        "/etc/passwd",
        "a%00b",
    ],
)
def test_no_other_file_is_served(app, name):
    assert ask_as_written(app, f"/static/{name}")[0] == 404


# ---- configuration


def test_the_configuration_tells_what_the_page_draws(app):
    config = ask(app, "/portail/config.json").json()
    assert config["title"] == "PCRS du Lot"
    assert config["url"] == PUBLIC
    assert config["layer"] == "PCRS_D046_RVB"
    assert config["editions"] == ["2025", "2022"]
    assert config["extent"] == EXTENT
    assert config["grid"]["origin"] == [0, 12_000_000]
    assert config["grid"]["resolutions"][22] == 0.05
    assert config["dalles"] == 2
    assert config["classes"] == {"FacadePCRS": {"title": "Titre de FacadePCRS", "count": 1}}
    assert config["networks"]["ELECBT"]["colour"] == "#FF0000"
    assert config["precisions"]["010"] == "de 5 à 10 cm"


def test_the_demo_is_told_by_its_marker(app, tmp_path):
    assert ask(app, "/portail/config.json").json()["demo"] is False
    (tmp_path / ".demo").touch()
    again = portal.routes(served_by(tmp_path, lambda edition: Mosaic([]), store=Store()))
    assert ask(again, "/portail/config.json").json()["demo"] is True


def test_before_the_first_publication_there_is_no_extent(tmp_path):
    empty = portal.routes(served_by(tmp_path, lambda edition: Mosaic([]), store=Store(), editions=lambda: ()))
    config = ask(empty, "/portail/config.json").json()
    assert config["extent"] is None
    assert config["editions"] == []


# ---- files that people hand in


def test_a_file_is_read_and_a_bad_one_refused_in_words(app):
    square = {
        "type": "Polygon",
        "coordinates": [[[1.44, 44.44], [1.45, 44.44], [1.45, 44.45], [1.44, 44.44]]],
    }
    good = ask(app, "/portail/emprise?nom=zone.geojson", "POST", content=json.dumps(square))
    assert good.status_code == 200
    assert good.json()["geometrie"]["type"] == "MultiPolygon"
    for name, body, status in (
        ("zone.geojson", b"{}", 400),
        ("zone.kml", b"<!DOCTYPE kml><kml/>", 400),
        ("", b"{}", 400),
        ("zone.zip", b"PK\x03\x04" + b"\0" * (BYTES_MAX + 1), 413),
    ):
        refused = ask(app, f"/portail/emprise?nom={name}", "POST", content=body)
        assert (refused.status_code, refused.headers["content-type"]) == (status, "application/problem+json")
        assert "/tmp" not in refused.text
    assert ask(app, "/portail/emprise?nom=a").status_code == 405
