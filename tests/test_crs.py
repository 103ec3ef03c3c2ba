import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from pcrs.errors import InputError
from pcrs.standard.crs import (
    CRS84,
    PCRS_CRS,
    BBox,
    epsg_of,
    is_latlon,
    transform_bbox,
    transform_geometry,
    transformer,
    uri,
)

IN_THE_LOT = st.tuples(
    st.floats(0.98, 2.1), st.floats(44.2, 45.0), st.floats(0.001, 0.5), st.floats(0.001, 0.3)
).map(lambda v: BBox(v[0], v[1], v[0] + v[2], v[1] + v[3]))


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("EPSG:2154", 2154),
        ("epsg:3946", 3946),
        ("urn:ogc:def:crs:EPSG::3946", 3946),
        ("urn:ogc:def:crs:EPSG:6.9:2154", 2154),
        ("http://www.opengis.net/def/crs/EPSG/0/3857", 3857),
        ("https://www.opengis.net/def/crs/EPSG/0/3857", 3857),
        ("2154", 2154),
        (CRS84, 4326),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", 4326),
    ],
)
def test_every_writing_of_a_crs(name, code):
    assert epsg_of(name) == code


@pytest.mark.parametrize("name", ["", "Lambert 93", "EPSG:", "EPSG:x", "IGNF:LAMB93", "12"])
def test_other_writings_are_refused(name):
    with pytest.raises(InputError, match="unknown CRS"):
        epsg_of(name)


@given(st.sampled_from(PCRS_CRS))
def test_uri_is_read_back(code):
    assert epsg_of(uri(code)) == code


def test_axis_order_of_the_authority():
    assert is_latlon(4326)
    assert not is_latlon(2154)
    assert not is_latlon(3857)


@given(IN_THE_LOT, st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=20))
def test_the_box_in_lambert_93_holds_every_point_of_the_box(box, shares):
    inside = transform_bbox(box, 4326, 2154)
    for u, v in shares:
        x, y = transformer(4326, 2154).transform(box.xmin + u * box.width, box.ymin + v * box.height)
        assert inside.xmin - 0.01 <= x <= inside.xmax + 0.01
        assert inside.ymin - 0.01 <= y <= inside.ymax + 0.01


@given(st.floats(1_400_000, 1_800_000), st.floats(-50_000, 50_000), st.sampled_from(range(3942, 3951)))
def test_there_and_back_is_within_a_tenth_of_a_millimetre(x, dy, zone):
    y = 1_200_000 + (zone - 3942) * 1_000_000 + dy
    point = shapely.Point(x, y, 123.456)
    back = transform_geometry(transform_geometry(point, zone, 2154), 2154, zone)
    assert back.distance(shapely.Point(x, y)) < 1e-4
    assert back.z == 123.456


def test_a_box_without_image_is_refused():
    with pytest.raises(InputError, match="no image"):
        transform_bbox(BBox(0, 91, 1, 92), 4326, 3857)
