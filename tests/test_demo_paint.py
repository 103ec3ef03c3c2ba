from functools import cache

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, Point, Polygon, box

from pcrs.demo.imagery.casts import fallen, roof_cast
from pcrs.demo.imagery.ground import whole_pieces
from pcrs.demo.imagery.materials import INDEX, MATERIALS
from pcrs.demo.imagery.sprites import SHADOW, SUN, to_px
from pcrs.demo.paint import BLOCK_PX, _block, paint, painter
from pcrs.demo.town import town
from pcrs.demo.village import plan
from pcrs.demo.village.curves import Frame, frame_on, frames_on
from pcrs.demo.village.things import Roof
from pcrs.errors import InputError
from pcrs.standard.crs import BBox

X0, Y0 = plan.ORIGIN
SQUARE_CORNER = (600.0, 600.0)
"""A corner of dalles (and of blocks) in the middle of the village."""


def window(x: float, y: float, width: float, height: float) -> BBox:
    """A window whose lower left corner is (x, y) in the village's frame."""
    return BBox(X0 + x, Y0 + y, X0 + x + width, Y0 + y + height)


def pixel(x: float, y: float) -> np.ndarray:
    """The mean colour of 3 x 3 pixels at a place."""
    px, py = (int(np.floor(value)) for value in to_px((x, y)))
    west, north = X0 + (px - 1) / 20, plan.EXTENT.ymax - (py - 1) / 20
    return paint(BBox(west, north - 0.15, west + 0.15, north)).reshape(3, -1).mean(axis=1)


@cache
def _disturbed() -> shapely.STRtree:
    """Where shadows, trees, cars, covers, walls or hedges may be seen."""
    village = town()
    found = list(fallen([roof_cast(roof) for house in village.houses for roof in house.roofs]))
    found += [Point(tree.x, tree.y).buffer(tree.radius + tree.height, quad_segs=4) for tree in village.trees]
    found += [Point(car.frame.x, car.frame.y).buffer(4) for car in village.cars]
    found += [cover.outline.buffer(0.4) for cover in village.covers]
    found += [_fallen(c.frame, 9.0) for c in village.covers if c.kind in ("lampe", "poteau")]
    found += [Point(pole.frame.x, pole.frame.y).buffer(3) for pole in village.poles]
    found += [thing.line.buffer(2) for thing in (*village.walls, *village.hedges)]
    return shapely.STRtree(found)


def _fallen(foot: Frame, height: float) -> Polygon:
    """The shadow of a post, and what is near it."""
    top = (foot.x + SHADOW[0] * height, foot.y + SHADOW[1] * height)
    return LineString([(foot.x, foot.y), top]).buffer(2.0, quad_segs=3)


def sunlit(places):
    """Those of the places where nothing but the ground is seen, in the sun."""
    return [place for place in places if not len(_disturbed().query(Point(place), predicate="intersects"))]


def test_two_windows_side_by_side_are_one_window():
    x, y = SQUARE_CORNER
    whole = paint(window(x - 12, y - 9, 24, 18))
    assert whole.shape == (3, 360, 480)
    assert whole.dtype == np.uint8
    west, east = paint(window(x - 12, y - 9, 12, 18)), paint(window(x, y - 9, 12, 18))
    assert np.array_equal(np.concatenate([west, east], axis=2), whole)
    north, south = paint(window(x - 12, y, 24, 9)), paint(window(x - 12, y - 9, 24, 9))
    assert np.array_equal(np.concatenate([north, south], axis=1), whole)


@pytest.mark.parametrize("x", [12_000, 10_000, 3_000])
def test_what_is_painted_does_not_depend_on_where_a_block_ends(x):
    y, size, shift = 8_000, 600, BLOCK_PX // 2
    across = painter().draw(x - 300, y - 300, size)
    fixed = paint(
        BBox(X0 + (x - 300) / 20, Y0 + 1000 - (y + 300) / 20, X0 + (x + 300) / 20, Y0 + 1000 - (y - 300) / 20)
    )
    unlike = (across != fixed).any(axis=0)
    assert shift < BLOCK_PX
    assert unlike.mean() < 1e-3, "blocks show"


def test_the_same_window_is_painted_again_alike():
    first = paint(window(500, 500, 20, 20))
    _block.cache_clear()
    painter.cache_clear()
    assert np.array_equal(paint(window(500, 500, 20, 20)), first)


@pytest.mark.parametrize(
    "wrong",
    [
        window(-1, 10, 5, 5),
        window(990, 10, 20, 5),
        window(10.02, 10, 5, 5),
        window(10, 10, 0, 5),
        window(10, 10, 5, -5),
    ],
)
def test_a_window_between_pixels_or_outside_is_refused(wrong):
    with pytest.raises(InputError, match="village"):
        paint(wrong)


def test_kerbs_are_painted_where_they_are_surveyed():
    kerbs = [k for k in town().network.kerbs if box(700, 450, 900, 530).contains(k) and k.length > 10]
    stations = [frame for kerb in kerbs for frame in frames_on(kerb, np.arange(2.0, kerb.length - 2, 2.3))]
    lit = [f for f in stations if sunlit([(f.x, f.y)])]
    assert len(lit) > 30
    stone = np.array([pixel(f.x, f.y) for f in lit])
    sides = np.array([[pixel(*f.at(0.0, v)) for v in (-0.8, 0.8)] for f in lit])
    road = sides.sum(axis=2).min(axis=1) / 3
    assert np.median(stone.mean(axis=1)) > np.median(road) + 40
    assert (stone.mean(axis=1) > road + 15).mean() > 0.9
    expected = np.array(MATERIALS["kerb"][:3])
    assert np.abs(np.median(stone, axis=0) - expected).max() < 25


def test_covers_can_be_read_at_their_place():
    places = [Point(c.frame.x, c.frame.y) for c in town().covers if c.kind == "tampon"]
    lit = [place for place in places if _on_bare_asphalt(place)][:10]
    assert len(lit) > 4
    for place in lit:
        px, py = (round(value) for value in to_px((place.x, place.y)))
        x, y = px / 20, 1000 - py / 20
        iron = paint(window(x - 0.45, y - 0.45, 0.9, 0.9)).mean(axis=0).std()
        sides = ((1.05, 0.0), (-1.05, 0.0), (0.0, 1.05), (0.0, -1.05))
        asphalt = [paint(window(x - 0.45 + u, y - 0.45 + v, 0.9, 0.9)).mean(axis=0).std() for u, v in sides]
        assert iron > 1.8 * min(asphalt)


def _on_bare_asphalt(place: Point) -> bool:
    """True where only asphalt is around a place, in the sun."""
    ring = [(place.x + 1.6 * np.cos(a), place.y + 1.6 * np.sin(a)) for a in np.arange(0, 6.28, 0.4)]
    marked = any(mark.shape.distance(place) < 2 for mark in town().markings)
    return not marked and town().network.carriageway.contains(place.buffer(1.9)) and sunlit(ring) == ring


def test_crossings_are_white_where_they_are_surveyed():
    street = box(250, 440, 860, 520)
    crossings = [m.shape for m in town().markings if m.kind == "passage piéton" and street.contains(m.shape)]
    stripes = [stripe for crossing in crossings for stripe in crossing.geoms]
    lit = sunlit([(s.centroid.x, s.centroid.y) for s in stripes])
    assert len(lit) > 15
    colours = np.array([pixel(*place) for place in lit])
    assert np.median(colours.min(axis=1)) > 215
    assert colours.mean() > 210


def test_the_notice_can_be_read_on_the_square():
    words = max((m.shape for m in town().markings if m.kind == "texte"), key=lambda shape: shape.area)
    x0, y0, x1, y1 = (round(v * 20) / 20 for v in words.buffer(1.0).bounds)
    seen = paint(window(x0, y0, x1 - x0, y1 - y0)).mean(axis=0)
    rows, columns = np.mgrid[0 : seen.shape[0], 0 : seen.shape[1]]
    inside = shapely.contains_xy(words.buffer(-0.04), x0 + (columns + 0.5) / 20, y1 - (rows + 0.5) / 20)
    outside = ~shapely.contains_xy(words.buffer(0.15), x0 + (columns + 0.5) / 20, y1 - (rows + 0.5) / 20)
    assert seen[inside].mean() > seen[outside].mean() + 35


def test_shadows_fall_to_the_north_west():
    assert SHADOW[0] < 0 < SHADOW[1]
    assert SUN[0] > 0 > SUN[1]
    assert np.linalg.norm(SUN) == pytest.approx(1.0)
    roof = Roof(Frame(0, 0, 0), 10, 8, "gable", 6, 8, (180, 120, 90), "tile")
    shadow = fallen([roof_cast(roof)])[0].difference(roof.footprint).centroid
    assert shadow.x < 0 < shadow.y


def test_the_slope_in_the_sun_is_brighter():
    house = next(h for h in town().houses if h.street == "gare" and h.roofs[-1].cover == "tile")
    roof = house.roofs[-1]
    bright, dark = (
        np.mean([pixel(*roof.frame.at(u, side * roof.width / 4)) for u in (-0.2, 0.0, 0.2)])
        for side in (-1, 1)
    )
    toward = np.sin(roof.frame.angle - np.pi / 2) * SUN[1] + np.cos(roof.frame.angle - np.pi / 2) * SUN[0]
    assert (bright > dark) == (toward > 0)


def test_materials_fit_in_the_arithmetic_of_the_textures():
    assert len(MATERIALS) <= 256
    for name, material in MATERIALS.items():
        assert sum(material[3:7]) * 127 <= np.iinfo(np.int16).max, name
        assert not material.below or material.below in INDEX
        assert 0 <= material.gaps < 256


def test_every_material_of_the_village_exists():
    used = {layer.material for layer in town().layers}
    used |= {wall.material for wall in town().walls} | {pillar.material for pillar in town().pillars}
    assert used <= set(MATERIALS)
    assert len(used) > 60


def test_the_image_is_neither_dull_nor_burnt():
    seen = paint(window(480, 480, 60, 60))
    assert 80 < seen.mean() < 180
    assert seen.std() > 25
    assert (seen == 255).all(axis=0).mean() < 0.001
    assert (seen == 0).all(axis=0).mean() < 0.001


RINGS = st.lists(
    st.tuples(st.floats(0, 180).map(lambda v: round(v, 1)), st.floats(0, 180).map(lambda v: round(v, 1))),
    min_size=3,
    max_size=8,
)


@given(RINGS, RINGS)
@settings(max_examples=60)
def test_pieces_of_a_polygon_are_simple_and_make_it_whole(outer, inner):
    shape = (
        shapely.make_valid(Polygon(outer)).buffer(0).difference(shapely.make_valid(Polygon(inner)).buffer(0))
    )
    for polygon in [
        part for part in shapely.get_parts(shape) if part.geom_type == "Polygon" and part.area > 1
    ]:
        pieces = whole_pieces(polygon)
        assert all(not piece.interiors for piece in pieces)
        assert sum(piece.area for piece in pieces) == pytest.approx(polygon.area, rel=1e-6)


def test_a_frame_looks_along_its_kerb():
    kerb = town().network.kerbs[0]
    frame = frame_on(kerb, kerb.length / 2)
    assert kerb.distance(Point(frame.at(0.5, 0.0))) < 0.05
