"""The other places of the village: cemetery, school, sports ground, station."""

from math import cos, pi, sin

import numpy as np
import shapely
from shapely.geometry import LineString, Point, Polygon

from pcrs.demo.village import plan
from pcrs.demo.village.buildings import METAL, OLD_TILES, gabled, raise_building
from pcrs.demo.village.curves import Frame
from pcrs.demo.village.dice import Dice
from pcrs.demo.village.gardens import gate_pillar
from pcrs.demo.village.heap import Heap
from pcrs.demo.village.things import Label, Pillar, Pole, Prominence, Roof, Tree, Wall
from pcrs.demo.village.vehicles import parked

CEMETERY = Frame(343.0, 611.0, -0.16)
SCHOOL = Frame(343.0, 541.0, 0.04)
PITCH = Frame(652.0, 272.0, 0.05)
TENNIS = Frame(742.0, 283.0, 0.05)
STATION = Frame(522.0, 201.5, 0.088)


def grounds() -> list[Polygon]:
    """The ground of each place, which plots and fields leave free."""
    return [
        plan.SQUARE,
        plan.STATION_YARD,
        STATION.box(-46.0, -7.0, 95.0, 12.0),
        CEMETERY.box(-22.0, -24.0, 22.0, 24.0),
        SCHOOL.box(-26.0, -26.0, 24.0, 24.0),
        PITCH.box(-58.0, -38.0, 58.0, 40.0),
        TENNIS.box(-22.0, -22.0, 24.0, 22.0),
    ]


def lay_cemetery(heap: Heap) -> None:
    """Adds a walled cemetery: rows of tombs, gravel ways, a cross, cypresses, two odd pillars at the gate."""
    c, dice = CEMETERY, Dice(5)
    heap.paint("lawn_dry", c.box(-31.0, -33.0, 25.0, 26.0))
    heap.paint("gravel", c.box(-38.0, -33.0, 10.0, -21.0))
    heap.paint("gravel", c.box(-20.0, -22.0, 20.0, 22.0))
    for u in np.arange(-17.5, 17.6, 3.4).tolist():
        for v in np.arange(-19.0, 19.5, 1.75).tolist():
            if abs(u) > 1.7 and abs(v) > 1.5 and dice.chance(0.9):
                _tomb(heap, c.shifted(u, v), dice)
    corners = ((-1.6, -22.0), (-20.0, -22.0), (-20.0, 22.0), (20.0, 22.0), (20.0, -22.0), (1.6, -22.0))
    heap.walls.append(Wall("mur", c.line(corners), 0.4, 2.0, "stone"))
    heap.gates.append(c.line(((-1.4, -22.0), (1.4, -22.0))))
    heap.pillars += [gate_pillar(c.shifted(u, -22.0), 0.6) for u in (-1.75, 1.75)]
    heap.pillars += [_star_pillar(c.shifted(u, -22.6)) for u in (-3.1, 3.1)]
    corners = ((-3.0, -17.0), (3.0, -17.0), (-3.0, 3.0), (3.0, 3.0), (-3.0, 17.0), (3.0, 17.0))
    for u, v in (*corners, (-18.0, 20.0), (18.0, 20.0)):
        heap.trees.append(Tree(*c.at(u, v), 1.1, 8.0, "cypress", public=True))
    half, arm, foot = 0.2, 0.6, -1.4
    cross = c.box(-arm, -half, arm, half).union(c.box(-half, foot, half, arm))
    heap.paint("stone_light", cross)
    heap.monuments.append(("croix", cross))
    heap.labels.append(Label("Cimetière", c))


def _tomb(heap: Heap, place: Frame, dice: Dice) -> None:
    heap.paint(dice.pick(("tomb", "tomb_dark", "tomb", "tomb_pink")), place.box(-1.1, -0.5, 1.1, 0.5))
    if dice.chance(0.35):
        heap.paint("flowers", place.box(-0.9, -0.25, -0.4, 0.25))
    heap.paint("step_dark", place.box(0.85, -0.4, 1.1, 0.4))


def _star_pillar(place: Frame) -> Pillar:
    """A pillar whose section no symbol draws."""
    spokes = [(0.45 if k % 2 else 0.27, k * pi / 4) for k in range(8)]
    shape = place.shape([(r * cos(a), r * sin(a)) for r, a in spokes])
    return Pillar("autre", place, 0.9, 0.9, shape, "stone_light")


def lay_school(heap: Heap) -> None:
    """Adds a school in two wings, its yard with painted games, a row of trees."""
    c = SCHOOL
    heap.paint("lawn", c.box(-38.0, -30.0, 26.0, 26.0))
    heap.paint("pavement_sand", c.box(-42.0, -6.0, -22.0, -1.0))
    heap.paint("asphalt_old", c.box(-22.0, -22.0, 14.0, 12.0))
    raise_building(
        heap,
        gabled(c.shifted(17.5, -4.0, pi / 2), (34.0, 9.0), 4.2, (182, 128, 98)),
        gabled(c.shifted(-3.0, 17.0), (36.0, 9.6), 7.2),
        doors=(c.line(((-4.0, 12.2), (-2.4, 12.2))), c.line(((13.0, -6.0), (13.0, -4.4)))),
        prominent=(Prominence("marquise", c.box(-15.0, 10.0, 9.0, 12.2)),),
    )
    for k in range(8):
        heap.paint("paint" if k % 2 else "paint_yellow", c.box(0.9 * k - 12.0, -6.0, 0.9 * k - 11.2, -5.1))
    court = c.shifted(4.0, -12.0)
    heap.paint("paint_blue", court.box(-3.0, -3.0, 3.0, 3.0))
    heap.paint("asphalt_new", court.box(-2.7, -2.7, 2.7, 2.7))
    for points in (((-22.0, 12.0), (-22.0, -2.0)), ((-22.0, -5.0), (-22.0, -22.0), (13.0, -22.0))):
        heap.walls.append(Wall("cloture", c.line(points), 0.2, 1.6, "render"))
    heap.gates.append(c.line(((-22.0, -2.2), (-22.0, -4.8))))
    for u in (-18.0, -11.0, -4.0, 3.0):
        heap.trees.append(Tree(*c.at(u, -17.0), 2.7, 7.0, "round", public=True))
    heap.labels.append(Label("École", c))


def _mirrored(c: Frame, u0: float, u1: float, v: float) -> list[LineString]:
    """The three sides of a box against both goal lines of a pitch."""
    return [c.line(((s * u0, -v), (s * u1, -v), (s * u1, v), (s * u0, v))) for s in (-1.0, 1.0)]


def lay_pitch(heap: Heap) -> None:
    """Adds a football ground, mown in bands, and its clubhouse."""
    c = PITCH
    heap.paint("meadow", c.box(-58.0, -38.0, 58.0, 40.0))
    field = c.box(-50.0, -32.0, 50.0, 32.0)
    heap.paint("lawn", field)
    for k in range(0, 20, 2):
        heap.paint("lawn_mown", c.box(5.0 * k - 50.0, -32.0, 5.0 * k - 45.0, 32.0))
    for u in (-49.0, 49.0):
        heap.paint("soil", c.box(u - 1.0, -3.0, u + 1.0, 3.0))
    lines = [field.exterior, c.line(((0.0, -32.0), (0.0, 32.0))), Point(c.x, c.y).buffer(9.15).exterior]
    lines += [*_mirrored(c, 50.0, 33.5, 20.2), *_mirrored(c, 50.0, 44.5, 9.2)]
    heap.paint("paint", shapely.union_all([line.buffer(0.07) for line in lines]))
    heap.poles += [Pole("mat", c.shifted(u, v), 2.4) for u in (-50.0, 50.0) for v in (-3.66, 3.66)]
    club = gabled(c.shifted(-38.0, 36.5), (16.0, 5.5), 3.0, OLD_TILES)
    raise_building(heap, club, doors=(c.line(((-40.0, 33.75), (-38.6, 33.75))),))
    heap.labels.append(Label("Stade", c))


def lay_tennis(heap: Heap) -> None:
    """Adds two tennis courts inside a fence."""
    t = TENNIS
    heap.paint("court_green", t.box(-20.0, -19.0, 20.0, 19.0))
    for court in (t.shifted(-9.5, 0.0), t.shifted(9.5, 0.0)):
        whole = court.box(-5.49, -11.9, 5.49, 11.9)
        heap.paint("court_red", whole)
        marks = [whole.exterior, court.line(((0.0, -6.4), (0.0, 6.4)))]
        marks += [court.line(((s * 4.12, -11.9), (s * 4.12, 11.9))) for s in (-1.0, 1.0)]
        marks += [court.line(((-4.12, s * 6.4), (4.12, s * 6.4))) for s in (-1.0, 1.0)]
        heap.paint("paint", shapely.union_all([mark.buffer(0.05) for mark in marks]))
        heap.paint("fence", court.box(-6.2, -0.05, 6.2, 0.05))
    fence = LineString(t.box(-20.5, -19.5, 20.5, 19.5).exterior.coords[:-1])
    heap.walls.append(Wall("cloture", fence, 0.08, 3.0, "fence"))
    heap.labels.append(Label("Tennis", t))


def lay_station(heap: Heap) -> None:
    """Adds the passenger building with its canopy, a goods shed, the yard with bays and trees."""
    c, dice = STATION, Dice(3)
    heap.paint("gravel", c.box(-46.0, -8.0, 95.0, 14.0))
    heap.paint("asphalt", plan.STATION_YARD.buffer(2.5))
    raise_building(
        heap,
        gabled(c.shifted(-13.0, 0.0), (10.0, 7.0), 4.0),
        gabled(c.shifted(13.0, 0.0), (10.0, 7.0), 4.0),
        Roof(c, 17.0, 9.5, "hip", 8.0, 10.2, (178, 130, 102), "tile", ((-5.0, 0.8), (5.0, -0.8))),
        doors=(c.line(((-1.0, 4.75), (1.0, 4.75))), c.line(((-1.0, -4.75), (1.0, -4.75)))),
        prominent=(Prominence("marquise", c.box(-11.0, -7.6, 11.0, -4.75)),),
    )
    raise_building(heap, gabled(c.shifted(62.0, 1.0), (30.0, 11.0), 6.0, METAL, "metal"))
    yard = Frame(520.0, 240.2, 0.0)
    bays = [yard.shifted(2.5 * k - 30.75, 0.1, pi / 2) for k in range(13)]
    for bay in [*bays, bays[-1].shifted(0.0, -2.5)]:
        heap.paint("paint", bay.box(-2.5, 1.19, 2.5, 1.31))
    heap.cars += parked(dice, bays, 0.6)
    for u in (8.0, 18.0, 28.0, 38.0):
        x, y = yard.at(u, -1.0)
        heap.paint("soil", Point(x, y).buffer(0.9))
        heap.trees.append(Tree(x, y, 3.3, 8.5, "plane", public=True))
    heap.labels.append(Label("Gare de Saint-Fictif", c))
