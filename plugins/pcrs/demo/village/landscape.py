"""Fields, woods and hedgerows around the village, and the notice written on the fields."""

from math import sin

import shapely
from shapely.geometry import LineString, MultiPolygon, Polygon

from pcrs.demo.village import plan
from pcrs.demo.village.crops import CROPS, scatter
from pcrs.demo.village.curves import Frame, polygons_of
from pcrs.demo.village.dice import Dice
from pcrs.demo.village.heap import Heap
from pcrs.demo.village.lettering import write_on_ground
from pcrs.demo.village.things import Species, Tree

Ring = tuple[tuple[float, float], ...]

FIELDS: tuple[tuple[str, float, Ring], ...] = (
    # crop, direction of its rows (radians), corners
    ("wheat", 1.50, ((-30, -30), (206, -30), (201, 136), (-30, 126))),
    ("sunflower", 0.08, ((218, -30), (434, -30), (446, 158), (214, 142))),
    ("barley", 1.42, ((462, -30), (640, -30), (652, 178), (474, 160))),
    ("mown", 0.10, ((654, -30), (852, -30), (842, 196), (666, 176))),
    ("maize", 1.30, ((864, -30), (1030, -30), (1030, 216), (854, 198))),
    ("vine", 1.36, ((-30, 172), (46, 176), (100, 256), (112, 330), (124, 392), (60, 386), (-30, 372))),
    (
        "vine",
        0.42,
        ((136, 178), (286, 186), (312, 300), (266, 330), (236, 398), (148, 398), (136, 330), (124, 252)),
    ),
    ("orchard", 0.10, ((298, 186), (452, 196), (458, 262), (424, 300), (372, 304), (330, 316), (318, 300))),
    ("meadow", 0.30, ((330, 398), (370, 384), (430, 376), (436, 434), (330, 448))),
    ("fallow", 0.25, ((790, 226), (884, 240), (878, 330), (866, 392), (804, 350), (782, 300))),
    ("lavender", 1.12, ((910, 250), (1030, 262), (1030, 424), (908, 420), (896, 340))),
    ("walnut", 0.14, ((712, 552), (800, 560), (862, 556), (840, 622), (836, 680), (712, 662))),
    ("mown", 0.12, ((884, 530), (1030, 546), (1030, 740), (860, 696), (866, 620))),
    ("lavender", 1.42, ((566, 852), (612, 846), (676, 868), (668, 1030), (562, 1030))),
    ("wheat", 1.25, ((680, 912), (730, 918), (826, 930), (822, 1030), (676, 1030))),
    (
        "meadow",
        0.16,
        ((584, 748), (700, 732), (830, 770), (838, 850), (740, 862), (680, 850), (600, 826), (584, 800)),
    ),
    ("vine", 1.22, ((348, 846), (440, 850), (500, 880), (530, 900), (530, 1030), (352, 1030))),
    ("wheat", 0.16, ((-30, 482), (44, 500), (120, 516), (246, 520), (252, 560), (248, 640), (-30, 624))),
    ("meadow", 0.22, ((-30, 714), (140, 728), (150, 762), (280, 770), (340, 800), (330, 830), (-30, 800))),
    ("mown", 0.10, ((716, 530), (840, 524), (862, 542), (800, 552), (720, 540))),
    ("allotment", 0.10, ((642, 552), (704, 550), (702, 662), (644, 652))),
)
WOODS: tuple[tuple[float, Ring], ...] = (
    # spacing of the trees, corners
    (4.9, ((-30, 806), (120, 822), (250, 818), (326, 850), (338, 930), (336, 1030), (-30, 1030))),
    (4.6, ((846, 778), (930, 800), (1030, 812), (1030, 1030), (842, 1030), (838, 930), (850, 860))),
    (4.4, ((-30, 640), (90, 648), (96, 660), (-30, 664))),
    (4.6, ((786, 232), (884, 245), (880, 276), (792, 262))),
)
HEDGEROWS: tuple[Ring, ...] = (
    ((210, -20), (207, 140)),
    ((456, 162), (446, 60)),
    ((650, 180), (646, -20)),
    ((858, 200), (858, -20)),
    ((290, 184), (318, 306)),
    ((128, 250), (140, 400)),
    ((674, 872), (672, 1020)),
    ((340, 848), (346, 1020)),
    ((894, 250), (904, 424)),
    ((862, 560), (838, 690)),
    ((-20, 628), (250, 642)),
    ((150, 766), (330, 832)),
)
GROUND_NOTICES: tuple[tuple[float, float, float, float, str], ...] = (
    # x, y, angle, height of the letters, material
    (26.0, 552.0, 0.10, 8.6, "chalk"),
    (674.0, 92.0, 0.10, 7.0, "chalk"),
    (16.0, 40.0, 0.05, 7.4, "chalk_dark"),
    (884.0, 600.0, 0.16, 4.4, "chalk"),
    (602.0, 778.0, 0.17, 9.4, "chalk"),
)
_BUSHES: tuple[Species, ...] = ("round", "olive", "dark", "walnut")


def _woods(heap: Heap, taken: MultiPolygon) -> None:
    dice = Dice(51)
    for spacing, ring in WOODS:
        shape = Polygon(ring).buffer(6.0).buffer(-6.0).difference(taken)
        heap.paint("undergrowth", shape.buffer(1.5))
        for x, y in scatter(shape, spacing, dice):
            radius = spacing * dice.between(0.46, 0.8)
            dark = 0.75 if sin(x / 33.0) * sin(y / 41.0) > 0.2 else 0.25
            heap.trees.append(Tree(x, y, radius, radius * 2.6, "dark" if dice.chance(dark) else "round"))


def _hedgerows(heap: Heap, taken: MultiPolygon) -> None:
    dice = Dice(61)
    for ring in HEDGEROWS:
        line = LineString(ring).difference(taken.buffer(2.0))
        heap.paint("bank", line.buffer(1.8))
        for part in shapely.get_parts(line):
            s = 0.0
            while s < part.length:
                spot = part.interpolate(s)
                radius = dice.between(1.0, 3.4) if dice.chance(0.8) else dice.between(3.2, 4.6)
                x, y = dice.around(spot.x, 0.5), dice.around(spot.y, 0.5)
                species: Species = "round" if dice.chance(0.75) else "olive"
                heap.trees.append(Tree(x, y, radius, radius * 2.0, species))
                s += radius * dice.between(0.8, 1.9)


def _wasteland(heap: Heap, left_over: MultiPolygon) -> None:
    """Bushes, in groups, where nothing is grown."""
    dice = Dice(91)
    for x, y in scatter(left_over.buffer(-2.5), 7.0, dice):
        if dice.chance(0.05 + 0.35 * max(0.0, sin(x / 17.0) * sin(y / 23.0) - 0.35)):
            radius = dice.tail(3.0, 0.55) + 0.5
            heap.trees.append(Tree(x, y, min(radius, 4.0), radius * 1.9, dice.pick(_BUSHES)))


def lay_fields(heap: Heap, taken: MultiPolygon) -> None:
    """Adds the countryside, which leaves `taken` (streets, plots, water, rails, places) free."""
    heap.paint("meadow_dry", plan.GROUND.buffer(plan.BEYOND))
    grown = []
    for crop, angle, ring in FIELDS:
        shape = Polygon(ring).buffer(5.0).buffer(-5.0).difference(taken)
        for field in polygons_of(shape.buffer(-1.2).buffer(0.8)):
            if field.area > 120.0:
                CROPS[crop](heap, field, angle, crop)
                grown.append(field)
    woods = [Polygon(ring) for _, ring in WOODS]
    _wasteland(heap, plan.GROUND.difference(shapely.union_all([taken.buffer(3.0), *grown, *woods])))
    _woods(heap, taken)
    _hedgerows(heap, taken)
    for x, y, angle, size, material in GROUND_NOTICES:
        heap.paint(material, write_on_ground(plan.NOTICE, Frame(x, y, angle), size, size * 0.14))
