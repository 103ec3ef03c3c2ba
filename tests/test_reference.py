import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS
from rasterio.transform import Affine

from pcrs.errors import RasterError
from pcrs.raster.reference import corner_gap_m, identify, read_worldfile, worldfile_of
from tests.dalles import write_world_file

ESRI = (
    'PROJCS["RGF93_Lambert_93",GEOGCS["GCS_RGF_1993",DATUM["D_RGF_1993",SPHEROID["GRS_1980",6378137.0,'
    '298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],'
    'PROJECTION["Lambert_Conformal_Conic"],PARAMETER["False_Easting",700000.0],'
    'PARAMETER["False_Northing",6600000.0],PARAMETER["Central_Meridian",3.0],'
    'PARAMETER["Standard_Parallel_1",44.0],PARAMETER["Standard_Parallel_2",49.0],'
    'PARAMETER["Latitude_Of_Origin",46.5],UNIT["Meter",1.0]]'
)
PROJ = "+proj=lcc +lat_0=46.5 +lon_0=3 +lat_1={} +lat_2={} +x_0=700000 +y_0=6600000 +ellps={} +units={}"


@pytest.mark.parametrize(
    "wkt",
    [
        CRS.from_epsg(2154).to_wkt(),
        CRS.from_epsg(2154).to_wkt("WKT1_GDAL"),
        CRS.from_epsg(2154).to_wkt("WKT1_ESRI"),
        ESRI,
        CRS.from_epsg(5698).to_wkt(),  # with IGN69 heights
        CRS.from_epsg(9794).to_wkt(),  # of RGF93 v2b
        CRS.from_user_input(PROJ.format(49, 44, "GRS80", "m") + " +towgs84=0,0,0").to_wkt(),
        CRS.from_user_input(PROJ.format(44, 49, "GRS80", "m")).to_wkt(),
    ],
)
def test_lambert_93_is_known_by_its_parameters(wkt):
    assert identify(wkt)[0] == 2154


@pytest.mark.parametrize(
    ("wkt", "expected"),
    [
        (CRS.from_epsg(3945).to_wkt(), (3945, "RGF93 v1 / CC45")),
        (CRS.from_epsg(3945).to_wkt("WKT1_ESRI"), (3945, "RGF93 v1 / CC45")),
        (CRS.from_epsg(27572).to_wkt(), (27572, "NTF (Paris) / Lambert zone II")),
        (CRS.from_epsg(4326).to_wkt(), (4326, "WGS 84")),
        (CRS.from_user_input(PROJ.format(49, 44, "clrk80ign", "m")).to_wkt(), (None, "unknown")),
        (CRS.from_user_input(PROJ.format(49, 44, "GRS80", "km")).to_wkt(), (None, "unknown")),
        ('LOCAL_CS["bricole",UNIT["metre",1]]', (None, "bricole")),
        ("not a CRS", (None, "illisible")),
    ],
)
def test_others_keep_their_code_and_name(wkt, expected):
    assert identify(wkt) == expected


@given(
    col=st.integers(0, 2_000_000),
    row=st.integers(0, 2_000_000),
    pixel_mm=st.integers(1, 10_000),
)
def test_a_world_file_gives_back_the_corner(tmp_path_factory, col, row, pixel_mm):
    res = pixel_mm / 1000
    transform = Affine(res, 0, col * 0.05, 0, -res, 6_000_000 + row * 0.05)
    path = tmp_path_factory.getbasetemp() / "corner.tfw"
    write_world_file(path, transform)
    assert corner_gap_m(read_worldfile(path), tuple(transform)[:6], (4000, 4000)) < 1e-6


@pytest.mark.parametrize(
    "text", ["", "0.05 0 0 -0.05 1", "a b c d e f", "0 0 0 -0.05 1 1", "0.05 0 0 -0.05 nan 1"]
)
def test_what_is_no_world_file_is_refused(tmp_path, text):
    path = tmp_path / "d.tfw"
    path.write_text(text)
    with pytest.raises(RasterError, match=r"d\.tfw"):
        read_worldfile(path)


def test_decimal_commas_are_read(tmp_path):
    path = tmp_path / "d.tfw"
    path.write_text("0,05\n0\n0\n-0,05\n10,025\n19,975\n")
    assert read_worldfile(path) == pytest.approx((0.05, 0, 10, 0, -0.05, 20))


@pytest.mark.parametrize(
    ("image", "beside", "found"),
    [
        ("a.tif", "a.tfw", True),
        ("a.TIF", "a.TFW", True),
        ("a.tif", "a.tifw", True),
        ("a.jp2", "a.j2w", True),
        ("a.jp2", "a.wld", True),
        ("a.tif", "b.tfw", False),
        ("a.tif", "a.j2w", False),
    ],
)
def test_the_world_file_beside_an_image(tmp_path, image, beside, found):
    (tmp_path / beside).write_text("")
    assert worldfile_of(tmp_path / image) == (tmp_path / beside if found else None)


def test_the_gap_of_two_transforms_is_the_worst_corner():
    here = (0.05, 0.0, 0.0, 0.0, -0.05, 0.0)
    wider = (0.05001, 0.0, 0.0, 0.0, -0.05, 0.0)
    assert corner_gap_m(here, here, (4000, 4000)) == 0
    assert corner_gap_m(wider, here, (4000, 4000)) == pytest.approx(0.04)
