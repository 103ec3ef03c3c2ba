import pytest

from pcrs.errors import GmlError
from pcrs.vector.srs import ACCEPTED, Srs, area, lies_in_area, parse

COMPOUND = (
    "http://www.opengis.net/def/crs-compound?1=http://www.opengis.net/def/crs/EPSG/0/3946"
    "&2=http://www.opengis.net/def/crs/EPSG/0/5720"
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("EPSG:3946", Srs(3946, False, 2)),
        (" epsg:2154 ", Srs(2154, False, 2)),
        ("urn:ogc:def:crs:EPSG::3946", Srs(3946, False, 2)),
        ("urn:ogc:def:crs:EPSG:9.9.1:3946", Srs(3946, False, 2)),
        ("urn:x-ogc:def:crs:EPSG:3946", Srs(3946, False, 2)),
        ("http://www.opengis.net/def/crs/EPSG/0/3946", Srs(3946, False, 2)),
        ("http://www.opengis.net/gml/srs/epsg.xml#3946", Srs(3946, False, 2)),
        ("urn:ogc:def:crs,crs:EPSG::3946,crs:EPSG::5720", Srs(3946, False, 3)),
        (COMPOUND, Srs(3946, False, 3)),
        ("EPSG:3946+5720", Srs(3946, False, 3)),
        ("EPSG:5698", Srs(2154, False, 3)),
        ("IGNF:LAMB93", Srs(2154, False, 2)),
        ("IGNF:RGF93CC46.IGN69", Srs(3946, False, 3)),
        ("EPSG:4326", Srs(4326, False, 2)),
        ("urn:ogc:def:crs:EPSG::4326", Srs(4326, True, 2)),
        ("http://www.opengis.net/def/crs/EPSG/0/4171", Srs(4171, True, 2)),
        ("http://www.opengis.net/gml/srs/epsg.xml#4326", Srs(4326, False, 2)),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", Srs(4326, False, 2)),
    ],
)
def test_every_writing_of_a_crs_is_read(name, expected):
    assert parse(name) == expected


@pytest.mark.parametrize("name", ["", "Lambert 93", "EPSG:", "EPSG:32631", "EPSG:999999", "EPSG:5720", "#g1"])
def test_a_crs_out_of_the_standard_is_refused(name):
    with pytest.raises(GmlError, match="hors standard"):
        parse(name)


@pytest.mark.parametrize(
    ("epsg", "point"),
    [
        (2154, (577000, 6373000)),
        (2154, (1_240_000, 6_100_000)),
        (3944, (1_577_000, 3_270_000)),
        (3946, (1_848_541, 5_181_794)),
        (3947, (1_402_869, 6_172_852)),
        (4326, (1.44, 44.45)),
    ],
)
def test_an_area_holds_the_places_of_its_crs_and_not_those_of_another(epsg, point):
    box = (*point, *point)
    assert lies_in_area(epsg, box)
    assert not lies_in_area(epsg, (point[1], point[0], point[1], point[0]))
    others = [other for other in ACCEPTED if other in range(3942, 3951) and other != epsg]
    assert epsg not in range(3942, 3951) or not any(lies_in_area(other, box) for other in others)


def test_every_accepted_crs_has_an_area():
    assert all(area(epsg).width > 0 and area(epsg).height > 0 for epsg in ACCEPTED)
