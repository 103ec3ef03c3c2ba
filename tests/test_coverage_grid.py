"""The grid of an answer: what is decided before anything is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcrs.errors import InputError, TooLargeError
from pcrs.serve.coverage_grid import plan, snapped
from pcrs.serve.coverage_request import parse
from pcrs.standard.crs import BBox, transform_bbox

EXTENT = BBox(570_000, 6_370_000, 580_000, 6_380_000)
LIMIT = 1_000_000
CRS = st.sampled_from(["EPSG:2154", "EPSG:3857", "EPSG:4326", "OGC:CRS84", "EPSG:3944", "EPSG:3945"])
PART = st.tuples(
    st.floats(570_000, 579_900), st.floats(6_370_000, 6_379_900), st.floats(0.01, 60), st.floats(0.01, 60)
)


def planned(*params, limit=LIMIT):
    return plan(parse(params), EXTENT, limit)


@given(st.floats(0, 1.2e6), st.floats(6e6, 7e6), st.floats(0.001, 500), st.floats(0.001, 500))
def test_a_snapped_box_holds_the_box_on_whole_pixels_and_is_hardly_larger(x, y, width, height):
    box = BBox(x, y, x + width, y + height)
    whole = snapped(box)
    assert whole.xmin <= box.xmin + 1e-6
    assert whole.ymin <= box.ymin + 1e-6
    assert whole.xmax >= box.xmax - 1e-6
    assert whole.ymax >= box.ymax - 1e-6
    assert whole.width < box.width + 0.1 + 1e-6
    assert all(value * 20 == pytest.approx(round(value * 20), abs=1e-6) for value in whole)
    assert snapped(whole) == whole


@given(PART)
def test_an_unscaled_part_is_native(part):
    x, y, width, height = part
    grid = planned(("bbox", f"{x},{y},{x + width},{y + height}"), ("bbox-crs", "2154"), limit=10**8)
    assert grid.native
    assert (grid.width, grid.height) == (round(grid.bbox.width * 20), round(grid.bbox.height * 20))


@given(PART, CRS, CRS)
def test_the_source_holds_the_whole_answer_in_any_crs(part, asked_in, answered_in):
    x, y, width, height = part
    box = transform_bbox(BBox(x, y, x + width + 5, y + height + 5), 2154, 4326)
    params = [("subset", f"Lon({box.xmin}:{box.xmax}),Lat({box.ymin}:{box.ymax})"), ("crs", answered_in)]
    if asked_in in ("EPSG:4326", "OGC:CRS84"):
        params.append(("subset-crs", asked_in))
    grid = planned(*params, limit=10**8)
    back = transform_bbox(grid.source, 2154, grid.frame.epsg)
    slack = 1e-9 if grid.frame.geographic else 1e-3
    assert back.xmin <= grid.bbox.xmin + slack
    assert back.ymax >= grid.bbox.ymax - slack
    assert 0.045 < min(grid.sides) <= max(grid.sides) < 0.055


@given(
    st.sampled_from(["width", "scale-size", "scale-factor", "resolution"]),
    st.floats(1e-6, 1e6, allow_subnormal=False),
    CRS,
)
def test_no_scaling_gets_past_the_limit(how, value, crs):
    geographic = crs in ("EPSG:4326", "OGC:CRS84")
    axis = "Lon" if geographic else "E"
    written = {
        "width": str(int(value) or 1),
        "scale-size": f"{axis}({int(value) or 1})",
        "scale-factor": str(value),
        "resolution": f"{axis}({value})",
    }[how]
    try:
        grid = planned((how, written), ("crs", crs))
    except (TooLargeError, InputError):
        return
    assert grid.width * grid.height <= LIMIT
    assert grid.source.width / grid.step * (grid.source.height / grid.step) <= 4 * LIMIT


def test_everything_without_a_size_is_small():
    grid = planned(limit=25_000_000)
    assert (grid.width, grid.height) == (1024, 1024)
    assert not grid.native


def test_nothing_is_planned_outside():
    assert planned(("bbox", "10,40,11,41")) is None
    assert planned(("bbox", "580000,6370000,580010,6370010"), ("bbox-crs", "2154")) is None
