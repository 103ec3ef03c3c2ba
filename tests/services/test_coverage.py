"""Whole requests to the coverage: the pixels that come back, their size, CRS, form and edition."""

import io
import json

import numpy as np
import pytest
import simplejpeg
from PIL import Image

from pcrs.raster.mosaic import Mosaic
from pcrs.serve import coverage
from pcrs.standard.crs import BBox, transform_bbox, transformer
from tests.services.asking import SIDE_PX, X, Y, ask, ground, refused, served_by, small_mosaic
from tests.services.coverage_site import L93_BOX, PATH, get, opened
from tests.services.coverage_site import app as app
from tests.services.coverage_site import holed as holed
from tests.services.coverage_site import mosaic as mosaic
from tests.services.coverage_site import site as site

# ---- native windows


def test_a_native_window_has_the_pixels_of_the_dalles_and_their_place(app):
    response = get(app, f"{L93_BOX}&f=GTiff")
    with opened(response) as tif:
        assert (tif.width, tif.height, tif.count) == (200, 100, 3)
        assert tif.crs.to_epsg() == 2154
        assert tif.transform[:6] == (0.05, 0, X + 5, 0, -0.05, Y - 5)
        assert np.array_equal(np.moveaxis(tif.read(), 0, 2), ground(X + 5, Y - 5, 200, 100))
        assert tif.descriptions == ("R", "G", "B")
        assert [c.name for c in tif.colorinterp] == ["red", "green", "blue"]
    assert response.headers["content-crs"] == "<http://www.opengis.net/def/crs/EPSG/0/2154>"
    assert response.headers["content-bbox"] == f"{X + 5},{Y - 10},{X + 15},{Y - 5}"
    assert response.headers["content-type"] == "image/tiff; application=geotiff"
    assert f'filename="PCRS_D046_RVB_{X + 5}-{Y - 5}.tif"' in response.headers["content-disposition"]


def test_a_window_goes_over_the_join_of_two_dalles(app):
    with opened(get(app, f"bbox={X + 15},{Y - 10},{X + 25},{Y - 5}&bbox-crs=2154")) as tif:
        assert np.array_equal(np.moveaxis(tif.read(), 0, 2), ground(X + 15, Y - 5, 200, 100))


def test_a_box_between_pixels_is_widened_to_whole_ones(app):
    with opened(get(app, f"bbox={X + 5.01},{Y - 9.99},{X + 5.02},{Y - 9.98}&bbox-crs=2154")) as tif:
        assert (tif.width, tif.height) == (1, 1)
        assert tif.transform[:6] == (0.05, 0, X + 5, 0, -0.05, Y - 9.95)


@pytest.mark.parametrize(
    "crs",
    [
        "EPSG:2154",
        "[EPSG:2154]",
        "2154",
        "urn:ogc:def:crs:EPSG::2154",
        "http://www.opengis.net/def/crs/EPSG/0/2154",
        "https://www.opengis.net/def/crs/EPSG/0/2154",
    ],
)
def test_a_crs_may_be_written_in_every_usual_way(app, crs):
    response = get(app, f"bbox={X},{Y - 1},{X + 1},{Y}&bbox-crs={crs}&crs={crs}")
    assert response.headers["content-bbox"] == f"{X},{Y - 1},{X + 1},{Y}"


def test_bbox_is_longitude_latitude_unless_said_otherwise(app):
    west, south, east, north = transform_bbox(BBox(X + 5, Y - 15, X + 15, Y - 5), 2154, 4326)
    asked = [
        f"bbox={west},{south},{east},{north}",
        f"bbox={west},{south},0,{east},{north},100",
        f"bbox={south},{west},{north},{east}&bbox-crs=EPSG:4326",
        f"subset=Lat({south}:{north}),Lon({west}:{east})",
        f"subset=Lon({west}:{east})&subset=Lat({south}:{north})",
        f"subset=Lat({south}:{north}),Lon({west}:{east})&subset-crs=EPSG:4326",
    ]
    answers = {get(app, query).headers["content-bbox"] for query in asked}
    assert len(answers) == 1
    box = [float(value) for value in answers.pop().split(",")]
    assert box[0] <= X + 5 <= box[0] + 1
    assert box[3] - 1 <= Y - 5 <= box[3]


@pytest.mark.parametrize("names", ["E{} N{}", "x{} y{}", "X{} Y{}", "n{} e{}"])
def test_subset_by_easting_and_northing(app, names):
    easting, northing = f"({X + 1}:{X + 2})", f"({Y - 2}:{Y - 1})"
    spans = {"e": easting, "x": easting, "n": northing, "y": northing}
    parts = [name.format(spans[name[0].lower()]) for name in names.split()]
    assert get(app, "subset=" + ",".join(parts)).headers["content-bbox"] == f"{X + 1},{Y - 2},{X + 2},{Y - 1}"


def test_an_asterisk_and_an_absent_axis_mean_the_limit_of_the_data(app):
    assert get(app, f"subset=E({X + 39}:*)").headers["content-bbox"] == f"{X + 39},{Y - 20},{X + 40},{Y}"
    assert get(app, f"subset=N(*:{Y - 19})").headers["content-bbox"] == f"{X},{Y - 20},{X + 40},{Y - 19}"


def test_a_geotiff_is_cut_to_the_data_and_an_image_is_not(app):
    box = f"bbox={X - 10},{Y - 5},{X + 10},{Y + 5}&bbox-crs=2154"
    with opened(get(app, box)) as tif:
        assert tif.bounds[:] == (X, Y - 5, X + 10, Y)
    image = Image.open(io.BytesIO(get(app, f"{box}&f=png").content))
    assert image.size == (400, 200)
    alpha = np.asarray(image)[:, :, 3]
    assert (alpha[100:, 200:] == 255).all()
    assert alpha[:100].max() == alpha[:, :200].max() == 0


def test_no_data_is_masked(site, holed):
    app = coverage.routes(served_by(site, lambda edition: holed))
    box = f"bbox={X},{Y - 10},{X + 10},{Y}&bbox-crs=2154"
    expected = np.ones((200, 200), bool)
    expected[100:200, 100:200] = False
    with opened(get(app, box)) as tif:
        assert np.array_equal(tif.dataset_mask() == 255, expected)
        assert (tif.read()[:, ~expected] == 255).all()
    png = np.asarray(Image.open(io.BytesIO(get(app, f"{box}&f=png").content)))
    assert np.array_equal(png[:, :, 3] == 255, expected)
    jpeg = simplejpeg.decode_jpeg(get(app, f"{box}&f=jpeg").content)
    assert jpeg[110:190, 110:190].min() > 245


# ---- sizes


@pytest.mark.parametrize(
    ("query", "size"),
    [
        ("scale-factor=2", (100, 50)),
        ("scale-factor=0.5", (400, 200)),
        ("scale-axes=E(2),N(5)", (100, 20)),
        ("scale-axes=N(2)", (200, 50)),
        ("scale-size=E(50),N(20)", (50, 20)),
        ("scaleSize=E(50)", (50, 25)),
        ("width=40", (40, 20)),
        ("height=40", (80, 40)),
        ("width=7&height=31", (7, 31)),
        ("resolution=E(0.1),N(0.25)", (100, 20)),
        ("resolution=", (200, 100)),
        ("scale-factor=1", (200, 100)),
    ],
)
def test_the_size_asked_is_the_size_given_over_the_box_asked(app, query, size):
    with opened(get(app, f"{L93_BOX}&{query}")) as tif:
        assert (tif.width, tif.height) == size
        assert tif.bounds[:] == pytest.approx((X + 5, Y - 10, X + 15, Y - 5), abs=1e-6)


def test_the_native_size_asked_by_number_is_the_native_window(app):
    with opened(get(app, f"{L93_BOX}&width=200&height=100")) as tif:
        assert np.array_equal(np.moveaxis(tif.read(), 0, 2), ground(X + 5, Y - 5, 200, 100))


def test_a_scaled_answer_looks_like_the_ground(app):
    with opened(get(app, f"{L93_BOX}&scale-factor=4")) as tif:
        small = np.moveaxis(tif.read(), 0, 2).astype(float)
    native = ground(X + 5, Y - 5, 200, 100).astype(float)
    mean = native.reshape(25, 4, 50, 4, 3).mean(axis=(1, 3))
    assert np.abs(small - mean).mean() < 6


def test_a_scaled_answer_covers_what_was_asked_even_outside_the_data(app):
    with opened(get(app, f"bbox={X - 20},{Y - 20},{X + 60},{Y + 20}&bbox-crs=2154&width=80")) as tif:
        assert tif.bounds[:] == (X - 20, Y - 20, X + 60, Y + 20)
        assert tif.dataset_mask()[25:35, 25:55].min() == 255
        assert tif.dataset_mask()[:15].max() == 0


def test_without_parameters_all_of_it_comes_small(site, mosaic):
    app = coverage.routes(served_by(site, lambda edition: mosaic, max_coverage_px=10**7))
    response = ask(app, PATH)
    with opened(response) as tif:
        assert (tif.width, tif.height) == (800, 400)  # 40 m x 20 m are less than the default already
    far = Mosaic([mosaic.sources[0], mosaic.sources[1]._replace(bbox=BBox(X + 980, Y - 20, X + 1000, Y))])
    app = coverage.routes(served_by(site, lambda edition: far, max_coverage_px=10**7))
    with opened(ask(app, PATH)) as tif:
        assert tif.width == 1024
        assert tif.bounds[:] == pytest.approx((X, Y - 20, X + 1000, Y))


def test_what_is_too_large_is_refused_with_the_limit_and_the_size_before_reading(site):
    class Unreadable(Mosaic):
        def read(self, bbox, size=None):
            raise AssertionError("read")

    mosaic = Unreadable([])
    mosaic.bbox = BBox(X, Y - 1000, X + 1000, Y)
    app = coverage.routes(served_by(site, lambda edition: mosaic))
    assert "2000 x 2000 = 4000000 pixels" in refused(
        get(app, f"bbox={X},{Y - 100},{X + 100},{Y}&bbox-crs=2154"), 413
    )
    assert "1000000" in refused(get(app, "scale-factor=1"), 413)
    west, south, _, north = transform_bbox(mosaic.bbox, 2154, 3857)
    thin = f"bbox={west + 500},{south},{west + 501},{north}&bbox-crs=3857&crs=3857"
    assert "as wide as high" in refused(get(app, thin), 413)
    assert "250000" in refused(get(app, "width=600&f=json"), 413)
    refused(get(app, "scale-factor=1e-300"), 413)
    refused(get(app, "resolution=E(1e-300)"), 413)


# ---- other CRS


@pytest.mark.parametrize("epsg", [3857, 3944, 3945, 4326, 4258])
def test_another_crs_is_resampled_to_the_right_place(app, epsg):
    response = get(app, f"bbox={X + 5},{Y - 15},{X + 15},{Y - 5}&bbox-crs=2154&crs=EPSG:{epsg}")
    assert response.headers["content-crs"] == f"<http://www.opengis.net/def/crs/EPSG/0/{epsg}>"
    with opened(response) as tif:
        assert tif.crs.to_epsg() == epsg
        assert tif.width == pytest.approx(204, abs=8)
        pixels = np.moveaxis(tif.read(), 0, 2)
        rows, cols = np.mgrid[20 : tif.height - 20 : 9, 20 : tif.width - 20 : 9]
        place = tif.transform
        xs, ys = place.c + place.a * (cols.ravel() + 0.5), place.f + place.e * (rows.ravel() + 0.5)
        assert (tif.dataset_mask()[rows, cols] == 255).all()
    east, north = transformer(epsg, 2154).transform(xs, ys)
    native = ground(X, Y, 800, SIDE_PX).astype(float)
    smooth = (native[:-2] + native[1:-1] + native[2:])[:, 1:-1] / 3
    there = smooth[((Y - north) / 0.05 - 1).astype(int), ((east - X) / 0.05 - 1).astype(int)]
    seen = pixels[rows.ravel(), cols.ravel()].astype(float)
    assert np.corrcoef(there[:, 0], seen[:, 0])[0, 1] > 0.8


def test_content_bbox_follows_the_axis_order_of_the_answer(app):
    box = f"bbox={X + 5},{Y - 15},{X + 15},{Y - 5}&bbox-crs=2154"
    latlon = [float(v) for v in get(app, f"{box}&crs=EPSG:4326").headers["content-bbox"].split(",")]
    lonlat = [float(v) for v in get(app, f"{box}&crs=OGC:CRS84").headers["content-bbox"].split(",")]
    assert latlon[0] == lonlat[1] == pytest.approx(44.45, abs=0.05)
    assert latlon[1] == lonlat[0] == pytest.approx(1.44, abs=0.05)


def test_gdal_asks_in_degrees_and_gets_a_grid_in_degrees(app):
    west, south, east, north = transform_bbox(BBox(X + 5, Y - 15, X + 15, Y - 5), 2154, 4326)
    response = get(
        app,
        f"f=GTiff&bbox={west},{south},{east},{north}&scaleSize=Lat(64),Long(32)",
        headers={"accept": "image/tiff;application=geotiff"},
    )
    assert response.headers["content-crs"] == "<http://www.opengis.net/def/crs/OGC/1.3/CRS84>"
    with opened(response) as tif:
        assert (tif.width, tif.height, tif.count) == (32, 64, 3)
        assert tif.bounds[:] == pytest.approx((west, south, east, north), abs=1e-9)
        assert tif.dataset_mask()[2:-2, 2:-2].min() == 255


def test_no_data_does_not_bleed_when_resampled(site, holed):
    app = coverage.routes(served_by(site, lambda edition: holed))
    with opened(get(app, f"bbox={X},{Y - 20},{X + 20},{Y}&bbox-crs=2154&crs=EPSG:3945")) as tif:
        pixels, valid = tif.read(), tif.dataset_mask() == 255
    brightest = ground(X, Y, 400, 400).max()
    assert not valid.all()
    assert pixels[:, valid].max() <= brightest


# ---- bands and formats


def test_bands_come_in_the_order_asked(app):
    pixels = ground(X + 5, Y - 5, 200, 100)
    with opened(get(app, f"{L93_BOX}&properties=B,R")) as tif:
        assert tif.descriptions == ("B", "R")
        assert np.array_equal(tif.read(1), pixels[:, :, 2])
        assert np.array_equal(tif.read(2), pixels[:, :, 0])
    gray = Image.open(io.BytesIO(get(app, f"{L93_BOX}&properties=g&f=png").content))
    assert gray.mode == "LA"
    assert np.array_equal(np.asarray(gray)[:, :, 0], pixels[:, :, 1])
    jpeg = get(app, f"{L93_BOX}&properties=G&f=jpeg").content
    assert Image.open(io.BytesIO(jpeg)).mode == "L"


def test_jpeg_and_png_hold_the_window(app):
    expected = ground(X + 5, Y - 5, 200, 100).astype(int)
    jpeg = get(app, f"{L93_BOX}&f=jpeg")
    assert jpeg.headers["content-type"] == "image/jpeg"
    assert np.abs(simplejpeg.decode_jpeg(jpeg.content).astype(int) - expected).mean() < 4
    png = get(app, f"{L93_BOX}&f=png")
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(png.content)))[:, :, :3], expected)


def test_coverage_json_gives_values_by_row_and_null_for_no_data(site, holed):
    app = coverage.routes(served_by(site, lambda edition: holed))
    response = get(app, f"bbox={X + 4.9},{Y - 5.1},{X + 5.1},{Y - 5}&bbox-crs=2154&f=json&properties=R")
    assert response.headers["content-type"] == "application/prs.coverage+json"
    document = json.loads(response.content)
    assert document["domain"]["axes"] == {
        "x": {"start": pytest.approx(X + 4.925), "stop": pytest.approx(X + 5.075), "num": 4},
        "y": {"start": pytest.approx(Y - 5.025), "stop": pytest.approx(Y - 5.075), "num": 2},
    }
    red = document["ranges"]["R"]
    pixels = ground(X + 4.9, Y - 5, 4, 2)
    assert red["shape"] == [2, 4]
    assert red["values"] == [*map(int, pixels[0, :2, 0]), None, None, *map(int, pixels[1, :2, 0]), None, None]


def test_a_large_geotiff_is_cloud_optimised(site, tmp_path, mosaic):
    app = coverage.routes(served_by(site, lambda edition: mosaic, max_coverage_px=10**7))
    with opened(get(app, "scale-factor=0.25&f=tiff")) as tif:
        assert (tif.width, tif.height) == (3200, 1600)
        assert tif.overviews(1)
        assert tif.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("", "image/tiff; application=geotiff"),
        ("*/*", "image/tiff; application=geotiff"),
        ("image/tiff", "image/tiff; application=geotiff"),
        ("image/png", "image/png"),
        ("image/jpeg;q=0.2, image/png;q=0.9", "image/png"),
        ("text/html, image/jpeg", "image/jpeg"),
        ("application/json", "application/prs.coverage+json"),
    ],
)
def test_accept_chooses_the_format(app, accept, media_type):
    response = get(app, f"{L93_BOX}&width=10", headers={"accept": accept})
    assert response.headers["content-type"] == media_type
    assert response.headers["vary"] == "Accept"


def test_f_goes_before_accept_and_an_impossible_accept_is_told(app):
    both = get(app, f"{L93_BOX}&f=jpeg", headers={"accept": "image/png"})
    assert both.headers["content-type"] == "image/jpeg"
    assert "image/png" in refused(get(app, L93_BOX, headers={"accept": "text/html"}), 406)


# ---- editions


def test_edition_and_datetime_choose_the_edition(site, tmp_path_factory):
    by_edition = {
        edition: small_mosaic(tmp_path_factory.mktemp(f"e{edition}"), seed=seed)
        for edition, seed in (("2022", 1), ("2025", 2), (None, 3))
    }
    app = coverage.routes(served_by(site, lambda edition: by_edition[edition]))

    def red(query):
        with opened(get(app, f"{L93_BOX}&{query}")) as tif:
            return tif.read(1)

    expected = {seed: ground(X + 5, Y - 5, 200, 100, seed)[:, :, 0] for seed in (1, 2, 3)}
    for query, seed in (
        ("edition=2022", 1),
        ("edition=2025", 2),
        ("f=GTiff", 3),
        ("datetime=2022-06-01", 1),
        ("datetime=2020-01-01T00:00:00Z/2024-12-31T00:00:00Z", 1),
        ("datetime=2022-01-01/..", 2),
        ("datetime=/2025", 2),
    ):
        assert np.array_equal(red(query), expected[seed]), query
    assert get(app, f"{L93_BOX}&datetime=2010-01-01").status_code == 204
    assert "2022, 2025" in refused(get(app, f"{L93_BOX}&edition=2031"), 400)
