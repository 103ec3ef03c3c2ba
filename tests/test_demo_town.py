import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import LineString, Point, Polygon

from pcrs.demo.town import town
from pcrs.demo.village import plan
from pcrs.demo.village.curves import Frame, frame_on, frames_on, rows, spline, strip
from pcrs.demo.village.lettering import GLYPHS, text_width, write_on_ground
from pcrs.demo.village.streets import KERB_M
from pcrs.demo.village.things import Strokes, Surface
from pcrs.standard.crs import L93
from pcrs.vector.srs import lies_in_area

METRES = st.floats(-500, 500, allow_nan=False).map(lambda value: round(value, 2))


@pytest.fixture(scope="module")
def village():
    return town()


def written(village) -> list[bytes]:
    """Everything that has a shape, as bytes."""
    layers = [one.shape if isinstance(one, Surface) else one.lines for one in village.layers]
    rest = map(str, (*village.trees, *village.cars, *village.poles))
    return [*map(shapely.to_wkb, layers), *(line.encode() for line in rest)]


def test_the_village_is_always_the_same(village):
    again = town.__wrapped__()
    assert written(again) == written(village)
    assert again.houses == village.houses
    assert again.covers == village.covers


def test_the_village_lies_in_lambert_93_and_near_cahors():
    assert lies_in_area(L93, plan.EXTENT)
    assert plan.EXTENT == (576_000.0, 6_372_000.0, 577_000.0, 6_373_000.0)


def test_heights_are_those_of_a_gentle_valley():
    heights = np.array([[plan.height(x, y) for x in range(0, 1001, 20)] for y in range(0, 1001, 20)])
    assert heights.min() > 120
    assert heights.max() < 150
    assert heights.max() - heights.min() > 8
    steepest = max(np.abs(np.diff(heights, axis=axis)).max() for axis in (0, 1)) / 20
    assert steepest < 0.15
    assert plan.height(500.0, plan.river_y(500.0)) < plan.height(500.0, 400.0)


def test_it_is_a_village(village):
    dwellings = [house for house in village.houses if house.number is not None]
    assert 150 < len(dwellings) < 350
    assert {house.street for house in dwellings} <= set(plan.STREETS)
    footprints = {round(house.outline.area, 3) for house in dwellings}
    assert len(footprints) > 0.9 * len(dwellings), "houses are clones"


def test_no_house_stands_in_a_street_or_in_the_river(village):
    ways = shapely.union_all([village.network.carriageway, village.riverside.water])
    shapely.prepare(ways)
    assert [house.outline.centroid.wkt for house in village.houses if ways.intersects(house.outline)] == []


def test_houses_do_not_stand_in_one_another(village):
    outlines = np.array([house.outline for house in village.houses])
    first, second = shapely.STRtree(outlines).query(outlines, predicate="intersects")
    shared = shapely.area(shapely.intersection(outlines[first], outlines[second]))[first < second]
    assert shared.max() < 3.0, "rows of houses share a wall, and a wedge at a bend, no more"


def test_numbers_are_odd_on_the_left_and_even_on_the_right_and_given_once(village):
    for house in village.houses:
        if house.number is None:
            continue
        axis = plan.STREETS[house.street].axis
        spot = house.number_at
        frame = frame_on(axis, axis.project(Point(spot.x, spot.y)))
        left = (spot.y - frame.y) * np.cos(frame.angle) - (spot.x - frame.x) * np.sin(frame.angle) > 0
        assert house.number % 2 == left
    addresses = [(plan.STREETS[h.street].name, h.number) for h in village.houses if h.number is not None]
    assert len(set(addresses)) == len(addresses)


def test_kerbs_run_between_carriageway_and_pavement(village):
    carriageway, paved = village.network.carriageway, village.network.paved
    islands = shapely.union_all(village.network.islands).buffer(1)
    sampled = [
        kerb for kerb in village.network.kerbs if plan.GROUND.contains(kerb) and not islands.contains(kerb)
    ]
    assert sum(kerb.length for kerb in sampled) > 4000
    for kerb in sampled:
        middle = frame_on(kerb, kerb.length / 2)
        sides = [Point(middle.at(0.0, side * (KERB_M + 0.1))) for side in (-1, 1)]
        assert sorted(carriageway.contains(side) for side in sides) == [False, True]
        assert all(paved.contains(side) for side in sides)


def test_covers_lie_in_the_village_and_not_on_one_another(village):
    outlines = [cover.outline for cover in village.covers]
    assert all(plan.GROUND.contains(outline) for outline in outlines)
    first, second = shapely.STRtree(outlines).query(outlines, predicate="intersects")
    assert (first == second).all()
    assert len({cover.kind for cover in village.covers}) > 10


def test_gullies_lie_in_the_gutter(village):
    kerbs = shapely.union_all(list(village.network.kerbs))
    gullies = [cover for cover in village.covers if cover.kind in ("avaloir", "grille")]
    assert len(gullies) > 50
    assert max(kerbs.distance(gully.outline) for gully in gullies) < 0.15


def test_cars_are_not_in_houses(village):
    houses = shapely.STRtree([house.outline for house in village.houses])
    for car in village.cars:
        body = car.frame.box(-car.length / 2, -car.width / 2, car.length / 2, car.width / 2)
        assert not len(houses.query(body, predicate="intersects"))


def test_every_street_has_its_name_on_the_plan(village):
    assert {label.street for label in village.labels} - {""} == {s.name for s in plan.STREETS.values()}


def test_the_notice_is_written_on_the_ground_in_many_places(village):
    letters = [mark.shape for mark in village.markings if mark.kind == "texte" and mark.shape.area > 3]
    fields = [one.shape for one in village.layers if one.material in ("chalk", "chalk_dark")]
    for words in (*letters, *fields):
        assert words.within(plan.GROUND)
    assert len(fields) >= 4
    assert sum(len(words.geoms) > 20 for words in letters) >= 3


def test_layers_are_surfaces_and_strokes_that_lie_in_reach(village):
    around = plan.GROUND.buffer(3 * plan.BEYOND)
    for layer in village.layers:
        shape = layer.lines if isinstance(layer, Strokes) else layer.shape
        assert not shape.is_empty
        assert around.contains(shapely.box(*shape.bounds))


@given(
    st.lists(
        st.tuples(METRES, METRES),
        min_size=3,
        max_size=6,
        unique_by=lambda p: (round(p[0] / 20), round(p[1] / 20)),
    )
)
def test_a_spline_goes_through_its_points(points):
    line = spline(points)
    assert max(line.distance(Point(point)) for point in points) < 0.02


@given(METRES, METRES, st.floats(-7, 7), METRES, METRES)
def test_a_frame_keeps_distances(x, y, angle, u, v):
    at = Frame(x, y, angle).at(u, v)
    assert np.hypot(at[0] - x, at[1] - y) == pytest.approx(np.hypot(u, v), abs=1e-6)


@given(st.floats(0, 100), st.floats(-20, 20))
def test_left_is_left(s, offset):
    line = LineString([(0, 0), (60, 0), (100, 30)])
    x, y = frames_on(line, [s])[0].at(0.0, offset)
    assert line.distance(Point(x, y)) <= abs(offset) + 1e-9
    if offset > 1 and 1 < s < 50:
        assert y > 0


def test_a_strip_has_the_area_of_its_sides():
    line = LineString([(0, 0), (100, 0)])
    assert strip(line, 10, 60, 2, 5).area == pytest.approx(150)
    assert strip(line, 10, 60, -5, -2).area == pytest.approx(150)


@given(st.floats(0, 3), st.sampled_from([0.8, 2.2, 5.6]))
def test_rows_are_evenly_spaced_inside_their_field(angle, spacing):
    field = Polygon([(0, 0), (60, 5), (70, 50), (-5, 40)])
    lines = rows(field, angle, spacing, margin=1.0)
    assert field.buffer(-0.99).contains(lines)
    frame = Frame(0, 0, angle)
    across = sorted(
        -np.sin(angle) * line.coords[0][0] + np.cos(angle) * line.coords[0][1] for line in lines.geoms
    )
    gaps = np.diff(across) / spacing
    assert np.allclose(gaps, np.round(gaps), atol=1e-6), frame


@given(st.text(st.sampled_from(sorted(GLYPHS)), min_size=1, max_size=30), st.floats(1, 20))
def test_a_text_is_as_wide_as_it_says(text, size):
    words = write_on_ground(text, Frame(0, 0, 0), size, size * 0.1)
    if words.is_empty:
        assert text.strip() == ""
        return
    width = words.bounds[2] - words.bounds[0]
    assert width <= text_width(text, size) + size * 0.2
    if " " not in (text[0], text[-1]):
        assert width >= 0.6 * text_width(text, size)


def test_the_alphabet_has_the_notice():
    assert set(plan.NOTICE) <= set(GLYPHS)
