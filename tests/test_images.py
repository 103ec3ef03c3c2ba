"""Images of an area: the mosaic cut at its limit in the CRS asked, told beside, gone on with after a stop."""

import zipfile
from datetime import date

import numpy as np
import pytest
import rasterio
import shapely

from pcrs.archive.directory import Directory
from pcrs.errors import InputError
from pcrs.raster.mosaic import Mosaic, Source
from pcrs.standard.crs import transform_geometry
from pcrs.store.index import Dalle
from pcrs.work import image_strips
from pcrs.work.areas import Area
from pcrs.work.image_strips import grid_of
from pcrs.work.images import IMAGE_FORMATS, Ground, ImageOrder, export_image
from pcrs.work.notice import Credits
from tests.services.asking import X, Y, ground, small_mosaic

CREDITS = Credits("PCRS d'essai", "APLC d'essai", "Licence Ouverte", "https://pcrs.example.fr")
TRIANGLE = shapely.Polygon([(X + 2, Y - 18), (X + 38, Y - 18), (X + 20, Y - 1)])
"""Over both dalles of the small site."""


def dalle(x: int, number: int) -> Dalle:
    values = dict.fromkeys(("sha256", "master_sha256", "hot_sha256"), str(number))
    return Dalle(
        f"d{number}", "2025", "l", "", x, Y, 20, f"2025-04-1{number}", "2025-06-01", "010",
        master_bytes=1, hot_bytes=1, **values,
    )  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    mosaic = small_mosaic(folder / "raw")
    hot = folder / "hot"
    for number, source in enumerate(sorted(mosaic.sources, key=lambda each: each.bbox.xmin)):
        target = hot / "dalles" / "2025" / f"d{number}.tif"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.path.read_bytes())
    dalles = [dalle(X, 0), dalle(X + 20, 1)]
    return Ground(mosaic, dalles, Directory(hot))


@pytest.fixture(autouse=True)
def small_squares(monkeypatch):
    monkeypatch.setattr(image_strips, "SIDE", 128)


def order(name, region=TRIANGLE, epsg=None):
    return ImageOrder(
        IMAGE_FORMATS[name], CREDITS, date(2026, 11, 28), Area(region, "un triangle", "t"), epsg
    )


def read(path):
    with rasterio.open(path) as image:
        return image.read(), image.dataset_mask() > 0, image.transform, image.profile | {"tags": image.tags()}


def test_the_image_has_the_pixels_of_the_dalles_within_the_limit(site, tmp_path):
    path = tmp_path / "t.tif"
    assert export_image(site, order("tif"), path) == 2
    pixels, valid, transform, profile = read(path)
    assert (profile["crs"].to_epsg(), transform.a, transform.e) == (2154, 0.05, -0.05)
    assert (transform.c, transform.f) == (X + 2, Y - 1)
    assert valid.shape == (340, 720)
    expected = ground(X + 2, Y - 1, 720, 340)
    difference = np.abs(np.moveaxis(pixels[:3], 0, 2).astype(int) - expected)[valid]
    assert np.median(difference) <= 3  # JPEG 90
    inside = shapely.contains_xy(
        TRIANGLE,
        *np.meshgrid(X + 2 + (np.arange(720) + 0.5) * 0.05, Y - 1 - (np.arange(340) + 0.5) * 0.05),
    )
    assert (inside != valid).sum() <= 2
    assert profile["tags"]["TIFFTAG_COPYRIGHT"] == "Licence Ouverte"
    assert [entry.name for entry in tmp_path.iterdir()] == ["t.tif"]
    with rasterio.open(path) as image:
        assert image.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"


def test_in_another_crs_places_are_the_same(site, tmp_path):
    path = tmp_path / "t.tif"
    export_image(site, order("tif", epsg=3945), path)
    _, valid, transform, profile = read(path)
    assert profile["crs"].to_epsg() == 3945
    moved = transform_geometry(TRIANGLE, 2154, 3945)
    rows, cols = np.nonzero(valid)
    seen = [transform @ (col + 0.5, row + 0.5) for row, col in zip(rows[::37], cols[::37], strict=True)]
    assert moved.buffer(0.05).covers(shapely.multipoints(seen))
    assert valid.sum() * 0.0025 == pytest.approx(moved.area, rel=0.01)


@pytest.mark.parametrize("name", ["jpg", "jp2", "zip"])
def test_archives_tell_what_is_in_them(site, tmp_path, name):
    path = tmp_path / "t.zip"
    assert export_image(site, order(name), path) == 2
    with zipfile.ZipFile(path) as packed:
        names = set(packed.namelist())
        text = packed.read("LISEZ-MOI.txt").decode("utf-8-sig")
        packed.extractall(tmp_path / "out")
    expected = {"jpg": {"t.jpg", "t.jgw", "t.prj"}, "jp2": {"t.jp2"}, "zip": {"d0.tif", "d1.tif"}}
    assert names == {"LISEZ-MOI.txt"} | expected[name]
    for word in ("un triangle", "2025-04-10 / 2025-04-11", "EPSG:2154", "ATTENTION", "WARNING", "APLC"):
        assert word in text
    if name == "zip":
        assert (tmp_path / "out" / "d0.tif").read_bytes() == site.hot.read("dalles/2025/d0.tif").data
    else:
        with rasterio.open(tmp_path / "out" / f"t.{name}") as image:
            assert (image.width, image.height) == (720, 340)
            assert (image.transform.c, image.transform.f) == pytest.approx((X + 2, Y - 1))


def test_a_stopped_image_goes_on(site, tmp_path):
    path, seen = tmp_path / "t.tif", []

    class Stopped(Exception):
        pass

    class Watched(Mosaic):
        def read(self, bbox, size=None):
            seen.append(bbox)
            if len(seen) == 9:
                raise Stopped
            return super().read(bbox, size)

    watched = Ground(Watched(site.mosaic.sources), site.dalles, site.hot)
    with pytest.raises(Stopped):
        export_image(watched, order("tif"), path)
    assert not path.exists()
    before = len(seen)
    export_image(watched, order("tif"), path)
    export_image(site, order("tif"), tmp_path / "at once.tif")
    assert len(set(seen[:before])) + len(seen) - before < 2 * len(set(seen))
    for one, other in zip(read(path)[:2], read(tmp_path / "at once.tif")[:2], strict=True):
        assert np.array_equal(one, other)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["at once.tif", "t.tif"]


def test_what_cannot_be_done_is_said_and_leaves_nothing(site, tmp_path):
    with pytest.raises(InputError, match="EPSG:4326"):
        export_image(site, order("tif", epsg=4326), tmp_path / "x.tif")
    with pytest.raises(InputError, match="EPSG:3945"):
        export_image(site, order("zip", epsg=3945), tmp_path / "x.zip")
    far = shapely.box(X + 1000, Y, X + 1001, Y + 1)
    assert export_image(site, order("tif", far), tmp_path / "x.tif") == 0
    assert list(tmp_path.iterdir()) == []


def test_edges_of_pixels_are_whole_multiples():
    grid = grid_of(TRIANGLE, [Source(None, shapely.box(X, Y - 20, X + 40, Y).bounds, 0).bbox], 3945)
    for edge in grid.box:
        assert edge * 20 == pytest.approx(round(edge * 20), abs=1e-6)
