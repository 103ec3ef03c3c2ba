import json
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.warp import transform_bounds

from pcrs.standard.crs import BBox, transform_bbox
from tests.clients.conftest import need, run

NO_GZ = {"GDAL_HTTP_MAX_RETRY": "2", "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".tif"}


def wmts(url: str, matrix_set: str, level: int) -> str:
    capabilities = f"{url}/wmts/1.0.0/WMTSCapabilities.xml"
    return f"WMTS:{capabilities},layer=PCRS_D046_RVB,tilematrixset={matrix_set},tilematrix={level}"


@pytest.mark.parametrize(("matrix_set", "epsg", "level"), [("2154_5cm", 2154, 22), ("PM", 3857, 21)])
def test_gdalinfo_reads_both_grids(demo_url, matrix_set, epsg, level):
    told = json.loads(run(need("gdalinfo"), "-json", wmts(demo_url, matrix_set, level)))
    assert (
        told["stac"]["proj:epsg"] == epsg
        if "stac" in told
        else f'"EPSG",{epsg}' in told["coordinateSystem"]["wkt"]
    )
    assert len(told["bands"]) in (3, 4)
    assert abs(told["geoTransform"][1] - {2154: 0.05, 3857: 0.0746455354}[epsg]) < 1e-6


def test_gdal_translate_gets_the_dalles_pixels(demo_url, demo_site, a_dalle, tmp_path):
    with rasterio.open(demo_site / "intermediate" / "dalles" / "2025" / f"{a_dalle}.tif") as master:
        left, top = master.bounds.left + 50, master.bounds.top - 50
        window = rasterio.windows.from_bounds(left, top - 40, left + 40, top, master.transform)
        truth = master.read(window=window).astype(int)
    target = tmp_path / "cut.tif"
    window = [str(v) for v in (left, top, left + 40, top - 40)]
    run(need("gdal_translate"), "-q", "-projwin", *window, wmts(demo_url, "2154_5cm", 22), target)
    with rasterio.open(target) as cut:
        assert (cut.width, cut.height) == (800, 800)
        assert abs(cut.read()[:3].astype(int) - truth).mean() <= 3


def test_gdal_translate_on_pm_shows_the_same_place(demo_url, demo_site, a_dalle, tmp_path):
    with rasterio.open(demo_site / "intermediate" / "dalles" / "2025" / f"{a_dalle}.tif") as master:
        box = BBox(*master.bounds)
        truth = master.read(out_shape=(3, 20, 20), resampling=rasterio.enums.Resampling.average)
    west, south, east, north = transform_bbox(box, 2154, 3857)
    target = tmp_path / "pm.tif"
    window = [str(v) for v in (west, north, east, south)]
    run(
        need("gdal_translate"), "-q", "-projwin", *window, "-outsize", "512", "0",
        wmts(demo_url, "PM", 19), target,
    )  # fmt: skip
    back = tmp_path / "back.tif"
    run(
        need("gdalwarp"), "-q", "-t_srs", "EPSG:2154", "-te", *map(str, box), "-ts", "20", "20",
        "-r", "average", target, back,
    )  # fmt: skip
    with rasterio.open(back) as seen:
        difference = abs(seen.read()[:3].astype(int) - truth.astype(int))[:, 1:-1, 1:-1]
    assert difference.mean() < 8


def test_ogrinfo_reads_the_features(demo_url, demo_site):
    said = run(need("ogrinfo"), "-so", f"OAPIF:{demo_url}/ogcapi", "LimiteVoiriePCRS", "dalles")
    assert "Feature Count: 25" in said
    assert "precisionPlanimetrique: String" in said
    assert "3D Line String" in said or "Line String" in said or "Unknown" in said


def test_a_hot_dalle_is_read_by_range(demo_url, a_dalle):
    path = f"/vsicurl/{demo_url}/listing/dalles/2025/{a_dalle}.tif"
    told = json.loads(run(Path(sys.executable).with_name("rio"), "info", path, **NO_GZ))
    assert told["crs"] == "EPSG:2154"
    assert told["shape"] == [4000, 4000]
    assert told["compress"].upper().endswith("JPEG")
    with rasterio.Env(**NO_GZ), rasterio.open(path) as cog:
        assert cog.read(window=((0, 64), (0, 64))).std() > 0
        west, south, east, north = transform_bounds(cog.crs, "EPSG:4326", *cog.bounds)
    assert 1.3 < west < east < 1.5
    assert 44.3 < south < north < 44.6


def test_gdal_reads_a_coverage_as_a_file(demo_url, demo_site, a_dalle, tmp_path):
    with rasterio.open(demo_site / "hot" / "dalles" / "2025" / f"{a_dalle}.tif") as hot:
        left, top = hot.bounds.left + 20, hot.bounds.top - 20
        box = f"{left},{top - 25},{left + 25},{top}"
        truth = hot.read(window=rasterio.windows.from_bounds(left, top - 25, left + 25, top, hot.transform))
    query = f"bbox={box}&bbox-crs=http://www.opengis.net/def/crs/EPSG/0/2154&f=GTiff"
    target = tmp_path / "coverage.tif"
    source = f"/vsicurl_streaming/{demo_url}/ogcapi/collections/ortho/coverage?{query}"
    run(need("gdal_translate"), "-q", source, target)
    with rasterio.open(target) as cut:
        assert cut.crs.to_epsg() == 2154
        assert (cut.bounds.left, cut.bounds.top) == (left, top)
        np.testing.assert_array_equal(cut.read()[:3], truth)


def test_the_ogcapi_driver_reads_the_coverage(demo_url, demo_site, a_dalle, tmp_path):
    """The driver takes size and place from the collection; it asks in degrees, scaleSize=Lat(),Long()."""
    with rasterio.open(demo_site / "hot" / "dalles" / "2025" / f"{a_dalle}.tif") as hot:
        left, top = hot.bounds.left + 50, hot.bounds.top - 50
        ground = (left, top - 40, left + 40, top)
        window = rasterio.windows.from_bounds(*ground, hot.transform)
        truth = hot.read((1, 2, 3), window=window, out_shape=(3, 20, 20)).astype(int)
    west, south, east, north = transform_bounds("EPSG:2154", "OGC:CRS84", *ground)
    target, back = tmp_path / "degrees.tif", tmp_path / "back.tif"
    cut = ["-projwin", *map(str, (west, north, east, south)), "-outsize", "800", "0"]
    run(need("gdal_translate"), "-q", *cut, f"OGCAPI:{demo_url}/ogcapi/collections/ortho", target)
    run(
        need("gdalwarp"), "-q", "-t_srs", "EPSG:2154", "-te", *map(str, ground), "-ts", "20", "20",
        "-r", "average", target, back,
    )  # fmt: skip
    with rasterio.open(back) as seen:
        difference = abs(seen.read((1, 2, 3)).astype(int) - truth)[:, 2:-2, 2:-2]
    assert difference.mean() < 40
    assert difference.mean() < abs(truth - truth.mean(axis=(1, 2), keepdims=True)).mean()


def test_gdal_reads_the_catalogue(demo_url):
    said = run(need("ogrinfo"), "-ro", "-al", "-so", f"CSW:{demo_url}/csw")
    assert "Feature Count: 8" in said
    assert "identifier" in said
