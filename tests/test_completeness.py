"""What a delivery lacks."""

import json

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import box, mapping

from pcrs.errors import InputError
from pcrs.publish.control.result import Cell
from pcrs.standard.crs import L93, transform_geometry
from pcrs.work.completeness import against_extent, against_grid, against_itself, read_area
from pcrs.work.neighbours import Placed

X, Y = 576_000, 6_373_000


def dalle(col, row, size=200):
    cell = Cell(X + col * size, Y - row * size, size)
    return Placed(f"{col} {row}", cell.bbox)


def delivered(side, *but):
    return [dalle(col, row) for col in range(side) for row in range(side) if (col, row) not in but]


def corners(found):
    return {((cell.x_m - X) // 200, (Y - cell.y_m) // 200) for cell in found.missing}


def geojson(path, *shapes, epsg=2154):
    crs = {"type": "name", "properties": {"name": f"urn:ogc:def:crs:EPSG::{epsg}"}}
    features = [{"type": "Feature", "properties": {}, "geometry": mapping(shape)} for shape in shapes]
    path.write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": features}))
    return path


@pytest.mark.parametrize("place", [(0, 0), (1, 0), (1, 1), (2, 2)])
def test_a_rectangle_that_is_nearly_full_should_be_full(place):
    found = against_itself(delivered(3, place), 0.75)
    assert (found.measure, found.expected) == ("rectangle", 9)
    assert corners(found) == {place}


def test_a_ragged_delivery_is_only_asked_for_what_it_surrounds():
    ring = [(1, 0), (0, 1), (2, 1), (1, 2), (0, 2), (2, 2), (2, 3)]
    found = against_itself([dalle(*place) for place in ring], 0.75)
    assert found.measure == "inside"
    assert corners(found) == {(1, 1)}
    assert found.expected == len(ring) + 1
    corner_open = against_itself([dalle(*place) for place in ring if place != (1, 0)], 0.75)
    assert corner_open.missing == ()


def test_nothing_is_missing_of_nothing():
    assert against_itself([], 0.75).missing == ()
    assert against_extent([], [box(0, 0, 1, 1)]).expected == 0
    assert against_grid([], [box(X, Y - 200, X + 200, Y)]).missing == (Cell(X, Y, 200),)


def test_an_extent_asks_for_every_cell_it_covers():
    area = [box(X + 50, Y - 390, X + 450, Y - 10), box(X + 450, Y - 390, X + 600, Y - 10)]
    found = against_extent(delivered(3, (1, 1), (0, 2), (1, 2)), area)
    assert (found.measure, found.expected) == ("extent", 6)
    assert corners(found) == {(1, 1)}
    assert found.outside == ("2 2",)
    assert found.extent.area == pytest.approx(550 * 380)


def test_an_extent_that_only_touches_asks_for_nothing():
    assert against_extent(delivered(1), [box(X, Y - 200, X + 200, Y)]).missing == ()
    assert against_extent(delivered(1), [box(X, Y - 200, X + 200.004, Y)]).missing == ()


def test_a_country_is_refused():
    with pytest.raises(InputError, match="au plus"):
        against_extent(delivered(1), [box(0, 6_000_000, 1_200_000, 7_200_000)])


def test_a_grid_asks_for_its_squares_and_counts_greater_dalles():
    squares = [
        box(X + 200 * c, Y - 200 * (r + 1), X + 200 * (c + 1), Y - 200 * r)
        for c, r in ((0, 0), (1, 0), (9, 9))
    ]
    found = against_grid([*delivered(1), dalle(8, 8)], squares)
    assert (found.measure, found.expected) == ("grid", 3)
    assert corners(found) == {(1, 0), (9, 9)}
    assert found.outside == ("8 8",)
    kilometre = Placed("km", Cell(X, Y, 1000).bbox)
    assert corners(against_grid([kilometre], squares)) == {(9, 9)}
    with pytest.raises(InputError, match="--extent"):
        against_grid(delivered(1), [box(X, Y - 100, X + 200, Y)])


@given(st.sets(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=20))
def test_what_is_missing_and_what_is_there_make_the_extent(holes):
    there = delivered(5, *holes)
    found = against_extent(there, [box(X, Y - 1000, X + 1000, Y)])
    if there:
        assert corners(found) == holes
        assert found.expected == 25


def test_areas_are_read_in_any_crs(tmp_path):
    square = box(X, Y - 600, X + 600, Y)
    plain = read_area(geojson(tmp_path / "a.geojson", square))
    wgs84 = read_area(geojson(tmp_path / "b.geojson", transform_geometry(square, L93, 4326), epsg=4326))
    assert shapely.union_all(plain).equals(square)
    assert shapely.union_all(wgs84).symmetric_difference(square).area < 1


def test_a_real_outline_is_read(shared_data):
    (lot,) = read_area(shared_data / "lot" / "departement-46-lot.geojson")
    assert lot.area / 1e6 == pytest.approx(5222, abs=2)
    found = against_extent([Placed("one", Cell(X, Y, 1000).bbox)], [lot])
    assert (found.expected, len(found.missing)) == (5517, 5516)


def test_what_is_no_area_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("bonjour")
    with pytest.raises(InputError, match="ne se lit pas"):
        read_area(tmp_path / "notes.txt")
    with pytest.raises(InputError, match="aucun polygone"):
        read_area(geojson(tmp_path / "p.geojson", shapely.Point(X, Y)))
    with pytest.raises(InputError, match="ne se lit pas"):
        read_area(tmp_path / "absent.gpkg")
