import itertools
from io import BytesIO
from urllib.parse import urlencode

import httpx
import numpy as np
import pytest
from lxml import etree, html
from owslib.wmts import WebMapTileService
from PIL import Image

from pcrs.raster.pyramid import Pyramid
from pcrs.serve.map_layers import map_layers
from pcrs.serve.mapproxy_bridge import MapProxy
from pcrs.serve.mapproxy_config import load_base
from pcrs.serve.tiles import WHITE
from pcrs.standard.crs import L93, transformer
from pcrs.standard.grid import PM, TILE_PX, Tile
from tests.pyramids import build, source
from tests.services.asking import PUBLIC
from tests.services.maps import CONFIGURATION, GROUND, MARK, MapSite, magenta_centre, map_site
from tests.test_ows import schema

CAPABILITIES = "/wmts?SERVICE=WMTS&REQUEST=GetCapabilities"
TILE = {
    "SERVICE": "WMTS",
    "REQUEST": "GetTile",
    "VERSION": "1.0.0",
    "LAYER": "PCRS_D046_RVB",
    "STYLE": "normal",
    "FORMAT": "image/jpeg",
    "TILEMATRIXSET": "2154_5cm",
    "TILEMATRIX": "22",
    "TILEROW": "439610",
    "TILECOL": "45001",
}
REST = "/wmts/PCRS_D046_RVB/2154_5cm/22/45001/439610.jpeg"
HOSTILE = [
    "",
    "-1",
    "nan",
    "1e400",
    "99999999999999999999",
    "%00",
    "é",
    "<a>",
    "../..",
    "%2F",
    "9" * 300,
    "PM",
    "22",
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> MapSite:
    return map_site(tmp_path_factory.mktemp("wmts"))


def kvp(**changes: str) -> str:
    return "/wmts?" + urlencode(TILE | changes)


def pixels(answer: httpx.Response) -> np.ndarray:
    assert answer.status_code == 200, answer.text
    return np.asarray(Image.open(BytesIO(answer.content)))


def refusal(answer: httpx.Response) -> tuple[int, str, str | None]:
    """Status, code and locator of a valid exception report."""
    report = etree.fromstring(answer.content)
    schema("ows/1.1.0/owsExceptionReport.xsd").assertValid(report)
    return answer.status_code, report[0].get("exceptionCode"), report[0].get("locator")


@pytest.mark.parametrize("tile", [Tile(22, 45001, 439610), Tile(20, 11250, 109902), Tile(6, 0, 6)])
def test_one_tile_is_the_same_bytes_by_every_way(site, tile):
    level, col, row = tile
    path = f"/wmts/PCRS_D046_RVB/2154_5cm/{level}/{col}/{row}.jpeg"
    expected = site.pyramids["2025"].tile(tile)
    by_kvp = site.get(kvp(TILEMATRIX=str(level), TILECOL=str(col), TILEROW=str(row)))
    assert by_kvp.content == site.get(path).content == expected
    mapproxy = MapProxy(site.served, load_base(CONFIGURATION))
    drawn, _ = mapproxy.ask(0, map_layers(site.served), path, "")
    assert (drawn.body, drawn.media_type) == (expected, by_kvp.headers["content-type"])


def test_beside_the_data_a_tile_is_white_by_every_way(site):
    path = "/wmts/PCRS_D046_RVB_2025/2154_5cm/22/44000/430000.jpeg"
    mapproxy = MapProxy(site.served, load_base(CONFIGURATION))
    assert site.get(path).content == WHITE == mapproxy.ask(0, map_layers(site.served), path, "")[0].body
    assert (pixels(site.get(path.replace("jpeg", "png")))[:, :, 3] == 0).all()
    far = site.get("/wmts/PCRS_D046_RVB/PM/21/0/0.jpeg")
    assert far.headers["content-type"] == "image/jpeg"
    assert (pixels(far) == 255).all()


def test_above_the_pyramid_tiles_are_drawn(site):
    for level, row in enumerate((0, 0, 0, 0, 1, 3)):
        image = pixels(site.get(f"/wmts/PCRS_D046_RVB/2154_5cm/{level}/0/{row}.jpeg"))
        assert image.shape == (256, 256, 3)


def test_keys_have_no_case(site):
    lower = "/wmts?" + urlencode({key.lower(): value for key, value in TILE.items()})
    assert site.get(lower).content == site.get(kvp()).content


def test_editions_are_layers(site):
    old = site.get(kvp(LAYER="PCRS_D046_RVB_2024", TILECOL="45002"))
    assert old.content == site.pyramids["2024"].tile(Tile(22, 45002, 439610))
    assert old.content != site.get(kvp(TILECOL="45002")).content


def test_png_has_the_pixels_of_the_jpeg(site):
    image = pixels(site.get(kvp(FORMAT="image/png")))
    shown = image[:, :, 3] == 255
    assert np.array_equal(image[shown][:, :3], pixels(site.get(kvp()))[shown])


@pytest.mark.parametrize("suffix", ["jpeg", "png"])
@pytest.mark.parametrize("level", [21, 20])
def test_pm_shows_the_right_place(site, level, suffix):
    x, y = transformer(L93, PM.epsg).transform((MARK.xmin + MARK.xmax) / 2, (MARK.ymin + MARK.ymax) / 2)
    side = PM.res(level) * TILE_PX
    across, down = (x - PM.origin_x) / side, (PM.origin_y - y) / side
    answer = site.get(f"/wmts/PCRS_D046_RVB/PM/{level}/{int(across)}/{int(down)}.{suffix}")
    col, row = magenta_centre(pixels(answer)[:, :, :3])
    assert col == pytest.approx(across % 1 * TILE_PX, abs=0.3)
    assert row == pytest.approx(down % 1 * TILE_PX, abs=0.3)
    by_kvp = kvp(TILEMATRIXSET="PM", TILEMATRIX=str(level), TILECOL=str(int(across)), TILEROW=str(int(down)))
    again = site.get(by_kvp.replace("image%2Fjpeg", f"image%2F{suffix}"))
    assert again.content == answer.content


def test_a_pixel_names_its_dalle(site):
    json_ = site.get(REST.replace(".jpeg", "/0/0.json")).json()
    assert json_["features"][0]["properties"]["fichier"] == "2024-first.tif"
    by_kvp = site.get(kvp(REQUEST="GetFeatureInfo", INFOFORMAT="text/plain", I="0", J="0"))
    assert "Dalle : 2024-first" in by_kvp.text
    page = site.get(REST.replace(".jpeg", "/0/0.html"))
    assert page.headers["content-type"].startswith("text/html")
    assert html.fromstring(page.content).xpath("//td[.='2024-first']")
    older = site.get("/wmts/PCRS_D046_RVB_2024/2154_5cm/22/45002/439610/200/0.json").json()
    assert older["features"][0]["id"] == "2024-again"
    nothing = site.get("/wmts/PCRS_D046_RVB_2025/2154_5cm/22/44000/430000/0/0.json")
    assert nothing.json()["features"] == []
    in_pm = site.get(kvp(REQUEST="GetFeatureInfo", INFOFORMAT="text/plain", I="0", J="0", FORMAT="image/png"))
    assert in_pm.text == by_kvp.text


def test_both_capabilities_are_one_document(site):
    answer = site.get(CAPABILITIES)
    assert answer.content == site.get("/wmts/1.0.0/WMTSCapabilities.xml").content
    schema("wmts/1.0/wmtsGetCapabilities_response.xsd").assertValid(etree.fromstring(answer.content))
    service = WebMapTileService(f"{PUBLIC}/wmts", xml=answer.content)
    assert list(service.contents) == ["PCRS_D046_RVB", "PCRS_D046_RVB_2025", "PCRS_D046_RVB_2024"]
    template = service["PCRS_D046_RVB"].resourceURLs[0]["template"]
    address = template.format(TileMatrixSet="2154_5cm", TileMatrix="22", TileCol=45001, TileRow=439610)
    assert site.get(address.removeprefix(PUBLIC)).content == site.get(REST).content


def test_what_a_client_says_of_the_host_is_written_nowhere(site):
    said = {
        "host": "evil.example",
        "x_forwarded_host": "evil.example",
        "x_forwarded_proto": "evil",
        "x_script_name": "/evil",
        "forwarded": "host=evil.example",
    }
    for path in (
        CAPABILITIES,
        "/wmts/1.0.0/WMTSCapabilities.xml",
        "/wmts/evil",
        REST.replace(".jpeg", "/0/0.html"),
    ):
        answer = site.get(path, **said)
        assert "evil." not in answer.text
        assert answer.content == site.get(path).content


def test_a_tile_that_is_known_is_not_sent_again(site):
    for path in (REST, REST.replace("jpeg", "png"), "/wmts/PCRS_D046_RVB/PM/21/0/0.jpeg", CAPABILITIES):
        first = site.get(path)
        assert "must-revalidate" in first.headers["cache-control"]
        assert first.headers["access-control-allow-origin"] == "*"
        again = site.get(path, if_none_match=first.headers["etag"])
        assert (again.status_code, again.content) == (304, b"")
        assert site.get(path, if_none_match='"other"').content == first.content


def test_other_methods(site):
    head = site.get(REST, "HEAD")
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) == len(site.get(REST).content)
    for method in ("POST", "PUT", "DELETE"):
        answer = site.get(REST, method)
        assert refusal(answer)[:2] == (405, "OperationNotSupported")
        assert answer.headers["allow"] == "GET, HEAD, OPTIONS"
    assert site.get(REST, "OPTIONS", origin="https://other.example").status_code == 204


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"LAYER": "NO"}, (400, "InvalidParameterValue", "layer")),
        ({"STYLE": "red"}, (400, "InvalidParameterValue", "Style")),
        ({"FORMAT": "image/gif"}, (400, "InvalidParameterValue", "format")),
        ({"TILEMATRIXSET": "LAMB93"}, (400, "InvalidParameterValue", "TileMatrixSet")),
        ({"TILEMATRIX": "23"}, (400, "InvalidParameterValue", "TileMatrix")),
        ({"TILEROW": "a"}, (400, "InvalidParameterValue", "TileRow")),
        ({"TILECOL": "100800"}, (400, "TileOutOfRange", "TileCol")),
        ({"VERSION": "2.0.0"}, (400, "InvalidParameterValue", "version")),
        ({"SERVICE": ""}, (400, "MissingParameterValue", "service")),
        ({"REQUEST": "GetBOGUS"}, (400, "InvalidParameterValue", "request")),
    ],
)
def test_what_is_wrong_is_told(site, changes, expected):
    assert refusal(site.get(kvp(**changes))) == expected


@pytest.mark.parametrize(
    "path",
    [
        "/wmts/NO/2154_5cm/22/45001/439610.jpeg",
        "/wmts/PCRS_D046_RVB%2F2154_5cm/22/45001/439610.jpeg",
        "/wmts/PCRS_D046_RVB/2154_5cm/22/45001%2F439610.jpeg",
        "/wmts/PCRS_D046_RVB:png/2154_5cm/22/45001/439610.png",
        "/wmts/..%2f..%2fetc%2fpasswd",
        "/wmts/1.0.0/WMTSCapabilities.json",
        "/wmts/%00",
    ],
)
def test_where_nothing_is_there_is_404(site, path):
    assert refusal(site.get(path))[0] == 404


@pytest.mark.parametrize("beyond", ["TileRow", "TileCol"])
def test_beyond_the_limits_of_the_capabilities_there_is_no_tile(site, beyond):
    cells = dict(site.service.layers()["PCRS_D046_RVB"].levels)[22]
    last = {"TileRow": cells.max_row, "TileCol": cells.max_col}
    inside, outside = last, last | {beyond: last[beyond] + 1}

    def at(place: dict[str, int], **more: str) -> httpx.Response:
        return site.get(kvp(**{name.upper(): str(value) for name, value in place.items()}, **more))

    assert at(inside).status_code == 200
    assert refusal(at(outside)) == (400, "TileOutOfRange", beyond)
    info = {"REQUEST": "GetFeatureInfo", "INFOFORMAT": "text/plain", "I": "0", "J": "0"}
    assert refusal(at(outside, **info)) == (400, "TileOutOfRange", beyond)
    path = f"/wmts/PCRS_D046_RVB/2154_5cm/22/{outside['TileCol']}/{outside['TileRow']}.jpeg"
    assert refusal(site.get(path)) == (404, "TileOutOfRange", beyond)
    assert at(outside, LAYER="PCRS_D046_RVB_2025").content == WHITE


def test_the_document_of_rest_answers_key_and_value_too(site):
    rest = "/wmts/1.0.0/WMTSCapabilities.xml"
    assert site.get(f"{rest}?SERVICE=WMTS&REQUEST=GetCapabilities").content == site.get(rest).content
    assert refusal(site.get(f"{rest}?SERVICE=WMTS")) == (400, "MissingParameterValue", "request")
    assert refusal(site.get(f"{rest}?SERVICE=WMS&REQUEST=GetCapabilities")) == (
        400,
        "InvalidParameterValue",
        "service",
    )


def test_nothing_that_is_sent_is_a_fault(site):
    info = {"REQUEST": "GetFeatureInfo", "INFOFORMAT": "application/json", "I": "0", "J": "0"}
    asked = [
        kvp(**(base | {key: value}))
        for base in ({}, info)
        for key, value in itertools.product({**TILE, **base}, HOSTILE)
    ]
    parts = REST.split("/")
    asked += ["/".join((*parts[:at], value, *parts[at + 1 :])) for at in range(2, 7) for value in HOSTILE]
    asked += ["/wmts?" + "x" * 9000, "/wmts?&&==&", "/wmts?%", "/wmts/" + "a/" * 50]
    for answer in site.get_all(asked):
        assert answer.status_code < 500, f"{answer.url}: {answer.text}"
        if answer.status_code >= 400:
            etree.fromstring(answer.content)


def test_a_torn_slab_is_told_without_details(site, tmp_path, caplog):
    torn = map_site(tmp_path)
    slab = next((tmp_path / "PCRS_D046_RVB_2025" / "DATA" / "22").rglob("*.tif"))
    slab.write_bytes(slab.read_bytes()[:3000])
    torn.pyramids["2025"].refresh()
    for path in (REST, REST.replace("jpeg", "png")):
        answer = torn.get(path)
        assert refusal(answer)[:2] == (503, "NoApplicableCode")
        assert str(tmp_path) not in answer.text
    assert "cut short" in caplog.text


def test_an_edition_that_appears_is_served_at_once(tmp_path):
    site = map_site(tmp_path)
    assert "PCRS_D046_RVB_2026" not in site.get(CAPABILITIES).text
    folder = tmp_path / "new"
    build(folder / "PCRS_D046_RVB_2026.json", [source(folder, 0, 0, seed=9), source(folder, 2, 0, seed=9)])
    site.pyramids["2026"] = Pyramid(folder / "PCRS_D046_RVB_2026.json")
    assert "PCRS_D046_RVB_2026" in site.get(CAPABILITIES).text
    assert site.get(REST).content == site.pyramids["2026"].tile(Tile(22, 45001, 439610))
    assert pixels(site.get("/wmts/PCRS_D046_RVB_2026/2154_5cm/22/45001/439610.png")).shape == (256, 256, 4)
    extent = etree.fromstring(site.get(CAPABILITIES).content).findtext(".//{*}BoundingBox/{*}UpperCorner")
    assert float(extent.split()[0]) > GROUND.xmax + 19
    del site.pyramids["2026"]
    assert refusal(site.get("/wmts/PCRS_D046_RVB_2026/2154_5cm/22/45001/439610.png"))[0] == 404


def test_before_anything_is_published_the_document_is_empty(tmp_path):
    site = map_site(tmp_path, editions=lambda: (), pyramid=lambda edition: None)
    tree = etree.fromstring(site.get(CAPABILITIES).content)
    schema("wmts/1.0/wmtsGetCapabilities_response.xsd").assertValid(tree)
    assert tree.findall(".//{*}Layer") == []
    assert refusal(site.get(kvp())) == (400, "InvalidParameterValue", "layer")


def pm_tile(x: float, y: float, level: int = 21, suffix: str = "jpeg") -> str:
    """The address of the PM tile over a place in Lambert-93."""
    east, north = transformer(L93, PM.epsg).transform(x, y)
    side = PM.res(level) * TILE_PX
    col, row = int((east - PM.origin_x) // side), int((PM.origin_y - north) // side)
    return f"/wmts/PCRS_D046_RVB/PM/{level}/{col}/{row}.{suffix}"


class Patched:
    """A site that keeps what it draws, with two dalles 400 m apart; the first can be flown again."""

    def __init__(self, folder) -> None:
        self.site = map_site(folder, cache_bytes=2**20)
        self._folder = folder
        self._sources = [source(folder, col, 0, rank=2) for col in (0, 20)]
        build(folder / "PCRS_D046_RVB_2025.json", self._sources)
        self.drawn: list[str] = []
        really = self.site.service._mapproxy.ask
        self.site.service._mapproxy.ask = lambda *asked: self.drawn.append(asked[2]) or really(*asked)
        self.site.pyramids["2025"].refresh()

    def patch(self) -> None:
        again = source(self._folder, 0, 0, rank=3, seed=8)
        build(self._folder / "PCRS_D046_RVB_2025.json", [*self._sources, again], [again.bbox])
        self.site.pyramids["2025"].refresh()


OVER, BESIDE = (GROUND.xmin + 10, GROUND.ymax - 10), (GROUND.xmin + 410, GROUND.ymax - 10)
WMS = (
    "/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS=PCRS_D046_RVB&STYLES=&CRS=EPSG:2154"
    "&WIDTH=256&HEIGHT=256&FORMAT=image/png&BBOX={0},{1},{2},{3}"
)


def small_map(x: float, y: float) -> str:
    return WMS.format(x - 5, y - 5, x + 5, y + 5)


def native_png(x: float, y: float) -> str:
    return f"/wmts/PCRS_D046_RVB/2154_5cm/22/{int(x // 12.8)}/{int((12_000_000 - y) // 12.8)}.png"


@pytest.mark.parametrize("address", [pm_tile, lambda x, y: pm_tile(x, y, 20, "png"), native_png, small_map])
def test_what_is_drawn_is_kept_until_a_patch_lands_there(tmp_path, address):
    patched = Patched(tmp_path)
    site, paths = patched.site, [address(*OVER), address(*BESIDE)]
    first = site.get_all(paths)
    assert len(patched.drawn) == 2
    assert [answer.content for answer in site.get_all(paths)] == [answer.content for answer in first]
    assert len(patched.drawn) == 2
    patched.patch()
    tags = [answer.headers["etag"] for answer in first]
    over, beside = (site.get(path, if_none_match=tag) for path, tag in zip(paths, tags, strict=True))
    assert (over.status_code, beside.status_code) == (200, 304)
    assert over.headers["etag"] != tags[0]
    assert np.abs(pixels(over).astype(int) - pixels(first[0]).astype(int)).mean() > 5
    assert len(patched.drawn) == 3
    again = site.get(paths[0], if_none_match=over.headers["etag"])
    assert again.status_code == 304
    assert len(patched.drawn) == 3


def test_many_who_ask_for_the_same_get_one_drawing(tmp_path):
    patched = Patched(tmp_path)
    answers = patched.site.get_all([pm_tile(*OVER)] * 8)
    assert len(patched.drawn) == 1
    assert len({answer.content for answer in answers}) == 1


def test_large_maps_are_not_kept(tmp_path):
    patched = Patched(tmp_path)
    for _ in range(2):
        assert patched.site.get(small_map(*OVER).replace("WIDTH=256", "WIDTH=1025")).status_code == 200
    assert len(patched.drawn) == 2


def test_serving_writes_nothing(tmp_path):
    site = map_site(tmp_path)
    before = {file for file in tmp_path.rglob("*") if ".gpkg" not in file.name}
    site.get_all([REST, REST.replace("jpeg", "png"), "/wmts/PCRS_D046_RVB/2154_5cm/3/0/0.jpeg", CAPABILITIES])
    assert {file for file in tmp_path.rglob("*") if ".gpkg" not in file.name} == before
