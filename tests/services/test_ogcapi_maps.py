"""Map tiles and maps of the OGC API: the bytes of WMTS and WMS, described as the standards want it."""

import itertools
import json
from io import BytesIO
from pathlib import Path
from urllib.parse import urlencode

import httpx
import numpy as np
import pytest
from PIL import Image

from pcrs.raster.view import read_view
from pcrs.serve import ogcapi_maps
from pcrs.serve.coverage_syntax import FRAMES
from pcrs.serve.tiles import WHITE
from pcrs.standard.crs import L93, BBox, transform_bbox, transformer
from pcrs.standard.grid import PM
from tests.pyramids import X, Y
from tests.services.asking import PUBLIC, ask, ask_all, refused
from tests.services.maps import GROUND, MARK, MapSite, magenta_centre, map_site

TILES, MAP = "/collections/ortho/map/tiles", "/collections/ortho/map"
INSIDE = BBox(X + 6.0, Y - 18.0, X + 36.0, Y - 3.0)
HOSTILE = ["", "-1", "nan", "1e400", "9" * 300, "%00", "é", "<a>", "0,0,1", "jpeg", "CRS84", "0x00FF00"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> MapSite:
    return map_site(tmp_path_factory.mktemp("ogcmaps"))


@pytest.fixture(scope="module")
def routes(site):
    return ogcapi_maps.extension(site.served, site.service).routes


def pixels(answer: httpx.Response) -> np.ndarray:
    assert answer.status_code == 200, answer.text
    return np.asarray(Image.open(BytesIO(answer.content)))


def get_map(routes, **params: str) -> httpx.Response:
    return ask(
        routes, f"{MAP}?{urlencode({name.replace('_', '-'): value for name, value in params.items()})}"
    )


# ---- tiles


@pytest.mark.parametrize("suffix", ["jpeg", "png"])
@pytest.mark.parametrize("edition", ["", "2024", "2025"])
def test_a_tile_is_that_of_wmts(site, routes, suffix, edition):
    name = "PCRS_D046_RVB" + (f"_{edition}" if edition else "")
    more = f"&edition={edition}" if edition else ""
    answer = ask(routes, f"{TILES}/2154_5cm/22/439610/45002?f={suffix}{more}")
    same = site.get(f"/wmts/{name}/2154_5cm/22/45002/439610.{suffix}")
    assert answer.content == same.content
    assert answer.headers["content-type"] == f"image/{suffix}"
    assert answer.headers["etag"] == same.headers["etag"]


def test_tiles_of_web_mercator_show_the_right_place(routes):
    x, y = transformer(L93, 3857).transform((MARK.xmin + MARK.xmax) / 2, (MARK.ymin + MARK.ymax) / 2)
    side = PM.res(21) * 256
    across, down = (x - PM.origin_x) / side, (PM.origin_y - y) / side
    image = pixels(ask(routes, f"{TILES}/WebMercatorQuad/21/{int(down)}/{int(across)}"))
    col, row = magenta_centre(image[:, :, :3])
    assert (col, row) == (pytest.approx(across % 1 * 256, abs=0.3), pytest.approx(down % 1 * 256, abs=0.3))


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("", "image/jpeg"),
        ("*/*", "image/jpeg"),
        ("image/png", "image/png"),
        ("image/jpeg;q=0.3, image/png", "image/png"),
        ("text/html,image/avif,image/webp,*/*;q=0.8", "image/jpeg"),
    ],
)
def test_without_f_accept_chooses(routes, accept, media_type):
    answer = ask(routes, f"{TILES}/2154_5cm/22/439610/45002", headers={"accept": accept})
    assert answer.headers["content-type"] == media_type
    assert answer.headers["vary"] == "Accept"


def test_a_tile_that_is_known_is_not_sent_again(routes):
    path = f"{TILES}/2154_5cm/22/439610/45002"
    first = ask(routes, path)
    again = ask(routes, path, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    head = ask(routes, path, "HEAD")
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", first.headers["etag"])


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("2154_5cm/a/b/c", 400),
        ("2154_5cm/23/0/0", 400),
        ("2154_5cm/22/999999999999/0", 400),
        ("2154_5cm/22/0/0", 404),
        ("PM/21/0/0", 404),
        ("2154_5cm/22/439610/45002?f=webp", 400),
        ("2154_5cm/22/439610/45002?edition=1999", 400),
        ("2154_5cm/22/439610/45002?color=red", 400),
        ("WebMercatorQuad/24/0/0", 400),
    ],
)
def test_what_is_no_tile_is_told(routes, path, status):
    refused(ask(routes, f"{TILES}/{path}"), status)


def test_what_cannot_be_accepted_is_told(routes):
    refused(ask(routes, f"{TILES}/2154_5cm/22/439610/45002", headers={"accept": "application/json"}), 406)


# ---- descriptions


def test_the_list_leads_to_tilesets_and_these_to_tiles(routes):
    base = f"{PUBLIC}/ogcapi"
    listed = ask(routes, f"{TILES}?f=json").json()["tilesets"]
    assert [entry["crs"].rpartition("/")[2] for entry in listed] == ["2154", "3857"]
    for entry in listed:
        links = {link["rel"].rpartition("/")[2]: link["href"] for link in entry["links"]}
        tileset = ask(routes, links["self"].removeprefix(base)).json()
        definition = ask(routes, links["tiling-scheme"].removeprefix(base)).json()
        assert (tileset["dataType"], tileset["crs"]) == ("map", definition["crs"])
        assert tileset.get("tileMatrixSetURI") == definition.get("uri")
        levels = {matrix["id"]: matrix for matrix in definition["tileMatrices"]}
        item = next(link for link in tileset["links"] if link["rel"] == "item")
        assert item["templated"]
        assert item["type"] == "image/jpeg"
        for limit in tileset["tileMatrixSetLimits"]:
            assert (
                0 <= limit["minTileRow"] <= limit["maxTileRow"] < levels[limit["tileMatrix"]]["matrixHeight"]
            )
            assert (
                0 <= limit["minTileCol"] <= limit["maxTileCol"] < levels[limit["tileMatrix"]]["matrixWidth"]
            )
            address = item["href"].format(
                tileMatrix=limit["tileMatrix"], tileRow=limit["minTileRow"], tileCol=limit["minTileCol"]
            )
            assert ask(routes, address.removeprefix(base)).headers["content-type"] == "image/jpeg"


def test_limits_leave_no_data_out(site, routes):
    limit = ask(routes, f"{TILES}/2154_5cm").json()["tileMatrixSetLimits"][22]
    pyramid = site.pyramids["2025"]
    told = (limit["minTileCol"], limit["minTileRow"], limit["maxTileCol"], limit["maxTileRow"])
    assert told == tuple(pyramid.levels[22])
    assert ask(routes, f"{TILES}/2154_5cm/22/{told[1]}/{told[0]}").content != WHITE


@pytest.mark.parametrize(("name", "file"), [("2154_5cm", "2154_5cm.json"), ("WebMercatorQuad", "PM.json")])
def test_definitions_agree_with_igns(routes, shared_data: Path, name, file):
    ours = ask(routes, f"/tileMatrixSets/{name}").json()["tileMatrices"]
    theirs = json.loads((shared_data / "tms" / file).read_text(encoding="utf-8"))["tileMatrices"]
    for matrix, other in zip(ours, theirs, strict=False):
        assert matrix["id"] == other["id"]
        assert matrix["cellSize"] == pytest.approx(other["cellSize"], rel=1e-9)
        assert matrix["scaleDenominator"] == pytest.approx(other["scaleDenominator"], rel=1e-9)
        assert matrix["pointOfOrigin"] == pytest.approx(other["pointOfOrigin"], abs=1e-6)
        assert matrix["matrixWidth"] == other["matrixWidth"]
        assert abs(matrix["matrixHeight"] - other["matrixHeight"]) <= 1  # IGN's level 19 lacks its last row


def test_the_registered_set_has_all_its_levels(routes):
    matrices = ask(routes, "/tileMatrixSets/WebMercatorQuad").json()["tileMatrices"]
    assert [matrix["matrixWidth"] for matrix in matrices] == [2**level for level in range(25)]
    listed = ask(routes, "/tileMatrixSets").json()["tileMatrixSets"]
    assert [entry["id"] for entry in listed] == ["2154_5cm", "WebMercatorQuad"]
    refused(ask(routes, "/tileMatrixSets/PM"), 404)


# ---- maps


def test_a_map_on_the_grid_has_the_pixels_of_the_pyramid(site, routes):
    answer = get_map(
        routes, bbox=",".join(map(str, INSIDE)), bbox_crs="EPSG:2154", width="600", height="300", f="png"
    )
    expected, _ = read_view(site.pyramids["2025"], INSIDE, (600, 300))
    assert np.array_equal(pixels(answer)[:, :, :3], expected)
    assert answer.headers["content-crs"] == "<http://www.opengis.net/def/crs/EPSG/0/2154>"
    assert answer.headers["content-bbox"] == ",".join(f"{value:.12g}" for value in INSIDE)
    assert answer.headers["content-datetime"] == "2024/2025"


def test_a_map_without_a_word_shows_all(routes):
    answer = ask(routes, MAP)
    assert max(pixels(answer).shape) == 1024
    west, south, east, north = map(float, answer.headers["content-bbox"].split(","))
    assert west <= GROUND.xmin
    assert south <= GROUND.ymin
    assert east >= GROUND.xmax
    assert north >= GROUND.ymax
    older = get_map(routes, edition="2024")
    assert older.headers["content-datetime"] == "2024/2024"
    assert older.content != answer.content


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: frame.uri.rpartition("/")[2])
def test_maps_come_in_every_crs_of_the_collection(routes, frame):
    box = transform_bbox(INSIDE, L93, frame.epsg)
    written = ",".join(map(repr, frame.ordered(box)))
    answer = get_map(routes, bbox=written, bbox_crs=frame.uri, crs=frame.uri, width="400", f="png")
    image = pixels(answer)
    x, y = transformer(L93, frame.epsg).transform((MARK.xmin + MARK.xmax) / 2, (MARK.ymin + MARK.ymax) / 2)
    col, row = magenta_centre(image[:, :, :3])
    assert col == pytest.approx((x - box.xmin) / box.width * 400, abs=1)
    assert row == pytest.approx((box.ymax - y) / box.height * image.shape[0], abs=1)
    assert answer.headers["content-crs"] == f"<{frame.uri}>"
    told = [float(value) for value in answer.headers["content-bbox"].split(",")]
    assert told == pytest.approx(frame.ordered(box), rel=1e-9)


def test_without_data_a_png_is_transparent_unless_a_colour_is_asked_for(routes):
    beside = {"bbox": "0,0,1,1", "width": "8", "f": "png"}
    assert (pixels(get_map(routes, **beside))[:, :, 3] == 0).all()
    green = pixels(get_map(routes, **beside, bgcolor="0x00FF00"))
    assert (green[:, :, :3] == (0, 255, 0)).all()
    both = pixels(get_map(routes, **beside, bgcolor="0x00FF00", transparent="true"))
    assert (both[:, :, 3] == 0).all()


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("width=100000&height=100000", "px"),
        ("width=0", "width"),
        ("bbox=2,2,1,1", "lower corner"),
        ("bbox=1,1,1,1", "empty"),
        ("crs=EPSG:27572", "27572"),
        ("bbox-crs=EPSG:2154", "bbox"),
        ("f=json", "jpeg"),
        ("transparent=perhaps", "TRUE"),
        ("bgcolor=red", "0xRRGGBB"),
        ("edition=1999", "2025"),
        ("height=5&height=6", "twice"),
        ("subset=E(1:2)", "subset"),
    ],
)
def test_what_is_wrong_with_a_map_is_told(routes, query, said):
    assert said in refused(ask(routes, f"{MAP}?{query}"), 400)


def test_nothing_that_is_sent_is_a_fault(routes):
    names = ("bbox", "bbox-crs", "crs", "width", "height", "transparent", "bgcolor", "edition", "f")
    asked = [f"{MAP}?{urlencode({name: value})}" for name, value in itertools.product(names, HOSTILE)]
    asked += [f"{MAP}?bbox=0,0,1,1&{urlencode({name: value})}" for name in names[1:] for value in HOSTILE]
    asked += [
        f"{TILES}/{'/'.join(parts)}" for parts in itertools.permutations(("2154_5cm", "é", "<a>", "-1"))
    ]
    for answer in ask_all(routes, asked):
        assert answer.status_code < 500, f"{answer.url}: {answer.text}"


def test_before_anything_is_published_there_is_nothing(tmp_path):
    empty = map_site(tmp_path, editions=lambda: (), pyramid=lambda edition: None)
    routes = ogcapi_maps.extension(empty.served, empty.service).routes
    for path in (MAP, TILES, f"{TILES}/2154_5cm", f"{TILES}/2154_5cm/22/439610/45002"):
        refused(ask(routes, path), 404)


def test_what_is_declared_is_described(site):
    extension = ogcapi_maps.extension(site.served, site.service)
    described = {path.replace("tileMatrixSetId", "set") for path in extension.paths}
    served = {
        route.path.replace("{matrix}", "{tileMatrix}")
        .replace("{row}", "{tileRow}")
        .replace("{col}", "{tileCol}")
        for route in extension.routes
    }
    assert described == served
    (schemes,) = extension.links
    assert ask(extension.routes, schemes["href"].removeprefix(f"{PUBLIC}/ogcapi")).status_code == 200
