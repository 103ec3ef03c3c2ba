import json
import zipfile

import numpy as np
import pyogrio
import pytest
import shapely

from pcrs.errors import InputError
from pcrs.standard.crs import transform_geometry
from pcrs.standard.names import parse
from pcrs.store.geopackage import GeoPackage
from pcrs.work import areas
from pcrs.work.areas import box_area, commune_area, dalle_area, polygon_area
from pcrs.work.layers import COMMUNES

SQUARE = shapely.box(576_400, 6_372_400, 576_600, 6_372_600)


def write(path, geometries, driver, crs):
    pyogrio.raw.write(
        path, shapely.to_wkb(np.array(geometries, dtype=object)), [np.arange(len(geometries))], ["n"],
        driver=driver, crs=crs, geometry_type="Unknown" if driver != "ESRI Shapefile" else "Polygon",
    )  # fmt: skip
    return path


def degrees(geometry):
    return transform_geometry(geometry, 2154, 4326)


def test_a_box_is_read_in_the_axis_order_of_its_crs():
    assert box_area("576400,6372400,576600,6372600", "EPSG:2154").region.equals(SQUARE)
    west, south, east, north = degrees(SQUARE).bounds
    for text, crs in (
        (f"{west},{south},{east},{north}", "http://www.opengis.net/def/crs/OGC/1.3/CRS84"),
        (f"{south},{west},{north},{east}", "EPSG:4326"),
    ):
        region = box_area(text, crs).region
        assert region.buffer(0.01).covers(SQUARE)
        assert region.area == pytest.approx(SQUARE.area, rel=0.2)


@pytest.mark.parametrize(
    ("text", "crs"),
    [
        ("1,2,3", "EPSG:2154"),
        ("a,b,c,d", "EPSG:2154"),
        ("nan,0,1,1", "EPSG:2154"),
        ("576600,6372400,576400,6372600", "EPSG:2154"),
        ("576400,6372400,576400,6372600", "EPSG:2154"),
        ("1.4,44.4,1.5,44.5", "EPSG:2154"),
        ("576400,6372400,576600,6372600", "EPSG:4326"),
        ("1,2,3,4", "Lambert"),
    ],
)
def test_what_is_no_box_is_refused(text, crs):
    with pytest.raises(InputError):
        box_area(text, crs)


@pytest.mark.parametrize(
    ("driver", "suffix"), [("GeoJSON", "geojson"), ("GPKG", "gpkg"), ("ESRI Shapefile", "shp")]
)
def test_a_polygon_file_is_one_area(tmp_path, driver, suffix):
    other = shapely.box(577_000, 6_372_400, 577_100, 6_372_500)
    shapes, crs = [SQUARE, other], "EPSG:2154"
    if driver == "GeoJSON":
        shapes, crs = [degrees(shape) for shape in shapes], "EPSG:4326"
    file = write(tmp_path / f"zone.{suffix}", shapes, driver, crs)
    area = polygon_area(file)
    assert area.region.symmetric_difference(shapely.union_all([SQUARE, other])).area < 1.0
    assert area.stem == "zone"


def test_a_zipped_shapefile_is_read_and_two_are_not(tmp_path):
    for name in ("zone", "autre"):
        write(
            tmp_path / f"{name}.shp", [transform_geometry(SQUARE, 2154, 3944)], "ESRI Shapefile", "EPSG:3944"
        )
    packed = tmp_path / "zone.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for file in tmp_path.glob("zone.???"):
            if file != packed:
                archive.write(file, f"dossier/{file.name}")
    assert polygon_area(packed).region.symmetric_difference(SQUARE).area < 1e-3
    with zipfile.ZipFile(packed, "a") as archive:
        archive.write(tmp_path / "autre.shp", "autre.shp")
    with pytest.raises(InputError, match="found 2"):
        polygon_area(packed)


def test_a_file_without_crs_or_with_a_wrong_one_is_refused(tmp_path):
    bare = write(tmp_path / "sans.shp", [SQUARE], "ESRI Shapefile", "EPSG:2154")
    bare.with_suffix(".prj").unlink()
    with pytest.raises(InputError, match="says no CRS"):
        polygon_area(bare)
    wrong = tmp_path / "metres.geojson"
    wrong.write_text(json.dumps(shapely.geometry.mapping(SQUARE)), encoding="utf-8")
    with pytest.raises(InputError, match="outside France"):
        polygon_area(wrong)
    swapped = write(tmp_path / "swapped.gpkg", [SQUARE], "GPKG", "EPSG:3944")
    with pytest.raises(InputError, match="outside France"):
        polygon_area(swapped)


def test_what_is_no_polygon_file_is_refused(tmp_path, monkeypatch):
    text = tmp_path / "zone.txt"
    text.write_text("<OGRVRTDataSource/>", encoding="utf-8")
    with pytest.raises(InputError, match="none of"):
        polygon_area(text)
    with pytest.raises(InputError, match="does not exist"):
        polygon_area(tmp_path / "absent.gpkg")
    points = write(tmp_path / "points.gpkg", [shapely.Point(576_400, 6_372_400)], "GPKG", "EPSG:2154")
    with pytest.raises(InputError, match="no polygon"):
        polygon_area(points)
    broken = tmp_path / "broken.geojson"
    broken.write_text('{"type": "Feat', encoding="utf-8")
    with pytest.raises(InputError, match="cannot be read"):
        polygon_area(broken)
    monkeypatch.setattr(areas, "BYTES_MAX", 10)
    with pytest.raises(InputError, match="larger"):
        polygon_area(points)


def test_too_many_vertices_are_refused(tmp_path, monkeypatch):
    assert areas.VERTICES_MAX == 1_000_000
    circle = shapely.Point(576_500, 6_372_500).buffer(100, quad_segs=25)
    file = write(tmp_path / "fin.gpkg", [circle], "GPKG", "EPSG:2154")
    monkeypatch.setattr(areas, "VERTICES_MAX", 101)
    assert polygon_area(file).region.equals(circle)
    monkeypatch.setattr(areas, "VERTICES_MAX", 100)
    with pytest.raises(InputError, match="101 vertices, more than 100: simplify"):
        polygon_area(file)


def test_a_dalle_and_a_commune(tmp_path):
    stem = "2025-05764-63726-LA93-0M05-RVB"
    assert dalle_area(parse(stem), stem).region.bounds == (576_400, 6_372_400, 576_600, 6_372_600)
    store = GeoPackage(tmp_path / "f.gpkg")
    with pytest.raises(InputError, match="pcrs communes"):
        commune_area(store, "46042")
    store.ensure(COMMUNES)
    store.put(COMMUNES.name, [("46042", shapely.MultiPolygon([SQUARE]), {"nom": "Cahors"})])
    assert commune_area(store, "46042").title == "commune de Cahors (46042)"
    store.close()
