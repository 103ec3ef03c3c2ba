"""The area of a bbox: what shapely says in the CRS of the box, none missed and none too many."""

import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyproj import Transformer

from pcrs.serve.feature_area import area
from pcrs.serve.feature_query import CRS_URIS
from pcrs.standard.crs import CRS84, L93, epsg_of, is_latlon, uri

WEST, SOUTH, EAST, NORTH = 0.9, 44.1, 2.3, 45.1
"""Around the Lot."""
TOLERANCE_M = 0.003
unit = st.floats(0, 1, allow_subnormal=False)


def lot_lines(seed: int, count: int = 400) -> np.ndarray:
    """Lines of up to 100 m across the Lot, EPSG:2154."""
    random = np.random.default_rng(seed)
    start = random.uniform((530_000, 6_330_000), (640_000, 6_440_000), (count, 2))
    return shapely.linestrings(np.stack([start, start + random.uniform(-70, 70, (count, 2))], axis=1))


def in_frame(geometries: np.ndarray, crs: str) -> np.ndarray:
    """Vertices in the CRS, x before y, by a transformer of the test's own."""
    forward = Transformer.from_crs(L93, epsg_of(crs), always_xy=True)
    return shapely.transform(
        geometries, lambda points: np.column_stack(forward.transform(points[:, 0], points[:, 1]))
    )


def box_in(crs: str, corners: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """A box whose corners lie at those shares of the Lot, in the CRS, x before y."""
    forward = Transformer.from_crs(4326, epsg_of(crs), always_xy=True)
    (a, b, c, d) = corners
    x, y = forward.transform(
        [WEST + a * (EAST - WEST), WEST + c * (EAST - WEST)],
        [SOUTH + b * (NORTH - SOUTH), SOUTH + d * (NORTH - SOUTH)],
    )
    return min(x), min(y), max(x), max(y)


def as_asked(crs: str, box: tuple[float, float, float, float]) -> list[float]:
    west, south, east, north = box
    turned = crs != CRS84 and is_latlon(epsg_of(crs))
    return [south, west, north, east] if turned else [west, south, east, north]


@settings(max_examples=60, deadline=None)
@given(crs=st.sampled_from(CRS_URIS), corners=st.tuples(unit, unit, unit, unit), seed=st.integers(0, 20))
@example(crs=CRS84, corners=(0, 0, 1, 1), seed=0)
@example(crs=uri(4326), corners=(0.2, 0.3, 0.9, 0.31), seed=1)
@example(crs=uri(3857), corners=(0, 0.1, 1, 0.9), seed=2)
def test_objects_found_are_those_that_meet_the_box_in_its_own_crs(crs, corners, seed):
    lines = lot_lines(seed)
    box = box_in(crs, corners)
    region = area(as_asked(crs, box), crs).region
    found = shapely.intersects(lines, region)
    shown = in_frame(lines, crs)
    tolerance = TOLERANCE_M / 111_000 if is_latlon(epsg_of(crs)) else TOLERANCE_M
    must = shapely.intersects(shown, shapely.box(*box).buffer(-tolerance))
    may = shapely.intersects(shown, shapely.box(*box).buffer(tolerance))
    assert found[must].all()
    assert not found[~may].any()


def test_two_corners_would_lose_what_is_found_here():
    """A box over half of France has its northern edge bent far out of the box of its corners."""
    box = [-1.0, 43.0, 7.0, 49.0]
    region = area(box, CRS84).region
    forward = Transformer.from_crs(4326, L93, always_xy=True)
    naive = shapely.box(*forward.transform(-1.0, 43.0), *forward.transform(7.0, 49.0))
    assert region.difference(naive).area > 0.03 * region.area
    inside = shapely.Point(forward.transform(3.0, 48.999))
    assert region.contains(inside)
    assert not region.contains(shapely.Point(forward.transform(3.0, 49.001)))


@pytest.mark.parametrize("crs", CRS_URIS)
def test_a_point_is_found_by_the_coordinates_that_we_serve_of_it(crs):
    point = shapely.Point(577_123.456, 6_372_987.654)
    (x, y) = shapely.get_coordinates(in_frame(np.array([point]), crs))[0]
    decimals = 9 if is_latlon(epsg_of(crs)) else 4
    box = (round(x, decimals), round(y, decimals)) * 2
    assert area(as_asked(crs, box), crs).region.intersects(point)


def test_six_numbers_leave_heights_aside():
    four = area([1.4, 44.4, 1.5, 44.5], CRS84).region
    assert area([1.4, 44.4, -10, 1.5, 44.5, 10], CRS84).region.equals(four)


@pytest.mark.parametrize(
    ("box", "kind"),
    [
        ((1, 2, 1, 2), "Point"),
        ((1, 2, 1, 3), "LineString"),
        ((1, 2, 3, 2), "LineString"),
        ((1, 2, 3, 4), "Polygon"),
    ],
)
def test_boxes_in_lambert_are_taken_as_they_are(box, kind):
    found = area(box, uri(L93))
    assert (found.region.geom_type, found.region.bounds) == (kind, box)
    assert list(found) == list(box)


@pytest.mark.parametrize(
    "box", [(-180, -90, 180, 90), (-180, -90, 179, 90), (170, 40, 2, 50), (0.5, 40, -170, 50)]
)
def test_boxes_as_wide_as_the_world_hold_the_lot(box):
    region = area(box, CRS84).region
    assert region.is_valid
    assert region.covers(shapely.box(575_000, 6_360_000, 580_000, 6_380_000))


@pytest.mark.parametrize(
    ("box", "crs"),
    [
        ((100, 10, 110, 20), CRS84),
        ((-70, -60, -60, -50), CRS84),
        ((20, 100, 30, 110), uri(4326)),
        ((1e9, 1e9, 2e9, 2e9), uri(3857)),
    ],
)
def test_boxes_elsewhere_have_no_region(box, crs):
    assert area(box, crs).region is None
