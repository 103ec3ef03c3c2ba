import struct
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest
from rasterio.env import get_gdal_config
from rasterio.windows import Window

from pcrs.errors import RasterError
from pcrs.raster.open import CACHE_BYTES, bands, facts, gdal_env, open_raster, read_planes, read_rgb
from tests.dalles import ground_pixels, make_dalle, small_name

NAME = small_name()
GROUND = ground_pixels(NAME.x_m, NAME.y_m, 400, 400)
FORMS = {
    "strips": ({}, {"compression": "none", "block": (6, 400), "photometric": "rgb"}),
    "tiles": ({"tiled": True}, {"compression": "none", "block": (256, 256)}),
    "lzw": ({"compress": "lzw"}, {"compression": "lzw"}),
    "deflate": ({"compress": "deflate", "tiled": True}, {"compression": "deflate", "interleave": "pixel"}),
    "planes": ({"interleave": "band"}, {"interleave": "band"}),
    "jpeg": ({"compress": "jpeg", "tiled": True}, {"compression": "jpeg", "photometric": "ycbcr"}),
    "jp2": ({"driver": "JP2OpenJPEG"}, {"driver": "JP2OpenJPEG", "compression": "jpeg2000"}),
}


@pytest.mark.parametrize("form", FORMS)
def test_facts_of_every_form(tmp_path, form):
    how, expected = FORMS[form]
    read = facts(make_dalle(tmp_path / f"d.{form}", NAME, **how))
    assert (read.width, read.height, read.bands, read.dtype) == (400, 400, 3, "uint8")
    assert (read.epsg, read.bbox, read.rotated, read.georeferenced_by) == (2154, NAME.bbox, False, "tags")
    assert read.pixel_m == pytest.approx((0.05, 0.05))
    assert (read.nodata, read.has_mask, read.worldfile, read.acquired) == (None, False, None, None)
    assert {key: getattr(read, key) for key in expected} == expected


@pytest.mark.parametrize("form", [form for form in FORMS if form != "jpeg"])
def test_pixels_come_as_they_are(tmp_path, form):
    path = make_dalle(tmp_path / f"d.{form}", NAME, **FORMS[form][0])
    with open_raster(path) as dataset:
        rgb, valid = read_rgb(dataset)
        part, _ = read_rgb(dataset, Window(100, 37, 250, 263))
    assert rgb.flags.c_contiguous
    assert np.array_equal(rgb, GROUND)
    assert valid.all()
    assert np.array_equal(part, GROUND[37:300, 100:350])


@pytest.mark.parametrize("form", ["deflate", "planes"])
def test_without_its_place_a_file_gives_the_same_pixels(tmp_path, form):
    path = make_dalle(tmp_path / f"d.{form}", NAME, **FORMS[form][0])
    with open_raster(path) as dataset, open_raster(path, placed=False) as bare:
        assert (bare.crs, bare.transform.is_identity, dataset.crs is None) == (None, True, False)
        for mine, other in zip(read_rgb(bare), read_rgb(dataset), strict=True):
            assert np.array_equal(mine, other)


def test_bands_cover_the_image_once(tmp_path):
    with open_raster(make_dalle(tmp_path / "d.tif", NAME)) as dataset:
        windows = list(bands(dataset, 150))
        rows = np.concatenate([read_rgb(dataset, window)[0] for window in windows])
    assert [window.height for window in windows] == [150, 150, 100]
    assert np.array_equal(rows, GROUND)


def test_nodata_is_where_all_bands_have_it(tmp_path):
    pixels = GROUND.copy()
    pixels[:40, :50] = 255
    pixels[100, 100] = (255, 255, 0)
    path = make_dalle(tmp_path / "d.tif", NAME, pixels=pixels, nodata=255)
    with open_raster(path) as dataset:
        rgb, valid = read_rgb(dataset)
    assert facts(path).nodata == 255
    assert np.array_equal(rgb, pixels)
    assert not valid[:40, :50].any()
    assert np.count_nonzero(~valid) == 40 * 50


def test_a_mask_is_read_and_all_valid_is_none(tmp_path):
    mask = np.ones((400, 400), bool)
    mask[300:, 17:] = False
    path = make_dalle(tmp_path / "d.tif", NAME, mask=mask)
    with open_raster(path) as dataset:
        assert np.array_equal(read_rgb(dataset)[1], mask)
        assert read_planes(dataset, Window(0, 0, 400, 200))[1] is None
    assert facts(path).has_mask


def test_a_nodata_value_that_no_pixel_can_have_masks_nothing(tmp_path):
    path = make_dalle(tmp_path / "d.tif", NAME, nodata=255)
    tag = struct.pack("<HHI", 42113, 2, 4)
    content = path.read_bytes()
    assert tag + b"255\0" in content
    path.write_bytes(content.replace(tag + b"255\0", tag + b"999\0"))
    with open_raster(path) as dataset:
        assert read_rgb(dataset)[1].all()


@pytest.mark.parametrize(("driver", "suffix"), [("GTiff", "tif"), ("JP2OpenJPEG", "jp2")])
def test_a_world_file_alone_places_the_image(tmp_path, driver, suffix):
    read = facts(make_dalle(tmp_path / f"d.{suffix}", NAME, driver=driver, tags=False, tfw=True))
    assert (read.driver, read.georeferenced_by) == (driver, "worldfile")
    assert (read.epsg, read.crs_name) == (None, "")
    assert tuple(read.bbox) == pytest.approx(tuple(NAME.bbox), abs=1e-6)


def test_without_any_georeference(tmp_path):
    read = facts(make_dalle(tmp_path / "d.tif", NAME, tags=False))
    assert (read.georeferenced_by, read.bbox, read.pixel_m, read.transform) == ("none", None, None, None)


def test_an_unreadable_world_file_is_named(tmp_path):
    path = make_dalle(tmp_path / "d.tif", NAME, tags=False)
    (tmp_path / "d.tfw").write_text("bonjour")
    read = facts(path)
    assert (read.worldfile, read.worldfile_path) == (None, tmp_path / "d.tfw")


def test_companions_are_not_read(tmp_path):
    """Each may be a VRT, and a VRT may fetch: with them GDAL would see another image."""
    path = make_dalle(tmp_path / "d.tif", NAME)
    other = make_dalle(tmp_path / "other.tif", NAME, seed=1)
    vrt = (
        '<VRTDataset rasterXSize="200" rasterYSize="200"><VRTRasterBand dataType="Byte" band="1">'
        f"<SimpleSource><SourceFilename>{other}</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>"
    )
    (tmp_path / "d.tif.ovr").write_text(vrt)
    (tmp_path / "d.tif.msk").write_text(vrt)
    (tmp_path / "d.tif.aux.xml").write_text(
        "<PAMDataset><GeoTransform>1,2,0,3,0,-2</GeoTransform><Metadata><MDI key='TIFFTAG_SOFTWARE'>x</MDI>"
        "</Metadata></PAMDataset>"
    )
    read = facts(path)
    assert (read.bbox, read.overviews, read.has_mask) == (NAME.bbox, (), False)
    with open_raster(path) as dataset:
        assert read_rgb(dataset)[1].all()
        assert "TIFFTAG_SOFTWARE" not in dataset.tags()


BAD = {
    "text": (b"bonjour\n" * 20, "ni un GeoTIFF ni un JPEG 2000"),
    "vrt": (b'<VRTDataset rasterXSize="1" rasterYSize="1"/>', "ni un GeoTIFF ni un JPEG 2000"),
    "png": (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "ni un GeoTIFF ni un JPEG 2000"),
    "empty": (b"", "vide"),
    "header alone": (b"II*\0\x08\0\0\0", "tronqué"),
    "no image": (b"II*\0\x08\0\0\0" + b"\0" * 100, "ne s'ouvre pas"),
}


@pytest.mark.parametrize("what", BAD)
def test_what_is_no_raster_is_refused_with_a_reason(tmp_path, what):
    content, reason = BAD[what]
    path = tmp_path / "d.tif"
    path.write_bytes(content)
    with pytest.raises(RasterError, match=reason):
        open_raster(path)


@pytest.mark.parametrize(
    "path", ["/vsicurl/http://127.0.0.1:9/a.tif", "/vsimem/a.tif", "/vsizip/a.zip/a.tif"]
)
def test_virtual_paths_are_refused(path):
    with pytest.raises(RasterError, match="fichiers ordinaires"):
        open_raster(Path(path))


def test_absent_files_and_folders_are_refused(tmp_path):
    with pytest.raises(RasterError, match="n'existe pas"):
        facts(tmp_path / "absent.tif")
    with pytest.raises(RasterError, match="pas un fichier"):
        facts(tmp_path)


@pytest.mark.parametrize("how", [{"bands": 1}, {"dtype": "uint16"}])
def test_only_rgb_of_8_bits_is_read(tmp_path, how):
    with open_raster(make_dalle(tmp_path / "d.tif", NAME, **how)) as dataset:
        with pytest.raises(RasterError, match="trois bandes de 8 bits"):
            read_rgb(dataset)


@pytest.mark.parametrize("window", [(-1, 0, 10, 10), (0, 0, 401, 10), (395, 395, 10, 10), (0, 0, 0, 0)])
def test_a_window_beyond_the_image_is_refused(tmp_path, window):
    with open_raster(make_dalle(tmp_path / "d.tif", NAME)) as dataset:
        with pytest.raises(RasterError, match="hors de l'image"):
            read_rgb(dataset, Window(*window))


def test_a_cut_file_says_where_it_stops_being_read(tmp_path):
    path = make_dalle(tmp_path / "d.tif", NAME)
    path.write_bytes(path.read_bytes()[:300_000])
    with open_raster(path) as dataset:
        with pytest.raises(RasterError, match="entre les lignes 200 et 399"):
            read_rgb(dataset, Window(0, 200, 400, 200))


def test_the_cache_is_counted_in_bytes():
    with gdal_env():
        assert get_gdal_config("GDAL_CACHEMAX") == CACHE_BYTES == 256 * 1024 * 1024


def test_threads_may_open_what_has_no_georeference(tmp_path):
    path = make_dalle(tmp_path / "d.tif", NAME, tags=False)
    before, failures = list(warnings.filters), []

    def many():
        try:
            for _ in range(20):
                open_raster(path).close()
        except Exception as error:  # noqa: BLE001 — a warning turned error is what is looked for
            failures.append(error)

    threads = [threading.Thread(target=many) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert warnings.filters == before
