import itertools
import re
from io import BytesIO
from urllib.parse import urlencode

import httpx
import numpy as np
import pytest
from lxml import etree
from owslib.wms import WebMapService
from PIL import Image

from pcrs.raster.view import read_view
from pcrs.serve.legend import SIZE
from pcrs.standard.crs import BBox, is_latlon, transform_bbox, transformer
from tests.pyramids import X, Y
from tests.services.asking import PUBLIC
from tests.services.maps import GROUND, MARK, MapSite, magenta_centre, map_site
from tests.test_ows import schema

INSIDE = BBox(X + 6.0, Y - 18.0, X + 36.0, Y - 3.0)
MAP = {
    "SERVICE": "WMS",
    "REQUEST": "GetMap",
    "VERSION": "1.3.0",
    "LAYERS": "PCRS_D046_RVB",
    "STYLES": "",
    "CRS": "EPSG:2154",
    "BBOX": ",".join(map(str, INSIDE)),
    "WIDTH": "600",
    "HEIGHT": "300",
    "FORMAT": "image/png",
}
CODES = [
    "EPSG:2154",
    "EPSG:3857",
    "EPSG:4326",
    "CRS:84",
    "EPSG:4258",
    "EPSG:4171",
    "EPSG:3944",
    "EPSG:3945",
    "EPSG:32631",
]
HOSTILE = [
    "",
    "-1",
    "nan",
    "inf",
    "1e400",
    "0,0,1,1",
    "-180,-90,180,90",
    "-1e300,-1e300,1e300,1e300",
    "9" * 300,
    "<a>",
    "%00",
    "é",
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> MapSite:
    return map_site(tmp_path_factory.mktemp("wms"))


def wms(base: dict[str, str] = MAP, **changes: str) -> str:
    return "/wms?" + urlencode(base | changes)


def pixels(answer: httpx.Response) -> np.ndarray:
    assert answer.status_code == 200, answer.text
    return np.asarray(Image.open(BytesIO(answer.content)))


def in_crs(code: str, version: str) -> tuple[dict[str, str], BBox, int]:
    """The parameters that ask for INSIDE in another CRS; the box x first, and the EPSG code."""
    epsg = 4326 if code == "CRS:84" else int(code.removeprefix("EPSG:"))
    box = transform_bbox(INSIDE, 2154, epsg)
    turned = version == "1.3.0" and code != "CRS:84" and is_latlon(epsg)
    sides = (box.ymin, box.xmin, box.ymax, box.xmax) if turned else tuple(box)
    name = "CRS" if version == "1.3.0" else "SRS"
    return {"VERSION": version, name: code, "BBOX": ",".join(map(repr, sides))}, box, epsg


def refusal(answer: httpx.Response) -> tuple[int, str | None]:
    report = etree.fromstring(answer.content)
    if report.get("version") == "1.3.0":
        schema("wms/1.3.0/exceptions_1_3_0.xsd").assertValid(report)
    return answer.status_code, report[0].get("code")


def test_a_map_on_the_grid_has_the_pixels_of_the_pyramid(site):
    expected, valid = read_view(site.pyramids["2025"], INSIDE, (600, 300))
    assert valid.all()
    assert np.array_equal(pixels(site.get(wms()))[:, :, :3], expected)


@pytest.mark.parametrize("version", ["1.1.1", "1.3.0"])
@pytest.mark.parametrize("code", CODES)
def test_the_mark_is_in_its_place_in_every_crs(site, code, version):
    changes, box, epsg = in_crs(code, version)
    base = {key: value for key, value in MAP.items() if key != "CRS"}
    col, row = magenta_centre(pixels(site.get(wms(base, **changes)))[:, :, :3])
    x, y = transformer(2154, epsg).transform((MARK.xmin + MARK.xmax) / 2, (MARK.ymin + MARK.ymax) / 2)
    assert col == pytest.approx((x - box.xmin) / box.width * 600, abs=0.3)
    assert row == pytest.approx((box.ymax - y) / box.height * 300, abs=0.3)


def test_without_data_png_is_transparent_or_of_the_colour_asked_for(site):
    around = {"BBOX": f"{X - 20},{Y - 20},{X},{Y}", "WIDTH": "40", "HEIGHT": "40"}
    assert (pixels(site.get(wms(TRANSPARENT="TRUE", **around)))[:, :, 3] == 0).all()
    assert (pixels(site.get(wms(**around)))[:, :, :3] == 255).all()
    red = pixels(site.get(wms(BGCOLOR="0xFF0000", **around)))
    assert (red[:, :, :3] == (255, 0, 0)).all()
    assert pixels(site.get(wms(FORMAT="image/jpeg", **around))).min() >= 254


def test_one_edition_lies_over_another(site):
    both = pixels(site.get(wms(LAYERS="PCRS_D046_RVB_2024,PCRS_D046_RVB_2025")))
    assert np.array_equal(both[:, :, :3], pixels(site.get(wms(LAYERS="PCRS_D046_RVB_2025")))[:, :, :3])
    assert not np.array_equal(both, pixels(site.get(wms(LAYERS="PCRS_D046_RVB_2024"))))


@pytest.mark.parametrize("code", CODES)
def test_a_point_names_its_dalle_in_every_crs(site, code):
    changes, _, _ = in_crs(code, "1.3.0")
    info = changes | {"REQUEST": "GetFeatureInfo", "QUERY_LAYERS": "PCRS_D046_RVB", "J": "150"}
    for col, name in (("20", "2024-first"), ("580", "2025-second")):
        answer = site.get(wms(INFO_FORMAT="application/json", I=col, **info))
        assert answer.json()["features"][0]["id"] == name
    assert "Dalle : 2025-second" in site.get(wms(I="580", **info)).text
    assert "<td>2025-second</td>" in site.get(wms(INFO_FORMAT="text/html", I="580", **info)).text


@pytest.mark.parametrize("version", ["1.1.1", "1.3.0"])
def test_capabilities_are_read_by_owslib(site, version):
    answer = site.get(f"/wms?SERVICE=WMS&REQUEST=GetCapabilities&VERSION={version}")
    service = WebMapService(f"{PUBLIC}/wms", version=version, xml=answer.content)
    assert [*service.contents] == ["PCRS_D046_RVB", "PCRS_D046_RVB_2025", "PCRS_D046_RVB_2024"]
    layer = service["PCRS_D046_RVB"]
    assert set(CODES) <= set(layer.crsOptions)
    assert layer.boundingBoxWGS84[0] == pytest.approx(1.4417, abs=1e-3)
    assert layer.queryable
    assert "Licence Ouverte" in service.identification.accessconstraints
    assert service.provider.contact.organization == "Territoire d'Énergie Lot"
    assert {method["url"] for method in service.getOperationByName("GetMap").methods} == {f"{PUBLIC}/wms?"}


def test_capabilities_are_valid_and_offer_what_there_is(site):
    tree = etree.fromstring(site.get("/wms?SERVICE=WMS&REQUEST=GetCapabilities").content)
    schema("wms/1.3.0/capabilities_1_3_0.xsd").assertValid(tree)
    wms_ = "{http://www.opengis.net/wms}"
    assert [node.text for node in tree.findall(f".//{wms_}Exception/{wms_}Format")] == ["XML"]
    links = tree.findall(f".//{wms_}MetadataURL/{wms_}OnlineResource")
    assert links[0].get("{http://www.w3.org/1999/xlink}href").startswith(f"{PUBLIC}/csw?")


@pytest.mark.parametrize("version", ["1.1.1", "1.3.0"])
def test_the_legend_is_where_the_capabilities_say(site, version):
    answer = site.get(f"/wms?SERVICE=WMS&REQUEST=GetCapabilities&VERSION={version}")
    layer = WebMapService(f"{PUBLIC}/wms", version=version, xml=answer.content)["PCRS_D046_RVB"]
    legend = site.get(layer.styles["default"]["legend"].removeprefix(PUBLIC))
    assert legend.headers["content-type"] == "image/png"
    assert pixels(legend).shape[1::-1] == SIZE
    element = etree.fromstring(answer.content).find(".//{*}LegendURL")
    assert (int(element.get("width")), int(element.get("height"))) == SIZE
    again = site.get(
        "/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetLegendGraphic&LAYER=PCRS_D046_RVB&FORMAT=image/jpeg",
        if_none_match=legend.headers["etag"],
    )
    assert (again.status_code, again.headers["content-type"]) == (200, "image/jpeg")
    for wrong in ("LAYER=NO&FORMAT=image/png", "FORMAT=image/png", "LAYER=PCRS_D046_RVB&FORMAT=image/gif"):
        path = f"/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetLegendGraphic&{wrong}"
        assert refusal(site.get(path))[0] == 400


def test_layers_name_who_made_them(site):
    service = site.get("/wms?SERVICE=WMS&REQUEST=GetCapabilities&VERSION=1.3.0")
    titles = etree.fromstring(service.content).findall(".//{*}Attribution/{*}Title")
    assert {title.text for title in titles} == {"Territoire d'Énergie Lot"}


@pytest.mark.parametrize("version", ["1.1.1", "1.3.0"])
def test_capabilities_of_six_editions_stay_small(tmp_path, version):
    editions = tuple(str(year) for year in range(2020, 2026))
    one = map_site(tmp_path)
    six = map_site(tmp_path / "six", editions=lambda: editions, pyramid=lambda edition: one.pyramids["2025"])
    answer = six.get(f"/wms?SERVICE=WMS&REQUEST=GetCapabilities&VERSION={version}")
    assert answer.text.count("PCRS_D046_RVB_202") >= 6
    assert len(answer.content) < 50_000


def test_what_a_client_says_of_the_host_is_written_nowhere(site):
    said = {"host": "evil.example", "x_forwarded_host": "evil.example", "x_script_name": "/evil"}
    for version in ("1.1.1", "1.3.0"):
        path = f"/wms?SERVICE=WMS&REQUEST=GetCapabilities&VERSION={version}"
        answer = site.get(path, **said)
        assert "evil" not in answer.text
        addresses = re.findall(r'xlink:href="([^"]*)"', answer.text)
        assert [address for address in addresses if not address.startswith(PUBLIC)] == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"LAYERS": "NO"}, (400, "LayerNotDefined")),
        ({"LAYERS": "PCRS_D046_RVB:png"}, (400, "LayerNotDefined")),
        ({"STYLES": "red"}, (400, "StyleNotDefined")),
        ({"CRS": "EPSG:27572"}, (400, "InvalidCRS")),
        ({"FORMAT": "image/gif"}, (400, "InvalidFormat")),
        ({"WIDTH": "8000", "HEIGHT": "4000"}, (400, "InvalidParameterValue")),
        ({"BBOX": "1,2,3"}, (400, "InvalidParameterValue")),
        ({"REQUEST": "GetBOGUS"}, (400, "OperationNotSupported")),
        ({"VERSION": ""}, (400, "MissingParameterValue")),
    ],
)
def test_what_is_wrong_is_told(site, changes, expected):
    assert refusal(site.get(wms(**changes))) == expected


def test_the_older_version_has_its_own_form_of_errors(site):
    answer = site.get(wms(VERSION="1.1.1", SRS="EPSG:27572"))
    assert answer.headers["content-type"] == "application/vnd.ogc.se_xml"
    assert refusal(answer) == (400, "InvalidSRS")


def test_other_methods(site):
    assert refusal(site.get(wms(), "POST"))[0] == 405
    head = site.get(wms(), "HEAD")
    assert (head.status_code, head.content) == (200, b"")
    assert site.get("/wms/more").status_code == 404


def test_a_map_that_is_known_is_not_sent_again(site):
    first = site.get(wms())
    assert site.get(wms(), if_none_match=first.headers["etag"]).status_code == 304


def test_nothing_that_is_sent_is_a_fault(site):
    info = {"REQUEST": "GetFeatureInfo", "QUERY_LAYERS": "PCRS_D046_RVB", "I": "0", "J": "0"}
    small = MAP | {"WIDTH": "30", "HEIGHT": "15"}
    asked = [
        wms(base, **{key: value})
        for base in (small, small | info)
        for key, value in itertools.product(base, HOSTILE)
    ]
    asked += [
        wms(small, CRS=code, BBOX=box, WIDTH=width)
        for code, box, width in itertools.product(CODES, HOSTILE[5:8], ("1", "30", "8192"))
    ]
    for answer in site.get_all(asked):
        assert answer.status_code < 500, f"{answer.url}: {answer.text}"
        if answer.status_code >= 400:
            etree.fromstring(answer.content)


def test_before_anything_is_published_that_is_told(tmp_path):
    site = map_site(tmp_path, editions=lambda: (), pyramid=lambda edition: None)
    assert refusal(site.get("/wms?SERVICE=WMS&REQUEST=GetCapabilities"))[0] == 404


def test_many_at_once_get_each_their_own(site):
    boxes = [BBox(GROUND.xmin + 6 + step, Y - 12.0, GROUND.xmin + 16 + step, Y - 7.0) for step in range(12)]
    paths = [wms(BBOX=",".join(map(str, box)), WIDTH="200", HEIGHT="100") for box in boxes]
    for box, answer in zip(boxes, site.get_all(paths), strict=True):
        expected, _ = read_view(site.pyramids["2025"], box, (200, 100))
        assert np.array_equal(pixels(answer)[:, :, :3], expected)
